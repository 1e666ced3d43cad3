"""Encoded pictures to pixels: opened within limits, turned upright, on white, resized; many at once in threads."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from glia.core.raw import Raw

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = [
    "Bad",
    "Look",
    "UnreadableError",
    "each",
    "file_of",
    "is_picture",
    "look",
    "opened",
    "pixels",
    "size_upright",
    "upright",
]

SUFFIXES = (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".pgm", ".ppm")
MOST_PIXELS = 64_000_000
MOST_BYTES = 256 << 20
THUMB = 16
_FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF", "PPM")
_MAGIC = (b"\x89PNG", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"GIF8", b"BM", b"P5", b"P6")
_TOP = 65_535
_ORIENTATION = 0x0112
_CHUNK = 16
_NEAR = 0.8


class UnreadableError(Exception):
    """A picture that cannot be read; ``remedy`` says what helps."""

    def __init__(self, text: str, remedy: str = "fetch it again, or leave it out") -> None:
        super().__init__(text)
        self.text, self.remedy = text, remedy


@dataclass(frozen=True)
class Bad:
    """A row whose picture cannot be read.

    Args:
        row: The row, in the values given.
        file: The file's name; empty where bytes have none.
        text: What is wrong with it.
        remedy: What helps.
    """

    row: int
    file: str
    text: str
    remedy: str


@dataclass(frozen=True)
class Look:
    """What a small copy of a picture shows.

    Args:
        height: Rows of pixels, when upright.
        width: Columns of pixels.
        thumb: (16, 16) uint8 grey.
        colored: Whether its colors differ from greys.
        moves: Whether it has several frames.
        top: The largest value of a picture of more than 8 bits; 0 for the others.
    """

    height: int
    width: int
    thumb: np.ndarray
    colored: bool
    moves: bool
    top: float = 0


def is_picture(value: object) -> bool:
    """Return whether a value is the path of a picture, or bytes that begin as one."""
    if isinstance(value, Path):
        return value.suffix.lower() in SUFFIXES
    return isinstance(value, bytes) and (value[:4].startswith(_MAGIC) or value[8:12] == b"WEBP")


def file_of(value: object) -> str:
    """Return the name of the file behind a value; nothing where it has none."""
    return str(value) if isinstance(value, Path) else str(getattr(value, "name", ""))


def opened(value: Any) -> Image:
    """Return a picture whose header is read and whose pixels are not.

    Args:
        value: A path, the bytes of a file, or (H, W) or (H, W, C) uint8 pixels.

    Raises:
        UnreadableError: There is no such file, it is no picture, or it is too large.
    """
    from PIL import Image, UnidentifiedImageError

    if isinstance(value, np.ndarray):
        return Image.fromarray(value[..., 0] if value.ndim == 3 and value.shape[-1] == 1 else value)
    data = _bytes(value)
    try:
        image = Image.open(io.BytesIO(data), formats=_FORMATS)
    except UnidentifiedImageError as error:
        said = "its first bytes are not those of a PNG, JPEG, WebP, TIFF, BMP or GIF picture, or its header is damaged"
        raise UnreadableError(said, "bring the picture itself in one of these formats") from error
    except Image.DecompressionBombError as error:
        raise _too_large("far more pixels than any photo") from error
    except Exception as error:
        raise UnreadableError(f"its header is damaged ({_said(error)})") from error
    if image.width * image.height > MOST_PIXELS:
        raise _too_large(f"{image.width:,} x {image.height:,} pixels")
    return image


def _too_large(has: str) -> UnreadableError:
    return UnreadableError(f"it has {has}, and at most {MOST_PIXELS // 10**6} million are read", "scale it down first")


def _bytes(value: Any) -> bytes:
    if isinstance(value, bytes):
        data: bytes = value
    elif isinstance(value, Path):
        try:
            if value.stat().st_size > MOST_BYTES:
                raise UnreadableError(f"it has more than {MOST_BYTES >> 20} MiB", "scale it down first")
            data = value.read_bytes()
        except OSError as error:
            raise UnreadableError(
                f"it cannot be opened ({error.strerror or error})", "check name and rights"
            ) from error
    else:
        said = f"there is no picture file {str(value)!r} in the folder of the listing"
        raise UnreadableError(said, "name files relative to the listing")
    if not data:
        raise UnreadableError("it is empty (0 bytes)")
    return data


def _said(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]


def upright(image: Image, size: tuple[int, int] | None, channels: int, top: float = _TOP) -> Image:
    """Return a picture turned as its EXIF note says, on white, in grey or red-green-blue, of the size wanted.

    Args:
        image: As :func:`opened` gave it.
        size: Height and width; ``None`` keeps its own.
        channels: 1 or 3.
        top: What a picture of more than 8 bits calls white.

    Raises:
        UnreadableError: The pixels are damaged.
    """
    from PIL import Image

    try:
        turn = _turn(image)
        wanted = None if size is None else ((size[0], size[1]) if turn in _SIDEWAYS else (size[1], size[0]))
        mode = "L" if channels == 1 else "RGB"
        if wanted is not None:
            # A JPEG is decoded at a half, quarter or eighth of its size, which may be a little less than wanted.
            image.draft(mode, (max(int(wanted[0] * _NEAR), 1), max(int(wanted[1] * _NEAR), 1)))
        image.load()  # here and not when somebody first asks for a pixel
        image = _plain(image, top)
        if image.mode != mode:
            image = image.convert(mode)
        if wanted is not None and image.size != wanted:
            image = image.resize(wanted, Image.Resampling.BILINEAR, reducing_gap=2.0)
        return image if turn == 1 else image.transpose(Image.Transpose(_TURNS[turn]))
    except UnreadableError:
        raise
    except Exception as error:
        raise UnreadableError(f"its pixels are damaged or cut off ({_said(error)})") from error


# EXIF orientation to Pillow's transpositions: mirrored, upside down, ... (CIPA DC-008, tag 0x0112).
_TURNS = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}
_SIDEWAYS = (5, 6, 7, 8)


def _turn(image: Image) -> int:
    if image.format in (None, "BMP", "GIF", "PPM") or (image.format == "JPEG" and "exif" not in image.info):
        return 1
    try:
        turn = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # a damaged note is no reason to lose the picture
        return 1
    return turn if turn in _TURNS else 1


def _plain(image: Image, top: float) -> Image:
    """Return a picture in 8-bit grey or red-green-blue."""
    from PIL import Image

    if image.mode in ("L", "RGB") and "transparency" not in image.info:
        return image
    if image.mode[0] in "IF":
        return Image.fromarray((_wide(image).clip(0, top) * (255 / top) + 0.5).astype(np.uint8))
    if image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info:
        seen = image.convert("RGBA")
        white = Image.new("RGBA", seen.size, "white")
        return Image.alpha_composite(white, seen).convert("RGB")
    return image.convert("L" if image.mode == "1" else "RGB")


def _wide(image: Image) -> np.ndarray:
    return np.nan_to_num(np.asarray(image).astype(np.float32), posinf=0, neginf=0)


def pixels(image: Image, out: np.ndarray) -> None:
    """Write a grey or red-green-blue picture into (C, H, W) uint8."""
    for at, band in enumerate(image.getbands()):
        # Plane by plane, which is three times faster than turning an array of colors.
        out[at] = np.frombuffer(image.tobytes("raw", band), np.uint8).reshape(out.shape[1:])


def look(value: Any) -> Look:
    """Return what a small copy of a picture shows; its whole file is read, so a damaged one is found.

    Raises:
        UnreadableError: It cannot be read.
    """
    image = opened(value)
    height, width = size_upright(image)
    moves, top = _moves(image), 0.0
    if image.mode[0] in "IF":
        top = float(_guarded(lambda: _wide(image).max(initial=1)))
    small = np.asarray(upright(image, (THUMB, THUMB), 3, top or _TOP)).astype(np.int16)
    colored = bool(np.ptp(small, axis=2).max() > 3)
    grey = (small @ np.array([299, 587, 114]) + 500) // 1000
    return Look(height, width, grey.astype(np.uint8), colored, moves, top)


def _guarded(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Exception as error:
        raise UnreadableError(f"its pixels are damaged or cut off ({_said(error)})") from error


def size_upright(image: Image) -> tuple[int, int]:
    """Return height and width of a picture once it is turned as its EXIF note says."""
    width, height = image.size
    return (width, height) if _turn(image) in _SIDEWAYS else (height, width)


def _moves(image: Image) -> bool:
    return image.format in ("GIF", "WEBP", "PNG", "TIFF") and bool(
        _guarded(lambda: getattr(image, "is_animated", False))
    )


def each(raw: Raw, rows: np.ndarray, work: Callable[[int, Any], None]) -> list[Bad]:
    """Call a function with the picture of each row, in as many threads as there are cores.

    Args:
        raw: (N,) values.
        rows: Which of them.
        work: Takes the position in ``rows`` and the value; may raise :class:`UnreadableError`.

    Returns:
        What could not be read, in the order of rows.
    """
    from concurrent.futures import ThreadPoolExecutor

    def run(start: int) -> list[Bad]:
        bad = []
        for at in range(start, min(start + _CHUNK, len(rows))):
            value = raw.values[rows[at]]
            try:
                work(at, value)
            except UnreadableError as error:
                bad.append(Bad(int(rows[at]), file_of(value), error.text, error.remedy))
        return bad

    with _quiet(), ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return [bad for some in pool.map(run, range(0, len(rows), _CHUNK)) for bad in some]


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence Pillow's warnings: of bombs, which are refused by size, and of odd notes in files."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        yield
