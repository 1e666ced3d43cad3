"""Opening a bundle's folder: found, verified, parsed and migrated, without loading PyTorch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glia.bundle.layout import DOCUMENTS
from glia.bundle.migrate import migrated
from glia.core.errors import BundleError
from glia.core.manifest import MANIFEST, verify
from glia.core.store import read_json, settled

__all__ = ["Stored", "find", "read", "verified"]


@dataclass(frozen=True)
class Stored:
    """A bundle as it lies on the disk.

    Args:
        folder: The bundle's folder.
        documents: Its parsed documents by name, in the present format.
    """

    folder: Path
    documents: dict[str, Any]


def find(path: str | Path) -> Path:
    """Return the bundle's folder behind a run's folder or a bundle's.

    Raises:
        BundleError: There is none.
    """
    path = Path(path)
    for folder in (path, settled(path / "bundle"), settled(path)):
        if (folder / MANIFEST).exists() or (folder / DOCUMENTS["config"]).exists():
            return folder
    if (path / "events.jsonl").exists() or (path / "run.json").exists():
        found, remedy = "the run has written no bundle", "let it end, or fit again"
    else:
        found = "there is no bundle here" if path.is_dir() else "there is no such folder"
        remedy = "name the folder of a run, or the folder bundle inside it"
    raise BundleError("no_bundle", found, remedy=remedy, file=path)


def verified(path: str | Path) -> Path:
    """Return the bundle's folder after making sure that every byte is the one that was written.

    Raises:
        BundleError: Some file is changed, missing, truncated or extra; all such files are named.
    """
    folder = find(path)
    problems = verify(folder)
    if problems:
        more = f" and {len(problems) - 8} more" if len(problems) > 8 else ""
        raise BundleError(
            "damaged_bundle",
            "; ".join(problems[:8]) + more,
            remedy="copy the bundle again from where it is whole, or fit again",
            file=folder / problems[0].partition(": ")[0],
        )
    return folder


def read(path: str | Path) -> Stored:
    """Return a bundle's documents.

    Raises:
        BundleError: The bundle is damaged, or of a newer format.
    """
    folder = verified(path)
    documents = {name: read_json(folder / file, BundleError) for name, file in DOCUMENTS.items()}
    documents = migrated(documents, folder)
    for name, document in documents.items():
        if not isinstance(document, dict):
            raise BundleError("bad_bundle", "not an object", file=folder / DOCUMENTS.get(name, name))
    return Stored(folder, documents)
