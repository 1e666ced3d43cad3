"""From a trained network to an honest result: calibrated, scored with intervals, set beside simpler models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from glia.compose.choices import Choices
from glia.compose.enough import enough
from glia.compose.gallery import gallery
from glia.compose.looking import outputs, part_of
from glia.compose.prepared import Prepared
from glia.compose.shown import shown
from glia.compose.training import Trained
from glia.core.finding import Score
from glia.core.parts import Readout
from glia.core.recipe import Recipe
from glia.core.values import Answer
from glia.judge.learning_curve import Curve
from glia.judge.readouts import calibrate
from glia.judge.scores import confusion, fitting, per_class, reliability, score
from glia.judge.verdict import Verdict, verdict
from glia.judge.yardsticks import Yard, measure
from glia.metrics import metrics
from glia.nets.blocks.views import seen_from
from glia.objectives._givers import Giver
from glia.train.evaluation import evaluating

__all__ = ["Judged", "answered", "answers", "judge", "yardsticks"]


@dataclass(frozen=True)
class Judged:
    """What the test rows say.

    Args:
        readout: How outputs become answers.
        scores: Scores of the network by part and metric.
        yards: Scores of every yardstick by metric.
        verdict: Network or yardstick, and by how much; ``None`` without yardsticks.
        curves: What the report draws.
        enough: How accuracy grows with rows; ``None`` where that was not asked.
    """

    readout: Readout
    scores: dict[str, dict[str, Score]]
    yards: dict[str, dict[str, Score]]
    verdict: Verdict | None
    curves: dict[str, Any]
    enough: Curve | None = None


def yardsticks(prepared: Prepared, recipe: Recipe, seconds: float) -> dict[str, Yard]:
    """Return the simple models, trained on the network's own training rows within some seconds."""
    if not recipe.judge.yardsticks:
        return {}
    judged = shown(prepared, recipe)
    # Left as it is, a picture that has to be given back as it is would win without having learned anything.
    idle = () if judged is not prepared or _same_size(prepared) else ("as_it_is",)
    found = measure(
        judged.inputs,
        prepared.truth,
        {**prepared.specs(), **prepared.asked()},
        prepared.question.objective,
        seconds=seconds,
        seed=recipe.seed,
        weight=prepared.weight["train"],
        without=idle,
        # One thread: on a shared machine two have been seen to take thirty times as long as one.
        threads=1,
    )
    if prepared.shards is None:
        return found
    said = f"a sample: {len(prepared.targets['train']):,} of {prepared.rows('train'):,} training rows"
    return {name: replace(yard, note="; ".join(filter(None, [yard.note, said]))) for name, yard in found.items()}


def _same_size(prepared: Prepared) -> bool:
    """Return whether a picture is asked for that is as large as the one given."""
    given, asked = prepared.specs().get("image"), prepared.asked().get("target")
    return given is not None and asked is not None and given.size == asked.size


def judge(prepared: Prepared, trained: Trained, choices: Choices, recipe: Recipe, yards: Mapping[str, Yard]) -> Judged:
    """Return readout, scores, yardsticks' scores and the verdict; the test rows are opened here and only here."""
    given, readout = answers(prepared, trained, choices, recipe)
    parts = [part for part in ("valid", "test") if len(prepared.targets[part])]
    truth = {part: _truth(prepared, trained, part) for part in parts}
    names = _names(prepared, given["test"], truth["test"])
    if not names:
        return Judged(readout, {}, {}, None, _curves(prepared, given["test"]))
    scores = {
        part: score(names, given[part], truth[part], units=prepared.units[part], seed=recipe.seed) for part in parts
    }
    measured = {
        name: score(names, yard.test, truth["test"], units=prepared.units["test"], seed=recipe.seed)
        for name, yard in yards.items()
    }
    said = None
    if yards and "valid" in truth:
        said = verdict(
            choices.metric if choices.metric in names else names[0],
            given["test"],
            dict(yards),
            truth["valid"],
            truth["test"],
            units=prepared.units["test"],
            seed=recipe.seed,
        )
    grown = enough(prepared, given["test"], yards, recipe)
    return Judged(readout, scores, measured, said, _curves(prepared, given["test"]), grown)


def _truth(prepared: Prepared, trained: Trained, part: str) -> np.ndarray:
    """Return what would be right; rows that are to be given back are their own truth."""
    objective = trained.objective
    if not isinstance(objective, Giver) or objective.readout != "reconstruct":
        return prepared.truth[part]
    goal = objective.goal(part_of(prepared, part)).numpy()
    return goal if objective.flat is not None else 255 * goal.reshape(-1, *objective.size)


def _names(prepared: Prepared, answer: Answer, truth: np.ndarray) -> tuple[str, ...]:
    """Return the metrics that can be told of an answer; none where nobody says what is right."""
    objective = prepared.question.objective
    if objective in ("anomaly", "surprise") and len(np.unique(truth)) < 2:
        return ()
    pictures = answer.point is not None and answer.point.ndim == 4
    fits = [name for name in fitting(objective) if metrics.get(name).pictures == pictures]
    return tuple(
        name for name in fits if getattr(answer, metrics.get(name).needs) is not None and metrics.get(name).tells(truth)
    )


def answers(
    prepared: Prepared, trained: Trained, choices: Choices, recipe: Recipe
) -> tuple[dict[str, Answer], Readout]:
    """Return the network's answers by part, in float32 whatever the training plan was."""
    raw: dict[str, np.ndarray] = {}
    done: dict[Any, str] = {}
    prepared = shown(prepared, recipe, trained.objective)
    with evaluating({"net": trained.net}):
        for part in ("valid", "calibration", "test"):
            # The same rows may choose, calibrate and judge, where a person parted them so; they are answered once.
            same = done.setdefault(_place(prepared.inputs[part]), part)
            if same != part:
                raw[part] = raw[same]
                continue
            nets = seen_from({"net": trained.net}, choices.views)
            out = outputs(trained.objective, nets, part_of(prepared, part))
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


def answered(prepared: Prepared) -> int:
    """Return how many rows are answered for judging: the same ones under two names once."""
    parts = {_place(prepared.inputs[part]): part for part in ("valid", "calibration", "test")}
    return sum(len(prepared.targets[part]) for part in parts.values())


def _place(groups: Mapping[str, np.ndarray]) -> tuple[Any, ...]:
    """Return where groups lie in memory: equal for the same rows and nothing else."""
    return tuple((name, one.__array_interface__["data"][0], one.shape, one.strides) for name, one in groups.items())


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
