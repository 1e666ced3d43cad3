"""TensorBoard's event files: scalars in the few fields of its protocol that they need, framed as TFRecords.

Formats: https://github.com/tensorflow/tensorboard, ``tensorboard/compat/proto/event.proto`` and ``summary.proto``;
https://www.tensorflow.org/tutorials/load_data/tfrecord for the frame and its masked CRC-32C.
"""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Mapping
from pathlib import Path

from glia.core.store import append, refusing
from glia.record import events

__all__ = ["TensorBoard"]


class TensorBoard:
    """Write losses, scores, rates and layers for TensorBoard; a trial after the first gets a folder of its own.

    Args:
        folder: Where its files go.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files: dict[int, int] = {}
        self._trial = 1
        self._resumed: tuple[int, int] | None = None

    def watch(self, event: events.Event) -> None:
        """Take an event.

        Raises:
            DataError: The disk is full, read-only or failing.
        """
        if isinstance(event, events.Start):
            self._resumed = (event.trial, event.step) if event.resumed else None
        elif isinstance(event, events.Metric):
            self._trial = event.trial
            self._add(event.step, {f"train/{name}": getattr(event, name) for name in ("loss", "lr", "gradient")})
        elif isinstance(event, events.Evaluation):
            self._trial = event.trial
            self._add(event.step, {f"{event.part}/{name}": value for name, value in event.values.items()})
        elif isinstance(event, events.Layers):
            kinds = {"weight": event.weight, "gradient": event.gradient, "update": event.update}
            named = {f"{kind}/{layer}": value for kind, layers in kinds.items() for layer, value in layers.items()}
            self._add(event.step, named)
        elif isinstance(event, events.End | events.Error):
            self._close()

    def _add(self, step: int, values: Mapping[str, float | None]) -> None:
        # What is not finite is shown as a gap in the curve, which is what TensorBoard makes of NaN.
        pairs = [_bytes(1, tag.encode()) + b"\x15" + struct.pack("<f", _float(value)) for tag, value in values.items()]
        self._write(_event(step, _bytes(5, b"".join(_bytes(1, one) for one in pairs))))

    def _write(self, record: bytes) -> None:
        folder = self.folder if self._trial == 1 else self.folder / f"trial-{self._trial}"
        path = folder / f"events.out.tfevents.{int(time.time()):010d}.glia"
        with refusing(path, need=len(record)):
            if self._trial not in self._files:
                folder.mkdir(parents=True, exist_ok=True)
                self._files[self._trial] = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
                record = _event(0, _bytes(3, b"brain.Event:2")) + self._again() + record
            append(self._files[self._trial], record)

    def _again(self) -> bytes:
        """Return what tells TensorBoard to forget the steps that a resumed run does again."""
        if self._resumed is None or self._trial < self._resumed[0]:
            return b""
        step = self._resumed[1] + 1 if self._trial == self._resumed[0] else 0
        return _event(step, _bytes(7, b"\x08\x01"))

    def _close(self) -> None:
        for file in self._files.values():
            os.close(file)
        self._files = {}


def _float(value: float | None) -> float:
    """Return a number that float32 holds."""
    most = 3.4028234e38
    return float("nan") if value is None else min(max(value, -most), most)


def _event(step: int, rest: bytes) -> bytes:
    data = b"\x09" + struct.pack("<d", time.time()) + b"\x10" + _varint(step) + rest
    length = struct.pack("<Q", len(data))
    return length + _mark(length) + data + _mark(data)


def _bytes(field: int, data: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def _rows() -> list[int]:
    """Return the table of CRC-32C, the polynomial 0x1EDC6F41 read backward."""
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
        table.append(crc)
    return table


_TABLE = _rows()


def _mark(data: bytes) -> bytes:
    """Return the masked CRC-32C of bytes.

    Example:
        >>> _mark(b"123456789").hex()
        'e5b08ac7'
    """
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ _TABLE[(crc ^ byte) & 0xFF]
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)
