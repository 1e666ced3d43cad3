"""Writing a code at a time: samples of a language, and the likeliest translation.

Legend: B = rows, T = codes written, K = codes there are, S = beams.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from glia.core.values import Batch

__all__ = ["END", "PADDING", "START", "beam_search", "chosen_from", "continued", "forbidden"]

PADDING, UNKNOWN, START, END = range(4)


def chosen_from(
    logits_BK: Tensor,
    generator: torch.Generator,
    *,
    temperature: float = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
) -> Tensor:
    """Return one code drawn for each row, (B,) int64.

    Args:
        logits_BK: How likely each code is.
        generator: Where chance comes from.
        temperature: 0 takes the likeliest, 1 draws as the network believes, more is bolder.
        top_k: Only so many of the likeliest are drawn from (Fan et al. 2018); 0 for all.
        top_p: Only the likeliest that together have this probability (Holtzman et al. 2020).

    Example:
        >>> logits = torch.tensor([[0.0, 3.0, 1.0]])
        >>> chosen_from(logits, torch.Generator().manual_seed(0), temperature=0.0).tolist()
        [1]
    """
    if temperature == 0:
        return logits_BK.argmax(-1)
    logits, codes = (logits_BK.float() / temperature).sort(-1, descending=True)
    chance = logits.softmax(-1)
    if top_k:
        chance[:, top_k:] = 0
    # A code stays while those before it do not yet have the probability asked for, so the likeliest always stays.
    chance = chance.masked_fill(chance.cumsum(-1) - chance >= top_p, 0)
    drawn = torch.multinomial(chance, 1, generator=generator)
    return codes.gather(1, drawn)[:, 0]


def forbidden(logits_BK: Tensor, codes: tuple[int, ...]) -> Tensor:
    """Return logits under which some codes are never written."""
    logits_BK = logits_BK.clone()
    logits_BK[:, list(codes)] = -torch.inf
    return logits_BK


@torch.no_grad()
def continued(
    net: Any,
    batch: Batch,
    length: int,
    choose: Callable[[Tensor], Tensor],
    *,
    ends: bool = True,
) -> Tensor:
    """Return texts with up to ``length`` further codes, (B, L + length) int32, padded behind their end.

    A network that can :meth:`proceed` computes each place once; any other one reads everything again for each code.
    Rows of different lengths are continued group by group, since padding is never inside a text.

    Args:
        net: The network, or what calls it.
        batch: The beginnings, ``"token"`` (B, L), at least one code each.
        length: Most codes to add.
        choose: From logits (B, K) to codes (B,).
        ends: Whether the end code ends a text.
    """
    tokens = batch.values["token"]
    lengths = (tokens != PADDING).sum(1)
    out = torch.full((len(tokens), tokens.shape[1] + length), PADDING, dtype=torch.int32)
    for size in lengths.unique().tolist():
        rows = (lengths == size).nonzero()[:, 0]
        text = tokens[rows, : max(size, 1)]
        written = _continued(net, batch.take(rows), text, length, choose, ends)
        out[rows, : written.shape[1]] = written.to(torch.int32)
    return out


def _continued(
    net: Any, batch: Batch, text: Tensor, length: int, choose: Callable[[Tensor], Tensor], ends: bool
) -> Tensor:
    memory, done = None, torch.zeros(len(text), dtype=torch.bool)
    step = text
    for _ in range(length):
        if hasattr(net, "proceed"):
            logits, memory = net.proceed(step, memory)
        else:
            logits = net(batch.having(token=text))
        barred = (PADDING, UNKNOWN, START) if ends else (PADDING, UNKNOWN, START, END)
        step = choose(forbidden(logits[:, -1].float(), barred)).to(text.dtype)[:, None]
        step = step.masked_fill(done[:, None], PADDING)
        text = torch.cat([text, step], 1)
        done = done | (step[:, 0] == END)
        if bool(done.all()):
            break
    return text


class _Recomputed:
    """A network that can only be called whole, in the clothes of one that goes on where it was."""

    def __init__(self, net: Callable[[Batch], Tensor], batch: Batch) -> None:
        self.net, self.batch = net, batch

    def begin(self, batch: Batch) -> Rows:
        return Rows(torch.arange(len(batch)))

    def proceed(self, tokens: Tensor, told: Rows, memory: Prefix | None = None) -> tuple[Tensor, Prefix]:
        prefix = tokens if memory is None else torch.cat([memory.codes, tokens], 1)
        rows = self.batch.take(told.rows)
        return self.net(rows.having(prefix=prefix)), Prefix(prefix)


class Rows:
    """Which rows of a batch stand where."""

    def __init__(self, rows: Tensor) -> None:
        self.rows = rows

    def take(self, rows: Tensor) -> Rows:
        """Return some of them, in any order and number."""
        return Rows(self.rows[rows])


class Prefix:
    """What was written so far, (B, T)."""

    def __init__(self, codes: Tensor) -> None:
        self.codes = codes

    def take(self, rows: Tensor) -> Prefix:
        """Return some of them, in any order and number."""
        return Prefix(self.codes[rows])


@torch.no_grad()
def beam_search(net: Any, batch: Batch, *, beams: int, longest: int, penalty: float = 1.0) -> Tensor:
    """Return the likeliest text found for each row, (B, T) int32: codes, then an end, then padding.

    Finished texts are compared by log-probability over their length to the power of ``penalty`` (Wu et al. 2016, in
    its plain form). One beam is greedy.

    Args:
        net: A network with ``begin`` and ``proceed``, or anything that is called with ``"prefix"``.
        batch: What is read.
        beams: Texts kept for each row.
        longest: Most codes written, the end among them.
        penalty: 0 favors short texts, 1 compares by the mean of a code.
    """
    net = net if hasattr(net, "begin") else _Recomputed(net, batch)
    rows = len(batch)
    told = net.begin(batch).take(torch.arange(rows).repeat_interleave(beams))
    step = torch.full((rows * beams, 1), START)
    memory, text = None, torch.zeros(rows * beams, 0, dtype=torch.int64)
    score = torch.full((rows, beams), -torch.inf)
    score[:, 0] = 0.0  # all beams of a row are alike at first, so only one may spread
    best_text = torch.full((rows, longest), PADDING, dtype=torch.int64)
    best_score = torch.full((rows,), -torch.inf)
    for at in range(longest):
        logits, memory = net.proceed(step, told, memory)
        chance = forbidden(logits[:, -1].float(), (PADDING, UNKNOWN, START)).log_softmax(-1)
        if at == longest - 1:  # what is not over by now is ended here
            chance = torch.full_like(chance, -torch.inf)
            chance[:, END] = 0.0
        total = score[:, :, None] + chance.view(rows, beams, -1)
        text, score, origin = _spread(total, text, beams)
        ended = text.view(rows, beams, -1)[:, :, -1] == END
        _keep_best(text.view(rows, beams, -1), score, ended, best_text, best_score, penalty)
        score = score.masked_fill(ended, -torch.inf)
        # A beam can only lose from here on; with penalty 1 and more its mean may still rise, up to the longest text.
        if bool((_hope(score, at + 1, longest, penalty) <= best_score).all()):
            break
        step, memory = text[:, -1:], memory.take(origin)
    return best_text.to(torch.int32)


def _spread(total_BSK: Tensor, text: Tensor, beams: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return the texts, scores and origins of the best followers of each row's beams."""
    rows, _, codes = total_BSK.shape
    score, place = total_BSK.flatten(1).topk(beams, 1)
    origin = (place // codes + torch.arange(rows)[:, None] * beams).flatten()
    return torch.cat([text[origin], (place % codes).flatten()[:, None]], 1), score, origin


def _keep_best(
    text_BST: Tensor, score: Tensor, ended: Tensor, best_text: Tensor, best_score: Tensor, penalty: float
) -> None:
    length = text_BST.shape[2]
    value, beam = (score / length**penalty).masked_fill(~ended, -torch.inf).max(1)
    better = value > best_score
    best_score[better] = value[better]
    best_text[better] = PADDING
    best_text[better, :length] = text_BST[better, beam[better]]


def _hope(score: Tensor, length: int, longest: int, penalty: float) -> Tensor:
    """Return the best value any open beam of a row can still reach: a few more places at no loss."""
    return score.max(1).values / min(longest, 2 * length + 4) ** penalty
