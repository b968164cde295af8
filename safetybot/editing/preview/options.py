"""How the editors' page is served."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from safetybot.http.options import ServingOptions


class PreviewNotLocal(Exception):  # noqa: N818 - reads as what went wrong
    """Others than this machine could change the content; the message says what to set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewOptions(ServingOptions):
    """Where it listens: on this machine alone, for nobody logs in."""

    what: ClassVar[str] = "the preview"
    settings: ClassVar[str] = "SAFETYBOT_PREVIEW"

    port: int = 8082

    def must_be_local(self) -> None:
        """Raises PreviewNotLocal where another machine could reach it."""
        if not self.local or self.url is not None:
            raise PreviewNotLocal(
                "the preview lets whoever opens it change the content, so it listens on this machine alone: "
                "leave SAFETYBOT_PREVIEW_HOST at 127.0.0.1"
            )
