"""The form in which a topic is changed: shown, taken back, refused where it is wrong, and never at another's cost."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from safetybot.editing.preview.context import PreviewContext
from safetybot.editing.preview.differences import DiffLine, differences
from safetybot.editing.preview.drafts import LABELS, ContentDraft, apply, draft_of, merged
from safetybot.editing.preview.form_fields import field_of, moved, read
from safetybot.editing.preview.proposals import Proposal, RefusedError, StillLearning, place_of
from safetybot.editing.preview.routing import STALE, route
from safetybot.editing.preview.topics import file_of, find, rows
from safetybot.editing.preview.try_message import STILL_LEARNING
from safetybot.editing.saving import ChangedOnDiskError
from safetybot.editing.yaml_edit import changed
from safetybot.editing.yaml_splice import EditRefusedError
from safetybot.guidance.faults import Fault
from safetybot.guidance.model import BUTTON_MAX, FIRST_MAX, STEP_MAX, Group, Urgency
from safetybot.guidance.symlinks import LeadsOut
from safetybot.guidance.yaml_source import YamlSource, parse


@dataclass(frozen=True)
class Conflict:
    """Somebody else saved the file since the form was opened."""

    lines: list[DiffLine]
    theirs: str
    mine: str
    both: list[str]
    """What both changed, in words."""
    merged: bool = False
    """Whether the form has what they changed, too."""
    gone: bool = False


@dataclass(frozen=True)
class FormView:
    """The form, and what there is to say above it and at its fields."""

    draft: ContentDraft
    base: str
    """The hash of the file that the draft was made of."""
    refused: str = ""
    wrong: Mapping[str, list[str]] = field(default_factory=dict)
    """Field → what is wrong with it."""
    odd: Mapping[str, list[str]] = field(default_factory=dict)
    """Field → what to look at again."""
    faults: Sequence[Fault] = ()
    """Those that belong to no field."""
    conflict: Conflict | None = None
    go_on_at: str = ""
    status: int = 200


def routes(parts: PreviewContext) -> Sequence[BaseRoute]:
    """Their routes."""

    async def edit(request: Request, form: Mapping[str, str]) -> Response:
        code, stem = request.path_params["code"], request.path_params["stem"]
        path = file_of(parts.watcher.seen.library, code, stem)
        if path is None and request.method == "GET":
            raise HTTPException(404)
        if path is None:
            return _page(parts, request, code, stem, _gone(read(form), form.get("base", "")))
        if request.method == "GET":
            return _page(parts, request, code, stem, await asyncio.to_thread(_opened, parts, path))
        draft, base, act = read(form), form.get("base", ""), form.get("do", "save")
        if STALE in form:
            says = "The preview was started anew since this page was opened. What you typed is kept: save once more."
            return _page(parts, request, code, stem, FormView(draft, base, says, status=409))
        if act != "save":
            draft, at = moved(draft, act)
            return _page(parts, request, code, stem, FormView(draft, base, go_on_at=at))
        saved = await _save(parts, code, path, draft, base)
        if saved is None:
            return RedirectResponse(f"/topics/{code}/{stem}?saved=1", 303)
        return _page(parts, request, code, stem, saved)

    return [route(parts, "/topics/{code}/{stem}/edit", edit, ("GET", "POST"))]


def _opened(parts: PreviewContext, path: Path) -> FormView:
    """The form with what the file holds now."""
    content = _read(parts, path)
    source = parse(content, path.as_posix())
    own = [fault for fault in parts.watcher.seen.faults if fault.path == source.path]
    wrong, left = at_fields([fault for fault in own if fault.severity == "error"], source)
    odd, _ = at_fields([fault for fault in own if fault.severity != "error"], source)
    refused = "" if source.data is not None and not source.faults else _UNWRITTEN
    return FormView(draft_of(source.data), parts.bases.keep(content), refused, wrong, odd, left)


_UNWRITTEN = (
    "This file has mistakes of writing (quotes, spaces, colons), so nothing can be saved from here. Mend what stands "
    "below in the file itself; this page follows."
)


def _read(parts: PreviewContext, path: Path) -> bytes:
    try:
        return parts.watcher.read_file(path)
    except (FileNotFoundError, LeadsOut):
        raise HTTPException(404) from None


async def _save(parts: PreviewContext, code: str, path: Path, draft: ContentDraft, base: str) -> FormView | None:
    """None where it is saved, or nothing was changed; else the form with all that was typed, and why."""
    try:
        now = await asyncio.to_thread(parts.watcher.read_file, path)
    except FileNotFoundError:
        return _gone(draft, base)
    except OSError as error:
        return FormView(draft, base, f"Nothing was saved: {error.strerror or 'it cannot be read'}.", status=500)
    if parts.bases.keep(now) != base:
        return await asyncio.to_thread(_conflict, parts, path, draft, base, now)
    try:
        after = await asyncio.to_thread(changed, now, lambda data: apply(draft, data), path.as_posix())
        if after == now:
            return None
        await Proposal(code, path, now, after).save(parts.watcher)
    except EditRefusedError as error:
        says = f"Nothing was saved. {error}"
        return FormView(draft, base, says, faults=error.faults, status=422)
    except RefusedError as error:
        wrong, left = at_fields([each for each in error.faults if each.path == path.as_posix()], error.source)
        others = [each for each in error.faults if each.path != path.as_posix()]
        return FormView(draft.meant(), base, _WRONG, wrong, faults=[*left, *others], status=422)
    except StillLearning:
        return FormView(draft, base, STILL_LEARNING, status=409)
    except ChangedOnDiskError as error:
        return await asyncio.to_thread(_conflict, parts, path, draft, base, error.theirs)
    except OSError as error:
        return FormView(draft, base, f"Nothing was saved: {error.strerror or 'it cannot be written'}.", status=500)
    return None


_WRONG = "Nothing was saved yet, because of what stands at the fields below. What you typed is kept."


def _conflict(parts: PreviewContext, path: Path, draft: ContentDraft, base: str, theirs: bytes | None) -> FormView:
    """Both changes in one form where it is known what the file was before; else what was typed. Nothing is saved."""
    if theirs is None:
        return _gone(draft, base)
    before = parts.bases.find(base)
    now = draft_of(parse(theirs, path.as_posix()).data)
    both: list[str] = []
    if before is not None:
        draft, both = merged(draft_of(parse(before, path.as_posix()).data), draft, now)
    try:
        mine = changed(theirs, lambda data: apply(draft, data), path.as_posix())
    except EditRefusedError as error:
        says = f"It cannot be saved as it is now: {error}"
        shown = Conflict(differences(before or b"", theirs), theirs.decode("utf-8", "replace"), "", [])
        return FormView(draft, base, says, faults=error.faults, conflict=shown, status=409)
    conflict = Conflict(
        differences(theirs, mine),
        theirs.decode("utf-8", "replace"),
        mine.decode("utf-8", "replace"),
        [LABELS[name] for name in both],
        merged=before is not None,
    )
    return FormView(draft, parts.bases.keep(theirs), conflict=conflict, status=409)


def _gone(draft: ContentDraft, base: str) -> FormView:
    return FormView(draft, base, conflict=Conflict([], "", "", [], gone=True), status=409)


def at_fields(faults: Sequence[Fault], source: YamlSource) -> tuple[dict[str, list[str]], list[Fault]]:
    """Faults by the form's field they are about, and those that belong to none."""
    fields: dict[str, list[str]] = {}
    left = []
    for fault in faults:
        loc = place_of(source, fault)
        name = field_of(loc)
        if not name or source.data is None:
            left.append(fault)
            continue
        text = source.text(*loc) if name in ("asks", "helplines", "related") and len(loc) > 1 else None
        message = f"“{text}”: {fault.message}" if text else fault.message
        fields.setdefault(name, []).append(message)
    return fields, left


