"""Checkpoints: a nested state as safetensors and JSON in a sealed folder, written beside training, read by strangers.

A folder holds ``tensors.safetensors``, ``state.json`` (everything that is no tensor) and a manifest with their hashes.
It appears whole or not at all, and the last two are kept, so that no instant is without a good one.
"""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError

from glia.core.errors import DataError, UsageError
from glia.core.manifest import seal, verify
from glia.core.store import building, clean, discard, read_json, refusing, write_atomic

__all__ = ["Checkpoints", "packed", "read_tree", "unpacked", "write_tree"]

TENSORS, DOCUMENT = "tensors.safetensors", "state.json"
KEEP = 2


class Checkpoints:
    """The checkpoints of a run, named so that names sort by age.

    Args:
        folder: Where they lie; made when the first one is written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     checkpoints = Checkpoints(folder)
        ...     checkpoints.submit("step-1", {"step": 1, "weights": {"w": torch.ones(2)}})
        ...     checkpoints.wait()
        ...     checkpoints.newest()
        ('step-1', {'step': 1, 'weights': {'w': tensor([1., 1.])}})
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self._thread: threading.Thread | None = None
        self._error: Exception | None = None

    @property
    def busy(self) -> bool:
        """Whether one is being written right now."""
        return self._thread is not None and self._thread.is_alive()

    def submit(self, name: str, state: Mapping[str, Any]) -> None:
        """Copy a state now and write it on a thread of its own, after whatever is being written.

        Raises:
            DataError: The one before could not be written.
            UsageError: The state holds something that is neither a tensor nor a JSON value.
        """
        self.wait()
        document, tensors = packed(state)
        thread = threading.Thread(target=self._write, args=(name, document, tensors), name="glia-checkpoint")
        try:
            thread.start()
        except RuntimeError:  # too little memory for another thread
            self._write(name, document, tensors)
            self.check()
        else:
            self._thread = thread

    def wait(self) -> None:
        """Return when nothing is being written.

        Raises:
            DataError: What was written last could not be: the disk is full, read-only or failing. Older ones are whole.
        """
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self.check()

    def check(self) -> None:
        """Raise what went wrong on the thread, once."""
        error, self._error = self._error, None
        if error is not None:
            raise error

    def names(self) -> list[str]:
        """Return the names of all checkpoints, oldest first."""
        if not self.folder.is_dir():
            return []
        return sorted(item.name for item in self.folder.glob("step-*") if item.is_dir())

    def newest(self, say: Callable[[str], None] = lambda text: None) -> tuple[str, dict[str, Any]] | None:
        """Return name and state of the newest checkpoint that is whole; damaged ones are removed.

        Args:
            say: Told of every damaged one.
        """
        for name in reversed(self.names()):
            try:
                return name, read_tree(self.folder / name)
            except DataError as error:
                say(f"checkpoint {name} is damaged and was passed over ({error})")
                discard(self.folder / name)
        return None

    def clean(self) -> list[str]:
        """Remove what interrupted writes left; see :func:`glia.core.store.clean`."""
        return clean(self.folder) if self.folder.is_dir() else []

    def _write(self, name: str, document: Any, tensors: dict[str, torch.Tensor]) -> None:
        try:
            _store(self.folder / name, document, tensors)
            for old in self.names()[:-KEEP]:
                discard(self.folder / old)
        except Exception as error:  # told to the training thread, which is the one that can stop the run
            self._error = error


def write_tree(folder: str | Path, tree: Mapping[str, Any]) -> None:
    """Write nested dictionaries, lists, tensors and JSON values as a sealed folder, replacing an older one.

    Raises:
        DataError: The disk is full, read-only or failing; an older folder stays.
    """
    _store(Path(folder), *packed(tree))


def _store(folder: Path, document: Any, tensors: dict[str, torch.Tensor]) -> None:
    with building(folder) as temp:
        write_atomic(temp / TENSORS, safetensors.torch.save(tensors))
        write_atomic(temp / DOCUMENT, json.dumps(document, allow_nan=False, separators=(",", ":")).encode())
        seal(temp)


def read_tree(folder: str | Path) -> dict[str, Any]:
    """Return what :func:`write_tree` wrote, after making sure that every byte is the one that was written.

    Raises:
        DataError: A file is missing, changed or not what it should be; it is named.
    """
    folder = Path(folder)
    problems = verify(folder)
    if problems:
        raise DataError("bad_checkpoint", "; ".join(problems[:4]), file=folder / problems[0].partition(": ")[0])
    document = read_json(folder / DOCUMENT)
    with refusing(folder / TENSORS):
        data = (folder / TENSORS).read_bytes()
    try:
        tensors = safetensors.torch.load(data)
        tree = unpacked(document, tensors)
        if unknown := set(tensors) - _named(document):
            raise ValueError(f"nothing refers to the tensor {min(unknown)[:80]!r}")
    except (SafetensorError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise DataError("bad_checkpoint", f"not a state ({str(error)[:200]})", file=folder) from None
    if not isinstance(tree, dict):
        raise DataError("bad_checkpoint", "not a state", file=folder / DOCUMENT)
    return tree


def _named(document: Any) -> set[str]:
    """Return the names of the tensors that a document refers to."""
    if isinstance(document, list):
        return set().union(*map(_named, document))
    if not isinstance(document, dict):
        return set()
    if "$tensor" in document:
        return {document["$tensor"]}
    return set().union(*map(_named, document.values()))


def packed(tree: Any) -> tuple[Any, dict[str, torch.Tensor]]:
    """Return a copy of a tree as a JSON document and the tensors it refers to.

    What JSON cannot say is said as ``{"$kind": ...}``: tensors, tuples, keys that are no text, and numbers that are
    not finite. Nothing else is ever written or understood, so that reading a checkpoint runs no code.

    Example:
        >>> packed({"best": float("-inf"), 0: (1, torch.ones(1))})
        ({'$pairs': [['best', {'$float': '-inf'}], [0, {'$tuple': [1, {'$tensor': '0/1'}]}]]}, {'0/1': tensor([1.])})
    """
    tensors: dict[str, torch.Tensor] = {}

    def pack(value: Any, path: str) -> Any:
        if isinstance(value, torch.Tensor):
            tensors[path] = value.detach().cpu().clone(memory_format=torch.contiguous_format)
            return {"$tensor": path}
        if isinstance(value, Mapping):
            inner = [(key, pack(item, f"{path}/{key}" if path else str(key))) for key, item in value.items()]
            if all(isinstance(key, str) and not key.startswith("$") for key in value):
                return dict(inner)
            return {"$pairs": [[key, item] for key, item in inner]}
        if isinstance(value, list | tuple):
            items = [pack(item, f"{path}/{index}") for index, item in enumerate(value)]
            return items if isinstance(value, list) else {"$tuple": items}
        if isinstance(value, float):
            return float(value) if math.isfinite(value) else {"$float": str(float(value))}
        if value is None or isinstance(value, str | bool | int):
            return value
        raise UsageError(
            "state_not_tensors",
            f"a checkpoint holds tensors and JSON values, and {path} is a {type(value).__name__}",
            remedy="keep it in a buffer of the module",
        )

    return pack(tree, ""), tensors


def unpacked(document: Any, tensors: Mapping[str, torch.Tensor]) -> Any:
    """Return the tree behind what :func:`packed` gave.

    Raises:
        ValueError: The document is none of these.
        KeyError: A tensor is missing.
    """
    if isinstance(document, list):
        return [unpacked(item, tensors) for item in document]
    if not isinstance(document, dict):
        return document
    kind = next(iter(document), "")
    if not kind.startswith("$"):
        return {key: unpacked(item, tensors) for key, item in document.items()}
    value = document[kind]
    if kind == "$tensor":
        return tensors[value]
    if kind == "$float":
        return float(value)
    if kind == "$tuple":
        return tuple(unpacked(item, tensors) for item in value)
    if kind == "$pairs":
        return {key: unpacked(item, tensors) for key, item in value}
    raise ValueError(f"{kind[:40]!r} is nothing that a state holds")
