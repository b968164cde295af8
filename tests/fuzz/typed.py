"""What people type where one exact thing is awaited: codes, recovery keys, audit heads, settings, names."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetybot.reports.handles import find_handles
from safetybot.reports.platforms import platforms_in
from safetybot.settings import SettingError, Settings, read_settings
from safetybot.staff import second_factor
from safetybot.staff.passphrases import passphrase_bytes, plain
from safetybot.staff.recovery import RecoveryKeyMistyped, read_spelt, spell
from safetybot.vault.audit import Head, HeadMistyped, read_head, spell_head
from safetybot.vault.code_reading import Slip, parse
from safetybot.vault.code_words import code_words
from safetybot.vault.codes import Code
from safetybot.vault.sealing import KeyPair
from tests.fuzz.drawing import Draws
from tests.fuzz.target import Once, Target

SETTINGS = [
    line.partition("``")[2].partition("``")[0]
    for line in Path(read_settings.__code__.co_filename).read_text("utf-8").splitlines()
    if "``SAFETYBOT_" in line
]
PAIR = KeyPair.from_private(bytes(range(32)))


@contextmanager
def _opened() -> Iterator[Once]:
    with tempfile.TemporaryDirectory() as place:
        env = Path(place) / ".env"

        def once(data: bytes) -> None:
            draws = Draws(data)
            match draws.number(6):
                case 0:
                    _code(_some(draws, 4000))
                case 1:
                    _recovery_key(_some(draws, 2000))
                case 2:
                    _head(_some(draws, 2000))
                case 3:
                    names = [draws.one(SETTINGS) for _ in range(draws.number(6))]
                    _environment({name: draws.text(40) for name in names}, None)
                case 4:
                    env.write_bytes(draws.rest())
                    _environment({}, env)
                case 5:
                    text = _some(draws, 16_384)
                    find_handles(text)
                    platforms_in(text)
                case _:
                    text = _some(draws, 2000)
                    passphrase_bytes(text)
                    assert "  " not in plain(text)
                    assert len(second_factor._digits(text)) in (0, 6)
                    second_factor._letters(text)

        yield once


def _some(draws: Draws, most: int) -> str:
    """A text; most are short, for there to be many."""
    return draws.long_text(most if draws.chance(16) else 300)


def _code(text: str) -> None:
    found = parse(text)
    if isinstance(found, Code):
        assert parse(found.text) == found
    elif isinstance(found, Slip):
        assert 1 <= len(found.suggestions) <= 3


def _recovery_key(text: str) -> None:
    try:
        pair = read_spelt(text)
    except RecoveryKeyMistyped as error:
        assert len(str(error)) < 100  # noqa: PT017 - it quotes one letter at most
    else:
        assert read_spelt(spell(pair)) == pair


def _head(text: str) -> None:
    try:
        head = read_head(text)
    except HeadMistyped:
        return
    assert read_head(spell_head(head)) == head


def _environment(environ: dict[str, str], file: Path | None) -> None:
    try:
        settings = read_settings(environ, file)
    except SettingError as error:
        _shows_nothing(environ.get("SAFETYBOT_TELEGRAM_TOKEN", ""), str(error))
    else:
        assert isinstance(settings, Settings)


def _shows_nothing(token: str, message: str) -> None:
    assert len(token.strip()) < 12 or token not in message


_CODE = " ".join(code_words()[:6]).encode()
TYPED = Target(
    "typed",
    "codes, recovery keys, audit heads, settings and .env, account names, passphrases, one-time codes",
    _opened,
    seeds=[
        b"\x00\x00\x00" + _CODE,
        b"\x00\x00\x00my code is " + _CODE.replace(b" ", b"-") + b" 1. thanks",
        b"\x00\x0f\x01\x02a \x02b ",
        b"\x01\x00\x00" + spell(PAIR).encode(),
        b"\x02\x00\x00" + spell_head(Head(12, bytes(32))).encode(),
        b"\x03\x06\x01\x0bhttps://a.b\x05\x048080",
        b"\x04SAFETYBOT_WEB_URL=https://chat.example.org\nSAFETYBOT_DATA='data'\nexport A=\"b\\n\"\n",
        b"\x05\x00\x00my insta is @some.body_12, snap: x_y_z or https://www.instagram.com/abc?x=1 07700 900123 a@b.uk",
        b"\x06\x00\x00123 456",
    ],
    words=[*code_words()[:40], *SETTINGS, "https://", "@", "insta", "snap", "07700900123", "\u2013", "off", "\ud800"],
)
