"""Scores with intervals beside the yardsticks: a drawing for the main metric, a table for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from glia.report.draw_dots import axis, shared_scale, strip
from glia.report.markup import Html, tag
from glia.report.scale import Scale
from glia.report.words import best_is, duration, interval, number, spoken

__all__ = ["compared", "scores"]


def scores(result: Mapping[str, Any]) -> Html | None:
    """Return the network's test scores beside those of the yardsticks."""
    models = _models(result)
    own = models[0][1]
    if not own:
        return None
    said = result.get("verdict") or {}
    metric = str(said.get("metric") or result.get("metric") or next(iter(own)))
    best = said.get("yardstick")
    return tag(
        "section",
        tag("h2", "Scores beside simple models"),
        compared(models, metric, best),
        tag("h3", "All metrics"),
        _table(models),
        _costs(models),
        id="scores",
    )


def _models(result: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    net = str(result.get("net", "network"))
    found = [(net, result.get("scores", {}).get("test", {}))]
    return found + [(str(name), facts) for name, facts in result.get("yardsticks", {}).items()]


def compared(models: Sequence[tuple[str, Mapping[str, Any]]], metric: str, best: object = None) -> Html | None:
    """Return one strip per model for one metric; the first model is the network."""
    known = [(name, facts[metric]) for name, facts in models if isinstance(facts.get(metric), Mapping)]
    if not known:
        return None
    scale = shared_scale([score for _, score in known])
    rows = [_row(name, score, scale, i == 0, name == best) for i, (name, score) in enumerate(known)]
    direction = "right" if best_is(metric) == "higher" else "left"
    n = f"{number(known[0][1]['n'])} " if known[0][1].get("n") else ""
    said = (
        f"Each dot is a score on the same {n}test rows, which no model saw in training; "
        f"the bar around it is its 95\u00a0% interval. Farther {direction} is better."
    )
    if best:
        said += f" The verdict compares with {spoken(best)}, the best of the simple models on validation rows."
    return tag(
        "figure",
        tag("h3", spoken(metric), tag("span", f"{best_is(metric)} is better", class_="aside")),
        tag("div", rows, tag("div", axis(scale), class_="dots-axis"), class_="dots"),
        tag("figcaption", said),
        class_="wide",
    )


def _row(name: str, score: Mapping[str, Any], scale: Scale, ours: bool, best: bool) -> Html:
    spread = interval(score)
    label = f"{spoken(name)}: {number(score.get('value'))}" + (f", 95\u00a0% interval {spread}" if spread else "")
    mark = (
        tag("span", "network", class_="badge")
        if ours
        else tag("span", "yardstick", class_="badge quiet")
        if best
        else None
    )
    return tag(
        "div",
        tag("div", spoken(name), mark, class_="name"),
        strip(score, scale, label, "c0" if ours else "c2"),
        tag("div", tag("b", number(score.get("value"))), tag("span", spread, class_="muted"), class_="value"),
        class_="dots-row ours" if ours else "dots-row",
    )


def _table(models: Sequence[tuple[str, Mapping[str, Any]]]) -> Html:
    names = list(dict.fromkeys(n for _, facts in models for n, one in facts.items() if isinstance(one, Mapping)))
    head = tag("tr", tag("th", "metric"), [tag("th", spoken(name), class_="num") for name, _ in models])
    body = []
    for metric in names:
        cells = []
        for place, (_, facts) in enumerate(models):
            one = facts.get(metric)
            said = (number(one.get("value")), tag("small", interval(one))) if isinstance(one, Mapping) else "–"
            cells.append(tag("td", said, class_="num ours" if place == 0 else "num"))
        arrow = "↑" if best_is(metric) == "higher" else "↓"
        body.append(tag("tr", tag("th", spoken(metric), " ", tag("span", arrow, class_="muted"), scope="row"), cells))
    table = tag("table", tag("thead", head), tag("tbody", body))
    return tag("div", table, class_="scroll")


def _costs(models: Sequence[tuple[str, Mapping[str, Any]]]) -> Html | None:
    said = []
    for name, facts in models[1:]:
        parts = [f"{facts['rows']:,} rows"] if isinstance(facts.get("rows"), int) else []
        parts += [duration(facts["seconds"])] if facts.get("seconds") is not None else []
        parts += [str(facts["note"])] if facts.get("note") else []
        if parts:
            said.append(f"{spoken(name)}: {', '.join(parts)}")
    return tag("p", "Simple models were trained on: ", "; ".join(said), ".", class_="muted") if said else None
