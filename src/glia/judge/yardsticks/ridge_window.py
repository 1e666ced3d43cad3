"""The linear forecast in closed form."""

from __future__ import annotations

import numpy as np

from glia.judge.yardsticks._forecasts import Forecaster
from glia.judge.yardsticks._yardstick import Weight

__all__ = ["RidgeWindow"]

_STRENGTHS = (2e-4, 2e-3, 2e-2, 2e-1, 2.0)
"""Penalties per window."""
_CHUNK = 4096


class RidgeWindow(Forecaster):
    """One matrix from the steps seen to the steps ahead, for all variables, by ridge regression.

    Each variable is taken in standard deviations of its training steps (windows in their own where series differ much
    in size), and its last value off what was seen and what is asked for, as NLinear does. The matrix has a closed
    form, and the best of five penalties is taken by validation windows; on ETTh1 no network published by 2023 is
    better at three of four horizons. Source of the form: A. Zeng et al., *Are transformers effective for time series
    forecasting?*, AAAI 2023.

    Example:
        >>> from glia.core.values import Spec
        >>> wave = np.sin(np.arange(300) / 3)
        >>> windows = np.stack([wave[at : at + 12] for at in range(280)])[:, :, None]
        >>> yard = RidgeWindow("forecast", {"target": Spec(("time", "variable"), (2, 1))})
        >>> yard.fit({"series": windows[:200, :10]}, windows[:200, 10:])
        >>> yard.choose({"series": windows[200:, :10]}, windows[200:, 10:])
        >>> bool(np.abs(yard.answer({"series": windows[200:, :10]}).point - windows[200:, 10:]).max() < 0.05)
        True
    """

    title = "a linear forecast"
    cost = 2

    def how(self) -> str:
        """Return how to get this model without glia."""
        return "sklearn.linear_model.Ridge() from windows to steps ahead, less the last value, all variables together"

    def learn(self, seen: np.ndarray, steps: np.ndarray, weight: Weight, seconds: float) -> None:  # noqa: ARG002
        """Solve for every penalty; until validation windows choose, the middle one holds."""
        target = self.specs.get("target")
        self._spread = np.asarray((target.spread if target else ()) or (1.0,), np.float32)
        self._alone = weight is not None and bool(np.ptp(weight) > 0)
        length = seen.shape[1]
        gram, cross = np.zeros((length, length)), np.zeros((length, steps.shape[1]))
        for at in range(0, len(seen), _CHUNK):
            past, last, size = self._scaled(seen[at : at + _CHUNK])
            for v in range(past.shape[2]):
                # Copies of one variable side by side are what makes the products fast.
                x = np.ascontiguousarray(past[:, :, v])
                y = np.ascontiguousarray((steps[at : at + _CHUNK, :, v] - last[:, :, v]) / size[:, :, v], np.float32)
                gram += x.T @ x
                cross += x.T @ y
        rows = len(seen) * seen.shape[2]
        self._maps = [
            np.linalg.solve(gram + max(strength * rows, 1e-9) * np.eye(length), cross).astype(np.float32)
            for strength in _STRENGTHS
        ]
        self._chosen = len(_STRENGTHS) // 2

    def settle(self, seen: np.ndarray, steps: np.ndarray) -> None:
        """Choose the penalty by the squared error of validation windows, in the scale of the fit."""
        size = self._scaled(seen)[2]
        errors = []
        for at in range(len(_STRENGTHS)):
            self._chosen = at
            errors.append(float((((self.ahead(seen) - steps) / size) ** 2).mean()))
        self._chosen = int(np.argmin(errors))

    def ahead(self, seen: np.ndarray) -> np.ndarray:
        """Return the last value plus what the matrix makes of the way there."""
        past, last, size = self._scaled(seen)
        found = np.stack([past[:, :, v] @ self._maps[self._chosen] for v in range(past.shape[2])], 2)
        return found * size + last

    def _scaled(self, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return windows less their last value, in units of size; the last values; and the sizes, (N, 1, A)."""
        last = seen[:, -1:].astype(np.float32)
        size = np.broadcast_to(self._spread, last.shape)
        if self._alone:
            own = seen.std(1, keepdims=True)
            size = np.maximum(own, 1e-3 * np.abs(last) + 1e-6).astype(np.float32)
        return ((seen - last) / size).astype(np.float32), last, size
