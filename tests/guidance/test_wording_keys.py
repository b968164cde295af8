import re

from safetybot.guidance.model import ID_MAX
from safetybot.guidance.wording_keys import BUTTONS, SAY


def test_names_are_ids_and_purposes_are_words() -> None:
    for name, phrase in {**SAY, **BUTTONS}.items():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
        assert len(name) <= ID_MAX
        assert phrase.purpose
