"""What the first bytes of a file say it is, whatever its name says."""

from __future__ import annotations

import re

__all__ = ["looks_like_text", "seems", "wide"]

# (where, the bytes there, what they mean); formats glia reads come first and are named by their suffix.
_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"PAR1", ".parquet"),
    (0, b"ARROW1\0\0", ".arrow"),
    (0, b"SQLite format 3\0", ".sqlite"),
    (8, b"DUCK", ".duckdb"),
    (0, b"\x93NUMPY", ".npy"),
    (0, b"\x89PNG\r\n", "a PNG picture"),
    (0, b"\xff\xd8\xff", "a JPEG picture"),
    (0, b"GIF8", "a GIF picture"),
    (0, b"BM", "a BMP picture"),
    (0, b"II*\0", "a TIFF picture"),
    (0, b"MM\0*", "a TIFF picture"),
    (8, b"WEBP", "a WebP picture"),
    (8, b"WAVE", "a WAV sound"),
    (0, b"OggS", "an Ogg sound"),
    (0, b"fLaC", "a FLAC sound"),
    (0, b"ID3", "an MP3 sound"),
    (4, b"ftyp", "an MP4 video"),
    (0, b"%PDF", "a PDF document"),
    (0, b"\xd0\xcf\x11\xe0", "an old Excel or Word document"),
    (0, b"7z\xbc\xaf", "a 7-Zip archive"),
    (0, b"Rar!", "a RAR archive"),
    (257, b"ustar", ".tar"),
    (0, b"BZh", "a bzip2 archive"),
    (0, b"\xfd7zXZ", "an xz archive"),
    (0, b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"\x89HDF", "an HDF5 file"),
    (0, b"FEA1", "a Feather file of the first version"),
    (0, b"\x7fELF", "a program"),
    (0, b"MZ\x90", "a program"),
    (0, b"version https://git-lfs", "a Git LFS pointer and not the data itself"),
)


def seems(head: bytes) -> str:
    """Return what the first bytes of a file say: a suffix glia reads, a phrase, or nothing for plain text.

    Args:
        head: The first few hundred bytes.

    Example:
        >>> seems(b"PAR1...."), seems(b"%PDF-1.7"), seems(b"a,b")
        ('.parquet', 'a PDF document', '')
    """
    for start, mark, meaning in _MAGIC:
        # Two letters alone also begin ordinary words, so a BMP must not look like text as well.
        if head[start : start + len(mark)] == mark and not (mark == b"BM" and looks_like_text(head)):
            return meaning
    if head[:2] == b"PK":
        if b".npy" in head:
            return ".npz"
        return "an Excel workbook or Office document" if b"[Content_Types]" in head else "a zip archive"
    if re.match(rb"\x80[\x02-\x05][\x95c}\](K]", head):
        return "a Python pickle, which can run any code when it is opened"
    if re.match(rb"\s*<(?:!doctype|html|\?xml)", head, re.IGNORECASE):
        return "an HTML or XML page and not a table"
    return ""


def looks_like_text(head: bytes) -> bool:
    """Return whether bytes are plausibly text in some encoding, by hardly holding a control byte."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return True
    if wide(head) is not None:
        return True
    controls = sum(byte < 32 and byte not in b"\t\n\r\f\x1a\x1b\x1f" for byte in head[:4096])
    return controls <= len(head[:4096]) * 0.02 + 1


def wide(head: bytes) -> str | None:
    """Return the two-byte encoding of Latin text without a byte-order mark: every other byte is zero."""
    even, odd = head[:4096:2], head[1:4096:2]
    if len(odd) < 4:
        return None
    if odd.count(0) > 0.7 * len(odd) and not even.count(0):
        return "utf-16-le"
    return "utf-16-be" if even.count(0) > 0.7 * len(even) and not odd.count(0) else None
