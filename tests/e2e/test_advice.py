"""From a worried message to the right advice: one running program, many people who write to it."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.e2e.phone import Phone, buttons, words
from tests.e2e.program import Place, Program
from tests.e2e.speech import LONG, Content
from tests.emulator import TOKEN, Emulator
from tests.emulator.updates import MEDIA

pytestmark = pytest.mark.asyncio(loop_scope="module")

OWN_WORDS = {
    "sextortion": "somone says hell send my pics to evryone if i dont pay him",
    "cyberbullying": "the girls in my class keep posting nasty stuf about me",
    "passwords": "how do i make a realy strong passwrd",
    "talk-to-a-person": "is there a real persn i can talk to",
    "about-this-bot": "r u a robot or wot",
    "greeting": "hiyaaa",
}
EMERGENCY = "hes outside my house with a knife"
WORRYING = "people keep comenting that im ugly and i want to die"

USED = {
    "getMe",
    "deleteWebhook",
    "getUpdates",
    "sendMessage",
    "answerCallbackQuery",
    "deleteMessages",
    "leaveChat",
    "getMyCommands",
    "setMyCommands",
    "getMyDescription",
    "setMyDescription",
    "getMyShortDescription",
    "setMyShortDescription",
}
"""Everything this bot ever asks of Telegram."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def telegram() -> AsyncIterator[Emulator]:
    async with Emulator() as emulator:
        yield emulator


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def program(
    telegram: Emulator, small_content: Content, small_cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Program]:
    """Runs through all tests of this module; at the end nobody's words, chat or token are on the disk."""
    place = Place.make(tmp_path_factory.mktemp("advice") / "place", small_content.folder, small_cache)
    program = Program(place, telegram)
    await program.start()
    await program.ready()
    yield program
    code = await program.stop()
    assert code == 0, program.printed
    assert "Traceback" not in program.printed
    assert "ERROR" not in program.printed
    assert {call.method for call in telegram.calls} <= USED
    written = b"".join(path.read_bytes() for path in place.folder.rglob("*") if path.is_file())
    private = [TOKEN, "evryone", "nasty stuf", "knife", *map(str, telegram._chats)]
    assert [text for text in private if text.encode() in written] == []
    # SQLite writes a number of this size in six bytes.
    assert [chat for chat in telegram._chats if chat > 2**32 and chat.to_bytes(6, "big") in written] == []


@pytest.fixture
def phone(telegram: Emulator, chats: Iterator[int]) -> Phone:
    return Phone(telegram, next(chats))


@pytest.mark.parametrize("topic", OWN_WORDS)
async def test_own_words_get_the_answer_that_fits(phone: Phone, small_content: Content, topic: str) -> None:
    answer, *more = await phone.says(OWN_WORDS[topic])
    assert answer.text.startswith(small_content.first(topic))
    assert buttons(answer)[-1] == small_content.press("help-now")
    # At most the question for the age, which can be skipped.
    assert [buttons(message)[-2] for message in more] in ([], [small_content.press("age-skip")])


async def test_bold_words_are_bold_and_numbers_stand_under_them(phone: Phone) -> None:
    answer = (await phone.says(OWN_WORDS["sextortion"]))[0]
    bold = [answer.text.encode("utf-16-le")[2 * e.offset : 2 * (e.offset + e.length)] for e in answer.entities]
    assert "Don't pay. Don't send anything else.".encode("utf-16-le") in bold
    assert "0800 1111" in answer.text
    assert "<b>" not in answer.text


async def test_steps_one_message_each_then_related_topics(phone: Phone, small_content: Content) -> None:
    await phone.says(OWN_WORDS["sextortion"])
    first, second = (step["button"] for step in small_content.topic("sextortion")["answer"]["steps"])
    step = await phone.presses(first)
    assert len(step) == 1
    assert "Stop replying." in step[0].text
    step = await phone.presses(second)
    assert len(step) == 1
    assert step[0].text.startswith(small_content.step("sextortion", 2))
    related = small_content.topic("cyberbullying")["title"]
    answer = (await phone.presses(related))[0]
    assert answer.text.startswith(small_content.first("cyberbullying"))


