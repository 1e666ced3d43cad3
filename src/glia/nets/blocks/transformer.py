"""The layer of a transformer over places: attention with turning angles, a feed-forward part, norms in front.

Legend: B = rows, L = places that ask, S = places asked, H = heads, W = width of a place, D = W / H.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from glia.core.errors import UsageError
from glia.nets.blocks.dropout import Dropout
from glia.nets.blocks.rms_norm import RMSNorm, rms
from glia.nets.blocks.rotary import Rotary

__all__ = ["Looking", "Memory", "TransformerLayer", "shared_out"]


_SHARP = 12.0  # the largest score at first: narrow heads could not tell places apart otherwise
_SHORT = 512  # beyond, the matrix of all pairs costs more memory traffic than it saves


@dataclass
class Memory:
    """Keys and values of places seen before, (B, H, S, D) each."""

    key: Tensor
    value: Tensor


def shared_out(width: int, heads: int) -> int:
    """Return the width of a head.

    Raises:
        UsageError: The width cannot be shared out among the heads in even parts.
    """
    if width % (2 * heads):
        raise UsageError(
            "bad_option",
            f"net.width must be an even multiple of net.heads, got {width} and {heads}",
            remedy=f"take net.width={2 * heads * max(1, round(width / heads / 2))}",
        )
    return width // heads


class Looking(nn.Module):
    """Multi-head attention (Vaswani et al. 2017) with rotary places and normalized queries and keys.

    Normalizing queries and keys (Henry et al. 2020) keeps attention from saturating at high learning rates; how sharp
    it may get is a number that each head learns.

    Args:
        width: Width of a place.
        heads: Heads that look at once.
        dropout: Share of the attention weights dropped in training.
        rotary: Whether places are known by angles; looking into another sequence goes without.
    """

    def __init__(self, width: int, heads: int, *, dropout: float = 0.0, rotary: bool = True) -> None:
        super().__init__()
        each = shared_out(width, heads)
        self.heads, self.rate = heads, dropout
        self.query, self.key, self.value, self.out = (nn.Linear(width, width, bias=False) for _ in range(4))
        self.rotary = Rotary(each) if rotary else None
        # The largest score two places can have is this times the root of the head's width.
        self.sharpness = nn.Parameter(torch.full((heads, 1), _SHARP * each**-0.5))
        nn.init.zeros_(self.out.weight)  # a layer begins as the identity

    def forward(
        self,
        ask_BLW: Tensor,
        tell_BSW: Tensor | None = None,
        *,
        allowed: Tensor | None = None,
        causal: bool = False,
        memory: Memory | None = None,
        first: int = 0,
    ) -> tuple[Tensor, Memory]:
        """Return what each place gathers, (B, L, W), and the keys and values it gathered from.

        Args:
            ask_BLW: Who asks.
            tell_BSW: Who is asked; the same places where it is not given.
            allowed: (B, 1, L or 1, S) true where looking is allowed.
            causal: Whether a place sees itself and earlier ones only.
            memory: Keys and values of earlier places, put in front.
            first: The place of the first that asks.
        """
        q, k, v = self._projected(ask_BLW, ask_BLW if tell_BSW is None else tell_BSW, first)
        if memory is not None:
            k, v = torch.cat([memory.key, k], 2), torch.cat([memory.value, v], 2)
        rate = self.rate if self.training else 0.0
        gathered = _gathered(q, k, v, allowed, rate, causal)
        return self.out(gathered.transpose(1, 2).flatten(2)), Memory(k, v)

    def weights(
        self,
        ask_BLW: Tensor,
        tell_BSW: Tensor | None = None,
        *,
        allowed: Tensor | None = None,
        causal: bool = False,
    ) -> Tensor:
        """Return how much each place looks at each other, (B, H, L, S); rows sum to 1."""
        q, k, _ = self._projected(ask_BLW, ask_BLW if tell_BSW is None else tell_BSW, 0)
        score = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
        if causal:
            seen = torch.ones(score.shape[-2:], dtype=torch.bool, device=score.device).tril()
            score = score.masked_fill(~seen, -torch.inf)
        if allowed is not None:
            score = score.masked_fill(~allowed, -torch.inf)
        return score.softmax(-1)

    def told(self, tell_BSW: Tensor) -> Memory:
        """Return keys and values of places, to be asked many times."""
        return Memory(rms(self._split(self.key(tell_BSW))), self._split(self.value(tell_BSW)))

    def ask(self, ask_BLW: Tensor, told: Memory, allowed: Tensor | None = None) -> Tensor:
        """Return what each place gathers from places told before, (B, L, W)."""
        q = self._asking(ask_BLW).transpose(1, 2)
        rate = self.rate if self.training else 0.0
        gathered = _gathered(q, told.key, told.value, allowed, rate, False)
        out: Tensor = self.out(gathered.transpose(1, 2).flatten(2))
        return out

    def weights_on(self, ask_BLW: Tensor, told: Memory, allowed: Tensor | None = None) -> Tensor:
        """Return how much each place looks at places told before, (B, H, L, S); rows sum to 1."""
        q = self._asking(ask_BLW).transpose(1, 2)
        score = q @ told.key.transpose(-1, -2) / math.sqrt(q.shape[-1])
        return (score if allowed is None else score.masked_fill(~allowed, -torch.inf)).softmax(-1)

    def _projected(self, ask: Tensor, tell: Tensor, first: int) -> tuple[Tensor, Tensor, Tensor]:
        q, k = self._asking(ask), rms(self.key(tell).unflatten(2, (self.heads, -1)))
        if self.rotary is not None:  # before heads change places with places, while memory is read in order
            angles = self.rotary.angles(q.shape[1], first)
            q, k = self.rotary(q, angles), self.rotary(k, angles)
        return q.transpose(1, 2), k.transpose(1, 2), self._split(self.value(tell))

    def _asking(self, x_BLW: Tensor) -> Tensor:
        """Return queries, (B, L, H, D)."""
        q = rms(self.query(x_BLW).unflatten(2, (self.heads, -1)))
        return q * self.sharpness.to(q.dtype)

    def _split(self, x_BLW: Tensor) -> Tensor:
        """Return (B, H, L, D)."""
        return x_BLW.unflatten(2, (self.heads, -1)).transpose(1, 2)


def _gathered(q: Tensor, k: Tensor, v: Tensor, allowed: Tensor | None, rate: float, causal: bool) -> Tensor:
    """Return attention, by products where PyTorch's fused kernel is slower: in bfloat16 on a CPU, five times."""
    if torch.is_autocast_enabled("cpu") and q.device.type == "cpu" and k.shape[2] <= _SHORT:
        q, k, v = (x.to(torch.bfloat16) for x in (q, k, v))
        score = q @ (k * q.shape[-1] ** -0.5).transpose(-1, -2)
        if causal:
            score = score + torch.full(score.shape[-2:], -1e4, dtype=score.dtype).triu(1)
        if allowed is not None:
            score = score.masked_fill(~allowed, -1e4)
        return F.dropout(score.softmax(-1), rate, training=rate > 0).to(v.dtype) @ v
    return F.scaled_dot_product_attention(q, k, v, allowed, dropout_p=rate, is_causal=causal)


