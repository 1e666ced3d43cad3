"""How training went: loss, validation metric, learning rate, and every change that was made on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from glia.report.draw_frame import figure
from glia.report.draw_lines import lines
from glia.report.markup import Html, tag
from glia.report.scale import finite
from glia.report.words import best_is, spoken

__all__ = ["training"]

Points = list[tuple[float, object]]


def training(result: Mapping[str, Any], history: Sequence[Mapping[str, Any]]) -> Html | None:
    """Return the curves of training."""
    plan = result.get("plan") or {}
    readings = [one for one in history if finite([one.get("step")]) and "edit" not in one]
    if not readings:
        return None
    kept = next(iter(finite([plan.get("best_step")])), None)
    drawn = [
        figure(title, _curves(series, name, kept), caption=caption)
        for title, name, series, caption in _charts(readings)
    ]
    edits = [tag("li", tag("b", f"step {one.get('step')}"), " ", one["edit"]) for one in history if one.get("edit")]
    bad = sum(not finite([one.get("loss")]) for one in readings)
    return tag(
        "section",
        tag("h2", "Training"),
        tag("p", f"Readings of the loss that were no finite numbers: {bad}, left as gaps.") if bad else None,
        tag("div", drawn, class_="figures three"),
        [tag("h3", "Changes made on the way"), tag("ul", edits[:40])] if edits else None,
        tag("p", "Training ended early: ", plan["stopped"], ".") if plan.get("stopped") else None,
        id="training",
    )


def _curves(series: Mapping[str, Points], name: str, kept: float | None) -> Html:
    return lines(series, x_name="step", y_name=name, kept=kept)


def _charts(
    readings: Sequence[Mapping[str, Any]],
) -> list[tuple[str, str, dict[str, Points], str]]:
    """Return title, axis, curves and caption of each chart."""
    validation = [{"step": one["step"], **one["valid"]} for one in readings if one.get("valid")]
    loss = {"training": _points(readings, "loss"), "validation": _points(validation, "loss")}
    said = "Where validation loss turns up while training loss falls, the network learns by heart."
    charts = [("Loss", "loss", {name: points for name, points in loss.items() if points}, said)]
    metrics = dict.fromkeys(key for one in validation for key in one if key not in ("step", "loss", "score"))
    for metric in list(metrics)[:3]:
        said = f"On validation rows; {best_is(metric)} is better. Weights are chosen by these rows: "
        said += "trust the test score, which they did not see."
        curves = {"validation": _points(validation, metric)}
        charts.append((f"Validation {spoken(metric)}", spoken(metric), curves, said))
    rate = _points(readings, "lr")
    if len({value for _, value in rate}) > 1:
        charts.append(("Learning rate", "rate", {"rate": rate}, "Large steps first, small ones to settle."))
    return charts


def _points(readings: Sequence[Mapping[str, Any]], name: str) -> Points:
    """Return a curve; a reading that is there and is no number stays, as a gap."""
    return [(float(one["step"]), one[name]) for one in readings if name in one]
