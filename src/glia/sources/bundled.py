"""The real data sets that come with scikit-learn, by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from glia.core.raw import Origin, RawTable
from glia.sources import _files, _values

__all__ = ["Bundled"]

NAMES = ("breast_cancer", "diabetes", "digits", "iris", "linnerud", "wine")


class Bundled:
    """scikit-learn's bundled sets: iris, wine, breast_cancer, diabetes, digits, linnerud."""

    @staticmethod
    def claims(source: Any) -> bool:
        """Return whether a source is the name of a bundled set."""
        return isinstance(source, str) and source in NAMES

    @staticmethod
    def read(source: Any, names: Sequence[str] | None) -> RawTable:
        """Return the features and ``target``: labels as text, numbers as they are; linnerud has three.

        Args:
            source: The name.
            names: Not wanted; the sets name their columns.

        Example:
            >>> list(Bundled.read("linnerud", None))
            ['Chins', 'Situps', 'Jumps', 'Weight', 'Waist', 'Pulse']
        """
        from sklearn import datasets

        _files.refuse_names(names, "a bundled set")
        loaded = getattr(datasets, f"load_{source}")()
        columns = dict(zip(loaded.feature_names, loaded.data.T, strict=True))
        if loaded.target.ndim == 2:
            columns |= dict(zip(loaded.target_names, loaded.target.T, strict=True))
        elif "target_names" in loaded:
            columns["target"] = np.array([str(name) for name in loaded.target_names], object)[loaded.target]
        else:
            columns["target"] = loaded.target
        raw = {name: _values.of_array(values, name) for name, values in columns.items()}
        return _values.table(raw, Origin(source, "bundled"))
