"""Whole folders: every language, what one lends another, and what is not read."""

from __future__ import annotations

import pytest

from safetybot.guidance.faults import ContentError
from safetybot.guidance.model import Urgency
from safetybot.guidance.reader import read_content, read_language

from .conftest import BULLYING, PASSWORDS, SEXTORTION, TODAY, Content, Spoil


def test_the_first_language(content: Content) -> None:
    library = content.read()
    english = library.languages["en"]
    assert library.faults == ()
    assert library.require() is library
    assert set(english.topics) == english.own_topics == {"sextortion", "cyberbullying", "passwords", "greeting"}
    assert english.topics["sextortion"].urgency is Urgency.HIGH
    assert english.topics["sextortion"].answer.first.startswith("This is blackmail")
    assert english.helplines["shout"].text is not None
    assert english.helplines["shout"].text.number == "85258"
    assert english.slang["u"] == "you"


def test_another_language_borrows_what_it_lacks(content: Content) -> None:
    languages = content.read().languages
    english, welsh = languages["en"], languages["cy"]
    assert welsh.code == "cy"
    assert welsh.own_topics == {"sextortion", "greeting"}
    assert set(welsh.topics) == set(english.topics)
    assert welsh.topics["greeting"].title == "Helo"
    assert welsh.topics["passwords"] is english.topics["passwords"]
    assert set(welsh.helplines) == {*english.helplines, "meic"}
    assert welsh.wording.language == "Cymraeg"
    assert welsh.wording.say["welcome"].startswith("Helo")
    assert welsh.wording.say["help"] == english.wording.say["help"]
    assert welsh.wording.buttons["yes"] == "Ydw"
    assert welsh.wording.commands == english.wording.commands
    assert welsh.danger is english.danger
    assert welsh.slang == english.slang
    assert welsh.none is english.none


def test_a_language_may_be_nothing_but_one_topic(content: Content) -> None:
    (content.folder / "fr/topics").mkdir(parents=True)
    content.write("fr/topics/greeting.yaml", content.text("cy/topics/greeting.yaml"))
    french = content.read().languages["fr"]
    assert french.own_topics == {"greeting"}
    assert french.wording.language == "fr"


def test_a_borrowing_language_may_not_leave_out_its_own_name(spoil: Spoil) -> None:
    assert spoil("cy/wording.yaml", "language: Cymraeg\n", "") == [
        "cy/wording.yaml:1:1: `language` is missing. Add a line `language: …`."
    ]


def test_faults_in_another_language(content: Content) -> None:
    content.change("cy/wording.yaml", "  welcome:", "  welcom:")
    content.change("cy/topics/sextortion.yaml", "[meic,", "[meik,")
    content.change("cy/topics/sextortion.yaml", "expect: sextortion", "expect: passwords")
    assert content.faults() == [
        "cy/topics/sextortion.yaml:13:13: Unknown helpline `meik`. Did you mean `meic`?",
        "cy/topics/sextortion.yaml:18:13: Unknown topic `passwords`.",
        "cy/wording.yaml:5:3: Unknown `welcom`. Did you mean `welcome`?",
    ]
    assert set(content.read().languages) == {"en"}


def test_a_broken_first_language_does_not_hide_the_others_faults(content: Content) -> None:
    content.change(BULLYING, "urgency: normal", "urgency: Now")
    content.change("cy/topics/greeting.yaml", "urgency: normal", "urgency: Now")
    assert content.faults() == [
        "cy/topics/greeting.yaml:4:10: Use normal, high or emergency.",
        f"{BULLYING}:4:10: Use normal, high or emergency.",
    ]
    assert content.read().languages == {}


