"""Bytes to text: the encoding is found out, never guessed past a contradiction."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from glia.core.errors import DataError
from glia.sources import _files, _magic

__all__ = ["decoded_text", "text_of"]

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_UTF8_LETTER = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")


def text_of(path: Path) -> tuple[str, str]:
    """Return the text of a file and the name of its encoding.

    A byte-order mark decides; else UTF-16 shows by its zero bytes; else UTF-8 where it holds; else
    Windows-1252 (which agrees with Latin-1 on all letters), unless UTF-8 letters stand beside it: then the
    file is two files.

    Raises:
        DataError: The file is binary or empty, holds NUL bytes, or mixes encodings; with the line.
    """
    return decoded_text(_files.load(path), path)


def decoded_text(data: bytes, path: Path) -> tuple[str, str]:
    """Return the text that bytes hold and the name of its encoding, as :func:`text_of` finds it.

    Args:
        data: The bytes, unpacked.
        path: Where they are from, for messages.
    """
    found = _magic.seems(data[:4096])
    if found:
        known = f"a {found} file" if found.startswith(".") else found
        remedy = f"give it the suffix {found}" if found.startswith(".") else _files.READ
        raise DataError("not_text", f"it seems to be {known} and not text", remedy=remedy, file=path)
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _decoded(data[len(mark) :], encoding, path), encoding
    if not _magic.looks_like_text(data[:4096]):
        raise DataError("not_text", "it seems to be binary data and not text", remedy=_files.READ, file=path)
    encoding = _magic.wide(data) or "utf-8"
    if encoding == "utf-8" and (at := data.find(b"\0")) >= 0:
        raise DataError(
            "nul_byte",
            "there is a NUL byte, which no text holds",
            remedy="the file is damaged there: fetch it again or delete the byte",
            file=path,
            line=_line(data, at),
        )
    if encoding != "utf-8" or _is_utf8(data):
        return _decoded(data, encoding, path), encoding
    return _western(data, path)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _decoded(data: bytes, encoding: str, path: Path) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].decode(encoding, "replace").count("\n") + 1
        raise DataError(
            "bad_encoding",
            f"the text begins as {encoding.upper()}, and here it is not",
            remedy="save the file as UTF-8",
            file=path,
            line=line,
        ) from error
    if (at := text.find("\0")) >= 0:
        raise DataError(
            "nul_byte",
            "there is a NUL character, which no text holds",
            remedy="the file is damaged there: fetch it again or delete it",
            file=path,
            line=text.count("\n", 0, at) + 1,
        )
    return text


def _western(data: bytes, path: Path) -> tuple[str, str]:
    if _UTF8_LETTER.search(data):
        try:
            data.decode()
        except UnicodeDecodeError as error:
            raise DataError(
                "mixed_encodings",
                f"the file is UTF-8 elsewhere, and the byte 0x{data[error.start]:02x} here is not",
                remedy="save all of it as UTF-8",
                file=path,
                line=_line(data, error.start),
            ) from error
    try:
        return data.decode("cp1252"), "cp1252"
    except UnicodeDecodeError as error:
        raise DataError(
            "bad_encoding",
            f"the byte 0x{data[error.start]:02x} is neither UTF-8, UTF-16 nor Windows-1252",
            remedy="save the file as UTF-8",
            file=path,
            line=_line(data, error.start),
        ) from error


def _line(data: bytes, at: int) -> int:
    # Old files end their lines with a carriage return alone.
    return data.count(b"\n" if b"\n" in data else b"\r", 0, at) + 1
