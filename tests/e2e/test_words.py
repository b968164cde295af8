"""What had no answer, over Telegram: from the editors' key to their list, with the program killed in between."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.phone import Phone, buttons, words
from tests.e2e.program import Program
from tests.e2e.speech import Content
from tests.emulator import Emulator

SAID = "when is Zebedee on"
SHOWN = "when is [name] on"


@pytest.mark.slow
async def test_words_that_fit_nothing_reach_the_editors_with_a_yes(
    program: Program, telegram: Emulator, phone: Phone, small_content: Content, tmp_path: Path
) -> None:
    key, place = tmp_path / "editors.key", program.place
    made = place.command("editors", "new-key", key)
    assert made.code == 0, made
    await program.start()
    await program.ready()

    await phone.presses_data("none")
    await phone.presses_data("none")
    people, question = await phone.says(SAID)
    assert people.text.startswith(small_content.say("people"))
    assert SHOWN in question.text
    assert buttons(question) == [small_content.press(name) for name in ("words-yes", "words-no", "help-now")]
    (thanks,) = await phone.presses(small_content.press("words-yes"))
    assert thanks.text.startswith(small_content.say("words-kept"))
    await program.kill()  # not even what is gathered may be needed
    await program.start()
    await program.ready()
    (again,) = await phone.presses_data("words:yes")
    assert words([again]) == words([thanks])
    assert await program.stop() == 0

    listed = place.command("editors", "list", "--key", key, "--json")
    told = json.loads(listed.out)
    assert [asked["text"] for group in told["groups"] for asked in group["asked"]] == [SHOWN]
    written = b"".join(path.read_bytes() for path in place.folder.rglob("*") if path.is_file())
    assert b"ebedee" not in written
    assert SHOWN.encode() not in written
    assert SHOWN not in program.printed
