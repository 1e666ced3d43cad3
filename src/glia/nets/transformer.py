"""The transformer encoder, for texts, series and sounds."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

from torch import Tensor, nn

from glia.core.constraints import Range
from glia.core.net import Net
from glia.core.values import Batch, Spec, Specs
from glia.nets.blocks.ending import Ending
from glia.nets.blocks.places import Places, Seen, forward_only
from glia.nets.blocks.pooling import Pooling
from glia.nets.blocks.rms_norm import RMSNorm
from glia.nets.blocks.transformer import TransformerLayer

__all__ = ["Transformer"]


class Transformer(Net):
    """A transformer encoder (Vaswani et al. 2017): every place looks at every other, whatever lies between.

    Norms stand in front, places are known by rotary angles. :meth:`attention` shows who looked at whom.

    Args:
        inputs: The groups it reads: a text, a series or a sound, and what a table has beside.
        output: The answer's spec; where the next code is asked for, no place looks ahead.
        width: Width of a place.
        depth: Layers.
        heads: Heads of the attention.
        expansion: Width inside a feed-forward part, as a multiple of ``width``.
        pool: How places become one row of features.
        forget: Share of the words that training shows as unknown.
        dropout: Share dropped in training.

    Example:
        >>> series = {"series": Spec(("time", "variable"), (4, 2))}
        >>> net = Transformer(series, Spec(("class",), (3,)), width=16, heads=2, depth=1)
        >>> import torch
        >>> batch = Batch({"series": torch.zeros(5, 4, 2)}, torch.ones(5), torch.arange(5))
        >>> net(batch).shape, net.attention(batch)[0].shape
        (torch.Size([5, 3]), torch.Size([5, 2, 4, 4]))
    """

    takes = frozenset({"token", "series", "audio", "future", "number", "category", "dense"})
    suits = MappingProxyType(
        {
            "lr": 1e-3,
            "weight_decay": 0.01,
            "batch_size": 64,
            "schedule": "linear",
            "schedule_options": {"warmup": 0.05},
            "epochs": 10,
        }
    )

    def __init__(
        self,
        inputs: Specs,
        output: Spec,
        *,
        width: Annotated[int, Range(2)] = 128,
        depth: Annotated[int, Range(1)] = 2,
        heads: Annotated[int, Range(1)] = 4,
        expansion: Annotated[float, Range(0.1, 16)] = 2.0,
        pool: Pooling = "mean",
        forget: Annotated[float, Range(0, 0.95)] = 0.0,
        dropout: Annotated[float, Range(0, 0.95)] = 0.1,
    ) -> None:
        super().__init__(inputs, output)
        self.places = Places(inputs, output, width, forget=forget, dropout=dropout)
        self.causal = forward_only(output)
        self.layers = nn.ModuleList(
            TransformerLayer(width, heads, max(1, int(width * expansion)), dropout=dropout, causal=self.causal)
            for _ in range(depth)
        )
        self.last_norm = RMSNorm(width)
        self.output_layer = Ending(width, inputs, output, pool, dropout)

    def features(self, batch: Batch) -> Tensor:
        """Return what was understood: (B, D), or (B, L, D) where every place is asked."""
        seen = self.places(batch)
        allowed, x = self._allowed(seen), seen.x
        for layer in self.layers:
            x, _ = layer(x, allowed=allowed)
        return self.output_layer.features(seen._replace(x=self.last_norm(x)), batch)

    def head(self, features: Tensor) -> Tensor:
        """Return the answer: (B, K), (B, L, K), or steps ahead."""
        return self.output_layer(features)

    def attention(self, batch: Batch) -> list[Tensor]:
        """Return each layer's attention weights, (B, H, L, L)."""
        seen = self.places(batch)
        allowed, x = self._allowed(seen), seen.x
        weights = []
        for layer in self.layers:
            assert isinstance(layer, TransformerLayer)
            weights.append(layer.weights(x, allowed))
            x, _ = layer(x, allowed=allowed)
        return weights

    def _allowed(self, seen: Seen) -> Tensor | None:
        """Return (B, 1, 1, L) true where looking is allowed; padding stands behind, where no causal place looks."""
        if seen.real is None or self.causal:
            return None
        allowed = seen.real.clone()
        allowed[:, 0] = True  # an empty text looks at its first padding, for a softmax over nothing is no number
        return allowed[:, None, None]

    def factors(self) -> Mapping[str, Mapping[str, float]]:
        """Return no decay for the vectors of words, each of which is seen in few steps only."""
        return {} if self.places.tokens is None else {"places.tokens.table": {"weight_decay": 0.0}}
