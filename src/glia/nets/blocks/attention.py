"""Attention between the features of a row, and the block of a transformer.

Legend: B = rows, Q = tokens that ask, T = tokens asked, H = heads, D = width of a token.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["Attention", "TransformerBlock"]


class Attention(nn.Module):
    """Multi-head attention (Vaswani et al. 2017) by PyTorch's fused kernel; the weights on request.

    Args:
        width: Width of a token, a multiple of ``heads``.
        heads: Heads that look at once.
        dropout: Share of the attention weights dropped in training.
    """

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.dropout = dropout
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.out = nn.Linear(width, width)

    def forward(self, ask_BQD: Tensor, tokens_BTD: Tensor) -> Tensor:
        """Return what each asking token gathers, (B, Q, D)."""
        q, k, v = (
            self._split(layer(x))
            for layer, x in ((self.query, ask_BQD), (self.key, tokens_BTD), (self.value, tokens_BTD))
        )
        gathered = F.scaled_dot_product_attention(q, k, v, dropout_p=self.dropout if self.training else 0.0)
        return self.out(gathered.transpose(1, 2).flatten(2))

    def weights(self, ask_BQD: Tensor, tokens_BTD: Tensor) -> Tensor:
        """Return how much each token looks at each other, (B, H, Q, T); rows sum to 1."""
        q, k = self._split(self.query(ask_BQD)), self._split(self.key(tokens_BTD))
        return torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1]), -1)

    def _split(self, x: Tensor) -> Tensor:
        """Return (B, H, T, D / H) of (B, T, D)."""
        return x.unflatten(2, (self.heads, -1)).transpose(1, 2)


class TransformerBlock(nn.Module):
    """Attention, then a gated feed-forward part, each beside a shortcut and after a layer norm.

    Args:
        width: Width of a token.
        heads: Heads of the attention.
        hidden: Width inside the feed-forward part (ReGLU; Shazeer 2020).
        first: Whether tokens come fresh from the tokenizer and go into attention without a norm, which the
            authors of FT-Transformer found better.
        attention_dropout: Share of the attention weights dropped.
        hidden_dropout: Share of the hidden values dropped.
        residual_dropout: Share of what each part adds dropped.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        hidden: int,
        *,
        first: bool,
        attention_dropout: float,
        hidden_dropout: float,
        residual_dropout: float,
    ) -> None:
        super().__init__()
        self.attention_norm = nn.Identity() if first else nn.LayerNorm(width)
        self.attention = Attention(width, heads, attention_dropout)
        self.hidden_norm = nn.LayerNorm(width)
        self.expand = nn.Linear(width, 2 * hidden)
        self.contract = nn.Linear(hidden, width)
        self.hidden_dropout = nn.Dropout(hidden_dropout)
        self.residual_dropout = nn.Dropout(residual_dropout)

    def forward(self, tokens_BTD: Tensor, asking: int | None = None) -> Tensor:
        """Return the first ``asking`` tokens (all by default) after they have looked at all of them."""
        normed = self.attention_norm(tokens_BTD)
        x = tokens_BTD[:, :asking] + self.residual_dropout(self.attention(normed[:, :asking], normed))
        value, gate = self.expand(self.hidden_norm(x)).chunk(2, -1)
        return x + self.residual_dropout(self.contract(self.hidden_dropout(value * torch.relu(gate))))

    def weights(self, tokens_BTD: Tensor, asking: int | None = None) -> Tensor:
        """Return the attention weights of the first ``asking`` tokens, (B, H, Q, T)."""
        normed = self.attention_norm(tokens_BTD)
        return self.attention.weights(normed[:, :asking], normed)
