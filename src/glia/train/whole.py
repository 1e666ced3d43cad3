"""A whole step as one compiled program: forward, loss, backward, clipping, optimizer, and the guard in between.

Knobs are read from a tensor, so that no change of them compiles anew. What cannot be traced (control flow that hangs on
values, ragged batches, a step that calls the loss in a way of its own) is left to the plain path.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from glia.core.values import Batch, Turn
from glia.train.job import Job, Nets, State
from glia.train.moving import Whole
from glia.train.steps.plain import Plain

if TYPE_CHECKING:
    from glia.train.hands import Hands, WholeStep

__all__ = ["able", "compiled", "signature"]

SHARED, PER_GROUP = 3, 3
"""Knobs in the tensor: clip_norm, clip_value and l1; then of each group: step size, decay, correction of the square."""


def signature(batch: Batch) -> tuple[Any, ...]:
    """Return what a compiled step depends on: names, shapes and dtypes."""
    return tuple((name, tuple(value.shape), value.dtype) for name, value in sorted(batch.values.items()))


def able(job: Job) -> str:
    """Return why steps of a job cannot be compiled whole; empty where they may."""
    if shutil.which("g++") is None and shutil.which("clang++") is None:
        return "there is no C++ compiler"
    if job.plan.device != "cpu":
        return "steps on a graphics card are not compiled whole"
    if type(job.step) is not Plain:
        return f"the step {type(job.step).__name__.lower()} calls the loss in a way of its own"
    if any(type(one) not in (torch.optim.Adam, torch.optim.AdamW) for one in job.optimizers.values()):
        return "the optimizer is none that compiles"
    return ""


def compiled(job: Job, state: State, hands: Hands, nets: Nets, turn: Turn, batch: Batch) -> WholeStep | None:
    """Return a turn's whole step as one program for batches shaped like this one; ``None`` where that cannot be."""
    mover = hands.mover(turn)
    usual = getattr(job.stream, "batch_size", None) or getattr(getattr(job.stream, "inner", None), "batch_size", None)
    odd = batch.ragged or batch.present or (usual is not None and len(batch) != usual) or state.micro_batch is not None
    apart = bool(state.buffers) and not hands.joined
    if odd or apart or able(job) or not isinstance(mover, Whole):
        return None
    mover.adopt()
    kept = torch.get_rng_state()
    try:
        with torch.no_grad(), _quiet():
            program = _Program(job, state, hands, mover, nets, turn, batch)
    except Exception as error:  # whatever a tracer or compiler does not know, the plain path does
        logging.getLogger("glia").info("a step was not compiled: %s", str(error).splitlines()[:1])
        return None
    finally:
        torch.set_rng_state(kept)
    return program


@contextmanager
def _quiet() -> Iterator[None]:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


