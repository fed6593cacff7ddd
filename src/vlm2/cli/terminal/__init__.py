"""Shared by the verbs: options, loading a model, progress, and the cards on which answers are printed."""
