"""The page of what had no answer: by nearest topic, each to be made an example of, or to be deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from safetybot.editing.preview.context import PreviewContext
from safetybot.editing.preview.routing import STALE, route
from safetybot.editing.preview.topics import place_of
from safetybot.editing.preview.usage import Use
from safetybot.editing.unanswered import QuestionGroup
from safetybot.storage.opening import DatabaseError


def routes(parts: PreviewContext) -> Sequence[BaseRoute]:
    """Their routes."""

    async def asked(request: Request, _: Mapping[str, str]) -> Response:
        return await _page(parts, request)

    async def delete(request: Request, form: Mapping[str, str]) -> Response:
        if parts.asked.pair is None:
            raise HTTPException(404)
        if STALE in form:
            return await _page(parts, request, _OLD, 409)
        try:
            await parts.asked.done(form.get("id", ""))
        except DatabaseError as error:
            return await _page(parts, request, f"It was not deleted: {error}.", 500)
        return RedirectResponse("/unanswered", 303)

    return [route(parts, "/unanswered", asked), route(parts, "/unanswered/delete", delete, ("POST",))]


_OLD = "This page was old, so nothing was deleted. Press the button once more."


async def _page(parts: PreviewContext, request: Request, refused: str = "", status: int = 200) -> Response:
    found, months = await parts.asked.read(), await parts.months()
    library = parts.watcher.seen.library
    counted: list[tuple[str, int, int]] = []
    for id_ in {*months.now, *months.last} if months else ():
        now, last = months.of(id_) if months else (Use(), Use())
        if now.unanswered or last.unanswered:
            counted.append((_title(parts, id_), now.unanswered, last.unanswered))

    def place(group: QuestionGroup) -> str:
        return "/".join(place_of(library, library.first, group.topic) or ())

    return parts.pages.page(
        request,
        "asked.html",
        status,
        refused=refused,
        groups=[(_title(parts, group.topic), place(group), group.asked) for group in found.groups] if found else [],
        closed=found.closed if found else 0,
        opened=found is not None,
        has_key=parts.asked.pair is not None,
        waiting=await parts.asked.waiting(),
        counted=sorted(counted, key=lambda each: (-each[1] - each[2], each[0])),
    )


def _title(parts: PreviewContext, id_: str) -> str:
    library = parts.watcher.seen.library
    for pages in library.pages.values():
        for source in pages.topics:
            if source.text("id") == id_:
                return source.text("title") or id_
    return id_ or "No topic is near"
