"""A transformer over patches of a series."""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from glia.core.constraints import Range
from glia.core.net import Net
from glia.core.values import Batch, Spec, Specs
from glia.nets.blocks.dropout import Dropout
from glia.nets.blocks.horizon import Standard, places_of
from glia.nets.blocks.places import sequence_of
from glia.nets.blocks.reversible import Reversible
from glia.nets.blocks.rms_norm import RMSNorm
from glia.nets.blocks.transformer import TransformerLayer

__all__ = ["PatchTST"]


class PatchTST(Net):
    """Stretches of a window as words, a transformer over them, every variable by itself (Nie et al. 2023).

    Each window is scaled by itself, and the forecast gets level and spread back. The features are what the last layer
    says of every patch; the head is one linear map.

    Args:
        inputs: The groups: ``"series"`` and, where there is one, ``"future"``.
        output: Steps, variables and perhaps quantiles asked for.
        patch: Steps of a patch.
        stride: Steps from one patch to the next.
        width: Width of a patch's vector.
        depth: Layers.
        heads: Heads of the attention.
        expansion: Width inside a feed-forward part, as a multiple of ``width``.
        dropout: Share dropped in training, in the layers.
        head_dropout: Share of the features dropped in training.

    Example:
        >>> series = Spec(("time", "variable"), (32, 2))
        >>> net = PatchTST({"series": series}, Spec(("time", "variable"), (4, 2)), patch=8, stride=4)
        >>> net.patches, net(Batch({"series": torch.zeros(1, 32, 2)}, torch.ones(1), torch.arange(1))).shape
        (8, torch.Size([1, 4, 2]))
    """

    takes = frozenset({"series", "future"})
    suits = MappingProxyType({"lr": 1e-3, "batch_size": 64, "schedule": "one_cycle", "epochs": 8})

    def __init__(
        self,
        inputs: Specs,
        output: Spec,
        *,
        patch: Annotated[int, Range(1)] = 16,
        stride: Annotated[int, Range(1)] = 8,
        width: Annotated[int, Range(2)] = 16,
        depth: Annotated[int, Range(1)] = 3,
        heads: Annotated[int, Range(1)] = 4,
        expansion: Annotated[float, Range(0.1, 16)] = 8.0,
        dropout: Annotated[float, Range(0, 0.95)] = 0.3,
        head_dropout: Annotated[float, Range(0, 0.95)] = 0.3,
    ) -> None:
        super().__init__(inputs, output)
        sequence_of(inputs, ("series",))
        series = inputs["series"]
        self.standard, self.reversible = Standard(series), Reversible("mean")
        self.asked = places_of(series, output)
        self.size = [int(size or 1) for size in output.size]
        length = int(series.size[0] or 1)
        self.patch, self.stride = min(patch, length), min(stride, patch, length)
        self.patches = (length - self.patch) // self.stride + 2
        self.embed = nn.Linear(self.patch, width)
        self.layers = nn.ModuleList(
            TransformerLayer(width, heads, max(1, int(width * expansion)), dropout=dropout) for _ in range(depth)
        )
        self.last_norm = RMSNorm(width)
        self.dropout = Dropout(head_dropout)
        self.output_line = nn.Linear(self.patches * width, self.size[0] * math.prod(self.size[2:]))
        future = inputs.get("future")
        self.known = future.width if future is not None else 0
        self.output_ahead = nn.Linear(self.known, math.prod(self.size[1:]), bias=False) if self.known else None

    def features(self, batch: Batch) -> Tensor:
        """Return every patch of each variable, its level and spread, and what is known ahead, (B, V, D)."""
        x, level, spread = self._begun(batch)
        for layer in self.layers:
            x, _ = layer(x)
        x = self.dropout(self.last_norm(x)).flatten(1).unflatten(0, level.shape)
        parts = [x, level[:, :, None].to(x.dtype), spread[:, :, None].to(x.dtype)]
        if self.known:
            parts.append(batch.values["future"].flatten(1)[:, None].expand(-1, len(self.asked), -1))
        return torch.cat(parts, 2)

    def head(self, features: Tensor) -> Tensor:
        """Return (B, H, V) or (B, H, V, Q) in standard deviations."""
        width = self.output_line.in_features
        encoded, level, spread, future = features.split([width, 1, 1, self.known * self.size[0]], 2)
        ahead = self.output_line(encoded).unflatten(2, [self.size[0], *self.size[2:]]).transpose(1, 2)
        if self.output_ahead is not None:
            known = future[:, 0].unflatten(1, (self.size[0], self.known))
            ahead = ahead + self.output_ahead(known).unflatten(2, self.size[1:])
        return self.reversible.undo(ahead, level[:, :, 0], spread[:, :, 0])

    def attention(self, batch: Batch) -> list[Tensor]:
        """Return each layer's attention weights among patches, (B * V, H, P, P)."""
        x, _, _ = self._begun(batch)
        weights = []
        for layer in self.layers:
            assert isinstance(layer, TransformerLayer)
            weights.append(layer.weights(x))
            x, _ = layer(x)
        return weights

    def _begun(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Return the patches of all variables, (B * V, P, W), and level and spread of their windows, (B, V)."""
        window = self.standard(batch.values["series"])[:, :, self.asked]
        scaled, level, spread = self.reversible(window)
        # The last value is repeated for one more patch, so that the newest steps are in two.
        padded = F.pad(scaled.transpose(1, 2), (0, self.stride), mode="replicate")
        patches = padded.unfold(2, self.patch, self.stride)[:, :, : self.patches]
        return self.embed(patches.flatten(0, 1)), level, spread
