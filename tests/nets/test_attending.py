"""Attention written out is the library's attention, and answers only where it is meant to."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from glia.nets.blocks.attending import attended, written_out


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("mask", ["none", "bool", "float"])
def test_it_gives_what_the_library_gives(mask: str, causal: bool) -> None:
    if causal and mask != "none":
        pytest.skip("the library takes one of the two")
    torch.manual_seed(0)
    q, k, v = (torch.randn(2, 3, length, 8, requires_grad=True) for length in (5, 7, 7))
    allowed = torch.rand(2, 1, 5, 7) > 0.3
    allowed[0, :, 2] = False  # a place that may look nowhere
    given = {"none": None, "bool": allowed, "float": torch.randn(5, 7)}[mask]
    truth = F.scaled_dot_product_attention(q, k, v, given, is_causal=causal).nan_to_num()
    found = attended(q, k, v, given, causal=causal)
    torch.testing.assert_close(found, truth, atol=1e-5, rtol=1e-4)
    weight = torch.randn_like(truth)
    ours = torch.autograd.grad((found * weight).sum(), (q, k, v), retain_graph=True)
    if mask != "bool":
        torch.testing.assert_close(ours, torch.autograd.grad((truth * weight).sum(), (q, k, v)), atol=1e-4, rtol=1e-3)
    assert all(bool(one.isfinite().all()) for one in ours)


def test_it_answers_only_where_something_is_learned() -> None:
    torch.manual_seed(0)
    q = torch.randn(2, 2, 6, 8, requires_grad=True)
    with written_out():
        found = F.scaled_dot_product_attention(q, q, q, is_causal=True)
        with torch.no_grad():
            looked = F.scaled_dot_product_attention(q, q, q, is_causal=True)
    assert found.dtype == torch.bfloat16
    assert looked.dtype == torch.float32  # looking keeps full precision
    torch.testing.assert_close(found.float(), looked, atol=0.03, rtol=0.03)


def test_modules_of_the_library_are_reached() -> None:
    torch.manual_seed(0)
    layer = torch.nn.TransformerEncoderLayer(16, 2, 32, dropout=0.0, batch_first=True)
    x = torch.randn(3, 5, 16)
    truth = layer(x)
    with torch.autocast("cpu", torch.bfloat16), written_out():
        found = layer(x)
    torch.testing.assert_close(found.float(), truth, atol=0.1, rtol=0.1)
    assert "Flash" not in _graph(found)


def _graph(out: torch.Tensor) -> str:
    seen, names = [out.grad_fn], []
    while seen:
        one = seen.pop()
        if one is not None:
            names.append(one.name())
            seen += [before for before, _ in one.next_functions]
    return " ".join(names)
