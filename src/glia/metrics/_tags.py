"""Labels of words: what was said and what is right, word by word.

An answer and its truth are texts of labels with spaces between, as a column of tags decodes them.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from glia.core.values import Answer
from glia.metrics._additive import asked

__all__ = ["labels_of_rows"]


def labels_of_rows(answer: Answer, truth: np.ndarray) -> Iterator[tuple[list[str], list[str]]]:
    """Yield each row's labels as said and as right, equally many; a word without an answer has the label ``""``."""
    for said, right in zip(asked(answer.text, "text").tolist(), truth.tolist(), strict=True):
        labels, wanted = str(said).split(), str(right).split()
        yield [*labels, *[""] * (len(wanted) - len(labels))][: len(wanted)], wanted
