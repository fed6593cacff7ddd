"""What all the formulas are made of: linear layers, attention, transformer blocks."""

from __future__ import annotations

from dataclasses import dataclass

PATCH = 14  # pixels a side, of DINOv2 and SigLIP

Grid = tuple[int, int]  # rows, columns of patches


def products(rows: int, inputs: int, outputs: int) -> int:
    """Return the operations of a linear layer: every output of every row is a sum of `inputs` products."""
    return 2 * rows * inputs * outputs


def attention(queries: int, keys: int, width: int) -> int:
    """Return the operations of attention over all heads: each query meets each key in `width` products, and what they
    weigh is summed over `width` channels."""
    return 4 * queries * keys * width


def layer(inputs: int, outputs: int, bias: bool = True) -> int:
    """Return the parameters of a linear layer."""
    return inputs * outputs + bias * outputs


@dataclass(frozen=True)
class BlockSize:
    """A pre-norm transformer block, by its width and the hidden width of its MLP. `extra`: parameters beside the two
    norms, the four attention matrices and the MLP. `rotated`: queries and keys are normalised and turned."""

    width: int
    hidden: int
    extra: int = 0
    rotated: bool = False

    @property
    def parameters(self) -> int:
        """Two norms, attention (in: 3 matrices, out: 1), MLP."""
        mlp = layer(self.width, self.hidden) + layer(self.hidden, self.width)
        return 4 * self.width + 4 * layer(self.width, self.width) + mlp + self.extra

    def operations(self, tokens: int, together: int | None = None) -> int:
        """Return the operations over `tokens`, which attend in groups of `together` (all at once by default)."""
        together = tokens if together is None else together
        linear = products(tokens, self.width, 4 * self.width) + 2 * products(tokens, self.width, self.hidden)
        return linear + attention(tokens, together, self.width)

    def working(self, tokens: int) -> int:
        """Return the working numbers: in attention the stream, its norm, queries, keys and values (3) and what is read,
        in heads and flat and through the last matrix (3), with rotation also the normalised and the turned queries and
        keys (4); in the MLP the stream, its norm, the hidden layer before and after its activation."""
        in_attention = (12 if self.rotated else 8) * self.width
        in_mlp = 2 * self.width + 2 * self.hidden
        return tokens * max(in_attention, in_mlp)
