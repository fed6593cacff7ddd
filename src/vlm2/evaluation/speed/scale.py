"""The costs of the 7b at full size: seconds by component and peak memory as a session watches more and more frames.

The weights are random, since their values do not change the cost. Plain LLaVA-Video, which keeps all frames, is the
baseline.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, SiglipVisionConfig, SiglipVisionModel

from ...encoders.geometry.pi3 import Pi3Config
from ...encoders.vision.siglip import SIGLIP_SO400M, SigLIP
from ...models import VLM2Config, VLM2Processor, preset
from ...models.convert.llava_video import TEMPLATE
from ...models.halves import ModelHalves
from ...models.llava_video import LlavaVideo
from ...models.untrained import build_model
from ...streaming import LoadedModel
from ...streaming.session import with_answer_request
from .harness import FPS, QUESTION, now, peak_gigabytes, pictures, reset_peak, timed

COMPONENTS = ("vision encoder", "geometry encoder", "representation", "memory")
ANSWER_TOKENS = 8


@dataclass(frozen=True)
class ScalePoint:
    """The cost after so many frames. `seconds`: of each component since the previous point, and of one answer
    ("answer"). `read`: the tokens that the language model read. `peak_gigabytes`: since the previous point. `seconds`
    and `read` are None if the machine ran out of memory."""

    mode: str
    frames: int
    seconds: dict[str, float] | None
    read: int | None
    peak_gigabytes: float


Report = Callable[[ScalePoint], None]


def random_model(
    depth: int | None,
    device: torch.device,
    dtype: torch.dtype,
    config: VLM2Config | None = None,
    siglip: Mapping[str, Any] = SIGLIP_SO400M,
) -> LoadedModel:
    """Build the 7b with random weights. `depth` keeps only the first layers of every stack: language model, SigLIP,
    π³'s trunk (an even number), its DINOv2 and its decoders. Its tokenizer has one token a byte, so questions are
    longer than the 7b's. `config` and `siglip` set other sizes."""
    torch.manual_seed(0)
    config = preset("7b") if config is None else config
    vision = SiglipVisionConfig(**siglip)
    geometry = Pi3Config.from_dict(config.geometry_config.settings)
    if depth is not None:
        text = config.text_config.to_dict() | {"layer_types": None}  # one a layer
        text["num_hidden_layers"] = min(text["num_hidden_layers"], depth)
        config.text_config = type(config.text_config)(**text)
        vision.num_hidden_layers = min(int(str(vision.num_hidden_layers)), depth)
        geometry = _shallow(geometry, depth)
    vision.feature_layers = vision.num_hidden_layers
    config.geometry_config.settings = geometry.to_dict()
    with torch.device(device):
        tower = SigLIP(SiglipVisionModel(vision))
    model = build_model(config, device, dtype, tower.to(torch.bfloat16))
    model.geometry.to_bfloat16()
    processor = VLM2Processor.from_config(config, _byte_tokenizer())
    name = f"7b with random weights{'' if depth is None else f', depth {depth}'}"
    return LoadedModel(name, Path(), ModelHalves.of(model, processor))


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


def watch(loaded: LoadedModel, marks: Sequence[int], report: Report = lambda point: None) -> list[ScalePoint]:
    """Let one session watch as many frames as the last mark, and ask at each."""
    session, found = loaded.session(), []
    stream = enumerate(pictures())
    for mark in sorted(marks):
        reset_peak()
        with timed(loaded.model, session) as timing:
            for index, image in islice(stream, mark - session.frames):
                session.observe(image, index / FPS)
            answer = session.ask(QUESTION, ANSWER_TOKENS)
        seconds = {name: timing.seconds[name] for name in COMPONENTS} | {"answer": answer.seconds}
        found.append(ScalePoint("memory", mark, seconds, answer.prefilled, peak_gigabytes()))
        report(found[-1])
    return found


def keep_all(loaded: LoadedModel, marks: Sequence[int], report: Report = lambda point: None) -> list[ScalePoint]:
    """Ask plain LLaVA-Video about so many frames at each mark, all of them in the prompt."""
    llava, found = LlavaVideo(loaded.model, loaded.processor), []
    for mark in sorted(marks):
        reset_peak()
        images = np.stack(list(islice(pictures(), mark)))
        times = [index / FPS for index in range(mark)]
        seconds, read = None, None
        try:
            with timed(loaded.model) as timing:
                started = now()
                llava.answer(images, mark / FPS, times, [with_answer_request(QUESTION)], ANSWER_TOKENS)
                total = now() - started
            vision = timing.seconds["vision encoder"]
            seconds = {"vision encoder": vision, "answer": total - vision}
            read = sum(tokens for tokens, _ in timing.prefills)
        except torch.OutOfMemoryError:
            pass
        found.append(ScalePoint("baseline", mark, seconds, read, peak_gigabytes()))
        report(found[-1])
    return found
