"""A transformer that reads one sequence and writes another.

Legend: B = rows, L = places read, T = places written, W = width of a place, H = heads.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from glia.nets.blocks.rms_norm import RMSNorm
from glia.nets.blocks.sinusoids import sinusoids
from glia.nets.blocks.transformer import Memory, TransformerLayer

__all__ = ["TransformerDecoder", "TransformerTold", "TransformerWritten"]


@dataclass
class TransformerTold:
    """What was read: keys and values for each layer of the decoder, and which places are real, (B, 1, 1, L)."""

    layers: list[Memory]
    allowed: Tensor

    def take(self, rows: Tensor) -> TransformerTold:
        """Return the same of some rows, in any order and number."""
        return TransformerTold([_taken(one, rows) for one in self.layers], self.allowed[rows])


@dataclass
class TransformerWritten:
    """What was written: keys and values of each layer."""

    layers: list[Memory]

    def take(self, rows: Tensor) -> TransformerWritten:
        """Return the same of some rows, in any order and number."""
        return TransformerWritten([_taken(one, rows) for one in self.layers])


def _taken(memory: Memory, rows: Tensor) -> Memory:
    return Memory(memory.key[rows], memory.value[rows])


class TransformerDecoder(nn.Module):
    """Encoder and decoder layers with norms in front (Vaswani et al. 2017; Xiong et al. 2020).

    Args:
        width: Width of a place.
        depth: Layers of each.
        heads: Heads of the attention.
        hidden: Width inside a feed-forward part.
        dropout: Share dropped in training.
    """

    def __init__(self, width: int, depth: int, heads: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.readers = nn.ModuleList(TransformerLayer(width, heads, hidden, dropout=dropout) for _ in range(depth))
        self.read_norm = RMSNorm(width)
        self.writers = nn.ModuleList(
            TransformerLayer(width, heads, hidden, dropout=dropout, causal=True, across=True) for _ in range(depth)
        )
        self.written_norm = RMSNorm(width)

    def encode(self, x_BLW: Tensor, real_BL: Tensor) -> TransformerTold:
        """Return what the decoder needs of a text read."""
        allowed = real_BL.clone()
        allowed[:, 0] = True  # a softmax over nothing is no number
        allowed_B11L = allowed[:, None, None]
        x_BLW = self._placed(x_BLW, 0)
        for layer in self.readers:
            x_BLW, _ = layer(x_BLW, allowed=allowed_B11L)
        x_BLW = self.read_norm(x_BLW)
        layers = []
        for layer in self.writers:
            assert isinstance(layer, TransformerLayer) and layer.across is not None
            layers.append(layer.across.told(x_BLW))
        return TransformerTold(layers, allowed_B11L)

    def decode(
        self, x_BTW: Tensor, told: TransformerTold, memory: TransformerWritten | None
    ) -> tuple[Tensor, TransformerWritten]:
        """Return what the decoder knows at further places, (B, T, W), and what to keep to go on."""
        kept = 0 if memory is None else memory.layers[0].key.shape[2]
        length = x_BTW.shape[1]
        x_BTW = self._placed(x_BTW, kept)
        allowed = None
        if kept and length > 1:
            allowed = torch.ones(length, kept + length, dtype=torch.bool, device=x_BTW.device).tril(kept)
        layers = []
        for at, layer in enumerate(self.writers):
            x_BTW, seen = layer(
                x_BTW,
                allowed=allowed,
                told=told.layers[at],
                told_allowed=told.allowed,
                memory=None if memory is None else memory.layers[at],
                first=kept,
            )
            layers.append(seen)
        return self.written_norm(x_BTW), TransformerWritten(layers)

    def looks(self, x_BTW: Tensor, told: TransformerTold) -> list[Tensor]:
        """Return how much each place written looks at each place read, (B, H, T, L) for each layer."""
        weights = []
        x_BTW = self._placed(x_BTW, 0)
        for at, layer in enumerate(self.writers):
            assert isinstance(layer, TransformerLayer)
            weights.append(layer.looks_across(x_BTW, told.layers[at], told.allowed))
            x_BTW, _ = layer(x_BTW, told=told.layers[at], told_allowed=told.allowed)
        return weights

    def _placed(self, x_BTW: Tensor, first: int) -> Tensor:
        """Return places that know where they stand, the first of them at ``first``."""
        return x_BTW + sinusoids(x_BTW.shape[1], x_BTW.shape[2], first, x_BTW.device).to(x_BTW.dtype)
