"""ModelHalves: a model whose language half may be loaded when it is first needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .frame_resizer import FrameResizer
from .once import Once
from .video_model import VideoModel

if TYPE_CHECKING:
    from .modeling import VLM2ForConditionalGeneration
    from .processing import VLM2Processor


class ModelHalves:
    """A model and its processor. `video_model` and `resizer` watch; nothing else is needed for that. `model`, which
    shares the modules of `video_model`, and `processor` are made when they are first needed. Safe to use from several
    threads."""

    def __init__(
        self,
        video_model: VideoModel,
        resizer: FrameResizer,
        make_model: Callable[[], VLM2ForConditionalGeneration],
        make_processor: Callable[[], VLM2Processor],
    ) -> None:
        self.video_model, self.resizer = video_model, resizer
        self._model, self._processor = Once(make_model), Once(make_processor)

    @classmethod
    def of(cls, model: VLM2ForConditionalGeneration, processor: VLM2Processor) -> ModelHalves:
        """Return the halves of a model that is loaded whole."""
        return cls(model, processor.video_processor, lambda: model, lambda: processor)

    @property
    def loaded(self) -> VideoModel:
        """The whole model if it is there, else the half that watches."""
        return self._model.known or self.video_model

    @property
    def model(self) -> VLM2ForConditionalGeneration:
        """The whole model."""
        return self._model()

    @property
    def processor(self) -> VLM2Processor:
        """The whole processor, with the tokenizer."""
        return self._processor()

    def watching_with(self, video_model: VideoModel) -> ModelHalves:
        """Return these halves with another video model, which only watches."""
        return ModelHalves(video_model, self.resizer, self._model, self._processor)
