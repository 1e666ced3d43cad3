"""Pictures with boxes around things: Pascal VOC, COCO and YOLO annotations, in one form.

A row's boxes are one text, a JSON list of ``[label, left, top, right, bottom]`` in shares of the picture's width and
height, such as ``[["cat", 0.1, 0.2, 0.5, 0.9]]``; ``[]`` where there is nothing to find.
"""

from __future__ import annotations

import io
import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import PurePosixPath
from typing import Any

from glia.core.errors import DataError
from glia.core.names import listed
from glia.sources._found import PICTURES, Found, column, part_of, parts_array, pictures
from glia.sources._tree import Tree, suffix_of

__all__ = ["coco", "voc", "yolo"]

_SLACK = 2.0  # pixels that annotators draw over the edge
_MOST = 64 << 20
_FIELDS = re.compile(r"\s*\d+(\s+-?\d*\.?\d+(e-?\d+)?){4,}\s*", re.IGNORECASE)

_Box = tuple[str, float, float, float, float]


@dataclass(frozen=True)
class _Pictures:
    """The pictures of a tree by stem, to find the one that an annotation means."""

    by_stem: dict[str, list[str]]

    @classmethod
    def of(cls, tree: Tree) -> _Pictures:
        by_stem: dict[str, list[str]] = {}
        for name in pictures(tree):
            by_stem.setdefault(PurePosixPath(name).stem, []).append(name)
        return cls(by_stem)

    def near(self, name: str, *wanted: str) -> str | None:
        """Return the picture of the first path wanted that exists; of several, that of the same part and folder.

        Args:
            name: The annotation.
            wanted: Names of pictures, with or without folders and suffix.
        """
        part = _folder_part(f"{name}/x")
        for one in wanted:
            path = PurePosixPath(one.replace("\\", "/"))
            stem = path.stem if path.suffix.lower() in PICTURES else path.name
            if found := self.by_stem.get(stem):
                return max(
                    found,
                    key=lambda picture: (
                        picture.endswith(f"/{path}"),
                        _folder_part(picture) == part,
                        _shared(picture, name),
                    ),
                )
        return None


def _shared(one: str, other: str) -> int:
    """Return how many folders from the top two names share."""
    pairs = zip(PurePosixPath(one).parts, PurePosixPath(other).parts)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def voc(tree: Tree) -> Found | None:
    """Return pictures and boxes of XML files; ``ImageSets/Main`` or folders give the parts.

    Edges are pixels counted from 1, and both ends belong to the box: http://host.robots.ox.ac.uk/pascal/VOC/.
    """
    files = [name for name in tree.names if suffix_of(name) == ".xml"]
    if not files or "<annotation" not in tree.text(files[0])[:1000]:
        return None
    known, sets = _Pictures.of(tree), _image_sets(tree)
    rows = []
    for file in files:
        root = _xml(tree, file)
        picture = known.near(file, PurePosixPath(file).stem, root.findtext("filename") or "")
        if picture is None:
            raise _no_picture(tree, file, root.findtext("filename") or PurePosixPath(file).stem)
        part = sets.get(PurePosixPath(file).stem, "") if sets else _folder_part(file)
        rows.append((picture, _voc_boxes(tree, file, root, picture), part))
    return _table(tree, rows, "Pascal VOC")


def _image_sets(tree: Tree) -> dict[str, str]:
    """Return the part of each stem that the lists of ``ImageSets`` name."""
    lists = [name for name in tree.names if "ImageSets" in PurePosixPath(name).parts and name.endswith(".txt")]
    sets: dict[str, str] = {}
    for name in lists:
        stem = PurePosixPath(name).stem
        if stem in ("train", "val", "test"):
            sets |= {line.split()[0]: part_of(stem) for line in tree.text(name).splitlines() if line.strip()}
    return sets


def _xml(tree: Tree, file: str) -> Any:
    from xml.etree import ElementTree

    text = tree.text(file)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise _bad(tree, file, "it declares entities, which can grow without end", "delete the declaration")
    try:
        return ElementTree.fromstring(text)  # noqa: S314 - nothing is declared, so nothing expands
    except ElementTree.ParseError as error:
        raise _bad(tree, file, f"it is no whole XML file ({error})", "write it again") from error


def _voc_boxes(tree: Tree, file: str, root: Any, picture: str) -> list[_Box]:
    try:
        width, height = (int(float(root.findtext(f"size/{side}") or 0)) for side in ("width", "height"))
        if not (width > 0 and height > 0):
            width, height = _size(tree, picture)
        boxes = []
        for thing in root.iter("object"):
            left, top, right, bottom = (
                float(thing.findtext(f"bndbox/{edge}")) for edge in ("xmin", "ymin", "xmax", "ymax")
            )
            boxes.append((str(thing.findtext("name")).strip(), left - 1, top - 1, right, bottom))
    except (TypeError, ValueError) as error:
        raise _bad(tree, file, "an object has no bndbox of four numbers", "write xmin, ymin, xmax and ymax") from error
    return [_shares(tree, file, box, width, height) for box in boxes]


