"""What rules and operators answer on true maps: the ceiling that perfect eyes would reach.

    VLM2_SHARED=... python tests/support/true_maps.py vsi             # official questions, real scans
    python tests/support/true_maps.py homes FOLDER [--noise 0.1]      # pinned questions; FOLDER holds their records
    VLM2_SHARED=... python tests/support/true_maps.py people          # questions of people, against their labels; those
                                                                      # of people_planned.jsonl are all planned ones
    VLM2_SHARED=... python tests/support/true_maps.py wordings FILE   # official questions in other wordings

With `--reader`, the trained reader reads what the rules refuse.

A number agrees within 0.11 m, 1 cm, 0.051 m² or exactly (counts); everything else as the benchmark scores it. With
`--noise`, boxes are moved and stretched by as many metres (one standard deviation), and maps say so: then the share of
the stated 90 % intervals that hold the truth is printed, and how often the halves of confidence are right.
"""

from __future__ import annotations

import argparse
import json
import os
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from vlm2.evaluation.benchmarks.homes import SUITE
from vlm2.evaluation.home_suite import read_pins
from vlm2.objects import ObjectMap, Result
from vlm2.query import Query, Unplanned, parse_call
from vlm2.query.planners import rules
from vlm2.query.words import PER_METRE, PER_SQUARE_METRE, plural
from vlm2.scenes import Scene, read_metadata
from vlm2.streaming.intent_planner import IntentPlanner

SHARED = Path(os.environ.get("VLM2_SHARED", "shared"))
WITHIN = {"object_counting": 0.0, "object_size_estimation": 1.0, "room_size_estimation": 0.051}
METRES = ("object_abs_distance", "camera_obj_abs_dist", "camera_displacement")
Row = dict[str, Any]
PER_WORDING = 30  # official questions asked in one wording, spread over all
_DIRECTION = re.compile(r"standing by the (?P<stand>.+?) and facing the (?P<face>.+?), is the (?P<target>.+?) to ")
Planner = Callable[..., Query]
GAPS = {
    "object_counting": re.compile(r"How many (?P<things>.+?)\(s\) are"),
    "object_abs_distance": re.compile(r"between the (?P<first>.+?) and the (?P<second>.+?) \(in"),
    "object_size_estimation": re.compile(r"or height\) of the (?P<thing>.+?), measured"),
    "room_size_estimation": re.compile(""),
    "object_rel_distance": re.compile(r"objects \((?P<among>.+?)\) is the closest to the (?P<target>.+?)\?"),
    "object_rel_direction_easy": _DIRECTION,
    "object_rel_direction_medium": _DIRECTION,
    "object_rel_direction_hard": _DIRECTION,
}


def agrees(result: Result, row: Row) -> bool:
    """Tell whether a result is what a benchmark's row has as its truth."""
    within = 0.11 if row["question_type"] in METRES else WITHIN.get(row["question_type"])
    if within is None:
        return result.text == row["ground_truth"]
    return isinstance(result.value, int | float) and abs(result.value - float(row["ground_truth"])) <= within + 1e-9


def official() -> Iterator[tuple[ObjectMap, list[Row]]]:
    """Yield the true map of each real scan with VSI-Bench's questions about it."""
    rows = defaultdict(list)
    for row in json.loads((SHARED / "data/benchmarks/vsi_bench_test.json").read_text()):
        rows[row["scene_name"]].append(row)
    for file in sorted((SHARED / "data/scenes").glob("*_meta_info_val.json")):
        for name, scene in read_metadata(file).items():
            yield ObjectMap.from_scene(scene), rows[name]


def homes(folder: Path) -> Iterator[tuple[ObjectMap, list[Row]]]:
    """Yield the true map of each home whose record is in a folder, with the pinned questions about it; those about the
    order of appearance only where the record says what was seen."""
    pins = read_pins(SUITE).homes
    for file in sorted(folder.glob("*.json")):
        scene = Scene.load(file)
        seen = any(thing.sightings for thing in scene.objects)
        asked = pins[scene.name].questions
        yield ObjectMap.from_scene(scene), [q for q in asked if seen or q["question_type"] != "obj_appearance_order"]


def noisy(true: ObjectMap, std: float, rng: np.random.Generator) -> ObjectMap:
    """Return a map whose boxes are off by normal errors, and which says by how much."""
    tracks = []
    for track in true.tracks:
        center = tuple(float(value) for value in np.array(track.box.center) + rng.normal(0, std, 3))
        size = tuple(float(value) for value in np.abs(np.array(track.box.size) + rng.normal(0, std, 3)))
        box = replace(track.box, center=center, size=size)
        tracks.append(track.model_copy(update={"box": box, "position_std": std, "size_std": std}))
    return true.model_copy(update={"tracks": tuple(tracks)})


