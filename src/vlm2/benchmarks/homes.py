"""Homes: spatial questions about generated homes whose furniture, textures and plans were never trained on.

A first, small version: a folder made by `vlm2 homes make --split test`, every video watched once by a session, its
questions asked through the same code that users run.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..questions.question import Question


@dataclass(frozen=True)
class Item:
    """One question of the benchmark. `id` is unique in it; `video` is the file to watch."""

    id: str
    video: Path
    question: Question


def load(folder: str | Path, per_type: int | None = 2, count: int | None = None, seed: int = 0) -> list[Item]:
    """Read a folder of homes: at most `per_type` questions of each type and home, drawn by `seed`, from `count` homes.

    Raise ValueError where the folder holds no homes, or lacks videos (all missing ones are named).
    """
    folder = Path(folder)
    source = folder / "questions.jsonl"
    if not source.exists():
        raise ValueError(f"{source} does not exist. Make the homes first: vlm2 homes make --split test --out {folder}")
    by_home: dict[str, dict[str, list[dict]]] = defaultdict(lambda: defaultdict(list))
    for line in source.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        by_home[row["scene_name"]][row["question_type"]].append(row)
    homes = sorted(by_home)[:count]
    missing = [home for home in homes if not (folder / "videos" / f"{home}.mp4").exists()]
    if missing:
        raise ValueError(f"{len(missing)} videos are missing in {folder / 'videos'}: {', '.join(missing)}")
    items = []
    for number, home in enumerate(homes):
        rng = np.random.default_rng([seed, number])
        for _, rows in sorted(by_home[home].items()):
            chosen = rng.permutation(len(rows))[:per_type]
            for row in (rows[i] for i in sorted(chosen)):
                video = folder / "videos" / f"{home}.mp4"
                items.append(Item(f"{home}/{row['id']}", video, Question.from_vsi(row)))
    return items


def videos(items: Iterable[Item]) -> Iterator[tuple[Path, list[Item]]]:
    """Group items by the video they ask about, in order."""
    groups: dict[Path, list[Item]] = {}
    for item in items:
        groups.setdefault(item.video, []).append(item)
    yield from groups.items()
