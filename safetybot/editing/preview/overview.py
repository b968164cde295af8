"""The first page: every topic with its state; the page of faults; and what pages ask to follow the folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from safetybot.editing.preview.context import PreviewContext
from safetybot.editing.preview.proposals import Bases
from safetybot.editing.preview.routing import route
from safetybot.editing.preview.topics import TopicRow, file_of, files_with, rows
from safetybot.guidance.model import Group

WAIT_SECONDS = 20.0
"""A page that asks for news is answered after so long, even if there is none."""


def routes(parts: PreviewContext) -> Sequence[BaseRoute]:
    """Their routes."""
    watcher = parts.watcher

    async def overview(request: Request, _: Mapping[str, str]) -> Response:
        seen, months = watcher.seen, await parts.months()
        found = rows(seen.library, seen.faults, watcher.today())
        own = [row for row in found if row.code == seen.library.first]
        disliked = [row for id_ in (months.disliked() if months else []) for row in own if row.id == id_]
        return parts.pages.page(
            request,
            "overview.html",
            groups=_groups(parts, found),
            months=months,
            disliked=disliked,
            due=sorted((row for row in found if row.overdue), key=lambda row: (row.due, row.title)),
            count=len(found),
            checked=seen.checked,
            waiting=await parts.asked.waiting(),
        )

    async def faults(request: Request, _: Mapping[str, str]) -> Response:
        seen = watcher.seen
        return parts.pages.page(
            request,
            "faults.html",
            files=[
                (path, _shown(parts, path), _page_of(found, path), each)
                for found in [rows(seen.library, seen.faults, watcher.today())]
                for path, each in files_with(seen.faults)
            ],
            checked=seen.checked,
        )

    def _page_of(found: list[TopicRow], path: str) -> str:
        """The page of the topic whose file it is; empty for other files."""
        return next((row.path for row in found if str(file_of(watcher.seen.library, row.code, row.stem)) == path), "")

    async def changes(request: Request, _: Mapping[str, str]) -> Response:
        """Waits for news. ``file`` and ``base``: of a form that is open, to tell when its file is changed elsewhere."""
        ask = request.query_params
        await watcher.changed(ask.get("key", ""), WAIT_SECONDS)
        code, _slash, stem = ask.get("file", "").partition("/")
        changed = False
        if stem and (file := file_of(watcher.seen.library, code, stem)):
            try:
                changed = Bases().keep(watcher.read_file(file)) != ask.get("base")
            except OSError:
                changed = True
        learning = watcher.learning
        return JSONResponse(
            {
                "key": watcher.key,
                "number": watcher.number,
                "learning": f"Learning the examples: {learning}" if learning else "",
                "changed": changed,
            }
        )

    return [route(parts, "/", overview), route(parts, "/faults", faults), route(parts, "/changes", changes)]


def _groups(parts: PreviewContext, found: list[TopicRow]) -> list[tuple[str, list[TopicRow]]]:
    """Topics by their heading, in the order of the bot's list; other languages under headings of their own."""
    library = parts.watcher.seen.library
    guidance = library.languages.get(library.first)
    names = guidance.wording.groups if guidance else {}
    own = [row for row in found if row.code == library.first]
    groups = [(names.get(group, group.value.title()), [row for row in own if row.group is group]) for group in Group]
    groups.append(("No group yet", [row for row in own if row.group is None]))
    groups += [
        (f"Language: {code}", [row for row in found if row.code == code])
        for code in library.pages
        if code != library.first
    ]
    return [(name, each) for name, each in groups if each]


def _shown(parts: PreviewContext, path: str) -> str:
    """A path from the content folder on."""
    return path.removeprefix(f"{parts.folder.as_posix()}/")
