"""Sharpness-aware minimization."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import torch
from torch import Tensor

from glia.core.constraints import Range
from glia.core.parts import Reading, Step
from glia.core.values import Batch, Loss
from glia.train.steps.plain import Plain

__all__ = ["Sam"]


class Sam(Step):
    """Seek flat minima: take the gradient where the loss is worst nearby, ``∇L(w + rho * g / |g|)``.

    A step costs two. Weights are back to the bit afterwards, also when the loss fails. Running statistics of
    batch norm see both passes, and dropout draws anew in the second.

    Args:
        inner: The step that takes both gradients; ``None`` = the plain one.
        rho: Radius of the neighborhood; 0 = the inner step's gradient.

    Example:
        >>> w = torch.tensor([1.0], requires_grad=True)
        >>> batch = Batch({}, torch.ones(1), torch.arange(1))
        >>> reading = Sam(rho=0.5)(lambda batch: Loss(w.square(), batch.weight), batch, [w])
        >>> w.item(), w.grad.item(), reading.loss.item()  # the slope at 1.5, the loss at 1
        (1.0, 3.0, 1.0)

    Source: Foret et al. 2021, "Sharpness-aware minimization for efficiently improving generalization".
    """

    def __init__(self, inner: Step | None = None, *, rho: Annotated[float, Range(0)] = 0.05) -> None:
        self.inner = Plain() if inner is None else inner
        self.rho = rho

    @property
    def splits(self) -> bool:
        """Whether the inner step takes a batch apart."""
        return bool(getattr(self.inner, "splits", False))

    def __call__(self, loss: Callable[[Batch], Loss], batch: Batch, parameters: list[Tensor]) -> Reading:
        """Set ``.grad`` of every parameter to that of the worst point nearby; report the loss of this one."""
        reading = self.inner(loss, batch, parameters)
        slopes = [(parameter, parameter.grad) for parameter in parameters if parameter.grad is not None]
        if not slopes:
            return reading
        kept = [parameter.detach().clone() for parameter, _ in slopes]
        try:
            _climb(slopes, self.rho)
            self.inner(loss, batch, parameters)
        finally:
            with torch.no_grad():
                torch._foreach_copy_([parameter for parameter, _ in slopes], kept)
        return reading


@torch.no_grad()
def _climb(slopes: list[tuple[Tensor, Tensor]], rho: float) -> None:
    """Move the parameters along their common gradient by the length ``rho``."""
    gradients = [gradient for _, gradient in slopes]
    norm = torch.nn.utils.get_total_norm(gradients)
    torch._foreach_add_([parameter for parameter, _ in slopes], torch._foreach_mul(gradients, rho / (norm + 1e-12)))
