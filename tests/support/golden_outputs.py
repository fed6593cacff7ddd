"""Golden outputs of vlm2, recorded before and after a change that must not change behaviour. A tool, not a test.

    python tests/support/golden_outputs.py record runs/before.json [--only answers,geometry,...] [--work DIR]
    python tests/support/golden_outputs.py compare runs/before.json runs/after.json

`compare` ends with status 1 where a golden differs; what else differs is only named. Record both into one folder: the
videos of generated homes are kept in `golden-videos` there, because x264 gives other bits at each run. Everything runs
in one thread, each part in a process of its own; a recording takes some three minutes of one core.

Recorded are the text, sentence, evidence, path and slots of every answer on three test homes and the four clips in
shared/, by the object memory and by tokens alone; the losses of a seven-step training of every recipe, and hashes of what it leaves; hashes of the pinned
benchmark and its scores. It uses `vlm2.load`, `Session` and the command line alone, and runs on any checkout with eyes
by PYTHONPATH. Where the names of recipes' settings change, give `--settings FILE`: a JSON object {recipe: [settings]}, in
which "{work}" and "{videos}" stand for those folders.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import json
import os
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path

for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "LP_NUM_THREADS"):
    os.environ[name] = "1"
os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false", PYTHONHASHSEED="0", COLUMNS="200")
os.environ.pop("RANK", None), os.environ.pop("WORLD_SIZE", None)

SHARED = Path(os.environ.get("VLM2_SHARED", Path(__file__).resolve().parents[3] / "shared"))
CLIPS = ("bedroom_960x540.mp4", "fps_49_4.mp4", "portrait_576x1024.mp4", "room_1fps.mp4")
CLIP_QUESTIONS = (
    "How many chairs are in this room?",
    "What is the distance between the bed and the window, in meters?",
    "Where is the table?",
    "How large is this room in square meters?",
    "How far did the camera move between 0 seconds and 3 seconds?",
)
VIDEOS = Path("golden-videos")  # beside OUT.json: made by the first recording, then used by all, since x264 is not the
# same to the last bit from run to run
MINI = {
    "cache": "{work}/cache", "geometry": "{work}/train/geometry/encoder", "log_every": 1, "save_every": 100,
    "grounding.steps": 7, "grounding.frames": 4,
    "warm_up.steps": 7, "warm_up.questions.count": 3,
    "answering.steps": 7, "answering.questions.count": 3, "answering.most_frames": 6,
}  # fmt: skip
TUNE = {
    "videos": "{videos}/homes/videos", "questions": "{videos}/homes/few.jsonl", "model": "mini", "cache": "{work}/videos",
    "sampling.frames": 5, "steps": 7, "optimiser.accumulate": 1, "log_every": 1, "save_every": 100, "evaluate_every": 7,
    "questions_per_video": 3, "held_out": 0.3,
}  # fmt: skip
RECIPES: dict[str, dict[str, object]] = {
    "cache": {
        "out": "{work}/cache", "split": "train", "count": 3, "seed": 77, "workers": 1, "fps": 0.5, "room_shares": 1.0,
    },
    "geometry": {
        "train": "{work}/cache", "validation": "{work}/cache", "frames": 4, "windows": 1, "evaluate_windows": 1,
        "steps": 7, "log_every": 1, "save_every": 100, "out": "{work}/train/geometry",
    },
    "mini": {**MINI, "out": "{work}/train/mini"},
    "ablations": {
        "rows": "a e f", "seeds": 0, "benchmark": "", "out": "{work}/train/ablations",
        **{f"mini.{name}": value for name, value in MINI.items()},
        "mini.adapters": "mini", "mini.answering.questions.count": 2,
    },
    "finetune": {**TUNE, "homes": "{work}/cache", "homes_share": 0.3, "out": "{work}/train/finetune"},
    "seven_b": {**TUNE, "checkpointing": True, "out": "{work}/train/seven_b", "processes": 2},
    "card": {"checkpoint": "{work}/train/mini/checkpoint"},
}  # fmt: skip


def options(values: dict[str, object]) -> list[str]:
    """Settings as the command line's options; words of a text become several values."""
    words = {name: value.split(" ") if isinstance(value, str) else [str(value)] for name, value in values.items()}
    return [word for name, value in words.items() for word in (["--" + name] + ([] if value == ["True"] else value))]


SETTINGS = {recipe: options(values) for recipe, values in RECIPES.items()}
LOG_NAMES = {"category": "what", "position": "where", "attention": "look"}  # as the first recording calls them
VOLATILE = ("runtime", "per_second", "flos", "epoch", "seconds")  # of a log's row


# What a part gives: {"golden": ..., "extra": ...}; the golden is compared to the last digit


