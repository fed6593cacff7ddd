"""The tasks of VSTI-Bench: where the camera was in a frame, and how it moved between two."""
