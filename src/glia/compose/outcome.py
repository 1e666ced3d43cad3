"""The result of a run as one document: what ``--json`` prints and the bundle keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from glia.compose.choices import Choices
from glia.compose.judging import Judged
from glia.compose.prepared import PARTS, Prepared
from glia.compose.training import Trained
from glia.core.meter import Meter, peak_memory
from glia.core.recipe import Recipe
from glia.judge.yardsticks import Yard
from glia.record import events
from glia.train.plan import Plan

__all__ = ["ended", "result", "settled"]


def result(
    prepared: Prepared,
    trained: Trained,
    judged: Judged,
    yards: dict[str, Yard],
    choices: Choices,
    plan: Plan,
    recipe: Recipe,
    meter: Meter,
    **facts: Any,
) -> dict[str, Any]:
    """Return the result document; its names are an interface.

    Args:
        prepared: The rows.
        trained: The network.
        judged: What the test rows say.
        yards: The simple models.
        choices: The decisions.
        plan: How the machine was used.
        recipe: The final recipe.
        meter: Where the time went.
        facts: ``run``, ``bundle`` and what else is known.
    """
    seconds = {
        name: round(meter.seconds.get(name, 0.0), 3) for name in ("read", "plan", "train", "yardsticks", "judge")
    }
    return {
        **facts,
        "task": prepared.question.task,
        "objective": prepared.question.objective,
        "target": list(prepared.question.targets),
        "classes": list(prepared.classes),
        "net": choices.net,
        "parameters": sum(parameter.numel() for parameter in trained.net.parameters()),
        "rows": {part: prepared.rows(part) for part in PARTS},
        "seconds": {
            **seconds,
            "total": round(meter.elapsed(), 3),
            "phases": {name: round(value, 3) for name, value in trained.phases.items()},
        },
        "memory_mb": peak_memory(),
        "plan": {
            **plan.as_dict(),
            "steps": trained.steps,
            "best_step": trained.best_step,
            "stopped": trained.stopped,
            "skipped": trained.skipped,
        },
        "metric": choices.metric,
        "scores": {
            part: {name: one.as_dict() for name, one in scores.items()} for part, scores in judged.scores.items()
        },
        "yardsticks": {
            name: {
                **{metric: one.as_dict() for metric, one in scores.items()},
                "rows": yards[name].rows,
                "seconds": round(yards[name].seconds, 3),
                "note": yards[name].note,
            }
            for name, scores in judged.yards.items()
        },
        "verdict": None if judged.verdict is None else judged.verdict.as_dict(),
        "learning_curve": None if judged.enough is None else judged.enough.as_dict(),
        "findings": [finding.as_dict() for finding in prepared.findings],
        "reasons": {**prepared.reasons, **choices.reasons},
        "columns": [
            {
                "name": name,
                "kind": column.kind,
                "role": prepared.schema.role(name),
                "reason": prepared.schema.reasons.get(name, ""),
            }
            for name, column in prepared.schema.columns.items()
        ],
        "recipe": recipe.as_dict(),
    }


def ended(document: Mapping[str, Any]) -> events.End:
    """Return the last event of a run whose bundle holds a result document."""
    verdict = document.get("verdict") or {}
    metric = document["metric"]
    score = document["scores"].get("valid", {}).get(metric, {})
    valid = {name: score[name] for name in ("value", "low", "high") if score.get(name) is not None}
    stopped = document["plan"].get("stopped", "")
    return events.End(document["seconds"]["total"], verdict.get("text", ""), stopped, metric, valid)


def settled(recipe: Recipe, choices: Choices, plan: Plan) -> Recipe:
    """Return the recipe with everything filled in, so that it replays steps and plan exactly."""
    return recipe.with_(
        net={"name": choices.net if choices.net != "module" else recipe.net.name, "options": dict(choices.net_options)},
        objective={"options": dict(choices.objective_options)},
        train={
            "optimizer": choices.optimizer,
            "optimizer_options": dict(choices.optimizer_options),
            "schedule_options": dict(choices.schedule_options),
            "augment": {name: dict(options) for name, options in choices.augment.items()} or "off",
            "lr": choices.lr,
            "weight_decay": choices.weight_decay,
            "batch_size": choices.batch_size,
            "schedule": choices.schedule,
            "steps": choices.steps,
            "stop": choices.stop,
            "trials": 1,
            "evaluate_every": choices.evaluate_every,
            "epochs": None,
        },
        plan={
            "threads": plan.threads,
            "precision": plan.precision,
            "layout": plan.layout,
            "form": plan.form,
            "fused": plan.fused,
            "compile": plan.compiled,
            "replay": plan.replayed,
        },
        judge={"metric": recipe.judge.metric, "views": choices.views},
    )
