"""Mistakes against the shape of a file, each in a real file."""

from __future__ import annotations

import pytest

from safetybot.guidance.explain import fields, nearest, unknown
from safetybot.guidance.model import Topic, WordingFile

from .conftest import BULLYING, PASSWORDS, SEXTORTION, Content, Spoil


def test_unknown_key_and_no_second_fault_for_the_one_it_was_meant_to_be(spoil: Spoil) -> None:
    assert spoil(SEXTORTION, "\nanswer:", "\nanser:") == [f"{SEXTORTION}:5:1: Unknown `anser`. Did you mean `answer`?"]


def test_unknown_key_like_no_other(spoil: Spoil) -> None:
    assert spoil(BULLYING, "    - button: How", "    - zzz: hm\n      button: How") == [
        f"{BULLYING}:11:7: Unknown `zzz`. It may be `id`, `button`, `say` or `asks`."
    ]


def test_key_in_capitals(spoil: Spoil) -> None:
    assert spoil(BULLYING, "title:", "TITLE:") == [f"{BULLYING}:2:1: Unknown `TITLE`. Did you mean `title`?"]


def test_missing_key(spoil: Spoil) -> None:
    assert spoil(BULLYING, "title: People are being mean to me online\n", "") == [
        f"{BULLYING}:1:1: `title` is missing. Add a line `title: …`."
    ]


def test_step_without_a_button(spoil: Spoil) -> None:
    assert spoil(BULLYING, "    - button: How do I keep proof?\n      say:", "    - say:") == [
        f"{BULLYING}:11:7: `button` is missing. Add a line `button: …`."
    ]


def test_empty_value(spoil: Spoil) -> None:
    assert spoil(BULLYING, "title: People are being mean to me online", "title:") == [
        f"{BULLYING}:2:7: `title` is empty. Write it, or delete the line."
    ]


def test_empty_list_item(spoil: Spoil) -> None:
    assert spoil(BULLYING, "  - how do I stop cyberbullying\n", "  -\n") == [
        f"{BULLYING}:28:4: `asks` is empty. Write something here."
    ]


def test_wrong_choice(spoil: Spoil) -> None:
    assert spoil(BULLYING, "urgency: normal", "urgency: Now") == [f"{BULLYING}:4:10: Use normal, high or emergency."]


def test_wrong_choice_with_a_near_one(spoil: Spoil) -> None:
    assert spoil(BULLYING, "urgency: normal", "urgency: Hihg") == [
        f"{BULLYING}:4:10: Did you mean `high`? Use normal, high or emergency."
    ]


def test_wrong_choice_as_a_key(spoil: Spoil) -> None:
    faults = spoil("en/wording.yaml", "  images: Pict", "  imags: Pict")
    assert faults[1].startswith("en/wording.yaml:10:3: Did you mean `images`? Use images, people, ")


@pytest.mark.parametrize(
    ("date", "message"),
    [
        ("2027-02-30", "February has no day 30."),
        ("2027-02-29", "February has no day 29 in 2027."),
        ("2027-04-31", "April has no day 31."),
        ("2027-04-00", "April has no day 0."),
        ("2027-13-01", "There is no month 13. Write the date as 2027-05-24."),
        ("0000-01-01", "There is no year 0."),
        ("24/05/2027", "Write the date as 2027-05-24."),
        ("24 May 2027", "Write the date as 2027-05-24."),
        ("1764547200", "Write the date as 2027-05-24."),
        ("2027-05-24T00:00:00", "Write the date as 2027-05-24."),
        ("soon", "Write the date as 2027-05-24."),
    ],
)
def test_impossible_date(spoil: Spoil, date: str, message: str) -> None:
    assert spoil(BULLYING, "due: 2027-05-24", f"due: {date}") == [f"{BULLYING}:15:41: {message}"]


def test_long_first_message(spoil: Spoil) -> None:
    assert spoil(PASSWORDS, "first: Three", f"first: {322 * 'x'} Three") == [
        f"{PASSWORDS}:6:10: 403 characters; limit 300. Move some to a step."
    ]


def test_long_step(spoil: Spoil) -> None:
    assert spoil(PASSWORDS, "say: Turn", f"say: {600 * 'x'} Turn") == [
        f"{PASSWORDS}:9:12: 676 characters; limit 600. Make two steps of it."
    ]


def test_long_button(spoil: Spoil) -> None:
    assert spoil(PASSWORDS, "button: What else helps?", "button: What else could help to be safe?") == [
        f"{PASSWORDS}:8:15: 32 characters; limit 30."
    ]


