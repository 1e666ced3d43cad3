"""From encoded rows to a trained network: jobs are built here, planned, run, and the best one is kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn

from glia.augments import augments
from glia.compose.choices import Choices
from glia.compose.prepare import Prepared
from glia.compose.settled import seen_once
from glia.compose.transfer import begun, folded
from glia.core.errors import UsageError
from glia.core.net import Net
from glia.core.parts import Objective, Remedy, Step, Stream
from glia.core.ragged import joined
from glia.core.values import Batch, Role, derived, seeded
from glia.judge.readouts import readouts
from glia.metrics import metrics
from glia.nets import nets as shelf
from glia.nets.blocks.foreign import Foreign
from glia.streams.augmented import Augmented
from glia.streams.blocks import Blocks
from glia.streams.minibatches import Minibatches
from glia.train.device import place, resident
from glia.train.evaluation import evaluating
from glia.train.finder import Found, find
from glia.train.groups import grouped
from glia.train.job import Job, Nets, State
from glia.train.loop import train
from glia.train.optimizers import optimizers
from glia.train.plan import Plan
from glia.train.remedies import remedies
from glia.train.roofline import flops, peaks
from glia.train.schedules import schedules
from glia.train.steps import steps
from glia.train.steps._splits import refuse_coupled
from glia.train.update import update

__all__ = ["Trained", "build", "found_rate", "look_seconds", "outputs", "part_of", "run", "watched_rows"]


@dataclass
class Trained:
    """A network with its best weights, and how it came to them.

    Args:
        net: The network.
        objective: What it was trained for.
        choices: The decisions it was trained by.
        score: Its validation score, larger is better.
        steps: Steps taken.
        best_step: The step whose weights were kept.
        history: What was measured on the way.
        stopped: Why training ended before its last step; empty when it did not.
        skipped: Steps refused because their gradient was not finite.
        seconds: How long training took.
        phases: What this time went into, in seconds.
        roofline: The share of the machine's measured peak of matrix products that was reached; ``None`` where the
            products of a step cannot be counted.
    """

    net: nn.Module
    objective: Objective
    choices: Choices
    score: float
    steps: int
    best_step: int
    history: list[dict[str, Any]]
    stopped: str = ""
    skipped: int = 0
    seconds: float = 0.0
    phases: dict[str, float] = field(default_factory=dict)
    roofline: float | None = None


def part_of(prepared: Prepared, part: str) -> Batch:
    """Return the rows of a part, as networks and objectives take them."""
    return Batch.of(prepared.inputs[part], prepared.targets[part], prepared.weight[part])


def outputs(objective: Objective, nets: Mapping[str, Callable[..., Any]], rows: Batch, size: int = 512) -> np.ndarray:
    """Return what the offer ``predict`` gives for every row, computed in slices."""
    call = objective.offers()["predict"].call
    order = rows.by_length()
    found = joined([call(nets, rows.take(some)).float().cpu().numpy() for some in order.split(size)])
    return found if not rows.ragged else found[order.argsort().cpu().numpy()]


def build(prepared: Prepared, choices: Choices, plan: Plan, *, module: nn.Module | None = None, seed: int = 0) -> Job:
    """Return the job that trains a network on prepared rows.

    Args:
        prepared: The rows.
        choices: Every decision, filled in.
        plan: How the machine is used.
        module: A network of the person's own, instead of one from the shelf.
        seed: The seed of initialization, order and dropout.
    """
    objective = choices.objective()
    torch.manual_seed(derived(seed, "init"))
    role = objective.roles(prepared.specs(), prepared.asked())["net"]
    rows = part_of(prepared, "train")
    net: nn.Module = _own(module, role, rows) if module is not None else _from_shelf(choices, role)
    if choices.start is not None:
        begun(net, choices.start, choices.tune)
    elif isinstance(net, Net):
        _prime(net, prepared, choices, rows, seed)
    rows, valid = (seen_once(net, prepared, choices, part) for part in ("train", "valid"))
    groups = grouped(net, lr=choices.lr, weight_decay=choices.weight_decay)
    optimizer = optimizers.get(choices.optimizer)(groups, lr=choices.lr, **choices.optimizer_options)
    strata = rows.values["target"][:, 0] if choices.stratify else None
    torch.manual_seed(derived(seed, "dropout"))
    step = _step(choices)
    refuse_coupled(step, objective)
    job = Job(
        objective=objective,
        nets={"net": net},
        stream=_stream(prepared, rows, choices, strata, seed),
        step=step,
        optimizers={"main": optimizer},
        steps=choices.steps,
        schedule=_schedule(choices),
        remedies=_remedies(choices),
        evaluate=_evaluate(prepared, resident(valid, plan.device), objective, choices),
        evaluate_every=choices.evaluate_every,
        call=plan.call,
        plan=plan,
        seed=seed,
        nonfinite=choices.nonfinite,
    )
    return place(job)


def _stream(prepared: Prepared, rows: Batch, choices: Choices, strata: torch.Tensor | None, seed: int) -> Stream:
    stream: Stream = Minibatches(rows, batch_size=choices.batch_size, seed=seed, strata=strata)
    if prepared.shards is not None and prepared.large is not None:
        group, most = None if strata is None else "target", prepared.large.window
        stream = Blocks(prepared.shards, batch_size=choices.batch_size or 1, seed=seed, window=most, strata=group)
    if not choices.augment:
        return stream
    return Augmented(stream, [augments.get(name)(**options) for name, options in choices.augment.items()], seed=seed)


def _prime(net: Net, prepared: Prepared, choices: Choices, rows: Batch, seed: int) -> None:
    """Let a network look at some rows; the same network is built several times, and looks at them once."""
    key = (choices.net, repr(sorted(choices.net_options.items())), seed)
    if key not in prepared.primed:
        net.prime(_some(rows, net.primes, seed))
        prepared.primed[key] = {name: value.clone() for name, value in net.state_dict().items()}
    net.load_state_dict(prepared.primed[key])


def _some(rows: Batch, most: int, seed: int) -> Batch:
    """Return rows drawn by chance, in their order, for networks that look at some before they start."""
    drawn = torch.randperm(len(rows), generator=seeded(seed, "prime"))
    return rows.take(drawn[:most].sort().values)


def _own(module: nn.Module, role: Role, rows: Batch) -> Foreign:
    """Return a person's module, wrapped, after trying that it takes the rows and gives answers of the right width."""
    net = Foreign(module, role.inputs)
    gives = role.output.width
    try:
        # Not inference mode: lazy layers get their weights here, and those must be trainable.
        with torch.no_grad():
            shape = tuple(net.eval()(rows.take(slice(0, 2))).shape)
    except (RuntimeError, TypeError, ValueError, IndexError) as error:
        first = str(error).splitlines()[0]
        raise UsageError(
            "module_shape",
            f"the module cannot take the encoded rows, which {net.has} ({first})",
            remedy=f"give a module from {net.takes} to (B, {gives})",
        ) from None
    if shape[-1] != gives or len(shape) not in (2, 3):
        raise UsageError(
            "module_shape",
            f"the module answers two rows with a tensor of shape {shape}",
            remedy=f"give a module from {net.takes} to (B, {gives})",
        )
    net.train()
    return net


