"""Folders of arrays in files: idx (MNIST and its relatives) and the binary batches of CIFAR."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

import numpy as np

from glia.core.errors import DataError
from glia.core.raw import Raw
from glia.sources import _idx
from glia.sources._found import Found, column, part_of, parts_array
from glia.sources._tree import Tree

__all__ = ["cifar", "idx"]

_IDX = re.compile(r"(.*?)[-_.]?(images|labels)[-_.]idx[13]-ubyte(\.gz)?")
_BATCH = re.compile(r"(data_batch_\d+|test_batch|train|test)\.bin")
_SIDE = 32
_ORDER = ("train", "valid", "test", "")


def idx(tree: Tree) -> Found | None:
    """Return pictures and labels of pairs of idx files; ``t10k`` is the test part."""
    sets: dict[str, dict[str, str]] = {}
    for name in tree.names:
        if match := _IDX.fullmatch(PurePosixPath(name).name):
            kinds = sets.setdefault(match[1], {})
            # The same file packed and unpacked is there once.
            kinds.setdefault(match[2], name)
    if not sets:
        return None
    images, labels, parts = [], [], []
    for prefix, files in sorted(sets.items(), key=lambda one: _ORDER.index(part_of(one[0]))):
        image, label = _pair(tree, prefix, files)
        images.append(image)
        labels.append(label)
        parts += [part_of(prefix)] * len(image)
    shapes = {image.shape[1:] for image in images}
    if len(shapes) > 1:
        said = f"the pictures of its parts differ in size: {sorted(shapes)}"
        raise DataError("unequal_shapes", said, remedy="bring parts that belong together", file=tree.root)
    picture, label = np.concatenate(images), np.concatenate(labels).astype(np.int64)
    there = np.ones(len(label), bool)
    columns = {"image": Raw(picture, there), "label": Raw(label, there)}
    return Found(columns, "idx files", parts_array(parts), {"classes": len(np.unique(label))})


def _pair(tree: Tree, prefix: str, files: dict[str, str]) -> tuple[np.ndarray, np.ndarray]:
    for wanted, other in (("images", "labels"), ("labels", "images")):
        if wanted not in files:
            said = f"it has no {wanted} beside it"
            raise DataError("missing_file", said, remedy=f"fetch {prefix}-{wanted}, too", file=tree.where(files[other]))
    image, label = (_idx.parsed(tree.data(files[kind]), tree.where(files[kind])) for kind in ("images", "labels"))
    if image.dtype != np.uint8 or image.ndim not in (3, 4) or label.ndim != 1 or label.dtype.kind not in "iu":
        said = f"it holds {image.dtype} values of shape {image.shape[1:]}, and pictures are bytes in rows and columns"
        raise DataError("wrong_shape", said, remedy="bring unsigned bytes (N, H, W)", file=tree.where(files["images"]))
    if len(image) != len(label):
        said = f"it holds {len(label):,} labels for {len(image):,} pictures"
        raise DataError("unequal_lengths", said, remedy="fetch both again", file=tree.where(files["labels"]))
    return image, label


def cifar(tree: Tree) -> Found | None:
    """Return pictures and labels of CIFAR-10's or CIFAR-100's binary batches.

    A record is one label byte (CIFAR-100: the coarse and the fine one) and 3,072 bytes of 32 x 32 pixels, first
    all reds, then greens, then blues: https://www.cs.toronto.edu/~kriz/cifar.html.
    """
    batches = [name for name in tree.names if _BATCH.fullmatch(PurePosixPath(name).name)]
    pickles = [name for name in tree.names if re.fullmatch(r"(data_batch_\d|test_batch)", PurePosixPath(name).name)]
    if pickles and not batches:
        said = "it is a Python pickle, which can run any code when it is opened"
        remedy = "fetch the binary version of the set (cifar-10-binary)"
        raise DataError("pickled_array", said, remedy=remedy, file=tree.where(pickles[0]))
    if not batches:
        return None
    fine = all(PurePosixPath(name).stem in ("train", "test") for name in batches)
    record = _SIDE * _SIDE * 3 + 1 + fine
    rows, parts = [], []
    for name in batches:
        data = tree.data(name)
        if not data or len(data) % record:
            said = f"its {len(data):,} bytes are no whole number of records of {record:,} bytes"
            raise DataError("damaged_file", said, remedy="fetch it again", file=tree.where(name))
        rows.append(np.frombuffer(data, np.uint8).reshape(-1, record))
        parts += [("test" if "test" in PurePosixPath(name).name else "train")] * len(rows[-1])
    grid = np.concatenate(rows)
    picture = np.ascontiguousarray(grid[:, 1 + fine :].reshape(-1, 3, _SIDE, _SIDE).transpose(0, 2, 3, 1))
    columns = {"image": Raw(picture, np.ones(len(grid), bool))}
    if fine:
        columns["coarse"] = _labels(tree, grid[:, 0], "coarse_label_names.txt")
    columns["label"] = _labels(tree, grid[:, int(fine)], "fine_label_names.txt" if fine else "batches.meta.txt")
    return Found(columns, "CIFAR batches", parts_array(parts), {"classes": len(np.unique(grid[:, int(fine)]))})


def _labels(tree: Tree, codes: np.ndarray, file: str) -> Raw:
    """Return labels as text where a file beside the batches names them, else as numbers."""
    found = [name for name in tree.names if PurePosixPath(name).name == file]
    words = tree.text(found[0]).split() if found else []
    if not words:
        return Raw(codes.astype(np.int64), np.ones(len(codes), bool))
    if codes.max() >= len(words):
        said = f"it names {len(words)} classes, and a label is {codes.max()}"
        raise DataError("bad_label", said, remedy="fetch the set again", file=tree.where(found[0]))
    return column(words[code] for code in codes.tolist())
