"""The vision transformer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

import torch
from torch import Tensor, nn

from glia.core.constraints import Range
from glia.core.errors import UsageError
from glia.core.net import Net
from glia.core.values import Batch, Spec, Specs
from glia.nets.blocks.beside import Beside
from glia.nets.blocks.decay import undecayed
from glia.nets.blocks.patch_block import PatchBlock
from glia.nets.blocks.pixels import Pixels
from glia.nets.blocks.planes import normed, padded_to, picture, plain_answer
from glia.nets.blocks.sinusoids import sinusoids

__all__ = ["ViT"]


class ViT(Net):
    """A vision transformer (Dosovitskiy et al. 2021): patches of a picture are tokens that look at each other.

    Few pictures teach attention slowly what neighbors are, so by default convolutions make the tokens ("Early
    convolutions help transformers see better", Xiao et al. 2021), and patches then overlap. :meth:`attention` shows who
    looked at whom.

    Args:
        inputs: The groups it reads: pictures, and columns of a table beside them.
        output: The answer's spec.
        patch: Side of a patch in pixels; ``None`` = about four patches a side, about eight where pictures have more
            than 45 pixels a side.
        width: Width of a token, a multiple of ``heads``.
        depth: Blocks.
        heads: Heads of the attention.
        expansion: Width inside a block's feed-forward part, as a multiple of ``width``.
        registers: Further tokens that belong to no patch (Darcet et al. 2024): places to compute in.
        stem: What makes tokens: a ``"patch"`` as a whole, or convolutions (``"conv"``; patches whose side is a power
            of two).
        pool: What answers: the ``"mean"`` of the patches (Beyer et al. 2022), or one more ``"token"``.
        dropout: Share of what blocks add dropped in training.

    Raises:
        UsageError: The width cannot be shared out among the heads.

    Example:
        >>> spec = Spec(("channel", "height", "width"), (1, 28, 28), "uint8")
        >>> ViT({"image": spec}, Spec(("class",), (10,)), pool="token").tokens  # 4 x 4 patches and one that answers
        17
    """

    suits = MappingProxyType(
        {
            "optimizer": "muon",
            "lr": 5e-3,
            "weight_decay": 0.05,
            "batch_size": 128,
            "schedule": "one_cycle",
            "epochs": 30,
        }
    )
    takes = frozenset({"image", "number", "category", "dense"})

    def __init__(
        self,
        inputs: Specs,
        output: Spec,
        *,
        patch: Annotated[int, Range(1)] | None = None,
        width: Annotated[int, Range(1)] = 128,
        depth: Annotated[int, Range(1)] = 2,
        heads: Annotated[int, Range(1)] = 4,
        expansion: Annotated[float, Range(0.1, 16)] = 2.0,
        registers: Annotated[int, Range(0, 64)] = 0,
        stem: Literal["patch", "conv"] = "conv",
        pool: Literal["mean", "token"] = "mean",
        dropout: Annotated[float, Range(0, 0.95)] = 0.0,
    ) -> None:
        super().__init__(inputs, output)
        _check(width, heads)
        spec, channels, *size = picture(inputs)
        answer = plain_answer(output, "vit")
        self.pixels, self.beside = Pixels(spec), Beside(inputs)
        self.patch = patch or _suited(max(size))
        halvings = self.patch.bit_length() - 1
        early = stem == "conv" and halvings > 0 and 2**halvings == self.patch
        self.whole = 1 if early else self.patch
        if early:
            self.patches, down, across = _early(channels, width, size, halvings)
        else:
            self.patches, down, across = _cut(channels, width, size, self.patch)
        self.answers, self.own_tokens = int(pool == "token"), int(pool == "token") + registers
        self.tokens = down * across + self.own_tokens
        self.own = nn.Parameter(0.02 * torch.randn(self.own_tokens, width)) if self.own_tokens else None
        self.places = nn.Parameter(0.2 * _waves(down, across, width))
        hidden = max(1, int(width * expansion))
        self.blocks = nn.ModuleList(PatchBlock(width, heads, hidden, dropout=dropout) for _ in range(depth))
        self.last = nn.LayerNorm(width)
        self.output_layer = nn.Linear(width + self.beside.width, answer)

    def tokenized(self, batch: Batch) -> Tensor:
        """Return the tokens of each picture, (B, T, D): the one that answers, registers, patches row by row."""
        maps = self.patches(padded_to(self.pixels(batch), self.whole))
        patches: Tensor = maps.flatten(2).transpose(1, 2) + self.places
        if self.own is None:
            return patches
        return torch.cat([self.own.expand(patches.shape[0], -1, -1).to(patches.dtype), patches], 1)

    def features(self, batch: Batch) -> Tensor:
        """Return what answers after the last block, normalized, and the columns beside it, (B, features)."""
        x = self.tokenized(batch)
        for block, asking in self._asked():
            x = block(x, asking)
        x = self.last(x)
        return self.beside(x[:, 0] if self.answers else x[:, self.own_tokens :].mean(1), batch)

    def head(self, features: Tensor) -> Tensor:
        """Return the answer, (B, width of the answer)."""
        return self.output_layer(features)

    def attention(self, batch: Batch) -> list[Tensor]:
        """Return each block's attention weights, (B, heads, T, T).

        Where one token answers, the last block's are of this one alone, (B, heads, 1, T).
        """
        weights = []
        x = self.tokenized(batch)
        for block, asking in self._asked():
            weights.append(block.weights(x, asking))
            x = block(x, asking)
        return weights

    def _asked(self) -> list[tuple[PatchBlock, int | None]]:
        """Return each block with how many tokens ask in it; of the last block only what answers is read."""
        blocks = [block for block in self.blocks if isinstance(block, PatchBlock)]
        return [(block, 1 if self.answers and block is blocks[-1] else None) for block in blocks]

    def factors(self) -> Mapping[str, Mapping[str, float]]:
        """Return no decay for biases, places and tokens that belong to no patch."""
        own = {} if self.own is None else {"own": {"weight_decay": 0.0}}
        return {**undecayed(self), **own, "places": {"weight_decay": 0.0}}


def _check(width: int, heads: int) -> None:
    if width % heads:
        raise UsageError(
            "bad_option",
            f"net.width must be a multiple of net.heads, got {width} and {heads}",
            remedy=f"take net.width={heads * max(1, round(width / heads))}",
        )


def _suited(side: int) -> int:
    """Return the side of a patch: about a quarter of a small picture's, at most 8, or an eighth of a larger one's."""
    quarter, eighth = (2 ** max(1, round(math.log2(side / parts))) for parts in (4, 8))
    return max(min(quarter, 8), eighth)


def _cut(channels: int, width: int, size: list[int], patch: int) -> tuple[nn.Module, int, int]:
    """Return what makes a token of each patch as a whole, and how many there are down and across."""
    return nn.Conv2d(channels, width, patch, patch), -(-size[0] // patch), -(-size[1] // patch)


def _early(channels: int, width: int, size: list[int], halvings: int) -> tuple[nn.Module, int, int]:
    """Return convolutions that each halve the maps, and how many tokens come out down and across.

    The two before the last look everywhere and keep the largest of four answers. Those before, on maps where that
    would be dear, and the last, whose maps have an odd side in small pictures, take steps of two.
    """
    layers: list[nn.Module] = []
    for left in range(halvings - 1, -1, -1):
        wide = max(8, width // 2**left) if left else width
        if left in (1, 2) and min(size) > 1:
            layers.append(normed(channels, wide, pool=2))
            size = [side // 2 for side in size]
        else:
            layers.append(normed(channels, wide, 3, 2))
            size = [-(-side // 2) for side in size]
        channels = wide
    return nn.Sequential(*layers), size[0], size[1]


def _waves(down: int, across: int, width: int) -> Tensor:
    """Return where the patches stand, (down x across, width): half the waves tell the row, the others the column."""
    rows, columns = sinusoids(down, width // 2), sinusoids(across, width - width // 2)
    grid = (rows[:, None].expand(-1, across, -1), columns[None].expand(down, -1, -1))
    return torch.cat(grid, 2).flatten(0, 1)
