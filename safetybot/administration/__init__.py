"""Tasks that an operator runs from a command line."""
