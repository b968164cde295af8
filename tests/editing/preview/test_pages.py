"""The overview, the phone, and the faults: what editors see is what there is."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from pathlib import Path

import pytest

from safetybot.channels.web.rendering import MessageRenderer
from safetybot.dialogue.messages import Incoming
from safetybot.dialogue.session import AgeBand, Session
from safetybot.dialogue.transcript import TranscriptEntry
from safetybot.dialogue.turn import Memory
from safetybot.editing.preview import usage
from safetybot.guidance.model import Guidance
from safetybot.matching.fitter import Fitter
from safetybot.storage.database import sqlite_engine
from safetybot.storage.store import Batch, Count, Store
from safetybot.understanding.understanding import Understanding
from tests.editing.preview.room import Room
from tests.guidance.conftest import BULLYING, FIXTURE, PASSWORDS, SEXTORTION, Content

STATIC = Path(usage.__file__).parent / "static"
CHAT = Path(usage.__file__).parents[2] / "channels" / "web" / "static" / "chat.css"


async def test_the_overview_has_every_topic_with_its_state_and_review(room: Room) -> None:
    room.content.change(PASSWORDS, "due: 2027-03-01", "due: 2026-03-01")
    room.content.change(BULLYING, "Take a screenshot", "You should have told us. Take a screenshot")
    await room.until(lambda: "blame" in str(room.watcher.seen.faults))
    page = await room.get("/")
    assert "All is right" in page.words or "No faults" in page.words
    rows = {
        title: row
        for row in re.findall(r"<tr>.*?</tr>", page.html, re.DOTALL)
        for title in re.findall(r">([^<]+)</a>", row)
    }
    assert rows.keys() == {topic.title for topic in room.watcher.seen.library.languages["en"].topics.values()}
    assert "warning" in rows["People are being mean to me online"]
    assert "overdue" in rows["I want a safe password"]
    assert "2027-05-24" in rows["Someone is threatening to share my pictures"]
    assert "There are no numbers of use yet" in page.words


async def test_use_and_thumbs_of_two_months(room: Room, empty_database: Path) -> None:
    shutil.copy(empty_database, room.database)
    engine = sqlite_engine(room.database)
    counts = {
        ("2026-11-01", "answer", "passwords"): 5, ("2026-11-24", "chosen", "passwords"): 2,
        ("2026-11-02", "down", "cyberbullying"): 3, ("2026-10-31", "down", "sextortion"): 9,
        ("2026-10-01", "up", "sextortion"): 1, ("2026-09-30", "down", "passwords"): 99,
        ("2026-11-02", "card-asked", ""): 1,
    }  # fmt: skip
    await Store(engine).write(Batch(counts=Counter({Count(*of): number for of, number in counts.items()})))
    await engine.dispose()
    months = await room.parts.months()
    assert months is not None
    assert months.of("passwords") == (usage.Use(given=7), usage.Use())
    assert months.of("sextortion") == (usage.Use(), usage.Use(up=1, down=9))
    assert months.disliked() == ["sextortion", "cyberbullying"]
    page = (await room.get("/")).words
    assert "0 this month, 9 last month (1 thumbs up)" in page
    assert page.index("9 last month") < page.index("3 this month, 0 last month")
    assert not list(room.database.parent.glob("*-wal"))


async def test_a_damaged_or_missing_database_costs_only_the_numbers(room: Room) -> None:
    room.database.write_bytes(b"no database" * 1000)
    page = await room.get("/")
    assert page.status == 200
    assert "There are no numbers of use yet" in page.words


@pytest.mark.parametrize("age", [None, *AgeBand])
async def test_the_phone_shows_what_the_web_chat_shows(room: Room, age: AgeBand | None) -> None:
    answering = room.watcher.answering
    assert answering is not None
    guidance = answering.library.languages["en"]
    for topic in guidance.topics.values():
        page = await room.get(f"/topics/en/{topic.id}" + (f"?age={age.value}" if age else ""))
        phone = _flat(page.html.split('class="phone"')[1].split('<section aria-labelledby="examples"')[0])
        steps = topic.answer.younger.steps if age is AgeBand.UNDER_11 and topic.answer.younger else topic.answer.steps
        presses = [f"topic:{topic.id}", *(f"topic:{topic.id}:{number}" for number in range(1, len(steps) + 1))]
        presses += [f"lines:{topic.id}"] if topic.helplines else []
        for press in presses:
            for shown in _in_chat(answering.understanding, guidance, press, age):
                assert _flat(shown) in phone


def _in_chat(understanding: Understanding, guidance: Guidance, press: str, age: AgeBand | None) -> list[str]:
    """The words of a press's messages as the web chat shows them, and those on their buttons."""
    voice = MessageRenderer("en", guidance.wording, tuple(guidance.helplines.values()))
    memory = Memory(Session(age=age))
    turn = understanding.conversation.respond(Incoming("web", "1", press=press), memory, 0, offered=False)
    found = []
    for message in turn.messages:
        html = str(voice.entries([TranscriptEntry(1, message)]))
        body = html.split("</p>", 1)[1].split('<div class="buttons">')[0].removesuffix("</li>")
        found.append(body)
        found += [f">{button.text}</" for row in message.buttons for button in row if "'" not in button.text]
    return found