def make_homes(work: Path) -> dict:
    """Three test homes: records, and questions of every family."""
    cli(
        "homes", "make", "--out", work / "homes", "--split", "test", "--count", 3, "--seed", 7, "--fps", 2, "--rooms", 1,
        "--duration", 20, "--no-sheets", "--workers", 1, "--families", "vsi,vsti,freeform,situated", "--own-words",
    )  # fmt: skip
    text = sorted([*(work / "homes/scenes").glob("*.json"), *(work / "homes").glob("*.jsonl")])
    videos = sorted((work / "homes/videos").glob("*.mp4"))
    rows = (work / "homes/questions.jsonl").read_text("utf-8").splitlines()  # a few to train on: one of each type
    few = {
        (json.loads(row)["scene_name"], json.loads(row)["question_type"]): row
        for row in reversed(rows)
        if '"options": null' in row
    }
    (work / "homes/few.jsonl").write_text("".join(row + "\n" for row in few.values()), "utf-8")
    keep(work / "homes", "homes")
    kept = sorted((VIDEOS / "homes/videos").glob("*.mp4"))
    return {
        "golden": {file.name: sha(file.read_bytes()) for file in text},
        "extra": {"kept " + video.name: sha_of_frames(video) for video in kept} | {"made": len(videos)},
    }


def benchmark(work: Path) -> dict:
    """The pinned benchmark: its package data, that a home is built as pinned, chance on it, and a model blind and seeing."""
    import vlm2

    pinned = sorted(Path(vlm2.__file__).parent.rglob("homes-*.jsonl.gz"))
    found: dict = {"pinned": {file.name: sha(file.read_bytes()) for file in pinned}}
    cli("eval", "homes", "--limit", 1, "--make-only", "--videos", work / "suite")  # raises where its record differs
    keep(work / "suite", "suite")
    runs = {
        "chance": ("homes", "--model", "chance"),
        "random": ("homes", "--model", "random"),
        "vsi_chance": ("vsi_bench", "--model", "chance", "--data", SHARED / "data/benchmarks/vsi_bench_test.json"),
        "tokens": ("homes", "--limit", 1, "--per-type", 1, "--videos", VIDEOS / "suite", "--no-tools"),
        "blind": ("homes", "--limit", 1, "--per-type", 1, "--videos", VIDEOS / "suite", "--model", "blind:mini"),
    }
    extra = {}
    for name, command in runs.items():
        out = work / "eval" / name
        cli("eval", *command, "--out", out)
        rows = [json.loads(line) for line in (out / "predictions.jsonl").read_text("utf-8").splitlines()]
        scores = json.loads((out / "scores.json").read_text("utf-8"))
        replies = [
            [row.get("id"), next(str(row[k]) for k in ("prediction", "reply", "text", "answer") if k in row)]
            for row in rows
        ]
        found[name] = {
            "summary": scores["summary"],
            "replies": replies if len(replies) < 100 else sha(json.dumps(replies).encode()),
        }
        receipt = json.loads((out / "receipt.json").read_text("utf-8"))
        extra[name] = {
            key: receipt["run"][key] for key in ("benchmark", "version", "revision", "items") if key in receipt["run"]
        }
    return {"golden": found, "extra": extra}


def answers(work: Path) -> dict:
    """Text, sentence and evidence of every answer: three test homes and the four clips, with objects and by tokens alone."""
    import torch

    import vlm2

    torch.set_num_threads(1)
    model = vlm2.load("mini", eyes="auto")
    rows = [json.loads(line) for line in (VIDEOS / "homes/questions.jsonl").read_text("utf-8").splitlines()]
    asked = {}
    for row in rows:  # one of each type and home
        asked.setdefault((row["scene_name"], row["question_type"]), prompt(row))
    golden, extra = {}, {}
    places = [
        (VIDEOS / "homes/videos" / f"{name}.mp4", [q for (n, _), q in asked.items() if n == name])
        for name in sorted({n for n, _ in asked})
    ]
    places += [(SHARED / "data/video" / name, list(CLIP_QUESTIONS)) for name in CLIPS]
    for video, questions in places:
        session = model.session()
        session.watch(str(video))
        for question in questions:
            golden[f"{video.name}: {question}"] = told(session.ask(question))
            golden[f"{video.name}, tokens: {question}"] = told(session.ask(question, tools=False))
        path = session.trajectory
        golden[f"{video.name}, path"] = [len(path), path.world_from_camera[-1:].tolist()]
        golden[f"{video.name}, slots"] = list(session.slots)
        if video.suffix and len(golden) < 80:
            session.save(work / "room.vlm2mem")
            again = vlm2.Session.open(work / "room.vlm2mem", model)
            golden[f"{video.name}, reopened"] = told(again.ask(questions[0]))
            golden[f"{video.name}, forked"] = told(session.fork().ask(questions[-1]))
    home = Path(vlm2.__file__).parents[2] / "examples/home.mp4"
    questions = home.with_suffix(".questions.jsonl")
    printed = json.loads(cli("ask", home, "--questions", questions, "--eyes", "auto", "--json"))
    for row in printed["answers"]:
        golden[f"cli: {row['question']}"] = [row["answer"], row.get("sentence"), row["evidence"]]
    extra["cli keys"] = sorted(printed["answers"][0])
    return {"golden": golden, "extra": extra}


