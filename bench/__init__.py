"""glia measured beside its peers: same rows, whole processes, every number with its machine and versions."""
