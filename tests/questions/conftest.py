"""The scenes laid out by hand, as fixtures."""

from flats import box, flat, scene

__all__ = ["box", "flat", "scene"]
