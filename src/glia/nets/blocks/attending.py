"""Attention written out as products of matrices, for training in bfloat16 on a processor.

The library's fused attention works in tiles, whose backward pass in bfloat16 is several times slower on processors than
two products over all heads at once. Modules keep calling ``scaled_dot_product_attention``; while a step is taken, this
answers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["attended", "written_out"]

MOST = 2**27
"""Weights of one layer above which tiles, which keep none of them, are the better choice."""


def attended(
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None, rate: float = 0.0, causal: bool = False, **more: Any
) -> Tensor:
    """Return what ``scaled_dot_product_attention`` gives, by two products of matrices.

    Args:
        q: (..., L, D) queries.
        k: (..., S, D) keys.
        v: (..., S, E) values.
        mask: (..., L, S) where attention may go, or numbers added to its logits.
        rate: Share of the weights that are dropped.
        causal: Whether a place sees only itself and what is before it.
        more: ``scale`` of the logits.

    Example:
        >>> q, k, v = torch.randn(3, 2, 4, 5, 8).unbind(0)
        >>> truth = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        >>> torch.allclose(attended(q, k, v, causal=True), truth, atol=1e-5)
        True
    """
    scale = more.get("scale") or 1 / math.sqrt(q.shape[-1])
    logits = (q * scale) @ k.transpose(-1, -2)
    if causal:
        later = torch.ones(q.shape[-2], k.shape[-2], dtype=torch.bool, device=q.device).triu(1)
        logits = logits.masked_fill(later, -torch.inf)
    if mask is not None:
        logits = logits.masked_fill(~mask, -torch.inf) if mask.dtype == torch.bool else logits + mask.to(logits.dtype)
    weights = logits.softmax(-1, dtype=logits.dtype)
    if mask is not None and mask.dtype == torch.bool:  # a place that may look nowhere gets nothing
        weights = weights.masked_fill(~mask.any(-1, keepdim=True), 0.0)
    return F.dropout(weights, rate) @ v if rate else weights @ v


@contextmanager
def written_out() -> Iterator[None]:
    """Answer calls of the library's attention, until the block is left, wherever a step is taken in bfloat16.

    The name is replaced, since modules of the library are out of reach of a function mode once they are inside of
    ``multi_head_attention_forward``. Whoever calls it meanwhile without learning gets the library's own.
    """
    own = F.scaled_dot_product_attention

    def answer(*args: Any, **kwargs: Any) -> Tensor:
        found = _rewritten(*args, **kwargs)
        return own(*args, **kwargs) if found is None else found

    F.scaled_dot_product_attention = answer
    try:
        yield
    finally:
        F.scaled_dot_product_attention = own


def _rewritten(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    **more: Any,
) -> Tensor | None:
    """Return attention in bfloat16; ``None`` where the library should do it."""
    learns = torch.is_grad_enabled() and (query.requires_grad or key.requires_grad)
    many = math.prod(query.shape[:-1]) * key.shape[-2] > MOST
    if not learns or many or query.device.type != "cpu" or more.get("enable_gqa"):
        return None
    q, k, v = (one.to(torch.bfloat16) for one in (query, key, value))
    # Autocast would take the softmax in float32, of which bfloat16's own, which sums in float32, has no need.
    with torch.autocast("cpu", enabled=False):
        return attended(q, k, v, attn_mask, dropout_p, is_causal, **more)
