"""The language model: a decoder of Llama's and Qwen2's kind, with or without adapters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..configuration import VLM2Config
from .counting import attention, products

# Bytes a weight of bitsandbytes: LLM.int8 has one (and a scale a row, left out); NF4 has half of one, and of every 64
# weights a scale of 4 bytes.
QUANTISED: dict[str, float] = {"8bit": 1.0, "4bit": 0.5 + 4 / 64}


@dataclass(frozen=True)
class Language:
    """A decoder with grouped queries: `heads` of `head_dim` channels share `kv_heads` keys and values. `rank` of LoRA
    on the layers named `adapted`; 0 without."""

    width: int
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    vocabulary: int
    tied: bool
    biased: bool  # queries, keys and values
    positions: int  # most tokens that it was made for
    rank: int = 0
    adapted: tuple[str, ...] = ()

    @classmethod
    def of(cls, config: VLM2Config) -> Language:
        """Return that of a configuration."""
        text: Any = config.text_config()
        lora = config.lora or {"r": 0, "targets": ()}
        return cls(
            width=text.hidden_size,
            hidden=text.intermediate_size,
            layers=text.num_hidden_layers,
            heads=text.num_attention_heads,
            kv_heads=text.num_key_value_heads,
            head_dim=getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads,
            vocabulary=text.vocab_size,
            tied=text.tie_word_embeddings,
            biased=getattr(text, "attention_bias", text.model_type == "qwen2"),
            positions=text.max_position_embeddings,
            rank=lora["r"],
            adapted=tuple(lora["targets"]),
        )

    def _layers(self) -> dict[str, tuple[int, int]]:
        """Name the (inputs, outputs) of a decoder layer's matrices."""
        queries, keys = self.heads * self.head_dim, self.kv_heads * self.head_dim
        return {
            "q_proj": (self.width, queries),
            "k_proj": (self.width, keys),
            "v_proj": (self.width, keys),
            "o_proj": (queries, self.width),
            "gate_proj": (self.width, self.hidden),
            "up_proj": (self.width, self.hidden),
            "down_proj": (self.hidden, self.width),
        }

    @property
    def matrices(self) -> int:
        """Parameters of all layers' matrices: what is quantised, and what every token passes."""
        return self.layers * sum(inputs * outputs for inputs, outputs in self._layers().values())

    @property
    def adapters(self) -> int:
        """Parameters of LoRA: of every adapted matrix one into `rank` and one out of it."""
        sizes = self._layers()
        return self.layers * self.rank * sum(sum(sizes[name]) for name in self.adapted)

    @property
    def embeddings(self) -> int:
        """Parameters of the words' embedding, and of the output layer where it is not the same."""
        return self.vocabulary * self.width * (1 if self.tied else 2)

    @property
    def parameters(self) -> int:
        """Embeddings, matrices, adapters; biases; two norms a layer and one at the end."""
        queries, keys = self.heads * self.head_dim, self.kv_heads * self.head_dim
        small = self.layers * (self.biased * (queries + 2 * keys) + 2 * self.width) + self.width
        return self.embeddings + self.matrices + self.adapters + small

    def weight_bytes(self, number: int, quantize: str | None = None) -> int:
        """Return the bytes of all weights: quantised the matrices, in numbers of `number` bytes the rest."""
        matrix = number if quantize is None else QUANTISED[quantize]
        return round(self.matrices * matrix) + (self.parameters - self.matrices) * number

    def operations(self, new: int, past: int = 0, words: int = 1) -> int:
        """Return the operations of reading `new` tokens behind `past` ones: the matrices with their adapters, attention
        to all tokens, and the output layer for the last `words` of them."""
        linear = new * 2 * (self.matrices + self.adapters)
        seen = self.layers * attention(new, past + new, self.heads * self.head_dim)
        return linear + seen + products(words, self.width, self.vocabulary)

    def cache_bytes(self, tokens: int, number: int = 2) -> int:
        """Return the bytes of the keys and values of so many tokens."""
        return 2 * self.layers * self.kv_heads * self.head_dim * tokens * number

    def read_bytes(self, past: int, number: int, quantize: str | None = None) -> int:
        """Return the bytes that one word must fetch: all weights but the embedding of the words that it is not, and the
        keys and values before it. This, not the operations, is what a word takes time for."""
        unread = 0 if self.tied else self.vocabulary * self.width * number
        return self.weight_bytes(number, quantize) - unread + self.cache_bytes(past, number)

    def working(self, new: int, past: int = 0) -> int:
        """Return the working numbers of reading `new` tokens: the embeddings, the stream and its norm; in the MLP three
        times its hidden width, with adapters four times; and a layer's keys and values, old and new, to every head."""
        mlp = (4 if self.rank else 3) * self.hidden
        heads = self.heads * self.head_dim
        joined = (past + new) * 2 * (self.kv_heads * self.head_dim + heads)
        return new * 3 * self.width + max(new * mlp, new * 4 * heads + joined)

    def shown(self, new: int, past: int) -> int:
        """Return the numbers of the attention that a session lets a question show for its evidence: of every layer and
        head, each of its tokens to all tokens."""
        return self.layers * self.heads * new * (past + new)
