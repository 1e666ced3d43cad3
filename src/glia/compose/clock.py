"""The one dial: how a budget of seconds is divided."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from glia.compose.choices import Choices
from glia.core.finding import Finding
from glia.core.recipe import Recipe
from glia.train.device import refusal, resolved
from glia.train.job import Job
from glia.train.plan import Plan, fixed, refuse_unsupported
from glia.train.planning import chosen

__all__ = ["Clock", "bottleneck", "late", "made_plan", "planned", "slow"]


_LOOKING = 0.15  # most of the time that looking at validation rows may take
PHASES = {
    "data": "waiting for batches",
    "forward": "the forward pass",
    "backward": "the backward pass",
    "optimizer": "the optimizer",
    "compiled": "compiled or replayed steps",
    "evaluate": "looking at validation rows",
}
REMEDIES = {
    "data": "fewer or cheaper augmentations, or a smaller table",
    "optimizer": "a larger batch takes fewer of its steps",
    "evaluate": "look less often (train.evaluate_every), or keep fewer validation rows",
}


@dataclass(frozen=True)
class Clock:
    """A budget counted from a start.

    Args:
        started: As :func:`time.perf_counter` counts.
        budget: Seconds from the start to the report; ``None`` where no clock decides.
    """

    started: float
    budget: float | None

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self.started

    def share(self, part: float, most: float = float("inf")) -> float:
        """Return a share of the budget in seconds, at most so many and at most half of what is left."""
        if self.budget is None:
            return most
        return max(0.0, min(part * self.budget, most, 0.5 * (self.budget - self.elapsed)))

    def deadline(self, reserve: float) -> float | None:
        """Return when training must end so that ``reserve`` seconds remain for judging and writing."""
        return None if self.budget is None else self.started + self.budget - reserve


def made_plan(make: Callable[[Plan], Job], choices: Choices, recipe: Recipe, clock: Clock) -> Plan:
    """Return how steps will be executed: as wished, by rule where no clock decides, else as measured.

    Args:
        make: Builds the job afresh.
        choices: The decisions.
        recipe: What was asked for.
        clock: The budget.
    """
    wish = recipe.plan
    asked: dict[str, Any] = {"layout": wish.layout, "form": wish.form, "fused": wish.fused}
    asked |= {"compiled": wish.compile, "replayed": wish.replay}
    asked["device"] = resolved(wish.device)
    against = refusal(make, asked["device"]) if wish.device == "auto" and asked["device"] != "cpu" else ""
    if against:
        plan = made_plan(make, choices, recipe.with_(plan={"device": "cpu"}), clock)
        return replace(plan, reason=f"{plan.reason}; the graphics card is left alone: {against}")
    if asked["device"] != "cpu":  # made for processors
        asked |= {"fused": False, "replayed": bool(wish.replay)}
    refuse_unsupported(wish.precision, asked["device"])
    if wish.mode == "plain":
        ways = {name: value for name, value in asked.items() if value is not None}
        return Plan(wish.threads or 1, wish.precision or "fp32", **ways, reason="plain, as asked")
    if clock.budget is None:
        nets = make(Plan()).nets.values()
        size = sum(p.numel() for net in nets for p in net.parameters())
        pictures = any(p.dim() == 4 for net in nets for p in net.parameters())
        return fixed(size, choices.batch_size or 1, wish.threads, wish.precision, pictures=pictures, **asked)
    left = max(0.75 * clock.budget - clock.elapsed, 0.0)
    seconds = clock.share(0.05, most=2.0)
    return chosen(make, seconds, wish.threads, wish.precision, steps=choices.steps, left=left, **asked)


def planned(
    choices: Choices, plan: Plan, seconds: float | None, valid: int, look: float | None = None
) -> tuple[Choices, str]:
    """Return the choices with the budget turned into a number of steps, and why.

    Args:
        choices: The decisions, whose ``steps`` is the most that can help.
        plan: How steps are executed, with the seconds of one.
        seconds: What is left for training; ``None`` where no clock decides.
        valid: Rows in each validation.
        look: Seconds that looking at one row takes, where it was measured.
    """
    if seconds is None or plan.seconds is None or choices.epochs is not None:
        return choices, f"{choices.steps} steps, as asked"
    # An evaluation is a forward pass, about a third of a step's work per row.
    look = valid * (plan.seconds / max(choices.batch_size or 1, 1) / 3 if look is None else look)
    room = max(seconds, 0.0) * 0.95
    looks = max(2, int(_LOOKING * room / look)) if look > 0 else choices.steps
    affordable = int(min(room / (plan.seconds + look / choices.evaluate_every), 1e12))
    if -(-affordable // choices.evaluate_every) > looks:  # looking that often would leave no time for training
        affordable = int((room - looks * look) / plan.seconds)
    if affordable >= choices.steps:
        every = max(choices.evaluate_every, -(-choices.steps // looks))
        return choices.with_(evaluate_every=every), f"{choices.steps} steps, which the budget covers"
    steps = max(affordable, 1)
    every = max(1, min(choices.evaluate_every, -(-steps // 10)), -(-steps // looks))
    spent = f"{plan.seconds * 1e3:.1f} ms a step"
    return choices.with_(steps=steps, evaluate_every=every), f"{steps} steps in the {seconds:.1f} s left, at {spent}"


def late(clock: Clock, rows: int) -> Finding | None:
    """Return a finding when most of the budget is spent before training, on a table that streams from disk."""
    if clock.budget is None or clock.elapsed < 0.5 * clock.budget:
        return None
    wish = 10 * max(1, round(clock.elapsed / 3))
    return Finding(
        "budget_spent_reading",
        "warning",
        f"reading and encoding {rows:,} rows took {clock.elapsed:.0f} s of a budget of {clock.budget:.0f} s",
        {"rows": rows, "seconds": clock.elapsed},
        f"give more, such as --budget {wish}s; reading takes the same time again",
    )


def slow(plan: Plan, trained_seconds: float, steps: int) -> Finding | None:
    """Return a finding when steps took much longer than they did when the plan was made."""
    if plan.seconds is None or steps < 20 or trained_seconds / steps < 2 * plan.seconds + 0.002:
        return None
    took = trained_seconds / steps
    return Finding(
        "slower_than_planned",
        "note",
        f"a step took {took * 1e3:.1f} ms in training and {plan.seconds * 1e3:.1f} ms when the plan was made",
        {"seconds_per_step": took, "planned": plan.seconds},
        "the machine was busy with something else; run again when it is quiet for a better result in the same time",
    )


def bottleneck(spent: Mapping[str, float], roofline: float | None = None) -> Finding | None:
    """Return a finding that names what most of training's time went into; nothing where little was measured.

    Args:
        spent: Seconds by phase, as :class:`glia.train.job.State` counts them.
        roofline: The share of the machine's measured peak of matrix products that training reached.
    """
    total = sum(spent.values())
    if total < 1.0:
        return None
    name = max(spent, key=lambda one: spent[one])
    share = spent[name] / total
    said = f"{share:.0%} of training went into {PHASES.get(name, name)}"
    if roofline is not None:
        said += f"; matrix products ran at {roofline:.0%} of this machine's measured peak"
    evidence = {"seconds": {phase: round(value, 3) for phase, value in spent.items()}, "roofline": roofline}
    return Finding("bottleneck", "note", said, evidence, REMEDIES.get(name, "") if share > 0.4 else "")
