"""The eight tasks of VSI-Bench."""
