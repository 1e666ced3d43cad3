"""Many small tensors as one: what is done to all of them at once then costs one call instead of one for each."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

__all__ = ["Flat"]


class Flat:
    """One buffer that tensors of one dtype become windows of; their identity, names and values stay.

    Args:
        tensors: The tensors, which keep their shapes and memory formats.

    Example:
        >>> one, other = torch.ones(2), torch.zeros(1, 3)
        >>> flat = Flat([one, other])
        >>> _ = flat.buffer.add_(1)
        >>> one.tolist(), other.tolist()
        ([2.0, 2.0], [[1.0, 1.0, 1.0]])
        >>> flat.release()
        >>> one.untyped_storage().nbytes()
        8
    """

    def __init__(self, tensors: Sequence[Tensor]) -> None:
        self.tensors = list(tensors)
        first = self.tensors[0]
        self._forms = [_form(one) for one in self.tensors]
        self.buffer = torch.empty(sum(one.numel() for one in self.tensors), dtype=first.dtype, device=first.device)
        for tensor, window in zip(self.tensors, self.windows(self.buffer), strict=True):
            window.copy_(tensor.detach())
            tensor.data = window

    def windows(self, buffer: Tensor) -> list[Tensor]:
        """Return the windows of another buffer of the same length, shaped as the tensors are."""
        out, at = [], 0
        for tensor, (shape, order) in zip(self.tensors, self._forms, strict=True):
            piece = buffer[at : at + tensor.numel()].view(shape)
            out.append(piece if order is None else piece.permute(order))
            at += tensor.numel()
        return out

    def gathered(self, tensors: Sequence[Tensor], out: Tensor) -> Tensor:
        """Write tensors of the same shapes side by side into a buffer, in the order of its windows' memory."""
        lines = []
        for tensor, (_, order) in zip(tensors, self._forms, strict=True):
            turned = tensor if order is None else tensor.permute(_inverse(order))
            lines.append(turned.reshape(-1))
        return torch.cat(lines, out=out)

    @property
    def orders(self) -> list[tuple[int, ...] | None]:
        """How each tensor's axes lie in memory; ``None`` = as they are counted."""
        return [None if order is None else _inverse(order) for _, order in self._forms]

    @property
    def intact(self) -> bool:
        """Whether every tensor still is a window of the buffer."""
        at = self.buffer.data_ptr()
        for tensor in self.tensors:
            if tensor.data_ptr() != at:
                return False
            at += tensor.numel() * tensor.element_size()
        return True

    def release(self) -> None:
        """Give every tensor memory of its own again."""
        for tensor in self.tensors:
            tensor.data = tensor.detach().clone(memory_format=torch.preserve_format)


def _form(tensor: Tensor) -> tuple[tuple[int, ...], tuple[int, ...] | None]:
    """Return the shape in the order of memory, and how to permute it into the tensor's own (``None`` = as it is)."""
    if tensor.is_contiguous() or tensor.dim() != 4 or not tensor.is_contiguous(memory_format=torch.channels_last):
        return tuple(tensor.shape), None
    count, channels, height, width = tensor.shape
    return (count, height, width, channels), (0, 3, 1, 2)


def _inverse(order: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(order.index(axis) for axis in range(len(order)))
