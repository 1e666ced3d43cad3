"""Pictures with masks: two folders whose files share their stems."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from glia.core.errors import DataError
from glia.sources._found import Found, column, part_of, parts_array, pictures
from glia.sources._tree import Tree

__all__ = ["masks"]

_ENDING = re.compile(r"[-_. ]?(masks?|seg|segmentation|labels?|labelids|gt|groundtruth|annotation|matte|manual\d?)$")
_FOLDER = re.compile(r"mask|seg|label|annot|truth|(^|[^a-z])gt($|[^a-z])|manual|trimap")


def masks(tree: Tree) -> Found | None:
    """Return pictures and the masks of the same name in a sibling folder, perhaps with an ending such as ``_mask``.

    A folder of masks is one whose name says so (mask, label, seg, gt, truth, annotation), or whose files do.
    """
    names = pictures(tree)
    is_mask = {name: _is_mask(name) for name in names}
    found = [name for name in names if is_mask[name]]
    if not found or len(found) == len(names):
        return None
    by_key = {_key(name): name for name in found}
    chosen = [name for name in names if not is_mask[name]]
    keys = {name: _key(name) for name in chosen}
    both = [name for name in chosen if keys[name] in by_key]
    if len(both) < 0.5 * min(len(chosen), len(by_key)):
        return None  # a class that is called "labels", and no masks
    lonely = sorted(set(keys.values()) ^ set(by_key))
    if lonely:
        stem = lonely[0].rsplit("/", 1)[-1]
        if lonely[0] in by_key:
            file, lacks = by_key[lonely[0]], "there is no picture for this mask"
        else:
            file, lacks = next(name for name in chosen if keys[name] == lonely[0]), "there is no mask for this picture"
        said = f"{lacks} ({len(lonely)} such files)"
        remedy = f"bring the other {stem!r}, or leave this out"
        raise DataError("missing_file", said, remedy=remedy, file=tree.where(file))
    columns = {
        "image": column(tree.value(name) for name in both),
        "mask": column(tree.value(by_key[keys[name]]) for name in both),
    }
    parts = [next((part for folder in _folders(name) if (part := part_of(folder))), "") for name in both]
    return Found(columns, "pictures with masks", parts_array(parts), {"left out": len(tree.names) - 2 * len(both)})


def _folders(name: str) -> tuple[str, ...]:
    return PurePosixPath(name).parts[:-1]


def _is_mask(name: str) -> bool:
    stem = PurePosixPath(name).stem.lower()
    return any(_FOLDER.search(folder.lower()) for folder in _folders(name)) or bool(re.search(r"[-_.]masks?$", stem))


def _key(name: str) -> str:
    """Return what a picture and its mask have in common: part and stem without an ending."""
    stem = PurePosixPath(name).stem
    shorter = _ENDING.sub("", stem.lower())
    part = next((part for folder in _folders(name) if (part := part_of(folder))), "")
    return f"{part}/{shorter or stem.lower()}"
