"""The form of a command: a function from settings and parsed arguments to an exit status."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from safetybot.settings import Settings

Run = Callable[["Settings", argparse.Namespace], int]

EXIT_FAULTS = 1
"""Something was found that is wrong."""
EXIT_USAGE = 2
"""The command could not be carried out as it was given."""
