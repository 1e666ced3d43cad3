"""The last season, again."""

from __future__ import annotations

import numpy as np

from glia.judge.yardsticks._forecasts import Forecaster
from glia.judge.yardsticks._yardstick import Weight

__all__ = ["SeasonalNaive"]

_WINDOWS = 200
_LONGEST = 1500
_NEARLY = 1.1
"""How much worse a shorter season may be."""


class SeasonalNaive(Forecaster):
    """The last season seen, repeated; how long a season is, training windows say.

    Attributes:
        season: The steps of a season: of all that a window holds, those whose repetition was closest to what followed.

    Example:
        >>> from glia.core.values import Spec
        >>> wave = np.tile([0.0, 5, 1], 9)
        >>> windows = np.stack([wave[at : at + 8] for at in range(15)])[:, :, None]
        >>> yard = SeasonalNaive("forecast", {"target": Spec(("time", "variable"), (2, 1))})
        >>> yard.fit({"series": windows[:, :6]}, windows[:, 6:])
        >>> yard.season, yard.answer({"series": windows[:1, :6]}).point[0, :, 0].tolist()
        (3, [0.0, 5.0])
    """

    title = "the last season"
    cost = 1
    season = 1

    def how(self) -> str:
        """Return how to get this model without glia."""
        return f"the last {self.season} values seen, repeated"

    def learn(self, seen: np.ndarray, steps: np.ndarray, weight: Weight, seconds: float) -> None:  # noqa: ARG002
        """Find the season among all lags that a window holds, on evenly drawn windows."""
        rows = np.unique(np.linspace(0, len(seen) - 1, min(_WINDOWS, len(seen))).astype(np.int64))
        past, ahead = seen[rows].astype(np.float64), steps[rows].astype(np.float64)
        # Windows of large series must not decide alone, nor constant ones divide by nothing.
        size = past.std(1, keepdims=True)
        size = np.where(size > 1e-9 * np.abs(past).max(1, keepdims=True).clip(1e-300), size, np.inf)
        errors = [
            float((np.abs(self._repeated(past, lag) - ahead) / size).mean())
            for lag in range(1, min(past.shape[1], _LONGEST) + 1)
        ]
        best = int(np.argmin(errors)) + 1
        # Six weeks repeat wherever one does; a shorter season must be a part of the best one.
        nearly = (
            lag for lag in range(1, best + 1) if best % lag == 0 and errors[lag - 1] <= _NEARLY * errors[best - 1]
        )
        self.season = next(nearly)

    def settle(self, seen: np.ndarray, steps: np.ndarray) -> None:
        """Choose nothing."""

    def ahead(self, seen: np.ndarray) -> np.ndarray:
        """Return the last season, again and again."""
        return self._repeated(seen, self.season)

    def _repeated(self, seen: np.ndarray, season: int) -> np.ndarray:
        at = seen.shape[1] - season + np.arange(self.horizon) % season
        return seen[:, at]
