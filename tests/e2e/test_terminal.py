"""The commands that print, and the conversation in a terminal."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import signal
import subprocess
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.program import MODULE, Place
from tests.e2e.speech import Content

BLACKMAIL = "somone says hell send my pics to evryone if i dont pay him"
STYLE = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


def flat(text: str) -> str:
    """A screen's words in one line, without frames and colours."""
    return " ".join(re.sub(r"[│╭╮╰╯─]", " ", STYLE.sub("", text)).split())


class TestChatThroughAPipe:
    def test_a_message_a_button_and_a_command(self, place: Place, small_content: Content) -> None:
        ended = place.command("chat", said=f"{BLACKMAIL}\n1\n\n/urgent\n")
        assert ended.code == 0, ended
        assert not STYLE.search(ended.out)
        said = flat(ended.out)
        parts = [
            small_content.say("welcome"),
            small_content.first("sextortion").split("\n")[0],
            "[1] What do I do now?",
            "Stop replying.",
            small_content.say("urgent"),
        ]
        places = [said.find(part) for part in parts]
        assert -1 not in places
        assert places == sorted(places)
        assert max(map(len, ended.out.splitlines())) <= 80
        written = b"".join(path.read_bytes() for path in place.data.glob("*sqlite3*"))
        assert written
        assert b"evryone" not in written

    def test_anything_can_be_typed(self, place: Place) -> None:
        texts = [
            b"99",
            b"0",
            b"\x00",
            b"/",
            b"x" * 5000,
            "😀".encode(),
            b"\xff\xfe",
            b"[bold]",
            b"  ",
            b"no end of line",
        ]
        done = subprocess.run(
            [*MODULE, "chat"],
            cwd=place.folder,
            env=place.environment(),
            input=b"\n".join(texts),
            capture_output=True,
            timeout=60,
        )
        assert done.returncode == 0
        assert not re.search(rb"Traceback|ERROR", done.stderr)
        # Blanks alone are not answered; all others are, after the welcome.
        assert done.stdout.decode().count("Help now") >= len(texts)


class Screen:
    """A program in a terminal of 80 columns."""

    def __init__(self, place: Place, *arguments: str) -> None:
        self._own, theirs = pty.openpty()
        environment = place.environment() | {"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "40"}
        self.process = subprocess.Popen(
            [*MODULE, *arguments],
            cwd=place.folder,
            env=environment,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # so that Ctrl-C reaches it
        )
        os.close(theirs)
        self.shown = ""

    def type(self, text: str) -> None:
        os.write(self._own, text.encode())

    def until(self, part: str, after: int = 0, seconds: float = 60) -> int:
        """Wait until it shows ``part`` after a place; the place behind it."""
        end = time.monotonic() + seconds
        while part not in self.shown[after:]:
            ready, _, _ = select.select([self._own], [], [], max(0, end - time.monotonic()))
            assert ready, f"no {part!r} in {self.shown[after:]!r}"
            try:
                self.shown += os.read(self._own, 65536).decode("utf-8", "replace")
            except OSError:  # it has ended
                break
        assert part in self.shown[after:], self.shown
        return self.shown.index(part, after) + len(part)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._own)


@pytest.fixture
def screen(place: Place) -> Iterator[Screen]:
    """The conversation, waiting for the first message."""
    screen = Screen(place, "chat")
    screen.until("> ")
    yield screen
    screen.close()


