"""The dual memory of VLM² (section "Dual memory", equations 5–8 and Algorithm 1): pure tensors, no video, no language.

Read in this order: `dual` (the algorithm), `attention` (the reads), `working` and `episodic` (the writes), `slots`
(what they store, and how: as values that are trained through, or in place), `configuration` (the switches).
"""

from .attention import MemoryAttention
from .configuration import MemoryConfig
from .dual_memory import DualMemory, DualState, MemoryEvent
from .episodic import EpisodicMemory
from .slots import Slots, context_slots
from .working import WorkingMemory

__all__ = [
    "DualMemory",
    "DualState",
    "EpisodicMemory",
    "MemoryAttention",
    "MemoryConfig",
    "MemoryEvent",
    "Slots",
    "WorkingMemory",
    "context_slots",
]
