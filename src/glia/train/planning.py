"""Finding the plan: ways of running a job are tried on its own batches for a moment, and the fastest sound one wins."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from itertools import islice
from typing import Any

import torch

from glia.train import plan as plans
from glia.train import plan_cache
from glia.train.heap import give_back
from glia.train.job import Job, State
from glia.train.plan import Plan, refuse_unsupported
from glia.train.sampling import bottleneck
from glia.train.update import update
from glia.train.whole import able

__all__ = ["chosen"]

COMPILING = 25.0
"""Seconds that compiling a step is taken to cost before it was ever done."""
GAIN, SMALL, GAIN_LARGE = 0.4, 0.005, 0.15
"""Share that compiling saves of a step shorter than so many seconds (measured 0.3 to 0.6), and of a longer one."""
PAYBACK = 1.5
"""How often over compiling must pay before it is tried at all."""
PARTS, TRIES = (1, 2, 4, 8), 8
"""What parts of a long batch may be tried: the largest of which so many fit into the time."""
SHARE = 0.1
"""Most of the time that training would take without any trying."""
SHORT = 0.02
"""Seconds below which a step may consist of calls more than of products."""
CLOSE = 0.03
"""Ways nearer than this are equal, and the simpler one is taken."""


def chosen(
    make: Callable[[Plan], Job],
    seconds: float,
    threads: int | None = None,
    precision: str | None = None,
    *,
    steps: int | None = None,
    left: float | None = None,
    cached: bool = True,
    **wish: Any,
) -> Plan:
    """Try ways of running a job for a moment and return the fastest whose loss agrees.

    Args:
        make: Builds the job afresh, with networks of its own, so that trying leaves no trace.
        seconds: How long trying may take in all.
        threads: A wish; other numbers of threads are not tried.
        precision: A wish; the other precision is not tried.
        steps: Steps that will be taken; compiling is tried only where it would pay within them.
        left: Seconds that training may last; ``None`` = no limit.
        cached: Whether a plan that won before on this machine is taken again.
        wish: ``layout``, ``form``, ``fused`` or ``compiled``, where they are not left to be found.

    Returns:
        The plan, with everything that was tried.

    Raises:
        UsageError: The precision wished for is not to be had.
    """
    refuse_unsupported(precision)
    wishes = {"threads": threads, "precision": precision, **wish}
    wishes = {name: value for name, value in wishes.items() if value is not None}
    before = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        try:
            first = make(Plan(threads or 1, precision or "fp32"))
            name = plan_cache.mark(first, wishes)
            known = _recalled(name, steps, left) if cached and seconds > 0 else None
            if known is not None:
                return known
            plan = _Trying(make, first, seconds, wishes).best(steps, left)
        finally:
            torch.set_num_threads(before)
            Plan().apply_blocks()
            give_back()
    if cached and len(plan.tried) > 1:
        plan_cache.remember(name, {**plan.as_dict(), "steps": steps})
    return plan


def _lasting(took: float, steps: int | None, left: float | None) -> float:
    """Return the seconds that training takes, at so many seconds a step."""
    return min(took * (steps or 0), float("inf") if left is None else left)


def _pays(took: float, lasting: float) -> bool:
    """Return whether compiling a step pays back within training."""
    return lasting * (GAIN if took < SMALL else GAIN_LARGE) > PAYBACK * COMPILING


def _recalled(name: str, steps: int | None, left: float | None) -> Plan | None:
    """Return the plan that won before; one made for another number of steps did not weigh compiling the same."""
    found = plan_cache.recall(name)
    if found is None or (steps or 0) > 2 * (found.pop("steps", None) or 0):
        return None
    known = {one.name for one in fields(Plan)}
    try:
        plan = Plan(**{**{key: value for key, value in found.items() if key in known}, "tried": tuple(found["tried"])})
        if plan.compiled and not _pays(plan.seconds or 0.0, _lasting(plan.seconds or 0.0, steps, left)):
            return None
        return replace(plan, reason=f"{plan.reason} (found by an earlier run on this machine)")
    except (TypeError, KeyError):
        return None


class _Trying:
    """Trying one way after another, each for a share of the time."""

    def __init__(self, make: Callable[[Plan], Job], first: Job, seconds: float, wishes: Mapping[str, Any]) -> None:
        self.make, self.seconds, self.wishes = make, seconds, wishes
        weights = [p for net in first.nets.values() for p in net.parameters()]
        self.pictures = any(p.dim() == 4 for p in weights)
        rows = len(next(iter(first.stream.batches())))
        self.rule = plans.fixed(sum(p.numel() for p in weights), rows, pictures=self.pictures)
        self.reason = able(first)
        self.ends = time.perf_counter() + seconds
        self.part = 1
        self.ways: list[Plan] = []
        self.times: list[float] = []
        self.losses: list[list[float]] = []

    def best(self, steps: int | None, left: float | None) -> Plan:
        """Return the fastest sound way."""
        first = self._wished(replace(self.rule, fused=False, replayed=False))
        if self.rule.threads > 1:  # much work a step: a part of a batch tells which way is faster, too
            self.part = PARTS[-1]
            self._try(first)
            # The smaller the part, the more of it is calling: what makes products faster shows in large ones.
            fits = [part for part in PARTS if self.times[0] / part * TRIES < self.seconds]
            if fits and fits[0] < self.part:
                self.part = fits[0]
                for kept in (self.ways, self.times, self.losses):
                    kept.clear()
        if not self.ways:
            self._try(first)
        # Trying must not cost more than it can win: at most a tenth of what training takes as it is.
        if steps is not None:
            self.ends = min(self.ends, time.perf_counter() + SHARE * steps * self.times[0])
        for number, change in enumerate(self._changes()):
            # One way has won nothing yet: a second is tried wherever that is little beside training.
            spare = 0.0 if number or left is None else SHARE * left
            if 2 * self.times[0] / self.part > max(self.ends - time.perf_counter(), spare):
                break
            # Each change is tried on top of the best so far: what helps alone mostly helps together.
            way = self._wished(replace(self.fastest, **change))
            if way.way not in [one.way for one in self.ways]:
                self._try(way)
        saved = self._compiles(steps, left)
        return self._judged(saved, left)

    def _wished(self, way: Plan) -> Plan:
        return replace(way, **{**self.wishes, "compiled": bool(self.wishes.get("compiled"))})

    def _changes(self) -> list[dict[str, Any]]:
        """Return what is changed in turn, what promises most in front."""
        most, several = plans.available_threads(), self.rule.threads > 1
        much = several or self.times[0] > SHORT  # the rule counts rows; each may be a long text
        half = [{"precision": "bf16"}] if plans.half_is_fast() and much else []
        fused: list[dict[str, Any]] = [{"fused": True}] if self.pictures else []
        # Beside other work, threads that wait for one another can be many times slower than one alone.
        count = [{"threads": 1 if several else most}] if most > 1 else []
        # Where a step is long there may be time for one more try only, so that is everything at once.
        once = {name: value for one in (*fused, *half, *(() if several else count)) for name, value in one.items()}
        # Short steps are mostly calls, which a recording spares; where it gains nothing, nothing is lost.
        short: list[dict[str, Any]] = [{"form": "flat", "replayed": True}] if self.times[0] < SHORT else []
        short = [] if self.pictures else short
        changes = short + ([once] if half else []) + count + half + fused
        changes += [{"precision": "bf16"}] if plans.half_is_fast() and not half else []
        changes += [{"layout": "plain", "fused": False}] if self.pictures else []
        changes += [{"form": "each"}]
        if self.wishes.get("device", "cpu") != "cpu":  # a card has no threads of ours, and products of its own
            changes = [{"precision": "tf32"}, {"precision": "bf16"}, {"form": "each"}]
        return [one for one in changes if not set(one) <= set(self.wishes)]

    @property
    def sound(self) -> list[int]:
        """The ways whose losses agree with the first."""
        return [at for at, seen in enumerate(self.losses) if _agree(self.losses[0], seen)]

    @property
    def fastest(self) -> Plan:
        """The fastest sound way; a simpler one that is as fast comes before."""
        least = min(self.times[at] for at in self.sound)
        return self.ways[next(at for at in self.sound if self.times[at] <= least * (1 + CLOSE))]

    def _try(self, way: Plan) -> None:
        share = max(0.02, (self.ends - time.perf_counter()) / max(2, 7 - len(self.ways)))
        took, seen = _time(self.make, way, share, self.part)
        give_back()  # the next way takes memory in other pieces
        self.ways.append(way)
        self.times.append(took)
        self.losses.append(seen)

    def _compiles(self, steps: int | None, left: float | None) -> str:
        """Try a compiled step where it would clearly pay back; return why it was not tried."""
        if self.wishes.get("compiled") is not None:
            return ""
        took = min(self.times[at] for at in self.sound)
        lasting = _lasting(took, steps, left)
        if self.reason:
            return self.reason
        if not _pays(took, lasting):
            return f"compiling would cost about {COMPILING:.0f} s and training lasts {lasting:.0f} s"
        self._try(replace(self.fastest, form="flat", compiled=True, replayed=False))
        return ""

    def _judged(self, not_compiled: str, left: float | None) -> Plan:
        best = self.fastest
        took = self.times[self.ways.index(best)]
        slowest = max(self.times)
        if self.part > 1 and 3 * took < max(self.seconds, 0.03 * (left or 0.0)):
            # Calls cost the same however small the part: a whole step is shorter than its parts say.
            took = min(took, _time(self.make, best, 0.0)[0])
        tried = tuple(
            {**way.way, "seconds": seconds, "loss": seen[-1], "agrees": at in self.sound}
            for at, (way, seconds, seen) in enumerate(zip(self.ways, self.times, self.losses, strict=True))
        )
        reason = f"{took * 1e3:.2f} ms a step, {slowest / took:.1f} times faster than the slowest way"
        reason += f"; not compiled: {not_compiled}" if not_compiled else ""
        # Taking a step apart costs three more of them.
        said = bottleneck(self.make, best, 0.1) if 4 * took < max(self.seconds, 0.1) else ""
        return replace(best, seconds=took, reason=reason, tried=tried, bottleneck=said)


def _agree(truth: Sequence[float], losses: Sequence[float]) -> bool:
    """Return whether two ways lost the same at the last step that both took."""
    at = min(len(truth), len(losses)) - 1
    # Rounding may move a loss a little; a way that moves it more than 2 % is not the same training.
    return abs(losses[at] - truth[at]) <= 0.02 * abs(truth[at]) + 1e-3


def _time(make: Callable[[Plan], Job], way: Plan, seconds: float, part: int = 1) -> tuple[float, list[float]]:
    """Return the median seconds of a step, as such a part of a batch tells them, and the losses of the first steps."""
    way.apply()
    torch.manual_seed(0)
    job = make(way)
    if job.plan is not way:
        job = replace(job, plan=way)
    state = State(job)
    nets = job.call(job.nets)
    times: list[float] = []
    losses: list[float] = []
    began = 0.0
    for whole in islice(job.stream.batches(), 400):
        start, moved = time.perf_counter(), state.seconds.get("optimizer", 0.0)
        batch = whole if part == 1 else whole.take(slice(0, max(2, len(whole) // part)))
        for turn in job.objective.turns:
            losses.append(update(job, state, nets, turn, batch)[0])
        state.step += 1
        now, moved = time.perf_counter(), state.seconds.get("optimizer", 0.0) - moved
        # What an optimizer does costs the same however few the rows.
        times.append((now - start - moved) * (len(whole) / len(batch)) + moved)
        # The first step warms up caches, allocators and compilers and is no measure of the others.
        began = began or now
        if now - began > seconds and (len(times) > 1 or now - start > seconds):
            break
    steady = sorted(times[1:] or times)
    return steady[len(steady) // 2], losses[:3]
