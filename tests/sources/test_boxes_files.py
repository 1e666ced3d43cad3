"""Annotations of boxes in three formats become one form; what is wrong in them is refused by file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.sources.picture_files import encoded, pattern, put

from glia.core.errors import DataError
from glia.sources import read

VOC = """<annotation><filename>{name}.jpg</filename><size><width>{width}</width><height>24</height></size>
{objects}</annotation>"""
THING = """<object><name>{label}</name>
<bndbox><xmin>{0}</xmin><ymin>{1}</ymin><xmax>{2}</xmax><ymax>{3}</ymax></bndbox></object>"""


def refused(source: Path) -> DataError:
    with pytest.raises(DataError) as caught:
        read(source)
    assert caught.value.remedy
    return caught.value


def voc(folder: Path, *edges: tuple[int, int, int, int], name: str = "p1", width: int = 32) -> Path:
    objects = "".join(THING.format(*edge, label="cat") for edge in edges)
    put(folder / "JPEGImages" / f"{name}.jpg", encoded(pattern(), "JPEG"))
    return put(folder / "Annotations" / f"{name}.xml", VOC.format(name=name, objects=objects, width=width))


def boxes(table) -> list[list]:
    return [json.loads(value) for value in table["boxes"].values]


def test_voc_boxes_count_pixels_from_one_with_both_ends(tmp_path: Path) -> None:
    voc(tmp_path, (1, 1, 32, 24), (9, 7, 16, 12))
    voc(tmp_path, name="p2")
    table = read(tmp_path)
    assert list(table) == ["image", "boxes"]
    assert boxes(table) == [[["cat", 0, 0, 1, 1], ["cat", 0.25, 0.25, 0.5, 0.5]], []]
    assert table["image"].values[0].name == "p1.jpg"


def test_lists_of_image_sets_are_the_parts(tmp_path: Path) -> None:
    for name in ("p1", "p2", "p3"):
        voc(tmp_path, (1, 1, 8, 8), name=name)
    put(tmp_path / "ImageSets" / "Main" / "train.txt", "p1\n")
    put(tmp_path / "ImageSets" / "Main" / "val.txt", "p2\n")
    put(tmp_path / "ImageSets" / "Main" / "test.txt", "p3\n")
    put(tmp_path / "ImageSets" / "Main" / "trainval.txt", "p1\np2\n")
    assert read(tmp_path).part.tolist() == ["train", "valid", "test"]


def test_a_picture_whose_size_is_not_said_is_measured(tmp_path: Path) -> None:
    voc(tmp_path, (1, 1, 16, 24), width=0)
    assert boxes(read(tmp_path)) == [[["cat", 0, 0, 0.5, 1]]]


@pytest.mark.parametrize(
    ("edges", "said"), [((5, 5, 4, 9), "no area"), ((1, 1, 60, 20), "out of the picture"), ((-9, 1, 9, 9), "out of")]
)
def test_boxes_outside_or_without_area_are_refused_by_file(edges: tuple, said: str, tmp_path: Path) -> None:
    path = voc(tmp_path, edges)
    error = refused(tmp_path)
    assert (error.code, error.file) == ("bad_annotation", str(path))
    assert said in error.text


def test_edges_drawn_a_little_over_the_border_are_put_on_it(tmp_path: Path) -> None:
    voc(tmp_path, (0, 0, 33, 25))
    assert boxes(read(tmp_path)) == [[["cat", 0, 0, 1, 1]]]


@pytest.mark.parametrize(
    "text",
    [
        "<annotation><object>",
        '<!DOCTYPE a [<!ENTITY b "c">]><annotation></annotation>',
        "<annotation><object><name>cat</name></object></annotation>",
    ],
)
def test_broken_and_dangerous_xml_is_refused(text: str, tmp_path: Path) -> None:
    path = voc(tmp_path, (1, 1, 8, 8))
    path.write_text(text)
    assert refused(tmp_path).file == str(path)


def test_an_annotation_without_its_picture_is_refused(tmp_path: Path) -> None:
    voc(tmp_path, (1, 1, 8, 8))
    voc(tmp_path, (1, 1, 8, 8), name="p2")
    (tmp_path / "JPEGImages" / "p2.jpg").unlink()
    error = refused(tmp_path)
    assert (error.code, Path(error.file).name) == ("missing_file", "p2.xml")


def coco(folder: Path, part: str, **more: object) -> Path:
    put(folder / part / "p.png", encoded(pattern()))
    document = {
        "images": [{"id": 7, "file_name": "p.png", "width": 32, "height": 24}],
        "categories": [{"id": 1, "name": "cat"}, {"id": 3, "name": "dog"}],
        "annotations": [
            {"image_id": 7, "category_id": 3, "bbox": [8, 6, 8, 12]},
            {"image_id": 7, "category_id": 1, "bbox": [0, 0, 32, 24], "iscrowd": 1},
        ],
        **more,
    }
    return put(folder / "annotations" / f"instances_{part}2017.json", json.dumps(document))


def test_coco_boxes_are_left_top_width_height(tmp_path: Path) -> None:
    for part in ("train", "val"):
        coco(tmp_path, part)
    table = read(tmp_path)
    assert boxes(table) == [[["dog", 0.25, 0.25, 0.5, 0.75]]] * 2
    assert table.part.tolist() == ["train", "valid"]
    assert [path.parent.name for path in table["image"].values] == ["train", "val"]


def test_a_coco_file_of_another_form_is_refused(tmp_path: Path) -> None:
    path = coco(tmp_path, "train", annotations=[{"image_id": 8, "category_id": 3, "bbox": [1, 2, 3, 4]}])
    assert refused(tmp_path).file == str(path)
    assert "names image_id 8, which is not in the file" in refused(tmp_path).text
    path = coco(tmp_path, "train", annotations=[{"image_id": 7, "category_id": 3, "bbox": "much"}])
    assert refused(tmp_path).file == str(path)


def test_yolo_lines_are_middles_and_sizes(tmp_path: Path) -> None:
    for part in ("train", "val"):
        put(tmp_path / "images" / part / f"{part}1.jpg", encoded(pattern(), "JPEG"))
        put(tmp_path / "labels" / part / f"{part}1.txt", "1 0.5 0.5 0.5 0.25\n0 0.25 0.5 0.5 1\n")
    put(tmp_path / "images" / "val" / "empty.jpg", encoded(pattern(1), "JPEG"))
    put(tmp_path / "data.yaml", "nc: 2\nnames: ['cat', 'dog']\n")
    table = read(tmp_path)
    both = [["dog", 0.25, 0.375, 0.75, 0.625], ["cat", 0, 0, 0.5, 1]]
    assert boxes(table) == [both, [], both]
    assert table.part.tolist() == ["train", "valid", "valid"]
    put(tmp_path / "labels" / "val" / "val1.txt", "2 0.5 0.5 0.5 0.25\n")
    assert "class 2 is not among" in refused(tmp_path).text
    put(tmp_path / "labels" / "val" / "val1.txt", "1 0.9 0.5 0.5 0.25\n")
    assert "out of the picture" in refused(tmp_path).text


@pytest.mark.parametrize("line", ["cat 0.5 0.5 0.2 0.2", "0 nan 0.5 0.2 0.2", "0 0.5 0.5 0.2"])
def test_a_line_that_is_no_box_among_many_is_named_and_makes_no_classes_of_folders(line: str, tmp_path: Path) -> None:
    for name in "abc":
        put(tmp_path / "images" / f"{name}.png", encoded(pattern()))
        put(tmp_path / "labels" / f"{name}.txt", "0 0.5 0.5 0.5 0.25\n")
    path = put(tmp_path / "labels" / "b.txt", f"0 0.5 0.5 0.5 0.25\n{line}\n")
    error = refused(tmp_path)
    assert (error.code, error.file) == ("bad_annotation", str(path))
    assert f"line 2, {line!r}" in error.text


def test_texts_beside_pictures_are_no_boxes(tmp_path: Path) -> None:
    put(tmp_path / "a" / "1.png", encoded(pattern()))
    put(tmp_path / "b" / "2.png", encoded(pattern(1)))
    put(tmp_path / "a" / "1.txt", "A picture of a thing.")
    assert list(read(tmp_path)) == ["image", "label"]


def test_the_real_blood_cells_are_read(shared: Path) -> None:
    table = read(shared / "bccd")
    found = [box[0] for row in boxes(table) for box in row]
    assert {label: found.count(label) for label in set(found)} == {"RBC": 4155, "WBC": 372, "Platelets": 361}
    assert {part: table.part.tolist().count(part) for part in set(table.part.tolist())} == {
        "train": 205,
        "valid": 87,
        "test": 72,
    }
