"""A network is built only as large as its weights: a bundle whose options ask for more is refused, not tried."""

from __future__ import annotations

import math
from typing import Any

from glia.core.dispatch import Dispatch

__all__ = ["Room"]

# Building a network draws its first weights, some of them by way of a second tensor as large.
TIMES = 4
FREE = 1 << 19
LEAST = 128
MAKING = ("empty", "zeros", "ones", "full", "rand", "randn", "eye", "arange")


class Room(Dispatch):
    """Inside the block, tensors may hold so many numbers in all; a network that needs more is not built.

    Args:
        numbers: How many numbers the weight file can hold.

    Example:
        >>> import torch
        >>> with Room(100):
        ...     torch.nn.Linear(10, 9).out_features
        9
        >>> with Room(100):
        ...     torch.nn.Linear(10**6, 10**6)
        Traceback (most recent call last):
        ValueError: the network would hold far more numbers than the weight file
    """

    def __init__(self, numbers: int) -> None:
        super().__init__()
        self.left = TIMES * numbers + FREE

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Count what is about to be made, then let it be made."""
        if func.overloadpacket.__name__ in MAKING and args:
            size = args[0] if isinstance(args[0], list | tuple) else args[:1]
            # However small, a tensor and the layer around it take room, too.
            self.left -= max(LEAST, math.prod(int(one) for one in size))
            if self.left < 0:
                raise ValueError("the network would hold far more numbers than the weight file")
        return func(*args, **(kwargs or {}))
