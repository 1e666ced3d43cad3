"""Pictures whose values are codes: which values mean what, read without changing any of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from glia.columns._pictures import UnreadableError, opened

__all__ = ["codes_of", "distinct", "looks_like_instances", "looks_lossy"]

_NEAR = 32
_LOSSY = 16


def codes_of(value: Any, size: tuple[int, int] | None) -> tuple[np.ndarray, bool]:
    """Return the codes of a mask, and whether they are places in a palette.

    Args:
        value: A path, bytes, or (H, W) or (H, W, C) uint8.
        size: Height and width, reached by the nearest pixel; ``None`` keeps the mask's own.

    Returns:
        (H, W) int64: grey values, places in the palette, or colors as red * 65536 + green * 256 + blue.

    Raises:
        UnreadableError: It cannot be read.
    """
    from PIL import Image

    image = opened(value)
    try:
        palette = image.mode == "P"
        if image.mode in ("LA", "La", "PA", "RGBA", "RGBa", "CMYK", "YCbCr", "LAB", "HSV"):
            image = image.convert("L" if image.mode in ("LA", "La") else "RGB")
        if size is not None and image.size != (size[1], size[0]):
            image = image.resize((size[1], size[0]), Image.Resampling.NEAREST)
        data = np.asarray(image).astype(np.int64)
    except Exception as error:
        raise UnreadableError(f"its pixels are damaged or cut off ({error})") from error
    if data.ndim == 3:
        grey = (data[..., 0] == data[..., 1]).all() and (data[..., 0] == data[..., 2]).all()
        data = data[..., 0] if grey else data @ np.array([65536, 256, 1])
    return data, palette


def distinct(codes: np.ndarray) -> np.ndarray:
    """Return the different codes in a mask, ascending."""
    return np.flatnonzero(np.bincount(codes.ravel())) if codes.max(initial=0) < 65536 else np.unique(codes)


def looks_lossy(counts: dict[int, int]) -> bool:
    """Return whether black and white masks were blurred by a lossy format: many greys, nearly all close to either."""
    if len(counts) <= _LOSSY or max(counts) > 255:
        return False
    near = sum(count for code, count in counts.items() if code < _NEAR or code > 255 - _NEAR)
    return near >= 0.95 * sum(counts.values()) and any(code > 255 - _NEAR for code in counts)


def looks_like_instances(masks: list[np.ndarray]) -> bool:
    """Return whether masks number things instead of naming classes.

    So it is where every mask counts from 1 without a gap, not all to the same number, some mask to two at least,
    and nearly every number is one connected piece.

    Args:
        masks: (H, W) codes of each mask.
    """
    found = [distinct(mask) for mask in masks]
    tops = {int(codes[-1]) for codes in found if len(codes)}
    if len(tops - {0}) < 2 or max(tops) < 2:
        return False
    if any((codes[codes > 0] != np.arange(1, (codes > 0).sum() + 1)).any() for codes in found):
        return False
    from scipy.ndimage import label

    pieces, numbers = 0, 0
    for mask, codes in list(zip(masks, found))[:20]:
        for code in codes[codes > 0]:
            sizes = np.bincount(label(mask == code)[0].ravel())[1:]
            pieces += int((sizes > 0.05 * sizes.sum()).sum())  # specks do not count
            numbers += 1
    return pieces <= 1.25 * numbers
