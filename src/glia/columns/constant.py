"""A column that says the same on every row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from glia.columns._cells import cells
from glia.core.parts import Column, Guess
from glia.core.raw import Raw
from glia.core.values import Spec

__all__ = ["Constant"]


class Constant(Column):
    """One value on every row, or none at all; it is kept in the schema and left out of the network.

    Example:
        >>> Constant.recognize(Raw(np.array(["a", "a"], dtype=object), np.ones(2, bool)))
        Guess(confidence=1.0, reason="every row says 'a'")
    """

    kind = "constant"
    used = False

    @staticmethod
    def recognize(raw: Raw) -> Guess:
        if raw.values.dtype != object and raw.values.ndim == 1:
            known = raw.values[raw.present & (raw.values == raw.values)]
            if len(known) and (len(known) < len(raw) or (known != known[0]).any()):
                return Guess(0.0, "its values differ")
        found = cells(raw)
        if not found.words:
            return Guess(1.0, "every value is missing")
        if len(found.words) == 1 and found.here == len(raw):
            return Guess(1.0, f"every row says {found.words[0]!r}")
        return Guess(0.0, "its values differ")

    def learn(self, raw: Raw) -> None:
        pass

    def specs(self) -> dict[str, Spec]:
        return {}

    def encode(self, raw: Raw) -> dict[str, np.ndarray]:  # noqa: ARG002
        return {}

    def state(self) -> dict[str, Any]:
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        pass

    def summarize(self, raw: Raw) -> dict[str, np.ndarray]:
        found = cells(raw)
        return {"different": np.array([len(found.words)], np.int64)}
