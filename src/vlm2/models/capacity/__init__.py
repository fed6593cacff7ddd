"""The cost of a model of a configuration: parameters, floating point operations and memory.

The module loads nothing. It builds the model on torch's meta device, whose tensors have shapes and no data, and calls
the model's components there.
"""

from .components import BYTES, Components

__all__ = ["BYTES", "Components"]
