"""Imported by the server from which test processes are forked, so that each finds the toy model and a trainer ready."""

import toytraining  # noqa: F401
from toyruns import toy_loaded

toy_loaded()
