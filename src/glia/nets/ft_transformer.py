"""FT-Transformer: every feature a token."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

import torch
from torch import Tensor, nn

from glia.core.constraints import Range
from glia.core.errors import UsageError
from glia.core.net import Net
from glia.core.values import Batch, Spec, Specs
from glia.nets.blocks.attention import TransformerBlock
from glia.nets.blocks.categories import CategoryEmbedding
from glia.nets.blocks.decay import undecayed
from glia.nets.blocks.initializers import fan_in_uniform_
from glia.nets.blocks.inputs import group
from glia.nets.blocks.numbers import Linear

__all__ = ["FTTransformer"]


class FTTransformer(Net):
    """FT-Transformer (Gorishniy et al. 2021): features are tokens, and one more, "CLS", answers.

    Numbers become tokens by a line per dimension, categories by a table, and all dense features together by
    one linear layer, since attention costs the square of the tokens. :meth:`attention` shows who looked at
    whom.

    Args:
        inputs: The groups it reads.
        output: The answer's spec.
        width: Width of a token, a multiple of ``heads``.
        depth: Blocks.
        heads: Heads of the attention.
        expansion: Width inside a block's feed-forward part, as a multiple of ``width``.
        attention_dropout: Share of the attention weights dropped in training.
        dropout: Share of the hidden values dropped in training.
        residual_dropout: Share of what each part adds dropped in training.

    Raises:
        UsageError: The width cannot be shared out among the heads.

    Example:
        >>> inputs = {"number": Spec(("feature",), (2,), names=("age", "fare"))}
        >>> FTTransformer(inputs, Spec(("class",), (3,))).tokens
        ('CLS', 'age', 'fare')
    """

    suits = MappingProxyType({"lr": 3e-4, "weight_decay": 1e-4})

    def __init__(
        self,
        inputs: Specs,
        output: Spec,
        *,
        width: Annotated[int, Range(1)] = 192,
        depth: Annotated[int, Range(1)] = 3,
        heads: Annotated[int, Range(1)] = 8,
        expansion: Annotated[float, Range(0.1, 16)] = 4 / 3,
        attention_dropout: Annotated[float, Range(0, 0.95)] = 0.2,
        dropout: Annotated[float, Range(0, 0.95)] = 0.1,
        residual_dropout: Annotated[float, Range(0, 0.95)] = 0.0,
    ) -> None:
        super().__init__(inputs, output)
        if width % heads:
            raise UsageError(
                "bad_option",
                f"net.width must be a multiple of net.heads, got {width} and {heads}",
                remedy=f"take net.width={heads * max(1, round(width / heads))}",
            )
        number, category, dense = (group(inputs, name) for name in ("number", "category", "dense"))
        self.tokens = (
            "CLS",
            *_names("number", number),
            *_names("category", category),
            *("dense",) * bool(dense),
        )
        self.cls = nn.Parameter(fan_in_uniform_(torch.empty(width), width))
        self.numbers = Linear(number.width, width) if number else None
        self.categories = CategoryEmbedding(category.classes or (), width, std=width**-0.5) if category else None
        bias = fan_in_uniform_(torch.empty(category.width, width), width) if category else None
        self.category_bias = None if bias is None else nn.Parameter(bias)
        self.dense = nn.Linear(dense.width, width) if dense else None
        self.blocks = nn.ModuleList(
            TransformerBlock(
                width,
                heads,
                max(1, int(width * expansion)),
                first=index == 0,
                attention_dropout=attention_dropout,
                hidden_dropout=dropout,
                residual_dropout=residual_dropout,
            )
            for index in range(depth)
        )
        self.last = nn.Sequential(nn.LayerNorm(width), nn.ReLU())
        self.output_layer = nn.Linear(width, output.width)

    def tokenized(self, batch: Batch) -> Tensor:
        """Return the tokens of each row, (B, T, D), in the order of ``tokens``."""
        # Not len(batch), which an export would take for a constant.
        parts = [self.cls.expand(batch.weight.shape[0], 1, -1)]
        if self.numbers is not None:
            parts.append(self.numbers(batch.values["number"]))
        if self.categories is not None:
            parts.append(self.categories(batch.values["category"]) + self.category_bias)
        if self.dense is not None:
            parts.append(self.dense(batch.values["dense"])[:, None].to(self.cls.dtype))
        return torch.cat(parts, 1)

    def features(self, batch: Batch) -> Tensor:
        """Return the token CLS after the last block, normalized, (B, D)."""
        x = self.tokenized(batch)
        for block in self.blocks[:-1]:
            x = block(x)
        # Only CLS is read, so in the last block only CLS needs to ask.
        return self.last(self.blocks[-1](x, asking=1)[:, 0])

    def head(self, features: Tensor) -> Tensor:
        """Return the answer, (B, width of the answer)."""
        return self.output_layer(features)

    def attention(self, batch: Batch) -> list[Tensor]:
        """Return each block's attention weights, (B, H, T, T); the last block's are of CLS, (B, H, 1, T)."""
        weights = []
        x = self.tokenized(batch)
        for index, block in enumerate(self.blocks):
            asking = 1 if index + 1 == len(self.blocks) else None
            assert isinstance(block, TransformerBlock)
            weights.append(block.weights(x, asking))
            x = block(x, asking)
        return weights

    def factors(self) -> Mapping[str, Mapping[str, float]]:
        """Return no decay for biases and for the lines of numbers, as the authors have it."""
        return {**undecayed(self), "category_bias": {"weight_decay": 0.0}}


def _names(kind: str, spec: Spec | None) -> tuple[str, ...]:
    if spec is None:
        return ()
    return spec.names or tuple(f"{kind} {index}" for index in range(spec.width))
