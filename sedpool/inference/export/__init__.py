"""Export: a trained detector as a file that runs without sedpool."""
