"""From bytes to what a network computes with."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from glia.core.values import Batch, Spec

__all__ = ["Pixels", "pixels_last"]


class Pixels(nn.Module):
    """Pictures of a batch, normalized channel by channel with the statistics of the training rows.

    Args:
        spec: The group of pictures; its ``center`` and ``spread`` are on the scale of the bytes.
        name: The group's name.

    Example:
        >>> pixels = Pixels(Spec(("channel", "height", "width"), (1, 2, 2), "uint8", center=(128.0,), spread=(64.0,)))
        >>> values = {"image": torch.full((1, 1, 2, 2), 192, dtype=torch.uint8)}
        >>> pixels(Batch(values, torch.ones(1), torch.arange(1))).flatten().tolist()
        [1.0, 1.0, 1.0, 1.0]
    """

    def __init__(self, spec: Spec, name: str = "image") -> None:
        super().__init__()
        self.name = name
        channels, height, width = spec.size
        assert channels is not None and height is not None and width is not None
        self.channels, self.height, self.width = channels, height, width
        center = torch.tensor(spec.center or (127.5,) * channels)
        spread = torch.tensor(spec.spread or (127.5,) * channels)
        # What the specs know is not learned: it stays out of the weights.
        self.register_buffer("factor", (1 / spread.clamp_min(1e-6))[:, None, None], persistent=False)
        self.register_buffer("shift", (-center / spread.clamp_min(1e-6))[:, None, None], persistent=False)

    factor: Tensor
    shift: Tensor

    def forward(self, batch: Batch) -> Tensor:
        """Return (B, C, H, W) float32, in the layout the bytes came in; where nothing is learned, pixel by pixel."""
        values = batch.values[self.name]
        if torch.is_inference_mode_enabled() and values.device.type == "cpu":
            values = pixels_last(values)
        return torch.addcmul(self.shift, values.float(), self.factor)


def pixels_last(value: Tensor) -> Tensor:
    """Return pictures (B, C, H, W) laid out pixel by pixel and marked so: convolutions are up to twice as fast.

    Args:
        value: (B, C, H, W) in any layout.

    Example:
        >>> pixels_last(torch.zeros(2, 1, 3, 5)).stride()
        (15, 1, 5, 1)
    """
    value = value.contiguous(memory_format=torch.channels_last)
    _, channels, height, width = value.shape
    # Where there is one channel both layouts are the same memory, and only strides tell the layers after it which.
    return value if channels > 1 else value.as_strided(value.shape, (height * width, 1, width, 1))
