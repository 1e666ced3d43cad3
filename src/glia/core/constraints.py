"""Constraints on options as data: the same lines check, explain and list them."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from glia.core.errors import UsageError
from glia.core.names import did_you_mean, listed

__all__ = ["Above", "Range", "check_options", "describe_options"]


@dataclass(frozen=True)
class Range:
    """A number between two ends, both allowed; ``None`` leaves an end open.

    Example:
        >>> Range(0, 1).holds(0.5), Range(0, 1).holds(2), str(Range(1, None))
        (True, False, 'at least 1')
    """

    low: float | None = None
    high: float | None = None

    def holds(self, value: float) -> bool:
        """Return whether a value lies inside."""
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)

    def __str__(self) -> str:
        if self.high is None:
            return f"at least {self.low}"
        return f"at most {self.high}" if self.low is None else f"from {self.low} to {self.high}"


@dataclass(frozen=True)
class Above:
    """A number strictly above a bound.

    Example:
        >>> Above(0).holds(0), str(Above(0))
        (False, 'above 0')
    """

    low: float

    def holds(self, value: float) -> bool:
        """Return whether a value lies above the bound."""
        return value > self.low

    def __str__(self) -> str:
        return f"above {self.low}"


def describe_options(part: Callable[..., Any]) -> dict[str, tuple[Any, Any]]:
    """Return ``{option: (annotation, default)}`` of a part's keyword-only arguments."""
    target = part.__init__ if inspect.isclass(part) else part
    hints = get_type_hints(target, include_extras=True)
    return {
        name: (hints.get(name, Any), parameter.default)
        for name, parameter in inspect.signature(target).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }


def check_options(part: Callable[..., Any], options: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return options as a part's keyword-only arguments want them, or say everything that is wrong at once.

    Args:
        part: A class or function whose keyword-only arguments are annotated, ranges as ``Annotated[int, Range(1)]``.
        options: What was asked for; text is read as the wanted type, since a command line knows only text.
        where: The prefix people type, such as ``"net"`` for ``--set net.width=64``.

    Raises:
        UsageError: An unknown option, a wrong type or a value out of range.
    """
    known = describe_options(part)
    wrong: list[str] = []
    good: dict[str, Any] = {}
    for name, value in options.items():
        if name not in known:
            wrong.append(f"{where}.{name} does not exist{did_you_mean(name, known)}; known are {listed(known, 30)}")
            continue
        try:
            good[name] = _read(value, known[name][0])
        except (TypeError, ValueError) as error:
            wrong.append(f"{where}.{name} must be {error}, got {value!r}")
    if wrong:
        raise UsageError("bad_option", "; ".join(wrong), remedy="correct the options named and try again")
    return good


def _read(value: Any, kind: Any) -> Any:
    """Return a value as the annotated kind; the error text completes the sentence "must be ..."."""
    if kind is Any or kind is inspect.Parameter.empty:
        return value
    origin = get_origin(kind)
    if origin is Annotated:
        inner, *limits = get_args(kind)
        read = _read(value, inner)
        for limit in limits:
            if hasattr(limit, "holds") and isinstance(read, int | float) and not limit.holds(read):
                raise ValueError(f"{_noun(inner)} {limit}")
        return read
    if origin is Literal:
        if value in get_args(kind):
            return value
        raise ValueError(f"one of {listed(get_args(kind), 30)}")
    if origin in (Union, types.UnionType):
        return _read_union(value, get_args(kind))
    return _read_plain(value, kind)


def _read_union(value: Any, kinds: tuple[Any, ...]) -> Any:
    said = []
    if type(None) in kinds and value in (None, "none", "None", ""):
        return None
    for kind in kinds:
        if kind is type(None):
            continue
        try:
            return _read(value, kind)
        except (TypeError, ValueError) as error:
            said.append(str(error))
    raise ValueError(" or ".join(said))


def _read_plain(value: Any, kind: Any) -> Any:
    if kind is bool:
        if isinstance(value, bool):
            return value
        if str(value).lower() in ("true", "yes", "1", "on"):
            return True
        if str(value).lower() in ("false", "no", "0", "off"):
            return False
        raise ValueError("true or false")
    if kind is int:
        try:
            number = float(value)
            if isinstance(value, bool) or number != int(number):
                raise ValueError
        except (TypeError, ValueError, OverflowError):
            raise ValueError("a whole number") from None
        return int(number)
    if kind is float:
        try:
            if isinstance(value, bool):
                raise ValueError
            return float(value)
        except (TypeError, ValueError):
            raise ValueError("a number") from None
    if kind is str:
        return str(value)
    return value


def _noun(kind: Any) -> str:
    return {int: "a whole number", float: "a number"}.get(kind, "a value")
