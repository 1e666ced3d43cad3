"""Mean average precision over overlaps."""

from __future__ import annotations

import numpy as np

from glia.metrics._boxes import BoxMetric

__all__ = ["MeanAveragePrecision"]


class MeanAveragePrecision(BoxMetric):
    """COCO's mean average precision of boxes: over classes, and over overlaps from 0.50 to 0.95.

    Example:
        >>> from glia.core.values import Answer
        >>> answer = Answer(boxes=(np.array([[0, 0.9, 0.0, 0.0, 0.5, 0.5]]),))
        >>> metric, truth = MeanAveragePrecision(), np.array([[[0, 0.0, 0.0, 0.5, 0.6]]])  # overlap 0.83: 7 of 10
        >>> metric.value(metric.stats(answer, truth)).round(2).tolist()
        [0.7]
    """

    @property
    def thresholds(self) -> np.ndarray:
        """Ten overlaps, 0.05 apart."""
        return np.linspace(0.5, 0.95, 10)
