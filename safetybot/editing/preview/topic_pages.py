"""A topic as a phone conversation, and what a single button gets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from safetybot.dialogue.session import AgeBand
from safetybot.editing.preview.context import PreviewContext
from safetybot.editing.preview.phone import Bubble, Phone
from safetybot.editing.preview.routing import route
from safetybot.editing.preview.topics import find, place_of, row_of, shown
from safetybot.guidance.model import Guidance

AGES = (
    (None, "Age not told"),
    (AgeBand.UNDER_11, "Under 11"),
    (AgeBand.FROM_11, "11 to 13"),
    (AgeBand.FROM_14, "14 to 17"),
    (AgeBand.ADULT, "18 or older"),
)


def phone_of(parts: PreviewContext, guidance: Guidance, age: AgeBand | None, here: str = "") -> Phone:
    """A phone on which a language is shown; ``here``: the topic whose whole conversation is on the page."""
    library = parts.watcher.seen.library
    return Phone(guidance, age, lambda id_: place_of(library, guidance.code, id_), here)


def guidance_of(parts: PreviewContext, code: str) -> Guidance | None:
    """A language as it is to be shown now."""
    answering = parts.watcher.answering
    return shown(parts.watcher.seen.library, code, answering.library if answering else None)


def routes(parts: PreviewContext) -> Sequence[BaseRoute]:
    """Their routes."""

    async def topic(request: Request, _: Mapping[str, str]) -> Response:
        seen, code, stem = parts.watcher.seen, request.path_params["code"], request.path_params["stem"]
        source = find(seen.library, code, stem)
        if source is None:
            raise HTTPException(404)
        age = _age(request)
        guidance = guidance_of(parts, code)
        found = guidance.topics.get(source.text("id") or "") if guidance else None
        bubbles: list[Bubble] = []
        if guidance is not None and found is not None:
            try:
                bubbles = phone_of(parts, guidance, age, found.id).topic(found)
            except (LookupError, ValueError):  # the wording lacks something, and is told of on the page of faults
                bubbles = []
        faults = [fault for fault in seen.faults if fault.path == source.path]
        return parts.pages.page(
            request,
            "topic.html",
            row=row_of(source, code, seen.faults, parts.watcher.today()),
            owner=source.text("review", "owner") or "",
            urgency=source.text("urgency") or "",
            has_younger=isinstance(source.at(("answer", "younger")), dict),
            file=source.path.removeprefix(f"{parts.folder.as_posix()}/"),
            faults=faults,
            old=bool(bubbles) and any(fault.severity == "error" for fault in source.faults),
            bubbles=bubbles,
            ages=AGES,
            age=age,
            asks=[text for _, text in source.texts("asks")],
            tests=[(source.text(*loc, "say"), source.text(*loc, "expect")) for loc, _ in source.items("tests")],
            saved="saved" in request.query_params,
            checked=seen.checked,
        )

    async def press(request: Request, _: Mapping[str, str]) -> Response:
        """What a button gets that leads to no topic's page. A press holds no words of anybody's."""
        guidance = guidance_of(parts, request.query_params.get("language", parts.watcher.seen.library.first))
        wanted = request.query_params.get("press", "")
        if guidance is None or not wanted or len(wanted) > 64:
            raise HTTPException(404)
        phone = phone_of(parts, guidance, _age(request))
        try:
            bubbles = phone.pressed(wanted)
        except (LookupError, ValueError):
            raise HTTPException(404) from None
        return parts.pages.page(request, "press.html", bubbles=bubbles)

    return [route(parts, "/topics/{code}/{stem}", topic), route(parts, "/press", press)]


def _age(request: Request) -> AgeBand | None:
    wanted = request.query_params.get("age")
    return AgeBand(wanted) if wanted in list(AgeBand) else None
