"""Where a job runs: what it holds is moved there once, and what its objective makes on the way is made there.

Networks are initialized, and chance is drawn by generators of a purpose, on the processor, so that both are the same
everywhere. Afterwards everything comes home: judging and predicting are done on the processor, in float32.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from glia.core.errors import UsageError
from glia.core.parts import Augment, Objective, Stream
from glia.core.values import Batch

if TYPE_CHECKING:
    from glia.train.job import Job
    from glia.train.plan import Plan

__all__ = [
    "HOME",
    "Resident",
    "chance",
    "here",
    "home",
    "moved",
    "place",
    "rechance",
    "refusal",
    "resident",
    "resolved",
]

HOME = "cpu"
SHARE = 0.5
"""Most of a device's free memory that the training rows may take; more of them are moved batch by batch."""
FACTORIES = frozenset(
    getattr(torch, name)
    for one in ("arange as_tensor empty eye full linspace logspace", "ones rand randint randn randperm tensor zeros")
    for name in one.split()
)


def resolved(wish: str | None) -> str:
    """Return the device to run on: ``"cpu"`` or ``"cuda"``.

    Raises:
        UsageError: A graphics card was wished for, and there is none that the tensor library can use.

    Example:
        >>> resolved("cpu")
        'cpu'
    """
    there = torch.cuda.is_available()
    if wish == "cuda" and not there:
        built = torch.version.cuda is not None
        why = "no graphics card is found" if built else "this build of the tensor library knows the processor only"
        cure = "leave plan.device out, or set it to cpu" + ("" if built else "; or install a build with CUDA")
        raise UsageError("unsupported_device", f"plan.device=cuda cannot be had: {why}", remedy=cure)
    return "cuda" if there and wish in (None, "auto", "cuda") else HOME


def refusal(make: Callable[[Plan], Job], device: str) -> str:
    """Return why a device is better left alone: a step, a look at validation or the way home fails; empty if none does.

    Args:
        make: Builds the job afresh.
        device: The device, beside which the processor takes the same step.
    """
    try:
        lost, there = _loss(make, HOME), _loss(make, device)
    except Exception as error:  # whatever a driver, a kernel or a network does not know
        return f"a step on it failed ({type(error).__name__}: {' '.join(str(error).split())[:120]})"
    # Dropout draws other numbers there, so that losses are alike and not the same.
    alike = math.isclose(lost, there, rel_tol=0.5, abs_tol=1e-3)
    return "" if alike else f"a step on it lost {there:.4g} and {lost:.4g} on the processor"


def _loss(make: Callable[[Plan], Job], device: str) -> float:
    """Return the loss of a step; the networks are looked at and brought home, too."""
    from glia.train.evaluation import evaluating
    from glia.train.job import State
    from glia.train.plan import Plan
    from glia.train.update import update

    with torch.random.fork_rng(devices=[]):
        job = make(Plan(device=device))
        batch = next(job.stream.batches())
        loss = update(job, State(job), job.call(job.nets), job.objective.turns[0], batch)[0]
        if job.evaluate is not None:
            with evaluating(job.nets), here(device):
                job.evaluate(job.nets)
        home(job)
    return loss


class _Here(TorchFunctionMode):
    """Make new tensors on a device; generators of the processor draw there, and what they drew is moved."""

    def __init__(self, device: torch.device) -> None:
        super().__init__()
        self.device = device

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        words = dict(kwargs or {})
        chance = words.get("generator")
        if chance is not None and chance.device != self.device:
            words = {name: _at(value, chance.device) for name, value in words.items() if name != "device"}
            return func(*(_at(one, chance.device) for one in args), **words).to(self.device)
        if func in FACTORIES and words.get("device") is None:
            words["device"] = self.device
        return func(*args, **words)


def _at(value: Any, device: torch.device) -> Any:
    return value.to(device) if isinstance(value, Tensor) else value


def here(device: str) -> AbstractContextManager[Any]:
    """Return a context in which new tensors are made on a device; on the processor it does nothing.

    Example:
        >>> with here("meta"):
        ...     torch.zeros(2).device.type
        'meta'
    """
    return nullcontext() if device == HOME else _Here(torch.device(device))


def place(job: Job) -> Job:
    """Move a job that was just built to the device of its plan, and return it; on the processor it is left as it is."""
    device = job.plan.device
    if device == HOME:
        return job
    _carry(job, device)
    _constants(job.objective, device)
    job.objective.loss = _under(device, job.objective.loss)  # type: ignore[method-assign]
    return replace(job, stream=_streamed(job.stream, device))


def home(job: Job) -> None:
    """Bring networks and objective back to the processor, when nothing more is to be trained."""
    if job.plan.device == HOME:
        return
    _carry(job, HOME)
    _constants(job.objective, HOME)
    vars(job.objective).pop("loss", None)
    torch.set_float32_matmul_precision("highest")


