"""Keeps the libraries below us from logging the token, a chat or a message.

PTB logs every parameter and answer at DEBUG and writes the token into an error's text; httpx logs whole URLs, which
hold the token, at INFO. Ours is the only code that knows what may be printed, so theirs prints nothing but that
something happened.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

TALKATIVE = ("telegram", "aiohttp", "httpx", "httpcore", "markdown_it")
WITHHELD = "%s reported something; its text is withheld, for it may hold the bot token or a message"


class _Withhold(logging.Filter):
    """Drops what is below WARNING, whatever level somebody sets, and empties the rest of its content."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING:
            return False
        record.msg, record.args = WITHHELD, (record.name,)
        record.exc_info = record.exc_text = record.stack_info = None
        return True


_WITHHOLD = _Withhold()


def withhold_library_logs() -> None:
    """Silence the talkative libraries. Safe to call more than once.

    A filter works only on the very logger a record was made with, hence on each of theirs; loggers they make
    later still inherit the level.
    """
    for logger in _loggers():
        logger.setLevel(logging.WARNING)
        if _WITHHOLD not in logger.filters:
            logger.addFilter(_WITHHOLD)


def _loggers() -> Iterator[logging.Logger]:
    for name in TALKATIVE:
        yield logging.getLogger(name)
    for name, logger in list(logging.root.manager.loggerDict.items()):
        if isinstance(logger, logging.Logger) and name.startswith(tuple(f"{top}." for top in TALKATIVE)):
            yield logger


def place(error: BaseException) -> str:
    """The type of an error and where it arose: all that may be logged of one whose text could hold a message."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    if frame is None:
        return type(error).__name__
    code = frame.tb_frame.f_code
    return f"{type(error).__name__} in {code.co_name} ({code.co_filename}:{frame.tb_lineno})"
