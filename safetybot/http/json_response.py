"""What a script of ours asks for, as JSON."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from safetybot.formats.fast_json import dumps


class JsonAnswer(Response):
    """As Starlette's own JSONResponse, in a fifth of the time."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """JSON, in UTF-8."""
        return dumps(content)
