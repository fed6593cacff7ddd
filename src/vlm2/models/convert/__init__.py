"""Published checkpoints of others into folders that `vlm2.load` reads: every tensor is accounted for."""

from .key_report import KeyReport
from .llava_video import import_llava_video
from .pi3 import import_pi3

__all__ = ["KeyReport", "import_llava_video", "import_pi3"]
