"""A whole session with a detector and a depth model of transformers, loaded by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tinyhub
from toys import ToyVision, toy_model, toy_processor

import vlm2
from vlm2.encoders.geometry.hub import IMAGES, HubGeometry
from vlm2.streaming import Session


@pytest.fixture(scope="module")
def hub(tmp_path_factory) -> dict[str, str]:
    """Names of tiny checkpoints."""
    make = (tinyhub.dfine, tinyhub.owlv2, tinyhub.depth_anything)
    return {one.__name__: f"hub:{one(tmp_path_factory.mktemp(one.__name__))}" for one in make}


@pytest.fixture
def toy(tmp_path, monkeypatch) -> Path:
    """The folder of the toy model."""
    monkeypatch.setattr("vlm2.models.video_model.load_vision", lambda config: ToyVision())
    processor = toy_processor()
    processor.video_processor.max_pixels = ToyVision.max_pixels
    toy_model(stores="all").save_pretrained(tmp_path / "toy")
    processor.save_pretrained(tmp_path / "toy")
    return tmp_path / "toy"


def watched(model: vlm2.streaming.LoadedModel, frames: int = 3) -> Session:
    session = model.session()
    for index in range(frames):
        session.observe(tinyhub.picture(56, 84, seed=index), 0.5 * index)
    return session


def test_a_detector_by_name_feeds_the_object_memory(toy, hub) -> None:
    session = watched(vlm2.load(toy, device="cpu", eyes=hub["dfine"]))
    memory = session._complete(session._stream).objects
    assert memory is not None and memory.tracks
    assert memory.labels == ("chair", "sofa", "tv"), "couch is the vocabulary's sofa"
    assert session.ask("How many elephants are there?").status == "unknown_label"


def test_words_are_what_an_open_vocabulary_looks_for(toy, hub) -> None:
    model = vlm2.load(toy, device="cpu", eyes=hub["owlv2"], words=["fire extinguisher", "couch"])
    session = watched(model)
    memory = session._complete(session._stream).objects
    assert memory is not None and memory.tracks and memory.labels == ("fire extinguisher", "sofa")


def test_depth_by_name_replaces_the_models_and_leaves_its_tokens(toy, hub, tmp_path) -> None:
    plain = vlm2.load(toy, device="cpu", eyes=None)
    model = vlm2.load(toy, device="cpu", eyes=hub["dfine"], geometry=hub["depth_anything"])
    assert isinstance(model.model.geometry, HubGeometry) and not model.model.geometry.training
    assert model.processor.video_processor.geometry_images == IMAGES
    session, before = watched(model, 4), watched(plain, 4)
    ours, theirs = (each._complete(each._stream) for each in (session, before))
    assert ours.windows is not None and theirs.windows is not None
    with_depth, own = ours.windows.placed, theirs.windows.placed
    assert with_depth is not None and own is not None
    np.testing.assert_array_equal(with_depth.geometry_tokens, own.geometry_tokens)
    image = model.processor.video_processor.resize_for_geometry(tinyhub.picture(56, 84, seed=3)[None])
    depth = model.model.geometry.estimate(image[0])[0]
    np.testing.assert_allclose(with_depth.local_points[-1, ..., 2], depth[2::4, 2::4], rtol=1e-6)
    session.save(tmp_path / "room.vlm2mem")
    assert Session.open(tmp_path / "room.vlm2mem", model).objects == session.objects
    with pytest.raises(ValueError, match="configuration"):
        Session.open(tmp_path / "room.vlm2mem", plain)


def test_a_saved_model_names_its_depth(toy, hub, tmp_path) -> None:
    model = vlm2.load(toy, device="cpu", eyes=None, geometry=hub["depth_anything"])
    model.model.save_pretrained(tmp_path / "with-depth")
    model.processor.save_pretrained(tmp_path / "with-depth")
    again = vlm2.load(tmp_path / "with-depth", device="cpu", eyes=None)
    assert isinstance(again.model.geometry, HubGeometry)
    assert again.processor.video_processor.geometry_images == IMAGES


def test_words_without_eyes_are_refused(toy) -> None:
    with pytest.raises(ValueError, match="Words are for eyes with an open vocabulary"):
        vlm2.load(toy, device="cpu", eyes=None, words=["chair"])


def test_a_geometry_is_a_name_of_the_hub(toy) -> None:
    with pytest.raises(ValueError, match="There is no geometry 'eagle'"):
        vlm2.load(toy, device="cpu", geometry="eagle")
