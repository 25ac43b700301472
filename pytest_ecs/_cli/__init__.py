"""The verbs of the console script."""
