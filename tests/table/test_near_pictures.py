"""Nearly equal pictures are found among many; equal ones share a key wherever they lie."""

from __future__ import annotations

import io
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from tests.sources.picture_files import encoded, pattern, put

from glia.columns._looks import looks
from glia.core.raw import Origin, Raw, RawTable
from glia.table._near import near_pairs
from glia.table.checks import View, checks
from glia.table.duplicates import content_hashes, duplicate_keys, factorize


def raw(values: list) -> Raw:
    array = np.empty(len(values), object)
    array[:] = values
    return Raw(array, np.ones(len(values), bool))


def table(image: Raw, part: np.ndarray | None = None) -> RawTable:
    label = raw(["ab"[at % 2] for at in range(len(image))])
    return RawTable({"image": image, "label": label}, Origin("made", "folder"), part)


def view(image: Raw, part: np.ndarray | None = None, **more: object) -> View:
    made = table(image, part)
    codes = np.arange(len(made)) % 2
    return View(made, {"image": "image"}, ("label",), codes, "classify", ("a", "b"), seconds=20, **more)


def changed(picture: np.ndarray, how: str) -> bytes:
    image = Pillow.fromarray(picture)
    file = io.BytesIO()
    if how == "smaller":
        image = image.resize((image.width // 2, image.height // 2), Pillow.Resampling.BILINEAR)
    if how == "brighter":
        image = Pillow.fromarray(np.clip(picture.astype(int) + 6, 0, 255).astype(np.uint8))
    image.save(file, "JPEG", quality=40 if how == "compressed" else 90)
    return file.getvalue()


@pytest.mark.parametrize("how", ["smaller", "brighter", "compressed"])
def test_a_picture_is_found_again_after_a_small_change(how: str) -> None:
    pictures = [pattern(seed, 120, 160) for seed in range(60)]
    values = [encoded(one) for one in pictures] + [changed(pictures[at], how) for at in (3, 17, 44)]
    assert near_pairs(looks(raw(values))).tolist() == [[3, 60], [17, 61], [44, 62]]


def test_different_and_blank_pictures_are_no_pairs() -> None:
    values = [encoded(pattern(seed)) for seed in range(80)]
    values += [encoded(np.full((24, 32, 3), 9, np.uint8))] * 3
    assert near_pairs(looks(raw(values))).tolist() == []
    assert near_pairs(looks(raw([]))).tolist() == []
    assert near_pairs(looks(raw(values[:1]))).tolist() == []


def test_sixty_thousand_pictures_are_compared_quickly() -> None:
    generator = np.random.default_rng(0)
    coarse = generator.integers(0, 256, (60_000, 6, 6)).astype(np.uint8)
    pictures = coarse.repeat(4, axis=1).repeat(4, axis=2)
    pictures[59_990:] = np.clip(pictures[:10], 0, 250) + 5
    seen = looks(Raw(pictures, np.ones(len(pictures), bool)))
    began = time.process_time()
    pairs = near_pairs(seen)
    assert time.process_time() - began < 6  # a second on an idle machine
    assert pairs.tolist() == [[at, 59_990 + at] for at in range(10)]


def test_equal_pictures_share_a_key_whatever_holds_them(tmp_path: Path) -> None:
    one, other = encoded(pattern(0)), encoded(pattern(1))
    paths = [put(tmp_path / "a.png", one), put(tmp_path / "x" / "b.png", one), put(tmp_path / "c.png", other)]
    assert duplicate_keys(table(raw(paths)), ["image"]).tolist() == [0, 0, 1]
    assert (content_hashes(table(raw(paths))) == content_hashes(table(raw([one, one, other])))).all()
    arrays = Raw(np.stack([pattern(0), pattern(1), pattern(0)]), np.array([True, True, True]))
    assert duplicate_keys(table(arrays), ["image"]).tolist() == [0, 1, 0]
    missing = Raw(arrays.values, np.array([False, True, False]))
    assert duplicate_keys(table(missing), ["image"]).tolist() == [0, 1, 0]
    flat = Raw(arrays.values.reshape(3, 32, 24, 3), np.ones(3, bool))
    assert content_hashes(table(flat), ["image"])[0] != content_hashes(table(arrays), ["image"])[0]
    codes, distinct = factorize(arrays)
    assert codes[0] == codes[2] != codes[1]
    assert len(distinct) == 2


def test_a_file_that_is_gone_has_a_key_all_the_same(tmp_path: Path) -> None:
    keys = duplicate_keys(table(raw([tmp_path / "a.png", tmp_path / "b.png"])), ["image"])
    assert keys.tolist() == [0, 1]


def test_the_check_names_pairs_across_parts() -> None:
    pictures = [pattern(seed, 120, 160) for seed in range(40)]
    values = [encoded(one) for one in pictures] + [changed(pictures[3], "smaller")]
    check = checks.get("near_pictures")
    (found,) = check(view(raw(values)))
    assert (found.severity, found.evidence["count"]) == ("note", 1)
    part = np.array(["train"] * 38 + ["test"] * 3)
    (found,) = check(view(raw(values), part))
    assert (found.severity, found.evidence["across"], found.evidence["rows"]) == ("warning", 1, [3, 40])
    (found,) = check(view(raw(values[:40]), test=table(raw(values[40:]))))
    assert (found.severity, found.evidence["across"]) == ("warning", 1)
    assert check(view(raw(values[:40]))) == []


def test_the_check_leaves_files_alone_that_there_is_no_time_for() -> None:
    values = raw([encoded(pattern(0, 120, 160))] * 2)
    made = table(values)
    hurried = View(made, {"image": "image"}, ("label",), np.arange(2), "classify", ("a", "b"), seconds=0)
    assert checks.get("near_pictures")(hurried) == []
    assert "_looks" not in vars(values)


def test_blank_tiny_and_moving_pictures_are_named(tmp_path: Path) -> None:
    values: list = [put(tmp_path / f"{seed}.png", encoded(pattern(seed))) for seed in range(8)]
    values.append(put(tmp_path / "blank.png", encoded(np.zeros((24, 32), np.uint8))))
    values.append(put(tmp_path / "tiny.png", encoded(pattern(9, 4, 4))))
    frames = [Pillow.fromarray(pattern(seed)) for seed in (20, 21)]
    frames[0].save(tmp_path / "moves.gif", save_all=True, append_images=frames[1:])
    values.append(tmp_path / "moves.gif")
    found = {one.code: one for one in checks.get("odd_pictures")(view(raw(values)))}
    assert {code: one.evidence["rows"] for code, one in found.items()} == {
        "blank_pictures": [8],
        "tiny_pictures": [9],
        "moving_pictures": [10],
    }
    assert found["blank_pictures"].evidence["files"] == [str(tmp_path / "blank.png")]
    assert found["moving_pictures"].severity == "note"


def test_every_check_bears_pictures(tmp_path: Path) -> None:
    arrays = Raw(np.stack([pattern(seed) for seed in range(60)]), np.ones(60, bool))
    for image in (arrays, raw([encoded(one) for one in arrays.values])):
        for name in checks.names():
            checks.get(name)(view(image))