async def test_helplines_on_a_button(phone: Phone, small_content: Content) -> None:
    await phone.says(OWN_WORDS["sextortion"])
    (lines,) = await phone.presses(small_content.press("helplines"))
    assert lines.text.startswith(small_content.say("helplines"))
    assert "0800 1111" in lines.text
    assert "CEOP" in lines.text


@pytest.mark.parametrize(("thumb", "answer"), [("up", "thumbs-up"), ("down", "thumbs-down")])
async def test_thumbs_are_thanked_for_and_counted(
    phone: Phone, program: Program, telegram: Emulator, small_content: Content, thumb: str, answer: str
) -> None:
    def counted() -> int:
        query = "SELECT sum(count) FROM counters WHERE name = ? AND topic = 'passwords'"
        with sqlite3.connect(program.place.database) as database:
            count = database.execute(query, [thumb]).fetchone()[0]
        database.close()
        return int(count or 0)

    before = counted()
    await phone.says(OWN_WORDS["passwords"])
    await phone.presses("What else helps?")
    (thanks,) = await phone.presses(small_content.press(thumb))
    assert thanks.text.startswith(small_content.say(answer))
    await telegram.until(lambda: counted() == before + 1)


async def test_every_press_is_acknowledged(phone: Phone, telegram: Emulator, small_content: Content) -> None:
    await phone.says(OWN_WORDS["passwords"])
    await phone.presses("What else helps?")
    await phone.presses(small_content.press("help-now"))
    await telegram.until(lambda: not telegram._open_presses)


class TestDanger:
    async def test_the_card_comes_first_in_an_emergency(self, phone: Phone, small_content: Content) -> None:
        card, *answer = await phone.says(EMERGENCY)
        assert card.text.startswith(small_content.say("urgent"))
        assert "999" in card.text
        assert "0800 1111" in card.text
        assert answer

    async def test_are_you_safe_and_no_shows_the_card(self, phone: Phone, small_content: Content) -> None:
        answer, question = await phone.says(WORRYING)
        assert answer.text.startswith(small_content.first("cyberbullying"))
        assert question.text == small_content.say("safety-check")
        (card,) = await phone.presses(small_content.press("no"))
        assert card.text.startswith(small_content.say("urgent"))

    async def test_are_you_safe_and_yes_goes_on(self, phone: Phone, small_content: Content) -> None:
        await phone.says(WORRYING)
        (answer,) = await phone.presses(small_content.press("yes"))
        assert answer.text.startswith(small_content.say("safety-yes"))

    async def test_help_now_shows_the_card(self, phone: Phone, small_content: Content) -> None:
        await phone.says("hiya")
        (card,) = await phone.presses(small_content.press("help-now"))
        assert card.text.startswith(small_content.say("urgent"))

    @pytest.mark.parametrize("text", ["/urgent", "/URGENT", "/urgent@SafetyTestBot"])
    async def test_a_command_for_the_card(self, phone: Phone, small_content: Content, text: str) -> None:
        (card,) = await phone.says(text)
        assert card.text.startswith(small_content.say("urgent"))

    async def test_a_language_we_do_not_know_gets_the_card(self, phone: Phone, small_content: Content) -> None:
        card, answer = await phone.says("мне очень страшно, помогите")
        assert card.text.startswith(small_content.say("urgent"))
        assert answer.text.startswith(small_content.say("other-language"))

    async def test_an_emergency_in_an_edited_message(self, phone: Phone, small_content: Content) -> None:
        await phone.says("hiya")
        card, *_ = await phone.edits(EMERGENCY)
        assert card.text.startswith(small_content.say("urgent"))


async def test_off_topic_is_said_twice_and_then_people_are_named(phone: Phone, small_content: Content) -> None:
    texts = ("how tall is a girafe", "how do i bake a cake", "which planet is the bigest")
    said = [(await phone.says(text))[0].text for text in texts]
    expected = ("off-topic", "off-topic", "people")
    assert [text.startswith(small_content.say(name)) for text, name in zip(said, expected, strict=True)] == [True] * 3


