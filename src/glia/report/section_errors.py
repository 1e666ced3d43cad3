"""Where it is wrong: confusion and classes, reliability of its probabilities, residuals of its numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from glia.report.draw_frame import figure
from glia.report.draw_heat import heat
from glia.report.draw_histogram import histogram
from glia.report.draw_reliability import reliability
from glia.report.draw_scatter import pairs_of, scatter
from glia.report.markup import Html, tag
from glia.report.scale import finite
from glia.report.words import interval, number, spoken

__all__ = ["errors"]

MOST_CLASSES = 12


def errors(result: Mapping[str, Any], curves: Mapping[str, Any]) -> Html | None:
    """Return the drawings made of test rows."""
    target = str(next(iter(result.get("target") or []), "value"))
    drawn = [
        *_confusion(curves.get("confusion") or {}),
        *_reliability(curves.get("reliability") or {}),
        *_classes(curves.get("per_class") or []),
        *_residuals(curves, target),
    ]
    if not drawn:
        return None
    return tag("section", tag("h2", "Where it is right and wrong"), tag("div", drawn, class_="figures"), id="errors")


def _confusion(found: Mapping[str, Any]) -> list[Html]:
    labels, counts = found.get("classes") or [], found.get("counts") or []
    if not labels or len(labels) != len(counts):
        return []
    if len(labels) <= MOST_CLASSES:
        said = "Rows are the truth, columns what was predicted; shades and percentages are shares of each row."
        table = heat(labels, counts, rows="truth", columns="predicted")
        return [figure("Confusion", table, caption=said, wide=len(labels) > 4)]
    pairs = sorted(
        ((n, a, b) for a, row in enumerate(counts) for b, n in enumerate(row) if a != b and n), reverse=True
    )[:20]
    head = tag("tr", tag("th", "truth"), tag("th", "predicted"), tag("th", "rows", class_="num"))
    body = [
        tag("tr", tag("td", str(labels[a])), tag("td", str(labels[b])), tag("td", f"{n:,.0f}", class_="num"))
        for n, a, b in pairs
    ]
    table = tag("div", tag("table", tag("thead", head), tag("tbody", body)), class_="scroll")
    return [figure("Most confused", table, caption=f"The 20 most frequent mistakes among {len(labels):,} classes.")]


def _classes(found: Sequence[Mapping[str, Any]]) -> list[Html]:
    if not found:
        return []
    names = ("precision", "recall", "f1")
    head = tag("tr", tag("th", "class"), [tag("th", spoken(name), class_="num") for name in (*names, "rows")])
    body = [
        tag(
            "tr",
            tag("th", str(one.get("class")), scope="row"),
            [tag("td", _score(one.get(name)), class_="num") for name in names],
            tag("td", number(one.get("n")), class_="num"),
            class_="few" if isinstance(one.get("n"), int) and one["n"] < 30 else None,
        )
        for one in found[:60]
    ]
    said = "Precision: how often it is right when it names the class. Recall: how many of the class it finds."
    if any(isinstance(one.get("n"), int) and one["n"] < 30 for one in found[:60]):
        said += " Faded classes have fewer than 30 test rows."
    if len(found) > 60:
        said += f" The first 60 of {len(found):,} classes."
    table = tag("div", tag("table", tag("thead", head), tag("tbody", body)), class_="scroll")
    return [figure("Class by class", table, caption=said, wide=True)]


def _score(value: Any) -> Any:
    if isinstance(value, Mapping):
        return number(value.get("value")), tag("small", interval(value))
    return number(value)


def _reliability(found: Mapping[str, Any]) -> list[Html]:
    if not found.get("stated"):
        return []
    said = "On the dashed line, what it calls 80 % comes true 80 % of the time; below it, it is too sure."
    return [figure("Are its probabilities honest?", reliability(found), caption=said)]


def _residuals(found: Mapping[str, Any], name: str) -> list[Html]:
    pairs = pairs_of(found.get("observed") or [], found.get("predicted") or [])
    if not pairs:
        return []
    said = "A point for each of some test rows; on the dashed line, prediction and truth agree."
    inside = _inside(found)
    if inside is not None:
        said += f" {inside:.0%} of these rows lie inside their prediction interval."
    residuals = [b - a for a, b in pairs]
    caption = "Right of zero it predicted too much, left of zero too little."
    return [
        figure(f"Predicted and true {name}", scatter(pairs, name), caption=said),
        figure(f"Errors of {name}", histogram(residuals, x_name="predicted minus true"), caption=caption),
    ]


def _inside(found: Mapping[str, Any]) -> float | None:
    lows, highs = found.get("low") or [], found.get("high") or []
    triples = [finite(three) for three in zip(lows, found.get("observed") or [], highs, strict=False)]
    hits = [low <= truth <= high for low, truth, high in (three for three in triples if len(three) == 3)]
    return sum(hits) / len(hits) if hits else None
