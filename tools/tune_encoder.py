"""Teaches a small sentence encoder to see texts as a large one does.

    python tools/general_texts.py FILE
    python tools/read_encoder.py PUBLISHED_FOLDER STUDENT_FOLDER        # to teach the one that ships further
    python tools/tune_encoder.py --student FOLDER --teacher FOLDER --others FILE tools/requests.txt --out FOLDER
    python tools/build_encoder.py OUT_FOLDER --any-weights

``FOLDER``s hold an encoder of MiniLM's shape (student) and the published all-mpnet-base-v2 (teacher; Apache-2.0). With
``--layers 0 2 3 5`` only those of the student's layers are kept, for speed. It learns, from the texts of
``content/en``, from sentences about everything else (``general_texts.py``) and from what people ask of banks, shops,
offices and assistants (``requests.txt``), as they are and with spelling noise, which the teacher does not see,

- to give the texts of a batch the same mutual cosines as the teacher (Tung and Mori 2019),
- to give each text the teacher's vector, brought down to as many numbers (by principal components, which keep 96 % of
  the teacher's length) and turned towards the student's first vectors (Procrustes), so that little is to be unlearnt.

No label is used: which example belongs to which topic never reaches the encoder, so that the cross-validation that
sets the bot's thresholds stays honest. Fixed seed; needs ``pip install .[tune]``; about an hour on two cores.

The file in the package is all-MiniLM-L6-v2, taught in three rounds: as a whole, on our texts alone (800 steps; three
parts of what that gave and one of the published weights); then four of its six layers, by this script, in two runs
(3,000 steps at 2e-4, then 1,300 at 1.5e-4 with 880 more of our texts and 26,000 more of the others); then, read back
from 8 bits, in three runs (250 and 1,750 steps at 2e-4, 1,150 at 1.5e-4) on 25,700 of our texts, 36,000 of
``general_texts.py`` and the 17,500 of ``requests.txt``. These were written for it by helpers who were shown neither
of the public sets that we measure on; 31 lines that stand in one of them were taken out.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as functional
import yaml
from safetensors.torch import save_file
from transformers import AutoModel, AutoTokenizer

from safetybot.matching.text import SlangTable, SpellingCorrector, TextPreparer, english_words, normalise, word_counts

CONTENT = Path(__file__).parent.parent / "content" / "en"
OWN_GROUPS, OWN_SIZE = 6, 6
OTHER_GROUPS, OTHER_SIZE = 5, 6
"""A batch: so many random texts of ours and of each file of others, each with so many of its neighbours by the teacher
less one, so that the cosines vary; and one of STORIES."""
STORIES = 2_000
"""Texts made of two to five of ours, for long messages."""
TURNED_BY = 16_000
"""Texts whose first vectors say how the teacher's are turned."""
NEIGHBOURS = 24
ENCODED_TOGETHER = 46
SIMILARITY_WEIGHT, VECTOR_WEIGHT = 40, 2
WARM_UP = 100
WIDTH = 384
VOWELS = set("aeiou")


def read_texts() -> list[str]:
    """Every example, sign and off-topic sentence, prepared as the matcher prepares them."""
    texts: list[str] = []
    for path in sorted((CONTENT / "topics").glob("*.yaml")):
        texts += yaml.load(path.read_text("utf-8"), yaml.BaseLoader)["asks"]
    for name in ("danger.yaml", "none.yaml"):
        loaded = yaml.load((CONTENT / name).read_text("utf-8"), yaml.BaseLoader)
        texts += [text for key, part in loaded.items() if key != "tests" for text in part]
    slang = SlangTable(yaml.load((CONTENT / "slang.yaml").read_text("utf-8"), yaml.BaseLoader)["slang"])
    preparer = TextPreparer(
        slang, SpellingCorrector(word_counts(slang.expand(normalise(t)) for t in texts), english_words())
    )
    return list(dict.fromkeys(preparer.prepare(text).mended for text in texts))


def noisy(text: str, chance: random.Random) -> str:
    """Half of the time the text itself; else one word in six has a letter dropped, swapped or doubled, or no vowels."""
    if chance.random() < 0.5:
        return text
    changed = text.split()
    for i, word in enumerate(changed):
        if len(word) <= 3 or chance.random() > 0.17:
            continue
        kind, at = chance.random(), chance.randrange(1, len(word) - 1)
        if kind < 0.3:
            word = word[:at] + word[at + 1 :]
        elif kind < 0.6:
            word = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        elif kind < 0.8:
            word = word[0] + "".join(c for c in word[1:] if c not in VOWELS)
        else:
            word = word[:at] + word[at] + word[at:]
        changed[i] = word
    return " ".join(changed)


class Encoder(torch.nn.Module):
    """Token vectors, their mean, scaled to length 1."""

    def __init__(self, folder: Path, layers: Sequence[int] = ()) -> None:
        """``layers``: those that are kept; none for all."""
        super().__init__()
        self.tokeniser = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        # The plain form of attention: going back through the fused one takes twice as long here.
        self.body = AutoModel.from_pretrained(folder, local_files_only=True, attn_implementation="eager")
        self.body.pooler = None
        if layers:
            self.body.encoder.layer = torch.nn.ModuleList(self.body.encoder.layer[i] for i in layers)
            self.body.config.num_hidden_layers = len(layers)
        self.eval()  # no dropout: there is one right answer

    def forward(self, texts: Sequence[str]) -> torch.Tensor:
        """Shape (len(texts), width). Those of like length go together, so that little is padded."""
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        found = [
            self._vectors([texts[i] for i in order[start : start + ENCODED_TOGETHER]])
            for start in range(0, len(order), ENCODED_TOGETHER)
        ]
        return torch.cat(found)[torch.tensor(order).argsort()]

    def _vectors(self, texts: list[str]) -> torch.Tensor:
        tokens = self.tokeniser(texts, padding=True, truncation=True, max_length=128, return_tensors="pt")
        with torch.autocast("cpu", torch.bfloat16):
            states = self.body(**tokens).last_hidden_state
        mask = tokens["attention_mask"].unsqueeze(-1).float()
        return functional.normalize((states.float() * mask).sum(1) / mask.sum(1), dim=-1)


