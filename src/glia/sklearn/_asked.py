"""What is asked for: labels, marks or numbers, as a network learns them and as people read them.

Legend of shapes: N = rows, K = classes, T = targets or labels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from glia.core.values import Spec

__all__ = ["Asked", "Labels", "Marks", "Numbers"]


@dataclass(frozen=True)
class Labels:
    """One class of several for every row.

    Args:
        classes: (K,) the classes, ascending.
    """

    classes: np.ndarray
    objective: ClassVar[str] = "classify"

    def spec(self) -> Spec:
        """Return what the objective sizes its network by."""
        names = (tuple(map(str, self.classes)),)
        return Spec(("feature",), (1,), "int64", names=("target",), classes=names)

    def values(self, y: np.ndarray) -> np.ndarray:
        """Return (N, 1) codes of (N,) classes.

        Raises:
            ValueError: A class that is not among those known.
        """
        codes = np.searchsorted(self.classes, y).clip(max=len(self.classes) - 1)
        strange = self.classes[codes] != y
        if strange.any():
            found, known = y[strange][:1].tolist()[0], ", ".join(map(str, self.classes[:10]))
            raise ValueError(f"y holds the class {found!r}, which is not among the known classes ({known})")
        return codes[:, None].astype(np.int64)

    def encode(self, values: np.ndarray) -> np.ndarray:
        """Return what the loss compares with: the codes."""
        return values


@dataclass(frozen=True)
class Marks:
    """Several yes-or-no questions for every row.

    Args:
        count: How many.
    """

    count: int
    objective: ClassVar[str] = "multilabel"

    def spec(self) -> Spec:
        """Return what the objective sizes its network by."""
        names = tuple(f"label {place}" for place in range(self.count))
        return Spec(("feature",), (self.count,), "int64", names=names)

    def values(self, y: np.ndarray) -> np.ndarray:
        """Return (N, T) zeros and ones.

        Raises:
            ValueError: Another number of labels than before.
        """
        if y.ndim != 2 or y.shape[1] != self.count:
            raise ValueError(f"y has shape {y.shape}, and {self.count} labels a row are expected")
        return y.astype(np.int64)

    def encode(self, values: np.ndarray) -> np.ndarray:
        """Return what the loss compares with: the zeros and ones."""
        return values


@dataclass(frozen=True)
class Numbers:
    """One or several numbers for every row, standardized.

    Args:
        mean: (T,) of the training rows.
        deviation: (T,) of the training rows; 1 where they do not vary.

    Example:
        >>> numbers = Numbers.learned(np.array([[1.0], [3.0]]), np.array([1.0, 3.0]))
        >>> numbers.mean.tolist(), numbers.encode(np.array([[2.5]])).tolist(), numbers.decode(np.zeros((1, 1))).tolist()
        ([2.5], [[0.0]], [[2.5]])
    """

    mean: np.ndarray
    deviation: np.ndarray
    objective: ClassVar[str] = "regress"

    @classmethod
    def learned(cls, values: np.ndarray, weight: np.ndarray) -> Numbers:
        """Return the standardization of (N, T) values that weigh (N,)."""
        mean = np.average(values, axis=0, weights=weight)
        deviation = np.sqrt(np.average((values - mean) ** 2, axis=0, weights=weight))
        varies = deviation > 1e-12 * np.abs(values).max(axis=0)
        return cls(mean, np.where(varies, deviation, 1.0))

    def spec(self) -> Spec:
        """Return what the objective sizes its network by."""
        names = tuple(f"target {place}" for place in range(len(self.mean)))
        return Spec(("feature",), (len(self.mean),), names=names)

    def encode(self, values: np.ndarray) -> np.ndarray:
        """Return (N, T) float32 standardized values."""
        return ((values - self.mean) / self.deviation).astype(np.float32)

    def decode(self, outputs: np.ndarray) -> np.ndarray:
        """Return (N, T) standardized outputs in the units of y."""
        return outputs * self.deviation + self.mean


Asked = Labels | Marks | Numbers