class TestWhatIsNeverOpened:
    @pytest.mark.parametrize("kind", MEDIA)
    async def test_refused_and_deleted(
        self, phone: Phone, telegram: Emulator, small_content: Content, kind: str
    ) -> None:
        (answer,) = await phone.sends(kind)
        assert answer.text.startswith(small_content.say("refused"))
        assert "Report Remove" in answer.text
        assert [number for chat, number in telegram.deleted if chat == phone.chat] == [*phone.theirs]

    async def test_never_fetched(self, phone: Phone, telegram: Emulator) -> None:
        await phone.sends("photo")
        assert telegram.counts["getFile"] == 0
        assert not [call for call in telegram.calls if "file_id" in call.fields]

    async def test_one_refusal_for_an_album(self, phone: Phone, telegram: Emulator) -> None:
        updates = [telegram.push_media(phone.chat, "photo", media_group_id="7") for _ in range(3)]
        await telegram.until(lambda: telegram.confirmed_offset > (updates[-1] or 0))
        assert len(telegram.sent(phone.chat)) == 1
        assert {number for chat, number in telegram.deleted if chat == phone.chat} == phone.theirs


class TestHide:
    async def test_both_sides_messages_go(self, phone: Phone, telegram: Emulator, small_content: Content) -> None:
        await phone.says(OWN_WORDS["sextortion"])
        await phone.presses(small_content.press("helplines"))
        await phone.says("hiya")
        ours = phone.ours
        assert len(ours) == 3
        (answer,) = await phone.says("/hide")
        assert answer.text == small_content.say("hide-done")
        gone = {number for chat, number in telegram.deleted if chat == phone.chat}
        assert gone == ours | phone.theirs
        assert answer.message_id not in gone
        asked = [call for call in telegram.called("deleteMessages") if int(call.fields["chat_id"]) == phone.chat]
        assert len(asked) == 1

    async def test_it_says_what_it_could_not_delete(
        self, phone: Phone, telegram: Emulator, small_content: Content
    ) -> None:
        for text in ("hiya", "hello", "hi bot"):
            await phone.says(text)
        old = min(phone.theirs)
        telegram.undeletable.add((phone.chat, old))
        both = phone.ours | phone.theirs
        answers = await phone.says("/hide")
        assert words(answers)[-1] == small_content.say("hide-partly")
        gone = {number for chat, number in telegram.deleted if chat == phone.chat}
        assert gone >= both - {old}
        assert old not in gone

    async def test_other_chats_are_left_alone(self, phone: Phone, telegram: Emulator, chats: Iterator[int]) -> None:
        other = Phone(telegram, next(chats))
        await other.says("hiya")
        await phone.says("hello")
        await phone.says("/hide")
        assert not [chat for chat, _ in telegram.deleted if chat == other.chat]


async def test_topics_by_group(phone: Phone, small_content: Content) -> None:
    (groups,) = await phone.says("/topics")
    names = small_content.wording()["groups"]
    assert names["accounts"] in buttons(groups)
    assert names["content"] not in buttons(groups)  # it has no topics
    (topics,) = await phone.presses(names["accounts"])
    title = small_content.topic("passwords")["title"]
    assert title in buttons(topics)
    answer = (await phone.presses(title))[0]
    assert answer.text.startswith(small_content.first("passwords"))


class TestAge:
    async def test_under_11_gets_the_younger_answer(self, phone: Phone, small_content: Content) -> None:
        await phone.says("/age")
        (saved,) = await phone.presses(small_content.press("age-under-11"))
        assert saved.text == small_content.say("age-saved")
        answer = (await phone.says(OWN_WORDS["sextortion"]))[0]
        assert answer.text.startswith(small_content.younger("sextortion"))
        assert "Eighteen Line" not in answer.text

    async def test_asked_once_after_an_answer_that_has_a_younger_one(
        self, phone: Phone, small_content: Content
    ) -> None:
        _, question = await phone.says(OWN_WORDS["cyberbullying"])
        assert question.text.startswith(small_content.say("age"))
        _, answer = await phone.presses(small_content.press("age-under-11"))
        assert answer.text.startswith(small_content.younger("cyberbullying"))
        assert len(await phone.says(OWN_WORDS["cyberbullying"])) == 1


