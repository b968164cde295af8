"""Mistakes between files, each in a real folder."""

from __future__ import annotations

import datetime as dt

import pytest

from safetybot.guidance.checks import normalised

from .conftest import BULLYING, PASSWORDS, SEXTORTION, Content, Spoil

WORDING = "en/wording.yaml"


def test_id_used_twice(content: Content) -> None:
    content.change(PASSWORDS, "id: passwords", "id: cyberbullying")
    content.change(PASSWORDS, "expect: passwords", "expect: cyberbullying")
    assert [fault for fault in content.faults() if fault.startswith("en")] == [
        f"{PASSWORDS}:1:5: The id `cyberbullying` is used twice. Also in cyberbullying.yaml:1.",
        f"{PASSWORDS}:1:5: warning: The file should have the id's name: cyberbullying.yaml.",
    ]


def test_helpline_id_used_twice(spoil: Spoil) -> None:
    assert "en/helplines.yaml:21:9: The id `childline` is used twice. Also in helplines.yaml:2." in spoil(
        "en/helplines.yaml", "id: shout", "id: childline"
    )


STEPS = """  steps:
    - id: what-now
      button: What now?
      say: Tell an adult.
      asks: [what now, and then]
    - id: {id}
      button: And if he does?
      say: Tell an adult then.
      asks: [what if he does, {ask}]
"""


@pytest.mark.parametrize(
    ("id_", "ask", "message"),
    [
        ("what-now", "and if", "The id `what-now` is used twice"),
        ("if-he-does", "What NOW??", "The same sentence twice"),
        ("if-he-does", "and if", ""),
    ],
)
def test_two_steps_of_one_answer_with_one_id_or_wording(content: Content, id_: str, ask: str, message: str) -> None:
    text = content.text(PASSWORDS)
    start, end = text.index("  steps:"), text.index("review:")
    content.write(PASSWORDS, text[:start] + STEPS.format(id=id_, ask=f'"{ask}"') + text[end:])
    faults = [fault for fault in content.faults() if PASSWORDS in fault and "warning" not in fault]
    assert [message in fault for fault in faults] == ([True] if message else [])


def test_unknown_helpline(spoil: Spoil) -> None:
    assert spoil(SEXTORTION, "[childline, report", "[childlin, report") == [
        f"{SEXTORTION}:22:13: Unknown helpline `childlin`. Did you mean `childline`?"
    ]


def test_unknown_related_topic(spoil: Spoil) -> None:
    assert spoil(SEXTORTION, "[cyberbullying]", "[cyber-bullying, holidays]") == [
        f"{SEXTORTION}:24:11: Unknown topic `cyber-bullying`. Did you mean `cyberbullying`?",
        f"{SEXTORTION}:24:27: Unknown topic `holidays`.",
    ]


def test_test_that_expects_an_unknown_topic(spoil: Spoil) -> None:
    assert spoil(SEXTORTION, "expect: sextortion", "expect: sextorsion") == [
        f"{SEXTORTION}:30:13: Unknown topic `sextorsion`. Did you mean `sextortion`?"
    ]


def test_related_to_itself(spoil: Spoil) -> None:
    assert spoil(SEXTORTION, "[cyberbullying]", "[sextortion]") == [
        f"{SEXTORTION}:24:11: A topic is not related to itself. Delete it here."
    ]


def test_listed_twice(spoil: Spoil) -> None:
    assert spoil(BULLYING, "[childline]", "[childline, childline]") == [
        f"{BULLYING}:13:24: `childline` is listed twice. Keep one."
    ]


def test_same_example_in_two_topics_though_written_differently(spoil: Spoil) -> None:
    assert spoil(SEXTORTION, "  - blackmail\n", "  - MY password, is too easy!\n") == [
        f"{SEXTORTION}:41:5: The same sentence twice. Also in passwords.yaml:16. Keep one."
    ]


def test_same_example_twice_in_one_topic(spoil: Spoil) -> None:
    assert spoil(PASSWORDS, "  - I forgot my password\n", "  - My password is too easy\n") == [
        f"{PASSWORDS}:22:5: The same sentence twice. Also in passwords.yaml:16. Keep one."
    ]


def test_example_that_is_also_off_topic(spoil: Spoil) -> None:
    assert spoil("en/none.yaml", "who won the match last night", "Good morning.") == [
        "en/none.yaml:4:5: The same sentence twice. Also in greeting.yaml:12. Keep one."
    ]


