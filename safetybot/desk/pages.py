"""Every page, made from templates. What anybody wrote is escaped by them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from safetybot.desk.logins import IDLE, LoggedIn, LoginStage

_HERE = Path(__file__).parent


class NavigationItem(NamedTuple):
    """An entry of the navigation."""

    path: str
    title: str


NAVIGATION: Sequence[NavigationItem] = (
    NavigationItem("/", "Queue"),
    NavigationItem("/figures", "Figures"),
    NavigationItem("/audit", "Audit"),
    NavigationItem("/staff", "Staff"),
    NavigationItem("/account", "My account"),
)


class DeskPages:
    """Renders pages; :attr:`templates` takes filters of other modules."""

    def __init__(self, alarm: Callable[[], str] = lambda: "") -> None:
        """``alarm``: a sentence that everybody who is logged in sees on every page; empty for none."""
        self._alarm = alarm
        self.templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def page(
        self, request: Request, template: str, login: LoggedIn | None, status: int = 200, **context: Any
    ) -> Response:
        """A page. Every template may use ``csrf`` (a hidden field), ``me``, ``navigation``, ``here`` and ``flash``."""
        flash: list[str] = []
        if login is not None:
            flash, login.flash[:] = [*login.flash], []
        path = request.url.path
        html = self.templates.get_template(template).render(
            csrf=Markup('<input type="hidden" name="csrf" value="{}">').format(login.csrf) if login else Markup(),
            me=login.member if login else None,
            inside=login is not None and login.stage is LoginStage.IN,
            passkeys=login is not None and login.stage is LoginStage.IN and login.has_passkeys,
            navigation=NAVIGATION,
            here=_entry(path),
            path=path,
            flash=flash,
            alarm=self._alarm() if login else "",
            idle_seconds=int(IDLE.total_seconds()),
            **context,
        )
        return HTMLResponse(html, status)


def _entry(path: str) -> str:
    """The path of the navigation's entry that a page belongs to."""
    if path == "/" or path.startswith("/cases/"):
        return "/"
    return next((way.path for way in NAVIGATION[1:] if path == way.path or path.startswith(f"{way.path}/")), "")
