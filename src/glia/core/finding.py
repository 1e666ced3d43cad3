"""Findings and scores: what glia says about data, training and results, in one shape everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Finding", "Score", "Severity"]

Severity = Literal["stop", "warning", "note"]


@dataclass(frozen=True)
class Finding:
    """Something worth knowing: what was seen, the numbers behind it, and what to do.

    Args:
        code: A stable word for programs, such as ``"imbalance"``; ``--accept`` takes it.
        severity: ``"stop"`` ends a run unless accepted, ``"warning"`` and ``"note"`` do not.
        text: One sentence a newcomer understands and an expert finds exact.
        evidence: Numbers, column names and row ids that show it (JSON values only).
        remedy: What can be done, or what glia has done already.

    Example:
        >>> print(Finding("imbalance", "warning", "1 row in 40 is 'fraud'", {"share": 0.025}, "weights were used"))
        warning: 1 row in 40 is 'fraud'; weights were used [imbalance]
    """

    code: str
    severity: Severity
    text: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    remedy: str = ""

    def __str__(self) -> str:
        said = f"{self.text}; {self.remedy}" if self.remedy else self.text
        return f"{self.severity}: {said} [{self.code}]"

    def as_dict(self) -> dict[str, Any]:
        """Return the finding as the JSON object printed under ``findings``."""
        return {
            "code": self.code,
            "severity": self.severity,
            "text": self.text,
            "evidence": dict(self.evidence),
            "remedy": self.remedy,
        }


@dataclass(frozen=True)
class Score:
    """A measured value with its 95 % interval and the number of units behind it.

    Args:
        value: The measured value.
        low: Lower end of the interval.
        high: Upper end of the interval.
        n: How many units (rows unless the split says otherwise) were measured.
        how: How the interval was found, such as ``"wilson"`` or ``"bootstrap"``.

    Example:
        >>> print(Score(0.9, 0.85, 0.94, 200, "wilson"))
        0.900 (0.850 to 0.940, n = 200)
    """

    value: float
    low: float
    high: float
    n: int
    how: str = "bootstrap"

    def __str__(self) -> str:
        return f"{shown(self.value)} ({shown(self.low)} to {shown(self.high)}, n = {self.n})"

    def as_dict(self) -> dict[str, Any]:
        """Return the score as the JSON object printed under ``scores``."""
        return {"value": self.value, "low": self.low, "high": self.high, "n": self.n, "how": self.how}


def shown(value: float) -> str:
    """Return a number with as many digits as a reader can use: three decimals, or four figures when large or tiny."""
    size = abs(value)
    if size >= 1e6:
        return f"{value:.3e}"
    if 0 < size < 1e-3:
        return f"{value:.2g}"
    return f"{value:,.3f}" if size < 100 else f"{value:,.1f}" if size < 10_000 else f"{value:,.0f}"
