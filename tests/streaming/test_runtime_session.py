"""A session whose frozen networks OpenVINO computes: its answers are those of PyTorch, and say so."""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from itertools import islice

import jaxtyping
import pytest
import torch

import vlm2
from vlm2.encoders import runtime
from vlm2.streaming import LoadedModel, memory_file
from vlm2.video import VideoFile

QUESTIONS = ("How many chairs are in this room?", "How big is the room?", "Is there a bed?")
COUNT = 12  # a whole window, and frames that wait


def loaded(**options) -> LoadedModel:
    """mini, with shapes unchecked: while PyTorch traces a network, they are tensors."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jaxtyping.config, "jaxtyping_disable", True)
        return vlm2.load("mini", device="cpu", eyes="homes", **options)


@pytest.mark.skipif(find_spec("openvino") is None, reason="openvino is not installed")
def test_a_session_in_openvino_answers_as_one_in_pytorch(repository, tmp_path, write_video, monkeypatch) -> None:
    # In single precision, so that the numbers are nearly the same.
    homes = importlib.import_module("vlm2.encoders.detectors.homes")
    monkeypatch.setattr(homes, "multiplies_bfloat16", lambda device: False)
    images = [frame.image for frame in islice(VideoFile(repository / "examples/home.mp4").sample(2), COUNT)]
    film = write_video(images, times=[500 * index for index in range(COUNT)])
    ours, theirs = loaded(runtime="openvino"), loaded()
    session, expected, streamed = ours.session(), theirs.session(), ours.session()
    session.watch(film)
    expected.watch(film)
    for frame in VideoFile(film).sample(2):
        streamed.observe(frame.image, frame.time)

    for question in QUESTIONS:
        answer, of_torch = session.ask(question), expected.ask(question)
        assert (answer.runtime, of_torch.runtime) == ("openvino", "torch")
        assert (answer.status, answer.query) == (of_torch.status, of_torch.query)
        if isinstance(of_torch.value, float):
            assert answer.value == pytest.approx(of_torch.value, rel=1e-2)
        else:
            assert answer.value == of_torch.value
    found, wanted, again = (one.completed.memory.to_tensors() for one in (session, expected, streamed))
    for name, tensor in wanted.items():
        torch.testing.assert_close(found[name].float(), tensor.float(), rtol=1e-2, atol=1e-2)
        torch.testing.assert_close(again[name], found[name])

    session.save(tmp_path / "home.vlm2mem")
    assert memory_file.read(tmp_path / "home.vlm2mem").runtime == "openvino"
    opened = vlm2.Session.open(tmp_path / "home.vlm2mem", theirs)
    assert opened.ask(QUESTIONS[0]).value == session.ask(QUESTIONS[0]).value


def test_a_runtime_that_cannot_be_had_is_refused_before_anything_is_loaded(monkeypatch) -> None:
    monkeypatch.setattr(runtime.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match="pip install"):
        vlm2.load("no such model", device="cpu", runtime="openvino")
