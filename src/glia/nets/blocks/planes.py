"""What networks for pictures share: checks of what goes in and comes out, norms, first layers.

Legend: B = rows, C = channels, H = height, W = width.
"""

from __future__ import annotations

from collections import OrderedDict

from torch import Tensor, nn
from torch.nn import functional as F

from glia.core.errors import UsageError
from glia.core.values import Spec, Specs
from glia.nets.blocks.fused import NormActPool

__all__ = ["BatchNorm2d", "LayerNorm2d", "convolution", "normed", "padded_to", "picture", "plain_answer"]

LEAST = 8
"""Pixels below which a side is no picture."""


def picture(inputs: Specs) -> tuple[Spec, int, int, int]:
    """Return the spec of the pictures, their channels, height and width.

    Args:
        inputs: The groups a network reads.

    Raises:
        UsageError: There are no pictures, they are of no fixed size, or a side is below 8 pixels.

    Example:
        >>> picture({"image": Spec(("channel", "height", "width"), (3, 32, 24), "uint8")})[1:]
        (3, 32, 24)
    """
    spec = inputs.get("image")
    if spec is None or not spec.size[0]:
        raise UsageError(
            "no_pictures",
            "this network reads pictures, and no column gives any",
            remedy="bring a column of pictures, or choose a network for tables such as mlp",
        )
    channels, height, width = spec.size
    if channels is None or height is None or width is None:
        raise ValueError("pictures travel in one size")
    if min(height, width) < LEAST:
        raise UsageError(
            "too_small_pictures",
            f"pictures of {height} x {width} pixels are too small for this network",
            remedy=f"resize them to at least {LEAST} x {LEAST}",
        )
    return spec, channels, height, width


def plain_answer(output: Spec, name: str) -> int:
    """Return how wide an answer is that holds one row of numbers for a picture.

    Args:
        output: The answer's spec.
        name: The network's name, for the message.

    Raises:
        UsageError: An answer is asked for every pixel.
    """
    if len(output.axes) != 1:
        raise UsageError(
            "net_unfit",
            f"{name} answers a picture as a whole, and {' x '.join(output.axes)} is asked for",
            remedy="choose unet for masks, autoencoder or unet to reconstruct",
        )
    return output.width


class BatchNorm2d(NormActPool):
    """Batch norm (Ioffe & Szegedy 2015) that one row with a map of one pixel does not crash.

    A single value has no spread to divide by, so it is normalized by the running statistics, and leaves them as they
    are.

    Example:
        >>> import torch
        >>> BatchNorm2d(3).train()(torch.ones(1, 3, 1, 1)).shape
        torch.Size([1, 3, 1, 1])
    """

    def forward(self, x: Tensor, shortcut: Tensor | None = None) -> Tensor:
        """Return (B, C, H // pool, W // pool) for (B, C, H, W); the shortcut has the shape of the input."""
        if not self.training or x.shape[0] * x.shape[2] * x.shape[3] > 1:
            return super().forward(x, shortcut)
        out = F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, False, 0.0, self.eps)
        out = out if shortcut is None else out + shortcut
        return F.relu(out) if self.relu else out


class LayerNorm2d(nn.LayerNorm):
    """Layer norm over the channels of each pixel (Ba et al. 2016), maps in and out.

    Example:
        >>> import torch
        >>> LayerNorm2d(4)(torch.rand(1, 4, 2, 3)).shape
        torch.Size([1, 4, 2, 3])
    """

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - the name that nn.LayerNorm gave it
        """Return the normalized maps, (B, C, H, W) in and out."""
        return super().forward(input.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def convolution(inputs: int, outputs: int, kernel: int = 3, stride: int = 1, *, bias: bool = False) -> nn.Conv2d:
    """Return a convolution that keeps the size (up to its stride), begun as He et al. (2015) have it.

    Args:
        inputs: Channels taken.
        outputs: Channels given.
        kernel: Side of the window, odd.
        stride: Step of the window.
        bias: Whether there is a bias; a norm behind it makes one pointless.
    """
    layer = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=bias)
    nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def normed(
    inputs: int, outputs: int, kernel: int = 3, stride: int = 1, *, pool: int = 1, relu: bool = True
) -> nn.Sequential:
    """Return a convolution, ``conv``, and after it batch norm, ReLU and max pool in one, ``norm``.

    Args:
        inputs: Channels taken.
        outputs: Channels given.
        kernel: Side of the window, odd.
        stride: Step of the window.
        pool: Side and stride of the max pool; 1 = none.
        relu: Whether negative values become 0.

    Example:
        >>> import torch
        >>> normed(1, 4, pool=2)(torch.rand(2, 1, 8, 8)).shape
        torch.Size([2, 4, 4, 4])
    """
    norm = BatchNorm2d(outputs, pool=pool, relu=relu)
    return nn.Sequential(OrderedDict(conv=convolution(inputs, outputs, kernel, stride), norm=norm))


def padded_to(x: Tensor, multiple: int) -> Tensor:
    """Return maps whose height and width are multiples, the last row and column repeated.

    Example:
        >>> import torch
        >>> padded_to(torch.rand(1, 1, 9, 8), 4).shape
        torch.Size([1, 1, 12, 8])
    """
    down, right = -x.shape[-2] % multiple, -x.shape[-1] % multiple
    return F.pad(x, (0, right, 0, down), "replicate") if down or right else x
