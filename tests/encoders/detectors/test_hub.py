"""Transformers' detectors behind our interface: the same detections as transformers' own pipelines on the same tiny
checkpoints, and errors that say what to do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tinyhub
import torch
from PIL import Image
from tinyhub import CLOSED, picture
from transformers import AutoModelForZeroShotObjectDetection, AutoProcessor, pipeline

from vlm2.encoders.detectors import Detections, Detector, OpenDetector, homes, hub, load_detector
from vlm2.encoders.detectors.open_vocabulary import PROMPT, EmbeddingDetector

WORDS = ("chair", "table", "tv", "tv stand")
PICTURES = [picture(), picture(seed=1), picture(56, 40, seed=2)]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """Return a function that makes a tiny checkpoint once."""
    made: dict[str, Path] = {}

    def make(name: str) -> Path:
        if name not in made:
            made[name] = getattr(tinyhub, name)(tmp_path_factory.mktemp(name))
        return made[name]

    return make


def rows(found: Detections, labels: tuple[str, ...]) -> list[tuple]:
    """Return what a pipeline would list of detections: a row for each label of a box, with its score."""
    assert found.evidence is not None
    listed = []
    for box, score, evidence in zip(found.boxes, found.scores, found.evidence, strict=True):
        parts = evidence / evidence.max()
        listed += [(labels[i], *map(int, box), float(score * parts[i])) for i in np.flatnonzero(evidence)]
    return sorted(listed)


def pipeline_rows(found: list[dict], prefix: str = "") -> list[tuple]:
    return sorted(
        (row["label"].removeprefix(prefix), *row["box"].values(), row["score"])
        for row in found
        if row["label"] != "N/A"
    )


def assert_alike(ours: list[tuple], theirs: list[tuple]) -> None:
    assert [row[:-1] for row in ours] == [row[:-1] for row in theirs]
    np.testing.assert_allclose([row[-1] for row in ours], [row[-1] for row in theirs], rtol=1e-4)


@pytest.mark.parametrize("name", CLOSED)
def test_fixed_labels_give_what_the_pipeline_gives(name, checkpoint) -> None:
    folder = checkpoint(name)
    detector, reference = load_detector(f"hub:{folder}"), pipeline("object-detection", model=str(folder))
    assert isinstance(detector, Detector) and not isinstance(detector, OpenDetector)
    assert detector.labels == ("chair", "couch", "tv"), "N/A is no label"
    count = 0
    for image in PICTURES:
        (found,) = detector.detect(image[None])
        assert_alike(rows(found, detector.labels), pipeline_rows(reference(Image.fromarray(image))))
        assert len(np.unique(found.boxes, axis=0)) == len(found), "one detection a box"
        count += len(found)
    assert count


def test_embeddings_give_what_the_pipeline_gives(checkpoint) -> None:
    folder = checkpoint("owlv2")
    detector = load_detector(f"hub:{folder}", WORDS)
    reference = pipeline("zero-shot-object-detection", model=str(folder))
    assert isinstance(detector, OpenDetector) and detector.labels == WORDS
    for image in PICTURES:
        (found,) = detector.detect(image[None])
        theirs = reference(Image.fromarray(image), candidate_labels=[PROMPT.format(word) for word in WORDS])
        assert_alike(rows(found, WORDS), pipeline_rows(theirs, PROMPT.format("")))


def test_embeddings_name_things_later(checkpoint) -> None:
    detector = load_detector(f"hub:{checkpoint('owlv2')}", WORDS)
    assert isinstance(detector, EmbeddingDetector)
    (asked,) = detector.detect(PICTURES[0][None])
    (before,) = detector.with_words(["lamp"]).detect(PICTURES[0][None])
    assert before.embeddings is not None
    later = 1 / (1 + np.exp(-before.embeddings @ detector.embed("table")))
    known = {
        tuple(box): score
        for box, score, label in zip(asked.boxes, asked.scores, asked.labels, strict=True)
        if label == "table"
    }
    pairs = [(known[tuple(box)], p) for box, p in zip(before.boxes, later, strict=True) if tuple(box) in known]
    assert pairs
    np.testing.assert_allclose(*zip(*pairs, strict=True), rtol=1e-4)


def test_phrases_become_the_words_asked_for(checkpoint) -> None:
    folder = checkpoint("grounding_dino")
    words = ("chair", "tv stand", "fire exting")
    detector = load_detector(f"hub:{folder}", words)
    processor = AutoProcessor.from_pretrained(folder)
    model = AutoModelForZeroShotObjectDetection.from_pretrained(folder).eval()
    fused = 0
    for image in PICTURES:
        (found,) = detector.detect(image[None])
        inputs = processor(images=Image.fromarray(image), text=[list(words)], return_tensors="pt")
        with torch.inference_mode():
            output = model(**inputs)
        (theirs,) = processor.post_process_grounded_object_detection(output, target_sizes=[image.shape[:2]])
        np.testing.assert_allclose(found.boxes, theirs["boxes"], rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(found.scores, theirs["scores"], rtol=1e-4)
        fused += sum(phrase not in words for phrase in theirs["text_labels"])
        assert set(found.labels) <= set(words)
        # [CLS] chair . tv stand . fire ex ##ting . [SEP]
        tokens = output.logits[0].sigmoid()
        means = torch.stack([tokens[:, 1], tokens[:, 3:5].mean(1), tokens[:, 6:9].mean(1)], 1)
        best = means[tokens.amax(1) > 0.25].argmax(1)
        assert found.labels == tuple(words[index] for index in best)
    assert fused, "transformers joins tokens of several words"


def test_an_open_vocabulary_begins_with_our_words(checkpoint) -> None:
    detector = load_detector(f"hub:{checkpoint('owlv2')}")
    assert detector.labels == homes.shipped_labels() and "chair" in detector.labels


def test_words_are_cleaned(checkpoint) -> None:
    assert load_detector(f"hub:{checkpoint('owlv2')}", [" Fire  Hose ", "tv", "TV", ""]).labels == ("fire hose", "tv")
    with pytest.raises(ValueError, match="at least one word"):
        load_detector(f"hub:{checkpoint('owlv2')}", [" "])
    with pytest.raises(ValueError, match="separates words by dots"):
        load_detector(f"hub:{checkpoint('grounding_dino')}", ["st. chair"])
    with pytest.raises(ValueError, match="285 tokens, and Grounding DINO reads 256"):
        load_detector(f"hub:{checkpoint('grounding_dino')}", ["chair " * 280, "table"])


def test_fixed_labels_take_no_words(checkpoint) -> None:
    with pytest.raises(ValueError, match="have fixed labels"):
        load_detector(f"hub:{checkpoint('dfine')}", ["chair"])


def test_a_depth_model_is_no_detector(checkpoint) -> None:
    with pytest.raises(ValueError, match="is a depth_anything, and transformers has no object detector"):
        load_detector(f"hub:{checkpoint('depth_anything')}")


def test_its_files_are_those_of_the_checkpoint(checkpoint) -> None:
    names = [file.name for file in hub.files(str(checkpoint("dfine")))]
    assert names == ["config.json", "preprocessor_config.json", "model.safetensors"]


def test_a_name_is_needed() -> None:
    with pytest.raises(ValueError, match="Which detector"):
        load_detector("hub")
