"""The events of a run, typed once; a line of ``events.jsonl`` is ``[number, kind, seconds, data]``.

Readers ignore kinds they do not know, so that an old reader can follow a new run.
"""

from __future__ import annotations

import math
import re
from dataclasses import asdict, dataclass, field, fields
from typing import Any

__all__ = [
    "KINDS",
    "Checkpoint",
    "End",
    "Error",
    "Evaluation",
    "Event",
    "Finding",
    "Layers",
    "Metric",
    "Note",
    "Planned",
    "Snapshot",
    "Start",
]

MOST = 2**53
"""The largest whole number in an event; beyond it, other programs read another one."""


@dataclass(frozen=True)
class Event:
    """The root of all events; build one of its kinds, never this."""

    @classmethod
    def kind(cls) -> str:
        """Return the word that stands for the event in the file."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def data(self) -> dict[str, Any]:
        """Return the event's fields as JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class Start(Event):
    """A run began, or went on after an interruption from a step of a trial."""

    id: str
    source: str
    version: str
    resumed: bool = False
    trial: int = 1
    step: int = 0


@dataclass(frozen=True)
class Planned(Event):
    """The way of executing was fixed."""

    threads: int
    precision: str
    steps: int
    reason: str
    net: str = ""
    metric: str = ""


@dataclass(frozen=True)
class Metric(Event):
    """Where training is: mean loss since the networks were last looked at, and the learning rate.

    A number that is not finite is ``None``.
    """

    step: int
    steps: int
    epoch: float
    loss: float | None
    lr: float
    gradient: float | None
    trial: int = 1


@dataclass(frozen=True)
class Layers(Event):
    """Statistics of each layer at a step: norms of its weights, their gradient and how far the step moved them."""

    step: int
    weight: dict[str, float | None]
    gradient: dict[str, float | None]
    update: dict[str, float | None]


@dataclass(frozen=True)
class Finding(Event):
    """Something worth knowing."""

    code: str
    severity: str
    text: str
    evidence: dict[str, Any] = field(default_factory=dict)
    remedy: str = ""


@dataclass(frozen=True)
class Note(Event):
    """A sentence for the person watching."""

    text: str


@dataclass(frozen=True)
class Snapshot(Event):
    """Something to look at was written."""

    step: int
    file: str


@dataclass(frozen=True)
class Checkpoint(Event):
    """A state to go on from was written."""

    step: int
    file: str


@dataclass(frozen=True)
class Evaluation(Event):
    """The network was measured on rows it does not learn from."""

    step: int
    part: str
    values: dict[str, float | None]
    best: bool = False
    score: float | None = None
    trial: int = 1


@dataclass(frozen=True)
class End(Event):
    """The run is over and its bundle is whole."""

    seconds: float
    verdict: str
    stopped: str = ""
    metric: str = ""
    valid: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Error(Event):
    """The run ended without a bundle."""

    code: str
    text: str
    remedy: str = ""


KINDS: dict[str, type[Event]] = {
    kind.kind(): kind
    for kind in (
        Start,
        Planned,
        Metric,
        Layers,
        Finding,
        Note,
        Snapshot,
        Checkpoint,
        Evaluation,
        End,
        Error,
    )
}


def read_back(kind: str, data: dict[str, Any]) -> Event | None:
    """Return the event of a line, or nothing when this version does not know its kind.

    Raises:
        TypeError: Fields are missing, or are not of the type they should be.
    """
    known = KINDS.get(kind)
    if known is None:
        return None
    wanted = {one.name: str(one.type) for one in fields(known)}
    if not all(_fits(data[name], wanted[name]) for name in wanted if name in data):
        raise TypeError(f"a field of {kind} is of another type")
    return known(**{name: value for name, value in data.items() if name in wanted})


def _fits(value: Any, wanted: str) -> bool:
    """Return whether a value that a stranger may have written is of the type that a field has."""
    if wanted.startswith("dict"):
        return isinstance(value, dict) and (
            "float" not in wanted or all(_fits(one, "float | None") for one in value.values())
        )
    if value is None:
        return "None" in wanted
    if isinstance(value, bool | str):
        return wanted == type(value).__name__
    if isinstance(value, int):
        return wanted.startswith(("int", "float")) and abs(value) <= MOST
    return wanted.startswith("float") and isinstance(value, float) and math.isfinite(value)
