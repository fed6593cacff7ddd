"""Sets of real pictures with their known truth: one folder a set, described by its `meta.json`.

`docs/reference/real-sets.md` describes the format.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, TypeVar

import numpy as np
from jaxtyping import Float32, Float64, UInt8
from PIL import Image, ImageOps, UnidentifiedImageError
from pydantic import BaseModel, Field, ValidationError, model_validator

from .categories import Categories, categories_of

META, QUESTIONS = "meta.json", "questions.json"
SECONDS_A_FRAME = 0.5  # of a sequence without times
RIGID = 1e-3  # largest error of a rotation matrix
Row4 = Annotated[tuple[float, ...], Field(min_length=4, max_length=4)]
Record = TypeVar("Record", bound=BaseModel)
Row3 = Annotated[tuple[float, ...], Field(min_length=3, max_length=3)]


class LabelledBox(BaseModel):
    """A thing in a picture: its label, and left, top, right, bottom in pixels."""

    label: str
    box_xyxy: Row4

    @model_validator(mode="after")
    def _check(self) -> LabelledBox:
        left, top, right, bottom = self.box_xyxy
        if not (left < right and top < bottom):
            raise ValueError("box_xyxy is left, top, right, bottom in pixels")
        return self


class ListedFrame(BaseModel):
    """A picture as `meta.json` lists it. `objects` is None where nobody labelled it."""

    image: str
    depth: str | None = None
    camera_to_world: Annotated[tuple[Row4, ...], Field(min_length=4, max_length=4)] | None = None
    time_s: float | None = None
    objects: tuple[LabelledBox, ...] | None = None

    @model_validator(mode="after")
    def _check(self) -> ListedFrame:
        if self.camera_to_world is not None:
            turn = np.array(self.camera_to_world)[:3, :3]
            if not np.allclose(turn @ turn.T, np.eye(3), atol=RIGID):
                raise ValueError("camera_to_world holds no rotation in its first three rows and columns")
        return self


class PinholeCamera(BaseModel):
    """A camera: the size of its pictures in pixels, and its matrix."""

    width: int
    height: int
    K: Annotated[tuple[Row3, ...], Field(min_length=3, max_length=3)]


class RealQuestion(BaseModel):
    """A question about a set. `answer` is a number, words, or the letter of an option; `accept` are other right words.

    `answerable` is False where the right answer is a refusal: it was not seen, or it cannot be told.
    """

    type: str
    question: str
    options: tuple[str, ...] | None = None
    answer: float | int | str | None = None
    unit: str | None = None
    accept: tuple[str, ...] | None = None
    answerable: bool = True

    @model_validator(mode="after")
    def _check(self) -> RealQuestion:
        if self.answerable and self.answer is None:
            raise ValueError("an answerable question needs an answer")
        return self


class QuestionList(BaseModel):
    """The content of `questions.json`."""

    questions: tuple[RealQuestion, ...]


class Description(BaseModel):
    """The content of `meta.json`: `frames` of one camera in order of time, or single `images`."""

    what: str = ""
    frames: tuple[ListedFrame, ...] = ()
    images: tuple[ListedFrame, ...] = ()
    intrinsics: PinholeCamera | None = None
    depth_unit: str | None = None
    classes: tuple[str, ...] = ()
    categories: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check(self) -> Description:
        if bool(self.frames) == bool(self.images):
            raise ValueError("give either frames (of one camera, in order of time) or images (single pictures)")
        if any(frame.depth is not None for frame in self.frames):
            if self.intrinsics is None:
                raise ValueError("depth needs intrinsics: width, height, K")
            steps_a_metre(self.depth_unit)
        times = [frame.time_s for frame in self.frames]
        known = [time for time in times if time is not None]
        if known and (len(known) < len(times) or any(b <= a for a, b in pairwise(known))):
            raise ValueError("time_s must be given for all frames or for none, and must increase")
        return self


def steps_a_metre(unit: str | None) -> float:
    """Return how many steps of a depth picture are a metre: "millimetres" gives 1000, "5000 = 1 m" gives 5000."""
    if (found := re.search(r"(\d+(?:\.\d+)?)\s*=\s*1\s*m\b", unit or "")) is not None:
        return float(found[1])
    if "millimet" in (unit or ""):
        return 1000.0
    raise ValueError('depth_unit must say "millimetres", or such as "5000 = 1 m"')


@dataclass(frozen=True)
class RealFrame:
    """A picture of a set with its known truth. `time` is in seconds since the first frame."""

    file: Path
    time: float
    depth_file: Path | None
    world_from_camera: Float64[np.ndarray, "4 4"] | None
    objects: tuple[LabelledBox, ...] | None

    @property
    def image(self) -> UInt8[np.ndarray, "height width 3"]:
        """The picture, upright, RGB. Raises ValueError for a file that is no picture."""
        try:
            with Image.open(self.file) as picture:
                return np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))
        except (UnidentifiedImageError, OSError) as error:
            raise ValueError(f"{self.file} cannot be read as a picture: {error}") from None


@dataclass(frozen=True)
class RealSet:
    """A set: a sequence of one camera, or single pictures (`photos`). `steps` are those of a depth picture in a metre.

    `labels` are the kinds that are labelled in every picture; a kind that is not among them may be there unlabelled.
    """

    name: str
    what: str
    folder: Path
    photos: bool
    frames: tuple[RealFrame, ...]
    intrinsics: PinholeCamera | None
    steps: float
    labels: tuple[str, ...]
    categories: Categories
    questions: tuple[RealQuestion, ...]

    @property
    def posed(self) -> bool:
        """Whether every frame has a true pose."""
        return not self.photos and all(frame.world_from_camera is not None for frame in self.frames)

    @property
    def measured(self) -> bool:
        """Whether every frame has true depth."""
        return not self.photos and all(frame.depth_file is not None for frame in self.frames)

    @property
    def boxed(self) -> bool:
        """Whether every picture has true boxes."""
        return all(frame.objects is not None for frame in self.frames)

    @cached_property
    def poses(self) -> Float64[np.ndarray, "frames 4 4"]:
        """The true poses of a set with poses: world from camera."""
        return np.stack([pose for frame in self.frames if (pose := frame.world_from_camera) is not None])

    def depth(self, frame: RealFrame) -> Float32[np.ndarray, "height width"]:
        """Return a frame's true depth along the camera's axis in metres, 0 where it is unknown. Raises ValueError for
        a file that is no depth picture of the camera's size."""
        assert frame.depth_file is not None and self.intrinsics is not None
        try:
            with Image.open(frame.depth_file) as picture:
                steps = np.asarray(picture)
        except (UnidentifiedImageError, OSError) as error:
            raise ValueError(f"{frame.depth_file} cannot be read as a picture: {error}") from None
        size = (self.intrinsics.height, self.intrinsics.width)
        if steps.shape != size:
            raise ValueError(
                f"{frame.depth_file} is {steps.shape[::-1]} pixels, but the intrinsics of {self.folder / META} are for "
                f"{size[::-1]}; depth pictures have one channel of 16 bits and the size of the camera's pictures."
            )
        return (steps / self.steps).astype(np.float32)


