"""Encoded sounds to samples, and samples to log-mel spectra.

Legend of shapes: N = sounds, S = samples, M = bands, T = frames.
"""

from __future__ import annotations

import io
import struct
from functools import lru_cache
from math import gcd
from pathlib import Path
from typing import Any

import numpy as np

from glia.columns._pictures import UnreadableError

__all__ = ["as_wav", "frames_of", "is_sound", "log_mel", "resampled", "waveform"]

SUFFIXES = (".wav", ".wave", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".au")
MOST_BYTES = 256 << 20
FLOOR = 1e-10
"""What is added to a band's power before its logarithm: 100 dB below a full tone, for quiet recordings."""
_MAGIC = (b"RIFF", b"RF64", b"fLaC", b"OggS", b"FORM", b".snd", b"ID3")
_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_UNTOLD = (0, 0xFFFFFFFF)  # what a program that could not go back writes as a length
_CHUNK = 64


def is_sound(value: object) -> bool:
    """Return whether a value is the path of a sound, or bytes that begin as one.

    Example:
        >>> is_sound(Path("hello.wav")), is_sound(b"RIFF0000WAVE"), is_sound("hello.wav")
        (True, True, False)
    """
    if isinstance(value, Path):
        return value.suffix.lower() in SUFFIXES
    if not isinstance(value, bytes):
        return False
    return value[:4].startswith(_MAGIC) and (value[:4] not in (b"RIFF", b"RF64") or value[8:12] == b"WAVE")


def waveform(value: Any, rate: int = 16_000) -> tuple[np.ndarray, int]:
    """Return the samples of a sound, (S,) float32 from -1 to 1, channels averaged, and how many make a second.

    Args:
        value: A path, the bytes of a file, or samples (S,) or (S, C).
        rate: The rate of samples that are given as such.

    Raises:
        UnreadableError: There is no such file, it is no sound, it is cut off, or it holds no sample.
    """
    if isinstance(value, np.ndarray):
        samples = value.astype(np.float32) / (np.iinfo(value.dtype).max if value.dtype.kind in "iu" else 1)
    else:
        data = _bytes(value)
        wav = data[:4] == b"RIFF" and data[8:12] == b"WAVE"
        samples, rate = _wav(data) if wav else _by_library(data)
    samples = samples.mean(1) if samples.ndim == 2 else samples
    if not len(samples):
        raise UnreadableError("it holds no sample (0 seconds)", "leave it out, or record it again")
    if not np.isfinite(samples).all():
        raise UnreadableError("it holds samples that are no numbers", "save it again")
    return samples.astype(np.float32), rate


