"""The command line: one thin file a verb, named as the verb."""
