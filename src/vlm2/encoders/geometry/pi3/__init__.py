"""π³, the geometry encoder: `Pi3Config()` is the published one, `Pi3Config.compact()` ours."""

from .config import DecoderSize, Pi3Config
from .model import Pi3, Pi3Output

__all__ = ["DecoderSize", "Pi3", "Pi3Config", "Pi3Output", "build"]


def build(config: dict) -> Pi3:
    """Build an untrained π³ from what `Pi3Config.to_dict` gives."""
    return Pi3(Pi3Config.from_dict(config))