def test_every_fault_of_every_file_at_once(content: Content) -> None:
    content.change(SEXTORTION, "title: Someone", "title: Help: someone")
    content.change(BULLYING, "due: 2027-05-24", "due: 2027-02-30")
    content.change(PASSWORDS, "  - I forgot my password\n", "\t- I forgot my password\n")
    content.change("en/slang.yaml", "  omg:", "  OMG:")
    content.change("en/danger.yaml", "emergency:\n  -", "emergenci:\n  -")
    content.change("cy/topics/greeting.yaml", "id: greeting", "id:greeting")
    (content.folder / "en/none.yaml").unlink()
    assert [fault.split(": ", 1)[0] for fault in content.faults()] == [
        "cy/topics/greeting.yaml:1:3",
        "en/danger.yaml:1:1",
        "en/none.yaml:1:1",
        "en/slang.yaml:2:3",
        f"{BULLYING}:15:41",
        f"{PASSWORDS}:22:1",
        f"{SEXTORTION}:2:12",
    ]


def test_missing_files_of_the_first_language(content: Content) -> None:
    for name in ("wording", "helplines", "danger", "slang", "none"):
        (content.folder / f"en/{name}.yaml").unlink()
    faults = content.faults()
    for name in ("wording", "helplines", "danger", "slang", "none"):
        assert f"en/{name}.yaml:1:1: This file is missing." in faults


def test_no_folder(content: Content) -> None:
    library = read_content(content.folder / "nowhere", today=TODAY)
    assert [fault.message for fault in library.faults] == ["This folder is missing, and with it the content."]
    with pytest.raises(ContentError) as caught:
        library.require()
    assert caught.value.faults == library.faults


def test_no_topics(content: Content) -> None:
    for file in (content.folder / "en/topics").iterdir():
        file.unlink()
    assert "en/topics:1:1: There are no topics. Add one at least." in content.faults()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("en/topics/new.yml", "This is not read. Did you mean `new.yaml`?"),
        ("en/topics/new.txt", "This is not read. Did you mean `new.yaml`?"),
        ("en/helpline.yaml", "This is not read. Did you mean `helplines.yaml`?"),
        ("en/stuff.yaml", "This is not read. Delete it or move it elsewhere."),
    ],
)
def test_file_that_is_not_read(content: Content, name: str, message: str) -> None:
    content.write(name, "a: b\n")
    assert content.faults() == [f"{name}:1:1: warning: {message}"]


@pytest.mark.parametrize("name", ["en/topics/.new.yaml.swp", "en/topics/new.yaml~", "en/README.md"])
def test_files_that_are_no_content(content: Content, name: str) -> None:
    content.write(name, "a: b\n")
    assert content.faults() == []


def test_folders_that_are_no_language(content: Content) -> None:
    (content.folder / "schema").mkdir()
    content.write("README.md", "Read me.")
    assert set(content.read().languages) == {"en", "cy"}


def test_another_first_language(content: Content) -> None:
    library = read_content(content.folder, first="cy", today=TODAY)
    assert any("danger.yaml" in fault.path for fault in library.errors)


def test_read_language_alone(content: Content) -> None:
    english = read_language(content.folder / "en", today=TODAY).guidance
    assert english is not None
    welsh = read_language(content.folder / "cy", english, today=TODAY)
    assert welsh.faults == ()
    assert welsh.guidance is not None
    assert welsh.guidance == content.read().languages["cy"]
    assert read_language(content.folder / "cy", today=TODAY).guidance is None


def test_a_fault_found_later_gets_its_place(content: Content) -> None:
    library = content.read()
    fault = library.topic_fault("en", "sextortion", ("tests", 0, "say"), "'pay…' got passwords (88).")
    assert str(fault) == f"{content.folder.as_posix()}/{SEXTORTION}:29:10: 'pay…' got passwords (88)."
    assert fault.source_line == "  - say: pay or he posts my nudes"
    assert library.topic_fault("cy", "sextortion", ("tests", 0), "Hm.").path.endswith("cy/topics/sextortion.yaml")
    assert library.topic_fault("cy", "passwords", ("tests", 0), "Hm.").path.endswith(PASSWORDS)
    assert library.file_fault("cy", "danger", ("tests", 0, "say"), "Hm.").line == 12
    assert library.topic_fault("en", "gone", (), "Hm.").path == "gone"
    assert library.file_fault("en", "gone", (), "Hm.").path == "gone.yaml"
