"""idx files, the format of MNIST: two zeros, a type, the number of axes, their lengths, and the values."""

from __future__ import annotations

import math

import numpy as np

from glia.core.errors import DataError

__all__ = ["parsed", "written"]

_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def parsed(data: bytes, file: object = None) -> np.ndarray:
    """Return the array an idx file holds.

    Args:
        data: The whole file, unpacked.
        file: Its name, for messages.

    Raises:
        DataError: It is no idx file, or shorter or longer than it says.

    Example:
        >>> parsed(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9])).tolist()
        [7, 8, 9]
    """
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] not in _TYPES or not 1 <= data[3] <= 8:
        raise _damaged("it does not begin as an idx file does", file)
    start = 4 + 4 * data[3]
    if len(data) < start:
        raise _damaged("it ends within its header", file)
    shape = tuple(np.frombuffer(data, ">u4", data[3], 4).astype(object))
    dtype = np.dtype(_TYPES[data[2]])
    wanted = math.prod(shape) * dtype.itemsize
    if len(data) - start != wanted:
        said = f"it says {' x '.join(map(str, shape))} values ({wanted:,} bytes) and holds {len(data) - start:,} bytes"
        raise _damaged(said, file)
    values = np.frombuffer(data, dtype, offset=start).reshape(shape)
    return values.astype(dtype.newbyteorder("="), copy=False)


def written(values: np.ndarray) -> bytes:
    """Return an array as the bytes of an idx file.

    Example:
        >>> parsed(written(np.arange(6, dtype=np.uint8).reshape(2, 3))).tolist()
        [[0, 1, 2], [3, 4, 5]]
    """
    code = next(code for code, name in _TYPES.items() if np.dtype(name) == values.dtype.newbyteorder(">"))
    head = bytes([0, 0, code, values.ndim]) + np.array(values.shape, ">u4").tobytes()
    return head + values.astype(values.dtype.newbyteorder(">")).tobytes()


def _damaged(said: str, file: object) -> DataError:
    return DataError("damaged_file", said, remedy="fetch it again", file=file)
