"""The operators: each a file that binds `OPERATOR` (the query), `PHRASINGS` (how it is asked), and `EXAMPLES` (its
gold: questions with the call each one means). `NOTES`, where there are any, are remarks that ask for what it does."""
