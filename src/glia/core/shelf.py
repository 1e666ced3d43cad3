"""Shelves: folders of interchangeable parts, found by file name and imported when first asked for."""

from __future__ import annotations

from functools import cached_property
from importlib import import_module, metadata
from pkgutil import iter_modules
from typing import Any

from glia.core.errors import UsageError
from glia.core.names import did_you_mean, listed

__all__ = ["Shelf"]


class Shelf:
    """A folder whose every file is one part: file name = registered name, and the file exports one name.

    Packages of others add parts through the entry-point group ``glia.<shelf>``, the same door for all.

    Args:
        package: The dotted package, such as ``"glia.nets"``.

    Example:
        >>> Shelf("glia.schedules_of_nobody").names()
        ()
    """

    def __init__(self, package: str) -> None:
        self.package = package

    @property
    def kind(self) -> str:
        """The shelf's plural name, such as ``"nets"``."""
        return self.package.rsplit(".", 1)[-1]

    @cached_property
    def _strangers(self) -> dict[str, metadata.EntryPoint]:
        return {point.name: point for point in metadata.entry_points(group=f"glia.{self.kind}")}

    @cached_property
    def _own(self) -> tuple[str, ...]:
        try:
            paths = import_module(self.package).__path__
        except ModuleNotFoundError:
            return ()
        files = (module.name for module in iter_modules(paths) if not module.ispkg)
        return tuple(sorted(name for name in files if not name.startswith("_")))

    def names(self) -> tuple[str, ...]:
        """Return every part's name, without importing any."""
        return tuple(sorted({*self._own, *self._strangers}))

    def get(self, name: str) -> Any:
        """Return a part by name.

        Raises:
            UsageError: No such part; the message says which was probably meant.
        """
        if name in self._own:
            module = import_module(f"{self.package}.{name}")
            (export,) = module.__all__
            return getattr(module, export)
        if name in self._strangers:
            return self._strangers[name].load()
        known = self.names()
        raise UsageError(
            f"unknown_{self.kind}",
            f"there is no {name!r} among the {self.kind}{did_you_mean(name, known)}",
            remedy=f"choose one of {listed(known, 30)}",
        )

    def summary(self, name: str) -> str:
        """Return the first sentence of a part's docstring."""
        words = (self.get(name).__doc__ or "").strip().splitlines()
        return words[0] if words else ""
