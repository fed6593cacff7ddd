"""Train the detector for homes on varied views of generated homes: `vlm2 train eyes --out runs/eyes`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Protocol, runtime_checkable

import cv2
import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset, Subset

from ...encoders.detectors.dense_head import DenseHead, DenseHeadConfig, DensePrediction
from ...encoders.detectors.homes import TUNED, HomesDetector, load
from ...encoders.precision import multiplies_bfloat16
from ...encoders.vision import VisionEncoder, load_vision_encoder
from ...homes.home import Split
from ..eye_targets import LABELS, SURFACES, cell_targets
from ..eye_variation import vary
from ..eye_views import HomeViews, open_views, render_views, views_path
from ..loop import process_rank, train_stage
from ..model_card import training_record, write_card
from ..recipe import claim_folder
from ..stage import Objective, Optimiser, RunConfig, StageConfig
from ..tensor_cache import write_tensors

STAGES = ("stage_8", "stage_16", "stage_32")  # tensors of a batch
# Width × height of the frames of a batch with its share of the landscape views; portrait views have one size.
LANDSCAPE_SIZES, LANDSCAPE_SHARES = ((256, 192), (288, 160), (224, 224)), (0.6, 0.2, 0.2)
PORTRAIT_SIZE = (192, 256)
TEST_SIZE = (256, 192)  # of the frames of validation homes
MOST_TUNED = 150_000  # numbers in a tensor of the encoder that is tuned; greater ones stay frozen: less to store
FEWEST_CELLS = 30  # of a category in prediction or truth, from which on its IoU counts
# Weight of each smooth L1 loss, the error in which it becomes linear, and the cells that count.
REGRESSIONS = {
    "vote": (0.5, 0.2, "thing"),
    "center": (0.5, 0.2, "thing"),
    "size": (0.7, 0.1, "thing"),
    "heading": (0.2, 0.2, "thing"),
    "depth": (0.5, 0.05, "valid"),
    "up": (1.0, 0.05, None),
}


@dataclass(frozen=True)
class EncoderTuningConfig(StageConfig):
    """The head and the detector's own copy of the encoder's stages behind stride 8 are trained together."""

    steps: int = 4000  # 0: the encoder stays frozen
    optimiser: Optimiser = field(
        default_factory=lambda: Optimiser(
            8e-4, encoder_learning_rate=2e-4, warmup=0.025, weight_decay=0.02, gradient_norm=5.0
        )
    )


@dataclass(frozen=True)
class EyesTraining(RunConfig, StageConfig):
    """Training of the detector for homes. `out` receives views, features, checkpoints, log, metrics.json and the
    detector."""

    out: str = "runs/eyes"  # folder of the run
    start: str | None = None  # a detector to tune further: its folder; steps of the head alone are left out
    log_every: int = 50  # steps between two lines of the log
    save_every: int = 250  # steps between two checkpoints; a killed run continues from the last one
    first_home: int = 500_000  # seed of the first training home
    homes: int = 300  # training homes, with consecutive seeds
    views: int = 16  # of each home
    batches: int = 1750  # varied batches to encode: 2.6 MB each; the training repeats them
    batch: int = 16  # views in a batch
    steps: int = 6500  # of the optimiser, one batch each, with a frozen encoder
    optimiser: Optimiser = field(
        default_factory=lambda: Optimiser(2e-3, warmup=0.0154, weight_decay=0.02, gradient_norm=5.0)
    )
    width: int = 192  # channels of the head at strides 16 and 32
    fine_width: int = 128  # channels of the head at stride 8
    encoder: str = "efficientnet-lite0"  # vision encoder, one with stages
    tuning: EncoderTuningConfig = field(default_factory=EncoderTuningConfig)
    zoom: float = 1.5  # the detector enlarges frames by this, so that small things cover more cells
    validation_homes: int = 24  # homes to measure the detector on at the end, in views of a plain walk; 0: none
    workers: int = 2  # processes that render and vary views; 0: none beside this one


def recipe() -> EyesTraining:
    """Return the configuration of the detector for homes."""
    return EyesTraining()


def run(config: EyesTraining) -> HomesDetector:
    """Do what is not done yet: views, features, training; leave the detector and its card in `out`/detector.

    Raises ValueError where `out` holds a training with other settings, and for several processes.
    """
    if process_rank()[1] > 1:
        raise ValueError("`vlm2 train eyes` is for one process; run it without torchrun.")
    out = Path(config.out)
    claim_folder(out, config, apart=("out", "workers", "loader_workers"))
    homes = _render(config, out / "views", range(config.first_home, config.first_home + config.homes), "train")
    files = encode_batches(config, VariedBatches(homes, config.batch, config.seed), out / "features")
    training = training_record("eyes", config, homes)
    torch.manual_seed(config.seed)
    started = load(config.start) if config.start else None
    if started is None:
        head = DenseHead(DenseHeadConfig(LABELS, len(SURFACES), config.width, config.fine_width))
    else:
        head = started.head.float().requires_grad_(True)
    objective = EyesObjective(head, label_weights(count_labels(files[::7])), started is not None)
    if started is None:
        train_stage(config, "training", config, objective, EncodedBatches(files, config.seed))
    if config.tuning.steps:
        objective.encoder = load_vision_encoder(config.encoder) if started is None else started.vision.float()
        tune(objective.encoder)
        train_stage(config, "tuning", config.tuning, objective, EncodedBatches(files, config.seed + 1))
    save_detector(head.eval(), config.encoder, out / "detector", config.zoom, objective.tuned())
    detector = load(out / "detector")
    if config.validation_homes:
        seen = _render(config, out / "validation", range(config.validation_homes), "validation")
        metrics = evaluate_detector(detector, seen)
        (out / "metrics.json").write_text(json.dumps(metrics, indent=1))
        print(json.dumps(metrics, indent=1))
        training["scores"] = metrics
    write_card(out / "detector", [training])
    return detector


def _render(config: EyesTraining, folder: Path, seeds: range, split: Split) -> list[HomeViews]:
    """Render the views that are not there yet and open all. Those of training homes are varied."""
    from rich.progress import track

    work = partial(render_views, folder, split=split, views=config.views, varied=split == "train")
    todo = [seed for seed in seeds if not views_path(folder, seed, split).is_file()]
    if config.workers and todo:
        with ProcessPoolExecutor(config.workers, mp_context=get_context("spawn")) as pool:
            jobs = [pool.submit(work, seed) for seed in todo]
            done = track(as_completed(jobs), total=len(jobs), description=f"Rendering {split} homes")
            failures = [job.result() for job in done]
    else:
        failures = [work(seed) for seed in todo]
    for failure in filter(None, failures):
        print(failure)
    paths = [path for seed in seeds if (path := views_path(folder, seed, split)).is_file()]
    if not paths:
        raise ValueError(f"No {split} home could be rendered into {folder}; give more homes.")
    return [open_views(path) for path in paths]


class VariedBatches(Dataset):
    """Batches of varied views: frames and targets. Item i is always the same for the same homes and seed."""

    def __init__(self, homes: Sequence[HomeViews], batch: int, seed: int) -> None:
        self.batch, self.seed = batch, seed
        self.landscape = [(home, i) for home in homes if not home.portrait for i in range(home.frames)]
        self.portrait = [(home, i) for home in homes if home.portrait for i in range(home.frames)]

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        """Draw batch `index`: one size of frame, then varied views."""
        rng = np.random.default_rng([self.seed, index])
        portrait = rng.random() < len(self.portrait) / (len(self.portrait) + len(self.landscape))
        views = self.portrait if portrait else self.landscape
        size = LANDSCAPE_SIZES[rng.choice(len(LANDSCAPE_SIZES), p=LANDSCAPE_SHARES)]
        items = []
        for _ in range(self.batch):
            home, view = views[rng.integers(len(views))]
            frame, targets = vary(home.view(view), PORTRAIT_SIZE if portrait else size, rng)
            items.append({"frames": frame} | targets)
        return {name: torch.from_numpy(np.stack([item[name] for item in items])) for name in items[0]}


def encode_batches(config: EyesTraining, batches: VariedBatches, folder: Path) -> list[Path]:
    """Encode the batches whose files are not there yet; return the files of all.

    A file holds the stages of the vision encoder and the targets [frames, rows, columns, channels], in 16 bits.
    """
    from rich.progress import track

    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{index:05d}.safetensors" for index in range(config.batches)]
    missing = [index for index, file in enumerate(files) if not file.is_file()]
    if not missing:
        return files
    single = not multiplies_bfloat16(torch.device("cpu"))
    encoder = load_vision_encoder(config.encoder, torch.float32 if single else torch.bfloat16)
    loader = DataLoader(Subset(batches, missing), batch_size=None, num_workers=config.workers)
    for index, batch in zip(missing, track(loader, total=len(missing), description="Encoding views"), strict=True):
        tensors = dict(zip(STAGES, read_stages(encoder, batch.pop("frames")), strict=True))
        tensors = {name: stage.to(torch.bfloat16) for name, stage in tensors.items()}
        for name, values in batch.items():
            kind = torch.int16 if name == "label" else torch.float16 if values.is_floating_point() else values.dtype
            tensors[name] = values.to(kind)
        write_tensors(files[index], tensors, {"encoder": config.encoder})
    return files


def read_stages(encoder: VisionEncoder, frames: UInt8[Tensor, "frames height width 3"]) -> tuple[Tensor, ...]:
    """Return the encoder's stages of RGB frames. Raises ValueError for an encoder without stages."""
    images = frames.permute(0, 3, 1, 2).float() / 255
    _, stages = encoder.tokens_and_stages(images.to(next(encoder.parameters()).dtype))
    if stages is None:
        raise ValueError(f"The vision encoder {encoder.name} has no stages to train on; give --encoder another one.")
    return stages


