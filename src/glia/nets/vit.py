"""The vision transformer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import Annotated, Literal

import torch
from torch import Tensor, nn

from glia.core.constraints import Range
from glia.core.errors import UsageError
from glia.core.net import Net
from glia.core.values import Batch, Spec, Specs
from glia.nets.blocks.attention import TransformerBlock
from glia.nets.blocks.beside import Beside
from glia.nets.blocks.decay import undecayed
from glia.nets.blocks.pixels import Pixels
from glia.nets.blocks.planes import normed, padded_to, picture, plain_answer

__all__ = ["ViT"]


class ViT(Net):
    """A vision transformer (Dosovitskiy et al. 2021): patches of a picture are tokens, one more answers.

    Registers are further tokens that belong to no patch (Darcet et al. 2024): places to compute in. Few pictures
    teach attention slowly what neighbors are, so by default convolutions make the tokens (Xiao et al. 2021).
    :meth:`attention` shows who looked at whom.

    Args:
        inputs: The groups it reads: pictures, and columns of a table beside them.
        output: The answer's spec.
        patch: Side of a patch in pixels; ``None`` = about eight patches a side.
        width: Width of a token, a multiple of ``heads``.
        depth: Blocks.
        heads: Heads of the attention.
        expansion: Width inside a block's feed-forward part, as a multiple of ``width``.
        registers: Registers.
        stem: What makes tokens: a ``"patch"`` as a whole, or convolutions (``"conv"``).
        dropout: Share of the hidden values dropped in training.

    Raises:
        UsageError: The width cannot be shared out among the heads.

    Example:
        >>> spec = Spec(("channel", "height", "width"), (1, 28, 28), "uint8")
        >>> ViT({"image": spec}, Spec(("class",), (10,)), depth=1).tokens  # 7 x 7 patches, class token, registers
        54
    """

    suits = MappingProxyType(
        {"lr": 2e-3, "weight_decay": 0.05, "batch_size": 128, "schedule": "one_cycle", "epochs": 30}
    )
    takes = frozenset({"image", "number", "category", "dense"})

    def __init__(
        self,
        inputs: Specs,
        output: Spec,
        *,
        patch: Annotated[int, Range(1)] | None = None,
        width: Annotated[int, Range(1)] = 64,
        depth: Annotated[int, Range(1)] = 4,
        heads: Annotated[int, Range(1)] = 4,
        expansion: Annotated[float, Range(0.1, 16)] = 2.0,
        registers: Annotated[int, Range(0, 64)] = 4,
        stem: Literal["patch", "conv"] = "conv",
        dropout: Annotated[float, Range(0, 0.95)] = 0.0,
    ) -> None:
        super().__init__(inputs, output)
        _check(width, heads)
        spec, channels, height, width_ = picture(inputs)
        answer = plain_answer(output, "vit")
        self.pixels, self.beside = Pixels(spec), Beside(inputs)
        self.patch = patch or 2 ** max(1, round(math.log2(max(height, width_) / 8)))
        self.patches = _patch_stem(channels, width, self.patch, stem)
        places = -(-height // self.patch) * -(-width_ // self.patch)
        self.tokens = places + 1 + registers
        self.own = nn.Parameter(0.02 * torch.randn(1 + registers, width))
        self.places = nn.Parameter(0.02 * torch.randn(places, width))
        hidden = max(1, int(width * expansion))
        self.blocks = nn.ModuleList(_block(width, heads, hidden, dropout) for _ in range(depth))
        self.last = nn.LayerNorm(width)
        self.output_layer = nn.Linear(width + self.beside.width, answer)

    def tokenized(self, batch: Batch) -> Tensor:
        """Return the tokens of each picture, (B, T, D): the one that answers, registers, patches row by row."""
        patches = self.patches(padded_to(self.pixels(batch), self.patch)).flatten(2).transpose(1, 2) + self.places
        return torch.cat([self.own.expand(patches.shape[0], -1, -1).to(patches.dtype), patches], 1)

    def features(self, batch: Batch) -> Tensor:
        """Return the class token after the last block, normalized, and the columns beside it, (B, features)."""
        x = self.tokenized(batch)
        for block in self.blocks[:-1]:
            x = block(x)
        # Only the class token is read, so in the last block only it needs to ask.
        return self.beside(self.last(self.blocks[-1](x, asking=1)[:, 0]), batch)

    def head(self, features: Tensor) -> Tensor:
        """Return the answer, (B, width of the answer)."""
        return self.output_layer(features)

    def attention(self, batch: Batch) -> list[Tensor]:
        """Return each block's attention weights, (B, heads, T, T); the last block's are of the class token."""
        weights = []
        x = self.tokenized(batch)
        for index, block in enumerate(self.blocks):
            asking = 1 if index + 1 == len(self.blocks) else None
            assert isinstance(block, TransformerBlock)
            weights.append(block.weights(x, asking))
            x = block(x, asking)
        return weights

    def factors(self) -> Mapping[str, Mapping[str, float]]:
        """Return no decay for biases, the class token, registers and places."""
        return {**undecayed(self), "own": {"weight_decay": 0.0}, "places": {"weight_decay": 0.0}}


def _check(width: int, heads: int) -> None:
    if width % heads:
        raise UsageError(
            "bad_option",
            f"net.width must be a multiple of net.heads, got {width} and {heads}",
            remedy=f"take net.width={heads * max(1, round(width / heads))}",
        )


def _block(width: int, heads: int, hidden: int, dropout: float) -> TransformerBlock:
    return TransformerBlock(
        width,
        heads,
        hidden,
        first=False,
        attention_dropout=0.0,
        hidden_dropout=dropout,
        residual_dropout=dropout,
    )


def _patch_stem(channels: int, width: int, patch: int, stem: str) -> nn.Module:
    """Return what turns pictures into maps with a token for each patch."""
    halvings = patch.bit_length() - 1
    if stem == "patch" or 2**halvings != patch or not halvings:
        return nn.Conv2d(channels, width, patch, patch)
    widths = [channels, *(max(8, width // 2 ** (halvings - 1 - index)) for index in range(halvings))]
    layers = [normed(before, after, 3, 2) for before, after in pairwise(widths)]
    return nn.Sequential(*layers, nn.Conv2d(widths[-1], width, 1))