class _Program:
    """One compiled step with the tensors that it works on."""

    def __init__(
        self, job: Job, state: State, hands: Hands, mover: Whole, nets: Nets, turn: Turn, batch: Batch
    ) -> None:
        from torch._inductor.compile_fx import compile_fx
        from torch.fx.experimental.proxy_tensor import make_fx

        self.job, self.state, self.mover, self.turn, self.nets = job, state, mover, turn, nets
        self.names = sorted(batch.values)
        self.buffers = list(hands.flats)
        self.windows = mover.flat.windows(mover.gradient)
        given = self._given(batch, 1.0, {})
        trace: Any = make_fx(self._step, tracing_mode="fake")
        traced = trace(*given)
        traced.graph.eliminate_dead_code()
        traced.recompile()
        safe = [one.clone() for one in given]  # the first call compiles; it must leave no trace
        build: Any = compile_fx
        self.call: Any = build(traced, safe)
        self.call(*safe)

    def __call__(self, batch: Batch, rate: float, knobs: Mapping[str, float]) -> tuple[float, float]:
        """Take the step; a gradient that is not finite changes nothing."""
        mover = self.mover
        mover.adopt()
        with torch.no_grad():
            both = self.call(*self._given(batch, rate, knobs))
        loss, norm = both[0].tolist()
        if mover.parameters[0].grad is not self.windows[0]:
            for parameter, window in zip(mover.parameters, self.windows, strict=True):
                parameter.grad = window
        if norm == norm and norm != float("inf"):
            for age in mover.ages:
                age.add_(1)
        return loss, norm

    def _given(self, batch: Batch, rate: float, knobs: Mapping[str, float]) -> list[Tensor]:
        mover = self.mover
        moments = [mover.moments[name].buffer for name in ("exp_avg", "exp_avg_sq")]
        tensors = [batch.values[name] for name in self.names]
        line = [
            knobs.get("clip_norm", 0.0) or torch.inf,
            knobs.get("clip_value", 0.0) or torch.inf,
            knobs.get("l1", 0.0),
        ]
        mover.rates(rate, knobs.get("weight_decay", 1.0))
        for group, age in zip(mover.optimizer.param_groups, mover.ages, strict=True):
            count = float(age) + 1
            beta1, beta2 = group["betas"]
            decay = group["weight_decay"]
            apart = isinstance(mover.optimizer, torch.optim.AdamW)
            line += [
                group["lr"] / (1 - beta1**count),
                group["lr"] * decay if apart else decay,
                (1 - beta2**count) ** -0.5,
            ]
        return [
            mover.flat.buffer,
            mover.gradient,
            *moments,
            torch.tensor(line),
            batch.weight,
            batch.row,
            *self.buffers,
            *tensors,
        ]

    def _step(
        self, flat: Tensor, gradient: Tensor, mean: Tensor, square: Tensor, knobs: Tensor, *rest: Tensor
    ) -> tuple[Tensor]:
        """Return loss and norm; everything given is changed in place, unless the gradient is not finite."""
        weight, row, *more = rest
        buffers, values = more[: len(self.buffers)], more[len(self.buffers) :]
        before = [one.clone() for one in buffers]
        batch = Batch(dict(zip(self.names, values, strict=True)), weight, row)
        windows = [one.detach().requires_grad_() for one in self.mover.flat.windows(flat)]
        with torch.enable_grad(), self._holding(windows, buffers):
            loss = self.job.objective.loss(self.turn.name, self.nets, batch, self.state.generator).mean()
            slopes = torch.autograd.grad(loss, windows)
        found = torch.cat([self._line(slope, at) for at, slope in enumerate(slopes)])
        found = found + knobs[2] * flat.sign()
        norm = found.square().sum().sqrt()
        fine = torch.isfinite(norm)
        found = found * torch.clamp(knobs[0] / norm.clamp_min(1e-30), max=1.0)
        found = torch.maximum(torch.minimum(found, knobs[1]), -knobs[1])
        gradient.copy_(found)
        self._move(flat, found, mean, square, knobs, fine)
        for one, old in zip(buffers, before, strict=True):
            one.copy_(torch.where(fine, one, old))
        return (torch.stack([loss.detach(), norm]),)

    def _line(self, slope: Tensor, at: int) -> Tensor:
        order = self.mover.flat.orders[at]
        return (slope if order is None else slope.permute(order)).reshape(-1)

    def _move(self, flat: Tensor, found: Tensor, mean: Tensor, square: Tensor, knobs: Tensor, fine: Tensor) -> None:
        optimizer = self.mover.optimizer
        apart = isinstance(optimizer, torch.optim.AdamW)
        for index, (group, span) in enumerate(zip(optimizer.param_groups, self.mover.spans, strict=True)):
            size, decay, correction = knobs[SHARED + PER_GROUP * index : SHARED + PER_GROUP * (index + 1)]
            beta1, beta2 = group["betas"]
            old, slope = flat[span], found[span]
            if not apart:
                slope = slope + decay * old
            first = mean[span] + (slope - mean[span]) * (1 - beta1)
            second = square[span] * beta2 + slope * slope * (1 - beta2)
            new = old * (1 - decay) if apart else old
            new = new - size * first / (second.sqrt() * correction + group["eps"])
            mean[span].copy_(torch.where(fine, first, mean[span]))
            square[span].copy_(torch.where(fine, second, square[span]))
            flat[span].copy_(torch.where(fine, new, old))

    @contextmanager
    def _holding(self, windows: list[Tensor], buffers: list[Tensor]) -> Iterator[None]:
        """Put tensors in the places of the networks' own, as the tracer wants it."""
        from torch.nn.utils.stateless import _reparametrize_module

        places = {id(own): one for own, one in zip(self.mover.parameters, windows, strict=True)}
        for flat, buffer in zip(self.job_flats(), buffers, strict=True):
            places |= {id(own): one for own, one in zip(flat.tensors, flat.windows(buffer), strict=True)}
        with ExitStack() as stack:
            for net in self.job.nets.values():
                named = [*net.named_parameters(), *net.named_buffers()]
                swapped = {name: places[id(one)] for name, one in named if id(one) in places}
                stack.enter_context(_reparametrize_module(net, swapped))
            yield

    def job_flats(self) -> list[Any]:
        """Return the joined buffers of the networks."""
        return list(self.state.hands.joined)
