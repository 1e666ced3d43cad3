"""Names of rows: they tell rows apart and teach nothing about new ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from glia.columns._cells import cells
from glia.columns._parse import are_codes, numeric_share, read_numbers
from glia.core.parts import Column, Guess
from glia.core.raw import Raw
from glia.core.values import Spec

__all__ = ["Id"]

_FEWEST = 10


class Id(Column):
    """A key of its own for nearly every row; it is kept in the schema and left out of the network.

    Example:
        >>> Id.recognize(Raw(np.arange(1, 101), np.ones(100, bool)))
        Guess(confidence=0.92, reason='its values count the rows from 1 to 100')
    """

    kind = "id"
    used = False

    @staticmethod
    def recognize(raw: Raw) -> Guess:
        if raw.values.ndim > 1:
            return Guess(0.0, "its values are pictures")
        if raw.values.dtype.kind in "fiu" or (raw.values.dtype == object and numeric_share(cells(raw))[0] == 1):
            said = _counting(raw)
            if said:
                return Guess(0.92, said)
        if raw.values.dtype != object:
            return Guess(0.0, "its values can repeat")
        found = cells(raw)
        here, count = found.here, len(found.words)
        if here < _FEWEST or count < 0.95 * here:
            return Guess(0.0, "its values repeat")
        if numeric_share(found)[0] >= 0.9 and not are_codes(found.words):
            return Guess(0.0, "its values are numbers")
        if sum(" " in word for word in found.words) > 0.5 * count:
            return Guess(0.0, "its values are several words each")
        return Guess(0.88, f"{count} of {here} values are different single words")

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
        gone = (cells(raw).codes < 0).mean() if len(raw) else 0.0
        return {"missing": np.array([gone], np.float32)}


def _counting(raw: Raw) -> str:
    """Return a sentence when the values are 0, 1, 2 ... or 1, 2, 3 ... in any order; else nothing."""
    values = read_numbers(raw)[0]
    if len(values) < _FEWEST or np.isnan(values).any():
        return ""
    values = np.sort(values)
    if values[0] not in (0, 1) or not np.array_equal(values, np.arange(len(values)) + values[0]):
        return ""
    return f"its values count the rows from {values[0]:.0f} to {values[-1]:.0f}"