def test_danger_sign_in_two_lists(spoil: Spoil) -> None:
    assert spoil("en/danger.yaml", "this homework is killing me", "He hits me, when he is angry") == [
        "en/danger.yaml:9:5: The same sentence twice. Also in danger.yaml:7. Keep one."
    ]


def test_file_name_is_not_the_id(content: Content) -> None:
    (content.folder / PASSWORDS).rename(content.folder / "en/topics/pass.yaml")
    assert content.faults() == ["en/topics/pass.yaml:1:5: warning: The file should have the id's name: passwords.yaml."]
    assert content.read().errors == ()


@pytest.mark.parametrize("urgency", ["high", "emergency"])
def test_urgent_topic_without_helpline(content: Content, urgency: str) -> None:
    content.change(SEXTORTION, "urgency: high", f"urgency: {urgency}")
    content.change(SEXTORTION, "helplines: [childline, report-remove]\n", "")
    assert content.faults() == [
        f"{SEXTORTION}:4:10: Urgent topics need a helpline. Add a line `helplines: [childline]`."
    ]


def test_overdue_review_is_a_warning(content: Content) -> None:
    content.change(SEXTORTION, "due: 2027-05-24", "due: 2026-07-01")
    assert content.faults() == [f"{SEXTORTION}:27:41: warning: Review was due 1 July 2026. Owner: safeguarding lead."]
    assert content.faults(today=dt.date(2026, 7, 1)) == []
    assert "sextortion" in content.read().languages["en"].topics


def test_slang_in_capitals(spoil: Spoil) -> None:
    assert spoil("en/slang.yaml", "  omg:", "  OMG:") == ["en/slang.yaml:2:3: Use small letters: `omg`."]


def test_unknown_wording(spoil: Spoil) -> None:
    assert spoil(WORDING, "  welcome:", "  welcom:") == [
        f"{WORDING}:19:1: `welcome` is missing: the first message, on /start. Add a line `welcome: …` under `say`.",
        f"{WORDING}:20:3: Unknown `welcom`. Did you mean `welcome`?",
    ]


def test_missing_button(spoil: Spoil) -> None:
    line = "  help-now: Help now\n"
    assert spoil(WORDING, line, "") == [
        f"{WORDING}:99:1: `help-now` is missing: shows the emergency card. Add a line `help-now: …` under `buttons`."
    ]


def test_missing_group(spoil: Spoil) -> None:
    faults = spoil(WORDING, "  gaming: Games\n", "")
    assert faults == [
        f"{WORDING}:9:1: `gaming` is missing: the name of this group of topics. Add a line `gaming: …` under `groups`."
    ]


def test_placeholder_that_nothing_fills(content: Content) -> None:
    content.change(WORDING, "{group}: choose one.", "{grup}: choose one.")
    content.change(WORDING, "welcome: Hi. Tell", "welcome: Hi {name}. Tell")
    line = content.line(WORDING, "{grup}")
    assert content.faults() == [
        f"{WORDING}:20:12: Nothing fills in {{name}} here. Delete it.",
        f"{WORDING}:{line}:10: Nothing fills in {{grup}} here. Use {{group}}.",
    ]


def test_half_a_placeholder(spoil: Spoil) -> None:
    assert spoil(WORDING, "welcome: Hi. Tell", "welcome: Hi {name. Tell") == [
        f"{WORDING}:20:12: A {{ or }} without its other half. Names to fill in look like {{name}}."
    ]


def test_one_broken_file_is_not_held_against_the_others(content: Content) -> None:
    content.write("en/helplines.yaml", "helplines: [[[")
    content.write(BULLYING, "id: [[[")
    faults = content.faults()
    assert {fault.split(":")[0] for fault in faults} == {"en/helplines.yaml", BULLYING}


def test_one_mistake_in_a_topic_does_not_hide_another(content: Content) -> None:
    content.change(SEXTORTION, "urgency: high", "urgency: Now")
    content.change(SEXTORTION, "[cyberbullying]", "[cyber-bullying]")
    assert len(content.faults()) == 2


@pytest.mark.parametrize(
    ("one", "other"), [("He's  HERE!", "he’s here"), ("a_b", "a b"), ("ﬁne", "fine"), ("Straße", "STRASSE")]
)
def test_normalised_alike(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)


def test_normalised_keeps_what_differs() -> None:
    assert normalised("hes") != normalised("he's")
    assert normalised("😰") != normalised("😞")
