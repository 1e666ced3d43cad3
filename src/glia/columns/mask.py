"""Masks: a class for every pixel of a picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from glia.columns._masks import codes_of, distinct, looks_like_instances, looks_lossy
from glia.columns._pictures import Bad, UnreadableError, each, is_picture, opened, size_upright
from glia.columns._refuse import RowError, missing_target
from glia.core.errors import UsageError
from glia.core.names import listed
from glia.core.parts import Column, Guess
from glia.core.raw import Raw
from glia.core.values import Spec, Specs

__all__ = ["Mask"]

_SAMPLE = 200
_MOST = 255
VOID = 255


class Mask(Column):
    """A picture whose values are classes, brought to its picture's size by the nearest pixel.

    Values are grey levels, places in a palette, or colors. Numbers of things (1, 2, 3, ... in each mask) count as
    one class beside the background; black and white that a lossy format has blurred are parted at half; 255 beside
    other classes of a palette or of greys below 255 is a border that counts for nothing, code 255.

    Masks take the size that their pictures are encoded in. ``--columns mask=mask:things`` says that values number
    things, ``mask:classes`` that they are classes, whatever they look like.

    Example:
        >>> tumor = Mask("mask", "target")
        >>> rows = Raw(np.array([[[0, 255], [0, 0]]], np.uint8), np.ones(1, bool))
        >>> tumor.learn(rows)
        >>> tumor.encode(rows)["target"].tolist(), tumor.classes
        ([[[0, 1], [0, 0]]], ('background', '255'))
    """

    kind = "mask"
    askable = True
    media = True

    def __init__(self, name: str, role: Literal["input", "target"] = "target") -> None:
        super().__init__(name, role)
        self.size: tuple[int, int] | None = None
        self.values: tuple[int, ...] = (0,)
        self.how: Literal["codes", "instances", "halves"] = "codes"
        self.void = False
        self.colors = False
        self.wish: str | None = None

    def read_as(self, how: str) -> None:
        if how not in ("things", "classes"):
            said = f"the values of {self.name!r} cannot be read as {how!r}"
            raise UsageError(
                "bad_columns",
                said,
                remedy=f"write --columns {self.name}=mask:things or {self.name}=mask:classes",
                column=self.name,
            )
        self.wish = how

    @property
    def classes(self) -> tuple[str, ...]:
        """The label of each code."""
        if self.how != "codes":
            return ("background", "object")
        return tuple("background" if value == 0 else self._shown(value) for value in self.values)

    @property
    def said(self) -> str:
        """How values are read, completing "masks are read so that ..."."""
        if self.how == "instances":
            why = "as was asked" if self.wish else "since each mask counts its own from 1"
            return f"numbers of things are one class, {why}"
        if self.how == "halves":
            return "values from 128 are one class, since they are black and white blurred by a lossy format"
        return f"{len(self.values)} values are classes" + ", and 255 counts for nothing" * self.void

    @staticmethod
    def recognize(raw: Raw) -> Guess:
        here = raw.values[raw.present] if raw.values.dtype == object else raw.values
        pictures = len(here) and (raw.values.ndim == 3 or (raw.values.dtype == object and is_picture(here[0])))
        return Guess(0.4, "its values are pictures") if pictures else Guess(0.0, "its values are no pictures")

    def learn(self, raw: Raw) -> None:
        self._demand(raw)
        if self.size is None and len(raw):
            self.size = size_upright(opened(raw.values[0]))
        step = max(len(raw) // _SAMPLE, 1)
        sample = [self._codes(raw, row, None) for row in range(0, len(raw), step)]
        counts: Counter[int] = Counter()
        for mask, _ in sample:
            found, often = np.unique(mask, return_counts=True)
            counts.update(dict(zip(found.tolist(), often.tolist())))
        self.colors = max(counts, default=0) > 65535
        palette = any(flag for _, flag in sample)
        self.how = "codes"
        if self.wish == "things":
            self.how = "instances"
        elif self.wish is None and looks_lossy(dict(counts)):
            self.how = "halves"
        elif self.wish is None and not palette and looks_like_instances([mask for mask, _ in sample]):
            self.how = "instances"
        if self.how != "codes":
            self.values, self.void = (0, 1), False
            self.reason = self.said
            return
        values = self._all_values(raw, {int(value) for value in counts}) if step > 1 else set(counts)
        self.void = 255 in values and any(0 < value < 255 for value in values) and max(values) == 255
        self.values = tuple(sorted(values - {VOID} if self.void else values)) or (0,)
        if len(self.values) > _MOST:
            raise RowError(
                "too_many_classes",
                f"masks hold {len(self.values):,} different values, and at most {_MOST} can be classes",
                remedy="bring masks whose values are codes of classes, in a format without loss (PNG)",
                column=self.name,
            )
        self.reason = self.said

    def follow(self, given: Specs) -> None:
        if "image" in given:
            height, width = given["image"].size[1:]
            assert height is not None and width is not None
            self.size = (height, width)

    def examine(self, raw: Raw) -> list[Bad]:
        """Return which masks cannot be read at all, each with its file, before anything is learned."""

        def work(_: int, value: Any) -> None:
            codes_of(value, None)

        return each(raw, np.flatnonzero(raw.present), work)

    def specs(self) -> dict[str, Spec]:
        size = self.size or (1, 1)
        return {"target": Spec(("height", "width"), size, "uint8", (self.name,), (self.classes,))}

    def encode(self, raw: Raw) -> dict[str, np.ndarray]:
        """Return (N, H, W) uint8 codes.

        Raises:
            RowError: A mask is missing, cannot be read, or holds a value never seen in training.
        """
        self._demand(raw)
        size = self.size or (1, 1)
        out = np.empty((len(raw), *size), np.uint8)
        known = np.array(self.values, np.int64)

        def work(at: int, value: Any) -> None:
            mask = codes_of(value, size)[0]
            if self.how != "codes":
                out[at] = mask > 0 if self.how == "instances" else mask >= 128
                return
            place = np.searchsorted(known, mask).clip(0, len(known) - 1)
            strange = known[place] != mask
            if self.void:
                place[mask == VOID] = VOID
                strange &= mask != VOID
            if strange.any():
                said = f"the value {self._shown(int(mask[strange][0]))} was never seen in training"
                raise UnreadableError(said, f"correct the mask; its values are {listed(map(self._shown, self.values))}")
            out[at] = place

        self._refuse(each(raw, np.arange(len(raw)), work))
        return {"target": out}

    def decode(self, values: np.ndarray) -> np.ndarray:
        """Return class codes, which are what an answer holds."""
        return values.astype(np.uint8)

    def mismatches(self, raw: Raw, pictures: Raw) -> list[Bad]:
        """Return the masks whose size is not that of their picture, both upright."""
        sizes: dict[int, tuple[int, int]] = {}

        def measure(at: int, value: Any) -> None:
            sizes[at] = size_upright(opened(value))

        def compare(at: int, value: Any) -> None:
            own = size_upright(opened(value))
            if at in sizes and own != sizes[at]:
                said = f"the mask has {own[1]} x {own[0]} pixels, its picture {sizes[at][1]} x {sizes[at][0]}"
                raise UnreadableError(said, "bring the mask that belongs to the picture")

        each(pictures, np.arange(len(pictures)), measure)
        return each(raw, np.arange(len(raw)), compare)

    def state(self) -> dict[str, Any]:
        return {
            "size": None if self.size is None else list(self.size),
            "values": list(self.values),
            "how": self.how,
            "void": self.void,
            "colors": self.colors,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        self.size = None if state["size"] is None else (state["size"][0], state["size"][1])
        self.values, self.how, self.void = tuple(state["values"]), state["how"], state["void"]
        self.colors = state["colors"]

    def summarize(self, raw: Raw) -> dict[str, np.ndarray]:
        """Return how many pixels each class has, those that count for nothing last."""
        codes = self.encode(raw.take(np.flatnonzero(raw.present)))["target"]
        counts = np.bincount(codes.ravel(), minlength=256)
        return {"pixels": np.append(counts[: len(self.classes)], counts[VOID]).astype(np.int64)}

    def _all_values(self, raw: Raw, known: set[int]) -> set[int]:
        """Return the values of all masks."""
        found = [known]

        def work(_: int, value: Any) -> None:
            found.append(set(distinct(codes_of(value, None)[0]).tolist()))

        self._refuse(each(raw, np.arange(len(raw)), work))
        return set().union(*found)

    def _codes(self, raw: Raw, row: int, size: tuple[int, int] | None) -> tuple[np.ndarray, bool]:
        found: list[tuple[np.ndarray, bool]] = []
        self._refuse(each(raw, np.array([row]), lambda at, value: found.append(codes_of(value, size))))
        return found[0]

    def _demand(self, raw: Raw) -> None:
        missing_target(self.name, ~raw.present)

    def _refuse(self, bad: list[Bad]) -> None:
        if bad:
            first = bad[0]
            raise RowError(
                "bad_mask", first.text, remedy=first.remedy, file=first.file or None, column=self.name, row=first.row
            )

    def _shown(self, value: int) -> str:
        return f"#{value:06x}" if self.colors else str(value)
