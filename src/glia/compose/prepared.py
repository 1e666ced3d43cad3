"""What a run knows of its rows: encoded, parted, with everything that was found out on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from glia.core.finding import Finding
from glia.core.raw import RawTable
from glia.core.values import Spec
from glia.table.encodings import Encoding
from glia.table.question import Question
from glia.table.schema import Schema
from glia.table.split import Split

if TYPE_CHECKING:
    from glia.compose.large import Large
    from glia.streams._shards import Shards

__all__ = ["PARTS", "Prepared", "Say"]

PARTS = ("train", "valid", "calibration", "test")
Say = Callable[[Finding], None]


@dataclass
class Prepared:
    """Encoded rows, parted, with everything that was found out on the way.

    Args:
        question: What is asked.
        encoding: The way from rows to what networks take, learned from training rows.
        raw: Raw rows by part.
        inputs: Encoded groups by part.
        targets: Encoded targets by part, (N, ...); (N, 0) where nothing is asked for.
        truth: Targets by part as judges want them: (N,) codes, (N, T) 0/1, numbers in their units, or texts; of
            strange rows 1 and of others 0.
        units: What a part's rows belong to (groups), where intervals must resample those.
        weight: (N,) weight of each row by part.
        split: How rows were parted.
        findings: What the audit found.
        reasons: What was decided, and why.
        primed: The weights of networks that have looked at training rows before their first step.
        large: The table, where it is larger than memory; everything above is then a sample of it.
        shards: All of its training rows, those of the sample among them.
        settled: What layers that stay as they are made of rows, by what was asked.
        pace: Seconds that such layers took for a row.
    """

    question: Question
    encoding: Encoding
    raw: dict[str, RawTable]
    inputs: dict[str, dict[str, np.ndarray]]
    targets: dict[str, np.ndarray]
    truth: dict[str, np.ndarray]
    units: dict[str, np.ndarray | None]
    weight: dict[str, np.ndarray]
    split: Split
    findings: list[Finding] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)
    primed: dict[Any, dict[str, Any]] = field(default_factory=dict)
    large: Large | None = None
    shards: Shards | None = None
    settled: dict[Any, Any] = field(default_factory=dict)
    pace: float = 0.0

    def rows(self, part: str) -> int:
        """Return how many rows a part has; of a table larger than memory, all that train."""
        if part != "train" or self.large is None:
            return len(self.targets[part])
        return self.large.rows if self.shards is None else self.shards.rows

    def places(self, rows: np.ndarray) -> np.ndarray:
        """Return the numbers that training rows have in the table."""
        return rows if self.shards is not None else self.split.train[rows]

    @property
    def schema(self) -> Schema:
        """The columns."""
        return self.encoding.schema

    def specs(self) -> dict[str, Spec]:
        """Return what goes into a network."""
        return self.encoding.specs()

    def asked(self) -> dict[str, Spec]:
        """Return what is asked for."""
        return self.encoding.asked()

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels of a single classified target; empty otherwise."""
        labels = self.asked()["target"].classes if "target" in self.asked() else None
        return labels[0] if labels and self.question.objective == "classify" else ()