class TransformerLayer(nn.Module):
    """Attention, then two linear maps with a squared ReLU between (So et al. 2021), each beside a shortcut.

    Norms stand in front (Xiong et al. 2020), and what a part adds begins at zero.

    Args:
        width: Width of a place.
        heads: Heads of the attention.
        hidden: Width inside the feed-forward part.
        dropout: Share dropped of the attention weights and of what each part adds.
        causal: Whether a place sees itself and earlier ones only.
        across: Whether it also looks into another sequence, as a decoder does.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        hidden: int,
        *,
        dropout: float = 0.0,
        causal: bool = False,
        across: bool = False,
    ) -> None:
        super().__init__()
        self.causal = causal
        self.looking_norm, self.hidden_norm = RMSNorm(width), RMSNorm(width)
        self.looking = Looking(width, heads, dropout=dropout)
        self.across_norm = RMSNorm(width) if across else None
        self.across = Looking(width, heads, dropout=dropout, rotary=False) if across else None
        self.expand = nn.Linear(width, hidden, bias=False)
        self.contract = nn.Linear(hidden, width, bias=False)
        nn.init.zeros_(self.contract.weight)
        self.dropout = Dropout(dropout)

    def forward(
        self,
        x_BLW: Tensor,
        *,
        allowed: Tensor | None = None,
        told: Memory | None = None,
        told_allowed: Tensor | None = None,
        memory: Memory | None = None,
        first: int = 0,
    ) -> tuple[Tensor, Memory]:
        """Return the places, (B, L, W), and the keys and values of this layer.

        Args:
            x_BLW: The places.
            allowed: (B, 1, 1 or L, S) true where looking is allowed.
            told: Keys and values of the other sequence, where it looks into one.
            told_allowed: (B, 1, 1, S) true where they are real.
            memory: Keys and values of earlier places.
            first: The place of the first one given.
        """
        causal = self.causal and memory is None and allowed is None
        looked, memory = self.looking(
            self.looking_norm(x_BLW), allowed=allowed, causal=causal, memory=memory, first=first
        )
        x_BLW = x_BLW + self.dropout(looked)
        if self.across is not None and self.across_norm is not None and told is not None:
            x_BLW = x_BLW + self.dropout(self.across.ask(self.across_norm(x_BLW), told, told_allowed))
        inner = F.relu(self.expand(self.hidden_norm(x_BLW))).square()
        return x_BLW + self.dropout(self.contract(inner)), memory

    def weights(self, x_BLW: Tensor, allowed: Tensor | None = None) -> Tensor:
        """Return the attention weights over its own places, (B, H, L, L)."""
        return self.looking.weights(self.looking_norm(x_BLW), allowed=allowed, causal=self.causal)

    def looks_across(self, x_BLW: Tensor, told: Memory, allowed: Tensor | None = None) -> Tensor:
        """Return the attention weights over the other sequence, (B, H, L, S)."""
        assert self.across is not None and self.across_norm is not None
        looked, _ = self.looking(self.looking_norm(x_BLW), causal=self.causal)
        return self.across.weights_on(self.across_norm(x_BLW + looked), told, allowed)
