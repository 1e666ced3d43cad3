"""From a trained network to an honest result: calibrated, scored with intervals, set beside simpler models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from glia.compose.choices import Choices
from glia.compose.gallery import gallery
from glia.compose.prepare import Prepared
from glia.compose.training import Trained, outputs, part_of
from glia.core.finding import Score
from glia.core.parts import Readout
from glia.core.recipe import Recipe
from glia.core.values import Answer
from glia.judge.readouts import calibrate
from glia.judge.scores import confusion, fitting, per_class, reliability, score
from glia.judge.verdict import Verdict, verdict
from glia.judge.yardsticks import Yard, measure
from glia.train.evaluation import evaluating

__all__ = ["Judged", "answers", "judge", "yardsticks"]


@dataclass(frozen=True)
class Judged:
    """What the test rows say.

    Args:
        readout: How outputs become answers.
        scores: Scores of the network by part and metric.
        yards: Scores of every yardstick by metric.
        verdict: Network or yardstick, and by how much; ``None`` without yardsticks.
        curves: What the report draws.
    """

    readout: Readout
    scores: dict[str, dict[str, Score]]
    yards: dict[str, dict[str, Score]]
    verdict: Verdict | None
    curves: dict[str, Any]


def yardsticks(prepared: Prepared, recipe: Recipe, seconds: float) -> dict[str, Yard]:
    """Return the simple models, trained on the network's own training rows within some seconds."""
    if not recipe.judge.yardsticks:
        return {}
    return measure(
        prepared.inputs,
        prepared.truth,
        {**prepared.specs(), **prepared.asked()},
        prepared.question.objective,
        seconds=seconds,
        seed=recipe.seed,
        weight=prepared.weight["train"],
        # One thread: on a shared machine two have been seen to take thirty times as long as one.
        threads=1,
    )


def judge(prepared: Prepared, trained: Trained, choices: Choices, recipe: Recipe, yards: Mapping[str, Yard]) -> Judged:
    """Return readout, scores, yardsticks' scores and the verdict; the test rows are opened here and only here."""
    given, readout = answers(prepared, trained, choices, recipe)
    names = fitting(prepared.question.objective)
    parts = [part for part in ("valid", "test") if len(prepared.targets[part])]
    scores = {
        part: score(names, given[part], prepared.truth[part], units=prepared.units[part], seed=recipe.seed)
        for part in parts
    }
    measured = {
        name: score(names, yard.test, prepared.truth["test"], units=prepared.units["test"], seed=recipe.seed)
        for name, yard in yards.items()
    }
    said = None
    if yards:
        said = verdict(
            choices.metric,
            given["test"],
            dict(yards),
            prepared.truth["valid"],
            prepared.truth["test"],
            units=prepared.units["test"],
            seed=recipe.seed,
        )
    return Judged(readout, scores, measured, said, _curves(prepared, given["test"]))


def answers(
    prepared: Prepared, trained: Trained, choices: Choices, recipe: Recipe
) -> tuple[dict[str, Answer], Readout]:
    """Return the network's answers by part, in float32 whatever the training plan was."""
    raw: dict[str, np.ndarray] = {}
    with evaluating({"net": trained.net}):
        for part in ("valid", "calibration", "test"):
            out = outputs(trained.objective, {"net": trained.net}, part_of(prepared, part))
            raw[part] = prepared.schema.decode(out) if trained.objective.decoded else out
    readout = calibrate(
        trained.objective.readout,
        raw["calibration"],
        prepared.truth["calibration"],
        metric=choices.metric,
        level=recipe.judge.level,
        imbalanced=choices.stratify,
    )
    return {part: readout.answer(out) for part, out in raw.items()}, readout


def _curves(prepared: Prepared, answer: Answer) -> dict[str, Any]:
    """Return what the report draws of the test rows."""
    truth, shown = prepared.truth["test"], gallery(prepared, answer)
    drawn: dict[str, Any] = {"gallery": shown} if shown else {}
    if prepared.question.objective == "classify":
        return drawn | {
            "confusion": confusion(answer, truth, prepared.classes),
            "per_class": per_class(answer, truth, prepared.classes),
            "reliability": reliability(answer, truth),
        }
    if prepared.question.objective == "regress" and answer.point is not None:
        some = np.linspace(0, len(truth) - 1, min(len(truth), 400)).astype(int)
        return drawn | {
            "predicted": answer.point[some, 0].round(6).tolist(),
            "observed": truth[some, 0].round(6).tolist(),
        }
    return drawn
