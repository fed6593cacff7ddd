"""ModelHalves: a model whose language half may be loaded when it is first needed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar

from .frame_resizer import FrameResizer
from .video_model import VideoModel

if TYPE_CHECKING:
    from .modeling import VLM2ForConditionalGeneration
    from .processing import VLM2Processor

Made = TypeVar("Made")


class Once(Generic[Made]):
    """A value that is made when it is first needed, by one thread; others wait for it. A `make` that raises is called
    again the next time."""

    def __init__(self, make: Callable[[], Made]) -> None:
        self._make, self._lock = make, threading.Lock()
        self._made: Made | None = None

    def get(self) -> Made:
        """Return the value."""
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made


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
    def model(self) -> VLM2ForConditionalGeneration:
        """The whole model."""
        return self._model.get()

    @property
    def processor(self) -> VLM2Processor:
        """The whole processor, with the tokenizer."""
        return self._processor.get()

    def watching_with(self, video_model: VideoModel) -> ModelHalves:
        """Return these halves with another video model, which only watches."""
        return ModelHalves(video_model, self.resizer, self._model.get, self._processor.get)
