"""A quasi-Newton method with a line search."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, ClassVar

import torch

from glia.core.constraints import Above, Range
from glia.train.optimizers._part import Groups, optimizer, with_gradient

__all__ = ["LBFGS"]


@optimizer
class LBFGS(torch.optim.Optimizer):
    """Step along an estimate of the inverse Hessian, as far as the strong Wolfe conditions say.

    It wants the loss to be a fixed function: full batches, no dropout. One step evaluates the loss up to
    about ``1.25 * max_iter`` times through the closure. Decay is added to the loss as ``weight_decay / 2 *
    |w|²``. There is one learning rate (that of the first group), a factor on the first length tried.

    Args:
        groups: Parameter groups; each keeps its own decay.
        lr: Learning rate of groups without one.
        max_iter: Most iterations in one step.
        history_size: How many past iterations the estimate is made of.

    Example:
        >>> w = torch.tensor([3.0, -2.0], requires_grad=True)
        >>> made = LBFGS([{"params": [w]}])
        >>> def closure():
        ...     w.grad = None
        ...     loss = (w - torch.tensor([1.0, 2.0])).square().sum()
        ...     loss.backward()
        ...     return loss
        >>> _ = made.step(closure)
        >>> [round(one, 4) for one in w.tolist()]
        [1.0, 2.0]

    Source: Liu & Nocedal 1989.
    """

    needs_closure: ClassVar[bool] = True

    def __init__(
        self,
        groups: Groups,
        *,
        lr: Annotated[float, Above(0)] = 1.0,
        max_iter: Annotated[int, Range(1)] = 20,
        history_size: Annotated[int, Range(1)] = 10,
    ) -> None:
        super().__init__(groups, {"lr": lr, "weight_decay": 0.0})
        everything = [parameter for group in self.param_groups for parameter in group["params"]]
        self._inner = torch.optim.LBFGS(
            everything, lr=lr, max_iter=max_iter, history_size=history_size, line_search_fn="strong_wolfe"
        )

    def step(self, closure: Callable[[], Any]) -> Any:  # type: ignore[override]
        """Search for better weights; the closure sets gradients and returns the loss."""

        def penalized() -> Any:
            loss = closure()
            with torch.no_grad():
                for group in self.param_groups:
                    decay = group["weight_decay"]
                    for parameter in with_gradient(group["params"]) if decay else ():
                        assert parameter.grad is not None
                        parameter.grad.add_(parameter, alpha=decay)
                        loss = loss + decay / 2 * parameter.square().sum()
            return loss

        # The inner one works on this object's state, so that state_dict holds it.
        self._inner.state = self.state
        self._inner.param_groups[0]["lr"] = self.param_groups[0]["lr"]
        return self._inner.step(penalized)
