"""Imported by the server from which test processes are forked, so that each finds the toy model ready."""

from toyruns import toy_loaded

toy_loaded()
