"""Bundles of older formats are brought forward, one version at a time; those of newer ones are refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from glia.bundle.layout import FORMAT
from glia.core.errors import BundleError

__all__ = ["MIGRATIONS", "migrated"]

Documents = dict[str, Any]


def _readouts(documents: Documents) -> Documents:
    """Format 2: readouts go by a name of their own, and specs say by what a group is normalized."""
    config = dict(documents["config"])
    old = dict(config.pop("calibration"))
    config["readout"] = {"readout": old.pop("objective"), **old}
    for group in (*config["inputs"].values(), *config["targets"].values()):
        group.update(center=[], spread=[])
    return {**documents, "config": config}


MIGRATIONS: dict[int, Callable[[Documents], Documents]] = {1: _readouts}
"""``{version: function}``; a function takes the documents of its version and returns those of the next."""


def migrated(
    documents: Documents,
    folder: Path,
    *,
    now: int = FORMAT,
    steps: Mapping[int, Callable[[Documents], Documents]] = MIGRATIONS,
) -> Documents:
    """Return a bundle's documents in the present format.

    Args:
        documents: The parsed documents by name, ``"config"`` among them.
        folder: The bundle, for messages.
        now: The format to arrive at.
        steps: The way from each format to the next.

    Raises:
        BundleError: The format is newer than this glia, or none that ever was.

    Example:
        >>> old = {"config": {"format": 1, "task": "classify"}}
        >>> to_2 = {1: lambda documents: {"config": {"task": documents["config"]["task"]}}}
        >>> migrated(old, Path("bundle"), now=2, steps=to_2)
        {'config': {'task': 'classify', 'format': 2}}
    """
    config = documents["config"]
    version = config.get("format") if isinstance(config, dict) else None
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise BundleError("bad_format", "config.json names no format version", file=folder / "config.json")
    if version > now:
        raise BundleError(
            "newer_format",
            f"the bundle has format {version}, and this glia knows formats up to {now}",
            remedy="upgrade glia: pip install --upgrade glia",
            file=folder / "config.json",
        )
    for step in range(version, now):
        documents = steps[step](documents)
        documents["config"]["format"] = step + 1
    return documents
