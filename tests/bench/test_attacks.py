"""``bench/attacks.py`` for some seconds: what one address does to the whole program, over HTTP, harms nobody else."""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from safetybot.vault.key_derivation import MEMORY, SALT_BYTES, Parameters, stretch

BENCH = Path(__file__).parents[2] / "bench"

# Where nothing is cached, the first waits for the matcher to be fitted.
pytestmark = [pytest.mark.timeout(400), pytest.mark.slow]


@pytest.fixture(scope="module")
def attacks() -> ModuleType:
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("attacks", BENCH / "attacks.py")
    assert spec is not None
    assert spec.loader is not None
    sys.modules[spec.name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def server(attacks: ModuleType, shipped_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    cache = shipped_data / "cache"
    data = tmp_path_factory.mktemp("attacked")
    with attacks.bot(data, cache if cache.is_dir() else None) as address:
        yield address


def slowness() -> float:
    """How much longer Argon2id takes here and now than half a second, where it takes longer."""
    began = time.monotonic()
    stretch(b"words", bytes(SALT_BYTES), 64, Parameters(memory=MEMORY))
    return max(1.0, (time.monotonic() - began) / 0.5)


async def test_right_codes_from_elsewhere_open_while_one_address_tries_wrong_ones(
    attacks: ModuleType, server: str
) -> None:
    tried = await attacks.codes(server, 10.0)
    slow = slowness()
    # Before, it was 3 in 16: and all of them late.
    assert not tried.not_opened
    assert max(tried.opened) < attacks.OPENED_WITHIN * slow
    assert tried.report_took < attacks.OPENED_WITHIN * slow
    assert tried.attacks["answered"] > 30, "they were refused, and not left waiting"


async def test_short_texts_from_elsewhere_do_not_wait_for_long_nonsense(attacks: ModuleType, server: str) -> None:
    waited = await attacks.texts(server, 8.0, between=0.05)
    assert waited.attacks["sent"] >= attacks.NONSENSE_CONNECTIONS
    assert len(waited.beside) > 20
    # Of a few dozen, so that one that the machine itself held up decides nothing. Before, half waited for seconds.
    assert attacks.at(0.9, waited.beside) < max(0.5, 8 * attacks.at(0.5, waited.alone))