def read_sets(folder: Path, only: Sequence[str] = ()) -> list[RealSet]:
    """Read a folder of sets, or one set; `only` names the sets to keep. Raises ValueError for a folder without sets, a
    set that does not keep to the format, and an unknown name."""
    if not folder.is_dir():
        raise ValueError(f"There is no folder {folder}; give one that holds sets of pictures (one folder a set).")
    files = [folder / META] if (folder / META).is_file() else sorted(folder.glob(f"*/{META}"))
    if not files:
        raise ValueError(
            f"{folder} holds no sets: no {META} in it or in a folder of it. docs/reference/real-sets.md has the format."
        )
    names = {file.parent.name: file for file in files}
    if unknown := [name for name in only if name not in names]:
        raise ValueError(f"{folder} has no set {', '.join(unknown)}; there are: {', '.join(names)}.")
    return [_read_set(file) for name, file in names.items() if not only or name in only]


def _read_set(file: Path) -> RealSet:
    described = _parsed(file, Description)
    folder, photos = file.parent, bool(described.images)
    listed = sorted(described.images, key=lambda frame: frame.image) if photos else described.frames
    first = listed[0].time_s or 0.0
    frames = tuple(
        RealFrame(
            file=_existing(folder, frame.image, file),
            time=0.0 if photos else SECONDS_A_FRAME * index if frame.time_s is None else frame.time_s - first,
            depth_file=None if frame.depth is None else _existing(folder, frame.depth, file),
            world_from_camera=None if frame.camera_to_world is None else np.array(frame.camera_to_world, np.float64),
            objects=frame.objects,
        )
        for index, frame in enumerate(listed)
    )
    labels = described.classes or tuple(dict.fromkeys(thing.label for frame in frames for thing in frame.objects or ()))
    questions = folder / QUESTIONS
    return RealSet(
        name=folder.name,
        what=described.what,
        folder=folder,
        photos=photos,
        frames=frames,
        intrinsics=described.intrinsics,
        steps=steps_a_metre(described.depth_unit) if any(frame.depth for frame in listed) else 0.0,
        labels=labels,
        categories=categories_of(labels, described.categories),
        questions=_parsed(questions, QuestionList).questions if questions.is_file() else (),
    )


def _existing(folder: Path, name: str, meta: Path) -> Path:
    if not (folder / name).is_file():
        raise ValueError(f"{meta} names {name}, but there is no file {folder / name}.")
    return folder / name


def _parsed(file: Path, record: type[Record]) -> Record:
    """Read a JSON file as a record. Raises ValueError that names the file, the place in it and the fault."""
    try:
        content: Any = json.loads(file.read_text("utf-8"))
        return record.model_validate(content)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{file} is no JSON: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the document"
        raise ValueError(f"{file}: {where}: {first['msg'].removeprefix('Value error, ')}.") from None