class TestChatOnAScreen:
    def test_frames_colours_and_numbered_buttons(self, screen: Screen, small_content: Content) -> None:
        start = len(screen.shown)
        screen.type(f"{BLACKMAIL}\n")
        screen.until("> ", screen.until("Help now", start))
        answer = screen.shown[start:]
        assert "╭" in answer
        assert STYLE.search(answer)
        assert small_content.first("sextortion").split("\n")[0] in flat(answer)
        start = len(screen.shown)
        screen.type("1\n")
        screen.until("> ", screen.until("Stop replying.", start))
        screen.type("\x04")
        assert screen.process.wait(20) == 0

    def test_ctrl_c_ends_it_at_once(self, screen: Screen) -> None:
        screen.type("\x03")
        assert screen.process.wait(60) == 130
        screen.until("")
        assert "Traceback" not in screen.shown

    def test_ctrl_c_in_the_middle_of_a_pipe(self, place: Place) -> None:
        """Where nobody types, and Python is told to end while it waits for a line."""
        with subprocess.Popen(
            [*MODULE, "chat"],
            cwd=place.folder,
            env=place.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            while b"Help now" not in process.stdout.readline():
                pass
            time.sleep(0.3)
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 130
            assert not re.search(rb"Traceback|Fatal|ERROR", process.stderr.read())


class TestTry:
    def test_in_words(self, place: Place) -> None:
        ended = place.command("try", BLACKMAIL)
        assert ended.code == 0
        assert ended.out.startswith("answers with sextortion\n")
        assert "spelling mended" in ended.out
        assert "then " in ended.out

    def test_as_json_one_message_a_line(self, place: Place) -> None:
        texts = [BLACKMAIL, "", "hes outside my house with a knife", "ünïcode 😀", "how tall is a girafe"]
        ended = place.command("try", "--json", said="\n".join(texts) + "\n")
        assert ended.code == 0
        tried = [json.loads(line) for line in ended.out.splitlines()]
        assert [each["text"] for each in tried] == texts
        for each in tried:
            assert each.keys() == {"text", "decision", "topic", "choices", "danger", "because"}
            assert 1 <= len(each["choices"]) <= 5
            scores = [choice["score"] for choice in each["choices"]]
            assert scores == sorted(scores, reverse=True)
        assert (tried[0]["decision"], tried[0]["topic"], tried[0]["danger"]) == ("answer", "sextortion", "none")
        assert tried[0]["choices"][0]["topic"] == "sextortion"
        assert tried[2]["danger"] == "emergency"
        assert (tried[4]["decision"], tried[4]["topic"]) == ("unsure", None)

    def test_in_another_language(self, place: Place) -> None:
        tried = place.command("try", "mae e'n bygwth rhannu fy lluniau", "--json", "--language", "cy")
        assert json.loads(tried.out)["topic"] == "sextortion"
        unknown = place.command("try", "hi", "--language", "fr")
        assert unknown.code == 2
        assert "fr" in unknown.errors
        assert "Traceback" not in unknown.errors


class TestCheck:
    def test_every_fault_with_its_place(self, place: Place, content: Content) -> None:
        passwords, greeting = content.topic_file("passwords"), content.topic_file("greeting")
        content.change(passwords, "urgency: normal", "urgency: norml")
        content.change(greeting, "group: chat", "group: chatt")
        ended = place.command("check", content.folder)
        assert ended.code == 1
        assert f"{passwords}:4:10: " in ended.out
        assert f"{greeting}:3:8: " in ended.out
        assert "errors: 2" in ended.errors
        assert "Traceback" not in ended.errors

    def test_a_test_of_the_editors_that_fails(self, place: Place, content: Content) -> None:
        path = content.topic_file("passwords")
        wrong = "tests:\n  - {say: someone is blackmailing me with my nudes, expect: passwords}\nasks:"
        content.change(path, "asks:", wrong)
        ended = place.command("check", content.folder)
        assert ended.code == 1
        assert "got sextortion" in ended.out
        without = place.command("check", content.folder, "--no-tests")
        assert without.code == 0
        assert "errors: 0" in without.errors

    def test_no_such_folder(self, place: Place) -> None:
        ended = place.command("check", "nowhere")
        assert ended.code in (1, 2)
        assert "nowhere" in ended.out + ended.errors
        assert "Traceback" not in ended.errors


class TestEvaluate:
    @pytest.fixture
    def labelled(self, tmp_path: Path) -> Path:
        rows: list[tuple[str, list[str], str]] = [
            (BLACKMAIL, ["sextortion"], "high"),
            ("how do i make a realy strong passwrd", ["passwords"], "normal"),
            ("how do i make a stronger pasword", ["greeting"], "normal"),  # wrong, so that something is
            ("hes outside my house with a knife", ["immediate-danger"], "emergency"),
            ("how tall is a girafe", ["out-of-scope"], "normal"),
        ]
        path = tmp_path / "labelled.jsonl"
        lines = [json.dumps({"text": text, "topics": topics, "urgency": urgency}) for text, topics, urgency in rows]
        path.write_text("\n".join(lines) + "\n", "utf-8")
        return path

    def test_as_json(self, place: Place, labelled: Path) -> None:
        measured = json.loads(place.command("evaluate", labelled, "--json").out)
        assert measured["messages"] == 5
        assert measured["right_first"] == {"count": 3, "of": 4, "share": 0.75}
        assert measured["emergencies_carded"]["share"] == 1
        assert measured["out_of_scope_not_answered"]["share"] == 1
        assert measured["confused"] == [{"wanted": "greeting", "got": "passwords", "count": 1}]

    def test_in_words(self, place: Place, labelled: Path) -> None:
        ended = place.command("evaluate", labelled)
        assert ended.code == 0
        assert re.search(r"right first +75\.0%  \(3 of 4\)", ended.out)
        assert "greeting → passwords" in ended.out

    def test_a_file_it_cannot_use(self, place: Place, tmp_path: Path) -> None:
        path = tmp_path / "broken.jsonl"
        path.write_text('{"text": "a", "topics": ["b"], "urgency": "normal"}\n{"text": "a"\n', "utf-8")
        ended = place.command("evaluate", path)
        assert ended.code == 2
        assert "broken.jsonl:2: " in ended.errors
        assert "Traceback" not in ended.errors


def test_a_command_that_is_not_understood(place: Place) -> None:
    ended = place.command("fly")
    assert ended.code == 2
    assert "usage: safetybot" in ended.errors


def test_a_setting_that_cannot_be_used(place: Place) -> None:
    ended = subprocess.run(
        [*MODULE, "check"], cwd=place.folder, env=place.environment(LOG_FORMAT="xml"), capture_output=True, text=True
    )
    assert ended.returncode == 2
    assert "SAFETYBOT_LOG_FORMAT" in ended.stderr
    assert "Traceback" not in ended.stderr