class TestLanguages:
    WELSH = "mae e'n bygwth rhannu fy lluniau"

    async def test_chosen(self, phone: Phone, small_content: Content) -> None:
        welsh = small_content.in_language("cy")
        (question,) = await phone.says("/language")
        assert "Cymraeg" in buttons(question)
        await phone.presses("Cymraeg")
        answer = (await phone.says(self.WELSH))[0]
        assert answer.text.startswith(welsh.first("sextortion"))
        assert buttons(answer)[-1] == welsh.press("help-now")

    async def test_of_the_phone(self, telegram: Emulator, chats: Iterator[int], small_content: Content) -> None:
        phone = Phone(telegram, next(chats), language="cy-GB")
        answer = (await phone.says(self.WELSH))[0]
        assert answer.text.startswith(small_content.in_language("cy").first("sextortion"))

    async def test_english_stands_in_for_what_is_missing(
        self, telegram: Emulator, chats: Iterator[int], small_content: Content
    ) -> None:
        phone = Phone(telegram, next(chats), language="cy")
        answer = (await phone.says("/start passwords"))[0]
        assert answer.text.startswith(small_content.first("passwords"))
        (thanks,) = await phone.presses_data("up:passwords")
        assert thanks.text.startswith(small_content.say("thumbs-up"))

    async def test_a_language_we_do_not_speak_is_answered_in_english(
        self, telegram: Emulator, chats: Iterator[int], small_content: Content
    ) -> None:
        phone = Phone(telegram, next(chats), language="pl")
        (answer,) = await phone.says("/start")
        assert answer.text.startswith(small_content.say("welcome"))


class TestGroups:
    async def test_it_says_once_to_write_alone_and_leaves(self, telegram: Emulator, small_content: Content) -> None:
        group = -1_000_000_000_123
        telegram.push_membership(group)
        last = telegram.push_text(group, "hello bot")
        await telegram.until(lambda: telegram.confirmed_offset > (last or 0))
        assert telegram.texts(group) == [small_content.say("group-refused")]
        assert telegram.left == [group]

    async def test_a_worry_in_a_group_is_not_answered_there(self, telegram: Emulator, small_content: Content) -> None:
        group = -77
        last = telegram.push_text(group, OWN_WORDS["sextortion"])
        await telegram.until(lambda: telegram.confirmed_offset > (last or 0))
        assert telegram.texts(group) == [small_content.say("group-refused")]


async def test_a_long_answer_comes_in_parts_that_fit(phone: Phone, small_content: Content) -> None:
    parts = await phone.says("/help")
    assert len(parts) > 2
    assert max(len(part.text) for part in parts) <= 4096
    assert "".join("".join(part.text.split()) for part in parts) == "".join(LONG.split())
    assert all(part.text.startswith("Paragraph") for part in parts)
    assert [bool(part.keyboard) for part in parts] == [False] * (len(parts) - 1) + [True]


@pytest.mark.parametrize("text", ["x" * 4096, "😀", "...", "/", "/unknown", "\u200b", "a\u0000b", "<b>&amp;</b>"])
async def test_whatever_is_typed_is_answered(phone: Phone, text: str) -> None:
    assert await phone.says(text)


@pytest.mark.parametrize("data", ["topic:gone", "topic:sextortion:99", "group:none", "", ":::", "lang:xx", "safe:x"])
async def test_whatever_is_pressed_is_answered(phone: Phone, data: str) -> None:
    answered = await phone.presses_data(data)
    assert bool(answered) == bool(data)  # without data it is no button of ours


async def test_the_menu_and_the_profile_are_registered(telegram: Emulator, small_content: Content) -> None:
    await telegram.until(lambda: "cy" in telegram.commands)
    assert telegram.commands[""] == small_content.wording()["commands"]
    profile = small_content.wording()["profile"]
    await telegram.until(lambda: ("short_description", "") in telegram.descriptions)
    assert telegram.descriptions["description", ""] == profile["description"]
    assert telegram.descriptions["short_description", ""] == profile["short_description"]