def test_long_id(content: Content) -> None:
    long = "a-very-long-name-that-does-not-fit-a-button"
    content.change(PASSWORDS, "id: passwords", f"id: {long}")
    content.change(PASSWORDS, "expect: passwords", f"expect: {long}")
    assert f"{PASSWORDS}:1:5: 43 characters; limit 40." in content.faults()


@pytest.mark.parametrize("written", ["Pass Words", "pass_words", "-pass-words-", "pass--words", "PASS-WORDS"])
def test_signs_in_an_id(content: Content, written: str) -> None:
    content.change(PASSWORDS, "id: passwords", f"id: {written}")
    assert f"{PASSWORDS}:1:5: Use small letters, digits and single hyphens only: `pass-words`." in content.faults()


def test_too_few_examples(content: Content) -> None:
    start, asks = content.text(BULLYING).split("asks:\n")
    content.write(BULLYING, start + "asks:\n" + "".join(asks.splitlines(keepends=True)[:3]))
    assert content.faults() == [f"{BULLYING}:20:3: 3 examples; add 9."]


def test_http(spoil: Spoil) -> None:
    assert spoil(SEXTORTION, '"https://www.ceop', '"http://www.ceop') == [
        f"{SEXTORTION}:26:33: Use https://, not http://."
    ]


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("www.example.org", "Write the whole address, beginning with https://."),
        ("https://example.org/a b", "A web address has no spaces."),
    ],
)
def test_web_address(spoil: Spoil, address: str, message: str) -> None:
    assert spoil("en/helplines.yaml", "https://www.childline.org.uk/remove", address) == [
        f"en/helplines.yaml:13:10: {message}"
    ]


def test_list_where_text_is_wanted(spoil: Spoil) -> None:
    faults = spoil(PASSWORDS, "title: I want a safe password", "title:\n  - I want\n  - a safe password")
    assert faults == [
        f"{PASSWORDS}:3:3: `title` takes one text, not a list. Delete the `-`, or use `|` for more than one line."
    ]


def test_text_where_a_list_is_wanted(spoil: Spoil) -> None:
    assert spoil(BULLYING, "helplines: [childline]", "helplines: childline") == [
        f"{BULLYING}:13:12: `helplines` takes a list: put each part on its own line, after `- `."
    ]


def test_list_whose_dashes_touch_their_texts(content: Content) -> None:
    start, asks = content.text(BULLYING).split("asks:\n")
    content.write(BULLYING, start + "asks:\n" + asks.replace("  - ", "  -"))
    assert content.faults()[0] == f"{BULLYING}:20:3: Add a space after the `-`."
    assert all(fault.endswith("Add a space after the `-`.") for fault in content.faults())


def test_text_where_keys_are_wanted(spoil: Spoil) -> None:
    assert spoil(BULLYING, "review: {owner: safeguarding lead, due: 2027-05-24}", "review: next year") == [
        f"{BULLYING}:15:9: `review` takes lines such as `key: text`, two spaces further in."
    ]


def test_neither_true_nor_false(spoil: Spoil) -> None:
    assert spoil(SEXTORTION, "report: true", "report: maybe") == [f"{SEXTORTION}:23:9: Use true or false."]


def test_command_with_signs(spoil: Spoil) -> None:
    assert spoil("en/wording.yaml", "command: start", "command: Start!") == [
        "en/wording.yaml:7:15: Use small letters, digits and single hyphens only: `start`."
    ]


@pytest.mark.parametrize("word", ["yes", "on", "12:30", "null", "1e3", "0x10"])
def test_words_that_yaml_makes_into_something_else_stay_text(content: Content, word: str) -> None:
    content.change(BULLYING, "  - how do I stop cyberbullying\n", f"  - {word}\n")
    content.change(BULLYING, "title: People are being mean to me online", f"title: {word}")
    topic = content.read().languages["en"].topics["cyberbullying"]
    assert topic.title == word
    assert word in topic.asks


def test_a_phone_number_keeps_its_zero(content: Content) -> None:
    content.change("en/helplines.yaml", "call: 0800 1111", "call: 08001111")
    assert content.read().languages["en"].helplines["childline"].call == "08001111"


def test_fields_of_a_place() -> None:
    assert fields(Topic, ("answer", "younger", "steps", 3)) == ("id", "button", "say", "asks")
    assert fields(Topic, ("title",)) == ()
    assert fields(Topic, ("nothing", "here")) == ()
    assert fields(WordingFile, ("say", "welcome")) == ()


def test_nearest_and_unknown() -> None:
    assert nearest("childlin", ["ceop", "childline"]) == "childline"
    assert nearest("xyz", ["ceop", "childline"]) is None
    assert unknown("helpline ", "xyz", ["ceop"]) == "Unknown helpline `xyz`."
