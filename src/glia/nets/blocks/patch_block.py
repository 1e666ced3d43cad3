"""The block of a vision transformer.

Legend: B = rows, T = tokens, Q = tokens that ask, D = width of a token, H = heads.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["PatchBlock"]


class PatchBlock(nn.Module):
    """Attention, then two linear maps with a ReLU between, each beside a shortcut and after a layer norm.

    Queries, keys and values come of one product. What a part adds begins at zero, so a network begins as what is before
    and after its blocks (Bachlechner et al. 2021), and takes higher rates without a long warm-up.

    Args:
        width: Width of a token, a multiple of ``heads``.
        heads: Heads that look at once.
        hidden: Width between the two linear maps.
        dropout: Share of what each part adds dropped in training.

    Example:
        >>> block, tokens = PatchBlock(8, 2, 16), torch.randn(3, 5, 8)
        >>> bool((block(tokens, asking=1) == tokens[:, :1]).all()), block.weights(tokens).shape
        (True, torch.Size([3, 2, 5, 5]))
    """

    def __init__(self, width: int, heads: int, hidden: int, *, dropout: float = 0.0) -> None:
        super().__init__()
        self.heads = heads
        self.looking_norm, self.hidden_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.asked = nn.Linear(width, 3 * width, bias=False)
        self.gathered = nn.Linear(width, width)
        self.expand, self.contract = nn.Linear(width, hidden), nn.Linear(hidden, width)
        self.dropout = nn.Dropout(dropout)
        for last in (self.gathered, self.contract):
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)

    def forward(self, tokens_BTD: Tensor, asking: int | None = None) -> Tensor:
        """Return the first ``asking`` tokens (all by default) after they have looked at all of them, (B, Q, D)."""
        q, k, v = self._projected(tokens_BTD, asking)
        looked = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        x = tokens_BTD[:, :asking] + self.dropout(self.gathered(looked))
        inner = torch.relu(self.expand(self.hidden_norm(x)))
        return x + self.dropout(self.contract(inner))

    def weights(self, tokens_BTD: Tensor, asking: int | None = None) -> Tensor:
        """Return how much each of the first ``asking`` tokens looks at each, (B, H, Q, T); rows sum to 1."""
        q, k, _ = self._projected(tokens_BTD, asking)
        return torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1]), -1)

    def _projected(self, tokens: Tensor, asking: int | None) -> tuple[Tensor, Tensor, Tensor]:
        """Return queries, keys and values, (B, H, Q or T, D / H)."""
        parts = self.asked(self.looking_norm(tokens)).unflatten(2, (3, self.heads, -1))
        q, k, v = parts.permute(2, 0, 3, 1, 4).unbind(0)
        return q[:, :, :asking], k, v
