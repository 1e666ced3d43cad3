"""What a training step keeps in memory, measured on one step of a job that is thrown away."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from glia.train.job import Job, State
from glia.train.update import update

__all__ = ["footprint"]


def footprint(job: Job) -> dict[str, int]:
    """Return the bytes that a step needs at once, by what they hold.

    Args:
        job: The job; it is trained by one step.

    Returns:
        ``weights`` (with running statistics), ``gradients``, ``moments`` (what the optimizer remembers),
        ``activations`` (what the forward pass keeps for the backward pass) and ``rows`` (the training rows).
    """
    state, nets = State(job), job.call(job.nets)
    held = [one for net in job.nets.values() for one in (*net.parameters(), *net.buffers())]
    trained = [p for net in job.nets.values() for p in net.parameters() if p.requires_grad]
    rows = _rows(job)
    known = {_place(one) for one in (*held, *rows)}
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        if _place(tensor) not in known:
            kept[_place(tensor)] = tensor.untyped_storage().nbytes()
        return tensor

    batch = next(iter(job.stream.batches()))
    for turn in job.objective.turns:
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            update(job, state, nets, turn, batch)
    moments = [
        value
        for optimizer in job.optimizers.values()
        for own in optimizer.state.values()
        for value in own.values()
        if isinstance(value, Tensor)
    ]
    return {
        "weights": _bytes(held),
        "gradients": _bytes(trained),
        "moments": _bytes(moments),
        "activations": sum(kept.values()),
        "rows": sum({_place(one): one.untyped_storage().nbytes() for one in rows}.values()),
    }


def _rows(job: Job) -> list[Tensor]:
    stream = job.stream
    while not hasattr(stream, "rows") and hasattr(stream, "inner"):
        stream = stream.inner
    rows = getattr(stream, "rows", None)
    return [] if rows is None else [*rows.values.values(), rows.weight, rows.row]


def _place(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def _bytes(tensors: Iterable[Tensor]) -> int:
    return sum(one.numel() * one.element_size() for one in tensors)
