"""Masks become codes of classes at their picture's size, read by stated rules."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from tests.sources.picture_files import encoded, pattern, put

from glia.columns.mask import Mask
from glia.core.errors import DataError, UsageError
from glia.core.raw import Raw
from glia.core.values import Spec


def raw(*values: object) -> Raw:
    array = np.empty(len(values), object)
    array[:] = values
    return Raw(array, np.ones(len(values), bool))


def squares(*codes: int, side: int = 12) -> np.ndarray:
    """Return a mask with a square of each code, well apart."""
    mask = np.zeros((side, side * max(len(codes), 1)), np.uint8)
    for at, code in enumerate(codes):
        mask[3:9, at * side + 3 : at * side + 9] = code
    return mask


def learned(*masks: object) -> Mask:
    column = Mask("mask", "target")
    column.learn(raw(*masks))
    return column


def test_grey_values_are_classes() -> None:
    masks = [squares(10, 20), squares(20, 0), squares(10, 10)]
    column = learned(*map(encoded, masks))
    assert (column.values, column.classes, column.how) == ((0, 10, 20), ("background", "10", "20"), "codes")
    codes = column.encode(raw(*map(encoded, masks)))["target"]
    np.testing.assert_array_equal(np.array([0, 10, 20])[codes], np.stack(masks))
    assert column.decode(codes).dtype == np.uint8


def test_black_and_white_and_arrays_are_two_classes() -> None:
    arrays = Raw(np.stack([squares(255), squares(0)]), np.ones(2, bool))
    column = Mask("mask", "target")
    column.learn(arrays)
    assert column.classes == ("background", "255")
    assert column.encode(arrays)["target"].max() == 1


def test_palettes_are_classes_and_a_border_of_255_counts_for_nothing() -> None:
    def voc(mask: np.ndarray) -> bytes:
        picture = Pillow.fromarray(mask).convert("P")
        picture.putdata(mask.ravel().tolist())
        picture.putpalette(list(range(256)) * 3)
        file = io.BytesIO()
        picture.save(file, "PNG")
        return file.getvalue()

    masks = [squares(1, 255), squares(2, 2)]
    column = learned(*map(voc, masks))
    assert (column.values, column.void) == ((0, 1, 2), True)
    codes = column.encode(raw(*map(voc, masks)))["target"]
    assert sorted(np.unique(codes).tolist()) == [0, 1, 2, 255]
    assert len(column.specs()["target"].classes[0]) == 3


def test_colors_are_classes() -> None:
    mask = np.zeros((8, 8, 3), np.uint8)
    mask[2:4] = (128, 0, 64)
    column = learned(encoded(mask))
    assert column.classes == ("background", "#800040")
    np.testing.assert_array_equal(column.encode(raw(encoded(mask)))["target"][0], mask[..., 0] > 0)


def test_numbers_of_things_are_one_class() -> None:
    masks = [squares(1, 2), squares(1, 2, 3)[:, :36], squares(1)]
    column = learned(*map(encoded, masks))
    assert (column.how, column.classes) == ("instances", ("background", "object"))
    assert "numbers of things" in column.said
    assert column.encode(raw(encoded(squares(1, 7))))["target"].max() == 1


def test_a_person_may_say_what_numbers_mean() -> None:
    numbered = raw(*map(encoded, [squares(1, 2), squares(1, 2, 3)[:, :36], squares(1)]))
    column = Mask("mask", "target")
    column.read_as("classes")
    column.learn(numbered)
    assert column.classes == ("background", "1", "2", "3")
    scattered = raw(*map(encoded, [squares(7, 9, 7), squares(9, 0, 0)]))
    column = Mask("mask", "target")
    column.read_as("things")
    column.learn(scattered)
    assert column.classes == ("background", "object")
    assert "as was asked" in column.reason
    np.testing.assert_array_equal(column.encode(scattered)["target"][0], squares(7, 9, 7) > 0)
    with pytest.raises(UsageError, match="mask:things"):
        column.read_as("rubbish")


def test_how_to_read_a_mask_is_said_with_its_kind() -> None:
    from glia.core.raw import Origin, RawTable
    from glia.table.schema import Schema

    pictures = Raw(np.stack([pattern(seed, 12, 24) for seed in range(2)]), np.ones(2, bool))
    masks = Raw(np.stack([squares(7, 9), squares(9, 0)]), np.ones(2, bool))
    table = RawTable({"image": pictures, "mask": masks}, Origin("made", "array"))
    schema = Schema.infer(table, targets=["mask"], task="segment", kinds={"mask": "mask:things"})
    schema.learn(table)
    assert schema.columns["mask"].classes == ("background", "object")
    assert "as was asked" in schema.reasons["mask"]
    with pytest.raises(UsageError, match="cannot be read as image:things"):
        Schema.infer(table, targets=["mask"], task="segment", kinds={"image": "image:things"})


def test_classes_that_skip_numbers_or_are_scattered_are_no_numbers_of_things() -> None:
    assert learned(*map(encoded, [squares(1, 2), squares(2, 2), squares(1, 2, 3)])).how == "codes"
    scattered = [squares(1, 2, 1, 2, 1, 2), squares(1, 1, 1, 1)]
    assert learned(*map(encoded, scattered)).how == "codes"


def test_black_and_white_saved_with_loss_is_parted_at_half() -> None:
    mask = squares(255, 255)
    column = learned(encoded(mask, "JPEG", quality=60))
    assert column.how == "halves"
    codes = column.encode(raw(encoded(mask, "JPEG", quality=60)))["target"][0]
    np.testing.assert_array_equal(codes, mask > 0)


def test_a_mask_follows_the_size_of_its_picture_by_the_nearest_pixel() -> None:
    column = learned(encoded(squares(10, 20)), encoded(squares(20, 10)))
    column.follow({"image": Spec(("channel", "height", "width"), (3, 6, 12), "uint8")})
    codes = column.encode(raw(encoded(squares(10, 20))))["target"]
    assert codes.shape == (1, 6, 12)
    assert set(np.unique(codes)) == {0, 1, 2}
    assert column.specs()["target"].size == (6, 12)


def test_values_never_seen_and_broken_masks_are_refused_by_file(tmp_path: Path) -> None:
    column = learned(encoded(squares(10)), encoded(squares(20)))
    for data, said in ((encoded(squares(30)), "value 30"), (encoded(squares(10))[:60], ""), (b"", "empty")):
        path = put(tmp_path / "m.png", data)
        with pytest.raises(DataError) as caught:
            column.encode(raw(encoded(squares(10)), path))
        assert (caught.value.code, caught.value.file, caught.value.row) == ("bad_mask", str(path), 1)
        assert said in caught.value.text
    assert [bad.row for bad in column.examine(raw(b"", encoded(squares(10))))] == [0]
    with pytest.raises(DataError, match="no value here"):
        column.encode(Raw(raw(b"").values, np.zeros(1, bool)))


def test_photos_are_no_masks() -> None:
    wide = np.arange(400, dtype=np.uint16).reshape(20, 20)
    with pytest.raises(DataError, match="at most 255"):
        learned(encoded(wide))


def test_masks_of_another_size_than_their_picture_are_found() -> None:
    masks = raw(encoded(squares(1)), encoded(squares(1, 1)))
    pictures = raw(encoded(pattern(0, 12, 12)), encoded(pattern(0, 12, 12)))
    (bad,) = Mask("mask", "target").mismatches(masks, pictures)
    assert bad.row == 1
    assert "24 x 12" in bad.text


def test_what_is_learned_survives_json() -> None:
    column, copy = learned(encoded(squares(10)), encoded(squares(20))), Mask("mask", "target")
    copy.restore(json.loads(json.dumps(column.state())))
    assert copy.specs() == column.specs()
    rows = raw(encoded(squares(20)))
    np.testing.assert_array_equal(copy.encode(rows)["target"], column.encode(rows)["target"])
    assert column.summarize(rows)["pixels"].tolist() == [108, 0, 36, 0]


def test_the_real_pedestrians_are_one_class(shared: Path) -> None:
    masks = sorted((shared / "penn-fudan-subset" / "PedMasks").glob("*.png"))[:8]
    assert learned(*masks).how == "instances"
