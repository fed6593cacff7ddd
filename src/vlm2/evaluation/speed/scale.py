"""A preset at its own size with random weights: seconds by station and peak memory as a session sees more and more
frames, beside plain LLaVA-Video, which keeps them all. What it costs is the same as with trained weights."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from torch import nn
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast, SiglipVisionConfig, SiglipVisionModel

from ...encoders.geometry.pi3 import Pi3, Pi3Config
from ...encoders.vision.siglip import SigLIP
from ...models import VLM2Config, VLM2ForConditionalGeneration, VLM2Processor, preset
from ...models.convert.llava_video import TEMPLATE
from ...models.llava_video import LlavaVideo
from ...models.presets import SIGLIP_SO400M
from ...streaming import LoadedModel
from ...streaming.session import worded
from .soak import FPS, QUESTION, pictures

STATIONS = ("vision", "geometry", "representation")  # timed as they run; the memory by the session
WORDS = 8  # of an answer


@dataclass(frozen=True)
class ScalePoint:
    """After so many frames: seconds a station spent on the frames since the mark before (`answer`: on one question),
    tokens that the language model read, and peak memory since then. `seconds` and `read` are None where the memory of
    the machine did not suffice."""

    mode: str
    frames: int
    seconds: dict[str, float] | None
    read: int | None
    peak_gigabytes: float


def random_model(
    depth: int | None,
    device: torch.device,
    dtype: torch.dtype,
    config: VLM2Config | None = None,
    siglip: Mapping[str, Any] = SIGLIP_SO400M,
) -> LoadedModel:
    """Build the 7b with random weights; with `depth`, of every stack of layers only the first so many: language model,
    SigLIP, π³'s trunk (an even number), its DINOv2 and its decoders. The tokenizer knows bytes only, so a question is
    longer than it would be. `config` and `siglip` are other sizes."""
    torch.manual_seed(0)
    config = preset("7b") if config is None else config
    text, vision = config.text_config(), SiglipVisionConfig(**siglip)
    geometry = Pi3Config.from_dict(config.geometry["config"])
    if depth is not None:
        text.num_hidden_layers = min(text.num_hidden_layers, depth)
        vision.num_hidden_layers = min(int(str(vision.num_hidden_layers)), depth)
        geometry = _shallow(geometry, depth)
    vision.feature_layers = vision.num_hidden_layers
    config.geometry = config.geometry | {"config": geometry.to_dict()}
    with torch.device(device):
        language = AutoModelForCausalLM.from_config(text, dtype=dtype)
        tower = SigLIP(SiglipVisionModel(vision)).to(torch.bfloat16)
        encoder = Pi3(geometry).to_bfloat16()
        model = VLM2ForConditionalGeneration(config, tower, language, encoder).eval()
    nn.Module.to(model.language_model, dtype)
    processor = VLM2Processor.from_config(config, _byte_tokenizer())
    return LoadedModel(f"7b with random weights{'' if depth is None else f', depth {depth}'}", Path(), model, processor)


def _shallow(config: Pi3Config, depth: int) -> Pi3Config:
    def cut(size: int) -> int:
        return min(size, depth)

    decoders = {
        name: replace(part, depth=cut(part.depth))
        for name, part in (("points", config.points), ("confidence", config.confidence), ("camera", config.camera))
    }
    trunk = min(config.depth, depth + depth % 2)
    return replace(config, depth=trunk, backbone_depth=cut(config.backbone_depth), **decoders)


def _byte_tokenizer() -> PreTrainedTokenizerFast:
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={symbol: i for i, symbol in enumerate(alphabet)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|im_end|>", chat_template=TEMPLATE)


def watch(
    loaded: LoadedModel, marks: Sequence[int], told: Callable[[ScalePoint], None] = lambda mark: None
) -> list[ScalePoint]:
    """Let one session see as many frames as the last mark, and ask at each."""
    session, found, before = loaded.session(), [], 0
    stream = enumerate(pictures(None))
    for mark in sorted(marks):
        _reset_peak()
        remembered = session.spent["memory"]
        with _timed(loaded.model) as spent:
            for index, image in islice(stream, mark - before):
                session.observe(image, index / FPS)
            answer = session.ask(QUESTION, WORDS)
        seconds = {**spent, "memory": session.spent["memory"] - remembered, "answer": answer.seconds}
        found.append(ScalePoint("memory", mark, seconds, answer.prefilled, _peak()))
        told(found[-1])
        before = mark
    return found


def keep_all(
    loaded: LoadedModel, marks: Sequence[int], told: Callable[[ScalePoint], None] = lambda mark: None
) -> list[ScalePoint]:
    """Ask plain LLaVA-Video about so many frames at each mark, all of them in the prompt."""
    llava, found = LlavaVideo(loaded.model, loaded.processor), []
    for mark in sorted(marks):
        _reset_peak()
        images = np.stack(list(islice(pictures(None), mark)))
        times = [index / FPS for index in range(mark)]
        seconds: dict[str, float] | None
        try:
            with _timed(loaded.model) as spent:
                started = time.perf_counter()
                llava.answer(images, mark / FPS, times, [worded(QUESTION)], WORDS)
                whole = time.perf_counter() - started
            seconds = {"vision": spent["vision"], "answer": whole - spent["vision"]}
        except torch.OutOfMemoryError:
            seconds = None
        grid = loaded.model.vision.grid(*loaded.processor.frame_size(*images.shape[1:3]))
        tokens = mark * loaded.model.projector.tokens(grid)
        ids = sum(map(len, llava.prompt_ids(worded(QUESTION), mark / FPS, times)))
        found.append(ScalePoint("baseline", mark, seconds, None if seconds is None else tokens + ids, _peak()))
        told(found[-1])
    return found


@contextmanager
def _timed(model: VLM2ForConditionalGeneration) -> Iterator[dict[str, float]]:
    """Add up the seconds of the stations, each waited for."""
    spent: dict[str, float] = dict.fromkeys(map(str, STATIONS), 0.0)
    started: dict[str, float] = {}
    hooks = []

    def before(name: str) -> Callable[..., None]:
        def hook(*_: object) -> None:
            _wait()
            started[name] = time.perf_counter()

        return hook

    def after(name: str) -> Callable[..., None]:
        def hook(*_: object) -> None:
            _wait()
            spent[name] += time.perf_counter() - started[name]

        return hook

    for name in STATIONS:
        module = model.get_submodule(name)
        hooks += [module.register_forward_pre_hook(before(name)), module.register_forward_hook(after(name))]
    try:
        yield spent
    finally:
        for hook in hooks:
            hook.remove()


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def _reset_peak() -> None:
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()


def _peak() -> float:
    """Return the peak of the GPU since the last reset; without one, that of the whole process since it began."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / 1e9
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
