"""Tables of the documentation hold what the program has: every setting, every metric, every file and link."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from safetybot import settings
from safetybot.metrics.counters import Metrics
from safetybot.monitoring.exposition import exposition
from safetybot.monitoring.gauges import Gauges
from tests.documentation.pages import PAGES, README, ROOT, rows, sections

OPERATING = ROOT / "docs" / "operating.md"
CHAT = ROOT / "docs" / "chat.md"
MEASURED = [ROOT / "docs" / "quality.md", ROOT / "docs" / "performance.md"]
README_LINES = 150
"""What a stranger reads before deciding."""
SOURCE = Path(settings.__file__).read_text("utf-8")
DEPLOYED = [ROOT / "Dockerfile", ROOT / "compose.yaml", *(ROOT / "deploy").glob("systemd/*")]
VERSION = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)


def known_settings() -> set[str]:
    """Every variable that settings.py reads, by its docstrings and by its code."""
    named = set(re.findall(r"``(SAFETYBOT_[A-Z_]+)``", SOURCE))
    read = {f"SAFETYBOT_{name}" for name in re.findall(r'\bget\("([A-Z_]+)"\)', SOURCE)}
    secrets = set(re.findall(r'\bsecret\("([A-Z_]+)"\)', SOURCE))
    read |= {f"SAFETYBOT_{name}{end}" for name in secrets for end in ("", "_FILE")}
    return named | read


def known_metrics() -> set[str]:
    observed = Metrics()
    observed.telegram_up = True
    observed.content_changed(b"12345678", good=True)
    full = Gauges(up=True, last_purge=1.0, last_backup=1.0)
    page = exposition(observed, full, True, "")[0].decode()
    return set(re.findall(r"^# TYPE (safetybot_\w+)", page, re.MULTILINE))


def test_every_setting_stands_in_the_table_once() -> None:
    table = [name for row in rows(OPERATING, "Every setting") for name in re.findall(r"^`(SAFETYBOT_\w+)`$", row[0])]
    assert len(table) == len(set(table))
    assert set(table) == known_settings()


@pytest.mark.parametrize("page", [*PAGES, *DEPLOYED], ids=lambda page: str(page.relative_to(ROOT)))
def test_no_other_setting_is_named(page: Path) -> None:
    named = set(re.findall(r"\bSAFETYBOT_[A-Z]+(?:_[A-Z]+)*(?![A-Z_*])", page.read_text("utf-8")))
    assert named <= known_settings()


def test_every_metric_stands_in_the_table() -> None:
    table = {name for row in rows(OPERATING, "Watching it") for name in re.findall(r"`(safetybot_\w+)`", row[0])}
    assert table == known_metrics()


def test_alerts_use_metrics_that_there_are() -> None:
    alerts = yaml.safe_load((ROOT / "deploy" / "prometheus" / "alerts.yml").read_text("utf-8"))
    rules = [rule for group in alerts["groups"] for rule in group["rules"]]
    assert len(rules) > 8
    for rule in rules:
        used = {re.sub(r"_bucket$", "", name) for name in re.findall(r"safetybot_\w+", rule["expr"])}
        assert used
        assert used <= known_metrics()
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"]["summary"]


def test_readyz_reasons_are_all_told() -> None:
    from safetybot.monitoring.readiness import Missing

    (row,) = [row for row in rows(OPERATING, "Watching it") if row[0] == "`/readyz`"]
    assert set(re.findall(r"`([a-z-]+)`", row[1])) == {each.value for each in Missing}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text("utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)|(?:src|href)=\"(?!https?:)([^\"]+)\"", text):
        path, _, anchor = "".join(target).partition("#")
        file = page.parent / path if path else page
        if file == ROOT / "docs" / "security.md" and not file.exists():
            continue
        assert file.exists(), path
        if anchor:
            heads = re.findall(r"^#+ (.+)$", file.read_text("utf-8"), re.MULTILINE)
            anchors = {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}
            assert anchor in anchors, f"{path}#{anchor}"


def test_the_readme_is_short_and_leads_to_every_page() -> None:
    text = README.read_text("utf-8")
    assert len(text.splitlines()) <= README_LINES
    others = [page.relative_to(ROOT) for page in (*PAGES, ROOT / "bench" / "README.md") if page != README]
    assert [page for page in others if f"]({page})" not in text] == []


def test_every_command_of_the_chat_stands_in_the_table() -> None:
    wording = yaml.safe_load((ROOT / "content" / "en" / "wording.yaml").read_text("utf-8"))
    table = [row[0].strip("`/") for row in rows(CHAT, "Commands")]
    assert table == [each["command"] for each in wording["commands"]]


@pytest.mark.parametrize("page", MEASURED, ids=lambda page: page.name)
def test_every_measured_table_has_its_day_its_command_and_what_it_is_compared_with(page: Path) -> None:
    with_tables = {heading: text for heading, text in sections(page).items() if re.search(r"^\|", text, re.MULTILINE)}
    assert len(with_tables) > 3
    for heading, text in with_tables.items():
        before = " ".join(text.partition("\n|")[0].split())
        assert re.match(r"\d{1,2} [A-Z][a-z]+ 20\d\d, ", before), heading
        assert re.search(r"`(?:python bench/\w+\.py|safetybot evaluate)\b", text), heading
        assert "compared " in before, heading


def test_pictures_are_small_and_all_shown() -> None:
    shown = "".join(page.read_text("utf-8") for page in PAGES)
    for picture in (ROOT / "docs" / "screenshots").iterdir():
        assert picture.stat().st_size < 150_000, picture.name
        assert f"screenshots/{picture.name}" in shown


def test_the_image_is_named_by_the_version() -> None:
    assert VERSION
    for page in (*PAGES, ROOT / "compose.yaml"):
        assert set(re.findall(r"safetybot:(\d\S+)", page.read_text("utf-8"))) <= {VERSION[1]}, page.name
