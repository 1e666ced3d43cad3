"""The F1 of whole entities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from glia.core.values import Answer
from glia.metrics._additive import Additive
from glia.metrics._safe import ratio
from glia.metrics._tags import labels_of_rows

__all__ = ["EntityF1"]

_BEGINS, _ENDS = frozenset("BSU"), frozenset("ESLU")
_PLACES = _BEGINS | _ENDS | {"I"}


class EntityF1(Additive):
    """The F1 of entities, of which beginning, end and kind must be right, over all rows (Tjong Kim Sang 2003).

    Labels are those of CoNLL: ``B-PER`` begins a person, ``I-PER`` goes on with one, or begins one where none goes on;
    ``E-`` and ``L-`` end, ``S-`` and ``U-`` are whole, and every other label is outside.

    Example:
        >>> answer = Answer(text=np.array(["B-PER O B-LOC", "B-PER I-PER"], dtype=object))
        >>> truth = np.array(["B-PER O B-ORG", "B-PER I-PER"], dtype=object)
        >>> EntityF1().value(EntityF1().stats(answer, truth)).round(3).tolist()
        [0.667]
    """

    needs = "text"

    @staticmethod
    def tells(truth: np.ndarray) -> bool:
        """Return whether labels speak of entities at all; those of parts of speech do not."""
        labels = {label for text in truth.tolist() for label in str(text).split()}
        return bool(labels - {"O"}) and all(label == "O" or _split(label) is not None for label in labels)

    def rows(self, answer: Answer, truth: np.ndarray) -> np.ndarray:
        """Return the right, predicted and true entities of each row, (N, 3)."""
        found = [tuple(map(_entities, pair)) for pair in labels_of_rows(answer, truth)]
        counts = [(len(said & true), len(said), len(true)) for said, true in found]
        return np.array(counts, np.float64).reshape(-1, 3)

    def of(self, sums: np.ndarray) -> np.ndarray:
        """Return F1 from counts."""
        return ratio(2 * sums[:, 0], sums[:, 1] + sums[:, 2])


def _split(label: str) -> tuple[str, str] | None:
    """Return place and kind of an entity's label, or nothing for a label outside."""
    place, dash, kind = label.partition("-")
    return (place, kind) if dash and kind and place in _PLACES else None


def _entities(labels: Sequence[str]) -> set[tuple[int, int, str]]:
    """Return the first word, the word behind the last, and the kind of each entity."""
    found = set()
    start, going = 0, ""
    for at, label in enumerate([*labels, ""]):
        place, kind = _split(label) or ("", "")
        if going and (kind != going or place in _BEGINS):
            found.add((start, at, going))
            going = ""
        if kind and not going:
            start, going = at, kind
        if going and place in _ENDS:
            found.add((start, at + 1, going))
            going = ""
    return found
