"""Which words, and runs of words, come with which class.

Legend: B = rows, L = places, O = lengths of runs, G = rows of the counts, K = classes.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from glia.core.values import Spec
from glia.nets.blocks.grams import gram_codes
from glia.nets.blocks.tokens import PADDING, vocabulary

__all__ = ["WordCounts"]


class WordCounts(nn.Module):
    """Naive Bayes on the presence of runs of words (Wang & Manning 2012), every length of run by itself.

    Args:
        spec: The token group.
        classes: K.
        longest: Length of the longest run.
        rows: Rows of the counts of each run length above one.
        alpha: Added to every count.

    Example:
        >>> spec = Spec(("time",), (None,), "int32", classes=(("(padding)", "(unknown)", "good", "bad"),))
        >>> counts = WordCounts(spec, 2, 1, 16, 1.0)
        >>> counts.learn(torch.tensor([[2], [3]]), torch.tensor([0, 1]))
        >>> said = counts(torch.tensor([[2, 2]]))[0, 0]  # said twice is said once
        >>> [round(value, 3) for value in said.tolist()]  # log 2 - log 1, centered
        [0.347, -0.347]
    """

    def __init__(self, spec: Spec, classes: int, longest: int, rows: int, alpha: float) -> None:
        super().__init__()
        self.codes, self.longest, self.rows, self.alpha = vocabulary(spec), longest, rows, alpha
        self.register_buffer("counts", torch.zeros(self.codes + (longest - 1) * rows, classes))

    counts: Tensor

    @torch.no_grad()
    def learn(self, tokens_BL: Tensor, target_B: Tensor) -> None:
        """Count, in place of what was counted before."""
        size, classes = self.counts.shape
        self.counts.zero_()
        for start in range(0, len(tokens_BL), 4096):  # the runs of all rows at once would fill the memory
            part = slice(start, start + 4096)
            for runs in self._runs(tokens_BL[part]):
                flat = (runs * classes + target_B[part, None]).flatten()
                self.counts += torch.bincount(flat, minlength=size * classes).view(size, classes)
        self.counts[PADDING] = 0

    def forward(self, tokens_BL: Tensor, own_B: Tensor | None = None) -> Tensor:
        """Return what each length of run says for each class, (B, O, K), centered over classes.

        Args:
            tokens_BL: The texts.
            own_B: Classes of rows that were counted themselves: they are taken out of the counts.
        """
        own_B1K = None if own_B is None else F.one_hot(own_B, self.counts.shape[1])[:, None].float()
        # A class of more words has more of every word; what counts is its share of them.
        words_K = (self.counts.sum(0) + self.alpha).log()
        said = []
        for runs in self._runs(tokens_BL):
            found = F.embedding(runs, self.counts)
            if own_B1K is not None:
                found = (found - own_B1K).clamp_min(0)
            log_BLK = (found + self.alpha).log() - words_K
            known = (runs != PADDING)[:, :, None]
            said.append(((log_BLK - log_BLK.mean(2, keepdim=True)) * known).sum(1))
        return torch.stack(said, 1)

    def _runs(self, tokens_BL: Tensor) -> list[Tensor]:
        """Return the rows of the counts for each run length, (B, L) int64, each run once a text, 0 for none."""
        real_BL = tokens_BL != PADDING
        runs = [_once(tokens_BL.long())]
        for order in range(2, self.longest + 1):
            # Runs end at their last word, so none ends before there are as many words.
            whole = real_BL & (torch.arange(tokens_BL.shape[1], device=tokens_BL.device) >= order - 1)
            codes = gram_codes(tokens_BL, order, self.rows) + self.codes + (order - 2) * self.rows
            runs.append(_once(codes.masked_fill(~whole, PADDING)))
        return runs


def _once(codes_BL: Tensor) -> Tensor:
    """Return codes in order, those that come again in a row as padding."""
    ordered = codes_BL.sort(1).values
    again = F.pad(ordered[:, 1:] == ordered[:, :-1], (1, 0))
    return ordered.masked_fill(again, PADDING)
