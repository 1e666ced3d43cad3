"""Floor 8: scikit-learn's face: estimators for its pipelines and searches, trained by glia's own machinery.

Example:
    >>> from glia.sklearn import NeuralClassifier
    >>> NeuralClassifier(max_epochs=10)
    NeuralClassifier(max_epochs=10)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from glia.sklearn._classifier import NeuralClassifier
    from glia.sklearn._regressor import NeuralRegressor

__all__ = ["NeuralClassifier", "NeuralRegressor"]

# Naming this room must not load torch and scikit-learn.
_HOMES = {"NeuralClassifier": "glia.sklearn._classifier", "NeuralRegressor": "glia.sklearn._regressor"}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'glia.sklearn' has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
