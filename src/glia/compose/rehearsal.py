"""A dry run: everything up to the first training step, without one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

from glia.compose.asking import asked
from glia.compose.choices import choose, imbalance
from glia.compose.clock import Clock, made_plan, planned
from glia.compose.prepare import Sources, prepare
from glia.compose.training import build
from glia.core.errors import UsageError
from glia.train.footprint import footprint
from glia.train.roofline import flops

__all__ = ["rehearse"]


def rehearse(source: Any, **words: Any) -> dict[str, Any]:
    """Return what a fit with the same arguments would do: columns, parts, findings, choices, plan.

    Args:
        source: The rows.
        words: The arguments of :func:`glia.fit`.

    Raises:
        UsageError: The question does not fit the data.
        DataError: The data cannot be read rightly or must not be trained on.
    """
    recipe = asked(words.pop("recipe", None), source=source, settings=words.pop("settings", ()), **words)
    whole = source if source is not None else recipe.data.source
    if isinstance(whole, str | Path) and not str(whole):
        raise UsageError("no_source", "no source of rows was named", remedy="name a file, a frame or a bundled set")
    clock = Clock(perf_counter(), recipe.budget if recipe.clocked else None)
    prepared = prepare(Sources(whole, recipe.data.test, recipe.data.valid), recipe)
    choices = choose(prepared, recipe)
    note = imbalance(prepared)
    plan = made_plan(lambda way: build(prepared, choices, way, seed=recipe.seed), choices, recipe, clock)
    left = None if clock.budget is None else clock.budget * 0.75 - clock.elapsed - 1.0
    choices, reason = planned(choices, plan, left, len(prepared.targets["valid"]))
    findings = [*prepared.findings, *([note] if note else [])]
    job = build(prepared, choices, replace(plan, compiled=False, replayed=False), seed=recipe.seed)
    return {
        "task": prepared.question.task,
        "target": list(prepared.question.targets),
        "net": choices.net,
        "rows": {part: prepared.rows(part) for part in prepared.targets},
        "steps": choices.steps,
        "plan": plan.as_dict(),
        "batch": len(next(iter(job.stream.batches()))),
        "flops": flops(job),
        "memory": footprint(job),
        "columns": [
            {"name": name, "kind": column.kind, "reason": prepared.schema.reasons.get(name, "")}
            for name, column in prepared.schema.columns.items()
        ],
        "findings": [finding.as_dict() for finding in findings],
        "reasons": {**prepared.reasons, **choices.reasons, "steps": reason},
    }
