"""The values that cross a floor; everything else stays inside its room.

Legend of shapes: B = rows of a batch, N = rows of a table, F = features, K = classes, T = targets, M = members of
an ensemble.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import torch
    from torch import Tensor

__all__ = ["Answer", "Batch", "Edit", "Loss", "Offer", "Readings", "Role", "Spec", "Specs", "Turn"]


@dataclass(frozen=True)
class Spec:
    """What a group of columns gives and a network takes, one example at a time.

    Columns of one shape travel stacked: all numbers of a table are one ``(B, F)`` tensor, named ``"number"``.

    Args:
        axes: A name for each axis after the batch axis, such as ``("feature",)`` or ``("time", "feature")``.
        size: The length of each axis; ``None`` where it is ragged.
        dtype: ``"float32"``, ``"int64"``, ``"int32"`` or ``"uint8"``.
        names: The column (or derived feature) behind each feature.
        classes: For codes, the labels of each feature in the order of the codes.
        edges: For numbers, ascending quantiles of the *encoded* training values of each feature.
        center: Mean of the training values of each channel or variable, for groups that travel as they are (pictures
            as bytes) and are normalized by the network.
        spread: Their standard deviation.

    Example:
        >>> Spec(("feature",), (2,), "float32", names=("age", "fare")).width
        2
    """

    axes: tuple[str, ...]
    size: tuple[int | None, ...]
    dtype: str = "float32"
    names: tuple[str, ...] = ()
    classes: tuple[tuple[str, ...], ...] | None = None
    edges: tuple[tuple[float, ...], ...] | None = None
    center: tuple[float, ...] = ()
    spread: tuple[float, ...] = ()

    @property
    def width(self) -> int:
        """The length of the last axis; an error where it is ragged."""
        last = self.size[-1]
        if last is None:
            raise ValueError(f"the last axis of {self.axes} is ragged and has no width")
        return last

    @property
    def cardinalities(self) -> tuple[int, ...]:
        """How many codes each feature can take."""
        return tuple(len(labels) for labels in self.classes or ())


Specs = Mapping[str, Spec]


@dataclass
class Batch:
    """Rows on their way through a network.

    Args:
        values: A tensor per group, axis 0 = example: ``"number"`` (B, F) float32, ``"category"`` (B, F) int64 codes,
            ``"dense"`` (B, F) float32 features that want no embedding, ``"image"`` (B, C, H, W) uint8, ``"token"``
            (B, L) int32 codes padded with 0, ``"series"`` (B, L, V), ``"audio"`` (B, M, L), ``"target"`` what is
            asked for.
        weight: (B,) float32; a padded row weighs 0.
        row: (B,) int64 ids of the rows in the table, for evidence.
        ragged: Groups of codes padded with 0, whose padding is cut to what the longest row needs.
        present: Boolean masks of other groups, ``True`` where a value is real.
    """

    values: dict[str, Tensor]
    weight: Tensor
    row: Tensor
    ragged: tuple[str, ...] = ()
    present: dict[str, Tensor] = field(default_factory=dict)

    def __len__(self) -> int:
        return int(self.weight.shape[0])

    @classmethod
    def of(
        cls,
        groups: Mapping[str, np.ndarray],
        target: np.ndarray | None = None,
        weight: np.ndarray | None = None,
        *,
        first: int = 0,
        device: torch.device | str = "cpu",
    ) -> Batch:
        """Return encoded groups as a batch; windows of a series stay views of it.

        Args:
            groups: Arrays of N rows by name.
            target: (N, ...) encoded answers; (N, 0) where nothing is asked for.
            weight: (N,) weights; ``None`` = 1 each.
            first: The id of the first row.
            device: Where the tensors should be.
        """
        import numpy as np
        import torch

        arrays = dict(groups)
        if target is not None and 0 not in target.shape[1:]:
            arrays["target"] = target
        values = {name: torch.from_numpy(array).to(device) for name, array in arrays.items()}
        count = len(next(iter(values.values())))
        weights = torch.ones(count) if weight is None else torch.from_numpy(np.ascontiguousarray(weight))
        # Tokens travel as 32-bit codes padded with 0; passages, views of one text, have no padding.
        ragged = tuple(
            name for name, one in arrays.items() if one.dtype == np.int32 and one.ndim == 2 and one.flags.c_contiguous
        )
        return cls(values, weights.to(device), torch.arange(first, first + count, device=device), ragged)

    def take(self, rows: Tensor | slice) -> Batch:
        """Return the given rows as a batch of their own."""
        # Gathering by index_select is three times as quick as indexing, for the small batches of small networks.
        picked = not isinstance(rows, slice) and rows.dim() == 1 and rows.element_size() == 8  # int64, no mask
        values = {
            name: value.index_select(0, rows) if picked else value[rows]  # type: ignore[arg-type]
            for name, value in self.values.items()
        }
        for name in self.ragged:
            used = (values[name] != 0).any(0).nonzero()
            values[name] = values[name][:, : int(used[-1]) + 1 if len(used) else 1]
        present = {name: mask[rows] for name, mask in self.present.items()}
        known = self.weight, self.row
        weight, row = (one.index_select(0, rows) if picked else one[rows] for one in known)  # type: ignore[arg-type]
        return Batch(values, weight, row, self.ragged, present)

    def by_length(self) -> Tensor:
        """Return the rows' places, (B,) int64, the shortest texts first: like ones together need little padding."""
        import torch

        if not self.ragged:
            return torch.arange(len(self), device=self.weight.device)
        lengths = torch.stack([(self.values[name] != 0).sum(1) for name in self.ragged])
        return lengths.sum(0).argsort(stable=True)

    def having(self, **values: Tensor) -> Batch:
        """Return the same batch with some groups replaced."""
        return replace(self, values={**self.values, **values})