class EncodedBatches(Dataset):
    """Encoded batches, in another order in each pass."""

    def __init__(self, files: Sequence[Path], seed: int) -> None:
        self.files, self.seed = files, seed

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        """Read the batch of step `index`."""
        turn, place = divmod(index, len(self.files))
        return load_file(self.files[np.random.default_rng([self.seed, turn]).permutation(len(self.files))[place]])


def count_labels(files: Sequence[Path]) -> Int[np.ndarray, " labels"]:
    """Count the cells of each label in encoded batches."""
    labels = (load_file(file)["label"].numpy().ravel() for file in files)
    return np.stack([np.bincount(values, minlength=len(LABELS)) for values in labels]).sum(0)


def label_weights(counts: Int[np.ndarray, " labels"]) -> Float[Tensor, " labels"]:
    """Return the weights of the labels in the loss: rare categories up to 1.5, the room's surfaces 0.5."""
    things = counts[1 : -len(SURFACES)]
    middle = np.median(things[things > 0]) if things.any() else 1.0
    weights = np.clip(np.sqrt(middle / np.maximum(counts, 1)), 0.5, 1.5)
    weights[0] = weights[-len(SURFACES) :] = 0.5
    return torch.tensor(weights, dtype=torch.float32)


def tune(encoder: VisionEncoder) -> None:
    """Let the parameters behind stride 8 take gradients, but for the greatest tensors. Raises ValueError for an encoder
    that cannot continue from stride 8."""
    if not isinstance(encoder, TunableEncoder):
        raise ValueError(f"The vision encoder {encoder.name} cannot be tuned; give --tuning.steps 0.")
    for parameter in encoder.later_parameters().values():
        parameter.requires_grad_(parameter.numel() <= MOST_TUNED)