def encode_all(model: Encoder, texts: Sequence[str], name: str) -> torch.Tensor:
    """Vectors of many texts."""
    order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
    started, found = time.monotonic(), []
    with torch.inference_mode():
        for start in range(0, len(order), 960):
            found.append(model([texts[i] for i in order[start : start + 960]]))
            print(f"{name}: {start} of {len(order)} after {time.monotonic() - started:.0f} s", flush=True)
    return torch.cat(found)[torch.tensor(order).argsort()].clone()


def brought_down(vectors: torch.Tensor, some: list[int], towards: torch.Tensor) -> torch.Tensor:
    """``vectors`` (n, more than WIDTH) in WIDTH numbers, turned so that ``some`` of them are like ``towards``."""
    components = torch.linalg.eigh(vectors.T @ vectors)[1][:, -WIDTH:]
    fewer = functional.normalize(vectors @ components, dim=-1)
    left, _, right = torch.linalg.svd(fewer[some].T @ towards)
    return fewer @ (left @ right)


def neighbours_of(vectors: torch.Tensor) -> list[list[int]]:
    """The nearest of each, itself first."""
    return [
        row
        for start in range(0, len(vectors), 1024)
        for row in (vectors[start : start + 1024] @ vectors.T).topk(NEIGHBOURS).indices.tolist()
    ]


def groups(neighbours: list[list[int]], count: int, size: int, chance: random.Random) -> list[int]:
    """``count`` random texts, each with ``size`` - 1 of its neighbours."""
    rows: list[int] = []
    for first in chance.sample(range(len(neighbours)), count):
        near = neighbours[first]
        rows += [near[0], *chance.sample(near[1:], size - 1)]
    return rows


def main() -> None:
    """Teaches, and saves what was learnt every few minutes."""
    parser = argparse.ArgumentParser(description="Teach a small encoder to see texts as a large one does.")
    parser.add_argument("--student", type=Path, required=True)
    parser.add_argument("--teacher", type=Path, required=True)
    parser.add_argument("--others", type=Path, nargs="+", required=True, help="other sentences, one a line")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--layers", type=int, nargs="*", default=[], help="those of the student that are kept")
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--rate", type=float, default=2e-4, help="learning rate")
    arguments = parser.parse_args()
    os.environ["HF_HUB_OFFLINE"] = "1"
    torch.manual_seed(0)
    chance = random.Random(0)

    own = read_texts()
    stories = [" ".join(chance.sample(own, chance.randint(2, 5))) for _ in range(STORIES)]
    others = [path.read_text("utf-8").splitlines() for path in arguments.others]
    print(f"{len(own)} of our texts, {sum(map(len, others))} others", flush=True)
    parts = [own, stories, *others]
    texts = [text for part in parts for text in part]
    arguments.out.mkdir(parents=True, exist_ok=True)
    kept = arguments.out / "teacher.npy"
    if not kept.exists() or len(np.load(kept, mmap_mode="r")) != len(texts):
        np.save(kept, encode_all(Encoder(arguments.teacher), texts, "teacher").numpy())
    target = torch.from_numpy(np.load(kept))
    some = random.Random(1).sample(range(len(texts)), TURNED_BY)
    first_vectors = encode_all(Encoder(arguments.student), [texts[i] for i in some], "student")
    wanted = brought_down(target, some, first_vectors)
    starts = [0, *itertools.accumulate(map(len, parts))]
    near = [neighbours_of(target[start:end]) for start, end in itertools.pairwise(starts)]

    student = Encoder(arguments.student, arguments.layers)
    optimiser = torch.optim.AdamW(student.parameters(), lr=arguments.rate, weight_decay=0.01, fused=True)
    steps = arguments.steps
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(1.0, (step + 1) / WARM_UP) * max(0.02, 1 - step / steps)
    )
    started, smooth = time.monotonic(), 0.0
    for step in range(steps):
        rows = groups(near[0], OWN_GROUPS, OWN_SIZE, chance)
        rows.append(starts[1] + chance.randrange(STORIES))
        for start, neighbours in zip(starts[2:], near[2:], strict=False):
            rows += [start + row for row in groups(neighbours, OTHER_GROUPS, OTHER_SIZE, chance)]
        vectors = student([noisy(texts[i], chance) for i in rows])
        alike = functional.mse_loss(vectors @ vectors.T, target[rows] @ target[rows].T)
        off = 1 - (vectors * wanted[rows]).sum(1).mean()
        loss = SIMILARITY_WEIGHT * alike + VECTOR_WEIGHT * off
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(student.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        smooth = loss.item() if step == 0 else 0.95 * smooth + 0.05 * loss.item()
        if step % 20 == 0:
            print(f"step {step}/{steps}: loss {smooth:.3f}, {time.monotonic() - started:.0f} s", flush=True)
        if step % 250 == 249 or step == steps - 1:
            weights = {name: value.contiguous() for name, value in student.body.state_dict().items()}
            save_file(weights, arguments.out / "model.safetensors")
            student.body.config.save_pretrained(arguments.out)  # so that it can be taught further
            student.tokeniser.save_pretrained(arguments.out)
    shutil.copyfile(arguments.student / "vocab.txt", arguments.out / "vocab.txt")


if __name__ == "__main__":
    main()