def _carry(job: Job, device: str) -> None:
    """Move networks; parameters that are other objects afterwards are known to their optimizers."""
    before = {name: list(net.parameters()) for name, net in job.nets.items()}
    for net in job.nets.values():
        net.to(device)
    after = {
        id(old): new for name, net in job.nets.items() for old, new in zip(before[name], net.parameters(), strict=True)
    }
    for optimizer in job.optimizers.values():
        for group in optimizer.param_groups:
            group["params"] = [after.get(id(one), one) for one in group["params"]]


def _constants(objective: Objective, device: str) -> None:
    """Move the tensors that an objective, and one inside it, holds."""
    for name, value in vars(objective).items():
        if isinstance(value, Tensor):
            setattr(objective, name, value.to(device))
        elif isinstance(value, Objective):
            _constants(value, device)


def _under(device: str, call: Callable[..., Any]) -> Callable[..., Any]:
    def called(*args: Any, **words: Any) -> Any:
        with here(device):
            return call(*args, **words)

    return called


class Resident(Batch):
    """Rows that lie on a device and are gathered there."""

    def take(self, rows: Tensor | slice) -> Batch:
        """Return the given rows as a batch of their own."""
        return super().take(rows if isinstance(rows, slice) else rows.to(self.weight.device))


def moved(batch: Batch, device: str) -> Batch:
    """Return a batch on a device; windows of one series stay windows of one series."""
    if batch.weight.device == torch.device(device):
        return batch
    values = {name: _whole(value, device) for name, value in batch.values.items()}
    present = {name: mask.to(device) for name, mask in batch.present.items()}
    return Batch(values, batch.weight.to(device), batch.row.to(device), batch.ragged, present)


def resident(rows: Batch, device: str) -> Batch:
    """Return rows that stay on a device, to be taken from again and again."""
    return rows if device == HOME else Resident(**vars(moved(rows, device)))


def _whole(value: Tensor, device: str) -> Tensor:
    """Return a tensor on a device, windows that overlap as windows of one buffer."""
    count = value.untyped_storage().nbytes() // value.element_size()
    if value.numel() <= count:
        return value.to(device)
    buffer = value.as_strided((count,), (1,), 0).to(device)
    return buffer.as_strided(value.shape, value.stride(), value.storage_offset())


class _Carried(Stream):
    """Move every batch of another stream as it comes, where there is no room for all rows."""

    def __init__(self, inner: Stream, device: str) -> None:
        self.inner, self.device = inner, device
        self.steps_per_epoch = inner.steps_per_epoch

    def batches(self) -> Iterator[Batch]:
        """Yield moved batches for ever."""
        for batch in self.inner.batches():
            yield moved(batch, self.device)

    def state_dict(self) -> dict[str, int]:
        """Return the position of the inner stream."""
        return self.inner.state_dict()

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Go back to a position."""
        self.inner.load_state_dict(state)


class _Changed(Augment):
    """An augmentation whose draws are made where the pictures are."""

    def __init__(self, augment: Augment, device: str) -> None:
        self.augment, self.device = augment, device

    def __call__(self, batch: Batch, generator: torch.Generator, epoch: int) -> Batch:
        with here(self.device):
            return self.augment(batch, generator, epoch)


def _streamed(stream: Stream, device: str) -> Stream:
    """Return a stream whose batches are on a device: its rows moved once, or each batch as it comes."""
    inner = getattr(stream, "inner", None)
    if isinstance(inner, Stream):  # what wraps a stream changes batches where they are
        stream.inner = _streamed(inner, device)  # type: ignore[attr-defined]
        if hasattr(stream, "augments"):
            stream.augments = tuple(_Changed(one, device) for one in stream.augments)
        return stream
    rows = getattr(stream, "rows", None)
    if not isinstance(rows, Batch) or not _fits(rows, device):
        return _Carried(stream, device)
    stream.rows = resident(rows, device)  # type: ignore[attr-defined]
    return stream


def _fits(rows: Batch, device: str) -> bool:
    if not device.startswith("cuda") or not torch.cuda.is_available():
        return True
    size = sum(
        min(one.numel() * one.element_size(), one.untyped_storage().nbytes())
        for one in (*rows.values.values(), rows.weight)
    )
    return size < SHARE * torch.cuda.mem_get_info()[0]


def chance() -> Tensor | None:
    """Return the state of a graphics card's own random numbers; ``None`` where none is used."""
    return torch.cuda.get_rng_state() if torch.cuda.is_available() and torch.cuda.is_initialized() else None


def rechance(state: Tensor | None) -> None:
    """Take back what :func:`chance` gave; a run that goes on without that card draws others."""
    if state is not None and torch.cuda.is_available():
        torch.cuda.set_rng_state(state)
