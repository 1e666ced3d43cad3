"""A schema, a network and its optimizer, trained by the one loop: what both estimators are made of."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn

from glia.compose.looking import outputs
from glia.core.constraints import check_options
from glia.core.parts import Objective
from glia.core.raw import RawTable
from glia.core.values import Batch, Readings, Role, derived
from glia.nets import nets as shelf
from glia.nets.blocks.foreign import Foreign
from glia.objectives import objectives
from glia.sklearn._asked import Asked
from glia.streams.minibatches import Minibatches
from glia.table.schema import Schema
from glia.train.groups import grouped
from glia.train.job import Job, Nets, State
from glia.train.loop import train
from glia.train.optimizers import optimizers
from glia.train.remedies import remedies
from glia.train.schedules import schedules
from glia.train.steps import steps

__all__ = ["Learner", "quietly"]


@contextmanager
def quietly(threads: int, seed: int) -> Iterator[None]:
    """Compute on some threads and draw from a seed inside the block; the caller's own are back after it."""
    before = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        torch.set_num_threads(threads)
        try:
            yield
        finally:
            torch.set_num_threads(before)


class Learner:
    """What an estimator has learned, and how it learns more.

    Args:
        schema: The columns, learned.
        asked: What is asked for, learned.
        wish: The estimator's arguments, checked.
        seed: The seed of the first weights.

    Attributes:
        net: The network, which takes batches.
        module: The same as a plain module: the person's own, where there is one.
    """

    def __init__(self, schema: Schema, asked: Asked, wish: Any, seed: int) -> None:
        self.schema = schema
        self.asked = asked
        role = self.objective.roles(schema.specs(), {"target": asked.spec()})["net"]
        with quietly(wish.threads, derived(seed, "init")):
            self.net = _foreign(wish.net, role) if isinstance(wish.net, nn.Module) else _own(wish, role)
        self.restart(wish)

    @property
    def objective(self) -> Objective:
        """What is right."""
        found: Objective = objectives.get(self.asked.objective)()
        return found

    @property
    def module(self) -> nn.Module:
        """The network as a plain module with clean names."""
        return self.net.module if isinstance(self.net, Foreign) else self.net

    def restart(self, wish: Any) -> None:
        """Forget the optimizer's memory; the weights stay."""
        make = optimizers.get(wish.optimizer)
        known = isinstance(wish.net, str) and wish.optimizer == "adamw"
        suits = shelf.get(wish.net).suits if known else {}
        rate = wish.learning_rate or suits.get("lr") or make.default_lr
        decay = suits.get("weight_decay", 0.0) if wish.weight_decay is None else wish.weight_decay
        self.optimizer = make(grouped(self.net, lr=rate, weight_decay=decay), lr=rate)

    def batch(self, table: RawTable, values: np.ndarray, weight: np.ndarray) -> Batch:
        """Return N rows, their (N, T) answers and their (N,) weights, encoded."""
        share = (weight / max(weight.sum() / max(len(weight), 1), 1e-300)).astype(np.float32)
        return Batch.of(self.schema.encode(table), self.asked.encode(values), share)

    def train(self, rows: Batch, valid: Batch, wish: Any, *, partial: bool, seed: int) -> State:
        """Train on rows and return what was seen on the way.

        Args:
            rows: All training rows.
            valid: Rows that tell when to stop; none of them = after the last epoch.
            wish: The estimator's arguments, checked.
            partial: Whether to pass once, at a steady learning rate, since more rows may follow.
            seed: The seed of order and dropout.
        """
        size = _batch_size(len(rows)) if wish.batch_size == "auto" else wish.batch_size
        labels = rows.values["target"][:, 0] if self.asked.objective == "classify" else None
        stream = Minibatches(rows, batch_size=size, seed=seed, strata=labels)
        shape: Callable[[float], float] = schedules.get("constant" if partial else wish.schedule)
        asking = [remedies.get("clip_norm")(limit=1.0)]
        if len(valid):
            asking.append(remedies.get("early_stop")(patience=wish.n_iter_no_change))
        job = Job(
            objective=self.objective,
            nets={"net": self.net},
            stream=stream,
            step=steps.get("plain")(),
            optimizers={"main": self.optimizer},
            steps=(1 if partial else wish.max_epochs) * stream.steps_per_epoch,
            schedule=shape,
            remedies=asking,
            evaluate=_evaluate(self.objective, valid) if len(valid) else None,
            evaluate_every=stream.steps_per_epoch,
            seed=seed,
        )
        with quietly(wish.threads, derived(seed, "dropout")):
            self.net.train()
            state = train(job, State(job), watch=_say if wish.verbose else _silent)
            self.net.eval()
        return state

    def outputs(self, table: RawTable, threads: int) -> np.ndarray:
        """Return log-probabilities (N, K), logits (N, T) or numbers (N, T), the same whatever rows come along.

        A matrix product in float32 rounds a row otherwise in other company; in float64 that is far below what
        is given. A module of the person's own is asked in the precision it has.
        """
        matched, _ = self.schema.match(table, needs_target=False)
        rows, net = Batch.of(self.schema.encode(matched)), self.net
        if not isinstance(net, Foreign):
            net = copy.deepcopy(net).double()
            rows = rows.having(**{name: one.double() for name, one in rows.values.items() if one.is_floating_point()})
        with quietly(threads, 0), torch.inference_mode():
            return outputs(self.objective, {"net": net.eval()}, rows).astype(np.float64)


def _own(wish: Any, role: Role) -> nn.Module:
    part = shelf.get(wish.net)
    net: nn.Module = part(role.inputs, role.output, **check_options(part, wish.net_options or {}, "net_options"))
    return net


def _foreign(module: nn.Module, role: Role) -> nn.Module:
    """Return a copy of a person's module behind the groups of a batch, after trying it on two rows."""
    net = Foreign(copy.deepcopy(module), role.inputs)
    assert net.flat is not None  # a table has no pictures
    width = net.flat.width
    rows = torch.zeros(2, width, dtype=next((one.dtype for one in module.parameters()), torch.float32))
    try:
        with torch.inference_mode():
            found = tuple(net.module.eval()(rows).shape)
    except RuntimeError as error:
        raise ValueError(f"net= cannot take rows of {width} features: {error}") from error
    if len(found) not in (2, 3) or found[-1] != role.output.width:
        said = f"one for each {role.output.axes[-1]}"
        raise ValueError(f"net= gives shape {found} for 2 rows, and (2, {role.output.width}) is wanted, {said}")
    return net


def _batch_size(rows: int) -> int:
    """Return a power of two: small tables need small batches to take enough steps in an epoch."""
    return int(2 ** np.clip(np.log2(max(rows, 1) / 8).round(), 3, 8))


def _evaluate(objective: Objective, valid: Batch) -> Callable[[Nets], Mapping[str, float]]:
    generator = torch.Generator()

    def evaluate(nets: Nets) -> Mapping[str, float]:
        loss = float(objective.loss("main", nets, valid, generator).mean())
        return {"loss": loss, "score": -loss}

    return evaluate


def _silent(state: State, readings: Readings) -> None:
    """Say nothing."""


def _say(state: State, readings: Readings) -> None:  # noqa: ARG001
    valid = f", validation loss {readings.valid['loss']:.4f}" if readings.valid else ""
    print(f"epoch {readings.epoch:.0f}: loss {readings.loss:.4f}{valid}")
