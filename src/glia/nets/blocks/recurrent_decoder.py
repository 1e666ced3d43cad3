"""Gated recurrent units that read one sequence and write another, with attention between.

Legend: B = rows, L = places read, T = places written, W = width of a place.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from glia.nets.blocks.pooling import last_real
from glia.nets.blocks.recurrence import Recurrence

__all__ = ["RecurrentDecoder", "RecurrentTold", "RecurrentWritten"]


@dataclass
class RecurrentTold:
    """What was read: keys (B, L, W), values (B, L, W), which are real (B, 1, L), and the decoder's first states."""

    key: Tensor
    value: Tensor
    allowed: Tensor
    states: list[Tensor]

    def take(self, rows: Tensor) -> RecurrentTold:
        """Return the same of some rows, in any order and number."""
        states = [state[:, rows] for state in self.states]
        return RecurrentTold(self.key[rows], self.value[rows], self.allowed[rows], states)


@dataclass
class RecurrentWritten:
    """The states of the decoder's layers, (1, B, W) each."""

    states: list[Tensor]

    def take(self, rows: Tensor) -> RecurrentWritten:
        """Return the same of some rows, in any order and number."""
        return RecurrentWritten([state[:, rows] for state in self.states])


class RecurrentDecoder(nn.Module):
    """A bidirectional reader, and a writer whose every state looks at the reader's (Luong et al. 2015).

    Attention comes after the recurrence, not inside it, so that training runs the recurrence in one piece.

    Args:
        width: Width of a place, an even number.
        depth: Layers of each.
        dropout: Share dropped in training.
    """

    def __init__(self, width: int, depth: int, dropout: float) -> None:
        super().__init__()
        self.reader = Recurrence("gru", width, width // 2, depth=depth, both=True, dropout=dropout)
        self.writer = Recurrence("gru", width, width, depth=depth, dropout=dropout)
        self.bridge = nn.Linear(width, depth * width)
        self.key = nn.Linear(width, width, bias=False)
        self.join = nn.Linear(2 * width, width)
        self.dropout = nn.Dropout(dropout)
        self.depth = depth

    def encode(self, x_BLW: Tensor, real_BL: Tensor) -> RecurrentTold:
        """Return what the decoder needs of a text read."""
        x_BLW, _ = self.reader(x_BLW, real_BL)
        allowed = real_BL.clone()
        allowed[:, 0] = True  # a softmax over nothing is no number
        # The forward half knows the whole text at its last place, the backward half at its first.
        half = x_BLW.shape[2] // 2
        whole = torch.cat([last_real(x_BLW, real_BL)[:, :half], x_BLW[:, 0, half:]], 1)
        states = [state[None].contiguous() for state in torch.tanh(self.bridge(whole)).chunk(self.depth, 1)]
        return RecurrentTold(self.key(x_BLW), x_BLW, allowed[:, None], states)

    def decode(
        self, x_BTW: Tensor, told: RecurrentTold, memory: RecurrentWritten | None
    ) -> tuple[Tensor, RecurrentWritten]:
        """Return what the decoder knows at further places, (B, T, W), and what to keep to go on."""
        x_BTW, states = self.writer(x_BTW, None, told.states if memory is None else memory.states)
        found = self._weights(x_BTW, told) @ told.value
        joined = torch.tanh(self.join(torch.cat([x_BTW, found], 2)))
        return self.dropout(joined), RecurrentWritten(states)

    def looks(self, x_BTW: Tensor, told: RecurrentTold) -> list[Tensor]:
        """Return how much each place written looks at each place read, (B, 1, T, L)."""
        x_BTW, _ = self.writer(x_BTW, None, told.states)
        return [self._weights(x_BTW, told)[:, None]]

    def _weights(self, x_BTW: Tensor, told: RecurrentTold) -> Tensor:
        score = x_BTW @ told.key.transpose(1, 2) * x_BTW.shape[2] ** -0.5
        return score.masked_fill(~told.allowed, -torch.inf).softmax(-1)
