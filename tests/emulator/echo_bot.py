"""The Telegram channel as a program of its own, over :class:`Scripted`.

``python -m tests.emulator.echo_bot API TOKEN``
"""

from __future__ import annotations

import asyncio
import logging
import sys

from safetybot.channels.telegram import TelegramStopped, Timing, run_telegram
from tests.emulator.scripted import Scripted


def main(api: str, token: str) -> int:
    """Run until a signal; the exit code."""
    logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
    timing = Timing(backoff_first=0.05, backoff_most=0.5, conflict_most=3)
    try:
        asyncio.run(run_telegram(token, api, Scripted(), timing=timing))
    except TelegramStopped as stopped:
        print(f"{type(stopped).__name__}: {stopped}", file=sys.stderr)
        return stopped.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