def resampled(samples: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    """Return samples at another rate, through a filter that lets nothing above half of it pass.

    Example:
        >>> tone = np.sin(np.arange(9600) / 48_000 * 2 * np.pi * 100).astype(np.float32)
        >>> resampled(tone, 48_000, 8_000).shape
        (1600,)
    """
    if rate == wanted:
        return samples
    from scipy.signal import resample_poly

    shared = gcd(rate, wanted)
    found: np.ndarray = resample_poly(samples, wanted // shared, rate // shared).astype(np.float32)
    return found


def frames_of(samples: int, rate: int) -> int:
    """Return how many frames, 10 ms apart, so many samples have."""
    return samples // max(rate // 100, 1) + 1


def log_mel(sounds: np.ndarray, rate: int, bands: int) -> np.ndarray:
    """Return sounds (N, S) as logarithms of power in mel bands, (N, M, T) float32, frames of 25 ms each 10 ms.

    Bands are triangles evenly spaced in mel = 2595 log10(1 + f / 700) (S. Davis, P. Mermelstein 1980), silence is
    log(1e-10).

    Example:
        >>> log_mel(np.zeros((2, 8000), np.float32), 8000, 40).shape
        (2, 40, 101)
    """
    import torch

    hop, window = max(rate // 100, 1), max(rate // 40, 2)
    size = 1 << (window - 1).bit_length()
    shape, weights = torch.hann_window(window), torch.from_numpy(_triangles(rate, size, bands))
    found = []
    for at in range(0, max(len(sounds), 1), _CHUNK):
        part = torch.from_numpy(np.ascontiguousarray(sounds[at : at + _CHUNK]))
        if not len(part):
            return np.zeros((0, bands, frames_of(sounds.shape[1], rate)), np.float32)
        spectrum = torch.stft(
            part, size, hop, window, shape, center=True, pad_mode="constant", normalized=False, return_complex=True
        )
        # Divided by the window's sum, a full tone has power one quarter, whatever the rate.
        power = (spectrum / shape.sum()).abs().square()
        found.append((weights @ power + FLOOR).log())
    return torch.cat(found).numpy()


def as_wav(samples: np.ndarray, rate: int) -> bytes:
    """Return samples from -1 to 1 as the bytes of a 16-bit wav file.

    Example:
        >>> waveform(as_wav(np.array([0.0, 0.5]), 8000))[0].round(3).tolist()
        [0.0, 0.5]
    """
    import wave

    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(samples, -1, 1) * 32767).round().astype("<i2").tobytes())
    return out.getvalue()


def _bytes(value: Any) -> bytes:
    if isinstance(value, bytes):
        data: bytes = value
    elif isinstance(value, Path):
        try:
            if value.stat().st_size > MOST_BYTES:
                raise UnreadableError(f"it has more than {MOST_BYTES >> 20} MiB", "cut it into pieces first")
            data = value.read_bytes()
        except OSError as error:
            said = f"it cannot be opened ({error.strerror or error})"
            raise UnreadableError(said, "check name and rights") from error
    else:
        said = f"there is no sound file {str(value)!r} in the folder of the listing"
        raise UnreadableError(said, "name files relative to the listing")
    if not data:
        raise UnreadableError("it is empty (0 bytes)")
    return data


def _wav(data: bytes) -> tuple[np.ndarray, int]:
    """Return the samples (S, C) and the rate of a wav file: 8, 16, 24 or 32 bits, or floating point.

    The format is that of Microsoft and IBM, *Multimedia Programming Interface and Data Specifications 1.0*, 1991, with
    ``WAVE_FORMAT_EXTENSIBLE``. Python's own reader knows neither floating point nor, before 3.12, extensible files.
    """
    at, described = 12, b""
    while at + 8 <= len(data):
        name, size = data[at : at + 4], struct.unpack_from("<I", data, at + 4)[0]
        told = size not in _UNTOLD or name != b"data" or (size == 0 and _are_chunks(data, at + 8))
        body = data[at + 8 : at + 8 + size] if told else data[at + 8 :]
        if name == b"fmt ":
            described = body
        if name == b"data":
            if not described:
                raise UnreadableError("its data come before their description")
            return _samples(body, described, size)
        at += 8 + size + size % 2
    raise UnreadableError("it is cut off before its samples begin")


def _are_chunks(data: bytes, at: int) -> bool:
    """Return whether what follows a length of 0 are notes and no samples: chunks with names, up to the very end."""
    while at + 8 <= len(data) and data[at : at + 4].isascii() and data[at : at + 4].decode().isprintable():
        size = struct.unpack_from("<I", data, at + 4)[0]
        at += 8 + size + size % 2
    return at == len(data)


def _samples(body: bytes, described: bytes, size: int) -> tuple[np.ndarray, int]:
    if len(described) < 16:
        raise UnreadableError("its header is cut off")
    kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", described)
    if kind == _EXTENSIBLE and len(described) >= 26:
        kind = struct.unpack_from("<H", described, 24)[0]
    if not channels or not 100 <= rate <= 1_000_000:
        raise UnreadableError(f"its header says {channels} channels at {rate} samples a second")
    if size not in _UNTOLD and len(body) < size:
        held = size // max(channels * bits // 8, 1)
        raise UnreadableError(f"it is cut off: {len(body):,} of {size:,} bytes of its {held:,} samples are there")
    step = bits // 8
    if (kind, bits) not in ((_PCM, 8), (_PCM, 16), (_PCM, 24), (_PCM, 32), (_FLOAT, 32), (_FLOAT, 64)):
        raise UnreadableError(f"its samples are of kind {kind} with {bits} bits", "save it as 16-bit PCM")
    body = body[: len(body) // (step * channels) * step * channels]
    if bits == 24:
        parts = np.frombuffer(body, np.uint8).reshape(-1, 3).astype(np.int32)
        whole = (parts[:, 0] << 8) | (parts[:, 1] << 16) | (parts[:, 2] << 24)
        samples = whole.astype(np.float32) / 2**31
    elif kind == _FLOAT:
        samples = np.frombuffer(body, f"<f{step}").astype(np.float32)
    elif bits == 8:
        samples = (np.frombuffer(body, np.uint8).astype(np.float32) - 128) / 128
    else:
        samples = np.frombuffer(body, f"<i{step}").astype(np.float32) / 2 ** (bits - 1)
    return samples.reshape(-1, channels), rate


def _by_library(data: bytes) -> tuple[np.ndarray, int]:
    """Return the samples of any other file, where the library for them is installed."""
    if not data[:4].startswith(_MAGIC) and data[:2] not in (b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"):
        raise UnreadableError("its first bytes are not those of a sound", "bring wav or flac files")
    try:
        import soundfile  # type: ignore[import-untyped]
    except ImportError as error:
        remedy = "install it (pip install 'glia[audio]'), or save it as .wav"
        raise UnreadableError("only wav files are read without the package soundfile", remedy) from error
    try:
        samples, rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    except Exception as error:
        said = (str(error).strip() or type(error).__name__).splitlines()[0].rpartition(">: ")[2][:200]
        raise UnreadableError(f"it is damaged or cut off ({said})") from error
    return samples, int(rate)


@lru_cache(maxsize=8)
def _triangles(rate: int, size: int, bands: int) -> np.ndarray:
    """Return the weight of each frequency in each band, (M, size / 2 + 1) float32, each band summing to 1 or more."""
    low, high = (2595 * float(np.log10(1 + hertz / 700)) for hertz in (20.0, rate / 2))
    edges = 700 * (10 ** (np.linspace(low, high, bands + 2) / 2595) - 1)
    bins = np.linspace(0, rate / 2, size // 2 + 1)
    rise = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    weights = np.maximum(np.minimum(rise, fall), 0)
    # A band narrower than the distance of two frequencies takes the nearest one.
    empty = weights.sum(1) == 0
    nearest = np.abs(bins - edges[1:-1, None]).argmin(1)
    weights[empty, nearest[empty]] = 1.0
    return weights.astype(np.float32)