@runtime_checkable
class TunableEncoder(Protocol):
    """A vision encoder that continues from its map of stride 8, with gradients."""

    def later_stages(self, eighth: Tensor) -> tuple[Tensor, Tensor]:
        """Return the maps of strides 16 and 32."""
        ...

    def later_parameters(self) -> dict[str, nn.Parameter]:
        """Return the parameters that `later_stages` uses."""
        ...


class EyesObjective(Objective):
    """The losses of a dense head on an encoded batch. With an `encoder`, its stages behind stride 8 are computed again
    from that of stride 8, with gradients. With `steady`, batch normalisation keeps its statistics."""

    encoder: VisionEncoder | None

    def __init__(self, head: DenseHead, weights: Float[Tensor, " labels"], steady: bool = False) -> None:
        super().__init__()
        self.head, self.encoder, self.steady = head, None, steady
        self.register_buffer("weights", weights, persistent=False)

    def train(self, mode: bool = True) -> EyesObjective:
        """Switch between training and evaluation, as `nn.Module.train`."""
        super().train(mode)
        for module in self.head.modules():
            if isinstance(module, nn.BatchNorm2d) and self.steady:
                module.eval()
        return self

    def state_dict(self, *args, **kwargs) -> dict[str, Tensor]:
        """Return the trained tensors and the running statistics of batch normalisation."""
        state = nn.Module.state_dict(self, *args, **kwargs)
        tuned = self.tuned()
        return {n: t for n, t in state.items() if not n.startswith(TUNED) or n.removeprefix(TUNED) in tuned}

    def tuned(self) -> dict[str, Tensor]:
        """Return the encoder's tuned weights by their names; none for a frozen encoder."""
        named = () if self.encoder is None else self.encoder.named_parameters()
        return {name: value.detach() for name, value in named if value.requires_grad}

    def forward(self, example: dict[str, Tensor]) -> dict[str, Float[Tensor, ""]]:
        """Return the losses of a batch."""
        fine, middle, coarse = (example[name].float().contiguous(memory_format=torch.channels_last) for name in STAGES)
        if isinstance(self.encoder, TunableEncoder):
            middle, coarse = self.encoder.later_stages(fine)
        prediction = self.head((fine, middle, coarse))
        with torch.autocast(fine.device.type, enabled=False):
            return detection_losses(prediction, example, self.get_buffer("weights"))


