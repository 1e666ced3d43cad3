"""The networks of the speed workloads in torch; every peer built on torch trains these."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["net"]

VOCABULARY = 65


class Norm(nn.Sequential):
    """Batch norm, ReLU and a max pool, as tutorials write them."""

    def __init__(self, channels: int, pool: int = 1) -> None:
        more = [nn.MaxPool2d(pool)] if pool > 1 else []
        super().__init__(nn.BatchNorm2d(channels), nn.ReLU(), *more)


def perceptron(*widths: int) -> nn.Sequential:
    """Return linear layers with ReLU between them."""
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def cnn(norm: Callable[..., nn.Module]) -> nn.Sequential:
    """Return two convolutions and a head."""
    return nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1, bias=False),
        norm(32, pool=2),
        nn.Conv2d(32, 64, 3, padding=1, bias=False),
        norm(64, pool=2),
        nn.Flatten(),
        nn.Linear(64 * 49, 10),
    )


class Residual(nn.Module):
    """Two convolutions beside a shortcut."""

    def __init__(self, channels: int, norm: Callable[..., nn.Module]) -> None:
        super().__init__()
        self.body = nn.Sequential(*(part for _ in range(2) for part in block(channels, channels, norm)))

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, C, H, W) for (B, C, H, W)."""
        out: Tensor = x + self.body(x)
        return out


def block(before: int, after: int, norm: Callable[..., nn.Module], pool: int = 1) -> list[nn.Module]:
    """Return a convolution with its norm, activation and pool."""
    return [nn.Conv2d(before, after, 3, padding=1, bias=False), norm(after, pool=pool)]


def resnet(norm: Callable[..., nn.Module]) -> nn.Sequential:
    """Return a network of nine layers after Page 2018, half as wide."""
    return nn.Sequential(
        *block(3, 32, norm),
        *block(32, 64, norm, 2),
        Residual(64, norm),
        *block(64, 128, norm, 2),
        *block(128, 256, norm, 2),
        Residual(256, norm),
        nn.MaxPool2d(4),
        nn.Flatten(),
        nn.Linear(256, 10),
    )


class Recurrent(nn.Module):
    """An LSTM whose last state tells the next letter."""

    def __init__(self, width: int = 128) -> None:
        super().__init__()
        self.letters = nn.Embedding(VOCABULARY, width)
        self.body = nn.LSTM(width, width, batch_first=True)
        self.head = nn.Linear(width, VOCABULARY)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, V) for (B, L) codes."""
        out: Tensor = self.head(self.body(self.letters(x))[0][:, -1])
        return out


class Attention(nn.Module):
    """One layer: causal attention, then a perceptron, norms before each."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.three, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.body = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, L, D) for (B, L, D)."""
        rows, length, width = x.shape
        parts = self.three(self.before(x)).view(rows, length, 3, self.heads, width // self.heads)
        q, k, v = parts.permute(2, 0, 3, 1, 4).unbind(0)
        seen = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(seen.transpose(1, 2).reshape(rows, length, width))
        out: Tensor = x + self.body(self.between(x))
        return out


class Transformer(nn.Module):
    """Four layers of attention; the last place tells the next letter."""

    def __init__(self, width: int = 128, layers: int = 4, heads: int = 4, context: int = 64) -> None:
        super().__init__()
        self.letters, self.places = nn.Embedding(VOCABULARY, width), nn.Embedding(context, width)
        self.body = nn.Sequential(*(Attention(width, heads) for _ in range(layers)))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, VOCABULARY)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, V) for (B, L) codes."""
        places = self.places(torch.arange(x.shape[1], device=x.device))
        out: Tensor = self.head(self.norm(self.body(self.letters(x) + places)[:, -1]))
        return out


def net(name: str, width: int, norm: Callable[..., Any] = Norm) -> nn.Module:
    """Return the network of a workload with weights drawn from seed 0.

    Args:
        name: The workload.
        width: Features of a row, for perceptrons.
        norm: What makes batch norm, activation and pool.
    """
    torch.manual_seed(0)
    if name == "cnn":
        return cnn(norm)
    if name == "resnet":
        return resnet(norm)
    if name in ("lstm", "transformer"):
        return Recurrent() if name == "lstm" else Transformer()
    hidden = 64 if name == "tiny" else 512
    return perceptron(width, hidden, hidden, 2 if name == "adult" else 10)
