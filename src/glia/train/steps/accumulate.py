"""A large batch in small pieces."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, ClassVar

import torch
from torch import Tensor

from glia.core.constraints import Range
from glia.core.parts import Reading, Step
from glia.core.values import Batch, Loss
from glia.train.steps.plain import Plain

__all__ = ["Accumulate"]


class Accumulate(Step):
    """Take the gradient of micro-batches one after the other: the memory of one, the gradient of all.

    Gradients are summed with the weight behind them and divided once by all of it, so ragged pieces and
    unequal weights give what :class:`Plain` gives, up to rounding. Whatever looks at the whole batch inside
    the network (batch norm) sees micro-batches, and dropout draws in another order.

    Args:
        inner: The step taken on each micro-batch; ``None`` = the plain one.
        micro_batch: Rows of a micro-batch; the last may have fewer.

    Example:
        >>> w = torch.tensor([1.0], requires_grad=True)
        >>> batch = Batch({"number": torch.tensor([[1.0], [3.0], [8.0]])}, torch.ones(3), torch.arange(3))
        >>> def loss(batch):
        ...     return Loss((batch.values["number"] @ w), batch.weight)
        >>> reading = Accumulate(micro_batch=2)(loss, batch, [w])
        >>> w.grad.item(), reading.weight.item()
        (4.0, 3.0)
    """

    splits: ClassVar[bool] = True

    def __init__(self, inner: Step | None = None, *, micro_batch: Annotated[int, Range(1)] = 32) -> None:
        self.inner = Plain() if inner is None else inner
        self.micro_batch = micro_batch

    def __call__(self, loss: Callable[[Batch], Loss], batch: Batch, parameters: list[Tensor]) -> Reading:
        """Set ``.grad`` of every parameter to the gradient of the batch's weighted mean loss."""
        sums: list[Tensor | None] = [None] * len(parameters)
        readings: list[Reading] = []
        for start in range(0, max(len(batch), 1), self.micro_batch):
            micro = batch.take(slice(start, start + self.micro_batch))
            readings.append(self.inner(loss, micro, parameters))
            for index, parameter in enumerate(parameters):
                sums[index] = _added(sums[index], parameter.grad, readings[-1].weight)
        weight = torch.stack([reading.weight for reading in readings]).sum()
        for parameter, total in zip(parameters, sums, strict=True):
            parameter.grad = None if total is None else total.div_(weight.clamp_min(1e-12))
        return _joined(readings, weight)


def _added(total: Tensor | None, gradient: Tensor | None, weight: Tensor) -> Tensor | None:
    if gradient is None:
        return total
    return gradient * weight if total is None else total.addcmul_(gradient, weight)


def _joined(readings: list[Reading], weight: Tensor) -> Reading:
    """Return the weighted mean of the readings."""
    share = torch.stack([reading.weight for reading in readings]) / weight.clamp_min(1e-12)
    loss = (torch.stack([reading.loss for reading in readings]) * share).sum()
    parts = {
        name: (torch.stack([reading.parts[name] for reading in readings]) * share).sum() for name in readings[0].parts
    }
    return Reading(loss, weight, parts)
