"""The rows of every speed workload, made once into one file that all peers read."""

from __future__ import annotations

import gzip
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

__all__ = ["WORKLOADS", "Workload", "made"]

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data"
CACHE = ROOT / "bench" / "cache" / "speed"


@dataclass(frozen=True)
class Workload:
    """One network on one data set.

    Args:
        label: In printed tables.
        batch: Rows a step.
        epochs: Passes over the training rows.
        rows: Training rows used; ``None`` = all.
        quick: The same for a smoke test, with one epoch.
        tokens: Whether inputs are codes.
    """

    label: str
    batch: int
    epochs: int
    rows: int | None = None
    quick: int = 2048
    tokens: bool = False


WORKLOADS = {
    "tiny": Workload("tiny MLP 64-64-64-10 (digits)", 128, 100),
    "mnist": Workload("MLP 784-512-512-10 (MNIST)", 256, 5),
    "adult": Workload("wide MLP 108-512-512-2 (adult)", 256, 5),
    "cnn": Workload("small CNN 32-64 (MNIST)", 256, 2, rows=30_000),
    "resnet": Workload("ResNet-9-like (CIFAR-10 subset)", 256, 2, rows=5_000, quick=512),
    "lstm": Workload("LSTM 128, sequence 128 (text)", 64, 1, rows=12_800, quick=512, tokens=True),
    "transformer": Workload("Transformer 4x128, context 64 (text)", 64, 1, rows=12_800, quick=512, tokens=True),
}


def made(name: str, quick: bool) -> Path:
    """Return the file with ``x``, ``y``, ``x_test`` and ``y_test`` of a workload, made when it is not there."""
    path = CACHE / "data" / f"{name}{'-quick' if quick else ''}.npz"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        x, y, x_test, y_test = _MAKERS[name]()
        load = WORKLOADS[name]
        count = min(load.quick if quick else load.rows or len(x), len(x))
        np.savez(path, x=x[:count], y=y[:count], x_test=x_test[:2000], y_test=y_test[:2000])
    return path


Parts = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _tiny() -> Parts:
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(x))
    x, y = (x[order] / 16).astype(np.float32), y[order].astype(np.int64)
    return x[:1400], y[:1400], x[1400:], y[1400:]


def _idx(name: str) -> np.ndarray:
    raw = gzip.decompress((SHARED / "mnist" / name).read_bytes())
    return np.frombuffer(raw, np.uint8, offset=16 if "images" in name else 8)


def _cnn() -> Parts:
    x, x_test = (
        (_idx(f"{part}-images-idx3-ubyte.gz").reshape(-1, 1, 28, 28) / np.float32(255)).astype(np.float32)
        for part in ("train", "t10k")
    )
    y, y_test = (_idx(f"{part}-labels-idx1-ubyte.gz").astype(np.int64) for part in ("train", "t10k"))
    return x, y, x_test, y_test


def _mnist() -> Parts:
    x, y, x_test, y_test = _cnn()
    return x.reshape(len(x), -1), y, x_test.reshape(len(x_test), -1), y_test


def _adult() -> Parts:
    import pandas as pd
    from sklearn.compose import make_column_transformer
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    parts = [pd.read_csv(SHARED / "adult" / f"adult-{part}.csv", header=None) for part in ("train", "test")]
    parts = [part[pd.to_numeric(part[0], errors="coerce").notna()] for part in parts]
    answers = [part[14].str.contains(">50K").to_numpy().astype(np.int64) for part in parts]
    numbers = [0, 2, 4, 10, 11, 12]
    for part in parts:
        part[numbers] = part[numbers].astype(float)
    words = [column for column in range(14) if column not in numbers]
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    table = make_column_transformer((StandardScaler(), numbers), (encoder, words))
    x = table.fit_transform(parts[0]).astype(np.float32)
    return x, answers[0], table.transform(parts[1]).astype(np.float32), answers[1]


def _resnet() -> Parts:
    from PIL import Image

    found = []
    for part in ("train", "test"):
        with zipfile.ZipFile(SHARED / "cifar10-subset" / f"{part}.zip") as archive:
            names = sorted(name for name in archive.namelist() if name.endswith(".jpg"))
            pictures = [np.asarray(Image.open(io.BytesIO(archive.read(name))).convert("RGB")) for name in names]
        kinds = [name.split("/")[1] for name in names]
        codes = np.unique(kinds, return_inverse=True)[1]
        order = np.random.default_rng(0).permutation(len(codes))
        x = np.stack(pictures)[order].transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1
        found += [np.ascontiguousarray(x), codes[order].astype(np.int64)]
    return found[0], found[1], found[2], found[3]


def _text(length: int) -> Parts:
    text = np.frombuffer((SHARED / "tinyshakespeare" / "input.txt").read_bytes(), np.uint8)
    codes = np.unique(text, return_inverse=True)[1].astype(np.int64)
    starts = np.random.default_rng(0).integers(0, len(codes) - length - 1, 16_000)
    x = codes[starts[:, None] + np.arange(length)]
    y = codes[starts + length]
    return x[:14_000], y[:14_000], x[14_000:], y[14_000:]


_MAKERS = {
    "tiny": _tiny,
    "mnist": _mnist,
    "adult": _adult,
    "cnn": _cnn,
    "resnet": _resnet,
    "lstm": lambda: _text(128),
    "transformer": lambda: _text(64),
}
