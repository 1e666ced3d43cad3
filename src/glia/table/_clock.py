"""Times as whole steps: how far apart rows are, where some are missing, and what the calendar says of a moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from glia.columns.date import Date, moments
from glia.core.errors import DataError
from glia.core.raw import Raw

__all__ = ["Clock", "Ticks", "clock_of", "summer_time", "times_of"]

_DAY = 86_400_000_000
_HOUR = 3_600_000_000
_START = np.datetime64("2000-01-01", "us")
_OFF = 0.25  # of a step that a time may lie beside its place
_MOST_OFF = 0.1  # of the times that may lie further off before all are taken to be irregular
_CYCLES = {"hour": _DAY, "weekday": 7 * _DAY, "year": 365.2425 * _DAY}
_UNITS = {_DAY: "day", _HOUR: "hour", 60_000_000: "minute", 1_000_000: "second"}


@dataclass(frozen=True)
class Ticks:
    """Rows of one series as steps.

    Args:
        place: (N,) int64 the step of each row, ascending; a missing step is skipped.
        notes: What had to be decided, such as that weekends do not count.
    """

    place: np.ndarray
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Clock:
    """How steps and times belong together.

    Args:
        kind: ``"date"`` steps of one length, ``"month"`` steps of whole months, ``"row"`` rows in their order whatever
            the time says (weekends left out, local time with daylight saving), ``"number"`` times that are numbers,
            ``"none"`` no times at all.
        step: Microseconds, months, or units of a number that a step is long.

    Example:
        >>> days = np.array(["2024-01-01", "2024-01-02", "2024-01-04"], "datetime64[us]")
        >>> clock = clock_of(days)
        >>> str(clock), clock.ticks(days).place.tolist(), clock.after(days[-1], 1).astype(str).tolist()
        ('1 day', [0, 1, 3], ['2024-01-05T00:00:00.000000'])
    """

    kind: Literal["date", "month", "row", "number", "none"] = "none"
    step: float = 1.0

    def __str__(self) -> str:
        if self.kind in ("number", "none"):
            return f"{self.step:g}" if self.kind == "number" else "one row"
        size, unit = (
            (self.step, "month")
            if self.kind == "month"
            else next(
                ((self.step / long, name) for long, name in _UNITS.items() if self.step % long == 0),
                (self.step / 1e6, "second"),
            )
        )
        return f"{size:g} {unit}{'s' * (size != 1)}"

    @property
    def season(self) -> int:
        """The steps of the shortest cycle that times of such a step usually have; 1 where none is known."""
        if self.kind == "month":
            return max(1, round(12 / self.step))
        if self.kind not in ("date", "row"):
            return 1
        cycle = next((long for long in (_DAY, 7 * _DAY, 365.2425 * _DAY) if 2 <= long / self.step <= 1500), 0.0)
        return max(1, round(cycle / self.step)) if cycle else 1

    def ticks(self, times: np.ndarray) -> Ticks:
        """Return (N,) ascending times as steps from 0.

        Raises:
            DataError: They are so irregular that steps would mostly be guesses.
        """
        if self.kind in ("row", "none") or len(times) < 2:
            return Ticks(np.arange(len(times)))
        if self.kind == "month":
            months = times.astype("datetime64[M]").astype(np.int64)
            return Ticks((months - months[0]) // int(self.step))
        gone = (times - times[0]).astype(np.float64) / self.step
        place = np.round(gone).astype(np.int64)
        off = np.abs(np.diff(gone) - np.round(np.diff(gone))) > _OFF
        if off.mean() <= _MOST_OFF and (np.diff(place) > 0).all():
            return Ticks(place)
        twice = len(place) - len(np.unique(place))
        if twice > 0.5 * len(place) or np.median(np.diff(np.unique(place))) > 2:
            raise self.irregular()
        return Ticks(place, (f"the times are irregular; rows were gathered into steps of {self}",))

    def irregular(self) -> DataError:
        """Return the refusal of times that follow no step."""
        return DataError(
            "irregular_times",
            f"the times follow no step: half of them are {self} or less apart, and many far more",
            remedy="bring the rows at even steps, such as means of an hour or sums of a day",
        )

    def after(self, last: Any, steps: int) -> np.ndarray:
        """Return the times of the next steps after a time, (steps,)."""
        ahead = np.arange(1, steps + 1)
        if self.kind == "month":
            months = np.datetime64(last, "M") + ahead * int(self.step)
            return months.astype("datetime64[us]") + (np.datetime64(last, "us") - np.datetime64(last, "M"))
        if self.kind in ("date", "row"):
            return np.datetime64(last, "us") + (ahead * self.step).astype("timedelta64[us]")
        return np.asarray(float(last) + ahead * self.step)

    def parts(self, span: int) -> tuple[str, ...]:
        """Return the cycles of the calendar that steps can show within so many steps."""
        if self.kind not in ("date", "month", "row"):
            return ()
        step = self.step * 30 * _DAY if self.kind == "month" else self.step
        return tuple(name for name, long in _CYCLES.items() if 2 * step <= long <= span * step / 2)

    def calendar(self, times: np.ndarray, parts: tuple[str, ...]) -> np.ndarray:
        """Return where each time is on each cycle, (N, 2 * parts) float32 sines and cosines."""
        since = (times - _START).astype(np.float64) if len(parts) else np.zeros(len(times))
        # The first of January 2000 was a Saturday.
        turns = {
            "hour": since / _DAY,
            "weekday": (since / _DAY + 5) / 7,
            "year": since / _CYCLES["year"],
        }
        waves = [wave(2 * np.pi * turns[part]) for part in parts for wave in (np.sin, np.cos)]
        return np.stack(waves, 1).astype(np.float32) if waves else np.zeros((len(times), 0), np.float32)

    def state(self) -> dict[str, Any]:
        """Return the clock as JSON values."""
        return asdict(self)

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> Clock:
        """Return the clock that :meth:`state` described."""
        return cls(state["kind"], float(state["step"]))


def times_of(raw: Raw, name: str) -> np.ndarray:
    """Return a column of times as (N,) datetime64[us], in universal time where zones are written, or float64.

    Raises:
        DataError: A row has no readable time.
    """
    when = moments(raw, name)
    if Date.recognize(raw).confidence < 0.9:
        return when
    return _START + np.round(when * _DAY).astype(np.int64).astype("timedelta64[us]")


def clock_of(times: np.ndarray) -> Clock:
    """Return the clock of (N,) times; the longest series of a table decides for all.

    Times of a local clock, which repeats an hour in autumn, come as they are; all others ascending without repeats.
    """
    if len(times) < 2:
        return Clock("date" if times.dtype.kind == "M" else "number", float(_DAY) if times.dtype.kind == "M" else 1.0)
    if summer_time(times):
        return Clock("row", float(np.median(np.diff(times).astype(np.float64))))
    gaps = np.diff(times).astype(np.float64)
    step = float(np.quantile(gaps, 0.5, method="lower"))
    if times.dtype.kind != "M":
        return Clock("number", step)
    if step >= 27 * _DAY and (months := _months(times)):
        return Clock("month", float(months))
    if step == _DAY and _no_weekends(times):
        return Clock("row", step)
    return Clock("date", step)


def _months(times: np.ndarray) -> int:
    """Return of how many months a step is, where all times are on one day of their months; else 0."""
    days = (times.astype("datetime64[D]") - times.astype("datetime64[M]")).astype(np.int64)
    lasts = ((times.astype("datetime64[D]") + 1).astype("datetime64[M]") > times.astype("datetime64[M]")).all()
    if len(np.unique(days)) > 1 and not lasts:
        return 0
    return int(np.median(np.diff(times.astype("datetime64[M]").astype(np.int64))))


def _no_weekends(times: np.ndarray) -> bool:
    days = times.astype("datetime64[D]").astype(np.int64)
    return len(days) > 10 and bool(((days + 3) % 7 < 5).all())


def summer_time(times: np.ndarray) -> bool:
    """Return whether (N,) times are of a local clock, even but for an hour repeated in autumn and skipped in spring.

    Example:
        >>> clock = ["2024-10-27T01:00", "2024-10-27T02:00", "2024-10-27T02:00", "2024-10-27T03:00"]
        >>> summer_time(np.array(clock, "datetime64[us]"))
        True
    """
    if times.dtype.kind != "M" or len(times) < 4:
        return False
    gaps = np.diff(times).astype(np.float64)
    if (gaps > 0).all():
        return False
    step, years = float(np.median(gaps)), 1 + float((times.max() - times.min()).astype(np.float64)) / (365 * _DAY)
    odd = gaps != step
    if not 0 < step <= _HOUR or odd.sum() > 2 * years or not np.isin(gaps[odd] - step, (-_HOUR, _HOUR)).all():
        return False
    at = times[:-1][odd]
    sunday = (at.astype("datetime64[D]").astype(np.int64) + 3) % 7 == 6
    return bool(sunday.all() and np.isin(at.astype("datetime64[M]").astype(np.int64) % 12, (2, 3, 8, 9, 10)).all())
