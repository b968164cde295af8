"""Changing a topic in the form: what is typed is what is saved, and the rest of the file stays as it was."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from hypothesis import given, settings
from hypothesis import strategies as st

from safetybot.editing.preview.drafts import ContentDraft, SourceDraft, StepDraft, apply, draft_of, merged
from safetybot.editing.preview.form_fields import read
from safetybot.editing.yaml_edit import changed
from safetybot.guidance.faults import errors
from safetybot.guidance.yaml_source import parse
from safetybot.matching.fitter import Fitter
from tests.editing.preview.room import Form, Room
from tests.guidance.conftest import BULLYING, FIXTURE, PASSWORDS, SEXTORTION, Content

SHIPPED = Path(__file__).parents[3] / "content"
EDIT = "/topics/en/sextortion/edit"
ORIGINAL = (FIXTURE / SEXTORTION).read_bytes()
HOSTILE = [
    "yes", "no", "08001111", "12:30", "a: b", "help #me", '"quoted" and \'single\'', "@home", "- dash", "* star", "%",
    "{x}", "[y]", "&z", "!w", "|", ">", "?", "null", "~", "tab\there", "trailing   ", "  leading", "😰 ünï", "#", "…—",
    "c:\\dir\\new", "<script>alert(1)</script>", "</textarea><b>", "&amp; &#39;", "=1+1", "2026-11-24", "x" * 600,
    "c\u200bd",
]  # fmt: skip


def never() -> Fitter:
    """For what needs no matcher."""
    raise OSError


# -- nothing changed


def test_every_file_we_ship_comes_back_through_the_form_without_a_changed_byte() -> None:
    """Without the page around it; :func:`test_every_file_we_ship_through_the_page` is the whole way."""
    files = sorted((SHIPPED / "en" / "topics").glob("*.yaml"))
    assert len(files) > 50
    for file in files:
        content = file.read_bytes()
        draft = draft_of(parse(content, file.as_posix()).data)
        assert draft.first
        assert len(draft.asks.split("\n")) >= 12
        assert changed(content, partial(apply, sent_again(draft))) == content


async def test_every_file_we_ship_through_the_page(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED, tmp_path / "content")
    async with Room(Content(tmp_path / "content"), tmp_path, None, fitter=never) as room:
        for file in sorted((tmp_path / "content" / "en" / "topics").glob("*.yaml")):
            before, stamp = file.read_bytes(), file.stat().st_mtime_ns
            saved = await room.edit(file.stem)
            assert saved.status == 303, saved.words
            assert (file.read_bytes(), file.stat().st_mtime_ns) == (before, stamp)


def sent_again(draft: ContentDraft) -> ContentDraft:
    """The draft after it was shown, sent by a browser, and read."""
    rows = {"steps": draft.steps, "younger_steps": draft.younger_steps, "sources": draft.sources}
    sent: list[tuple[str, str]] = []
    for each in fields(draft):
        value = getattr(draft, each.name)
        if each.name in rows:
            for number, row in enumerate(rows[each.name]):
                sent += [(f"{each.name}-{number}-{key.name}", getattr(row, key.name)) for key in fields(row)]
        elif isinstance(value, tuple):
            sent += [(f"{each.name}.{id_}", "1") for id_ in value]
        elif value or each.name != "report":
            sent.append((each.name, value))
    body = urlencode([(name, value.replace("\n", "\r\n")) for name, value in sent])
    return read({name: value.replace("\r\n", "\n") for name, value in parse_qsl(body, keep_blank_values=True)})


# -- anything typed

words = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.characters(exclude_categories=("Cs",)), max_size=80),
    st.lists(st.sampled_from(HOSTILE), max_size=3).map(" ".join),
)
paragraphs = st.lists(words, max_size=4).map("\n".join)
steps = st.lists(st.builds(StepDraft, words, paragraphs), max_size=4).map(tuple)
ids = st.lists(st.sampled_from(["childline", "ceop", "report-remove", "shout"]), unique=True).map(tuple)
CHANGES = {
    "title": words, "owner": words, "due": words, "urgency": words, "group": words, "first": paragraphs, "steps": steps,
    "younger_first": paragraphs, "younger_steps": steps, "helplines": ids, "related": ids, "asks": paragraphs,
    "sources": st.lists(st.builds(SourceDraft, words, words, words), max_size=3).map(tuple),
    "report": st.sampled_from(["", "true"]),
}  # fmt: skip
one_change = st.sampled_from(sorted(CHANGES)).flatmap(lambda name: st.tuples(st.just(name), CHANGES[name]))


@given(one_change, st.sampled_from([ORIGINAL, ORIGINAL.replace(b"\n", b"\r\n"), (FIXTURE / PASSWORDS).read_bytes()]))
@settings(max_examples=200, deadline=None)
def test_what_is_typed_reads_back_and_the_rest_stays(change: tuple[str, object], content: bytes) -> None:
    name, value = change
    before = draft_of(parse(content, "f").data)
    draft = sent_again(replace(before, **{name: value}))  # type: ignore[arg-type]
    after = changed(content, lambda data: apply(draft, data))
    source = parse(after, "f")
    assert errors(source.faults) == ()
    assert draft_of(source.data).meant() == draft.meant()
    start, end = around(content, name)
    assert after.startswith(content[:start])
    assert after.endswith(content[end:])
    if draft.meant() == before.meant():
        assert after == content


FIRST_LINES = {
    "title": "title:", "group": "group:", "urgency": "urgency:", "first": "  first:", "steps": "  steps:",
    "younger_first": "  younger:", "younger_steps": "  younger:", "helplines": "helplines:", "report": "report:",
    "related": "related:", "sources": "sources:", "owner": "review:", "due": "review:", "asks": "asks:",
}  # fmt: skip


def around(content: bytes, name: str) -> tuple[int, int]:
    """From where to where a part of the fixture stands; where it does not, the whole place it may go to."""
    lines = content.decode().splitlines(keepends=True)
    starts = [at for at, line in enumerate(lines) if line.startswith(FIRST_LINES[name])]
    if not starts:
        return len("".join(lines[:5]).encode()), len(content) - len("".join(lines[-12:]).encode())
    first = starts[0]
    indent = len(lines[first]) - len(lines[first].lstrip())
    last = first + 1
    while last < len(lines) and (not lines[last].strip() or len(lines[last]) - len(lines[last].lstrip()) > indent):
        last += 1
    if name in ("helplines", "related", "report", "sources"):
        last = max(last, first + 1)
    return len("".join(lines[:first]).encode()), len("".join(lines[:last]).encode())


async def test_what_is_typed_on_the_page_is_in_the_file(room: Room) -> None:
    before = room.content.text(SEXTORTION)
    asks = (await room.get(EDIT)).form(EDIT).values["asks"]
    odd = [text for text in HOSTILE if len(text) < 60 and text.strip()]
    saved = await room.edit(
        "sextortion",
        title='yes: #1 "it\'s" @home',
        first='- not a list\r\n\r\n"08001111" it\'s @ <b>&amp;\t#x  ',
        steps__0__say="a: b\n#c\n@d",
        asks="\r\n".join([asks, *odd]),
    )
    assert saved.status == 303, saved.words
    topic = room.content.read().require().languages["en"].topics["sextortion"]
    assert topic.title == 'yes: #1 "it\'s" @home'
    assert topic.answer.first == '- not a list\n\n"08001111" it\'s @ <b>&amp;  #x'
    assert topic.answer.steps[0].say == "a: b\n#c\n@d"
    assert "08001111" in topic.asks
    assert "yes" in topic.asks
    assert "<script>alert(1)</script>" in topic.asks
    after = room.content.text(SEXTORTION)
    assert "id: sextortion                # never changes\n" in after
    kept = before[before.index("    - button: Can I stop") : before.index("asks:")]
    assert kept in after
    assert before[before.index("asks:") :] in after
    shown = await room.get("/topics/en/sextortion")  # read without a script: Shown.of holds it
    assert "<b>" not in shown.html


# -- steps, lists


async def test_steps_and_helplines_are_added_moved_and_removed_before_anything_is_saved(room: Room) -> None:
    before = room.content.text(SEXTORTION)

    async def press(values: dict[str, str], do: str) -> Form:
        page = await room.post(EDIT, values | {"do": do})
        assert page.status == 200
        assert room.content.text(SEXTORTION) == before
        return page.form(EDIT)

    form = (await room.get(EDIT)).form(EDIT)
    form = await press(form.values | {"title": "Typed before"}, "steps-0-down")
    form = await press(form.values, "steps-add")
    form = await press(form.values | {"steps-2-button": "And then?", "steps-2-say": "Rest."}, "younger_steps-add")
    form = await press(
        form.values | {"younger_steps-0-button": "Tell", "younger_steps-0-say": "Tell mum."}, "steps-9-up"
    )
    form = await press(form.values, "helplines-1-up")
    form = await press(form.values, "sources-0-remove")
    values = form.values
    del values["related.cyberbullying"]
    assert (await room.post(EDIT, values | {"related.passwords": "1", "do": "save"})).status == 303
    topic = room.content.read().require().languages["en"].topics["sextortion"]
    assert topic.title == "Typed before"
    assert [step.button for step in topic.answer.steps] == [
        "Can I stop it being shared?",
        "What do I do now?",
        "And then?",
    ]
    assert topic.answer.younger is not None
    assert [step.say for step in topic.answer.younger.steps] == ["Tell mum."]
    assert topic.helplines == ("report-remove", "childline")
    assert topic.related == ("passwords",)
    assert topic.sources == ()


async def test_an_answer_for_under_11s_goes_when_it_is_emptied(room: Room) -> None:
    assert (await room.edit("sextortion", younger_first="")).status == 303
    assert room.content.read().require().languages["en"].topics["sextortion"].answer.younger is None
    assert "younger" not in room.content.text(SEXTORTION)


# -- refused


async def test_faults_are_shown_at_their_fields_and_nothing_typed_is_lost(room: Room) -> None:
    before = room.content.text(SEXTORTION)
    long = "Stop. " * 60
    page = await room.edit(
        "sextortion", first=long, due="2027-02-30", urgency="Now", steps__1__button="", sources__0__url="http://x.example",
        asks="only one <i>example</i>", title="",
    )  # fmt: skip
    assert page.status == 422
    assert room.content.text(SEXTORTION) == before
    values = page.form(EDIT).values
    assert values["first"] == long.strip()
    assert values["asks"] == "only one <i>example</i>"
    assert values["due"] == "2027-02-30"
    for name, says in {
        "first": "limit 300",
        "due": "February has no day 30",
        "urgency": "Use normal, high or emergency",
        "steps-1-button": "is empty",
        "sources-0-url": "Use https://",
        "asks": "1 example; add 11",
        "title": "<code>title</code> is empty",
    }.items():
        assert f'id="{name}-wrong-1"' in page.html
        told = page.html.split(f'id="{name}-wrong-1">')[1].split("</span>")[0]
        assert says in told, (name, told)
        assert f"{name}-wrong-1" in page.html.split(f'name="{name}"')[1].split(">")[0]  # aria-describedby


async def test_a_fault_in_another_file_because_of_the_change_is_shown(content: Content, tmp_path: Path) -> None:
    """That file was saved a moment ago, and the page has not looked since."""
    ask = "everyone in my class hates me"
    async with Room(content, tmp_path, None, fitter=never, interval=60) as room:
        values = (await room.get(EDIT)).form(EDIT).values
        content.change(BULLYING, "asks:\n", f"asks:\n  - {ask}\n")
        page = await room.post(EDIT, values | {"asks": f"{values['asks']}\n{ask}", "do": "save"})
        assert page.status == 422
        assert "Also in" in page.words
        assert ask in page.form(EDIT).values["asks"]


async def test_a_change_that_fails_a_test_is_refused(room: Room) -> None:
    before = room.content.text(PASSWORDS)
    asks = "\n".join(f"the weather is nice on day {number}" for number in range(12))
    page = await room.edit("passwords", asks=asks)
    assert page.status == 422
    assert "“how do I make my password stronger” got" in page.words
    assert room.content.text(PASSWORDS) == before
    assert page.form("/topics/en/passwords/edit").values["asks"] == asks


async def test_a_test_that_fails_already_can_be_mended_by_examples(room: Room) -> None:
    say = "qwertz zuiop asdf"
    tested = "  - say: how do I make my password stronger\n    expect: passwords\n"
    room.content.change(PASSWORDS, tested, f"{tested}  - say: {say}\n    expect: passwords\n")
    room.content.change(SEXTORTION, "  - blackmail\n", f"  - blackmail\n  - {say} now\n")
    await room.until(lambda: f"“{say}” got" in str(room.watcher.seen.faults))
    path = "/topics/en/passwords/edit"
    asks = (await room.get(path)).form(path).values["asks"]
    assert (await room.edit("passwords", asks=f"{asks}\nsomething else of passwords")).status == 303
    assert (await room.edit("passwords", asks=f"{asks}\n{say}\n{say} please")).status == 303
    await room.faulty(bad=False)
    await room.until(lambda: room.watcher.seen.checked and "got" not in str(room.watcher.seen.faults))


async def test_a_file_with_mistakes_of_writing_is_left_alone(room: Room) -> None:
    form = (await room.get(EDIT)).form(EDIT)
    room.content.change(SEXTORTION, "group: images", "group:images")
    await room.faulty()
    broken = room.content.text(SEXTORTION)
    page = await room.post(EDIT, form.values | {"title": "What I typed", "do": "save"})
    assert page.status == 409
    assert room.content.text(SEXTORTION) == broken
    assert page.form(EDIT).values["title"] == "What I typed"
    assert "Mend them in the file first" in page.words


# -- conflicts


async def test_a_change_on_the_disk_is_shown_and_never_overwritten_silently(room: Room) -> None:
    form = (await room.get(EDIT)).form(EDIT)
    room.content.change(SEXTORTION, "Keep proof.", "Keep all the proof.")
    room.content.change(SEXTORTION, "title: Someone is threatening", "title: They are threatening")
    theirs = room.content.text(SEXTORTION)
    page = await room.post(EDIT, form.values | {"title": "Mine", "due": "2027-06-01", "do": "save"})
    assert page.status == 409
    assert room.content.text(SEXTORTION) == theirs
    assert "Both of you changed: title" in page.words
    assert '<div class="theirs"><span class="sign">−</span>title: They are threatening' in page.html
    assert '<div class="mine"><span class="sign">+</span>title: Mine' in page.html
    merged_form = page.form(EDIT)
    assert "Keep all the proof." in merged_form.values["steps-0-say"]
    assert (await room.post(EDIT, merged_form.values | {"do": "save"})).status == 303
    after = room.content.text(SEXTORTION)
    expected = theirs.replace("title: They are threatening to share my pictures", "title: Mine")
    assert after == expected.replace("due: 2027-05-24", "due: 2027-06-01")


async def test_after_a_restart_the_difference_is_still_shown(room: Room) -> None:
    """What the file was when the form was opened is not known any more."""
    form = (await room.get(EDIT)).form(EDIT).values
    room.parts.bases.__init__()  # type: ignore[misc]
    room.content.change(SEXTORTION, "Keep proof.", "Keep all the proof.")
    page = await room.post(EDIT, form | {"title": "Mine", "do": "save"})
    assert page.status == 409
    assert "saving it would undo what they changed" in page.words
    assert "2. Keep all the proof." in page.words.split("The file as it is now")[0]
    assert page.form(EDIT).values["steps-0-say"].split("\n")[1] == "2. Keep proof."


async def test_of_two_saves_at_once_one_is_shown_the_other(room: Room) -> None:
    form = (await room.get(EDIT)).form(EDIT).values
    both = [room.post(EDIT, form | {"title": title, "do": "save"}) for title in ("First one", "Second one")]
    pages = await asyncio.gather(*both)
    assert sorted(page.status for page in pages) == [303, 409]
    lost = next(page for page in pages if page.status == 409)
    kept = room.content.read().require().languages["en"].topics["sextortion"].title
    assert {kept, lost.form(EDIT).values["title"]} == {"First one", "Second one"}


async def test_a_file_that_is_gone_loses_nothing(room: Room) -> None:
    form = (await room.get(EDIT)).form(EDIT).values
    (room.content.folder / SEXTORTION).unlink()
    page = await room.post(EDIT, form | {"title": "Mine", "do": "save"})
    for _ in range(2):
        assert page.status == 409
        assert "no longer there" in page.words
        assert page.form(EDIT).values["title"] == "Mine"
        await room.watcher.catch_up()
        page = await room.post(EDIT, form | {"title": "Mine", "do": "save"})


@given(st.sets(st.sampled_from(sorted(CHANGES))), st.sets(st.sampled_from(sorted(CHANGES))))
def test_two_changes_of_one_topic_are_both_in_the_merged_form(mine: set[str], theirs: set[str]) -> None:
    base = draft_of(parse(ORIGINAL, "f").data).meant()

    def altered(names: set[str], by: str) -> ContentDraft:
        values = {
            "steps": (StepDraft(by, by),),
            "younger_steps": (StepDraft(by, by),),
            "sources": (SourceDraft(by, "", by),),
        }
        values |= {"helplines": (by,), "related": (by,), "report": "" if base.report else "true"}  # type: ignore[dict-item]
        return replace(base, **{name: values.get(name, by) for name in names})  # type: ignore[arg-type]

    draft, both = merged(base, altered(mine, "mine"), altered(theirs, "theirs"))
    assert set(both) == (mine & theirs) - {"report"}
    for name in CHANGES:
        changed_by = altered(mine, "mine") if name in mine else altered(theirs, "theirs") if name in theirs else base
        assert getattr(draft, name) == getattr(changed_by, name)
