"""The peers, one file each, and the environment they run in (``python -m bench.peers`` makes it).

A peer is a file with one function, ``fit_predict(train_csv, test_csv, target, task, seed)``, written as the
peer's own documentation does it. It returns (N, K) probabilities, classes sorted by their labels, or (N,)
predictions. It runs in a process of its own, so that seconds and memory are whole ones.
"""
