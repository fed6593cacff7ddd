"""What the parts of a model cost: parameters, operations and working memory, from their sizes alone. Nothing is built.

How it is counted, everywhere in this folder:

- **Parameters**: numbers, weights and biases alike.
- **Operations**: multiplications plus additions in matrix products, convolutions and attention, as torch's
  FlopCounterMode counts them: a product of m×k and k×n matrices takes 2·m·k·n. Norms, activations, rotary positions,
  pooling and resizing are left out; together they are a few percent. Attention is counted whole, although a causal
  kernel may skip up to half of it.
- **Working numbers**: the most numbers that are alive at a time while a part runs, inputs included, weights and what is
  kept afterwards not. Times the bytes a number they are bytes. Fused attention keeps no scores, so they grow with the
  tokens and not with their square.

`tests/models/capacity` holds each against the real modules.
"""

from .connection import Memory, ProjectorSize, RepresentationSize
from .geometry import GeometrySize, geometry
from .language import Language
from .vision import sizes, vision

__all__ = ["GeometrySize", "Language", "Memory", "ProjectorSize", "RepresentationSize", "geometry", "sizes", "vision"]
