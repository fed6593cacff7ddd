"""Plain LLaVA-Video (arXiv 2410.02713) out of the weights inside a VLM²: no memory, no 3D. For comparison."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from .frame_features import FRAMES_AT_ONCE
from .language import check_length
from .modeling import VLM2ForConditionalGeneration
from .processing import VLM2Processor

FRAMES = 32  # as VLM-3R and VSI-Bench take them; LLaVA-Video itself takes up to 64
SYSTEM = "You are a helpful assistant."
BEFORE = f"<|im_start|>system\n{SYSTEM}<|im_end|>\n<|im_start|>user\n"
CLOSING = "<|im_end|>\n<|im_start|>assistant\n"


def frame_indices(total: int, count: int = FRAMES) -> list[int]:
    """Return the numbers of the frames that are shown, evenly spread; of a video with fewer frames some come twice."""
    if total < 1 or count < 1:
        raise ValueError(f"{count} frames cannot be taken from a video of {total}; both must be at least 1.")
    return np.linspace(0, total - 1, count, dtype=int).tolist()


def time_instruction(seconds: float, times: Sequence[float]) -> str:
    """Return the sentence with the length of the video and the times of the frames in it, in seconds."""
    located = ",".join(f"{time:.2f}s" for time in times)
    return (
        f"The video lasts for {seconds:.2f} seconds, and {len(times)} frames are uniformly sampled from it. "
        f"These frames are located at {located}.Please answer the following questions related to this video."
    )


class LlavaVideo:
    """LLaVA-Video's own way from frames to words. The language model's adapters are off; vision encoder, projector and
    language model are the model's, so of a model that was trained it is no longer the published one. Raises ValueError
    for a model that was not imported from LLaVA-Video."""

    def __init__(self, model: VLM2ForConditionalGeneration, processor: VLM2Processor) -> None:
        if model.config.vision_projection:
            raise ValueError(
                "This model's projector does not read the vision encoder's tokens, so there is no LLaVA-Video in it. "
                "The baseline is for models that `vlm2 import llava-video` made."
            )
        self.model, self.processor = model, processor

    @torch.no_grad()
    def video_tokens(self, images: Float[Tensor, "frames 3 height width"]) -> Float[Tensor, "tokens text_dim"]:
        """Return what the language model sees of frames in [0, 1] of the vision encoder's size, frame after frame."""
        inputs = self.model.frame_encoder.inputs(images)
        assert inputs.visual_tokens is not None and inputs.grid is not None
        pieces = inputs.visual_tokens.split(FRAMES_AT_ONCE)
        return torch.cat([self.model.projector(part, inputs.grid) for part in pieces]).flatten(0, 1)

    def prompt_ids(self, question: str, seconds: float, times: Sequence[float]) -> tuple[list[int], list[int]]:
        """Return the ids before and after the video. Raises ValueError for an empty question."""
        if not question.strip():
            raise ValueError("The question is empty; ask something about the video.")
        before = self.processor.tokenizer(BEFORE, add_special_tokens=False)["input_ids"]
        return before, self.processor.text_ids(f"\n{time_instruction(seconds, times)}\n{question.strip()}", CLOSING)

    @torch.no_grad()
    def answer(
        self,
        frames: UInt8[np.ndarray, "frames height width 3"],
        seconds: float,
        times: Sequence[float],
        questions: Sequence[str],
        most_tokens: int,
    ) -> list[str]:
        """Answer questions about RGB frames seen at `times` in a video of so many seconds, greedily. Raises ValueError
        for a question that is empty or too long."""
        video = self.video_tokens(self.processor.video_processor.resize(frames))
        prompts = [self.prompt_ids(question, seconds, times) for question in questions]
        for question, (before, after) in zip(questions, prompts, strict=True):
            check_length(self.model.context_length, len(after), len(before) + len(video), most_tokens, question)
        language: Any = self.model.language_model
        embed = language.get_input_embeddings()
        answers = []
        with nullcontext() if self.model.config.lora is None else language.disable_adapter():
            for ids in prompts:
                before, after = (
                    embed(torch.tensor([part], device=self.model.language_backbone.device)) for part in ids
                )
                prompt = torch.cat([before, video[None].to(before), after], dim=1)
                mask = torch.ones(prompt.shape[:2], dtype=torch.long, device=prompt.device)
                words = language.generate(
                    inputs_embeds=prompt, attention_mask=mask, max_new_tokens=most_tokens, do_sample=False
                )
                answers.append(self.processor.decode(words[0]))
        return answers
