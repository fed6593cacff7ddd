"""The ablation's grid: every row with every seed trained, tested on a benchmark, and laid side by side.

A killed grid goes on where it was when the same command is given again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from ..evaluation import runner
from ..evaluation.benchmark import Benchmark, find
from ..evaluation.bootstrap import DRAWS
from ..evaluation.report.data import collect
from ..evaluation.report.report import write_report
from ..evaluation.respondents import RunSettings, SessionRespondent, load_once
from ..evaluation.scores import Run, by_length, read_run, score_run
from ..models.presets import preset
from .ablation_rows import KEPT, ROWS, STREAM, Choose, EveryFrame, KeptFrames, RowExamples, Spread, changes, slots
from .loop import LoopConfig, last_checkpoint
from .mini import NAMING, RESUMED, MiniConfig, train_mini
from .model_card import CARD
from .recipe import claim


@dataclass(frozen=True)
class AblationsConfig:
    """Which rows (see `rows`) with which seeds; `mini` is what all of them share, of which `loop.out`, `loop.seed`,
    `changes` and `named` are set for each. `most_frames` of it thins the stream of (e) in training, not in the test.

    `benchmark` "" leaves the test out; `limit`, `per_type`, `videos`, `workers` and `threads` are as `vlm2 eval` has
    them, `draws` as `vlm2 eval report`.
    """

    out: str = "runs/ablations"
    rows: tuple[str, ...] = tuple(ROWS)
    seeds: tuple[int, ...] = (0, 1)
    mini: MiniConfig = field(
        default_factory=lambda: MiniConfig(
            most_frames=240,
            saying_steps=0,
            loop=LoopConfig(out="runs/ablations", steps=330, learning_rate=7e-5, save_every=30),
        )
    )
    benchmark: str = "homes"
    videos: str | None = None
    limit: int | None = None
    per_type: int | None = None
    workers: int = 1
    threads: int = 1
    draws: int = DRAWS


def run_ablations(config: AblationsConfig) -> None:
    """Train and test what is not done yet, and write `report.html` and `report.md` (and the same for each length of
    the videos) in `out`.

    Raises ValueError for an unknown row, for (f) without (e), for changes that the rows would override, and where a
    folder holds a training of other settings.
    """
    unknown = [row for row in config.rows if row not in ROWS]
    if unknown or not config.rows or not config.seeds:
        raise ValueError(f"rows={config.rows}, seeds={config.seeds}: name rows of {', '.join(ROWS)}, and seeds.")
    if KEPT in config.rows and STREAM not in config.rows:
        raise ValueError(f"Row {KEPT} shows the frames that row {STREAM} keeps; name {STREAM} too.")
    if config.mini.changes or config.mini.named is not None:
        raise ValueError("mini.changes and mini.named are set for each row; leave them out, or train mini itself.")
    benchmark = find(config.benchmark) if config.benchmark else None
    tested: dict[str, list[Run]] = {row: [] for row in ROWS if row in config.rows}
    for seed in config.seeds:
        for row in tested:
            train_row(config, row, seed)
            if benchmark is not None:
                tested[row].append(score_row(config, benchmark, row, seed))
    if benchmark is not None:
        report({f"({row}) {ROWS[row].title}": runs for row, runs in tested.items()}, Path(config.out), config.draws)


def folder(config: AblationsConfig, row: str, seed: int) -> Path:
    """Return where a row's training with a seed lies."""
    return Path(config.out) / f"seed_{seed}" / row


def row_config(config: AblationsConfig, row: str, seed: int) -> MiniConfig:
    """Return the whole configuration of a row's training."""
    loop = replace(config.mini.loop, out=str(folder(config, row, seed)), seed=seed)
    return replace(config.mini, loop=loop, changes=changes(ROWS[row], preset(config.mini.preset)))


def train_row(config: AblationsConfig, row: str, seed: int) -> None:
    """Train a row, unless it is trained."""
    out, mini = folder(config, row, seed), row_config(config, row, seed)
    claim(out, mini, RESUMED)
    if (out / "checkpoint" / CARD).is_file():  # the last that is written
        return
    mini = replace(mini, named=named(config, row, seed))
    train_mini(mini, partial(RowExamples, _choose(config, row, seed)))


def named(config: AblationsConfig, row: str, seed: int) -> str | None:
    """Return where another row's naming lies that is finished; it is the same for all rows of a representation, since
    it looks at single frames."""
    others = [other for other in ROWS if other != row and ROWS[other].representation == ROWS[row].representation]
    folders = [folder(config, other, seed) / NAMING for other in others]
    done = f"checkpoint-{config.mini.grounding_steps}"
    return next((str(place) for place in folders if last_checkpoint(place) == place / done), None)


def _choose(config: AblationsConfig, row: str, seed: int) -> Choose:
    rule = ROWS[row].frames
    if rule == "kept":
        return KeptFrames(folder(config, STREAM, seed) / "checkpoint")
    return EveryFrame(config.mini.most_frames) if rule == "stream" else Spread(slots(preset(config.mini.preset)))


def score_row(config: AblationsConfig, benchmark: Benchmark, row: str, seed: int) -> Run:
    """Test a trained row, or go on with its test, and return the finished run."""
    out, rule = folder(config, row, seed), ROWS[row].frames
    loaded = runner.narrowed(benchmark.load(None, config.videos, config.limit), per_type=config.per_type)
    settings = RunSettings(
        model=str(out / "checkpoint"),
        frames=slots(preset(config.mini.preset)) if rule == "spread" else None,
        kept=str(folder(config, STREAM, seed) / "checkpoint") if rule == "kept" else None,
        threads=config.threads,
        tools=False,
    )
    respondent = SessionRespondent(settings, benchmark.most_tokens)
    place = runner.ProcessRank(workers=config.workers)
    runner.run(benchmark, loaded, respondent, out / benchmark.name, f"{row}, seed {seed}", place)
    load_once.cache_clear()  # the next row has another model
    runner.finish(benchmark, loaded, out / benchmark.name)
    return read_run(out / benchmark.name)


def report(rows: dict[str, list[Run]], out: Path, draws: int = DRAWS) -> None:
    """Write the rows side by side, over all videos and over each length of them."""
    pooled = [pool(name, runs) for name, runs in rows.items()]
    write_report(collect(pooled, draws), out / "report.html")
    for length in by_length(pooled[0].samples):
        parts = [_rescored(run, by_length(run.samples)[length]) for run in pooled]
        write_report(collect(parts, draws), out / f"report_{length}.html")


def pool(name: str, runs: Sequence[Run]) -> Run:
    """Join the runs of several seeds under one name. A video's questions are asked once a seed, and are drawn together
    in the bootstrap, so intervals and paired tests are over videos; the receipt is the first run's."""
    samples = [
        replace(sample, item=replace(sample.item, id=f"{number}/{sample.item.id}"))
        for number, run in enumerate(runs)
        for sample in run.samples
    ]
    return _rescored(replace(runs[0], receipt={**runs[0].receipt, "name": name}), samples)


def _rescored(run: Run, samples: Sequence) -> Run:
    scores = score_run(run.benchmark, samples, run.scores["scorer"])
    return replace(run, samples=tuple(samples), scores=scores)
