"""Floor 0: the vocabulary every other room speaks; it knows nothing of data, networks or files."""
