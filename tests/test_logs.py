"""Logs say what happened and where, and never what somebody wrote."""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import subprocess
import sys

import pytest

from safetybot.logs import DiscreetFormatter
from safetybot.matching.text import normalise
from safetybot.settings import LogFormat

SECRET = "zebedee told me"


def logged(
    message: str,
    *arguments: object,
    name: str = "safetybot.service",
    log_format: LogFormat = "text",
    error: object = None,
) -> str:
    exc_info = (type(error), error, error.__traceback__) if isinstance(error, BaseException) else None
    record = logging.LogRecord(name, logging.ERROR, "file.py", 1, message, arguments, exc_info)
    return DiscreetFormatter(log_format).format(record)


def raised(error: Exception) -> Exception:
    try:
        raise error
    except Exception as caught:
        return caught


class TestFormatter:
    def test_a_line_has_time_level_place_and_message(self) -> None:
        line = logged("%d sessions were forgotten", 3)
        assert line.endswith("ERROR safetybot.service: 3 sessions were forgotten")
        assert line[:2] == "20"

    def test_json_is_one_object(self) -> None:
        fields = json.loads(logged("ŵ “a”\n%s", "b", log_format="json"))
        assert {"level": "ERROR", "logger": "safetybot.service", "message": "ŵ “a” b"}.items() <= fields.items()
        assert list(fields) == ["time", "level", "logger", "process", "event", "message"]
        assert (fields["event"], fields["process"]) == ("ŵ “a” %s", os.getpid())
        assert dt.datetime.fromisoformat(fields["time"]).utcoffset() == dt.timedelta(0)

    def test_what_a_library_says_is_no_event_either(self) -> None:
        fields = json.loads(logged(SECRET, name="sqlalchemy.engine", log_format="json"))
        assert fields["event"] == fields["message"]
        assert SECRET not in str(fields)

    @pytest.mark.parametrize("log_format", ["text", "json"])
    @pytest.mark.parametrize("breaking", ["\n", "\r", "\r\n", "\x0b", "\u2028"])
    def test_a_record_is_one_line(self, log_format: LogFormat, breaking: str) -> None:
        assert len(logged(f"a{breaking}b", log_format=log_format).splitlines()) == 1

    @pytest.mark.parametrize("log_format", ["text", "json"])
    def test_an_exception_is_its_type_and_place_alone(self, log_format: LogFormat) -> None:
        try:
            try:
                raise KeyError(SECRET)
            except KeyError as error:
                error.add_note(SECRET)
                raise ValueError(SECRET) from error
        except ValueError as error:
            line = logged("it failed", error=error, log_format=log_format)
        assert "it failed [ValueError at test_logs.py:" in line
        assert SECRET not in line

    def test_its_place_is_the_innermost_of_ours(self) -> None:
        with pytest.raises(AttributeError) as ours:
            normalise(7)  # type: ignore[arg-type]
        assert "[AttributeError at text.py:" in logged("it failed", error=ours.value)
        with pytest.raises(ValueError, match="Expecting") as theirs:
            json.loads("{")
        assert "[JSONDecodeError at decoder.py:" in logged("it failed", error=theirs.value)

    def test_one_that_was_never_raised_has_no_place(self) -> None:
        assert logged("it failed", error=ValueError(SECRET)).endswith("it failed [ValueError]")

    @pytest.mark.parametrize("name", ["asyncio", "aiosqlite", "sqlalchemy.pool", "py.warnings", "root", "safetybotx"])
    def test_what_a_library_says_is_withheld_but_for_its_name(self, name: str) -> None:
        line = logged("future: %s", SECRET, name=name, error=raised(ValueError(SECRET)))
        assert SECRET not in line
        assert f"ERROR {name}: " in line
        assert "[ValueError at test_logs.py:" in line


def run(program: str) -> str:
    """What a process of its own writes to standard error."""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=dict(os.environ), timeout=60
    )
    assert done.stdout == ""
    return done.stderr


SET_UP = "import asyncio, logging, threading, warnings\nfrom safetybot.logs import set_up_logging\n"


class TestProgram:
    def test_ours_is_shown_from_the_level_on_and_the_rest_from_warnings(self) -> None:
        errors = run(
            f"{SET_UP}set_up_logging('text', logging.DEBUG)\n"
            "for name in ('safetybot', 'safetybot.service', 'aiosqlite'):\n"
            "    for level in (logging.DEBUG, logging.INFO, logging.WARNING):\n"
            "        logging.getLogger(name).log(level, 'said')\n"
        )
        lines = [line.split(maxsplit=2)[2].partition(":")[0] for line in errors.splitlines()]
        assert lines == [
            *(
                f"{level} {name}"
                for name in ("safetybot", "safetybot.service")
                for level in ("DEBUG", "INFO", "WARNING")
            ),
            "WARNING aiosqlite",
        ]

    @pytest.mark.parametrize(
        "program",
        [
            f"raise ValueError({SECRET!r})",
            f"def f(): raise ValueError({SECRET!r})\nt = threading.Thread(target=f)\nt.start()\nt.join()",
            "async def f():\n"
            f"    async def g(): raise ValueError({SECRET!r})\n"
            "    asyncio.create_task(g())\n"
            "    await asyncio.sleep(0.01)\n"
            "asyncio.run(f())",
            "async def f():\n"
            f"    asyncio.get_running_loop().call_soon(lambda words: 1 / 0, {SECRET!r})\n"
            "    await asyncio.sleep(0.01)\n"
            "asyncio.run(f())",
            f"warnings.warn({SECRET!r})",
            f"logging.getLogger('safetybot').error('%d', {SECRET!r})\nraise KeyError",
            f"class Gone:\n    def __del__(self): raise ValueError({SECRET!r})\nGone()",
        ],
        ids=[
            "uncaught",
            "in a thread",
            "in a lost task",
            "in a callback",
            "a warning",
            "a record that cannot be written",
            "in an object cleared away",
        ],
    )
    def test_nothing_that_goes_wrong_tells_a_word(self, program: str) -> None:
        errors = run(f"{SET_UP}set_up_logging('text')\n{program}\n")
        assert "Traceback" not in errors
        assert "zebedee" not in errors
        assert errors.count("\n") == 1
        assert "ERROR" in errors or "CRITICAL" in errors or "WARNING" in errors

    def test_without_it_they_would(self) -> None:
        assert "zebedee" in run(f"{SET_UP}raise ValueError({SECRET!r})")
