"""A bag of words: their mean vector, beside what counting them says."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from glia.core.constraints import Above, Range
from glia.core.net import Net
from glia.core.values import Batch, Spec, Specs
from glia.nets.blocks.beside import Beside
from glia.nets.blocks.dropout import Dropout
from glia.nets.blocks.places import sequence_of
from glia.nets.blocks.pooling import Pool
from glia.nets.blocks.tokens import PADDING, Tokens
from glia.nets.blocks.word_counts import WordCounts

__all__ = ["Bag"]

_LARGEST = 1 << 24  # counts that are kept at most; with more classes, counting costs more than it tells


class Bag(Net):
    """The mean of word vectors (Joulin et al. 2017; Iyyer et al. 2015) beside naive Bayes on words and pairs.

    Which words and pairs of words come with which class is counted before the first step, and training only learns
    how much to trust those counts and what they miss: a network that begins where Wang & Manning (2012) end. In
    training a row is judged by counts without itself, or it would be its own witness.

    Args:
        inputs: The groups it reads: a text, and what a table has beside.
        output: The answer's spec; words are counted where classes are asked for.
        width: Length of a word's vector.
        grams: Longest run of words counted; 1 counts words alone, 0 nothing.
        gram_rows: Rows of the table of each length's counts; runs share them by chance.
        alpha: Added to every count (Laplace).
        forget: Share of the words that training shows as unknown.
        dropout: Share of the mean vector dropped in training.

    Example:
        >>> text = Spec(("time",), (None,), "int32", classes=(("(padding)", "(unknown)", "good", "bad"),))
        >>> _ = torch.manual_seed(1)
        >>> net = Bag({"token": text}, Spec(("class",), (2,)), width=4, gram_rows=4096)
        >>> token, target = torch.tensor([[2, 0], [3, 3]], dtype=torch.int32), torch.tensor([[0], [1]])
        >>> net.prime(Batch({"token": token, "target": target}, torch.ones(2), torch.arange(2)))
        >>> new = Batch({"token": torch.tensor([[3, 1]], dtype=torch.int32)}, torch.ones(1), torch.arange(1))
        >>> net.eval()(new).argmax().item()
        1
    """

    takes = frozenset({"token", "number", "category", "dense"})
    primes = 1 << 16
    suits = MappingProxyType({"lr": 2e-3, "batch_size": 64, "epochs": 6, "schedule": "linear"})

    def __init__(
        self,
        inputs: Specs,
        output: Spec,
        *,
        width: Annotated[int, Range(1)] = 64,
        grams: Annotated[int, Range(0, 8)] = 2,
        gram_rows: Annotated[int, Range(16)] = 1 << 18,
        alpha: Annotated[float, Above(0)] = 1.0,
        forget: Annotated[float, Range(0, 0.95)] = 0.0,
        dropout: Annotated[float, Range(0, 0.95)] = 0.5,
    ) -> None:
        super().__init__(inputs, output)
        sequence_of(inputs, ("token",))
        self.tokens = Tokens(inputs["token"], width, std=0.1, forget=forget)
        self.pool, self.dropout = Pool("mean", width), Dropout(dropout)
        self.beside = Beside(inputs)
        self.output_layer = nn.Linear(width + self.beside.width, output.width)
        classes = output.width if output.axes == ("class",) else 0
        counted = grams > 0 and 0 < classes * gram_rows <= _LARGEST
        self.counts = WordCounts(inputs["token"], classes, grams, gram_rows, alpha) if counted else None
        # What counts say is sure of itself, since words are not independent: about a third of it is true.
        self.trust = nn.Parameter(torch.full((grams,), 0.3)) if counted else None

    def prime(self, batch: Batch) -> None:
        """Count the words of training rows by class.

        Args:
            batch: Training rows, better all than some.
        """
        target = batch.values.get("target")
        if self.counts is not None and target is not None and not target.is_floating_point():
            self.counts.learn(batch.values["token"], target[:, 0])

    def features(self, batch: Batch) -> Tensor:
        """Return the mean vector, the table's columns, and what each length of run says of each class, (B, D)."""
        tokens_BL = batch.values["token"]
        mean_BW = self.pool(self.tokens(tokens_BL), tokens_BL != PADDING)
        x = self.beside(self.dropout(mean_BW), batch)
        if self.counts is None:
            return x
        target = batch.values.get("target") if self.training else None
        own_B = None if target is None or target.is_floating_point() else target[:, 0]
        return torch.cat([x, self.counts(tokens_BL, own_B).flatten(1)], 1)

    def head(self, features: Tensor) -> Tensor:
        """Return the answer, (B, K)."""
        if self.counts is None or self.trust is None:
            return self.output_layer(features)
        width = self.output_layer.in_features
        said_BOK = features[:, width:].unflatten(1, (self.counts.longest, -1))
        return F.linear(features[:, :width], self.output_layer.weight, self.output_layer.bias) + (
            said_BOK * self.trust[:, None]
        ).sum(1)

    def factors(self) -> Mapping[str, Mapping[str, float]]:
        """Return no decay for the vectors of words, and a faster rate for the few numbers that weigh counts."""
        trust = {} if self.trust is None else {"trust": {"lr": 5.0, "weight_decay": 0.0}}
        return {"tokens.table": {"weight_decay": 0.0}, **trust}
