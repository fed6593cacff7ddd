"""Recognition: tokens compared with the language model's own words."""

import torch
from toys import toy_model, toy_processor

from vlm2.scenes.vocabulary import VOCABULARY, category_index
from vlm2.training.token_grounding import Recognition, word_embeddings


def test_a_token_is_recognised_by_the_words_of_the_language_model():
    words = word_embeddings(toy_model().language_model.get_input_embeddings(), toy_processor().tokenizer)
    torch.testing.assert_close(words.norm(dim=1), torch.ones(len(VOCABULARY) - 1))
    chair, table = category_index("chair") - 1, category_index("table") - 1
    logits = Recognition(words)(torch.stack([words[chair], -words[table]])[None])
    assert logits[0, 0].argmax() == chair and logits[0, 1].argmin() == table
