"""Questions in the manner of ScanQA, answered in a word or a few: what, where, which colour, how many."""
