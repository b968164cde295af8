"""What a request says of itself."""

from __future__ import annotations

from starlette.requests import Request


def header(request: Request, name: bytes) -> str | None:
    """The first header of a name (in lower case), as ``request.headers.get`` finds it, in a third of the time.

    A message is asked for seven.
    """
    for found, value in request.scope["headers"]:
        if found == name:
            return bytes(value).decode("latin-1")
    return None
