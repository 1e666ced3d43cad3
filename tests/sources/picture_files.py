"""Small files of every kind that the tests of sources and columns read."""

from __future__ import annotations

import io
import wave
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

__all__ = ["encoded", "pattern", "put", "sound", "tree", "zipped"]


def pattern(seed: int = 0, height: int = 24, width: int = 32, channels: int = 3) -> np.ndarray:
    """Return a smooth picture, (H, W, C) or (H, W) uint8, different for each seed."""
    generator = np.random.default_rng(seed)
    coarse = generator.integers(20, 235, (4, 4, channels)).astype(np.uint8)
    picture = Image.fromarray(coarse[..., 0] if channels == 1 else coarse)
    return np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC))


def encoded(picture: np.ndarray, kind: str = "PNG", **options: Any) -> bytes:
    """Return a picture as the bytes of a file."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, kind, **options)
    return file.getvalue()


def sound(samples: int = 80) -> bytes:
    """Return the bytes of a short wav file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as made:
        made.setnchannels(1)
        made.setsampwidth(2)
        made.setframerate(8000)
        made.writeframes(bytes(2 * samples))
    return file.getvalue()


def put(path: Path, data: bytes | str = b"") -> Path:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def tree(root: Path, *names: str) -> Path:
    """Write a different picture for each name that ends as one does, a text or a sound for the others."""
    for seed, name in enumerate(names):
        suffix = Path(name).suffix.lower()
        kind = {".jpg": "JPEG", ".png": "PNG", ".webp": "WEBP"}.get(suffix)
        data = encoded(pattern(seed), kind) if kind else sound() if suffix == ".wav" else f"text {seed}\n".encode()
        put(root / name, data)
    return root


def zipped(folder: Path, path: Path) -> Path:
    """Write all files of a folder into a zip archive."""
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(folder).as_posix())
    return path
