"""Mean average precision at an overlap of one half."""

from __future__ import annotations

import numpy as np

from glia.metrics._boxes import BoxMetric

__all__ = ["MeanAveragePrecision50"]


class MeanAveragePrecision50(BoxMetric):
    """COCO's mean average precision of boxes that overlap an object by at least one half, over classes.

    Example:
        >>> from glia.core.values import Answer
        >>> answer = Answer(boxes=(np.array([[0, 0.9, 0.0, 0.0, 0.5, 0.5]]),))
        >>> metric, truth = MeanAveragePrecision50(), np.array([[[0, 0.0, 0.0, 0.5, 0.6]]])
        >>> metric.value(metric.stats(answer, truth)).tolist()
        [1.0]
    """

    @property
    def thresholds(self) -> np.ndarray:
        """One half."""
        return np.array([0.5])
