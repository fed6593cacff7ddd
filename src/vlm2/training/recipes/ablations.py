"""Train and test the ablation's rows (a)–(f): `vlm2 train ablations --seeds 0 1 --mini.cache runs/cache/train`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from ...evaluation import runner
from ...evaluation.benchmark import Benchmark, find
from ...evaluation.bootstrap import DRAWS
from ...evaluation.report.data import collect
from ...evaluation.report.report import write_report
from ...evaluation.respondents import RunSettings, SessionRespondent, load_once
from ...evaluation.scores import Run, by_length, read_run, score_run
from ...models.presets import preset
from ..ablation_rows import KEPT, ROWS, STREAM, KeptFrames, slots, spread_frames, stream_frames
from ..examples import ChooseFrames
from ..loop import last_checkpoint
from ..model_card import CARD
from ..model_switches import ModelSwitches
from ..recipe import claim_folder
from ..stage import Optimiser
from . import mini
from .mini import GROUNDING, RESUMED, MiniConfig, VideoQuestionConfig


def row_training() -> MiniConfig:
    """Return the training that all rows share: mini's, longer behind videos."""
    optimiser = Optimiser(7e-5, lora_learning_rate=7e-4)
    answering = VideoQuestionConfig(steps=330, optimiser=optimiser, most_frames=240)
    return MiniConfig(answering=answering)


@dataclass(frozen=True)
class AblationsConfig:
    """Which rows are trained with which seeds, and how they are tested."""

    out: str = "runs/ablations"  # folder of all runs and of the report
    rows: tuple[str, ...] = tuple(ROWS)  # rows of the grid (a)-(f)
    seeds: tuple[int, ...] = (0, 1)  # seeds of each row
    mini: MiniConfig = field(default_factory=row_training)
    """The training that all rows share. `out`, `seed`, `model` and `grounded_from` are set for each row.
    `answering.most_frames` thins the stream of row (e) in training, not in the test."""
    benchmark: str = "homes"  # benchmark of the test; "" leaves the test out
    videos: str | None = None  # folder of the benchmark's videos, as in `vlm2 eval`
    limit: int | None = None  # number of videos, as in `vlm2 eval`
    per_type: int | None = None  # questions of each type, as in `vlm2 eval`
    workers: int = 1  # processes of the test
    threads: int = 1  # CPU threads of each of them
    draws: int = DRAWS  # draws of the bootstrap, as in `vlm2 eval report`

    def __post_init__(self) -> None:
        if not (self.rows and self.seeds) or set(self.rows) - set(ROWS):
            raise ValueError(f"rows={self.rows}, seeds={self.seeds}: name rows of {', '.join(ROWS)}, and seeds.")
        if KEPT in self.rows and STREAM not in self.rows:
            raise ValueError(f"Row {KEPT} shows the frames that row {STREAM} keeps; name {STREAM} too.")
        if self.mini.model != ModelSwitches() or self.mini.grounded_from is not None:
            raise ValueError("mini.model and mini.grounded_from are set for each row; leave them out.")


def recipe() -> AblationsConfig:
    """Return the whole grid: six rows, two seeds, each the training of mini, tested on Homes."""
    return AblationsConfig()


def run(config: AblationsConfig) -> None:
    """Train and test what is not done yet; write `report.html` and `report.md` in `out`, over all videos and over each
    length of them. The same command continues a killed run.

    Raises ValueError where a folder holds a training of other settings.
    """
    benchmark = find(config.benchmark) if config.benchmark else None
    tested: dict[str, list[Run]] = {row: [] for row in ROWS if row in config.rows}
    for seed in config.seeds:
        for row in tested:
            train_row(config, row, seed)
            if benchmark is not None:
                tested[row].append(score_row(config, benchmark, row, seed))
    if benchmark is not None:
        report({f"({row}) {ROWS[row].title}": runs for row, runs in tested.items()}, Path(config.out), config.draws)


def row_folder(config: AblationsConfig, row: str, seed: int) -> Path:
    """Return the folder of a row's training with a seed."""
    return Path(config.out) / f"seed_{seed}" / row


def row_config(config: AblationsConfig, row: str, seed: int) -> MiniConfig:
    """Return the whole configuration of a row's training."""
    switches = ROWS[row].switches(preset(config.mini.preset))
    return replace(config.mini, out=str(row_folder(config, row, seed)), seed=seed, model=switches)


def train_row(config: AblationsConfig, row: str, seed: int) -> None:
    """Train a row, unless it is trained."""
    out, training = row_folder(config, row, seed), row_config(config, row, seed)
    claim_folder(out, training, RESUMED)
    if not (out / "checkpoint" / CARD).is_file():  # the last file that is written
        training = replace(training, grounded_from=grounded_from(config, row, seed))
        mini.run(training, choose_frames(config, row, seed))


def grounded_from(config: AblationsConfig, row: str, seed: int) -> str | None:
    """Return the folder of another row's finished token grounding. It looks at single frames, so it is the same for all
    rows of one representation."""
    others = [other for other in ROWS if other != row and ROWS[other].representation == ROWS[row].representation]
    folders = [row_folder(config, other, seed) / GROUNDING for other in others]
    done = f"checkpoint-{config.mini.grounding.steps}"
    return next((str(place) for place in folders if last_checkpoint(place) == place / done), None)


def choose_frames(config: AblationsConfig, row: str, seed: int) -> ChooseFrames:
    """Return the row's choice of frames."""
    rule = ROWS[row].frames
    if rule == "kept":
        return KeptFrames(row_folder(config, STREAM, seed) / "checkpoint")
    if rule == "stream":
        return partial(stream_frames, most=config.mini.answering.most_frames)
    return partial(spread_frames, count=slots(preset(config.mini.preset)))


def score_row(config: AblationsConfig, benchmark: Benchmark, row: str, seed: int) -> Run:
    """Test a trained row, or continue its test, and return the finished run."""
    out, rule = row_folder(config, row, seed), ROWS[row].frames
    loaded = runner.narrowed(benchmark.load(None, config.videos, config.limit), per_type=config.per_type)
    settings = RunSettings(
        model=str(out / "checkpoint"),
        frames=slots(preset(config.mini.preset)) if rule == "spread" else None,
        kept=str(row_folder(config, STREAM, seed) / "checkpoint") if rule == "kept" else None,
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
    """Join the runs of several seeds under one name.

    A video's questions count once per seed and are drawn together in the bootstrap, so that intervals and paired tests
    are over videos. The receipt is the first run's.
    """
    samples = [
        replace(sample, item=replace(sample.item, id=f"{number}/{sample.item.id}"))
        for number, run in enumerate(runs)
        for sample in run.samples
    ]
    return _rescored(replace(runs[0], receipt={**runs[0].receipt, "name": name}), samples)


def _rescored(run: Run, samples: Sequence) -> Run:
    scores = score_run(run.benchmark, samples, run.scores["scorer"])
    return replace(run, samples=tuple(samples), scores=scores)
