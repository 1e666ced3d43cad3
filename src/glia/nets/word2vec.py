"""Vectors of words from the company they keep."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from glia.core.constraints import Range
from glia.core.net import Net
from glia.core.values import Batch, Spec, Specs
from glia.nets.blocks.places import sequence_of
from glia.nets.blocks.tokens import PADDING, vocabulary

__all__ = ["Word2Vec"]


class Word2Vec(Net):
    """Two vectors a word, one as itself and one as company (Mikolov et al. 2013).

    The features are the mean of the words' own vectors; the head asks which words keep them company. Asked about few
    words only, it looks at those few: the group ``"asked"`` (B,) is one word for each row, ``"among"`` (N,) are words
    shared by all rows, and the answer is (B, 1 + N). A skip-gram is a row of one word, a continuous bag of words a row
    of its surroundings; which it is, is the objective's business.

    Args:
        inputs: The groups it reads: a text.
        output: The answer's spec; as wide as the vocabulary, or any other answer a row.
        width: Length of a vector.

    Example:
        >>> text = Spec(("time",), (None,), "int32", classes=(("(padding)", "(unknown)", "a", "b"),))
        >>> net = Word2Vec({"token": text}, Spec(("code",), (4,)), width=8)
        >>> rows = Batch({"token": torch.tensor([[2, 3], [2, 0]])}, torch.ones(2), torch.arange(2))
        >>> net(rows).shape, net(rows.having(asked=torch.tensor([3, 2]), among=torch.tensor([2, 3, 3]))).shape
        (torch.Size([2, 4]), torch.Size([2, 4]))
    """

    takes = frozenset({"token"})
    suits = MappingProxyType({"optimizer": "adamw", "lr": 5e-3, "batch_size": 64, "schedule": "linear", "epochs": 10})

    def __init__(self, inputs: Specs, output: Spec, *, width: Annotated[int, Range(1)] = 100) -> None:
        super().__init__(inputs, output)
        sequence_of(inputs, ("token",))
        codes = vocabulary(inputs["token"])
        self.table = nn.Parameter((torch.rand(codes, width) - 0.5) / width)
        self.company = nn.Parameter(torch.zeros(output.width, width))
        with torch.no_grad():
            self.table[PADDING] = 0
            if output.axes[0] != "code":  # an answer of another kind is a map like any other
                nn.init.normal_(self.company, std=width**-0.5)

    def features(self, batch: Batch) -> Tensor:
        """Return the mean of the words' vectors, (B, W); zeros for an empty text."""
        tokens_BL = batch.values["token"]
        total = F.embedding(tokens_BL, self.table, padding_idx=PADDING).sum(1)
        return total / (tokens_BL != PADDING).sum(1, keepdim=True).clamp_min(1)

    def head(self, features: Tensor) -> Tensor:
        """Return how well every word goes with each row, (B, K)."""
        return features @ self.company.T

    def forward(self, batch: Batch) -> Tensor:
        """Return how well the words asked about go with each row, (B, 1 + N), or every word, (B, K)."""
        if "asked" not in batch.values:
            return self.head(self.features(batch))
        x_BW = self.features(batch)
        asked_B = (x_BW * F.embedding(batch.values["asked"], self.company)).sum(1, keepdim=True)
        return torch.cat([asked_B, x_BW @ F.embedding(batch.values["among"], self.company).T], 1)

    def factors(self) -> Mapping[str, Mapping[str, float]]:
        """Return no decay: a word's vector is seen in few steps only."""
        return {name: {"weight_decay": 0.0} for name in ("table", "company")}