def coco(tree: Tree) -> Found | None:
    """Return pictures and boxes of COCO's JSON files, whose boxes are ``[left, top, width, height]`` in pixels."""
    files = [name for name in tree.names if suffix_of(name) == ".json" and tree.size(name) <= _MOST * 16]
    documents = {name: document for name in files if (document := _coco_document(tree, name))}
    if not documents:
        return None
    known, rows = _Pictures.of(tree), []
    for file, document in documents.items():
        part = part_of(PurePosixPath(file).stem) or _folder_part(file)
        try:
            rows += [(picture, boxes, part) for picture, boxes in _coco_rows(tree, file, document, known)]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            said = f"it is not as COCO writes annotations ({type(error).__name__}: {error})"
            raise _bad(
                tree, file, said, "give images, annotations (image_id, category_id, bbox), categories"
            ) from error
    return _table(tree, rows, "COCO")


def _coco_document(tree: Tree, file: str) -> Any:
    text = tree.text(file)
    if '"images"' not in text or '"annotations"' not in text:
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _bad(tree, file, f"it is no whole JSON file ({error})", "write it again") from error
    return found if isinstance(found, dict) and {"images", "annotations", "categories"} <= set(found) else None


def _coco_rows(tree: Tree, file: str, document: Any, known: _Pictures) -> Iterable[tuple[str, list[_Box]]]:
    labels = {one["id"]: str(one["name"]) for one in document["categories"]}
    boxes: dict[Any, list[_Box]] = {one["id"]: [] for one in document["images"]}
    sizes = {one["id"]: (int(one["width"]), int(one["height"])) for one in document["images"]}
    for one in document["annotations"]:
        left, top, width, height = map(float, one["bbox"])
        if one.get("iscrowd"):
            continue  # a region of many things, which is no box of one
        for name, there in (("category_id", labels), ("image_id", boxes)):
            if one[name] not in there:
                said = f"the annotation {one.get('id', '')!r} names {name} {one[name]!r}, which is not in the file"
                raise _bad(tree, file, said, "correct or delete it")
        box = (labels[one["category_id"]], left, top, left + width, top + height)
        boxes[one["image_id"]].append(_shares(tree, file, box, *sizes[one["image_id"]]))
    for one in document["images"]:
        picture = known.near(file, str(one["file_name"]))
        if picture is None:
            raise _no_picture(tree, file, str(one["file_name"]))
        yield picture, boxes[one["id"]]


def yolo(tree: Tree) -> Found | None:
    """Return pictures and boxes of YOLO's text files; a picture without one shows nothing to find.

    A line is the number of a class and its middle, width and height in shares of the picture; names of classes
    are in ``classes.txt``, ``obj.names`` or the ``names`` of ``data.yaml``.
    """
    known = _Pictures.of(tree)
    texts = [name for name in tree.names if suffix_of(name) == ".txt" and PurePosixPath(name).stem in known.by_stem]
    filled = [name for name in texts if tree.size(name)][:20]
    if not filled or sum(_looks_like_yolo(tree.text(name)) for name in filled) <= 0.5 * len(filled):
        return None  # among many that look so, one that does not is a mistake, and is told below
    labels, found = _yolo_labels(tree), {}
    for file in texts:
        picture = known.near(file, PurePosixPath(file).stem)
        assert picture is not None
        lines = enumerate(tree.text(file).splitlines(), 1)
        found[picture] = [_yolo_box(tree, file, at, line, labels) for at, line in lines if line.strip()]
    names = pictures(tree)
    return _table(tree, [(name, found.get(name, []), _folder_part(name)) for name in names], "YOLO")


def _looks_like_yolo(text: str) -> bool:
    return all(_FIELDS.fullmatch(line) for line in text.splitlines() if line.strip())


