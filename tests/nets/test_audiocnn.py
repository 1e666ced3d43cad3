"""What the network for sounds tells apart."""

from __future__ import annotations

import torch

from glia.core.values import Batch, Spec
from glia.nets.audiocnn import AudioCNN


def tone(band: int, bands: int = 64, frames: int = 32) -> torch.Tensor:
    spectrum = torch.full((1, bands, frames), -13.0)
    spectrum[:, band] = 0.0
    return spectrum


def test_where_a_tone_lies_among_the_bands_is_told() -> None:
    """Two vowels may differ in nothing but the place of their bands."""
    torch.manual_seed(0)
    given = {"audio": Spec(("mel", "time"), (64, 32))}
    net = AudioCNN(given, Spec(("class",), (3,)), width=4, depth=3).eval()
    low, high = (net.features(Batch({"audio": tone(at)}, torch.ones(1), torch.arange(1))) for at in (24, 40))
    assert (low - high).abs().max() > 0.1 * low.abs().max()
