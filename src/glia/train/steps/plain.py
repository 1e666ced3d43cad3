"""One forward and one backward pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from torch import Tensor

from glia.core.parts import Reading, Step
from glia.core.values import Batch, Loss

__all__ = ["Plain"]


class Plain(Step):
    """Back-propagate the weighted mean loss of the whole batch.

    Parameters that the loss does not reach keep no gradient, and parameters that were not given get none.

    Example:
        >>> import torch
        >>> w = torch.tensor([1.0], requires_grad=True)
        >>> batch = Batch({"number": torch.tensor([[1.0], [3.0]])}, torch.ones(2), torch.arange(2))
        >>> def loss(batch):
        ...     return Loss((batch.values["number"] @ w), batch.weight)
        >>> reading = Plain()(loss, batch, [w])
        >>> w.grad.item(), reading.loss.item(), reading.weight.item()
        (2.0, 2.0, 2.0)
    """

    splits: ClassVar[bool] = False

    def __call__(self, loss: Callable[[Batch], Loss], batch: Batch, parameters: list[Tensor]) -> Reading:
        """Set ``.grad`` of every parameter to the gradient of the batch's weighted mean loss."""
        for parameter in parameters:
            parameter.grad = None
        measured = loss(batch)
        mean = measured.mean()
        # Naming the parameters spares a generator the gradients of its critic, and the other way round.
        mean.backward(inputs=parameters)
        weight = measured.weight.detach()
        parts = {name: _mean(part.detach(), weight) for name, part in measured.parts.items()}
        return Reading(mean.detach(), weight.sum(), parts)


def _mean(part: Tensor, weight: Tensor) -> Tensor:
    """Return the weighted mean of a part given per row; a scalar is one already."""
    return (part * weight).sum() / weight.sum().clamp_min(1e-12) if part.dim() else part