def detection_losses(
    prediction: DensePrediction, truth: dict[str, Tensor], weights: Float[Tensor, " labels"]
) -> dict[str, Float[Tensor, ""]]:
    """Return cross-entropy of the labels, smooth L1 losses of all else (already weighted), and their sum as "loss"."""
    parts = {"label": functional.cross_entropy(prediction.label, truth["label"].long(), weight=weights)}
    for name, (weight, beta, counts) in REGRESSIONS.items():
        target = truth[name].float().permute(0, 3, 1, 2)
        errors = functional.smooth_l1_loss(getattr(prediction, name), target, reduction="none", beta=beta)
        mask = torch.ones_like(errors[:, :1]) if counts is None else truth[counts].unsqueeze(1)
        parts[name] = weight * (errors * mask).sum() / (mask.sum() * errors.shape[1]).clamp(min=1)
    return parts | {"loss": torch.stack(list(parts.values())).sum()}


def save_detector(head: DenseHead, reads: str, folder: Path, zoom: float, tuned: Mapping[str, Tensor]) -> None:
    """Write `config.json` and `model.safetensors` (bf16, statistics in fp32), as the detector `homes` loads them.
    `tuned` are weights of the vision encoder that replace its own."""
    folder.mkdir(parents=True, exist_ok=True)
    config = vars(head.config) | {"vision": reads, "zoom": zoom}
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    state = head.state_dict() | {f"{TUNED}{name}": value for name, value in tuned.items()}
    tensors = {
        name: value.to("cpu", torch.float32 if "running" in name else torch.bfloat16).contiguous()
        for name, value in state.items()
        if not name.endswith("num_batches_tracked")
    }
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


@torch.inference_mode()
def evaluate_detector(detector: HomesDetector, homes: Sequence[HomeViews]) -> dict[str, float]:
    """Compare the labels of cells with the truth.

    Return the mean IoU over the categories in views or predictions, the number of these categories, the share of right
    cells, and the IoU of each surface.
    """
    confusion = np.zeros((len(LABELS), len(LABELS)), int)
    for home in homes:
        views = [home.view(index) for index in range(home.frames)]
        frames = np.stack([cv2.resize(view.rgb, TEST_SIZE, interpolation=cv2.INTER_AREA) for view in views])
        eighth, sixteenth, last = read_stages(detector.vision, torch.from_numpy(frames))
        found = detector.head((eighth, sixteenth, last)).label.argmax(1).numpy()
        whole = (0, 0, *views[0].instances.shape[::-1])
        true = np.stack([cell_targets(view, whole, TEST_SIZE)["label"] for view in views])
        np.add.at(confusion, (true, found), 1)
    hits = confusion.diagonal()
    union = confusion.sum(0) + confusion.sum(1) - hits
    iou = hits / np.maximum(union, 1)
    counted = np.flatnonzero(union[1 : -len(SURFACES)] > FEWEST_CELLS) + 1
    return {
        "mean_iou": float(iou[counted].mean()) if len(counted) else 0.0,
        "categories": len(counted),
        "accuracy": float(hits.sum() / confusion.sum()),
        **{f"{name}_iou": float(iou[LABELS.index(name)]) for name in SURFACES},
    }
