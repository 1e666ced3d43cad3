"""Fused blocks do what torch's own functions do, one after the other, forward and backward."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from glia.nets.blocks import _native, fused
from glia.nets.blocks.fused import NormActPool

pytestmark = pytest.mark.skipif(_native.library() is None, reason="no compiler here")


@pytest.fixture(autouse=True)
def one_pass() -> Iterator[None]:
    yield
    fused.enabled = False


def ran(
    on: bool, shape: tuple[int, ...], pool: int, relu: bool, beside: bool, dtype: torch.dtype
) -> list[torch.Tensor]:
    torch.manual_seed(0)
    block = NormActPool(shape[1], pool=pool, relu=relu)
    torch.nn.init.normal_(block.weight)
    torch.nn.init.normal_(block.bias)
    x = (torch.randn(shape) * 2 + 5).to(dtype).contiguous(memory_format=torch.channels_last).requires_grad_()
    side = (
        torch.randn(shape).to(dtype).contiguous(memory_format=torch.channels_last).requires_grad_() if beside else None
    )
    fused.enabled = on
    out = block(x, side)
    slope = torch.randn(out.shape, generator=torch.Generator().manual_seed(1)).to(dtype)
    (out * slope).sum().backward()
    assert ("_Fused" in str(out.grad_fn)) is on
    found = [out, x.grad, block.weight.grad, block.bias.grad, block.running_mean, block.running_var]
    return [one.detach().float() for one in [*found, *([side.grad] if side is not None else [])]]


@pytest.mark.parametrize("pool", [1, 2, 3])
@pytest.mark.parametrize("relu", [True, False])
@pytest.mark.parametrize("beside", [True, False])
def test_one_pass_is_the_same_as_four(pool: int, relu: bool, beside: bool) -> None:
    shape = (5, 17, 8, 7)
    for one, other in zip(
        ran(True, shape, pool, relu, beside, torch.float32),
        ran(False, shape, pool, relu, beside, torch.float32),
        strict=True,
    ):
        torch.testing.assert_close(one, other, rtol=2e-4, atol=2e-4)


def test_bfloat16_differs_by_its_rounding_only() -> None:
    """Compared with float32 on the same bfloat16 values, whose rounding is 2^-8 of each."""
    half = ran(True, (4, 16, 6, 6), 1, False, False, torch.bfloat16)
    full = ran(False, (4, 16, 6, 6), 1, False, False, torch.bfloat16)
    for one, other in zip(half, full, strict=True):
        torch.testing.assert_close(one, other, rtol=3e-2, atol=6e-2)


def test_values_that_are_not_finite_stay_visible() -> None:
    block = NormActPool(4, pool=2)
    x = torch.randn(2, 4, 4, 4).contiguous(memory_format=torch.channels_last)
    x[0, 1, 2, 2] = float("nan")
    fused.enabled = True
    assert block(x.requires_grad_()).isnan()[:, 1].any()


def test_names_are_those_of_a_batch_norm() -> None:
    assert set(NormActPool(2).state_dict()) == set(torch.nn.BatchNorm2d(2).state_dict())


def test_without_a_compiler_the_plain_functions_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_native, "library", lambda: None)
    fused.enabled = True
    out = NormActPool(2)(torch.randn(2, 2, 4, 4, requires_grad=True).contiguous(memory_format=torch.channels_last))
    assert "_Fused" not in str(out.grad_fn)
