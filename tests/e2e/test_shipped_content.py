"""The content we ship, in the real program: the right advice for real worries, and no button that leads nowhere."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.e2e.phone import Phone, words
from tests.e2e.program import Place, Program
from tests.e2e.speech import SHIPPED, Content
from tests.emulator import Emulator

# Where nothing is cached, the first test waits for the matcher to be fitted.
pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(400), pytest.mark.slow]

WORRIES = {
    "sextortion": "a girl i met on snap says shell send my nudes to all my mates unless i send her 200 quid",
    "hacked-account": "some1 got into my insta and changed the pasword now i cant get back in",
    "gaming-spending": "i spent loads of my mums money on robux and she doesnt know",
    "meet-online-friend": "i wanna meet up with this boy i met on discord is that ok",
    "cyberbullying": "they keep calling me ugly and fat under evry post i put up",
    "too-much-screen": "i cant stop scrolling tiktok im up til 3 evry nite",
    "scams": "i bought trainers off a page on insta and they never came and now the page is gone",
    "asked-for-nudes": "my bf keeps asking me for nudes and i dont wanna",
    "deepfake-nude": "someone used ai to make a fake nude of me and its going round school",
    "parent-posts-me": "my mum keeps posting pics of me on facebook and i hate it",
}

EMERGENCIES = (
    "ive took a load of tablets and i feel sick",
    "theres a man trying to get in our house and im on my own",
    "im going to end it tonight",
)

LOOKALIKES = ("this homework is killing me", "i died like 5 times on that level lol")

WAYS = ("topic", "lines", "group", "up", "down", "talk", "topics", "now", "none")
"""Presses that mean the same in every chat."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def telegram() -> AsyncIterator[Emulator]:
    async with Emulator() as emulator:
        yield emulator


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def program(
    telegram: Emulator, shipped_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Program]:
    cache = shipped_data / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    program = Program(Place.make(tmp_path_factory.mktemp("shipped") / "place", SHIPPED, cache), telegram)
    await program.start()
    await telegram.until(lambda: telegram.counts["getUpdates"] or not program.running, 300)
    yield program
    assert await program.stop() == 0, program.printed
    assert "Traceback" not in program.printed
    assert "ERROR" not in program.printed


@pytest.fixture
def phone(telegram: Emulator, chats: Iterator[int]) -> Phone:
    return Phone(telegram, next(chats))


@pytest.mark.parametrize("topic", WORRIES)
async def test_a_worry_gets_its_answer_or_its_topic_to_choose(
    phone: Phone, shipped_content: Content, topic: str
) -> None:
    said = await phone.says(WORRIES[topic])
    answered = any(text.startswith(shipped_content.first(topic)) for text in words(said))
    offered = any(data == f"topic:{topic}" for message in said for row in message.keyboard for _, data in row)
    assert answered or offered, words(said)


@pytest.mark.parametrize("text", EMERGENCIES)
async def test_the_card_comes_first(phone: Phone, shipped_content: Content, text: str) -> None:
    card, *_ = await phone.says(text)
    assert card.text.startswith(shipped_content.say("urgent"))
    assert "0800 1111" in card.text


@pytest.mark.parametrize("text", LOOKALIKES)
async def test_no_card_for_what_only_sounds_like_danger(phone: Phone, shipped_content: Content, text: str) -> None:
    said = await phone.says(text)
    assert not any(message.text.startswith(shipped_content.say("urgent")) for message in said)


async def test_every_button_leads_somewhere(telegram: Emulator, chats: Iterator[int], shipped_content: Content) -> None:
    """From the list of topics on, pressing whatever appears: every topic is reached, every step and every helpline."""
    pressed: dict[str, int] = {}
    waiting = ["topics"]
    while waiting:
        for data in waiting:
            pressed[data] = next(chats)
            telegram.push_press(pressed[data], data, "en")
        await telegram.wait_confirmed(60)
        keyboards = (message.keyboard for data in waiting for message in telegram.sent(pressed[data]))
        shown = dict.fromkeys(data for keyboard in keyboards for _, data in itertools.chain.from_iterable(keyboard))
        waiting = [data for data in shown if data not in pressed and data.partition(":")[0] in WAYS]

    unanswered = [data for data, chat in pressed.items() if not telegram.sent(chat)]
    assert unanswered == []
    gone = shipped_content.say("gone").partition("\n")[0]
    assert [data for data, chat in pressed.items() if telegram.texts(chat)[0].startswith(gone)] == []
    for topic in shipped_content.topics():
        if shipped_content.topic(topic)["group"] == "chat":
            continue  # small talk is in no list
        answer = shipped_content.topic(topic)["answer"]
        chat = pressed[f"topic:{topic}"]
        assert any(text.startswith(shipped_content.first(topic)) for text in telegram.texts(chat)), topic
        for number in range(1, len(answer.get("steps", [])) + 1):
            step = telegram.texts(pressed[f"topic:{topic}:{number}"])
            assert step[0].startswith(shipped_content.step(topic, number)), (topic, number)


async def test_every_command_of_the_menu_is_answered(
    telegram: Emulator, chats: Iterator[int], shipped_content: Content
) -> None:
    unknown = shipped_content.say("unknown-command")
    for command in shipped_content.wording()["commands"]:
        said = await Phone(telegram, next(chats)).says(f"/{command['command']}")
        assert said, command
        assert not said[0].text.startswith(unknown), command
    assert telegram.commands[""] == shipped_content.wording()["commands"]
