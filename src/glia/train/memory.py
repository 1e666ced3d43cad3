"""When memory does not suffice: told apart from other failures, and answered with smaller pieces of a batch."""

from __future__ import annotations

import copy
import re

from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

from glia.core.errors import TrainingError
from glia.core.parts import Step
from glia.core.store import megabytes
from glia.core.values import Batch
from glia.nets.blocks.dropout import Dropout
from glia.train.job import Job, State
from glia.train.steps.accumulate import Accumulate

__all__ = ["out_of_memory", "shrink", "stepping", "wanted_bytes"]

_SIGNS = re.compile(r"can't allocate memory|out of memory|bad_alloc|cannot allocate memory|unable to allocate", re.I)
_NEED = re.compile(r"allocate (\d+(?:\.\d+)?) (bytes|[KMGT]iB)", re.I)
_UNITS = {"bytes": 1, "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}


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
    found = _NEED.search(str(error))
    return megabytes(int(float(found[1]) * _UNITS[found[2].lower()])) if found else ""


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
    edit = f"out of memory{need}: the same batches in pieces of {smaller} rows{_differing(job)}"
    state.history.append({"step": state.step + 1, "edit": edit})  # of the step that is being taken


def _differing(job: Job) -> str:
    """Return what pieces do not give as the whole batch would; nothing where only rounding is left."""
    modules = [module for net in job.nets.values() for module in net.modules()]
    said = []
    if any(isinstance(one, _BatchNorm) and one.training for one in modules):
        said.append("batch norm takes its statistics from the rows of a piece")
    if any(isinstance(one, (_DropoutNd, Dropout)) and one.training for one in modules):
        said.append("dropout draws anew for each piece")
    if job.plan.precision != "fp32":
        said.append(f"sums of {job.plan.precision} products round otherwise")
    return f"; what differs from whole batches: {' and '.join(said)}" if said else ""


def _size(step: Step) -> int | None:
    if isinstance(step, Accumulate):
        return step.micro_batch
    inner = getattr(step, "inner", None)
    return None if inner is None else _size(inner)
