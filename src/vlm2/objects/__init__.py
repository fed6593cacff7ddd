"""The object memory: a bounded map of the things that were seen. NumPy and SciPy only."""
