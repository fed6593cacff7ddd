"""Question answering as a training objective: behind a video's tokens, and from the words alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jaxtyping import Float, Int
from torch import Tensor

from ..models import FrameFeatures, VLM2ForConditionalGeneration, VLM2Processor
from ..models.recall import Recollection
from ..questions.question import Question
from . import packing
from .answer_loss import AnswerLoss
from .examples import Example
from .stage import Objective
from .token_grounding import GroundingLoss, pool2, pooled_categories, recognition_with_words


@dataclass(frozen=True)
class SupervisionWeights:
    """Weights of the losses beside that of the answers, which the truth about the frames allows."""

    category: float = 0.3  # of what each token shows
    position: float = 0.1  # of where it is
    attention: float = 0.5  # of the attention from a name to the tokens that show the object


class VideoQuestionAnswering(Objective):
    """The loss of the answers to one video's questions, behind the slots of the memory at the video's end.

    With `weights`, the tokens of the slots are supervised by the truth about the frames as well; without them no truth
    is needed, and the recognition, which learns from it only, is frozen. `on_start` is called before the first step.
    """

    def __init__(
        self,
        model: VLM2ForConditionalGeneration,
        processor: VLM2Processor,
        row: int,
        weights: SupervisionWeights | None = None,
        on_start: Callable[[], None] | None = None,
    ) -> None:
        super().__init__()
        self.model, self.weights, self.on_start = model, weights, on_start
        self.answer_loss = AnswerLoss(model, processor, row)
        self.uses_counting = weights is None  # whether the prompts hold the numbers of the counting network
        recognition = recognition_with_words(model, processor)
        if weights is not None:
            self.grounding = GroundingLoss(recognition)
        else:
            recognition.requires_grad_(False)
        packing.use_in(model)

    def prepare(self) -> None:
        """Call `on_start`."""
        if self.on_start is not None:
            self.on_start()

    def forward(self, example: Example) -> dict[str, Tensor]:
        """Return the loss of the answers and, with weights, those of categories, positions and attention."""
        device = self.model.language_model.get_input_embeddings().weight.device
        features = example.features.to(device)
        tokens, frames, recalled = self.slots(features)
        counting = self.model.counting if self.uses_counting else None
        video, questions, weights = tokens.flatten(0, 1), example.questions, self.weights
        if weights is None:
            answer, _ = self.answer_loss(video, questions, recalled, counting)
            return {"loss": answer, "answer": answer}
        assert example.truth is not None
        categories = pooled_categories(example.truth.categories.to(device)[frames], features.grid)
        shown = categories.flatten(0, 1) > 0 if weights.attention else None
        answer, attention = self.answer_loss(video, questions, recalled, counting, shown)
        positions = pool2(example.truth.coordinates.to(device)[frames], features.grid)
        category, position = self.grounding(tokens, categories, positions)
        loss = answer + weights.category * category + weights.position * position + weights.attention * attention
        return {"loss": loss, "answer": answer, "category": category, "position": position, "attention": attention}

    def slots(
        self, features: FrameFeatures
    ) -> tuple[Float[Tensor, "slots tokens text_dim"], Int[Tensor, " slots"], Recollection | None]:
        """Return the tokens of a video's slots, the slots' frames, and the evidence of the model's recall, if any."""
        tokens, frames = self.model.frame_tokens(features)
        places, times = features.patch_coordinates[frames], features.times[frames]
        return tokens, frames, self.model.recollect(tokens, places, times, features.grid)


class TextQuestionAnswering(Objective):
    """The loss of the answers to questions without a video; it trains the adapters alone."""

    def __init__(self, answering: VideoQuestionAnswering) -> None:
        super().__init__()
        self.language_model, self.answer_loss = answering.model.language_model, answering.answer_loss

    def forward(self, example: Sequence[Question]) -> dict[str, Tensor]:
        """Return the loss of the answers."""
        embedding: Tensor = self.language_model.get_input_embeddings().weight
        no_video = embedding.new_empty(0, embedding.shape[1])
        return {"loss": self.answer_loss(no_video, example)[0]}
