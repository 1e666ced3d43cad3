"""Floor 4: the run directory, which is the interface to a run: one writer, any number of readers."""