def _yolo_box(tree: Tree, file: str, at: int, line: str, labels: Sequence[str]) -> _Box:
    fields = line.split()
    if not _FIELDS.fullmatch(line) or len(fields) not in (5, 6):
        said = f"line {at}, {line.strip()[:80]!r}, is no class and four shares"
        raise _bad(tree, file, said, "write CLASS MIDDLE-X MIDDLE-Y WIDTH HEIGHT on each line, the class as its number")
    code = int(fields[0])
    if labels and code >= len(labels):
        said = f"class {code} is not among the {len(labels)} named (line {at})"
        raise _bad(tree, file, said, "name it, or correct the line")
    x, y, width, height = map(float, fields[1:5])
    box = (labels[code] if labels else str(code), x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    return _shares(tree, file, box, 1, 1, slack=0.01)


def _yolo_labels(tree: Tree) -> list[str]:
    for name in tree.names:
        if PurePosixPath(name).name in ("classes.txt", "obj.names", "_darknet.labels"):
            return [line.strip() for line in tree.text(name).splitlines() if line.strip()]
    for name in tree.names:
        if suffix_of(name) in (".yaml", ".yml"):
            return _names_in_yaml(tree.text(name))
    return []


def _names_in_yaml(text: str) -> list[str]:
    """Return the list or mapping called ``names``; a whole reader of that language is not needed for it.

    Example:
        >>> _names_in_yaml("nc: 2\\nnames: ['cat', dog]"), _names_in_yaml("names:\\n  0: cat\\n  1: dog\\nnc: 2")
        (['cat', 'dog'], ['cat', 'dog'])
    """
    if inline := re.search(r"^names:\s*[\[{](.*?)[\]}]", text, re.MULTILINE | re.DOTALL):
        items = inline[1].split(",")
    elif block := re.search(r"^names:[ \t]*\n((?:[ \t]*(?:-|\d+:)[^\n]*\n?)+)", text, re.MULTILINE):
        items = block[1].splitlines()
    else:
        return []
    return [name for item in items if (name := re.sub(r"^\s*(-|\d+\s*:)?\s*", "", item).strip().strip("'\""))]


def _shares(tree: Tree, file: str, box: _Box, width: float, height: float, slack: float = _SLACK) -> _Box:
    """Return a box in shares of the picture, an edge drawn a little over the border put on it.

    Raises:
        DataError: The box lies outside, or has no area.
    """
    label, left, top, right, bottom = box
    if not all(map(math.isfinite, box[1:])) or right <= left or bottom <= top:
        said = f"a box of {label!r} has no area (from {left:g}, {top:g} to {right:g}, {bottom:g})"
        raise _bad(tree, file, said, "correct or delete it")
    if min(left, top) < -slack or right > width + slack or bottom > height + slack:
        said = f"a box of {label!r} from {left:g}, {top:g} to {right:g}, {bottom:g} reaches out of the picture"
        raise _bad(tree, file, f"{said} of {width:g} x {height:g}", "correct or delete it")
    return label, _clip(left, width), _clip(top, height), _clip(right, width), _clip(bottom, height)


def _clip(edge: float, length: float) -> float:
    return round(min(max(edge, 0.0), length) / length, 7)


def _size(tree: Tree, picture: str) -> tuple[int, int]:
    """Return width and height of a picture from its header."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(tree.data(picture))) as image:
            return image.size
    except Exception as error:
        raise _bad(tree, picture, f"it cannot be read as a picture ({error})", "fetch it again") from error


def _folder_part(file: str) -> str:
    return next((part for folder in PurePosixPath(file).parts[:-1] if (part := part_of(folder))), "")


def _table(tree: Tree, rows: list[tuple[str, list[_Box], str]], layout: str) -> Found:
    used = {picture for picture, _, _ in rows}
    if len(used) < len(rows):
        counts = Counter(picture for picture, _, _ in rows)
        twice = counts.most_common(1)[0][0]
        raise _bad(tree, twice, "this picture is annotated twice", "keep one annotation of each picture")
    labels = sorted({box[0] for _, boxes, _ in rows for box in boxes})
    if not labels:
        raise _bad(tree, "", f"its {len(rows)} annotations hold no box at all", "bring pictures with boxes")
    columns = {
        "image": column(tree.value(picture) for picture, _, _ in rows),
        "boxes": column(json.dumps(boxes, ensure_ascii=False) for _, boxes, _ in rows),
    }
    left = len(pictures(tree)) - len(used)
    details = {"classes": len(labels), "boxes": sum(len(boxes) for _, boxes, _ in rows), "left out": left}
    return Found(columns, layout, parts_array([part for _, _, part in rows]), details)


def _no_picture(tree: Tree, file: str, stem: str) -> DataError:
    near = listed(sorted(PurePosixPath(name).name for name in pictures(tree))[:3])
    said = f"there is no picture {stem!r} for it" + (f" (there are {near}, ...)" if near else "")
    return _bad(tree, file, said, "bring the picture, or delete the annotation", "missing_file")


def _bad(tree: Tree, file: str, said: str, remedy: str, code: str = "bad_annotation") -> DataError:
    return DataError(code, said, remedy=remedy, file=tree.where(file) if file else tree.root)
