"""A trained reader of questions: it predicts the intent of a question and the slot of each word (`query.intents`).

It is the lower part of a language model. The first layers are frozen and causal, as they were trained. The next ones
have bidirectional attention and LoRA adapters. After them and a layer norm, a weighted mean of all tokens gives the
intent, and the last token of each word its slot.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Int
from peft import LoraConfig, inject_adapter_in_model
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from .language import load_language_model, load_tokenizer
from .presets import LINEAR_LAYERS

CONFIG, WEIGHTS = "config.json", "model.safetensors"
MARKS = frozenset("?.,!;:)")  # no space stands before them


@dataclass(frozen=True)
class IntentReaderConfig:
    """The labels, and the layers of the language model that are used: the first `frozen` as they are, the next `tuned`
    with adapters."""

    intents: tuple[str, ...]
    slots: tuple[str, ...]  # the first label means no slot
    language: str = "smollm2-135m-instruct"  # part, folder or hub name of a decoder
    frozen: int = 6
    tuned: int = 10
    rank: int = 12  # of the adapters
    alpha: int = 24
    dropout: float = 0.1  # before the linear layers, in training


@dataclass(frozen=True)
class EncodedQuestions:
    """Questions as tokens, padded at the end; `ends` are the places of the last token of each word."""

    ids: Int[Tensor, "questions tokens"]
    lengths: Int[Tensor, " questions"]
    ends: Int[Tensor, "questions words"]


class IntentReader(nn.Module):
    """Scores the intents of questions and the slots of their words."""

    def __init__(self, config: IntentReaderConfig) -> None:
        """Raises as `load_language_model` does."""
        super().__init__()
        self.config, self.tokenizer = config, load_tokenizer(config.language)
        decoder: Any = load_language_model(config.language, torch.float32).base_model
        layers = decoder.layers[: config.frozen + config.tuned].requires_grad_(False)
        self.embed, self.rotary = decoder.embed_tokens.requires_grad_(False), decoder.rotary_emb
        self.frozen, self.tuned = layers[: config.frozen], layers[config.frozen :]
        lora = LoraConfig(r=config.rank, lora_alpha=config.alpha, target_modules=LINEAR_LAYERS)
        inject_adapter_in_model(lora, self.tuned)
        width = decoder.config.hidden_size
        self.norm, self.drop = nn.LayerNorm(width), nn.Dropout(config.dropout)
        self.pool = nn.Linear(width, 1)
        self.intent, self.slot = nn.Linear(width, len(config.intents)), nn.Linear(width, len(config.slots))

    def encode(self, questions: Sequence[Sequence[str]]) -> EncodedQuestions:
        """Return questions, each a list of words and marks, as tokens."""
        ids, ends = [], []
        for words in questions:
            pieces = [
                self._tokens(word if not at or word in MARKS else f" {word}") or self._tokens(" ")  # control characters
                for at, word in enumerate(words)
            ]
            ids.append(torch.tensor([token for piece in pieces for token in piece]))
            ends.append(torch.tensor([len(piece) for piece in pieces]).cumsum(0) - 1)
        lengths = torch.tensor([len(tokens) for tokens in ids])
        pad = nn.utils.rnn.pad_sequence
        return EncodedQuestions(pad(ids, batch_first=True), lengths, pad(ends, batch_first=True))

    def _tokens(self, text: str) -> list[int]:
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]

    def forward(
        self, questions: EncodedQuestions
    ) -> tuple[Float[Tensor, "questions intents"], Float[Tensor, "questions words slots"]]:
        """Return the logits of the intents, and of the slots of all words; those of padding mean nothing."""
        length = questions.ids.shape[1]
        known = torch.arange(length) < questions.lengths[:, None]
        mask = known[:, None, None].expand(-1, 1, length, -1)
        tokens = self.embed(questions.ids)
        turns = self.rotary(tokens, torch.arange(length)[None])
        causal = mask & mask.new_ones(mask.shape).tril()
        with torch.no_grad():
            for layer in self.frozen:
                tokens = layer(tokens, attention_mask=causal, position_embeddings=turns)
        for layer in self.tuned:
            tokens = layer(tokens, attention_mask=mask, position_embeddings=turns)
        tokens = self.norm(tokens)
        weights = self.pool(tokens).squeeze(-1).masked_fill(~known, -torch.inf).softmax(1)
        ends = questions.ends[..., None].expand(-1, -1, tokens.shape[-1])
        whole, words = (weights[..., None] * tokens).sum(1), tokens.gather(1, ends)
        return self.intent(self.drop(whole)), self.slot(self.drop(words))

    def trained(self) -> dict[str, Tensor]:
        """Return the weights that take gradients, by name."""
        return {name: value.detach() for name, value in self.named_parameters() if value.requires_grad}

    def save(self, folder: Path) -> None:
        """Write `config.json` and `model.safetensors` (bfloat16), without the language model."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / CONFIG).write_text(json.dumps(asdict(self.config), indent=1) + "\n")
        tensors = {name: value.to("cpu", torch.bfloat16).contiguous() for name, value in self.trained().items()}
        save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})

    @staticmethod
    def load(folder: Path) -> IntentReader:
        """Read what `save` wrote. Raises ValueError for other files."""
        settings = json.loads((folder / CONFIG).read_text())
        labels = {name: tuple(settings.pop(name)) for name in ("intents", "slots")}
        reader, tensors = IntentReader(IntentReaderConfig(**labels, **settings)), load_file(folder / WEIGHTS)
        mine = {name: value.shape for name, value in reader.trained().items()}
        if mine != {name: value.shape for name, value in tensors.items()}:
            raise ValueError(f"{folder / WEIGHTS} does not fit the configuration beside it.")
        reader.load_state_dict({name: value.float() for name, value in tensors.items()}, strict=False)
        return reader.eval()
