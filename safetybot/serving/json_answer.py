"""What a script of ours asks for, as JSON."""

from __future__ import annotations

from typing import Any

from pydantic_core import to_json
from starlette.responses import Response


class JsonAnswer(Response):
    """As Starlette's own JSONResponse, in a fifth of the time."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """JSON, in UTF-8."""
        return to_json(content)
