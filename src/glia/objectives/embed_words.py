"""Vectors of words from the company they keep."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from glia.core.constraints import Range
from glia.core.parts import Objective
from glia.core.values import Batch, Loss, Offer, Role, Spec, Specs, Turn

__all__ = ["EmbedWords"]

_MARKS = 4  # padding, unknown, start and end keep nobody company


class EmbedWords(Objective):
    """Tell the words around a word from words drawn at random (negative sampling; Mikolov et al. 2013).

    Words drawn at random come from the batch itself, so they are as frequent as in the text without anything being
    counted, and all rows share them: one matrix product instead of a look-up for each pair. Very frequent words are
    passed over as often as the paper has it, by how frequent they are in the batch.

    Args:
        how: ``"skipgram"`` asks a word for each neighbor, ``"cbow"`` asks the mean of all neighbors for the word.
        radius: Most words between two neighbors; the distance is drawn anew for each word.
        negatives: Weight of the words drawn at random, as a number for each pair.
        drawn: How many words are drawn at random for a batch.
        frequent: Share of the text above which a word is passed over at times; 0 keeps all.

    Example:
        >>> objective = EmbedWords(radius=2)
        >>> words = Spec(("time",), (None,), "int32", classes=(("(padding)", "(unknown)", "(start)", "(end)", "a"),))
        >>> objective.roles({"token": words}, {})["net"].net
        'word2vec'
    """

    turns = (Turn(),)
    readout = "embed"
    metrics = ()

    def __init__(
        self,
        *,
        how: Literal["skipgram", "cbow"] = "skipgram",
        radius: Annotated[int, Range(1, 50)] = 5,
        negatives: Annotated[float, Range(0.1, 100)] = 5.0,
        drawn: Annotated[int, Range(1)] = 64,
        frequent: Annotated[float, Range(0, 1)] = 1e-3,
    ) -> None:
        self.how, self.radius, self.negatives, self.drawn, self.frequent = how, radius, negatives, drawn, frequent

    def roles(self, given: Specs, asked: Specs) -> dict[str, Role]:
        """Return one network that says how well words go together."""
        labels = (given["token"].classes or ((),))[0]
        return {"net": Role({"token": given["token"]}, Spec(("code",), (len(labels),), names=labels), net="word2vec")}

    def loss(
        self, turn: str, nets: Mapping[str, Callable[..., Tensor]], batch: Batch, generator: torch.Generator
    ) -> Loss:
        """Return the mean loss of each row's pairs, weighted by their number."""
        tokens_BL = self._thinned(batch.values["token"].long(), generator)
        row_P, known_PC, asked_P = self._pairs(tokens_BL, generator)
        if not len(row_P):
            anything = nets["net"](batch).sum(1)
            return Loss(anything * 0.0, batch.weight * 0.0)
        among_N = self._among(tokens_BL, generator)
        pairs = Batch({"token": known_PC, "asked": asked_P, "among": among_N}, batch.weight[row_P], batch.row[row_P])
        scores = nets["net"](pairs).float()
        # A word drawn that is the word asked for is no counterexample.
        other_PN = (among_N != asked_P[:, None]).float()
        against_P = (F.softplus(scores[:, 1:]) * other_PN).mean(1) * self.negatives
        loss_P = F.softplus(-scores[:, 0]) + against_P
        rows = len(batch)
        count_B = torch.bincount(row_P, minlength=rows).float()
        total_B = torch.zeros(rows).index_add(0, row_P, loss_P)
        return Loss(total_B / count_B.clamp_min(1), batch.weight * count_B)

    def offers(self) -> dict[str, Offer]:
        """Offer how well every word goes with each text, (N, K)."""
        return {"predict": Offer("predict", "how well every word goes with a text", _predict)}

    def _thinned(self, tokens_BL: Tensor, generator: torch.Generator) -> Tensor:
        """Return the texts with some of their frequent words as padding."""
        tokens_BL = tokens_BL.masked_fill(tokens_BL < _MARKS, 0)
        if not self.frequent:
            return tokens_BL
        counts = torch.bincount(tokens_BL.flatten())
        counts[0] = 0
        share = counts / counts.sum().clamp_min(1)
        # In a batch of few words every word is frequent; one occurrence says nothing yet.
        keep = (self.frequent / share.clamp_min(1e-12)).sqrt().where(counts > 1, 1.0).clamp_max(1.0)
        drawn = torch.rand(tokens_BL.shape, generator=generator)
        return tokens_BL.masked_fill(drawn > keep[tokens_BL], 0)

    def _pairs(self, tokens_BL: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Return rows (P,), known words (P, C) and words asked for (P,)."""
        reach_BL = torch.randint(1, self.radius + 1, tokens_BL.shape, generator=generator)
        near = []
        for offset in (*range(-self.radius, 0), *range(1, self.radius + 1)):
            moved = F.pad(tokens_BL, (max(-offset, 0), max(offset, 0)))[:, max(offset, 0) :][:, : tokens_BL.shape[1]]
            near.append(moved.where(reach_BL >= abs(offset), 0))
        near_BLC = torch.stack(near, 2)
        real_BL = tokens_BL != 0
        if self.how == "cbow":
            use = real_BL & (near_BLC != 0).any(2)
            return use.nonzero()[:, 0], near_BLC[use], tokens_BL[use]
        use_BLC = real_BL[:, :, None] & (near_BLC != 0)
        center = tokens_BL[:, :, None].expand_as(near_BLC)
        return use_BLC.nonzero()[:, 0], center[use_BLC][:, None], near_BLC[use_BLC]

    def _among(self, tokens_BL: Tensor, generator: torch.Generator) -> Tensor:
        """Return words drawn at random, (N,): as frequent as in the text to the power of 3/4."""
        words, counts = tokens_BL[tokens_BL != 0].unique(return_counts=True)
        drawn = torch.multinomial(counts.float() ** 0.75, self.drawn, replacement=True, generator=generator)
        return words[drawn]


def _predict(nets: Mapping[str, Callable[..., Tensor]], batch: Batch) -> Tensor:
    return nets["net"](batch).float()
