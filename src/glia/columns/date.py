"""Dates and times: how long ago, and where in the year, the week and the day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from glia.columns._cells import Cells, cells
from glia.columns._dates import day_first, to_dates
from glia.columns._parse import read_numbers
from glia.columns._refuse import RowError, newly_missing, unreadable
from glia.columns._scale import Scale, quantiles
from glia.core.finding import Finding
from glia.core.parts import Column, Guess
from glia.core.raw import Raw
from glia.core.values import Spec

__all__ = ["Date"]

_START = np.datetime64("2000-01-01", "us")
_DAY = 86_400e6
_LOOK_AT = 40


class Date(Column):
    """A moment: days elapsed as a number; month, day, weekday and hour on circles where they vary.

    The year needs no feature of its own: it is the slow part of the time elapsed.

    Example:
        >>> seen = Date("seen")
        >>> seen.learn(Raw(np.array(["2024-01-31", "2024-02-01"], dtype=object), np.ones(2, bool)))
        >>> seen.specs()["dense"].names
        ('seen month (sin)', 'seen month (cos)', 'seen day (sin)', 'seen day (cos)', ...)
    """

    kind = "date"

    def __init__(self, name: str, role: Literal["input", "target"] = "input") -> None:
        super().__init__(name, role)
        self.days_lead = False
        self.parts: tuple[str, ...] = ()
        self.scale = Scale()
        self.gaps = False

    @staticmethod
    def recognize(raw: Raw) -> Guess:
        if raw.values.dtype.kind == "M":
            return Guess(0.98, "its values are moments")
        # Whole numbers such as 20240131 are dates only as text or where a person says so.
        if raw.values.dtype != object:
            return Guess(0.0, "its values are not dates")
        found = cells(raw)
        lead, proven = day_first(found.words[:_LOOK_AT])
        if not found.words or np.isnat(to_dates(found.words[:_LOOK_AT], lead)).mean() > 0.5:
            return Guess(0.0, "its values are not dates")
        lead, proven = day_first(found.words)
        dates = _read(found, lead)
        share = float(found.counts[~np.isnat(dates)].sum()) / found.here
        said = f"{share:.1%} of {found.here} values are dates"
        if not proven:
            said += f"; nothing tells days from months, so {'days' if lead else 'months'} are taken to come first"
        return Guess(0.9 if share >= 0.95 else 0.3 * share, said)

    def learn(self, raw: Raw) -> None:
        if raw.values.dtype.kind != "M":
            self.days_lead = day_first(cells(raw).words)[0]
        moments = self._moments(raw)[0]
        known = moments[~np.isnat(moments)]
        self.gaps = len(known) < len(moments)
        self.scale = Scale.learned(_elapsed(moments))
        self.parts = tuple(part for part, turns in _calendar(known).items() if len(known) and np.ptp(turns) > 0)

    def specs(self) -> dict[str, Spec]:
        names = [f"{self.name} {part} ({wave})" for part in self.parts for wave in ("sin", "cos")]
        names += [f"{self.name} is missing"] * self.gaps
        number = Spec(("feature",), (1,), names=(self.name,), edges=(self.scale.edges,))
        dense = {"dense": Spec(("feature",), (len(names),), names=tuple(names))} if names else {}
        return {"number": number, **dense}

    def encode(self, raw: Raw) -> dict[str, np.ndarray]:
        moments = self._moments(raw)[0]
        groups = {"number": self.scale.encode(_elapsed(moments))[:, None]}
        calendar = _calendar(moments)
        waves = [wave(2 * np.pi * calendar[part]) for part in self.parts for wave in (np.sin, np.cos)]
        gone = np.isnat(moments)
        dense = [np.where(gone, 0.0, values) for values in waves] + [gone] * self.gaps
        return {**groups, "dense": np.stack(dense, axis=1).astype(np.float32)} if dense else groups

    def review(self, raw: Raw) -> list[Finding]:
        """Return what is odd about later rows."""
        moments, wrong = self._moments(raw)
        said = unreadable(self.name, "a date", wrong, raw, "they count as missing")
        return said if self.gaps or said else newly_missing(self.name, np.isnat(moments))

    def state(self) -> dict[str, Any]:
        return {
            "days_lead": self.days_lead,
            "parts": list(self.parts),
            "scale": self.scale.state(),
            "gaps": self.gaps,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        self.days_lead, self.gaps = state["days_lead"], state["gaps"]
        self.parts, self.scale = tuple(state["parts"]), Scale.restored(state["scale"])

    def summarize(self, raw: Raw) -> dict[str, np.ndarray]:
        return quantiles(_elapsed(self._moments(raw)[0]))

    def _moments(self, raw: Raw) -> tuple[np.ndarray, np.ndarray]:
        """Return (N,) datetime64[us], and (N,) bool where something is there that is no date."""
        nothing = np.datetime64("NaT", "us")
        if raw.values.dtype.kind == "M":
            moments = np.where(raw.present, raw.values.astype("datetime64[us]"), nothing)
            return moments, np.zeros(len(raw), bool)
        found = cells(raw)
        moments = found.spread(_read(found, self.days_lead), nothing)
        return moments, (found.codes >= 0) & np.isnat(moments)


def _read(found: Cells, lead: bool) -> np.ndarray:
    return found.read(f"date {lead}", lambda words: to_dates(words, lead))


def _elapsed(moments: np.ndarray) -> np.ndarray:
    """Return days since the year 2000 as float64, NaN where there is no date."""
    days = (moments - _START).astype(np.float64) / _DAY
    return np.where(np.isnat(moments), np.nan, days)


def _calendar(moments: np.ndarray) -> dict[str, np.ndarray]:
    """Return how far round its circle each part of the calendar is, from 0 to 1."""
    months = moments.astype("datetime64[M]")
    days = moments.astype("datetime64[D]")
    # 1970-01-01 was a Thursday, the fourth day of the week.
    return {
        "month": months.astype(np.int64) % 12 / 12,
        "day": (days - months.astype("datetime64[D]")).astype(np.int64) / 31,
        "weekday": (days.astype(np.int64) + 3) % 7 / 7,
        "hour": (moments - days).astype(np.int64) / _DAY,
    }


def moments(raw: Raw, name: str) -> np.ndarray:
    """Return when each row was, as (N,) float64 that only its order means: dates, or numbers such as years.

    Args:
        raw: (N,) dates or numbers of any spelling.
        name: The column, for the message.

    Raises:
        DataError: A row has no readable time.

    Example:
        >>> moments(Raw(np.array(["2000-01-03"], dtype=object), np.ones(1, bool)), "day").tolist()
        [2.0]
    """
    if Date.recognize(raw).confidence >= 0.9:
        reader = Date(name)
        reader.learn(raw)
        when = _elapsed(reader._moments(raw)[0])
    else:
        when = read_numbers(raw)[0]
    if np.isnan(when).any():
        row = int(np.isnan(when).argmax())
        raise RowError(
            "time_unreadable",
            f"{int(np.isnan(when).sum())} of {len(raw)} rows have no readable time, row {row + 1} first",
            remedy="correct these rows or name another column with --time",
            column=name,
            row=row,
        )
    return when
