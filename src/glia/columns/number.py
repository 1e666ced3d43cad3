"""Numbers: robustly scaled as an input, standardized as a target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from glia.columns._cells import cells, word_of
from glia.columns._parse import Style, are_codes, numeric_share, read_numbers, style_of
from glia.columns._refuse import RowError, missing_target, newly_missing, unreadable
from glia.columns._scale import Scale, quantiles
from glia.core.finding import Finding
from glia.core.parts import Column, Guess
from glia.core.raw import Raw
from glia.core.values import Spec

__all__ = ["Number"]

_FEW = 20


class Number(Column):
    """A number: median and quantile range of the training rows, clipped smoothly; missing ones are marked.

    A value that is missing only after training counts as the median, and :meth:`review` says so.

    Example:
        >>> age = Number("age")
        >>> age.learn(Raw(np.array(["20", "30", "40", "?"], dtype=object), np.ones(4, bool)))
        >>> groups = age.encode(Raw(np.array([30.0]), np.ones(1, bool)))
        >>> groups["number"].tolist(), groups["dense"].tolist()
        ([[0.0]], [[0.0]])
    """

    kind = "number"
    askable = True

    def __init__(self, name: str, role: Literal["input", "target"] = "input") -> None:
        super().__init__(name, role)
        self.style: Style = "point"
        self.scale = Scale()
        self.gaps = False
        self.mean, self.deviation = 0.0, 1.0

    @staticmethod
    def recognize(raw: Raw) -> Guess:
        if raw.values.ndim > 1:
            return Guess(0.0, "its values are pictures")
        if raw.values.dtype.kind in "fiu":
            return Guess(0.85, "its values are numbers")
        if raw.values.dtype != object:
            return Guess(0.0, "its values are not numbers")
        found = cells(raw)
        share, style = numeric_share(found)
        if are_codes(found.words):
            return Guess(0.2, "leading zeros say that its digits are codes")
        written = " with decimal commas" if style == "comma" else ""
        if share == 1:
            few = f", {len(found.words)} different ones whose order may matter" if len(found.words) <= _FEW else ""
            return Guess(0.85, f"all {found.here} values are numbers{written}{few}")
        said = f"{share:.1%} of {found.here} values are numbers{written}"
        return Guess(0.75, f"{said}, the others count as missing") if share >= 0.9 else Guess(0.2 * share, said)

    def learn(self, raw: Raw) -> None:
        self.style = "point" if raw.values.dtype != object else style_of(cells(raw).words)
        values, wrong = read_numbers(raw, self.style)
        if self.role == "input":
            self.scale, self.gaps = Scale.learned(values), bool(np.isnan(values).any())
            return
        self._refuse(raw, values, wrong)
        if not len(values):
            return
        # Squares of 1e300 are infinite, so the spread is found on values brought near 1 first.
        size = float(np.abs(values).max()) or 1.0
        spread = float((values / size).std()) * size
        self.mean = float((values / size).mean()) * size
        self.deviation = spread if spread > 1e-12 * size else 1.0

    def specs(self) -> dict[str, Spec]:
        if self.role == "target":
            return {"target": Spec(("feature",), (1,), names=(self.name,))}
        specs = {"number": Spec(("feature",), (1,), names=(self.name,), edges=(self.scale.edges,))}
        if self.gaps:
            specs["dense"] = Spec(("feature",), (1,), names=(f"{self.name} is missing",))
        return specs

    def encode(self, raw: Raw) -> dict[str, np.ndarray]:
        values, wrong = read_numbers(raw, self.style)
        if self.role == "target":
            self._refuse(raw, values, wrong)
            # A difference of two float64 may be infinite, and float32 ends at 3e38.
            with np.errstate(over="ignore"):
                standard = np.clip(values / self.deviation - self.mean / self.deviation, -1e30, 1e30)
            return {"target": standard.astype(np.float32)[:, None]}
        groups = {"number": self.scale.encode(values)[:, None]}
        if self.gaps:
            groups["dense"] = np.isnan(values).astype(np.float32)[:, None]
        return groups

    def decode(self, values: np.ndarray) -> np.ndarray:
        return values.astype(np.float64) * self.deviation + self.mean

    def review(self, raw: Raw) -> list[Finding]:
        """Return what is odd about later rows."""
        values, wrong = read_numbers(raw, self.style)
        said = unreadable(self.name, "a number", wrong, raw, "they count as missing")
        return said if self.gaps or said else newly_missing(self.name, np.isnan(values))

    def state(self) -> dict[str, Any]:
        return {
            "style": self.style,
            "scale": self.scale.state(),
            "gaps": self.gaps,
            "mean": self.mean,
            "deviation": self.deviation,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        self.style, self.gaps = state["style"], state["gaps"]
        self.scale = Scale.restored(state["scale"])
        self.mean, self.deviation = state["mean"], state["deviation"]

    def summarize(self, raw: Raw) -> dict[str, np.ndarray]:
        return quantiles(read_numbers(raw, self.style)[0])

    def corrupt(self, raw: Raw, strength: float, generator: np.random.Generator) -> Raw:
        """Return numbers in the wrong unit (a thousand times too large) and outliers."""
        values = read_numbers(raw, self.style)[0]
        known = np.clip(values[~np.isnan(values)], -1e150, 1e150)
        far = 10 * float(np.ptp(known)) + 1 if len(known) else 1.0
        with np.errstate(over="ignore", invalid="ignore"):
            worse = np.where(
                generator.random(len(raw)) < 0.5, values * 1000, values + generator.normal(0, far, len(raw))
            )
        hit = generator.random(len(raw)) < strength
        return Raw(np.where(hit, worse, values), ~np.isnan(values))

    def _refuse(self, raw: Raw, values: np.ndarray, wrong: np.ndarray) -> None:
        """Refuse targets that are no numbers: a wrong answer must not quietly become a missing one."""
        bad = wrong | np.isinf(values)
        if bad.any():
            row = int(bad.argmax())
            raise RowError(
                "target_unreadable",
                f"{word_of(raw.values[row])!r} is not a finite number ({int(bad.sum())} such rows)",
                remedy="correct the value, or ask for a category with --task classify",
                column=self.name,
                row=row,
            )
        missing_target(self.name, np.isnan(values))


def numbers(raw: Raw) -> np.ndarray:
    """Return a column as (N,) float64, NaN where there is no number.

    Example:
        >>> numbers(Raw(np.array(["1,5", "x"], dtype=object), np.ones(2, bool))).tolist()
        [1.5, nan]
    """
    return read_numbers(raw)[0]