def measure(places: Iterator[tuple[ObjectMap, list[Row]]], noise: float, plan: Planner) -> None:
    """Print how many questions of each type are planned and answered right."""
    counts, held, sure = defaultdict(Counter), [], []
    rng = np.random.default_rng(0)
    for true, rows in places:
        seen = noisy(true, noise, rng) if noise else true
        for row in rows:
            query = plan(row["question"], row["options"])
            result = seen.run(query)
            status = "unplanned" if isinstance(query, Unplanned) else result.status
            right = agrees(result, row)
            counts[row["question_type"]].update({"asked": 1, "right": right, status: 1})
            if result.uncertainty and isinstance(result.value, float):
                truth = true.run(query).value
                held.append(isinstance(truth, float) and abs(truth - result.value) <= result.uncertainty)
            elif result.status == "ok" and row["options"]:
                sure.append((result.confidence, right))
    for name, found in sorted(counts.items()):
        rest = ", ".join(f"{key} {number}" for key, number in found.items() if key not in ("asked", "right"))
        print(f"{name:30} {found['asked']:6} asked {100 * found['right'] / found['asked']:6.1f} % right   ({rest})")
    if noise:
        halves = np.array_split([right for _, right in sorted(sure, key=lambda pair: pair[0])], 2)
        print(f"90 % intervals that hold the truth: {100 * np.mean(held):.1f} % of {len(held)}")
        print(f"right in the lower and the upper half of confidence: {halves[0].mean():.3f}, {halves[1].mean():.3f}")


def reworded(question: str, question_type: str, wording: str) -> str | None:
    """Return an official question in another wording; None where it has gaps that the wording does not fill."""
    found = GAPS[question_type].search(question)
    if found is None:
        return None
    names = found.groupdict()
    if "things" in names:
        names["things"] = plural(names["things"])
    if "among" in names:
        *first, last = names["among"].split(", ")
        names["among"] = f"{', the '.join(first)} or the {last}"
    return wording.format(**names)


def wordings(file: Path, plan: Planner) -> None:
    """Print, for each question type and each wording of a file, the share of a part of the official questions that
    are answered right, in the official wording and in this one."""
    asked, found = defaultdict(list), defaultdict(list)
    for true, rows in official():
        for row in rows:
            asked[row["question_type"]].append((true, row))
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        question_type, wording = line.split(" | ")
        questions = asked[question_type]
        ours, theirs, status = [], [], Counter()
        for true, row in questions[:: max(1, len(questions) // PER_WORDING)]:
            text = reworded(row["question"], question_type, wording)
            if text is None:
                continue
            result = true.run(plan(text, row["options"]))
            status[result.status] += 1
            ours.append(agrees(in_official_unit(result, question_type), row))
            theirs.append(agrees(true.run(plan(row["question"], row["options"])), row))
        found[question_type].append((np.mean(theirs), np.mean(ours)))
        print(f"{100 * np.mean(theirs):6.1f} {100 * np.mean(ours):6.1f} of {len(ours)} {wording}  {dict(status)}")
    for question_type, shares in found.items():
        print("{:30} official {:6.1f}  these {:6.1f}".format(question_type, *100 * np.mean(shares, axis=0)))
    every = [pair for shares in found.values() for pair in shares]
    print("{:30} official {:6.1f}  these {:6.1f}".format("mean of the wordings", *100 * np.mean(every, axis=0)))


def in_official_unit(result: Result, question_type: str) -> Result:
    """Return a result with its number in the unit of VSI-Bench: centimetres for sizes, metres, square metres."""
    per = {**PER_METRE, **PER_SQUARE_METRE}.get(result.unit or "")
    if per is None or not isinstance(result.value, int | float):
        return result
    factor = (100.0 if question_type == "object_size_estimation" else 1.0) / per
    return result.model_copy(update={"value": result.value * factor})


def people(plan: Planner) -> None:
    """Print, for each file of labelled questions and each data set, the precision and the coverage of the planner."""
    situated = json.loads((SHARED / "data/benchmarks/v1_balanced_questions_test_scannetv2.json").read_text())[
        "questions"
    ]
    free = json.loads((SHARED / "data/benchmarks/ScanQA_v1.0_val.json").read_text())
    texts = {row["question_id"]: f"{row['situation']} {row['question']}" for row in situated}
    texts |= {row["question_id"]: row["question"] for row in free}
    for file in sorted((Path(__file__).parents[1] / "query").glob("people_*.jsonl")):
        counts = defaultdict(Counter)
        for row in map(json.loads, file.read_text().splitlines()):
            query, gold = plan(texts[row["id"]]), row["query"]
            planned, expressible = not isinstance(query, Unplanned), gold != "unsupported"
            right = planned and expressible and query == parse_call(gold)
            counts[row["dataset"]].update({"asked": 1, "planned": planned, "expressible": expressible, "right": right})
        for name, found in counts.items():
            precision, coverage = found["right"] / found["planned"], found["right"] / found["expressible"]
            print(f"{file.stem:18} {name:8} {dict(found)}  precision {precision:.3f}  coverage {coverage:.3f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["vsi", "homes", "people", "wordings"])
    parser.add_argument("folder", type=Path, nargs="?", default=Path("scenes"))
    parser.add_argument("--noise", type=float, default=0.0, help="Standard deviation of the boxes' errors in metres.")
    parser.add_argument("--reader", action="store_true", help="Let the trained reader read what the rules refuse.")
    given = parser.parse_args()
    planner = IntentPlanner() if given.reader else rules.plan
    if given.what == "people":
        people(planner)
    elif given.what == "wordings":
        wordings(given.folder, planner)
    else:
        measure(official() if given.what == "vsi" else homes(given.folder), given.noise, planner)
