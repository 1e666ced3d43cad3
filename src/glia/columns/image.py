"""Pictures: files or arrays, decoded once into compact bytes of one size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from glia.columns._looks import looks
from glia.columns._pictures import Bad, each, is_picture, opened, pixels, upright
from glia.columns._refuse import RowError, newly_missing
from glia.columns._sizes import room, size_of
from glia.core.finding import Finding
from glia.core.parts import Column, Guess
from glia.core.raw import Raw
from glia.core.values import Spec

__all__ = ["Image"]

_SAMPLE = 1000  # training pictures that sizes and statistics are learned from
_SAMPLE_ARRAYS = 10_000
_TOP = 65_535


class Image(Column):
    """A picture: upright, on white, resized bilinearly to one size, as bytes of one or three channels.

    Pictures of one size of at most 224 x 224 keep it. Others that all have nearly the same shape keep that,
    their longer side at most 224; else they become squares as wide as the median shorter side, at most 224.
    JPEGs are decoded at a half, quarter or eighth of their size where that is at least four fifths of the one wanted.
    Channels are one where the training pictures are all grey. Values of more than 8 bits are divided by what
    the bits in use can hold. Sizes, channels and statistics come from at most 1,000 training
    pictures, or 10,000 that are arrays.

    Args:
        name: The column's name.
        role: Only ``"input"``.

    Example:
        >>> digits = Image("image")
        >>> rows = Raw(np.arange(32, dtype=np.uint8).reshape(2, 4, 4), np.ones(2, bool))
        >>> digits.learn(rows)
        >>> digits.encode(rows)["image"].shape, digits.specs()["image"].center
        ((2, 1, 4, 4), (15.5,))
    """

    kind = "image"
    media = True

    def __init__(self, name: str, role: Literal["input", "target"] = "input") -> None:
        super().__init__(name, role)
        self.size = (1, 1)
        self.most = 224
        self.channels = 1
        self.top = float(_TOP)
        self.center: tuple[float, ...] = (127.5,)
        self.spread: tuple[float, ...] = (1.0,)
        self.gaps = False
        self.given = False

    @staticmethod
    def recognize(raw: Raw) -> Guess:
        if raw.values.ndim in (3, 4) and raw.values.dtype == np.uint8:
            height, width = raw.values.shape[1:3]
            return Guess(0.99, f"its values are pictures of {height} x {width} bytes")
        if raw.values.dtype != object:
            return Guess(0.0, "its values are no pictures")
        here = raw.values[raw.present]
        if len(here) and is_picture(here[0]) and all(map(is_picture, here.tolist())):
            return Guess(0.99, f"its {len(here)} values are pictures")
        return Guess(0.0, "its values are no pictures")

    def give(self, size: tuple[int, int], center: tuple[float, ...], spread: tuple[float, ...]) -> None:
        """Give pictures the size, channels and normalization a network was trained with, instead of learning them.

        Args:
            size: Height and width.
            center: What is subtracted from each channel, on the scale of the bytes.
            spread: What each channel is divided by.
        """
        self.size, self.channels, self.center, self.spread, self.given = size, len(center), center, spread, True

    def learn(self, raw: Raw) -> None:
        self.gaps, self.top = not raw.present.all(), float(_TOP)
        most = _SAMPLE if raw.values.ndim == 1 else _SAMPLE_ARRAYS
        some = raw.take(_spread_out(np.flatnonzero(raw.present), most))
        found = looks(some)
        self._refuse(found.bad, some)
        self.top = _top(found.top) if len(some) else self.top
        if self.given:
            return
        self.size, self.channels = (1, 1), 1
        if len(some):
            self.size = size_of(found.sizes, self.most)
            self.channels = 3 if found.colored.any() else 1
        self.center, self.spread = (127.5,) * self.channels, (1.0,) * self.channels
        if len(some):
            self._measure(self._decoded(some))

    def specs(self) -> dict[str, Spec]:
        axes, size = ("channel", "height", "width"), (self.channels, *self.size)
        return {"image": Spec(axes, size, "uint8", (self.name,), center=self.center, spread=self.spread)}

    def encode(self, raw: Raw) -> dict[str, np.ndarray]:
        """Return (N, C, H, W) uint8; a missing picture is the mean color.

        Raises:
            RowError: A picture cannot be read.
        """
        return {"image": self._decoded(raw)}

    def examine(self, raw: Raw) -> list[Bad]:
        """Return which pictures cannot be read at all, each with its file, before anything is learned."""
        return looks(raw).bad

    def review(self, raw: Raw) -> list[Finding]:
        """Return what is odd about later pictures: moving, tiny or blank ones, and missing ones."""
        found = looks(raw)
        self._refuse(found.bad, raw)
        return [*found.findings(self.name), *([] if self.gaps else newly_missing(self.name, ~raw.present))]

    def state(self) -> dict[str, Any]:
        return {
            "size": list(self.size),
            "channels": self.channels,
            "top": self.top,
            "center": list(self.center),
            "spread": list(self.spread),
            "gaps": self.gaps,
            "given": self.given,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        height, width = state["size"]
        self.size, self.channels, self.top = (height, width), state["channels"], state["top"]
        self.center, self.spread = tuple(state["center"]), tuple(state["spread"])
        self.gaps, self.given = state["gaps"], state.get("given", False)

    def summarize(self, raw: Raw) -> dict[str, np.ndarray]:
        """Return how many pictures are so bright, so rich in contrast and so large, and the share missing."""
        return looks(raw).histograms()

    def corrupt(self, raw: Raw, strength: float, generator: np.random.Generator) -> Raw:
        """Return pictures with noise or blurred, as a poor camera gives them, at the size the network sees."""
        values = self._decoded(raw).copy()
        hit = np.flatnonzero((generator.random(len(raw)) < strength) & raw.present)
        for row in hit:
            picture = values[row].astype(np.float32)
            if generator.random() < 0.5:
                picture += generator.normal(0, 40, picture.shape)
            else:
                picture = _blurred(picture)
            values[row] = picture.clip(0, 255).round()
        return Raw(values.transpose(0, 2, 3, 1).copy(), raw.present)

    def _decoded(self, raw: Raw) -> np.ndarray:
        shape = (self.channels, *self.size)
        if raw.values.ndim > 2 and raw.values.shape[1:3] == self.size and raw.present.all():
            straight = _straight(raw.values, self.channels)
            if straight is not None:
                return straight
        out = room((len(raw), *shape))

        def work(at: int, value: Any) -> None:
            pixels(upright(opened(value), self.size, self.channels, self.top), out[rows[at]])

        rows = np.flatnonzero(raw.present)
        self._refuse(each(raw, rows, work), raw)
        out[~raw.present] = np.round(self.center)[:, None, None]
        return out

    def _refuse(self, bad: list[Bad], raw: Raw) -> None:
        if not bad:
            return
        first = bad[0]
        others = f" ({len(bad)} of {len(raw)} pictures cannot be read)" if len(bad) > 1 else ""
        file = first.file or None
        text, remedy = f"{first.text}{others}", first.remedy
        raise RowError("bad_picture", text, remedy=remedy, file=file, column=self.name, row=first.row)

    def _measure(self, values: np.ndarray) -> None:
        """Learn mean and standard deviation of each channel."""
        counts = [np.bincount(values[:, at].ravel(), minlength=256) for at in range(self.channels)]
        level = np.arange(256)
        means = [float(count @ level / count.sum()) for count in counts]
        squares = [float(count @ (level - mean) ** 2 / count.sum()) for count, mean in zip(counts, means)]
        self.center = tuple(round(mean, 4) for mean in means)
        self.spread = tuple(max(round(float(np.sqrt(square)), 4), 1.0) for square in squares)


def _straight(values: np.ndarray, channels: int) -> np.ndarray | None:
    """Return arrays of the right size as they are, channels first; nothing where they must be converted."""
    if channels == 1 and values.ndim == 3:
        return values[:, None]
    if values.ndim == 4 and values.shape[3] == channels:
        return np.ascontiguousarray(values.transpose(0, 3, 1, 2))
    if channels == 3 and values.ndim == 3:
        return np.repeat(values[:, None], 3, axis=1)
    return None


def _spread_out(rows: np.ndarray, most: int) -> np.ndarray:
    """Return at most so many of the rows, evenly spaced."""
    return rows if len(rows) <= most else rows[np.linspace(0, len(rows) - 1, most).astype(np.int64)]


def _top(largest: float) -> float:
    """Return what counts as white in pictures of more than 8 bits: the most that the bits in use can hold."""
    if largest <= 0:
        return float(_TOP)
    return 1.0 if largest <= 1 else float(2 ** np.ceil(np.log2(largest + 1)) - 1)


def _blurred(picture: np.ndarray) -> np.ndarray:
    """Return (C, H, W) averaged over 5 x 5 pixels."""
    for axis in (1, 2):
        padded = np.pad(picture, [(2, 2) if at == axis else (0, 0) for at in range(3)], mode="edge")
        length = picture.shape[axis]
        picture = np.mean([padded.take(range(at, at + length), axis=axis) for at in range(5)], axis=0)
    return picture