def _from_shelf(choices: Choices, role: Role) -> Net:
    net: Net = shelf.get(choices.net)(role.inputs, role.output, **choices.net_options)
    return net


def _step(choices: Choices) -> Step:
    step: Step = steps.get("plain")()
    if choices.micro_batch:
        step = steps.get("accumulate")(step, micro_batch=choices.micro_batch)
    return steps.get("sam")(step) if choices.step == "sam" else step


def _schedule(choices: Choices) -> Callable[[float], float]:
    shape = schedules.get(choices.schedule)
    return lambda progress: float(shape(progress, **choices.schedule_options))


def _remedies(choices: Choices) -> list[Remedy]:
    """Return the remedies; an average without a memory of its own remembers a quarter of the steps."""
    memory = {"average": {"decay": min(max(1 - 4 / max(choices.steps, 1), 0.9), 0.9995)}}
    return [remedies.get(name)(**{**memory.get(name, {}), **options}) for name, options in choices.remedies.items()]


def _evaluate(
    prepared: Prepared, rows: Batch, objective: Objective, choices: Choices
) -> Callable[[Nets], Mapping[str, float]] | None:
    """Return the function that measures validation loss and, where one is chosen by, a metric."""
    if not len(rows):
        return None
    if choices.watch == "loss":
        # A loss is a mean over many places already: sixteen batches of rows say it well enough.
        most = watched_rows(choices, len(rows))
        some = rows if len(rows) == most else rows.take(torch.linspace(0, len(rows) - 1, most).long())
        return partial(_valid_loss, objective, some)
    metric = metrics.get(choices.watch)()
    readout = readouts.get(objective.readout)()

    def evaluate(nets: Nets) -> Mapping[str, float]:
        out = outputs(objective, nets, rows)
        found = readout.answer(prepared.schema.decode(out) if objective.decoded else out)
        stats = metric.stats(found, prepared.truth["valid"], prepared.weight["valid"])
        value = float(metric.value(stats)[0])
        # Much of what the loss would say is said by the metric, so a part of the rows is enough.
        loss = _valid_loss(objective, rows.take(slice(0, 4096)), nets)["loss"]
        return {"loss": loss, choices.watch: value, "score": value if metric.higher else -value}

    return evaluate


