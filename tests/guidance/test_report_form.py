"""The report form: mistakes in ``report.yaml``, and the English form as it ships."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from safetybot.guidance.base import Urgency
from safetybot.guidance.checks import LanguageFiles, check
from safetybot.guidance.report_checks import check_report
from safetybot.guidance.report_form import BUTTONS, CHOICE_MAX, FORM_ID_MAX, SAY, Envelope, QuestionKind, ReportForm
from safetybot.guidance.yaml_source import read_source

from .conftest import TODAY, Content, Spoil

REPORT = "en/report.yaml"
ENGLISH = Path(__file__).parent.parent.parent / "content" / "en"


def test_the_form_is_read(content: Content) -> None:
    library = content.read()
    assert library.faults == ()
    form = library.languages["en"].report
    assert form is not None
    assert [question.id for question in form.questions][:4] == ["danger", "reads", "about", "story"]
    assert form.story.id == "story"
    assert form.story.several
    assert form.story.characters == 200
    assert form.questions[0].choices[0].urgency is Urgency.EMERGENCY
    assert form.questions[0].choices[0].button == "Yes"
    assert form.questions[-1].envelope is Envelope.CONTACT
    assert library.languages["cy"].report is form


def test_without_the_form_there_is_a_warning_and_no_form(content: Content) -> None:
    (content.folder / REPORT).unlink()
    assert content.faults() == [f"{REPORT}:1:1: warning: This file is missing, so the bot offers no report of its own."]
    assert content.read().languages["en"].report is None


def test_another_language_may_have_its_own_form(content: Content) -> None:
    content.write("cy/report.yaml", content.text(REPORT).replace("ask: Who is it about?", "ask: Pwy?"))
    languages = content.read().languages
    assert content.faults() == []
    assert languages["cy"].report != languages["en"].report
    content.change("cy/report.yaml", "  start: You", "  stort: You")
    assert "cy/report.yaml" in content.faults()[0]


WHEN = "    when: {about: [parent]}\n    choices"

# What stands in the file, what an editor makes of it, where the fault is shown, and what it says.
MISTAKES = [
    (
        ("  - id: where\n", "  - id: story\n", "id: story\n    kind: text\n    label: Where"),
        "The id `story` is used twice. Also on line 21.",
    ),
    (
        ("{id: no, button: No}", "{id: yes, button: No}", "{id: yes, button: No}"),
        "The id `yes` is used twice. Also on line 7.",
    ),
    (("{id: no, button: No}", "{id: no, button: YES}", "YES"), "The button `YES` is used twice. Also on line 7."),
    (
        (WHEN, WHEN.replace("about", "abuot"), "abuot"),
        "Unknown question `abuot`. Did you mean `about`?",
    ),
    (
        (WHEN, WHEN.replace("parent", "parents"), "[parents]"),
        "Unknown choice `parents`. Did you mean `parent`?",
    ),
    (
        (WHEN, WHEN.replace("about: [parent]", "kind: [mean]"), "{kind: [mean]"),
        "`kind` is not asked before this. Use an earlier question.",
    ),
    (
        (WHEN, WHEN.replace("about: [parent]", "safe-child: [yes]"), "{safe-child: ["),
        "`safe-child` is not asked before this. Use an earlier question.",
    ),
    (
        (WHEN, WHEN.replace("about: [parent]", "where: [yes]"), "{where: [yes]"),
        "`where` has no choices to go by.",
    ),
    (
        ("when: {about: [friend]}", "when: {about: [freind]}", "freind"),
        "Unknown choice `freind`. Did you mean `friend`?",
    ),
    (
        ("topics: [sextortion]", "topics: [sextorsion]", "sextorsion"),
        "Unknown topic `sextorsion`. Did you mean `sextortion`?",
    ),
    (
        ("    required: true\n", "", "questions:"),
        "No question is required. Add `required: true` to the one about what happened.",
    ),
    (
        ("    limit: 60\n", "    required: true  # where\n", "    required: true  # where"),
        "Only one question is required: the one on line 21.",
    ),
    (
        ("    required: true\n", "    required: true\n    when: {about: [me]}\n", "    when: {about: [me]}"),
        "The required question is asked of everybody. Delete `when`.",
    ),
    (
        ("    required: true\n", "    required: true\n    envelope: contact\n", "    envelope: contact"),
        "What happened goes into the report. Delete this line.",
    ),
    (
        ("    label: Where\n", "", "  - id: where"),
        "`label` is missing. Add a line `label: …`: the question in a word or two.",
    ),
    (
        ("    kind: info\n", "    kind: info\n    limit: 3\n", "    limit: 3"),
        "A question of kind `info` has no answer. Delete this line.",
    ),
    (
        ("    kind: info\n", "    kind: info\n    several: true\n", "    several: true"),
        "Only a question of kind `text` takes `several`.",
    ),
    (("    limit: 60\n", "    limit: 0\n", "limit: 0"), "A limit is 1 or more."),
    (
        ("    limit: 60\n", "    limit: 12000\n", "questions:"),
        "The limits of all questions make 13190 characters; a report holds 12000. Lower some.",
    ),
    (("    limit: 60\n", "    limit: about sixty\n", "about sixty"), "Write a whole number, such as 500."),
    (
        ("button: Being mean", "button: Somebody being mean to another", "Somebody being"),
        "30 characters; limit 28, for a tick stands before a chosen one.",
    ),
    (("button: Being mean", "button: Somebody is being mean to another one", "Somebody"), "37 characters; limit 30."),
    (
        ("    kind: choices\n", "    kind: choises\n", "choises"),
        "Did you mean `choices`? Use choice, choices, text or info.",
    ),
    (("id: threats", "id: threats-of-all-kinds-there-are", "threats-of"), "30 characters; limit 24."),
    (('tick: "✓"', "tick: yes!", "tick: yes!"), "One sign only: it stands before the words of a button."),
    (
        ("  resume: Go on with it\n", "", "buttons:"),
        "`resume` is missing: goes on after a break. Add a line `resume: …` under `buttons`.",
    ),
    (("{choices}. Any", "{choice}. Any", "{choice}"), "Nothing fills in {choice} here. Use {choices}."),
    (("  full: The", "  ful: The", "  ful: The"), "Unknown `ful`. Did you mean `full`?"),
]


@pytest.mark.parametrize(("mistake", "message"), MISTAKES)
def test_a_mistake_is_told_with_its_place(content: Content, mistake: tuple[str, str, str], message: str) -> None:
    old, new, at = mistake
    content.change(REPORT, old, new)
    text = content.text(REPORT)
    line = text[: text.index(at)].count("\n") + 1
    assert [REPORT, str(line), message] in [
        [*fault.split(":")[:2], fault.split(": ", 1)[1]] for fault in content.faults()
    ]
    assert "en" not in content.read().languages


def test_choices_where_there_is_no_choice(content: Content) -> None:
    content.change(REPORT, "    kind: choice\n    label: Child safe", "    kind: text\n    label: Child safe")
    assert [fault.split(": ", 1)[1] for fault in content.faults()] == [
        "A question of kind `text` has no choices. Use `choice`."
    ]


def test_a_choice_without_choices(content: Content) -> None:
    content.change(REPORT, "    kind: text\n    label: Where\n", "    kind: choice\n    label: Where\n")
    assert [fault.split(": ", 1)[1] for fault in content.faults()] == ["A question of kind `choice` needs `choices`."]


def test_one_choice_is_none(spoil: Spoil) -> None:
    faults = spoil(REPORT, "      - {id: no, button: No, urgency: high}\n", "")
    assert [fault.split(": ", 1)[1] for fault in faults] == ["One choice is none. Add another."]


def test_danger_is_asked_first(content: Content) -> None:
    content.change(REPORT, "button: Yes, urgency: emergency}", "button: Yes}")
    content.change(REPORT, ", card: true}", "}")
    assert content.faults() == [
        f"{REPORT}:2:5: The first question asks about danger. Give a choice of it `card: true`."
    ]


@pytest.mark.parametrize("how", ["urgency: emergency", "card: true"])
def test_either_card_or_emergency_makes_a_question_about_danger(content: Content, how: str) -> None:
    content.change(REPORT, "button: Yes, urgency: emergency}", f"button: Yes, {how}}}")
    content.change(REPORT, ", card: true}\n  - id: reads", "}\n  - id: reads")
    assert content.faults() == []


def test_the_first_question_is_asked_of_everybody(spoil: Spoil) -> None:
    faults = spoil(REPORT, "    ask: Is anyone", "    when: {about: [me]}\n    ask: Is anyone")
    assert [fault.split(": ", 1)[1] for fault in faults] == [
        "The first question is asked of everybody. Delete `when`.",
        "`about` is not asked before this. Use an earlier question.",
    ]


def test_every_fault_at_once(content: Content) -> None:
    content.change(REPORT, "topics: [sextortion]", "topics: [sextorsion]")
    content.change(REPORT, "    when: {about: [parent]}\n    choices", "    when: {abuot: [parent]}\n    choices")
    content.change(REPORT, "    kind: info\n", "    kind: inf\n")
    content.change(REPORT, "  stop: Do you", "  stopp: Do you")
    assert len(content.faults()) == 5  # the unknown name, and the one that is missing for it


# --- The English form as it ships ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def english() -> ReportForm:
    return ReportForm.model_validate(read_source(ENGLISH / "report.yaml").data)


def test_the_english_form_has_no_faults() -> None:
    source = read_source(ENGLISH / "report.yaml")
    topics = frozenset(file.stem for file in (ENGLISH / "topics").glob("*.yaml"))
    assert source.faults == ()
    assert list(check_report(source, topics)) == []
    faults = check(LanguageFiles((), {"report": source}), None, TODAY)
    assert [fault.message for fault in faults if not fault.message.startswith("Unknown topic")] == []


def test_the_english_form_asks_in_the_agreed_order(english: ReportForm) -> None:
    assert [question.id for question in english.questions] == [
        "danger", "who-reads", "about", "what-happened", "where", "who", "when", "going-on", "meet", "kind", "age",
        "child-safe", "told", "safe-here", "contact",
    ]  # fmt: skip
    assert english.story.id == "what-happened"
    assert [question.id for question in english.questions if question.envelope is Envelope.CONTACT] == ["contact"]
    danger = english.questions[0]
    assert {choice.id for choice in danger.choices if choice.card or choice.urgency is Urgency.EMERGENCY} == {
        "yes",
        "not-sure",
    }


def test_the_english_form_says_who_reads_it_and_promises_no_secrecy(english: ReportForm) -> None:
    who = english.questions[1]
    assert who.kind is QuestionKind.INFO
    for words in ("whose job is to keep children safe", "can't promise to keep it secret", "not the police", "CEOP"):
        assert words in who.ask
    assert "Telegram can see this chat" in english.say["channel-telegram"]


def _texts(form: ReportForm) -> dict[str, tuple[str, int]]:
    """Name → text and the school year that should read it."""
    adults = {"parent", "professional"}
    texts = {f"say {name}": (text, 5) for name, text in form.say.items()}
    for question in form.questions:
        grown = 8 if set(question.when.get("about", ())) else 5
        texts[f"ask {question.id}"] = (question.ask, grown)
        for number, other in enumerate(question.instead):
            grown = 8 if set(other.when.get("about", ())) <= adults else 5
            texts[f"ask {question.id} {number}"] = (other.ask, grown)
    return texts


def _syllables(word: str) -> int:
    groups = len(re.findall(r"[aeiouy]+", word.lower()))
    silent = word.lower().endswith("e") and groups > 1 and not word.lower().endswith("le")
    return max(1, groups - silent)


def _sentences(text: str) -> list[str]:
    plain = re.sub(r"[*_]|\]\([^)]*\)", "", text)
    return [part.strip() for part in re.split(r"[.!?:]\s|\n+", plain + " ") if re.search("[a-zA-Z]", part)]


def test_the_english_form_can_be_read_by_a_child(english: ReportForm) -> None:
    hard = {}
    for name, (text, year) in _texts(english).items():
        words = re.findall(r"[A-Za-z']+", text)
        sentences = _sentences(text)
        grade = 0.39 * len(words) / len(sentences) + 11.8 * sum(map(_syllables, words)) / len(words) - 15.59
        if (grade > year and len(text) > 80) or any(len(sentence.split()) > 20 for sentence in sentences):
            hard[name] = (round(grade, 1), text)
    assert hard == {}


@pytest.mark.parametrize(
    "never",
    [r"should have", r"why (did|didn't|do) you", r"in trouble", r"keep it a secret", r"\bwe promise", r"\bI promise",
     r"anonymous", r"\b0\d{3}", r"victim", r"send (us|me) (a )?(picture|photo|screenshot)", r"what is your name"],
)  # fmt: skip
def test_the_english_form_never_says(english: ReportForm, never: str) -> None:
    texts = [text for text, _ in _texts(english).values()] + list(english.buttons.values())
    assert [text for text in texts if re.search(never, text, re.IGNORECASE)] == []


def test_names_fit_a_press() -> None:
    assert len(f"rep:off:{'q' * FORM_ID_MAX}:{'c' * FORM_ID_MAX}".encode()) <= 64
    assert len(f"✅ {'w' * CHOICE_MAX}") == 30
    for name, phrase in {**SAY, **BUTTONS}.items():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
        assert phrase.purpose
