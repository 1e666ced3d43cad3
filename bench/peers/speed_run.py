"""One peer on one workload, in a process of its own: ``python -m bench.peers.speed_run PEER WORKLOAD [--quick]``."""

from __future__ import annotations

import json
import os
import sys
import time
from importlib import import_module

__all__ = ["PEERS"]

PEERS = {
    "glia": "speed_glia:glia",
    "plain": "speed_torch:plain",
    "lightning": "speed_torch:lightning",
    "keras-jax": "speed_keras:keras",
    "keras-torch": "speed_keras:keras",
    "fastai": "speed_torch:fastai",
    "skorch": "speed_torch:skorch",
    "sklearn": "speed_keras:sklearn",
}


def main() -> None:
    """Train, and print a line of JSON."""
    peer, workload = sys.argv[1:3]
    quick = "--quick" in sys.argv
    if peer.startswith("keras-"):
        os.environ["KERAS_BACKEND"] = peer.removeprefix("keras-")
    import numpy as np

    from bench.peers.speed_data import CACHE, WORKLOADS

    load = WORKLOADS[workload]
    path = CACHE / "data" / f"{workload}{'-quick' if quick else ''}.npz"
    with np.load(path) as archive:
        data = {name: archive[name] for name in archive.files}
    epochs = 2 if quick else load.epochs
    module, _, name = PEERS[peer].partition(":")
    fit = getattr(import_module(f"bench.peers.{module}"), name)
    began = time.perf_counter()
    answers = fit(workload, data, load.batch, epochs)
    seconds = time.perf_counter() - began
    facts = getattr(answers, "facts", {})
    steps = epochs * -(-len(data["x"]) // load.batch)
    accuracy = float((answers() == data["y_test"]).mean())
    print(json.dumps({"fit_seconds": seconds, "steps": steps, "accuracy": accuracy, **facts}))


if __name__ == "__main__":
    main()
