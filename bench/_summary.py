"""From cells to what is printed: means with their spread, ranks per set, mean ranks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from statistics import mean, stdev

__all__ = ["mean_ranks", "ranks", "spread"]


def spread(values: Iterable[float]) -> tuple[float, float | None]:
    """Return the mean and, from two values on, the standard deviation.

    Example:
        >>> spread([1.0, 3.0])
        (2.0, 1.4142135623730951)
        >>> spread([1.0])
        (1.0, None)
    """
    values = list(values)
    return mean(values), stdev(values) if len(values) > 1 else None


def ranks(values: Mapping[str, float], *, greater: bool) -> dict[str, float]:
    """Return ranks from 1 = best; equal values share the mean of their places.

    Example:
        >>> ranks({"a": 0.9, "b": 0.8, "c": 0.9}, greater=True)
        {'a': 1.5, 'b': 3.0, 'c': 1.5}
    """
    ordered = sorted(values.values(), reverse=greater)
    first = {value: ordered.index(value) + 1 for value in ordered}
    return {name: first[value] + (ordered.count(value) - 1) / 2 for name, value in values.items()}


def mean_ranks(
    table: Mapping[str, Mapping[str, float]], greater: Mapping[str, bool], models: Iterable[str]
) -> dict[str, float]:
    """Return each model's mean rank over the sets; one that lacks a set is not ranked at all.

    Args:
        table: From set to model to its mean score.
        greater: From set to whether more is better.
        models: Whom to rank.

    Example:
        >>> table = {"s": {"a": 1.0, "b": 2.0, "c": 3.0}, "t": {"a": 5.0, "b": 4.0}}
        >>> mean_ranks(table, {"s": True, "t": True}, ["a", "b", "c"])
        {'a': 1.5, 'b': 1.5}
    """
    whole = [model for model in models if all(model in row for row in table.values())]
    places = [ranks({model: row[model] for model in whole}, greater=greater[name]) for name, row in table.items()]
    return {model: mean(place[model] for place in places) for model in whole} if places else {}
