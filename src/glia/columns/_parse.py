"""Text to numbers: separators of thousands, decimal commas, signs of currency and percent, leading zeros."""

from __future__ import annotations

import re
from typing import Literal

import numpy as np

from glia.columns._cells import Cells, cells
from glia.core.raw import Raw

__all__ = ["Style", "are_codes", "numeric_share", "read_numbers", "style_of", "to_numbers"]

Style = Literal["point", "comma"]

_SPACES = " '’\u00a0\u2009\u202f"
_SIGNS = re.compile(r"^([-+]?)\s*[$€£¥₹]\s*|\s*[$€£¥₹%]$")
_POINT = re.compile(rf"[-+]?(?=\.?\d)(\d{{1,3}}([,{_SPACES}]\d{{3}})+|\d*)(\.\d*)?([eE][-+]?\d+)?")
_COMMA = re.compile(rf"[-+]?(?=,?\d)(\d{{1,3}}([.{_SPACES}]\d{{3}})+|\d*)(,\d*)?([eE][-+]?\d+)?")
_DROP: dict[str, str | None] = dict.fromkeys(_SPACES)
_POINTED = (_POINT, str.maketrans({**_DROP, ",": None}))
# In a column of decimal commas, what no comma can have written is still a number with a point.
_READ = {"point": (_POINTED,), "comma": ((_COMMA, str.maketrans({**_DROP, ".": None, ",": "."})), _POINTED)}
# What only one of the two conventions can have written.
_ONLY_COMMA = re.compile(r"[-+]?(\d*,(\d{1,2}|\d{4,})|\d{4,},\d+|0,\d+|\d{1,3}(\.\d{3})+,\d*|\d{1,3}(\.\d{3}){2,})")
_ONLY_POINT = re.compile(r"[-+]?(\d*\.(\d{1,2}|\d{4,})|\d{4,}\.\d+|0\.\d+|\d{1,3}(,\d{3})+\.\d*|\d{1,3}(,\d{3}){2,})")
_TELLING = re.compile(r",|\.[^\n]*\.")
_LOOK_AT = 10_000
_TRY = 500


def style_of(words: list[str]) -> Style:
    """Return whether a column writes its decimals with a point or a comma; a point where nothing decides.

    Example:
        >>> style_of(["1.234,5", "7"]), style_of(["1,234.5"]), style_of(["1,234"])
        ('comma', 'point', 'point')
    """
    words = words[:_LOOK_AT]
    if not _TELLING.search("\n".join(words)):
        return "point"
    bare = [_SIGNS.sub(r"\1", word) for word in words]
    comma = sum(_ONLY_COMMA.fullmatch(word) is not None for word in bare)
    point = sum(_ONLY_POINT.fullmatch(word) is not None for word in bare)
    return "comma" if comma > point else "point"


def to_numbers(words: list[str], style: Style = "point") -> np.ndarray:
    """Return words as float64; NaN where a word is not a number, infinity where it is too large for one.

    Args:
        words: Texts without surrounding white space.
        style: The sign before decimals.

    Example:
        >>> to_numbers(["1,234.5", "$ 7", "1e400", "seven"]).tolist()
        [1234.5, 7.0, inf, nan]
    """
    if style == "point":
        try:
            fast = np.fromiter(map(float, words), np.float64, len(words))
        except ValueError:
            pass
        else:
            # Python reads 1_000 as a number; in a table it is a code.
            if "_" not in "".join(words):
                return fast
    return np.fromiter((_number(word, style) for word in words), np.float64, len(words))


def _number(word: str, style: Style) -> float:
    if style == "point" and "_" not in word:
        try:
            return float(word)
        except ValueError:
            pass
    for spelled in (word, _SIGNS.sub(r"\1", word.replace("−", "-"))):
        for pattern, plain in _READ[style]:
            if pattern.fullmatch(spelled):
                return float(spelled.translate(plain))
    return float(word) if word.lower().lstrip("+-") in ("inf", "infinity") else float("nan")


def are_codes(words: list[str]) -> bool:
    """Return whether words are digits with leading zeros, such as postal codes, where "00123" is not 123.

    Example:
        >>> are_codes(["00501", "94105"]), are_codes(["0", "0.5", "10"])
        (True, False)
    """
    zeros = sum(len(word) > 1 and word[0] == "0" and word.isdecimal() for word in words)
    return zeros > 0 and zeros >= 0.01 * len(words)


def numeric_share(found: Cells) -> tuple[float, Style]:
    """Return the share of what is there that is a number, and how the column writes decimals.

    A share below one half is an estimate from some of the words: text is not tried for numbers word by word.
    """
    return found.read("numeric share", lambda _: _numeric_share(found))


def _numeric_share(found: Cells) -> tuple[float, Style]:
    some = found.words[:: len(found.words) // _TRY + 1]
    style = style_of(found.words)
    readable = ~np.isnan(to_numbers(some, style))
    if not len(some) or readable.mean() < 0.5:
        return (float(readable.mean()) if len(some) else 0.0), style
    values = found.read(style, lambda words: to_numbers(words, style))
    return float(found.counts[~np.isnan(values)].sum()) / found.here, style


def read_numbers(raw: Raw, style: Style | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return a column's numbers, and where there is something that is not one.

    Args:
        raw: (N,) values of any kind.
        style: The sign before decimals; ``None`` decides from the values.

    Returns:
        (N,) float64 with NaN where there is no number, and (N,) bool.
    """
    if raw.values.dtype.kind in "fiub":
        return np.where(raw.present, raw.values.astype(np.float64), np.nan), np.zeros(len(raw), bool)
    found = cells(raw)
    style = style or style_of(found.words)
    values = found.spread(found.read(style, lambda words: to_numbers(words, style)), np.nan)
    return values, (found.codes >= 0) & np.isnan(values)
