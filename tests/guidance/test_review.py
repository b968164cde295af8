"""Findings of the review: each at its place, each only where it should be, each accepted by name."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from safetybot.guidance.finding import Finding
from safetybot.guidance.reader import read_content
from safetybot.guidance.review import review
from tests.guidance.conftest import BULLYING, PASSWORDS, SEXTORTION, TODAY, Content

ROOT = Path(__file__).parents[2]
FIRST = "This is blackmail, and it is not your fault."
FIXED = (Finding.FEW_EXAMPLES, Finding.UNWORDED_STEP)
"""What the small fixture cannot be without."""


def found(
    content: Content, today: dt.date = TODAY, shown: tuple[str, ...] = ("childline", "report-remove")
) -> list[str]:
    library = content.read()
    assert [str(fault) for fault in library.errors] == []
    faults = review(library, today=today, shown=shown)
    assert all(fault.severity == "warning" for fault in faults)
    return [str(fault).replace(content.folder.as_posix() + "/", "") for fault in faults if fault.finding not in FIXED]


@pytest.fixture
def quiet(content: Content) -> Content:
    """The fixture without what it has on purpose or for shortness."""
    assert sorted({line.rsplit(" [")[-1] for line in found(content)}) <= ["unreachable]", "unused-helpline]"]
    return content


def new(content: Content, before: list[str], today: dt.date = TODAY) -> list[str]:
    return [line for line in found(content, today) if line not in before]


class TestTexts:
    def test_a_long_sentence_is_shown_to_the_column(self, quiet: Content) -> None:
        before = found(quiet)
        long = "You can tell " + "him or her or them " * 4 + "today."
        quiet.change(SEXTORTION, FIRST, f"{FIRST} {long}")
        line = quiet.line(SEXTORTION, FIRST)
        column = 4 + len(FIRST) + 2
        (only,) = new(quiet, before)
        assert only == (
            f"{SEXTORTION}:{line}:{column}: warning: 24 words in one sentence; 20 at most. "
            "Make two of it. [long-sentence]"
        )

    def test_the_end_is_shown_too(self, quiet: Content) -> None:
        quiet.change(SEXTORTION, FIRST, f"{FIRST} You should have told us. Yes.")
        (fault,) = (each for each in review(quiet.read(), today=TODAY) if each.finding == Finding.BLAME)
        assert fault.source_line is not None
        assert fault.source_line[fault.column - 1 : (fault.end_column or 0) - 1] == "You should have"

    def test_hard_words(self, quiet: Content) -> None:
        before = found(quiet)
        hard = "Organisations administering communication facilities have legal responsibilities regarding immediate "
        quiet.change(
            SEXTORTION, FIRST, f"{hard} verification of allegations. Telephone their representatives now, please."
        )
        assert any("Hard words: “responsibilities”" in line and "[reading-age]" in line for line in new(quiet, before))

    def test_a_number_a_link_and_a_promise(self, quiet: Content) -> None:
        before = found(quiet)
        quiet.change(SEXTORTION, FIRST, "Call 0800 1111. See http://a.org. You won't get in trouble.")
        names = [line.rsplit("[")[-1] for line in new(quiet, before)]
        assert names == ["number]", "link]", "promise]"]

    def test_what_the_bot_says_beside_the_topics(self, quiet: Content) -> None:
        before = found(quiet)
        line = quiet.line("en/wording.yaml", "  thumbs-up:")
        text = quiet.text("en/wording.yaml").split("\n")[line - 1]
        quiet.change("en/wording.yaml", text, "  thumbs-up: We will keep it secret.")
        (only,) = new(quiet, before)
        assert only.startswith(f"en/wording.yaml:{line}:14: warning: Nobody can promise this: “We will keep it secret”")


class TestSteps:
    def unworded(self, content: Content) -> list[str]:
        faults = review(content.read(), today=TODAY)
        return [str(each.message) for each in faults if each.finding == Finding.UNWORDED_STEP]

    def test_a_step_without_a_name_and_wordings(self, quiet: Content) -> None:
        before = self.unworded(quiet)
        asks = "".join(f"        - wording {number}\n" for number in range(8))
        text = quiet.text(SEXTORTION)
        button = next(line for line in text.split("\n") if line.startswith("    - button: "))
        named = button.replace("- button", "- id: what-now\n      button")
        quiet.change(SEXTORTION, button, named + f"\n      asks:\n{asks}".rstrip())
        assert len(self.unworded(quiet)) == len(before) - 1
        quiet.change(SEXTORTION, "        - wording 7\n", "")
        (message,) = [each for each in self.unworded(quiet) if "It has 7 of 8" in each]
        assert "`id:`" not in message
        quiet.change(SEXTORTION, "- id: what-now\n      button", "- button")
        assert any("`id:`" in each and "It has 7 of 8" in each for each in self.unworded(quiet))


class TestExamples:
    def put(self, content: Content, asks: list[str]) -> None:
        text = content.text(PASSWORDS)
        content.write(PASSWORDS, text.split("asks:\n")[0] + "asks:\n" + "".join(f'  - "{ask}"\n' for ask in asks))

    def voices(self, content: Content) -> list[str]:
        return [str(fault.message) for fault in review(content.read(), today=TODAY) if fault.path.endswith(PASSWORDS)]

    def test_few(self, content: Content) -> None:
        assert any(message.startswith("12 examples; 60 or more") for message in self.voices(content))

    def test_many_voices_are_fine(self, content: Content) -> None:
        forms = [
            "how do i change {} my password",
            "{} dont know my code",
            "Someone in year {} guessed it. It was my cat's name and now everyone has it. What now?",
            "pls help {}",
        ]
        self.put(content, [forms[at % 4].format(at) for at in range(64)])
        assert not any("examples" in message or "Hardly" in message for message in self.voices(content))

    @pytest.mark.parametrize(
        ("form", "told"),
        [
            ("how do i keep number {} safe and sound", "64 of 64 examples begin with “how do”"),
            ("how do i keep number {} safe and sound", "64 of 64 examples have about 9 words"),
            ("{} took my password from me", "Hardly any example is a question"),
            ("{} took my password from me", "Hardly any example is typed in haste"),
            ("why is code {} bad", "Nearly all examples are questions"),
        ],
    )
    def test_one_voice(self, content: Content, form: str, told: str) -> None:
        self.put(content, [form.format(at) for at in range(64)])
        assert any(told in message for message in self.voices(content))


class TestDays:
    def test_a_source_after_a_year_and_a_helpline_after_half(self, quiet: Content) -> None:
        kinds = {line.rsplit("[")[-1] for line in found(quiet, today=dt.date(2027, 5, 23))}
        assert not kinds & {"old-source]", "old-helpline]"}
        kinds = {line.rsplit("[")[-1] for line in found(quiet, today=dt.date(2027, 5, 25))}
        assert "old-helpline]" in kinds
        assert "old-source]" not in kinds
        assert "old-source]" in {line.rsplit("[")[-1] for line in found(quiet, today=dt.date(2027, 11, 25))}

    def test_the_end_of_a_long_month(self, quiet: Content) -> None:
        assert found(quiet, today=dt.date(2028, 8, 31))


class TestWays:
    def test_a_helpline_nobody_names(self, quiet: Content) -> None:
        lines = found(quiet, shown=())
        assert not [line for line in lines if "`childline`" in line]  # topics name it
        quiet.write(
            "en/helplines.yaml",
            quiet.text("en/helplines.yaml").rstrip("\n")
            + "\n  - {id: extra, name: Extra, about: More., web: https://a.org, checked: 2026-11-24}\n",
        )
        assert [line for line in found(quiet) if "No topic names `extra`" in line]
        assert not [line for line in found(quiet, shown=("extra",)) if "`extra`" in line]

    def test_topics_that_lead_nowhere_or_are_led_to_by_none(self, content: Content) -> None:
        for name, related in ((SEXTORTION, "cyberbullying"), (BULLYING, "sextortion"), (PASSWORDS, "sextortion")):
            text = content.text(name)
            lines = [line for line in text.split("\n") if not line.startswith("related:")]
            at = next(at for at, line in enumerate(lines) if line.startswith("review:"))
            content.write(name, "\n".join([*lines[:at], f"related: [{related}]", *lines[at:]]))
        lines = found(content)
        assert [line.split(":")[0] for line in lines if "unreachable" in line] == [PASSWORDS]
        assert not [line for line in lines if "dead-end" in line]  # no topic is about a person: nothing to lead to
        content.change(PASSWORDS, "group: accounts", "group: help")
        assert {line.split(":")[0] for line in found(content) if "dead-end" in line} == {SEXTORTION, BULLYING}


class TestAccepting:
    def accept(self, content: Content, entry: str) -> None:
        content.change(SEXTORTION, "asks:\n", f"accepted:\n  - {entry}\nasks:\n")

    def test_one_finding_of_two(self, quiet: Content) -> None:
        before = found(quiet)
        quiet.change(SEXTORTION, FIRST, "You let them do it. We promise.")
        self.accept(quiet, "{finding: blame, about: you  LET them, reason: It quotes what they say.}")
        assert [line.rsplit("[")[-1] for line in new(quiet, before)] == ["promise]"]

    def test_other_words_are_not_accepted_and_that_is_told(self, quiet: Content) -> None:
        before = found(quiet)
        quiet.change(SEXTORTION, FIRST, "You let them do it.")
        self.accept(quiet, "{finding: blame, about: should have, reason: Why not.}")
        assert sorted(line.rsplit("[")[-1] for line in new(quiet, before)) == ["blame]", "not-found]"]

    def test_what_the_matcher_finds_is_not_missed_where_it_was_not_asked(self, quiet: Content) -> None:
        before = found(quiet)
        self.accept(quiet, "{finding: confused, reason: They are alike.}")
        assert new(quiet, before) == []
        told = review(quiet.read(), today=TODAY, matched=True)
        assert "not-found" in {fault.finding for fault in told}

    def test_a_finding_must_be_known_and_have_a_reason(self, content: Content) -> None:
        self.accept(content, "{finding: blaim, about: x}")
        told = [line.split(": ", 1)[1] for line in content.faults()]
        assert told[0] == "`reason` is missing. Add a line `reason: …`."
        assert told[1].startswith("Did you mean `blame`? Use long-sentence, ")


def test_what_we_ship_needs_little() -> None:
    """A list that somebody acts on: few lines, none of them about words."""
    faults = review(read_content(ROOT / "content").require(), today=dt.date(2026, 12, 1), shown=("childline",))
    assert len(faults) <= 12, "\n".join(map(str, faults))
    assert {fault.finding for fault in faults} <= {"unused-helpline", "reading-age"}
