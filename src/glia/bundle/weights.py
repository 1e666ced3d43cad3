"""Weights as safetensors: the same weights give the same bytes, and nothing but numbers is in the file."""

from __future__ import annotations

from pathlib import Path

import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor, nn

from glia.core.errors import BundleError, GliaError, UsageError
from glia.core.names import listed
from glia.core.store import refusing

__all__ = ["dumps", "restore"]


def dumps(module: nn.Module) -> bytes:
    """Return a module's weights as a safetensors file; parameters shared by two names are stored under both.

    Raises:
        UsageError: The module keeps something else than tensors in its state.

    Example:
        >>> len(dumps(nn.Linear(2, 1))) > 12
        True
    """
    state = module.state_dict()
    strange = [name for name, value in state.items() if not isinstance(value, Tensor)]
    if strange:
        raise UsageError(
            "state_not_tensors",
            f"{type(module).__name__} keeps something else than tensors in {listed(strange)}",
            remedy="keep what get_extra_state returns in a buffer: a bundle stores tensors only",
        )
    # Clones are needed: the format takes no two tensors that share memory.
    tensors = {name: state[name].detach().cpu().contiguous().clone() for name in sorted(state)}
    return safetensors.torch.save(tensors, metadata={"format": "pt"})


def restore(module: nn.Module, path: Path, *, foreign: bool = False) -> None:
    """Load a weight file into a module that was built for it.

    Args:
        module: The module, with parameters of the names, shapes and types in the file.
        path: The file.
        foreign: Whether the module is the person's own, which then may be the wrong one.

    Raises:
        BundleError: The file is no safetensors file, or holds other weights than the module's.
        UsageError: The same of a person's own module.
    """
    with refusing(path, BundleError):
        data = path.read_bytes()
    try:
        tensors = safetensors.torch.load(data)
    except (SafetensorError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise BundleError("bad_weights", f"not a safetensors file: {error}"[:300], file=path) from None
    wrong = _differences(module.state_dict(), tensors)
    if wrong:
        said = f"{type(module).__name__} does not fit: {'; '.join(wrong[:5])}"
        said += f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""
        kind: type[GliaError] = UsageError if foreign else BundleError
        remedy = "give a module of the class and options that were fitted" if foreign else "fit again"
        raise kind("other_weights", said, remedy=remedy, file=path)
    module.load_state_dict(tensors)


def _differences(wanted: dict[str, Tensor], found: dict[str, Tensor]) -> list[str]:
    said = [f"{name} is missing" for name in wanted if name not in found]
    said += [f"{name[:80]} is not wanted" for name in found if name not in wanted]
    for name, tensor in wanted.items():
        other = found.get(name, tensor)
        if other.shape != tensor.shape:
            said.append(f"{name} is {tuple(other.shape)}, not {tuple(tensor.shape)}")
        elif other.dtype != tensor.dtype and not (other.is_floating_point() and tensor.is_floating_point()):
            said.append(f"{name} is {other.dtype}, not {tensor.dtype}")
    return said
