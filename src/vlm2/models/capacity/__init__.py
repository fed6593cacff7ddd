"""What a model of a configuration costs: parameters, floating point operations and memory. Nothing is loaded: the model
is built on torch's meta device, whose tensors have shapes and no data, and its components are called there."""

from .components import BYTES, Components
from .meter import Cost, measure

__all__ = ["BYTES", "Components", "Cost", "measure"]
