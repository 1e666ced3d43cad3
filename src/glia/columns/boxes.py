"""Boxes around things in a picture, each with a label."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np

from glia.columns._refuse import RowError, missing_target, unseen_label
from glia.core.parts import Column, Guess
from glia.core.raw import Raw
from glia.core.values import Spec

__all__ = ["Boxes"]

_FORM = 'write [["cat", 0.1, 0.2, 0.5, 0.9], ...]: label, left, top, right, bottom in shares of the picture'
_FIELDS = 5
_BINS = 16
_SLACK = 1e-3

_Box = tuple[str, float, float, float, float]


class Boxes(Column):
    """Boxes of a picture: a JSON list of ``[label, left, top, right, bottom]`` in shares of width and height.

    Encoded, a row is (M, 5) float32 of class code and edges, with class -1 where it has fewer boxes than the
    training row that has most; rows with more than that make the array wider.

    Example:
        >>> found = Boxes("boxes", "target")
        >>> rows = Raw(np.array(['[["cat", 0, 0, 0.5, 1]]', "[]"], dtype=object), np.ones(2, bool))
        >>> found.learn(rows)
        >>> found.encode(rows)["target"].tolist()
        [[[0.0, 0.0, 0.0, 0.5, 1.0]], [[-1.0, 0.0, 0.0, 0.0, 0.0]]]
    """

    kind = "boxes"
    askable = True
    used: ClassVar[bool] = True

    def __init__(self, name: str, role: Literal["input", "target"] = "target") -> None:
        super().__init__(name, role)
        self.classes: tuple[str, ...] = ()
        self.most = 1

    @staticmethod
    def recognize(raw: Raw) -> Guess:
        if raw.values.dtype != object or raw.values.ndim != 1 or not raw.present.any():
            return Guess(0.0, "its values are no boxes")
        here = raw.values[raw.present]
        if not all(isinstance(value, str) and value.lstrip().startswith("[") for value in here[:100].tolist()):
            return Guess(0.0, "its values are no boxes")
        try:
            count = sum(len(_parsed(value)) for value in here[:100].tolist())
        except ValueError:
            return Guess(0.0, "its values are no boxes")
        return Guess(0.97 if count else 0.3, f"{len(here)} values are lists of boxes")

    def learn(self, raw: Raw) -> None:
        rows = self._read(raw)
        self.classes = tuple(sorted({box[0] for row in rows for box in row}))
        self.most = max((len(row) for row in rows), default=0) or 1

    def specs(self) -> dict[str, Spec]:
        return {"target": Spec(("box", "field"), (self.most, _FIELDS), names=(self.name,), classes=(self.classes,))}

    def encode(self, raw: Raw) -> dict[str, np.ndarray]:
        """Return (N, M, 5) float32.

        Raises:
            RowError: Boxes that are missing, cannot be read, or have a label never seen in training.
        """
        rows = self._read(raw)
        index = {label: code for code, label in enumerate(self.classes)}
        values = np.zeros((len(rows), max(self.most, *map(len, rows), 0) if rows else self.most, _FIELDS), np.float32)
        values[:, :, 0] = -1
        for at, row in enumerate(rows):
            for place, (label, *edges) in enumerate(row):
                if label not in index:
                    raise unseen_label(self.name, label, self.classes, at)
                values[at, place] = (index[label], *edges)
        return {"target": values}

    def decode(self, values: np.ndarray) -> np.ndarray:
        """Return (N, M, 5) boxes as (N,) texts of the form that is read; class -1 is padding."""
        texts = np.empty(len(values), object)
        for at, row in enumerate(values.reshape(len(values), -1, _FIELDS)):
            boxes = [
                [self.classes[int(box[0])], *(round(float(edge), 6) for edge in box[1:])] for box in row if box[0] >= 0
            ]
            texts[at] = json.dumps(boxes, ensure_ascii=False)
        return texts

    def state(self) -> dict[str, Any]:
        return {"classes": list(self.classes), "most": self.most}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.classes, self.most = tuple(state["classes"]), state["most"]

    def summarize(self, raw: Raw) -> dict[str, np.ndarray]:
        """Return how many boxes each class has, how many rows so many boxes, and how large boxes are."""
        rows = self._read(raw.take(np.flatnonzero(raw.present)))
        index = {label: code for code, label in enumerate(self.classes)}
        counts = np.zeros(len(self.classes), np.int64)
        areas = np.zeros(_BINS, np.int64)
        for label, left, top, right, bottom in (box for row in rows for box in row):
            if label in index:
                counts[index[label]] += 1
            areas[min(int(math.sqrt((right - left) * (bottom - top)) * _BINS), _BINS - 1)] += 1
        many = np.bincount([min(len(row), _BINS - 1) for row in rows], minlength=_BINS).astype(np.int64)
        return {"classes": counts, "boxes": many, "size": areas}

    def _read(self, raw: Raw) -> list[list[_Box]]:
        missing_target(self.name, ~raw.present)
        rows = []
        for at, value in enumerate(raw.values.tolist()):
            try:
                rows.append(_parsed(value))
            except ValueError as error:
                raise RowError("bad_box", str(error), remedy=_FORM, column=self.name, row=at) from None
        return rows


def _parsed(value: Any) -> list[_Box]:
    """Return the boxes a text holds; a :class:`ValueError` says what is wrong with it."""
    try:
        found = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        raise ValueError(f"{str(value)[:60]!r} is no list of boxes") from None
    if not isinstance(found, list):
        raise ValueError(f"{str(value)[:60]!r} is no list of boxes")
    return [_box(one) for one in found]


def _box(one: Any) -> _Box:
    try:
        label, *edges = one
        left, top, right, bottom = (float(edge) for edge in edges)
    except (TypeError, ValueError):
        raise ValueError(f"{str(one)[:60]} is no label with four edges") from None
    if not all(map(math.isfinite, (left, top, right, bottom))) or right <= left or bottom <= top:
        raise ValueError(f"the box of {label!r} from {left:g}, {top:g} to {right:g}, {bottom:g} has no area")
    if min(left, top) < -_SLACK or max(right, bottom) > 1 + _SLACK:
        said = f"the box of {label!r} from {left:g}, {top:g} to {right:g}, {bottom:g} reaches out of the picture"
        raise ValueError(f"{said}, whose edges are 0 and 1")
    return str(label), max(left, 0.0), max(top, 0.0), min(right, 1.0), min(bottom, 1.0)
