"""The contracts of the shelves: what a part must offer to be put in place of another.

Abstract classes are for subclassing and never built; parts are final and never subclassed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

if TYPE_CHECKING:
    import numpy as np
    import torch
    from torch import Tensor

    from glia.core.finding import Finding
    from glia.core.raw import Raw
    from glia.core.values import Answer, Batch, Edit, Loss, Offer, Readings, Role, Spec, Specs, Turn

__all__ = ["Augment", "Column", "Guess", "Metric", "Objective", "Reading", "Readout", "Remedy", "Step", "Stream"]


@dataclass(frozen=True)
class Guess:
    """How sure a column kind is that raw values are its own.

    Args:
        confidence: 0 = certainly not, 1 = certainly.
        reason: Why, completing "read as <kind> because ...".
    """

    confidence: float
    reason: str


class Column(ABC):
    """One data kind: recognize it, learn it from training rows, encode it, decode it.

    Args:
        name: The column's name in the table.
        role: ``"input"`` or ``"target"``; only kinds with ``askable`` can be a target.
    """

    kind: ClassVar[str]
    askable: ClassVar[bool] = False
    media: ClassVar[bool] = False
    """Whether its values are pictures or sounds (arrays, paths, encoded bytes) and not cells of a table."""
    used: ClassVar[bool] = True
    """Whether the network gets to see it; an id or a constant is kept in the schema and left out."""
    reason: str = ""
    """How its values are read and why, once that is learned, where the kind alone does not say it."""

    def __init__(self, name: str, role: Literal["input", "target"] = "input") -> None:
        self.name = name
        self.role = role

    @staticmethod
    @abstractmethod
    def recognize(raw: Raw) -> Guess:
        """Return how sure this kind is that the values are its own."""

    @abstractmethod
    def learn(self, raw: Raw) -> None:
        """Learn statistics, classes or words; only ever called with training rows."""

    def read_as(self, how: str) -> None:
        """Take a person's word for how values are to be read, as in ``--columns mask=mask:things``.

        Raises:
            UsageError: The kind can be read in one way only, or not in this one.
        """
        from glia.core.errors import UsageError

        said = f"{self.name!r} cannot be read as {self.kind}:{how}"
        raise UsageError("bad_columns", said, remedy=f"write --columns {self.name}={self.kind}", column=self.name)

    def follow(self, given: Specs) -> None:  # noqa: B027 - most kinds depend on no other
        """Learn what depends on the inputs, once they are learned: masks take the size of their pictures."""

    def compare(self, raw: Raw, table: Mapping[str, Raw]) -> None:  # noqa: B027 - most answers are about the whole row
        """Refuse answers that do not fit the columns they are about, such as more labels than a text has words.

        Args:
            raw: The answers.
            table: All columns by name.

        Raises:
            DataError: They do not fit.
        """

    @abstractmethod
    def specs(self) -> dict[str, Spec]:
        """Return what the column gives, per group; see :class:`glia.core.values.Batch`."""

    @abstractmethod
    def encode(self, raw: Raw) -> dict[str, np.ndarray]:
        """Return an (N, F) array per group, of the width its spec says.

        Raises:
            DataError: A target value that cannot be read or was never seen in training.
        """

    def decode(self, values: np.ndarray) -> np.ndarray:
        """Return encoded target values in the units of the question; (N, ...) in, (N, ...) out."""
        raise NotImplementedError(f"a {self.kind} column cannot be asked for")

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """Return what was learned as JSON values."""

    @abstractmethod
    def restore(self, state: Mapping[str, Any]) -> None:
        """Take back what :meth:`state` gave."""

    @abstractmethod
    def summarize(self, raw: Raw) -> dict[str, np.ndarray]:
        """Return a small sketch of the values (float32 or int64 arrays) to compare later data with."""

    def review(self, raw: Raw) -> list[Finding]:  # noqa: ARG002 - most kinds find nothing odd
        """Return what is odd about later rows; a finding that stops says they are of another kind altogether."""
        return []

    def corrupt(self, raw: Raw, strength: float, generator: np.random.Generator) -> Raw:
        """Return the values as a careless world would deliver them; ``strength`` from 0 to 1 is the share hit."""
        from dataclasses import replace

        lost = generator.random(len(raw)) < strength
        return replace(raw, present=raw.present & ~lost)


class Augment(ABC):
    """A change of training rows that leaves their answer true, made to a whole batch at once."""

    @abstractmethod
    def __call__(self, batch: Batch, generator: torch.Generator, epoch: int) -> Batch:
        """Return the batch changed; masks and boxes move with their pictures.

        Args:
            batch: The rows.
            generator: Where chance comes from.
            epoch: How often the rows were seen before, for changes that alternate.
        """


class Objective(ABC):
    """What is right: the loss, whose turn it is, what the bundle will offer, and what it is judged by."""

    couples: ClassVar[Literal["row", "batch"]] = "row"
    """Whether rows of a batch influence one another's loss; then a batch cannot be split or made private."""
    readout: str = ""
    """The part of ``judge/readouts`` that turns outputs into answers."""
    metrics: tuple[str, ...] = ()
    """The metrics that fit, the one that choices and the verdict go by in front."""
    watch: str = "loss"
    """What weights are chosen by on validation: ``"loss"`` or a metric."""
    decoded: bool = False
    """Whether outputs are encoded answers, which the schema turns back into units or texts before they are read."""
    passes: int = 1
    """How often a network looks at a row to answer it, for whoever plans the time."""
    turns: tuple[Turn, ...]

    @abstractmethod
    def roles(self, given: Specs, asked: Specs) -> dict[str, Role]:
        """Return the networks needed, with the width of their answers."""

    @abstractmethod
    def loss(
        self, turn: str, nets: Mapping[str, Callable[..., Tensor]], batch: Batch, generator: torch.Generator
    ) -> Loss:
        """Return the loss of a turn, per example."""

    @abstractmethod
    def offers(self) -> dict[str, Offer]:
        """Return what a bundle trained for this objective can do."""


