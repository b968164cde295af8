"""What every page needs."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from safetybot.editing.preview.options import PreviewOptions
from safetybot.editing.preview.pages import PreviewPages
from safetybot.editing.preview.proposals import Bases
from safetybot.editing.preview.unanswered import UnansweredSource
from safetybot.editing.preview.usage import Months
from safetybot.editing.preview.watcher import Watcher


@dataclass(frozen=True)
class PreviewContext:
    """What every page needs."""

    watcher: Watcher
    options: PreviewOptions
    months: Callable[[], Awaitable[Months | None]]
    """Thumbs and use; None where no bot has run."""
    asked: UnansweredSource
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    """Stands in every form, so that no page of anybody else's can send one."""
    bases: Bases = field(default_factory=Bases)
    pages: PreviewPages = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pages", PreviewPages(self.watcher, self.token))

    @property
    def folder(self) -> Path:
        """The content."""
        return self.watcher.folder
