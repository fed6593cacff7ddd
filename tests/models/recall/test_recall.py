"""Recognition, and the whole way from a video to what is told for a question."""

import pytest
import torch
from recollections import CHAIR, TABLE
from toys import GRID, toy_features, toy_model, toy_processor

from vlm2.models.recall.recognition import word_embeddings
from vlm2.scenes.vocabulary import VOCABULARY


def test_a_token_is_recognised_by_the_words_of_the_language_model():
    model, processor = toy_model(recall=True), toy_processor()
    recognition = model.recognition
    recognition.words.copy_(word_embeddings(model.language_model.get_input_embeddings(), processor.tokenizer))
    torch.testing.assert_close(recognition.words.norm(dim=1), torch.ones(len(VOCABULARY) - 1))
    tokens = torch.stack([recognition.words[CHAIR - 1], -recognition.words[TABLE - 1]])[None]
    logits = recognition(tokens)
    assert logits[0, 0].argmax() == CHAIR - 1 and logits[0, 1].argmin() == TABLE - 1


def test_the_tokens_of_slots_are_where_their_patches_are():
    model, features = toy_model(recall=True), toy_features()
    tokens, frames = model.frame_tokens(features)
    places = features.patch_coordinates[frames]
    found = model.object_evidence(tokens, places, features.times[frames], GRID)
    assert found.shown.shape == (*tokens.shape[:2], len(VOCABULARY) - 1)
    image = places.unflatten(1, GRID)
    torch.testing.assert_close(found.places[:, 0], image[:, :2, :2].mean((1, 2)))
    torch.testing.assert_close(found.places[:, -1], image[:, -2:, -2:].mean((1, 2)))
    assert toy_model().object_evidence(tokens, places, features.times[frames], GRID) is None


def test_tokens_without_a_place_in_the_world_are_refused():
    with pytest.raises(ValueError, match="newline"):
        toy_model(recall=True, projector_config={"newline": True})