class Readout(ABC):
    """How outputs become answers; what it needs is learned on the calibration rows, which nothing else has seen.

    Attributes:
        sparing: Whether so little is learned that, of few rows, those that choose weights do for it as well.
    """

    sparing: ClassVar[bool] = False

    @abstractmethod
    def learn(
        self, outputs: np.ndarray, truth: np.ndarray, *, metric: str, imbalanced: bool = False, level: float = 0.9
    ) -> None:
        """Learn from the calibration rows.

        Args:
            outputs: What the offer ``predict`` gives for N rows, decoded where the objective says so.
            truth: What would have been right.
            metric: The metric people care about.
            imbalanced: Whether a class is rare.
            level: How often prediction intervals should hold the truth.
        """

    @abstractmethod
    def answer(self, outputs: np.ndarray) -> Answer:
        """Return the answer behind outputs."""

    def state(self) -> dict[str, Any]:
        """Return what was learned as JSON values."""
        return dict(vars(self))

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take back what :meth:`state` gave."""
        vars(self).update({name: state[name] for name in vars(self)})


@dataclass
class Reading:
    """What a step reports: the mean loss as a scalar tensor, and the summed weight behind it."""

    loss: Tensor
    weight: Tensor
    parts: Mapping[str, Tensor]


class Step(ABC):
    """How one gradient step is taken: leaves gradients on the parameters and reports the loss."""

    @abstractmethod
    def __call__(self, loss: Callable[[Batch], Loss], batch: Batch, parameters: list[Tensor]) -> Reading:
        """Set ``.grad`` of every parameter to the gradient of the batch's weighted mean loss."""


class Stream(ABC):
    """Where batches come from; its position is data, so a run can be resumed inside an epoch."""

    steps_per_epoch: int

    @abstractmethod
    def batches(self) -> Iterator[Batch]:
        """Yield batches for ever, from the present position on."""

    @abstractmethod
    def state_dict(self) -> dict[str, int]:
        """Return the position."""

    @abstractmethod
    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Go back to a position."""


class Remedy(ABC):
    """Someone who may ask for a change; it reads, returns an edit, and never touches training state."""

    treats: ClassVar[str]
    """The symptom this heals."""

    @abstractmethod
    def decide(self, readings: Readings, knobs: Mapping[str, float]) -> Edit | None:
        """Return the change wanted now, or nothing."""

    def state_dict(self) -> dict[str, Any]:
        """Return what it remembers, as JSON values."""
        return {name: value for name, value in vars(self).items() if not name.startswith("_")}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take back what :meth:`state_dict` gave."""
        vars(self).update(state)


class Metric(ABC):
    """A number that says how good answers are, computable on resampled rows.

    ``stats`` is paid once per data set; ``value`` is vectorised over resamples.
    """

    higher: ClassVar[bool] = True
    """Whether larger is better."""
    pictures: ClassVar[bool] = False
    """Whether it looks at whole pictures given back, and at nothing else."""
    needs: ClassVar[Literal["label", "probability", "point", "low", "mask", "boxes", "text", "score"]]

    @staticmethod
    def tells(truth: np.ndarray) -> bool:  # noqa: ARG004 - most metrics fit all answers of their question
        """Return whether the metric says anything about such answers."""
        return True

    @abstractmethod
    def stats(self, answer: Answer, truth: np.ndarray, weight: np.ndarray | None = None) -> Any:
        """Return what ``value`` needs of N rows; ``truth`` is (N,) codes, (N, T) 0/1 or (N, T) numbers."""

    @abstractmethod
    def value(self, stats: Any, counts: np.ndarray | None = None) -> np.ndarray:
        """Return the metric of R resamples as (R,), given how often each row was drawn (R, N); ``None`` = once each."""