def train(recipe: str, work: Path, settings: dict[str, list[str]]) -> dict:
    """The log of every stage, and what the tensors that were written hold, whatever they are called."""
    if recipe not in ("cache", "card"):  # what an interrupted recording left would be gone on with
        shutil.rmtree(work / "train" / recipe, ignore_errors=True)
    printed = cli(
        "train",
        recipe,
        *(setting.replace("{work}", str(work)).replace("{videos}", str(VIDEOS)) for setting in settings[recipe]),
    )
    out = work / ("cache" if recipe == "cache" else f"train/{'mini' if recipe == 'card' else recipe}")
    logs = sorted(out.rglob("log.jsonl"), key=lambda file: file.stat().st_mtime_ns)
    golden: dict = {"logs": [read_log(file) for file in logs]}
    written = sorted(
        file for file in out.rglob("*.safetensors") if not any(p.startswith("checkpoint-") for p in file.parts)
    )
    if recipe == "cache":
        golden["tensors"] = {file.name: tensors_hash(file) for file in written}
    if (out / "metrics.json").is_file():
        golden["metrics"] = json.loads((out / "metrics.json").read_text())
    extra = {
        "folders": [str(file.parent.relative_to(out)) for file in logs],
        "printed": [line for line in printed.splitlines() if "iB" in line],
    }
    if recipe != "cache":
        golden["tensors"] = [tensors_hash(file) for file in written]
    if recipe == "card":
        text = (out / "checkpoint/README.md").read_text("utf-8")
        golden = {
            "data": [
                line.strip() for line in text.splitlines() if line.strip().startswith(("sha256:", "frames:", "homes:"))
            ]
        }
    return {"golden": golden, "extra": extra}


# Helpers


def keep(made: Path, name: str) -> None:
    """Keep a folder of videos for all later recordings, where none is kept yet."""
    if not (VIDEOS / name).exists():
        shutil.copytree(made, VIDEOS / name)


def told(answer) -> list:
    """An answer without the time that it took: words, sentence, and [seconds, weight] of its evidence."""
    return [answer.text, answer.sentence, [[seen.time, seen.weight] for seen in answer.evidence]]


def prompt(row: dict) -> str:
    """A question of a questions file as VSI-Bench asks it."""
    if row["options"]:
        return "\n".join(
            [
                row["question"],
                "Options:",
                *row["options"],
                "Answer with the option's letter from the given choices directly.",
            ]
        )
    return f"{row['question']}\nPlease answer the question using a single word or phrase."


def cli(*arguments: object) -> str:
    """Run the command line in this process; return what it printed. Raises for another exit status than 0."""
    try:
        from vlm2.cli.main import main
    except ImportError:
        from importlib.metadata import entry_points

        (main,) = (entry.load() for entry in entry_points(group="console_scripts", name="vlm2"))
    before, printed = sys.argv, io.StringIO()
    sys.argv = ["vlm2", *map(str, arguments)]
    os.environ["VLM2_DEBUG"] = "1"
    try:
        with contextlib.redirect_stdout(printed):
            main()
    except SystemExit as end:
        if end.code:
            raise RuntimeError(f"{sys.argv} ended with {end.code}:\n{printed.getvalue()}") from None
    finally:
        sys.argv = before
    return printed.getvalue()


def read_log(file: Path) -> list[dict]:
    rows = (json.loads(line) for line in file.read_text("utf-8").splitlines())
    return [
        {LOG_NAMES.get(k, k): v for k, v in sorted(row.items()) if not any(word in k for word in VOLATILE)}
        for row in rows
    ]


def tensors_hash(file: Path) -> str:
    """Hash a file's tensors by their values, shapes and types, in whatever order and by whatever names."""
    from safetensors import safe_open

    digests = []
    with safe_open(file, framework="pt") as held:
        for name in list(held.keys()):
            import torch

            tensor = held.get_tensor(name)
            values = tensor.contiguous().flatten().view(torch.uint8).numpy().tobytes()
            digests.append(sha(f"{tensor.dtype} {tuple(tensor.shape)} ".encode() + values))
    return sha("\n".join(sorted(digests)).encode())


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:24]


