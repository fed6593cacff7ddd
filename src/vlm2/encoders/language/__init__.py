"""Frozen language models that vlm2 fetches itself, one a file. `vlm2.models.language` loads them with transformers."""
