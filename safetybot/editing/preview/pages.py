"""Every page, made from templates. What anybody wrote is escaped by them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from safetybot.editing.preview.fault_markup import code, marked
from safetybot.editing.preview.watcher import Watcher
from safetybot.guidance.faults import errors

_HERE = Path(__file__).parent


class PreviewNavigationItem(NamedTuple):
    """An entry of the navigation."""

    path: str
    title: str


NAVIGATION = (
    PreviewNavigationItem("/", "Overview"),
    PreviewNavigationItem("/faults", "Faults"),
    PreviewNavigationItem("/try", "Try a message"),
    PreviewNavigationItem("/unanswered", "Had no answer"),
)


class PreviewPages:
    """Renders pages."""

    def __init__(self, watcher: Watcher, token: str) -> None:
        self._watcher = watcher
        self._token = token
        self._templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {"marked": marked, "code": code}

    def page(self, request: Request, template: str, status: int = 200, **context: Any) -> Response:
        """A page. Every template may use ``csrf`` (a hidden field), ``navigation``, ``here`` and the folder's state."""
        seen, path = self._watcher.seen, request.url.path
        bad = len(errors(seen.faults))
        html = self._templates.get_template(template).render(
            csrf=Markup('<input type="hidden" name="token" value="{}">').format(self._token),
            navigation=NAVIGATION,
            here=next((way.path for way in NAVIGATION[1:] if f"{path}/".startswith(f"{way.path}/")), "/"),
            path=path,
            again=path + (f"?{request.url.query}" if request.url.query else ""),
            key=self._watcher.key,
            learning=self._watcher.learning,
            answering=self._watcher.answering is not None,
            current=self._watcher.answering is not None and self._watcher.answering.library is seen.library,
            bad=bad,
            odd=len(seen.faults) - bad,
            **context,
        )
        return HTMLResponse(html, status)
