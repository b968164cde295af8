"""A Bot API server for tests and benchmarks; see :class:`tests.emulator.server.Emulator`."""

from tests.emulator.account import TOKEN, USERNAME, Account, Call, Sent
from tests.emulator.faults import Fault, Faults
from tests.emulator.server import Emulator

__all__ = ["TOKEN", "USERNAME", "Account", "Call", "Emulator", "Fault", "Faults", "Sent"]
