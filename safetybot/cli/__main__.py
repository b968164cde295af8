"""Runs the commands: ``python -m safetybot.cli``."""

import sys

from safetybot.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