def sha_of_frames(video: Path) -> str:
    import av

    digest = hashlib.sha256()
    with av.open(str(video)) as container:
        for frame in container.decode(video=0):
            digest.update(frame.to_ndarray(format="rgb24").tobytes())
    return digest.hexdigest()[:24]


def parts(settings: dict[str, list[str]]) -> dict:
    found = {"homes": make_homes, "benchmark": benchmark, "answers": answers}
    for recipe in settings:
        found[recipe] = lambda work, recipe=recipe: train(recipe, work, settings)
    return found


def forked(part, work: Path) -> dict:
    """Do a part in a process of its own; return what it gave, or the error."""
    target = work / "result.json"
    target.unlink(missing_ok=True)
    sys.stdout.flush(), sys.stderr.flush()
    child = os.fork()
    if child == 0:
        try:
            target.write_text(json.dumps(part(work)))
            code = 0
        except BaseException:
            target.write_text(json.dumps({"error": traceback.format_exc()}))
            code = 1
        sys.stdout.flush(), sys.stderr.flush()
        os._exit(code)
    _, _, used = os.wait4(child, 0)
    found = json.loads(target.read_text()) if target.is_file() else {"error": "the process died"}
    return found | {"cpu": round(used.ru_utime + used.ru_stime, 1)}


def record(out: Path, only: list[str], settings: dict[str, list[str]], work: Path) -> None:
    global VIDEOS
    VIDEOS = out.parent / "golden-videos"
    import cv2
    import peft  # noqa: F401
    import torch
    import transformers

    import vlm2

    torch.set_num_threads(1), cv2.setNumThreads(1), transformers.logging.set_verbosity_error()
    import vlm2.cli.main

    assert vlm2.load  # what it needs is imported once, before the forks
    found = json.loads(out.read_text()) if only and out.is_file() else {}
    for name, part in parts(settings).items():
        if only and name not in only:
            continue
        started = time.monotonic()
        found[name] = forked(part, work)
        state = "FAILED" if "error" in found[name] else "done"
        print(
            f"{name:12} {state} {time.monotonic() - started:6.1f} s, {found[name].get('cpu')} s of processor",
            flush=True,
        )
        if "error" in found[name]:
            print(found[name]["error"][-3000:], flush=True)
        out.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
    found["_"] = {"vlm2": vlm2.__file__, "torch": torch.__version__, "transformers": transformers.__version__}
    out.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
    sys.exit(any("error" in part for part in found.values()))


def leaves(value, name=""):
    if isinstance(value, dict):
        for key in sorted(value):
            yield from leaves(value[key], f"{name}/{key}")
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for index, each in enumerate(value):
            yield from leaves(each, f"{name}[{index}]")
    else:
        yield name, value


def compare(before: Path, after: Path) -> None:
    one, other = (json.loads(file.read_text()) for file in (before, after))
    failed = False
    for kind in ("golden", "extra"):
        a, b = ({n: part.get(kind) for n, part in found.items() if n != "_"} for found in (one, other))
        first, second = dict(leaves(a)), dict(leaves(b))
        differing = sorted(k for k in first.keys() | second.keys() if first.get(k, ...) != second.get(k, ...))
        print(f"{kind}: {len(first)} values, {len(differing)} differ")
        for key in differing[:40]:
            print(
                f"  {key}\n    - {str(first.get(key, 'nothing'))[:200]}\n    + {str(second.get(key, 'nothing'))[:200]}"
            )
        failed |= kind == "golden" and bool(differing)
    sys.exit(failed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    recording = commands.add_parser("record")
    recording.add_argument("out", type=Path)
    recording.add_argument("--only", default="")
    recording.add_argument("--settings", type=Path)
    recording.add_argument(
        "--work", type=Path, help="a folder that is kept, so that --only finds what earlier parts made"
    )
    comparing = commands.add_parser("compare")
    comparing.add_argument("before", type=Path)
    comparing.add_argument("after", type=Path)
    given = parser.parse_args()
    if given.command == "compare":
        compare(given.before, given.after)
    settings = SETTINGS | (json.loads(given.settings.read_text()) if given.settings else {})
    only = [name for name in given.only.split(",") if name]
    if given.work is not None:
        given.work.mkdir(parents=True, exist_ok=True)
        record(given.out.absolute(), only, settings, given.work.absolute())
    with tempfile.TemporaryDirectory(prefix="goldens-") as folder:
        record(given.out.absolute(), only, settings, Path(folder))


if __name__ == "__main__":
    main()
