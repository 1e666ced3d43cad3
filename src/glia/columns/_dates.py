"""Text to moments: ISO 8601, day and month in either order, English month names; never a guess per cell."""

from __future__ import annotations

import re

import numpy as np

__all__ = ["day_first", "to_dates"]

_TIME = r"(?:[T ,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)? ?([AaPp][Mm])?)?"
_ZONE = r" ?(?:Z|UTC|([-+])(\d{2}):?(\d{2}))?"
_YEAR_FIRST = re.compile(rf"(\d{{4}})[-/.](\d{{1,2}})(?:[-/.](\d{{1,2}}))?{_TIME}{_ZONE}")
_YEAR_LAST = re.compile(rf"(\d{{1,2}})([-/.])(\d{{1,2}})\2(\d{{4}}|\d{{2}}){_TIME}{_ZONE}")
_DAY_NAME = re.compile(rf"(\d{{1,2}})[- .]+([A-Za-z]{{3,9}})[-, .]+(\d{{4}}){_TIME}{_ZONE}")
_NAME_DAY = re.compile(rf"([A-Za-z]{{3,9}})[ .]+(\d{{1,2}}),? +(\d{{4}}){_TIME}{_ZONE}")
_COMPACT = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})")
# What NumPy reads rightly by itself, at the speed of C; known by the shapes of all words at once.
_DIGITS = str.maketrans("123456789", "000000000")
_ISO = frozenset(
    "0000-00-00" + clock
    for join in " T"
    for clock in ("", *(f"{join}00:00{seconds}" for seconds in ("", ":00", ":00.000", ":00.000000")))
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NONE = (0, 0, 0, 0)

_Fields = tuple[int, int, int, int]  # year, month, day, microseconds since midnight


def day_first(words: list[str]) -> tuple[bool, bool]:
    """Return whether 03/04/2024 is the third of April, and whether the words prove it.

    A first part above 12 is a day and a second part above 12 proves the other order; where nothing decides,
    points and dashes mean the day first and strokes the month.

    Example:
        >>> day_first(["13/04/2024"]), day_first(["04/13/2024"]), day_first(["03.04.2024"])
        ((True, True), (False, True), (True, False))
    """
    found = [match for match in map(_YEAR_LAST.fullmatch, words) if match]
    if not found:
        return False, True
    first = sum(int(match[1]) > 12 for match in found)
    second = sum(int(match[3]) > 12 for match in found)
    return (first > second, True) if first or second else (found[0][2] != "/", False)


def to_dates(words: list[str], days_lead: bool = False) -> np.ndarray:
    """Return words as datetime64[us] in universal time; NaT where a word is no date.

    Args:
        words: Texts without surrounding white space.
        days_lead: Whether 03/04/2024 is the third of April.

    Example:
        >>> to_dates(["2024-02-29", "29 Feb 2024 10:30", "2023-02-29"]).astype(str).tolist()
        ['2024-02-29T00:00:00.000000', '2024-02-29T10:30:00.000000', 'NaT']
    """
    if words and _ISO.issuperset("\n".join(words).translate(_DIGITS).split("\n")):
        try:
            return np.array(words, "datetime64[us]")
        except ValueError:
            pass  # some day does not exist; the slow way finds out which
    fields = np.array([_fields(word, days_lead) for word in words], np.int64).reshape(-1, 4)
    year, month, day, micros = fields.T
    months = (year - 1970).astype("datetime64[Y]").astype("datetime64[M]") + (month - 1)
    days = months.astype("datetime64[D]") + (day - 1)
    real = (month >= 1) & (month <= 12) & (day >= 1) & (days.astype("datetime64[M]") == months)
    moments = days.astype("datetime64[us]") + micros.astype("timedelta64[us]")
    return np.where(real, moments, np.datetime64("NaT", "us"))


def _fields(word: str, days_lead: bool) -> _Fields:
    if match := _YEAR_FIRST.fullmatch(word):
        return (int(match[1]), int(match[2]), int(match[3] or 1), _micros(match, 4))
    if match := _YEAR_LAST.fullmatch(word):
        day, month = (match[1], match[3]) if days_lead else (match[3], match[1])
        return (_full(match[4]), int(month), int(day), _micros(match, 5))
    if match := _DAY_NAME.fullmatch(word):
        return (int(match[3]), _month(match[2]), int(match[1]), _micros(match, 4))
    if match := _NAME_DAY.fullmatch(word):
        return (int(match[3]), _month(match[1]), int(match[2]), _micros(match, 4))
    if match := _COMPACT.fullmatch(word):
        return (int(match[1]), int(match[2]), int(match[3]), 0)
    return _NONE


def _full(year: str) -> int:
    """Return a year of two digits as POSIX reads it: 69 to 99 are of the twentieth century."""
    return int(year) if len(year) == 4 else int(year) + (1900 if int(year) >= 69 else 2000)


def _month(name: str) -> int:
    short = name[:3].lower()
    return _MONTHS.index(short) + 1 if short in _MONTHS else 0


def _micros(match: re.Match[str], at: int) -> int:
    """Return the time of day in universal time, from the eight groups that begin at an index."""
    hour, minute, second, fraction, half, sign, zone_hour, zone_minute = match.groups()[at - 1 :]
    if hour is None:
        return 0
    hours = int(hour)
    if half:
        hours = hours % 12 + (12 if half.lower() == "pm" else 0)
    seconds = hours * 3600 + int(minute) * 60 + int(second or 0)
    if sign:
        seconds -= (1 if sign == "+" else -1) * (int(zone_hour) * 3600 + int(zone_minute) * 60)
    return seconds * 1_000_000 + int((fraction or "0")[:6].ljust(6, "0"))
