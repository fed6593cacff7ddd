"""The command line: one thin module for each verb, and `terminal/`, which the verbs share."""