@dataclass
class Loss:
    """Loss per example, normalised once, whoever splits the batch.

    Averaging the means of ragged micro-batches weighs their rows unequally; summing values and dividing once by the
    summed weights does not.

    Args:
        value: (B,) loss of each example.
        weight: (B,) weight of each example.
        parts: Named pieces of the loss, detached, for the record.
    """

    value: Tensor
    weight: Tensor
    parts: Mapping[str, Tensor] = field(default_factory=dict)

    def total(self) -> Tensor:
        """Return the weighted sum, a scalar."""
        return (self.value * self.weight).sum()

    def mean(self) -> Tensor:
        """Return the weighted mean, a scalar; zero when every weight is zero."""
        weight = self.weight.sum()
        return self.total() / weight.clamp_min(1e-12)


@dataclass(frozen=True)
class Turn:
    """One player's move in a training step; a GAN has two.

    Args:
        name: The name that :meth:`Objective.loss` receives.
        trains: The roles whose parameters this turn changes.
        every: The turn is taken at every ``every``-th step.
    """

    name: str = "main"
    trains: tuple[str, ...] = ("net",)
    every: int = 1


@dataclass(frozen=True)
class Role:
    """A network an objective needs: what it takes and how wide its answer is.

    Args:
        inputs: The groups it reads.
        output: The shape and meaning of what it gives.
        net: The name of a network that must play it; ``None`` leaves the choice to the recipe.
        frozen: Whether its parameters stay as they are.
    """

    inputs: Specs
    output: Spec
    net: str | None = None
    frozen: bool = False


@dataclass(frozen=True)
class Offer:
    """Something a bundle can do with rows, so that verbs ask for it by name and never for a class.

    Args:
        name: ``"predict"``, ``"embed"``, ``"score"``, ``"sample"``, ``"act"`` or ``"rate"``.
        gives: One phrase on what comes out.
        call: Takes the networks by role and a batch, returns a tensor with axis 0 = example.
    """

    name: str
    gives: str
    call: Callable[[Mapping[str, Callable[..., Tensor]], Batch], Tensor]


@dataclass(frozen=True)
class Answer:
    """What a network or a yardstick says about N rows, in the units of the question.

    Args:
        probability: (N, K) class probabilities, or (N, T) of independent labels.
        label: (N,) predicted class codes, (N, T) 0/1 of independent labels, or (N, L) codes of tokens.
        point: (N, T) predicted numbers, or (N, H, V) of H steps ahead.
        low: The lower ends of their prediction intervals.
        high: The upper ends of their prediction intervals.
        mask: (N, H, W) class codes of pixels.
        boxes: N arrays (M, 6): class, score, left, top, right, bottom, in shares of the picture.
        text: (N,) texts.
        score: (N,) one number a row, larger = stranger.
    """

    probability: np.ndarray | None = None
    label: np.ndarray | None = None
    point: np.ndarray | None = None
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    mask: np.ndarray | None = None
    boxes: tuple[np.ndarray, ...] | None = None
    text: np.ndarray | None = None
    score: np.ndarray | None = None

    def __len__(self) -> int:
        return next((len(part) for part in vars(self).values() if part is not None), 0)

    def take(self, rows: Any) -> Answer:
        """Return the answers to some of the rows."""
        parts = {name: part for name, part in vars(self).items() if part is not None and name != "boxes"}
        boxes = None
        if self.boxes is not None:
            import numpy as np

            boxes = tuple(self.boxes[at] for at in np.arange(len(self.boxes))[rows])
        return Answer(**{name: part[rows] for name, part in parts.items()}, boxes=boxes)


@dataclass(frozen=True)
class Readings:
    """What the loop measured, given to remedies and symptoms.

    Args:
        step: Steps done.
        steps: Steps planned.
        epoch: Passes over the training rows, fractional.
        loss: Mean training loss since the last reading.
        valid: Validation loss and metrics by name; empty between evaluations.
        score: The validation number that choice is made by, turned so that larger is better; ``None`` between
            evaluations.
        gradient: Norm of the last gradient.
    """

    step: int
    steps: int
    epoch: float
    loss: float
    gradient: float
    valid: Mapping[str, float] = field(default_factory=dict)
    score: float | None = None


@dataclass(frozen=True)
class Edit:
    """What a remedy asks for; it never touches training state itself.

    Args:
        reason: Why, in one sentence.
        knobs: Knobs to set: ``lr`` (a factor on the schedule), ``weight_decay``, ``l1``, ``clip_norm``,
            ``clip_value``, ``average``.
        stop: End training here.
        restore: Go back to the best weights.
    """

    reason: str
    knobs: Mapping[str, float] = field(default_factory=dict)
    stop: bool = False
    restore: bool = False


def seeded(seed: int, *names: object) -> torch.Generator:
    """Return a generator of its own for each purpose, so that observing never changes training.

    Args:
        seed: The one seed of the run.
        names: What the draws are for, such as ``"shuffle", 3``.
    """
    import torch

    return torch.Generator().manual_seed(derived(seed, *names))


def derived(seed: int, *names: object) -> int:
    """Return a 63-bit seed that depends on the run's seed and the purpose only, on every platform.

    Example:
        >>> derived(0, "split") == derived(0, "split"), derived(0, "split") == derived(1, "split")
        (True, False)
    """
    from hashlib import blake2b

    text = "/".join(str(part) for part in (seed, *names))
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") >> 1
