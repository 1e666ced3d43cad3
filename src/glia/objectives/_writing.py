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
    its plain form). A row is done once as many texts have ended as there are beams, or none that is open can become
    better; rows that are done are not computed any more. One beam is greedy.

    Args:
        net: A network with ``begin`` and ``proceed``, or anything that is called with ``"prefix"``.
        batch: What is read.
        beams: Texts kept for each row.
        longest: Most codes written, the end among them.
        penalty: 0 favors short texts, 1 compares by the mean of a code.
    """
    net = net if hasattr(net, "begin") else _Recomputed(net, batch)
    found = _Found(len(batch), longest, penalty)
    row = torch.arange(len(batch))
    told, memory = net.begin(batch).take(row.repeat_interleave(beams)), None
    text = torch.full((len(batch) * beams, 1), START)
    score = torch.full((len(batch), beams), -torch.inf)
    score[:, 0] = 0.0  # all beams of a row are alike at first, so only one may spread
    for at in range(longest):
        logits, memory = net.proceed(text[:, -1:], told, memory)
        # What is not over by the last place is ended there.
        following = _followers(logits[:, -1].float(), beams) if at < longest - 1 else _endings(len(text))
        text, score, origin = _spread(text, score, *following)
        ended = text[:, -1].view(score.shape) == END
        found.keep(row, text[:, 1:].view(*score.shape, -1), score, ended)
        score = score.masked_fill(ended, -torch.inf)
        left = ~found.done(row, score, at + 1, beams)
        if not bool(left.any()):
            break
        if int(left.sum()) < 0.75 * len(row):
            kept = left.repeat_interleave(beams).nonzero()[:, 0]
            text, origin, told = text[kept], origin[kept], told.take(kept)
            row, score = row[left], score[left]
        memory = memory.take(origin)
    return found.text.to(torch.int32)


class _Found:
    """The best text of each row that has ended."""

    def __init__(self, rows: int, longest: int, penalty: float) -> None:
        self.text = torch.full((rows, longest), PADDING, dtype=torch.int64)
        self.value = torch.full((rows,), -torch.inf)
        self.ended = torch.zeros(rows, dtype=torch.int64)
        self.longest, self.penalty = longest, penalty

    def keep(self, row: Tensor, text_BST: Tensor, score: Tensor, ended: Tensor) -> None:
        """Keep what ends here, where it is better than what has ended before."""
        length = text_BST.shape[2]
        value, beam = (score / length**self.penalty).masked_fill(~ended, -torch.inf).max(1)
        better = (value > self.value[row]).nonzero()[:, 0]
        at = row[better]
        self.value[at] = value[better]
        self.text[at] = PADDING
        self.text[at, :length] = text_BST[better, beam[better]]
        self.ended[row] += (ended & (score > -torch.inf)).sum(1)

    def done(self, row: Tensor, score: Tensor, length: int, beams: int) -> Tensor:
        """Return for which rows nothing better is to be expected: a beam that is open can only lose from here on."""
        # With a penalty of 1 and more its mean may still rise: by a few more places at no loss.
        hope = score.max(1).values / min(self.longest, 2 * length + 4) ** self.penalty
        return (self.ended[row] >= beams) | (hope <= self.value[row])


def _followers(logits_NK: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return the likeliest codes after each text and their log-probabilities, (N, count) each."""
    logits_NK[:, [PADDING, UNKNOWN, START]] = -torch.inf
    best, code = logits_NK.topk(min(count, logits_NK.shape[1]), 1)
    return best - logits_NK.logsumexp(1, keepdim=True), code


def _endings(count: int) -> tuple[Tensor, Tensor]:
    return torch.zeros(count, 1), torch.full((count, 1), END)


def _spread(text: Tensor, score: Tensor, chance: Tensor, code: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the texts, scores and origins of the best followers of each row's beams."""
    rows, beams = score.shape
    each = code.shape[1]
    score, place = (score[:, :, None] + chance.view(rows, beams, each)).flatten(1).topk(beams, 1)
    origin = (place // each + torch.arange(rows)[:, None] * beams).flatten()
    chosen = code.view(rows, -1).gather(1, place).flatten()
    return torch.cat([text[origin], chosen[:, None]], 1), score, origin
