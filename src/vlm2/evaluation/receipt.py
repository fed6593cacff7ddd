"""The receipt of a run: everything that its predictions depend on, and the machines and times of its processes.

`run` identifies the run; a folder holds the predictions of one run only. `processes` lists every process that worked on
it; a killed process has no end. Only the receipt holds times, so equal runs have equal predictions and scores.
"""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from .benchmark import Benchmark, Item, Loaded
from .predictions import PREDICTIONS, locked, prediction_files, write_json
from .speed.machine import cores, processor_name

RECEIPT = "receipt.json"
FORMAT = 1
PACKAGES = (
    "vlm2", "torch", "openvino", "transformers", "tokenizers", "peft", "safetensors", "av", "numpy", "accelerate",
)  # fmt: skip


def run_identity(benchmark: Benchmark, loaded: Loaded, respondent: Mapping[str, Any]) -> dict[str, Any]:
    """Return everything that a run's predictions depend on."""
    return {
        "benchmark": {"name": benchmark.name, "version": benchmark.version},
        "data": {
            "revision": loaded.revision,
            "questions": len(loaded.items),
            "sha256": items_hash(loaded.items),
        },
        **respondent,
    }


def items_hash(items: Sequence[Item]) -> str:
    """Return the sha256 of all fields of the items but the paths of the videos."""
    digest = hashlib.sha256()
    for item in items:
        digest.update(json.dumps({**asdict(item), "video": None}, sort_keys=True).encode())
    return digest.hexdigest()


def read_receipt(out: Path) -> dict[str, Any]:
    """Read a folder's receipt. Raises ValueError where there is none, or one of another format."""
    file = out / RECEIPT
    if not file.is_file():
        raise ValueError(f"{out} has no {RECEIPT}; give a folder that `vlm2 eval BENCHMARK --out {out}` wrote.")
    receipt = json.loads(file.read_text("utf-8"))
    if receipt["format"] != FORMAT:
        raise ValueError(f"{file} has format {receipt['format']}; this vlm2 reads {FORMAT}. Run the benchmark again.")
    return receipt


def claim(out: Path, name: str, run: Mapping[str, Any]) -> None:
    """Write a run's receipt into a folder, or check that the receipt there is of the same run. `name` is the model's.

    Raises ValueError that names the differences where the folder holds another run.
    """
    out.mkdir(parents=True, exist_ok=True)
    with locked(out):
        if (out / RECEIPT).exists():
            differing = list(differences(read_receipt(out)["run"], run))
            if differing:
                raise ValueError(
                    f"{out} holds another run: {'; '.join(differing)}. Choose another --out, or delete that folder."
                )
            return
        if any(file.stat().st_size for file in prediction_files(out)):
            raise ValueError(f"{out} holds {PREDICTIONS} without a {RECEIPT}. Choose another --out.")
        write_json(out / RECEIPT, {"format": FORMAT, "name": name, "run": run, "processes": []})


def differences(there: Mapping[str, Any], here: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Yield the differences between two runs' identities: the dotted name, the old value and the new one."""
    for key in sorted(there.keys() | here.keys()):
        was, now = there.get(key), here.get(key)
        if isinstance(was, Mapping) and isinstance(now, Mapping):
            yield from differences(was, now, f"{path}{key}.")
        elif was != now:
            yield f"{path}{key} was {_short(was)} and is now {_short(now)}"


@contextmanager
def process(out: Path, rank: int, workers: int, answers: int) -> Iterator[None]:
    """Record the process that answers in the context: its machine and code at the beginning; the time and the number of
    its answers at the end."""
    code = {"machine": machine(), "packages": packages(), "code": code_version()}
    with _changed(out) as receipt:
        number = len(receipt["processes"])
        receipt["processes"].append({"rank": rank, "workers": workers, **code, "started": _now()})
    started = time.perf_counter()
    yield
    seconds = round(time.perf_counter() - started, 1)
    with _changed(out) as receipt:
        receipt["processes"][number] |= {"ended": _now(), "answered": answers, "seconds": seconds}


def complete(out: Path, scorer: str, videos: Mapping[str, Any], missing: Sequence[str]) -> None:
    """Add what is known at the end of a run: the scorer, the videos (file and frames seen), and the missing videos."""
    with _changed(out) as receipt:
        receipt |= {"scorer": scorer, "missing_videos": list(missing), "videos": dict(videos)}


@contextmanager
def _changed(out: Path) -> Iterator[dict[str, Any]]:
    """Give a run's receipt to change, and write it."""
    with locked(out):
        receipt = read_receipt(out)
        yield receipt
        write_json(out / RECEIPT, receipt)


def machine() -> dict[str, Any]:
    """Describe this computer."""
    import torch

    gpus = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    return {"system": platform.platform(), "processor": processor_name(), "cores": cores(), "gpus": gpus}


def packages() -> dict[str, str]:
    """Return the versions of the packages that an answer may depend on."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def code_version() -> str:
    """Return the git commit of this code, with a mark for changed files; without git, the package's version."""
    try:
        commit, state = (_git("rev-parse", "HEAD"), _git("status", "--porcelain", "--untracked-files=no"))
    except (OSError, subprocess.CalledProcessError):
        return f"vlm2 {packages().get('vlm2', 'of unknown version')}"
    return commit + (" with changes" if state else "")


def _git(*command: str) -> str:
    """Run git in the repository of this file, if it is vlm2's own and not one that holds an installed copy."""
    root = Path(__file__).parents[3]
    if not (root / "pyproject.toml").is_file():
        raise FileNotFoundError(root)
    done = subprocess.run(["git", "-C", str(root), *command], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _short(value: Any) -> str:
    text = "not there" if value is None else str(value)
    return text if len(text) <= 24 else f"{text[:16]}…"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
