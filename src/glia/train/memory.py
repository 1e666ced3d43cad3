"""When memory does not suffice: told apart from other failures, and answered with smaller pieces of a batch."""

from __future__ import annotations

import copy
import re

from glia.core.errors import TrainingError
from glia.core.parts import Step
from glia.core.store import megabytes
from glia.core.values import Batch
from glia.train.job import Job, State
from glia.train.steps.accumulate import Accumulate

__all__ = ["out_of_memory", "shrink", "stepping", "wanted_bytes"]

_SIGNS = re.compile(r"can't allocate memory|out of memory|bad_alloc|cannot allocate memory|unable to allocate", re.I)
_BYTES = re.compile(r"allocate (\d+) bytes")


def out_of_memory(error: BaseException) -> bool:
    """Return whether an error says that memory did not suffice.

    Example:
        >>> out_of_memory(MemoryError()), out_of_memory(RuntimeError("shapes differ"))
        (True, False)
    """
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and bool(_SIGNS.search(str(error))))


def wanted_bytes(error: BaseException) -> str:
    """Return how much was asked for, as people say it; nothing where the error does not tell.

    Example:
        >>> wanted_bytes(RuntimeError("you tried to allocate 4194304 bytes. Error code 12"))
        '4.0 MB'
    """
    found = _BYTES.search(str(error))
    return megabytes(int(found[1])) if found else ""


def stepping(job: Job, state: State) -> Step:
    """Return the step to take: the job's own, or the same in pieces once memory did not suffice."""
    return job.step if state.micro_batch is None else _pieces(job.step, state.micro_batch)


def _pieces(step: Step, micro_batch: int) -> Step:
    if isinstance(step, Accumulate):
        return Accumulate(step.inner, micro_batch=micro_batch)
    if hasattr(step, "inner"):
        inner = copy.copy(step)
        inner.inner = _pieces(inner.inner, micro_batch)
        return inner
    return Accumulate(step, micro_batch=micro_batch)


def shrink(job: Job, state: State, batch: Batch, error: BaseException) -> None:
    """Halve the pieces that a batch is taken in; the gradient stays that of the whole batch.

    Raises:
        TrainingError: There is nothing left to halve, or the batch must not be taken apart.
    """
    pieces = state.micro_batch or _size(job.step) or len(batch)
    smaller = -(-min(pieces, len(batch)) // 2)
    need = f" ({wanted_bytes(error)} more were asked for)" if wanted_bytes(error) else ""
    if smaller == pieces or job.objective.couples == "batch":
        said = "one row" if smaller == pieces else f"a batch of {len(batch)} rows, which must not be taken apart,"
        raise TrainingError(
            "out_of_memory",
            f"memory does not suffice for a training step of {said}{need}",
            remedy="take a smaller network or batch, or a machine with more memory",
        ) from None
    state.micro_batch = smaller
    edit = f"out of memory{need}: the same batches in pieces of {smaller} rows"
    state.history.append({"step": state.step + 1, "edit": edit})  # of the step that is being taken


def _size(step: Step) -> int | None:
    if isinstance(step, Accumulate):
        return step.micro_batch
    inner = getattr(step, "inner", None)
    return None if inner is None else _size(inner)