def _page(parts: PreviewContext, request: Request, code: str, stem: str, shown: FormView) -> Response:
    library = parts.watcher.seen.library
    source = find(library, code, stem)
    lines, topics = _names(parts, code)
    draft = shown.draft
    context: dict[str, Any] = {
        "code": code,
        "stem": stem,
        "file": source.path.removeprefix(f"{parts.folder.as_posix()}/") if source else stem,
        "shown": shown,
        "draft": draft,
        "groups": [each.value for each in Group],
        "urgencies": [each.value for each in Urgency],
        "lists": [
            ("helplines", "Helplines", "Best first. Their numbers stand in helplines.yaml.", draft.helplines, lines),
            ("related", "Related topics", "Offered at the end of the answer.", draft.related, topics),
        ],
        "limits": {"first": FIRST_MAX, "say": STEP_MAX, "button": BUTTON_MAX},
    }
    return parts.pages.page(request, "edit.html", shown.status, **context)


def _names(parts: PreviewContext, code: str) -> tuple[dict[str, str], dict[str, str]]:
    """Helplines and topics that may be chosen: id → name."""
    library = parts.watcher.seen.library
    lines: dict[str, str] = {}
    for each in (library.first, code):
        if each in library.pages and (source := library.pages[each].files.get("helplines")):
            for loc, _ in source.items("helplines"):
                if id_ := source.text(*loc, "id"):
                    lines[id_] = source.text(*loc, "name") or id_
    topics = {
        row.id: row.title for row in rows(library, (), parts.watcher.today()) if row.code in (library.first, code)
    }
    return dict(sorted(lines.items(), key=lambda each: each[1].casefold())), topics
