"""Pictures of every common kind become bytes of one size; what cannot be read is refused by file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from tests.sources.picture_files import encoded, pattern, put, sound

from glia.columns import _pictures
from glia.columns._looks import looks
from glia.columns._sizes import room, size_of
from glia.columns.image import Image
from glia.core.errors import DataError
from glia.core.raw import Raw


def raw(*values: Any) -> Raw:
    array = np.empty(len(values), object)
    array[:] = values
    return Raw(array, np.array([value is not None for value in values]))


def learned(rows: Raw) -> Image:
    column = Image("photo")
    column.learn(rows)
    return column


def pixel(data: bytes) -> list[int]:
    """Return the middle pixel of a picture as the column decodes it beside a colored one."""
    column = learned(raw(data, encoded(pattern(0))))
    return column.encode(raw(data))["image"][0, :, column.size[0] // 2, column.size[1] // 2].tolist()


def solid(color: Any, mode: str = "RGB", kind: str = "PNG", **options: Any) -> bytes:
    import io

    file = io.BytesIO()
    Pillow.new(mode, (32, 24), color).save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (solid((200, 100, 50)), (200, 100, 50)),
        (solid((200, 100, 50), kind="JPEG", quality=95), (200, 100, 50)),
        (solid((200, 100, 50), kind="WEBP", lossless=True), (200, 100, 50)),
        (solid((200, 100, 50), kind="BMP"), (200, 100, 50)),
        (solid((200, 100, 50), kind="TIFF"), (200, 100, 50)),
        (solid(90, "L"), (90, 90, 90)),
        (solid(1, "1"), (255, 255, 255)),
        (solid((200, 100, 50, 0), "RGBA"), (255, 255, 255)),
        (solid((200, 100, 50, 255), "RGBA"), (200, 100, 50)),
        (solid((0, 128), "LA"), (127, 127, 127)),
        (solid((0, 255, 255, 0), "CMYK", "JPEG"), (255, 0, 0)),
        (solid(40_000, "I;16"), (155, 155, 155)),
        (solid(40_000, "I;16", "TIFF"), (155, 155, 155)),
    ],
    ids=lambda value: None,
)
def test_every_kind_of_picture_shows_its_color(data: bytes, wanted: tuple[int, ...]) -> None:
    assert np.abs(np.array(pixel(data)) - wanted).max() <= 3


def test_palettes_are_read_with_what_is_see_through() -> None:
    picture = Pillow.new("P", (32, 24), 1)
    picture.putpalette([10, 20, 30, 200, 100, 50] + [0] * 750)
    import io

    file = io.BytesIO()
    picture.save(file, "PNG")
    assert pixel(file.getvalue()) == [200, 100, 50]
    file = io.BytesIO()
    picture.save(file, "GIF", transparency=1)
    assert pixel(file.getvalue()) == [255, 255, 255]


def test_values_of_more_than_8_bits_are_scaled_by_the_bits_in_use() -> None:
    twelve = [np.full((8, 8), value, np.uint16) for value in (0, 2048, 4000)]
    column = learned(raw(*(encoded(one) for one in twelve)))
    assert column.top == 4095
    assert column.encode(raw(*(encoded(one) for one in twelve)))["image"][:, 0, 0, 0].tolist() == [0, 128, 249]
    floats = learned(raw(encoded(np.full((8, 8), 0.5, np.float32), "TIFF")))
    assert floats.top == 1
    assert floats.encode(raw(encoded(np.full((8, 8), np.nan, np.float32), "TIFF")))["image"].max() == 0


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_camera_held_sideways_is_turned_upright(turn: int) -> None:
    from PIL import ImageOps

    exif = Pillow.Exif()
    exif[0x0112] = turn
    for kind in ("JPEG", "PNG", "WEBP"):
        data = encoded(pattern(3, 24, 32), kind, exif=exif, **({"lossless": True} if kind == "WEBP" else {}))
        import io

        wanted = np.asarray(ImageOps.exif_transpose(Pillow.open(io.BytesIO(data))))
        column = learned(raw(data))
        assert column.size == wanted.shape[:2]
        np.testing.assert_array_equal(column.encode(raw(data))["image"][0].transpose(1, 2, 0), wanted)


def test_sizes_are_kept_where_they_are_one_and_small() -> None:
    assert size_of(np.full((9, 2), 28), 224) == (28, 28)
    assert size_of(np.full((9, 2), 105), 224) == (105, 105)
    assert size_of(np.array([[480, 640]] * 9), 224) == (176, 224)
    assert size_of(np.array([[480, 640], [470, 640], [300, 400]]), 224) == (160, 224)
    assert size_of(np.array([[480, 640], [640, 480], [100, 90]]), 224) == (224, 224)
    assert size_of(np.array([[50, 80], [64, 40], [50, 50]]), 224) == (48, 48)
    assert size_of(np.array([[1, 9000], [9000, 1]]), 224) == (16, 16)


def test_grey_pictures_have_one_channel_however_they_are_stored() -> None:
    grey = np.repeat(pattern(0, channels=1)[..., None], 3, axis=2)
    column = learned(raw(encoded(grey), encoded(grey, "JPEG"), encoded(pattern(1, channels=1))))
    assert column.channels == 1
    assert learned(raw(encoded(grey), encoded(pattern(2)))).channels == 3


def test_center_and_spread_are_those_of_the_training_rows() -> None:
    pictures = np.stack([pattern(seed) for seed in range(5)])
    column = learned(Raw(pictures, np.ones(5, bool)))
    np.testing.assert_allclose(column.center, pictures.mean(axis=(0, 1, 2)), atol=1e-3)
    np.testing.assert_allclose(column.spread, pictures.std(axis=(0, 1, 2)), atol=1e-3)
    assert learned(Raw(np.zeros((3, 4, 4), np.uint8), np.ones(3, bool))).spread == (1.0,)


def test_arrays_files_and_bytes_of_one_picture_are_encoded_alike(tmp_path: Path) -> None:
    pictures = np.stack([pattern(seed) for seed in range(3)])
    paths = raw(*(put(tmp_path / f"{at}.png", encoded(one)) for at, one in enumerate(pictures)))
    column = learned(Raw(pictures, np.ones(3, bool)))
    wanted = pictures.transpose(0, 3, 1, 2)
    for rows in (Raw(pictures, np.ones(3, bool)), paths, raw(*map(encoded, pictures))):
        np.testing.assert_array_equal(column.encode(rows)["image"], wanted)
    assert learned(paths).state() == column.state()


def test_arrays_of_another_size_or_depth_are_brought_to_the_learned_one() -> None:
    column = learned(Raw(np.stack([pattern(0), pattern(1)]), np.ones(2, bool)))
    assert column.encode(Raw(pattern(0, 48, 64)[None], np.ones(1, bool)))["image"].shape == (1, 3, 24, 32)
    grey = column.encode(Raw(pattern(0, channels=1)[None], np.ones(1, bool)))["image"]
    assert (grey[:, 0] == grey[:, 1]).all()


def test_missing_pictures_have_the_mean_color_and_are_told_of() -> None:
    column = learned(raw(encoded(pattern(0)), encoded(pattern(1))))
    rows = raw(encoded(pattern(0)), None)
    values = column.encode(rows)["image"]
    assert values[1, :, 5, 5].tolist() == np.round(column.center).tolist()
    assert [finding.code for finding in column.review(rows)] == ["newly_missing"]


def cut(data: bytes) -> bytes:
    return data[: len(data) * 9 // 10]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty (0 bytes)"),
        (cut(encoded(pattern(), "JPEG")), "cut off"),
        (cut(encoded(pattern(), "PNG")), "cut off"),
        (encoded(pattern(), "PNG")[:12], "header"),
        (b"no picture at all", "first bytes"),
        (sound(), "first bytes"),
        (b"<svg></svg>", "first bytes"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "first bytes"),
    ],
)
def test_what_is_no_whole_picture_is_refused_by_file(data: bytes, said: str, tmp_path: Path) -> None:
    path = put(tmp_path / "bad.jpg", data)
    good = put(tmp_path / "good.jpg", encoded(pattern(1), "JPEG"))
    column = learned(raw(good, good))
    with pytest.raises(DataError) as caught:
        column.encode(raw(good, path))
    assert (caught.value.code, caught.value.file, caught.value.row) == ("bad_picture", str(path), 1)
    assert said in caught.value.text
    assert caught.value.remedy
    (bad,) = column.examine(raw(good, path, good))
    assert (bad.row, bad.file) == (1, str(path))
    with pytest.raises(DataError, match=r"bad\.jpg"):
        learned(raw(good, path))


def test_bombs_and_giants_are_refused_from_their_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for width, height in ((10_000, 10_000), (60_000, 60_000)):
        path = tmp_path / f"{width}.png"
        Pillow.new("1", (width, height)).save(path) if width == 10_000 else put(path, _promising(width, height))
        with pytest.raises(DataError, match="at most 64 million"):
            learned(raw(path))
    monkeypatch.setattr(_pictures, "MOST_BYTES", 100)
    with pytest.raises(DataError, match="MiB"):
        learned(raw(put(tmp_path / "large.png", encoded(pattern()))))


def _promising(width: int, height: int) -> bytes:
    """Return a PNG whose header promises a size that nothing follows."""
    import struct
    import zlib

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    data = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    body = b"IDAT" + zlib.compress(b"")
    return data + struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))


def test_a_picture_under_a_wrong_name_is_read_for_what_it_is(tmp_path: Path) -> None:
    path = put(tmp_path / "a.jpg", encoded(pattern(0), "PNG"))
    np.testing.assert_array_equal(learned(raw(path)).encode(raw(path))["image"][0].transpose(1, 2, 0), pattern(0))


def test_files_that_are_gone_or_only_named_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.png"):
        learned(raw(tmp_path / "gone.png"))
    column = learned(raw(encoded(pattern())))
    with pytest.raises(DataError, match=r"no picture file 'b\.png'"):
        column.encode(raw("b.png"))


def test_of_moving_pictures_the_first_frame_counts_and_it_is_said() -> None:
    frames = [Pillow.fromarray(pattern(seed)) for seed in range(3)]
    import io

    for kind in ("GIF", "WEBP", "PNG", "TIFF"):
        file = io.BytesIO()
        options = {"lossless": True} if kind == "WEBP" else {}
        frames[0].save(file, kind, save_all=True, append_images=frames[1:], **options)
        rows = raw(file.getvalue(), encoded(pattern(9)))
        column = learned(rows)
        assert [finding.code for finding in column.review(rows)] == ["moving_pictures"], kind
        error = np.abs(column.encode(rows)["image"][0].transpose(1, 2, 0).astype(int) - pattern(0)).mean()
        assert error < (12 if kind == "GIF" else 0.1), kind


def test_blank_and_tiny_pictures_are_told_of() -> None:
    rows = raw(encoded(np.full((24, 32, 3), 7, np.uint8)), encoded(pattern(0, 3, 3)), encoded(pattern(1)))
    found = looks(rows)
    assert found.blank.tolist() == [True, False, False]
    assert found.tiny.tolist() == [False, True, False]
    codes = {finding.code: finding.evidence["row"] for finding in learned(rows).review(rows)}
    assert codes == {"blank_pictures": 0, "tiny_pictures": 1}


def test_large_rooms_are_files_without_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    from glia.columns import _sizes

    monkeypatch.setattr(_sizes, "MOST_RESIDENT", 100)
    large = room((4, 1, 8, 8))
    assert isinstance(large, np.memmap)
    large[:] = 7
    assert large.sum() == 7 * 256
    column = learned(Raw(np.stack([pattern(0), pattern(1)]), np.ones(2, bool)))
    assert isinstance(column.encode(raw(encoded(pattern(0))))["image"], np.memmap)


def test_a_row_is_encoded_alike_whatever_thread_and_company_it_has() -> None:
    rows = raw(*(encoded(pattern(seed, 40 + seed, 60), "JPEG") for seed in range(40)))
    column = learned(rows)
    whole = column.encode(rows)["image"]
    for row in (0, 17, 39):
        np.testing.assert_array_equal(column.encode(rows.take(np.array([row])))["image"][0], whole[row])


def test_what_is_learned_survives_json() -> None:
    rows = raw(*(encoded(pattern(seed, 300, 400), "JPEG") for seed in range(3)))
    column, copy = learned(rows), Image("photo")
    copy.restore(json.loads(json.dumps(column.state(), allow_nan=False)))
    assert copy.specs() == column.specs()
    np.testing.assert_array_equal(copy.encode(rows)["image"], column.encode(rows)["image"])


def test_corrupted_pictures_are_noisy_or_blurred() -> None:
    rows = raw(*(encoded(pattern(seed)) for seed in range(60)))
    column = learned(rows)
    worse = column.corrupt(rows, 0.5, np.random.default_rng(0))
    hit = (column.encode(worse)["image"] != column.encode(rows)["image"]).any(axis=(1, 2, 3))
    assert 0.3 < hit.mean() < 0.7
    same = column.corrupt(rows, 0.0, np.random.default_rng(0))
    np.testing.assert_array_equal(column.encode(same)["image"], column.encode(rows)["image"])


def test_real_photos_become_squares_and_blood_cells_keep_their_shape(shared: Path) -> None:
    photos = sorted((shared / "grocery-store-fresh" / "train").rglob("*.jpg"))[:40]
    column = learned(raw(*photos))
    assert (column.size, column.channels) == ((224, 224), 3)
    cells = sorted((shared / "bccd" / "JPEGImages").glob("*.jpg"))[:10]
    assert learned(raw(*cells)).size == (176, 224)


def test_checks_and_reviews_call_odd_pictures_by_the_same_codes() -> None:
    from tests.table.test_near_pictures import raw as some
    from tests.table.test_near_pictures import view

    from glia.table.checks import checks

    rows = raw(encoded(np.full((24, 32), 7, np.uint8)), encoded(pattern(0, 3, 3)))
    told = {one.code for one in checks.get("odd_pictures")(view(some(list(rows.values))))}
    assert told == {one.code for one in learned(rows).review(rows)} == {"blank_pictures", "tiny_pictures"}
