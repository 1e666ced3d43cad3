"""What the network for sounds tells apart."""

from __future__ import annotations

import pytest
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


def spoken(seed: int = 0, frames: int = 27) -> torch.Tensor:
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(1, 40, frames, generator=draw) - 8


def answered(net: AudioCNN, audio: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return net(Batch({"audio": audio}, torch.ones(len(audio)), torch.arange(len(audio))))


def moved() -> AudioCNN:
    """Return a network whose weights and statistics are not those it begins with."""
    torch.manual_seed(0)
    net = AudioCNN({"audio": Spec(("mel", "time"), (40, 32))}, Spec(("class",), (3,)), width=4)
    answered(net.train(), torch.cat([spoken(seed) for seed in range(8)]))
    with torch.no_grad():
        for parameter in net.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    return net.eval()


@pytest.mark.parametrize("frames", [1, 5, 16, 27])
@pytest.mark.parametrize("silence", [1, 2, 5, 37])
def test_silence_at_the_end_changes_no_answer(frames: int, silence: int) -> None:
    net, audio = moved(), spoken(frames=frames)
    longer = torch.cat([audio, torch.full((1, 40, silence), -23.0)], 2)
    torch.testing.assert_close(answered(net, longer), answered(net, audio))


def test_how_loud_a_recording_is_changes_no_answer() -> None:
    net, audio = moved(), spoken()
    torch.testing.assert_close(answered(net, audio - 6), answered(net, audio), rtol=1e-4, atol=1e-4)
