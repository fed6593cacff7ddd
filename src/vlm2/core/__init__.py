"""The method of VLM² (arXiv 2511.20644) as pure tensors: no video files, no encoders, no language model.

The modules, in the order in which a frame passes them:

- `position` (adaptive 3D position injection), `alignment` (viewpoint-aware geometry alignment), `fusion`
  (semantic-geometric fusion): from visual tokens F, coordinates C, geometry and view tokens G and Z to H;
- `dual_memory` (equations 5-8, Algorithm 1): from H to M, with `attention` (the reads), `working` and `episodic` (the
  writes), `slots` and `state` (what is stored), `configuration` (the switches);
- `projector` and `slot_time`: from M to tokens of the language model.

`fast` holds equivalents that exist for speed alone.
"""

from .attention import MemoryAttention
from .configuration import MemoryConfig
from .dual_memory import DualMemory, MemoryEvent, MemoryObserver
from .episodic import EpisodicMemory
from .slots import FramePlacement, Slots
from .state import ContextSlots, DualState
from .working import WorkingMemory

__all__ = [
    "ContextSlots",
    "DualMemory",
    "DualState",
    "EpisodicMemory",
    "FramePlacement",
    "MemoryAttention",
    "MemoryConfig",
    "MemoryEvent",
    "MemoryObserver",
    "Slots",
    "WorkingMemory",
]
