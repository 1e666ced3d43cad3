"""What was tried on this machine, which way of training won, and where the time of a step goes."""

from __future__ import annotations

from typing import Any

__all__ = ["plan"]

WORDS = (
    *("target", "task", "net", "budget", "epochs", "test", "valid", "columns", "names", "split", "group", "time"),
    *("metric", "seed", "recipe"),
)


def plan(source: Any, **words: Any) -> dict[str, Any]:
    """Return the plan that a fit with the same arguments would make, without training.

    Args:
        source: The rows.
        words: The arguments of :func:`glia.fit`.

    Returns:
        ``task``, ``net``, ``rows`` and ``steps`` as for a fit; ``plan``, with every way that was tried; ``batch``, the
        rows of a step; ``flops``, the operations of its products of matrices, ``peak``, how many of them a second this
        machine was measured to do, in GFLOP/s by precision, and ``roofline``, the share of it that the plan reaches;
        ``memory``, the bytes that a step holds, by what they are.

    Raises:
        UsageError: The question does not fit the data, or this machine lacks what was wished for.
        DataError: The data cannot be read rightly or must not be trained on.
    """
    from glia.compose.rehearsal import rehearse
    from glia.train.roofline import peaks

    document = rehearse(source, **{**dict.fromkeys(WORDS), "settings": (), "accept": (), **words})
    names = ("task", "net", "rows", "steps", "batch", "plan", "flops", "memory")
    found = {name: document[name] for name in names}
    peak, share = _reached(found["plan"], found["flops"], peaks(found["plan"]["threads"]))
    if share is not None and share > 1:  # the peak was measured beside other work
        peak, share = _reached(found["plan"], found["flops"], peaks(found["plan"]["threads"], again=True))
    return {**found, "peak": peak, "roofline": share}


def _reached(
    made: dict[str, Any], flops: float | None, peak: dict[str, float]
) -> tuple[dict[str, float], float | None]:
    """Return the peaks, and the share of its own that a plan reaches; ``None`` where one of them is not known."""
    if not flops or not made["seconds"] or made["precision"] not in peak or made["device"] != "cpu":
        return peak, None
    return peak, flops / made["seconds"] / 1e9 / peak[made["precision"]]
