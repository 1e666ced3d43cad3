"""Numbers as vectors, so that a network can bend each feature by itself before mixing it with others.

Legend: B = rows, F = features, E = bins of the feature that has most, Q = frequencies, D = length of a
    vector.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor, nn

from glia.nets.blocks.initializers import fan_in_uniform_

if TYPE_CHECKING:
    from glia.core.values import Spec

__all__ = [
    "Linear",
    "NumberEmbedding",
    "Periodic",
    "PeriodicBiasLinear",
    "PiecewiseLinear",
    "number_embedding",
]

NumberEmbedding = Literal["none", "piecewise_linear", "periodic"]


class Linear(nn.Module):
    """A line per feature and dimension (Gorishniy et al. 2021): x times a vector, plus a vector.

    Args:
        features: Number of features.
        width: Length of a vector.
    """

    def __init__(self, features: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(fan_in_uniform_(torch.empty(features, width), width))
        self.bias = nn.Parameter(fan_in_uniform_(torch.empty(features, width), width))

    def forward(self, x_BF: Tensor) -> Tensor:
        """Return (B, F, D)."""
        return torch.addcmul(self.bias, self.weight, x_BF[..., None])


class PiecewiseLinear(nn.Module):
    """Piecewise-linear embeddings (Gorishniy et al. 2022) that start as lines (version B of 2024).

    The knots are quantiles of the training values. Beyond the outermost knots the last piece goes on for one
    more length of itself and then rests: a narrow last piece would else turn a slightly larger value into a
    huge one. A feature with fewer than two knots keeps its line.

    Args:
        edges: For each feature, its knots, ascending and distinct; may be empty.
        width: Length of a vector.

    Example:
        >>> PiecewiseLinear([(0.0, 1.0, 3.0), ()], 4)(torch.rand(5, 2)).shape
        torch.Size([5, 2, 4])
    """

    slope: Tensor
    shift: Tensor
    low: Tensor
    high: Tensor

    def __init__(self, edges: Sequence[Sequence[float]], width: int) -> None:
        super().__init__()
        self.line = Linear(len(edges), width)
        most = max((len(knots) - 1 for knots in edges), default=0)
        most = max(most, 0)
        slope, shift = torch.zeros(2, len(edges), 1, most)
        low, high = torch.zeros_like(slope), torch.ones_like(slope)
        for feature, knots in enumerate(edges):
            bins = len(knots) - 1
            if bins < 1:
                continue
            # Differences in float64: edges of a feature with a large offset lie close together.
            knot = torch.tensor(knots, dtype=torch.float64)
            slope[feature, 0, :bins] = 1 / knot.diff()
            shift[feature, 0, :bins] = -knot[:-1] / knot.diff()
            low[feature, 0, 0], high[feature, 0, bins - 1] = -1.0, 2.0
        for name, value in (("slope", slope), ("shift", shift), ("low", low), ("high", high)):
            self.register_buffer(name, value, persistent=False)  # they follow from the spec
        self.pieces = nn.Parameter(torch.zeros(len(edges), most, width)) if most > 0 else None

    def forward(self, x_BF: Tensor) -> Tensor:
        """Return (B, F, D)."""
        line_BFD = self.line(x_BF)
        if self.pieces is None:
            return line_BFD
        # Features first: one batched product serves all, and padded bins, 0 x + 0, meet zero knots and stay
        # 0.
        x_FB1 = x_BF.t()[..., None]
        code_FBE = torch.addcmul(self.shift, self.slope, x_FB1).clamp(self.low, self.high)
        return line_BFD + torch.bmm(code_FBE, self.pieces).transpose(0, 1)


class Periodic(nn.Module):
    """Periodic embeddings, "PLR" (Gorishniy et al. 2022): waves of learned frequencies, linear, ReLU.

    Args:
        features: Number of features.
        width: Length of a vector.
        frequencies: Frequencies learned per feature.
        scale: Spread of the first frequencies, in turns per unit of x; the option that matters.

    Example:
        >>> Periodic(2, 4)(torch.rand(5, 2)).shape
        torch.Size([5, 2, 4])
    """

    def __init__(self, features: int, width: int, *, frequencies: int = 48, scale: float = 0.1) -> None:
        super().__init__()
        first = torch.empty(features, frequencies)
        self.frequency = nn.Parameter(nn.init.trunc_normal_(first, 0.0, scale, -3 * scale, 3 * scale))
        fan_in = 2 * frequencies
        self.weight = nn.Parameter(fan_in_uniform_(torch.empty(features, fan_in, width), fan_in))
        self.bias = nn.Parameter(fan_in_uniform_(torch.empty(features, width), fan_in))

    def forward(self, x_BF: Tensor) -> Tensor:
        """Return (B, F, D)."""
        turn_FBQ = 2 * math.pi * self.frequency[:, None, :] * x_BF.t()[..., None]
        wave = torch.cat([turn_FBQ.cos(), turn_FBQ.sin()], -1)
        return torch.relu(torch.bmm(wave, self.weight).transpose(0, 1) + self.bias)


class PeriodicBiasLinear(nn.Module):
    """Embeddings of RealMLP, "PBLD" (Holzmüller et al. 2024): cosines with learned phase, linear, x itself.

    Args:
        features: Number of features.
        width: Length of a vector, x itself included.
        frequencies: Frequencies learned per feature.
        scale: Spread of the first frequencies, in turns per unit of x.

    Example:
        >>> PeriodicBiasLinear(2, 4)(torch.rand(5, 2)).shape
        torch.Size([5, 2, 4])
    """

    def __init__(self, features: int, width: int = 4, *, frequencies: int = 16, scale: float = 0.1) -> None:
        super().__init__()
        self.frequency = nn.Parameter(scale * torch.randn(features, frequencies))
        self.phase = nn.Parameter(torch.empty(features, frequencies).uniform_(-math.pi, math.pi))
        self.weight = nn.Parameter(fan_in_uniform_(torch.empty(features, frequencies, width - 1), frequencies))
        self.bias = nn.Parameter(fan_in_uniform_(torch.empty(features, width - 1), frequencies))

    def forward(self, x_BF: Tensor) -> Tensor:
        """Return (B, F, D)."""
        turn_FBQ = 2 * math.pi * self.frequency[:, None, :] * x_BF.t()[..., None] + self.phase[:, None, :]
        mixed_BFD = torch.bmm(turn_FBQ.cos(), self.weight).transpose(0, 1) + self.bias
        return torch.cat([mixed_BFD, x_BF[..., None].to(mixed_BFD.dtype)], -1)


def number_embedding(kind: NumberEmbedding, spec: Spec | None, width: int, scale: float = 0.1) -> nn.Module | None:
    """Return an embedding of a table's numbers by name; nothing for ``"none"`` or where there are no numbers.

    Args:
        kind: Which embedding.
        spec: The spec of the group ``"number"``, its edges the knots of the piecewise-linear embedding.
        width: Length of a feature's vector.
        scale: Spread of the first frequencies of the periodic embedding.
    """
    if kind == "none" or spec is None or not spec.width:
        return None
    if kind == "periodic":
        return Periodic(spec.width, width, scale=scale)
    return PiecewiseLinear(spec.edges or ((),) * spec.width, width)
