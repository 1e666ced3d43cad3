from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from glia.core.errors import DataError
from glia.sources import read, sources


def saved(folder: Path, data: bytes, name: str = "corpus.txt") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def test_lines_can_be_joined_again(tmp_path: Path) -> None:
    text = "First Citizen:\nBefore we proceed, hear me speak.\n\nAll:\nSpeak, speak.\n"
    table = read(saved(tmp_path, text.encode()))
    assert table.origin.kind == "corpus"
    assert list(table) == ["text"]
    assert "\n".join(table["text"].values) + "\n" == text
    assert table["text"].present.tolist() == [True, True, False, True, True]
    assert table.origin.line(3) == 4


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_any_line_ending_will_do(tmp_path: Path, ending: str) -> None:
    text = ending.join(["One line, and more.", "Two lines.", "Three; that is all."])
    assert read(saved(tmp_path, text.encode()))["text"].values.tolist() == text.split(ending)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings_are_found_out(tmp_path: Path, encoding: str) -> None:
    table = read(saved(tmp_path, "Ein schöner Satz.\nNoch einer, für später.\n".encode(encoding)))
    assert table["text"].values[0] == "Ein schöner Satz."


def test_a_packed_corpus_is_read(tmp_path: Path) -> None:
    table = read(saved(tmp_path, gzip.compress(b"A sentence, of words.\nAnother one.\nA third.\n"), "corpus.txt.gz"))
    assert len(table) == 3


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"A line.\nwith a \x00 in it.\nend\n", "nul_byte"), ("gut, schön\n".encode() + b"sch\xf6n, gut.\nx\n", "mixed")],
)
def test_what_is_no_text_is_refused_with_its_line(tmp_path: Path, data: bytes, code: str) -> None:
    with pytest.raises(DataError, match=code) as caught:
        read(saved(tmp_path, data))
    assert caught.value.line == 2


@pytest.mark.parametrize(
    "table", ["a\tb\n1\t2\n3\t4\n", "x,y\n1,2\n3,4\n", "1;2\n3;4\n5;6\n", "name\nA b c d.\nE f g.\n"]
)
def test_a_table_that_is_called_txt_stays_a_table(tmp_path: Path, table: str) -> None:
    assert not sources.get("corpus").claims(saved(tmp_path, table.encode()))


@pytest.mark.parametrize(
    ("data", "code", "cure"),
    [(b"", "empty_file", "or a text"), (b"\n" * 3000, "empty_file", "or a text"), (b"x", "no_rows", "several lines")],
)
def test_too_little_for_a_text_is_refused_with_a_cure(tmp_path: Path, data: bytes, code: str, cure: str) -> None:
    with pytest.raises(DataError, match=code) as caught:
        read(saved(tmp_path, data))
    assert cure in caught.value.remedy
    assert ("blanks" in caught.value.text) == (data[:1] == b"\n")


def test_one_long_line_is_running_text_and_no_header(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("the cat sat on the mat. " * 500, encoding="utf-8")
    assert list(read(tmp_path / "one.txt").columns) == ["text"]


def test_a_long_first_line_is_quoted_in_short(tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("7 cats sat on the mat. " * 500 + "\n1\n2\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read(tmp_path / "one.csv")
    assert len(str(caught.value)) < 600
