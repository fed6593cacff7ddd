"""The planners: each a file that binds `plan(question, options)`, which turns words into a query."""
