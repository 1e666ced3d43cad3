"""Many networks in one: members that share their weights and differ by scales (BatchEnsemble).

Legend: K = members, B = rows, I = inputs, O = outputs.

Measured on one core with AVX-512 (256 rows, 32 members, 256 features): the matrix product of all members at
once takes 9.6 ms in fp32 and 2 ms in bf16, a pass over the (K, B, O) values 0.2 ms. Folding the scales into
one weight per member, (K, O, I), and multiplying in batches took a fifth longer, and half as much again in
bf16. So the scales stay outside, and rows and members are one axis of one product. What matters is that
scales take the precision of the product: fp32 scales would send every bf16 value back to fp32, and the next
layer would cast it again. Members come first, so that the heads, which share nothing, are one batched product
without a copy on the way in or back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from glia.nets.blocks.initializers import fan_in_uniform_

__all__ = ["BatchEnsembleLinear", "MembersLinear", "ScaleStart"]

ScaleStart = Literal["ones", "signs", "normal"]


class BatchEnsembleLinear(nn.Module):
    """K linear layers that share one weight: ``(x * r) @ weight.T * s + bias`` (Wen et al. 2020).

    Args:
        inputs: Features taken.
        outputs: Features given.
        members: Number of layers.
        start: How the scales of the inputs begin; those of the outputs begin as ones.
        chunks: Neighboring inputs that begin with one common scale, since they stem from one feature of the
            table.
        own: Whether each member has scales of outputs and a bias of its own, or only scales of inputs.

    Example:
        >>> BatchEnsembleLinear(4, 3, members=2)(torch.rand(5, 4)).shape
        torch.Size([2, 5, 3])
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        members: int,
        start: ScaleStart = "ones",
        chunks: Sequence[int] | None = None,
        own: bool = True,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(fan_in_uniform_(torch.empty(outputs, inputs), inputs))
        self.r = nn.Parameter(_first_scales(members, [1] * inputs if chunks is None else chunks, start))
        self.s = nn.Parameter(torch.ones(members, outputs)) if own else None
        # All members begin with the same bias: scales, not luck, make them differ.
        bias = fan_in_uniform_(torch.empty(outputs), inputs)
        self.bias = nn.Parameter(bias.repeat(members, 1) if own else bias)

    def forward(self, x: Tensor) -> Tensor:
        """Return (K, B, O) of (K, B, I), or of (B, I) which every member then sees."""
        if torch.is_autocast_enabled(x.device.type):
            x = x.to(torch.get_autocast_dtype(x.device.type))
        scaled_KBI = x * self.r[:, None].to(x.dtype)
        if self.s is None:
            return F.linear(scaled_KBI, self.weight, self.bias)
        z_KBO = F.linear(scaled_KBI, self.weight)
        return torch.addcmul(self.bias[:, None].to(z_KBO.dtype), z_KBO, self.s[:, None].to(z_KBO.dtype))


class MembersLinear(nn.Module):
    """K linear layers that share nothing.

    Args:
        inputs: Features taken.
        outputs: Features given.
        members: Number of layers.

    Example:
        >>> MembersLinear(4, 3, members=2)(torch.rand(2, 5, 4)).shape
        torch.Size([2, 5, 3])
    """

    def __init__(self, inputs: int, outputs: int, *, members: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(fan_in_uniform_(torch.empty(members, inputs, outputs), inputs))
        self.bias = nn.Parameter(fan_in_uniform_(torch.empty(members, outputs), inputs))

    def forward(self, x_KBI: Tensor) -> Tensor:
        """Return (K, B, O)."""
        return torch.baddbmm(self.bias[:, None], x_KBI, self.weight)


def _first_scales(members: int, chunks: Sequence[int], start: ScaleStart) -> Tensor:
    """Return (members, sum of chunks), one draw per member and chunk."""
    shape = (members, len(chunks))
    if start == "ones":
        drawn = torch.ones(shape)
    elif start == "normal":
        drawn = torch.randn(shape)
    else:
        drawn = torch.randint(2, shape) * 2.0 - 1.0
    return drawn.repeat_interleave(torch.tensor(chunks), dim=1)