def _flat(html: str) -> str:
    return " ".join(html.split())


def test_the_phone_looks_as_the_web_chat_does() -> None:
    """Colours and bubbles are those of chat.css, in light and in dark."""
    chat, phone = CHAT.read_text("utf-8"), (STATIC / "phone.css").read_text("utf-8")
    for ours, theirs in zip(_colours(phone), _colours(chat), strict=True):
        assert ours.items() <= theirs.items()
    for rule in (".bot", ".own", ".urgent", ".call", ".number", ".words", ".now", ".log > li"):
        (wanted,) = re.findall(rf"^{re.escape(rule)} {{(.*?)}}", chat, re.MULTILINE | re.DOTALL)
        found = re.findall(rf"^\.phone {re.escape(rule)} {{(.*?)}}", phone, re.MULTILINE | re.DOTALL)
        assert found, rule
        declared = {each.strip() for each in found[-1].split(";")}
        assert {each.strip() for each in wanted.split(";")} <= declared, rule


def _colours(css: str) -> tuple[dict[str, str], dict[str, str]]:
    """In light and in dark."""
    light, dark = css.split("@media (prefers-color-scheme: dark)")[:2]
    found = (re.findall(r"(--[a-z-]+): (#\w+);", part) for part in (light, dark))
    one, two = (dict(each) for each in found)
    assert len(one) > 5
    assert one.keys() >= two.keys()
    return one, two


async def test_buttons_lead_to_what_they_get(room: Room) -> None:
    page = await room.get("/topics/en/sextortion")
    phone = page.html.split('class="phone"')[1]
    for way in set(re.findall(r'<a class="button[^"]*" href="([^"]+)"', phone)):
        if way.startswith("#"):
            assert f'id="{way[1:]}"' in page.html
        else:
            led = await room.get(way.replace("&amp;", "&"))
            assert led.status == 200
            assert 'class="phone"' in led.html
    assert "999" in (await room.get("/press?language=en&press=now")).words
    assert (await room.get("/press?language=en&press=")).status == 404
    assert (await room.get("/press?language=xx&press=now")).status == 404


async def test_measures_are_those_of_the_review(room: Room) -> None:
    hard = "Responsible organisations investigate complicated situations. " * 4
    room.content.change(
        PASSWORDS, "Three random words make a strong password. Use a different one for each account.", hard.strip()
    )
    await room.until(lambda: "reading-age" in str(room.watcher.seen.faults))
    page = await room.get("/topics/en/passwords")
    assert "(meant for 9)" in page.words
    assert "Reads at age" in page.words
    assert f"{len(hard.strip())} of 300 letters" in page.words


async def test_what_editors_write_does_nothing_on_the_page(room: Room) -> None:
    evil = "<img src=x onerror=alert(1)>"
    room.content.change(SEXTORTION, "title: Someone is threatening to share my pictures", f'title: "{evil}"')
    room.content.change(SEXTORTION, "  - blackmail", f'  - "{evil} [x](javascript:alert)"')
    room.content.change(SEXTORTION, "report: true", f'report: "{evil}"')
    await room.faulty()
    for path in ("/", "/faults", "/topics/en/sextortion", "/topics/en/sextortion/edit", "/try"):
        page = await room.get(path)  # Shown.of finds handlers and scripts
        assert page.status == 200
        assert "<img" not in page.html
        assert "javascript:" not in page.html.replace("[x](javascript:", "")


async def test_a_second_language_is_shown_and_changed(tmp_path: Path) -> None:
    def never() -> Fitter:
        raise OSError  # nothing here needs the matcher

    shutil.copytree(FIXTURE, tmp_path / "content")
    async with Room(Content(tmp_path / "content"), tmp_path, None, fitter=never) as room:
        assert "Language: cy" in (await room.get("/")).words
        topic = room.watcher.seen.library.languages["cy"].topics["sextortion"]
        page = await room.get("/topics/cy/sextortion")
        assert topic.answer.first.split("\n")[0] in page.words
        assert "/press?language=cy" in page.html
        path = "/topics/cy/sextortion/edit"
        values = (await room.get(path)).form(path).values
        before = (tmp_path / "content/cy/topics/sextortion.yaml").read_text("utf-8")
        assert (await room.post(path, values | {"title": "Rhywun: #1", "do": "save"})).status == 303
        after = (tmp_path / "content/cy/topics/sextortion.yaml").read_text("utf-8")
        assert after == before.replace(f"title: {topic.title}", 'title: "Rhywun: #1"')
        refused = await room.post(path, values | {"helplines.nope": "1", "title": "Other", "do": "save"})
        assert refused.status == 409  # the file is another since the form was opened
        again = (await room.get(path)).form(path).values
        assert (await room.post(path, again | {"helplines.nope": "1", "do": "save"})).status == 422
