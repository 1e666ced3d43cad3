"""Which changes of training pictures leave their answers true: asked of the data, and said."""

from __future__ import annotations

from typing import Any

import numpy as np

from glia.compose.prepared import Prepared
from glia.core.values import derived

__all__ = ["suited"]

_ROWS, _ASKED = 2000, 500
_HOLDS = 0.7
"""The share of the accuracy on pictures as they are that must be left on mirrored ones."""
_SHORT = 3  # passes; who sees a picture hardly more than once has no use for other views of it


def suited(prepared: Prepared, epochs: int | None, seed: int) -> tuple[dict[str, dict[str, Any]], str]:
    """Return the augmentations that suit the pictures of a table, with their options, and why.

    Whether pictures may be mirrored is tried: the nearest neighbors of mirrored pictures must mostly have their labels.
    Digits and letters fail that, most photographs do not.

    Args:
        prepared: The rows.
        epochs: How often every picture will be seen, where that is known.
        seed: The run's seed.
    """
    spec, objective = prepared.specs().get("image"), prepared.question.objective
    if spec is None or objective in ("reconstruct", "anomaly"):
        return {}, ""
    if epochs is not None and epochs < _SHORT:
        return {}, f"none: in {epochs} passes every view is new"
    channels, height, width = (int(side or 1) for side in spec.size)
    color: dict[str, dict[str, Any]] = {"color": {}} if channels == 3 else {}
    if objective == "detect":
        return {"flip": {}, "scale": {"most": 1.2}, "shift": {"pixels": max(1, min(height, width) // 16)}, **color}, (
            "mirrored, scaled and shifted with their boxes"
        )
    if objective == "segment":
        return {"flip": {}, "crop": {"least": 0.3}, "rotate": {"degrees": 8}, **color}, (
            "mirrored, cropped and turned with their masks"
        )
    found: dict[str, dict[str, Any]] = {"shift": {"pixels": max(1, round(min(height, width) * 0.06))}}
    if objective != "classify":
        return found, "shifted a little"
    plain, mirrored = _mirrored(prepared, seed)
    told = f"nearest neighbors know {plain:.0%} of pictures and {mirrored:.0%} of mirrored ones"
    if mirrored >= _HOLDS * plain:
        return {"flip": {"alternate": True}, **found}, f"mirrored and shifted: {told}"
    return {**found, "rotate": {}, "scale": {}}, f"shifted, turned and scaled a little, never mirrored: {told}"


def _mirrored(prepared: Prepared, seed: int) -> tuple[float, float]:
    """Return how many training pictures their nearest neighbors know, as they are and mirrored."""
    from sklearn.neighbors import KNeighborsClassifier

    pictures, codes = prepared.inputs["train"]["image"], prepared.truth["train"]
    drawn = np.random.default_rng(derived(seed, "mirror")).permutation(len(codes))[: _ROWS + _ASKED]
    some = pictures[np.sort(drawn)].astype(np.float32)
    step = max(1, min(some.shape[2:]) // 16)
    some, codes = some[:, :, ::step, ::step], codes[np.sort(drawn)]
    order = np.random.default_rng(derived(seed, "mirror parts")).permutation(len(codes))
    known, asked = order[len(order) // 5 :], order[: len(order) // 5]
    if len(asked) < 5:
        return 1.0, 0.0
    model = KNeighborsClassifier(min(5, len(known))).fit(some[known].reshape(len(known), -1), codes[known])
    plain, mirrored = (
        float(model.score(one.reshape(len(one), -1), codes[asked])) for one in (some[asked], some[asked][..., ::-1])
    )
    return plain, mirrored