def watched_rows(choices: Choices, rows: int) -> int:
    """Return how many validation rows are looked at during training."""
    return min(rows, 16 * max(choices.batch_size or rows, 16)) if choices.watch == "loss" else rows


def _valid_loss(objective: Objective, rows: Batch, nets: Nets, size: int = 512) -> dict[str, float]:
    """Return the mean loss of rows, computed in slices; chance draws the same every time."""
    objective = getattr(objective, "inner", objective)  # rows that are looked at are not blended
    generator = torch.Generator().manual_seed(0)
    total = weight = 0.0
    for start in range(0, len(rows), size):
        part = objective.loss(objective.turns[0].name, nets, rows.take(slice(start, start + size)), generator)
        total, weight = total + float(part.total()), weight + float(part.weight.sum())
    loss = total / max(weight, 1e-12)
    return {"loss": loss, "score": -loss}


def look_seconds(prepared: Prepared, job: Job, most: int = 64) -> float | None:
    """Return the seconds that a look at one row takes, measured on a few; ``None`` where there is no row to look at.

    What a step takes says little of it where batches are small: a step has costs that do not grow with its rows.

    Args:
        prepared: The rows.
        job: A job that nothing else is done with.
        most: Rows looked at.
    """
    rows = part_of(prepared, "valid").take(slice(0, most))
    if not len(rows):
        return None
    took = float("inf")
    with evaluating(job.nets):
        for _ in range(2):  # the first warms up
            began = time.perf_counter()
            _valid_loss(job.objective, rows, job.nets)
            took = min(took, time.perf_counter() - began)
            if took > 1:
                break
    return took / len(rows)


def found_rate(make: Callable[[], Job], choices: Choices, seconds: float | None) -> Found:
    """Return the learning rate that a range test suggests, on a copy that is thrown away.

    Args:
        make: Builds the job afresh.
        choices: The decisions, whose rate is the one to fall back on.
        seconds: How long trying may take; ``None`` where no clock decides.
    """
    job = make()
    state = State(job)
    nets = job.call(job.nets)
    batches = job.stream.batches()
    ends = None if seconds is None else time.perf_counter() + seconds

    def loss_at(lr: float) -> float:
        if ends is not None and time.perf_counter() > ends:
            return float("inf")  # ends the test
        state.knobs["lr"] = lr / choices.lr
        return update(job, state, nets, job.objective.turns[0], next(batches))[0]

    with torch.random.fork_rng(devices=[]):
        return find(loss_at, default=choices.lr)


def run(
    job: Job,
    choices: Choices,
    plan: Plan,
    *,
    state: State,
    spent: float = 0.0,
    deadline: float | None = None,
    stop: Callable[[], bool] = lambda: False,
    **hooks: Callable[..., None],
) -> Trained:
    """Train a job and return the network with its best weights.

    Args:
        job: The job.
        choices: The decisions behind it.
        plan: How the machine is used.
        state: Where training stands: fresh, or loaded from a checkpoint.
        spent: Seconds of training behind that state.
        deadline: When the clock ends training, as :func:`time.perf_counter` counts; ``None`` = never.
        stop: Asked after every step whether a person wants training to end well.
        hooks: ``watch``, ``keep`` and ``tripped`` of :func:`glia.train.loop.train`.
    """
    plan.apply()
    began = time.perf_counter() - spent
    cut = [False]

    def hurry(state: State) -> bool:
        if stop():
            state.stopped = "interrupted"
        elif state.step == choices.stop:
            state.stopped = "training ended here the first time"
        elif deadline is not None and time.perf_counter() > deadline:
            state.stopped = "the clock ended training"
        cut[0] = bool(state.stopped)
        return cut[0]

    train(job, state, hurry=hurry, **hooks)
    net = folded(job.nets["net"]).eval()
    return Trained(
        net,
        job.objective,
        replace(choices, stop=state.step if cut[0] else choices.stop),
        state.best.score,
        state.step,
        state.best.step,
        state.history,
        state.stopped,
        state.skipped,
        time.perf_counter() - began,
        dict(state.seconds),
        _reached(job, state, plan),
    )


def _reached(job: Job, state: State, plan: Plan) -> float | None:
    """Return the share of the machine's measured peak that matrix products reached."""
    busy = sum(state.seconds.get(phase, 0.0) for phase in ("forward", "backward", "compiled"))
    count = flops(job) if busy > 1.0 else None  # of a moment's training, nobody asks
    if count is None or plan.device != "cpu":  # what a card can do is not measured
        return None
    return count * state.step / busy / 1e9 / peaks(plan.threads)[plan.precision]
