"""The arithmetic of ``bench/answers.py``, and the whole script on a public set of our own making."""

from __future__ import annotations

import csv
import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).parents[2]
BENCH = ROOT / "bench"


@pytest.fixture(scope="module", autouse=True)
def beside_each_other() -> Iterator[None]:
    """The scripts import each other by name, as they do when one of them is run."""
    sys.path.insert(0, str(BENCH))
    yield
    sys.path.remove(str(BENCH))


def bench(name: str) -> ModuleType:
    """A script as a module."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, BENCH / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[name]


class TestNoise:
    @given(st.text(), st.sampled_from(["edits", "dropped vowels", "SMS"]), st.integers(0, 3))
    def test_any_text_the_same_at_every_run(self, text: str, kind: str, seed: int) -> None:
        noisy = bench("noise").noisy
        assert noisy(text, kind, seed) == noisy(text, kind, seed)

    def test_what_each_kind_does(self) -> None:
        noisy = bench("noise").noisy
        assert noisy("you're keeping my message tomorrow", "SMS", 0) == "youre keepin ma msg 2moro"
        assert noisy("wonderful", "dropped vowels", 0) == "wndrfl"
        assert noisy("a to me", "edits", 0) == "a to me", "short words are left alone"
        edited = {noisy("wonderful", "edits", seed) for seed in range(40)}
        assert "wonderful" not in edited
        assert len(edited) > 10
        assert all(8 <= len(word) <= 10 for word in edited)


class TestKeptOut:
    def judged(self, *pairs: tuple[bool, bool, float, bool | None]) -> list[object]:
        """(in scope, right first, confidence, what the way itself decided) → judged messages."""
        message, ranking = bench("labelled").Message, bench("ways").Ranking
        return [
            (message("", ("a",) if inside else ()), ranking(["a" if right else "b"], confidence, out))
            for inside, right, confidence, out in pairs
        ]

    def test_a_way_that_decides_by_itself(self) -> None:
        judged = self.judged(
            (True, True, 0, False), (True, True, 0, True), (False, False, 0, True), (False, False, 0, False)
        )
        assert bench("measuring")._kept_out(judged, 0.9) == (0.5, 0.5)

    def test_another_gets_the_threshold_that_keeps_out_as_many(self) -> None:
        judged = self.judged(
            (False, False, 0.1, None),
            (False, False, 0.6, None),
            (True, True, 0.5, None),
            (True, True, 0.7, None),
            (True, False, 0.9, None),
        )
        assert bench("measuring")._kept_out(judged, 0.5) == (0.5, pytest.approx(2 / 3))
        assert bench("measuring")._kept_out(judged, 1.0) == (1.0, pytest.approx(1 / 3))
        assert bench("measuring")._kept_out(judged, 0) == (0.0, pytest.approx(2 / 3))


def test_targets_are_met_on_the_right_side() -> None:
    target = bench("targets").Target
    assert target("", "", 5).is_met(5)
    assert not target("", "", 5).is_met(4.9)
    assert target("", "", 5, at_least=False).is_met(5)
    assert not target("", "", 5, at_least=False).is_met(5.1)


THINGS = ("card", "coin", "loan", "rent", "fee", "refund", "cheque")


def write_public_set(folder: Path) -> None:
    """BANKING77's shape: what is asked of each thing is alike, so that the thing alone tells."""
    asked = ("where is my {}", "i have lost the {}", "how much is a {}", "please send me a new {}", "is the {} late")
    for name, forms in (("train", asked), ("test", ("tell me about the {}", "my {} is gone"))):
        with (folder / f"banking77_{name}.csv").open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(("text", "category"))
            rows.writerows((form.format(thing), f"about_{thing}") for thing in THINGS for form in forms)


@pytest.mark.slow
def test_the_whole_script(tmp_path: Path) -> None:
    write_public_set(tmp_path)
    command = [sys.executable, str(BENCH / "answers.py"), "--only", "banking", "--seeds", "1"]
    command += ["--benchmarks", str(tmp_path), "--content", str(ROOT / "tests" / "fixtures" / "content")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stderr
    first = done.stdout.partition("| published")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in first.splitlines() if line.startswith("|")]
    table = {row[0]: float(row[1].partition("±")[0]) for row in rows if row[0] and row[1][:1].isdigit()}
    assert {"safetybot", "BM25", "TF-IDF centroid", "rapidfuzz token_set_ratio"} <= table.keys()
    assert table["safetybot"] == 100, "each message names its thing"
    assert "USE + classifier" in done.stdout, "published figures stand beside"


def test_other_weights_are_not_taken_for_the_published_ones(tmp_path: Path) -> None:
    for name in ("model.safetensors", "vocab.txt"):
        (tmp_path / name).write_bytes(b"something else")
    (tmp_path / "built").mkdir()
    with pytest.raises(ValueError, match="does not hold the published weights"):
        bench("published").build_minilm(tmp_path / "model.safetensors", tmp_path / "built")


def test_the_few_examples_are_among_the_more(tmp_path: Path) -> None:
    write_public_set(tmp_path)
    few_shot = bench("labelled").few_shot
    content = ROOT / "tests" / "fixtures" / "content"
    two, four = (few_shot("banking", tmp_path, shots, 1, content) for shots in (2, 4))
    assert len(two.examples) == len(THINGS)
    for topic, examples in two.examples.items():
        assert set(examples) < set(four.examples[topic])
    assert two.messages == four.messages
    assert two.sampled(3, 1) == two.sampled(3, 1)
    assert len(two.sampled(3, 1).messages) == 3
    other = few_shot("banking", tmp_path, 2, 2, content)
    assert json.dumps(dict(other.examples)) != json.dumps(dict(two.examples))
