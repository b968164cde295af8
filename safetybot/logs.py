"""How the program logs: to standard error, without personal data.

Nothing of ours ever puts a text, a chat id or a name into a record. Here is the last guard: exceptions are written as
their type and the place they came from, never with their message or values, which might hold what somebody wrote; and
of what a library reports, only that it does, for libraries like to quote (asyncio the exception of a lost task, say).
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import sys
import threading
import traceback
from pathlib import Path
from types import TracebackType

from safetybot.settings import LogFormat

_PACKAGE = Path(__file__).parent
_WITHHELD = "something was reported; its text is withheld, for it may hold a message"

_log = logging.getLogger(__name__)


class DiscreetFormatter(logging.Formatter):
    """One line a record, or one JSON object a line.

    The object's fields stay, for alarms are built on them: ``time`` (UTC), ``level``, ``logger``, ``process`` (its
    number), ``event`` (what happened, without what differs from one time to the next), ``message``.
    """

    def __init__(self, log_format: LogFormat) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._json = log_format == "json"

    def format(self, record: logging.LogRecord) -> str:
        """The record without the exception's message or values."""
        place = self._place(record)
        ours = record.name.partition(".")[0] == __name__.partition(".")[0]
        message = (record.getMessage() if ours else _WITHHELD) + (f" [{place}]" if place else "")
        message = " ".join(message.splitlines())
        if self._json:
            fields = {
                "time": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds"),
                "level": record.levelname,
                "logger": record.name,
                "process": record.process,
                "event": " ".join(str(record.msg).splitlines()) if ours and record.msg != "%s" else message,
                "message": message,
            }
            return json.dumps(fields, ensure_ascii=False)
        return f"{self.formatTime(record)} {record.levelname} {record.name}: {message}"

    @staticmethod
    def _place(record: logging.LogRecord) -> str:
        if not record.exc_info or record.exc_info[1] is None:
            return ""
        error = record.exc_info[1]
        frames = traceback.extract_tb(error.__traceback__)
        ours = [frame for frame in frames if Path(frame.filename).is_relative_to(_PACKAGE)] or frames
        where = f" at {Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else ""
        return f"{type(error).__name__}{where}"


def set_up_logging(log_format: LogFormat, level: int = logging.INFO) -> None:
    """Logs of the whole program go to standard error from now on; other libraries' only from warnings up."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(DiscreetFormatter(log_format))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("safetybot").setLevel(level)
    logging.captureWarnings(True)
    logging.raiseExceptions = False  # else a record that cannot be written is printed, with all it was to hold
    sys.excepthook = _log_uncaught
    threading.excepthook = lambda args: _log_uncaught(args.exc_type, args.exc_value, args.exc_traceback)
    sys.unraisablehook = _log_unraisable


def _log_unraisable(found: sys.UnraisableHookArgs) -> None:
    """What failed where nobody could be told, as while an object was cleared away; Python would print all of it."""
    _log.error("something failed where it could not be told", exc_info=found.exc_value)


def _log_uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    _log.critical("the program failed", exc_info=error)
