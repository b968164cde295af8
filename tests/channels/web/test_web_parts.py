"""Numbers, rendering, tokens, transcripts: the parts by themselves."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safetybot.channels.web.embedding import embed_script
from safetybot.channels.web.pages import OWN, ChatPages
from safetybot.channels.web.rendering import MessageRenderer
from safetybot.channels.web.tokens import ChatNames, Forms, forms_key
from safetybot.dialogue.messages import Button, Outgoing
from safetybot.dialogue.session import ChatKeys, SealedDataError
from safetybot.dialogue.speaker import Speaker
from safetybot.dialogue.transcript import ENTRIES_MAX, LETTERS_MAX, Transcript, TranscriptEntry, TranscriptError
from safetybot.guidance.model import Guidance
from safetybot.guidance.reader import read_content
from safetybot.http.phone_links import PhoneLinks
from safetybot.service.transcripts import IDLE_SECONDS
from safetybot.storage.store import Sealed
from safetybot.storage.tables import transcripts as table
from safetybot.storage.transcripts import TranscriptStore
from tests.channels.web.browsing import read_page, transcripts
from tests.talking import DIALOGUE_CONTENT, Bot

KEY = bytes(range(32))
NAMES = ChatNames(KEY)
CONTENT = Path(__file__).parents[3] / "content"
any_text = st.text()
TAGS = {"", "li", "p", "h2", "a", "span", "strong", "em", "br", "ul", "ol", "div", "button"}


@pytest.fixture(scope="session")
def shipped() -> Guidance:
    """The content we ship, in English."""
    return read_content(CONTENT).require().languages["en"]


@pytest.fixture(scope="session")
def voice(shipped: Guidance) -> MessageRenderer:
    return MessageRenderer("en", shipped.wording, tuple(shipped.helplines.values()))


@pytest.fixture(scope="session")
def numbers(shipped: Guidance) -> PhoneLinks:
    return PhoneLinks(tuple(shipped.helplines.values()), shipped.wording)


class TestNumbers:
    @pytest.mark.parametrize(
        ("text", "links"),
        [
            ("call 999 now", ["tel:999"]),
            ("Call 999. Or 0800 1111!", ["tel:999", "tel:08001111"]),
            ("0800-1111 or 08001111", ["tel:08001111", "tel:08001111"]),
            ("text SHOUT to 85258", ["sms:85258?&body=SHOUT"]),
            ("Text 84001", ["sms:84001"]),
            ("call 080880 23456, text 84001", ["tel:08088023456", "sms:84001"]),
            ("call 116 000, text 116 000", ["tel:116000", "sms:116000"]),
            ("text 999", ["sms:999"]),
            ("call 101", ["tel:101"]),
            ("press 55 when asked", []),
            ("9990 or 1999 or x999", []),
            ("£999 or 1.999 or 999.5 or 999/1", []),
            ("0800 1112", []),
            ("07700 900123", []),
            ("", []),
        ],
    )
    def test_only_real_ones_are_linked(self, numbers: PhoneLinks, text: str, links: list[str]) -> None:
        pieces = list(numbers.pieces(text))
        assert [piece.link for piece in pieces if piece.link] == links
        assert "".join(piece.text for piece in pieces) == text

    @given(any_text)
    def test_no_text_is_changed(self, text: str) -> None:
        assert "".join(piece.text for piece in _plain.pieces(text)) == text


_small = read_content(DIALOGUE_CONTENT).require().languages["en"]
_plain = PhoneLinks(tuple(_small.helplines.values()), _small.wording)
_voice = MessageRenderer("en", _small.wording, tuple(_small.helplines.values()))


class TestRendering:
    def test_every_answer_we_ship_is_whole_html(self, voice: MessageRenderer, shipped: Guidance) -> None:
        texts = [topic.answer.first for topic in shipped.topics.values()]
        texts += [step.say for topic in shipped.topics.values() for step in topic.answer.steps]
        texts += [*shipped.wording.say.values(), *(shipped.report.say.values() if shipped.report else ())]
        for number, text in enumerate(texts, 1):
            entry = TranscriptEntry(number, Outgoing(text, ((Button("Help now", "now"),),)))
            assert read_page(str(voice.entries([entry]))).text

    def test_every_helpline_we_ship_can_be_reached(self, voice: MessageRenderer, shipped: Guidance) -> None:
        speaker = Speaker(shipped)
        for line in shipped.helplines.values():
            page = read_page(str(voice.entries([TranscriptEntry(1, Outgoing(speaker.contacts(line)))])))
            links = [each.get("href").partition("?")[0] for each in page.find("a")]
            wanted = [f"tel:{line.call.replace(' ', '')}"] if line.call else []
            wanted += [f"sms:{line.text.number.replace(' ', '')}"] if line.text else []
            assert [link for link in links if link[:4] in ("tel:", "sms:")] == wanted
            assert (line.web in links) == bool(line.web)

    def test_a_command_can_be_pressed(self, voice: MessageRenderer) -> None:
        page = read_page(
            str(voice.entries([TranscriptEntry(1, Outgoing("- /topics, or **/report**: not a/topics or /topicsx"))]))
        )
        assert [each.get("value") for each in page.find("button", name="text")] == ["/topics", "/report"]

    @given(any_text, any_text, any_text)
    def test_whatever_anybody_wrote_is_only_words(self, own: str, said: str, press: str) -> None:
        message = Outgoing(said, ((Button(said or "x", press), Button("Saved", "code:saved")),), urgent=True)
        html = str(_voice.entries([TranscriptEntry(1, Outgoing(own), own=True), TranscriptEntry(2, message)]))
        page = read_page(html)
        tags = {each.tag for each in page}
        assert tags <= TAGS
        for each in page:
            assert not any(name.startswith("on") or name == "style" for name in each.attributes)
            assert each.get("href").partition(":")[0] in ("", "https", "http", "tel", "sms")


class TestTokens:
    def test_what_a_browser_holds_is_read_again(self) -> None:
        visitor = NAMES.new()
        assert NAMES.read(NAMES.held(visitor)) == visitor
        talked = replace(visitor, talked=True)
        assert NAMES.read(NAMES.held(talked)) == talked
        assert visitor.chat not in repr(visitor)

    @given(any_text)
    def test_anything_else_is_nobody(self, held: str) -> None:
        assert NAMES.read(held) is None

    @given(st.from_regex(r"[ab][A-Za-z0-9_-]{22}[A-Za-z0-9_-]{43}[0-9a-f]{32}", fullmatch=True))
    def test_what_only_looks_like_ours_is_nobody(self, held: str) -> None:
        assert NAMES.read(held) is None

    def test_nothing_of_it_can_be_changed(self) -> None:
        held = NAMES.held(NAMES.new())
        for place, letter in enumerate(held):
            other = "b" if letter != "b" else "a"
            assert NAMES.read(held[:place] + other + held[place + 1 :]) is None
        assert ChatNames(bytes(32)).read(held) is None

    def test_a_name_is_renewed_alike_by_the_same_form_alone(self) -> None:
        visitor = replace(NAMES.new(), talked=True)
        renewed = NAMES.renewed(visitor, 7)
        assert renewed == NAMES.renewed(visitor, 7)
        assert renewed.chat not in (visitor.chat, NAMES.renewed(visitor, 8).chat)
        assert renewed.chat != ChatNames(bytes(32)).renewed(visitor, 7).chat
        assert (renewed.mark, renewed.talked) == (visitor.mark, True), "an older page still sends what is written there"
        assert NAMES.read(NAMES.held(renewed)) == renewed

    def test_a_token_is_good_for_its_chat_and_key_alone(self) -> None:
        forms = Forms(KEY)
        token = forms.token("a")
        assert forms.number("a", token)
        assert forms.number("b", token) is None
        assert Forms(bytes(32)).number("a", token) is None
        assert forms.number("a", token[:-1] + ("0" if token[-1] != "0" else "1")) is None
        assert forms.token("a") != token

    @given(st.text(alphabet="0123456789abcdef", min_size=16, max_size=16), any_text)
    def test_an_updates_number_fits_a_database(self, number: str, content: str) -> None:
        update = Forms(KEY).update(number, content)
        assert 0 <= update < 2**63
        assert update == Forms(KEY).update(number, content)

    def test_the_key_is_not_the_secret(self) -> None:
        assert forms_key(KEY) != KEY
        assert len(forms_key(KEY)) == 32


def _entries(many: int, text: str = "x") -> Transcript:
    return Transcript().answered(Outgoing(text) for _ in range(many))


class TestTranscript:
    def test_as_data_and_back(self) -> None:
        transcript = Transcript(language="cy").said("hello").answered([Outgoing("x", ((Button("a", "b"),),), True)])
        assert Transcript.from_bytes(transcript.to_bytes()) == transcript
        assert Transcript.from_bytes(transcript.to_bytes()).entries == transcript.entries
        keys = ChatKeys.derive(KEY, "web", "a")
        assert keys.open_transcript(keys.seal_transcript(transcript)) == transcript
        with pytest.raises(SealedDataError):
            ChatKeys.derive(KEY, "web", "b").open_transcript(keys.seal_transcript(transcript))

    @pytest.mark.parametrize("text", ["half \ud83d a letter", "größer 🙂", "two\nlines\u2028three", '"\\"'])
    def test_what_json_finds_hard(self, text: str) -> None:
        transcript = Transcript().said(text).answered([Outgoing(text, ((Button("a", "b"),),))])
        assert transcript.to_bytes().count(b"\n") == 2
        found = Transcript.from_bytes(transcript.to_bytes())
        assert [entry.message.text for entry in found.entries] == [text, text]
        assert found.button("b") == Button("a", "b")

    @given(st.lists(any_text))
    def test_any_words_are_kept(self, texts: list[str]) -> None:
        transcript = Transcript()
        for text in texts:
            transcript = transcript.said(text)
        keys = ChatKeys.derive(KEY, "web", "a")
        kept = keys.open_transcript(keys.seal_transcript(transcript))
        assert kept == transcript
        assert [entry.message.text for entry in kept.entries] == texts[-ENTRIES_MAX:]

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"{}",
            b"[]",
            b"\xff",
            b'{"entries": [], "count": 0}',
            b"[1, 0, null, false, []]",
            b"[2, 1, null, false, [[1, 1]]]",
        ],
    )
    def test_what_is_none(self, data: bytes) -> None:
        with pytest.raises(TranscriptError):
            Transcript.from_bytes(data)

    def test_an_entry_that_is_none(self) -> None:
        kept = Transcript.from_bytes(b"[2, 1, null, false, [[1, 1]]]\n{}")
        with pytest.raises(TranscriptError):
            kept.after(0)

    def test_the_newest_button_with_a_press(self) -> None:
        transcript = Transcript()
        for text in ("old", "new"):
            transcript = transcript.answered([Outgoing("x", ((Button(text, 'a "b"'),),))])
        transcript = transcript.said('a "b"').answered([Outgoing("y")])
        for each in (transcript, Transcript.from_bytes(transcript.to_bytes())):
            assert each.button('a "b"') == Button("new", 'a "b"')
            assert each.button("other") is None

    def test_the_oldest_go_first_and_numbers_go_on(self) -> None:
        transcript = _entries(ENTRIES_MAX)
        assert not transcript.shortened
        transcript = transcript.said("one more")
        assert transcript.shortened
        assert len(transcript.entries) == ENTRIES_MAX
        assert transcript.entries[-1].number == transcript.count == ENTRIES_MAX + 1
        cleared = transcript.cleared().said("x")
        assert [entry.number for entry in cleared.entries] == [ENTRIES_MAX + 2]
        assert not cleared.shortened

    def test_much_text_makes_room(self) -> None:
        transcript = _entries(5, "x" * (LETTERS_MAX // 4))
        assert len(transcript.entries) == 5  # of one answer nothing is left out
        assert len(transcript.said("y" * LETTERS_MAX).entries) == 1

    def test_what_it_says_of_itself_is_no_words(self) -> None:
        assert "zebedee" not in repr(Transcript().said("zebedee"))
        assert "zebedee" not in repr(Transcript().said("zebedee").entries[0])


class TestKeeping:
    async def test_each_is_on_the_disk_when_saving_ends(self, bot: Bot) -> None:
        keeper = transcripts(bot)
        await asyncio.gather(*(keeper.save(f"chat {number}", Transcript().said(str(number))) for number in range(50)))
        assert await bot.rows(table) == 50
        again = transcripts(bot)
        for number in range(50):
            kept = await again.load(f"chat {number}")
            assert kept == Transcript().said(str(number))

    async def test_what_is_over_is_not_there_and_soon_deleted(self, bot: Bot) -> None:
        keeper = transcripts(bot)
        await keeper.save("a", Transcript().said("x"))
        bot.clock.forward(IDLE_SECONDS)
        assert await keeper.load("a") is None
        bot.clock.forward(1)
        await bot.store.purge(0, int(bot.clock()))
        assert await bot.rows(table) == 0

    async def test_one_sealed_with_another_key_is_given_up(self, bot: Bot) -> None:
        keeper = transcripts(bot)
        keys = ChatKeys.derive(bot.secret_file.read_bytes(), "web", "a")
        await TranscriptStore(bot.engine).save(keys.lookup, Sealed(b"nonsense", int(bot.clock()) + 60))
        assert await keeper.load("a") is None


class TestPages:
    async def test_changed_words_are_shown(self, bot: Bot) -> None:
        pages = ChatPages(bot.service, Forms(KEY), NAMES, "https://example.org")
        assert pages.voice("en") is pages.voice("en-GB")
        old = pages.voice("en")
        wording = old.wording.model_copy(update={"say": {**old.wording.say, "web-title": "Hello"}})
        bot.service._understanding().wordings["en"] = wording  # type: ignore[index]
        try:
            assert "<title>Hello</title>" in pages.chat(OWN, NAMES.new(), Transcript(), "en")
        finally:
            bot.service._understanding().wordings["en"] = old.wording  # type: ignore[index]

    def test_words_cannot_break_out_of_the_script(self, voice: MessageRenderer) -> None:
        said = "</script>\u2028\"'\\"
        wording = voice.wording.model_copy(update={"buttons": {**voice.wording.buttons, "web-open": said}})
        script = embed_script(MessageRenderer("en", wording, ()))
        assert '"open": "</script>\\u2028\\"\'\\\\"' in script
