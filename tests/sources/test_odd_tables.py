"""A corpus of broken and odd tables: each is read rightly, or refused with code, place and remedy."""

from __future__ import annotations

import gzip
import pickle
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from glia.core.errors import DataError, GliaError, UsageError
from glia.sources import read


@dataclass
class Odd:
    """A file's bytes, and what must come of them: columns, or an error's code, line and remedy."""

    bytes: bytes
    columns: dict[str, list] | None = None
    code: str = ""
    line: int | None = None
    remedy: str = ""
    names: list[str] | None = None
    file: str = "rows.csv"
    error: type[GliaError] = DataError
    details: dict = field(default_factory=dict)


TWO = {"a": ["1", "3"], "b": ["2", "4"]}
LETTERS = {"n": ["1", "2"], "name": ["Zoë", "Åsa"]}
WORDS = "n,name\n1,Zoë\n2,Åsa\n"

READ = {
    "a plain table": Odd(b"a,b\n1,2\n3,4\n", TWO),
    "a cell of a megabyte": Odd(
        b'a,b\n"' + b"x " * 500_000 + b'",2\n3,4\n', {"a": ["x " * 500_000, "3"], "b": ["2", "4"]}
    ),
    "no line end at the end": Odd(b"a,b\n1,2\n3,4", TWO),
    "Windows line ends": Odd(b"a,b\r\n1,2\r\n3,4\r\n", TWO),
    "old Macintosh line ends": Odd(b"a,b\r1,2\r3,4\r", TWO),
    "mixed line ends": Odd(b"a,b\r\n1,2\n3,4\r\n", TWO),
    "blank lines at the end": Odd(b"a,b\n1,2\n3,4\n\n\n", TWO),
    "blank lines between": Odd(b"a,b\n\n1,2\n\n3,4\n", TWO),
    "blank lines before": Odd(b"\n\na,b\n1,2\n3,4\n", TWO),
    "semicolons": Odd(b"a;b\n1,5;2\n3,5;4\n", {"a": ["1,5", "3,5"], "b": ["2", "4"]}, details={"delimiter": ";"}),
    "bars": Odd(b"a|b\n1|2\n3|4\n", TWO, details={"delimiter": "|"}),
    "tabs": Odd(b"a\tb\n1\t2\n3\t4\n", TWO, file="rows.tsv", details={"delimiter": "\t"}),
    "tabs under the name of commas": Odd(b"a\tb\n1\t2\n3\t4\n", TWO),
    "two colons": Odd(b"a::b\n1::2\n3::4\n", TWO, file="rows.dat", details={"delimiter": "::"}),
    "columns by spaces": Odd(b"a  b c\n1  x 2\n3  y 4\n", {**TWO, "b": ["x", "y"], "c": ["2", "4"]}, file="rows.dat"),
    "spaces after commas": Odd(b"a, b\n1, 2\n3, 4\n", TWO, details={"delimiter": ", "}),
    "Excel's first line": Odd(b"sep=;\r\na;b\r\n1;2\r\n3;4\r\n", TWO),
    "a UTF-8 mark": Odd(b"\xef\xbb\xbfa,b\n1,2\n3,4\n", TWO),
    "UTF-8": Odd(WORDS.encode(), LETTERS, details={"encoding": "utf-8"}),
    "UTF-16 with a mark": Odd(WORDS.encode("utf-16"), LETTERS),
    "UTF-16 big-endian with a mark": Odd(b"\xfe\xff" + WORDS.encode("utf-16-be"), LETTERS),
    "UTF-16 without a mark": Odd(WORDS.encode("utf-16-le"), LETTERS, details={"encoding": "utf-16-le"}),
    "UTF-32 with a mark": Odd(WORDS.encode("utf-32"), LETTERS),
    "Windows-1252": Odd(b"n,name\n1,Zo\xeb\n2,\xc5sa \x80\n", {"n": ["1", "2"], "name": ["Zoë", "Åsa €"]}),
    "gzip": Odd(gzip.compress(b"a,b\n1,2\n3,4\n"), TWO, file="rows.csv.gz"),
    "gzip without saying so": Odd(gzip.compress(b"a,b\n1,2\n3,4\n"), TWO),
    "gzip of no suffix": Odd(gzip.compress(b"a,b\n1,2\n3,4\n"), TWO, file="rows.gz"),
    "text of no known suffix": Odd(b"a,b\n1,2\n3,4\n", TWO, file="rows.data"),
    "quoted delimiters": Odd(b'a,b\n"1,5",2\n3,4\n', {"a": ["1,5", "3"], "b": ["2", "4"]}),
    "quoted quotes": Odd(b'a,b\n"say ""hi""",2\n3,4\n', {"a": ['say "hi"', "3"], "b": ["2", "4"]}),
    "quoted line ends": Odd(b'a,b\n"x\r\ny",2\n"z\rw",4\n', {"a": ["x\r\ny", "z\rw"], "b": ["2", "4"]}),
    "escaped quotes": Odd(b'a,b\n"say \\"hi\\", ok",2\n3,4\n', {"a": ['say "hi", ok', "3"], "b": ["2", "4"]}),
    "single quotes": Odd(b"a,b\n'1,5',2\n'3',4\n", {"a": ["1,5", "3"], "b": ["2", "4"]}),
    "apostrophes": Odd(b"a,b\n'tis,2\nit's,4\n", {"a": ["'tis", "it's"], "b": ["2", "4"]}),
    "inches": Odd(b'a,b\n5" pipe,2\n3,4\n', {"a": ['5" pipe', "3"], "b": ["2", "4"]}),
    "quotes in tabs": Odd(b'a\tb\n"x y\t2\nz "w" v"\t4\n', {"a": ['"x y', 'z "w" v"'], "b": ["2", "4"]}, file="r.tsv"),
    "leading zeros and odd numbers": Odd(
        b"id,v\n007,1e5\n010,NaN\n011,0x1F\n", {"id": ["007", "010", "011"], "v": ["1e5", "NaN", "0x1F"]}
    ),
    "infinite and huge": Odd(b"a,b\ninf,1e300\n-inf,1e999\n", {"a": ["inf", "-inf"], "b": ["1e300", "1e999"]}),
    "dates as text": Odd(b"d,b\n2020-01-02,1\n03/04/2021,2\n", {"d": ["2020-01-02", "03/04/2021"], "b": ["1", "2"]}),
    "spellings of missing stay": Odd(b"a,b\nN/A,1\nNULL,?\n", {"a": ["N/A", "NULL"], "b": ["1", "?"]}),
    "empty cells": Odd(b'a,b,c\n,1,x\n"",,y\n', {"a": [None, ""], "b": ["1", None], "c": ["x", "y"]}),
    "spaces are kept": Odd(b"a,b\n x ,1\n\t y,2\n", {"a": [" x ", "\t y"], "b": ["1", "2"]}),
    "one row": Odd(b"a,b\n1,x\n", {"a": ["1"], "b": ["x"]}),
    "one column": Odd(b"text\nhello\nworld\n", {"text": ["hello", "world"]}),
    "one column with gaps": Odd(b"x\n1\n\n3\n", {"x": ["1", None, "3"]}),
    "one column of prose": Odd(
        b'line\nHi, "you", there\n\nyes, no\n',
        {"line": ['Hi, "you", there', None, "yes, no"]},
        file="prose.txt",
    ),
    "running text": Odd(
        b"this is a film about some people.\n\nno.\n",
        {"text": ["this is a film about some people.", None, "no."]},
        file="r.txt",
    ),
    "nameless columns": Odd(b",a,\n0,1,x\n1,3,y\n", {"column_1": ["0", "1"], "a": ["1", "3"], "column_3": ["x", "y"]}),
    "numbered columns": Odd(b"0,1,2\n5,6,x\n7,8,y\n", {"0": ["5", "7"], "1": ["6", "8"], "2": ["x", "y"]}),
    "years as columns": Odd(
        b"land,2019,2020\nDE,1,2\nFR,3,4\n", {"land": ["DE", "FR"], "2019": ["1", "3"], "2020": ["2", "4"]}
    ),
    "a name that is also a value": Odd(
        b"sex,age\nm,1\nsex,2\nm,3\nm,4\n", {"sex": ["m", "sex", "m", "m"], "age": ["1", "2", "3", "4"]}
    ),
    "names given": Odd(b"1,2\n3,4\n", TWO, names=["a", "b"]),
    "names that differ in case": Odd(b"a,A\n1,2\n3,4\n", {"a": ["1", "3"], "A": ["2", "4"]}),
    "formulas and comments": Odd(b"a,b\n=1+1,#x\n@y,--z\n", {"a": ["=1+1", "@y"], "b": ["#x", "--z"]}),
    "names that look like SQL": Odd(
        b"a';DROP TABLE x;--,b\n1,2\n3,4\n", {"a';DROP TABLE x;--": ["1", "3"], "b": TWO["b"]}
    ),
    "ten thousand columns": Odd(
        (",".join(f"c{i}" for i in range(10_000)) + "\n" + ",".join(["x"] * 10_000) + "\n").encode(),
        {f"c{i}": ["x"] for i in range(10_000)},
    ),
}

REFUSED = {
    "empty": Odd(b"", code="empty_file", remedy="header line"),
    "blank": Odd(b"\n \n\n", code="empty_file", remedy="header line"),
    "empty gzip": Odd(gzip.compress(b""), code="empty_file", file="rows.csv.gz"),
    "header only": Odd(b"a,b\n", code="no_rows", line=1, remedy="bring rows"),
    "short row": Odd(b"a,b\n1,2\n3\n4,5\n", code="ragged_rows", line=3, remedy="complete the row"),
    "long row": Odd(b"a,b\n1,2\n3,4,5\n", code="ragged_rows", line=3, remedy="in quotes"),
    "long row after quoted line ends": Odd(b'a,b\n"x\ny",2\n3,4,5\n', code="ragged_rows", line=4),
    "long row after blank lines": Odd(b"a,b\n\n\n1,2\n3,4,5\n", code="ragged_rows", line=5),
    "long row in Excel's way": Odd(b"sep=;\na;b\n1;2\n3;4;5\n", code="ragged_rows", line=4),
    "all rows shorter": Odd(b"a,b\n1\n2\n", code="ragged_rows", line=2),
    "unclosed quote": Odd(b'a,b\n1,2\n"x,4\n5,6\n', code="bad_quotes", line=3, remedy="close it"),
    "unclosed quote before much": Odd(b'a,b\n"x,4\n' + b"5,6\n" * 50_000, code="bad_quotes", line=2, remedy="close it"),
    "text after a quote": Odd(b'a,b\n1,2\n"x"y,4\n', code="bad_quotes", line=3, remedy='twice ("")'),
    "NUL byte": Odd(b"a,b\n1,2\n3,\x004\n", code="nul_byte", line=3, remedy="delete"),
    "NUL in UTF-16": Odd("a,b\n1,\0\n".encode("utf-16"), code="nul_byte", line=2),
    "mixed encodings": Odd("n,name\n1,Zoë\n".encode() + b"2,\xc5sa\n", code="mixed_encodings", line=3, remedy="UTF-8"),
    "unknown encoding": Odd(b"n,name\n1,\x81\x8d\x90\n", code="bad_encoding", line=2, remedy="UTF-8"),
    "half a UTF-16 letter": Odd("a,b\n1,2\n".encode("utf-16") + b"3", code="bad_encoding", line=3),
    "duplicate names": Odd(b"a,b,a\n1,2,3\n", code="duplicate_names", line=1, remedy="rename"),
    "duplicate names but for spaces": Odd(b"a,b,a \n1,2,3\n", code="duplicate_names", line=1),
    "header repeated": Odd(
        b"a,b\n1,2\na,b\n3,4\n5,6\n7,8\n9,1\n1,2\n1,2\n1,2\n1,2\n1,2\n",
        code="repeated_header",
        remedy="delete",
    ),
    "no header, numbers": Odd(b"1.5,2\n3.5,4\n", code="no_header", line=1, remedy="--names a,b,..."),
    "no header, one number": Odd(b"1.5\n3.5\n", code="no_header", line=1, remedy="--names"),
    "no header, one row of numbers": Odd(b"1.5,2\n", code="no_header", line=1, remedy="--names"),
    "no header, words that come again": Odd(b"m,x\nf,y\nm,x\nf,x\nm,y\n", code="no_header", line=1, remedy="--names"),
    "no header, text and a label": Odd(
        b"good film\t1\nbad film\t0\n", code="no_header", file="r.tsv", remedy="--names"
    ),
    "no header, dates": Odd(b"2020-01-01,5\n2020-01-02,6\n", code="no_header", line=1),
    "no header, sentences": Odd(b"this is a film about some people.\nno.\n", code="no_header", file="r.csv"),
    "too few names": Odd(b"1,2\n", names=["a"], code="names_mismatch", error=UsageError, remedy="one name for each"),
    "too many names": Odd(b"1,2\n", names=["a", "b", "c"], code="names_mismatch", error=UsageError),
    "a name twice": Odd(b"1,2\n", names=["a", "a"], code="bad_names", error=UsageError),
    "an empty name": Odd(b"1,2\n", names=["a", ""], code="bad_names", error=UsageError),
    "names that are there": Odd(
        b"a,b\n1,2\n", names=["a", "b"], code="names_in_file", error=UsageError, remedy="leave"
    ),
    "a picture": Odd(b"\x89PNG\r\n\x1a\n" + bytes(40), code="not_text", remedy="glia reads CSV"),
    "a picture by its own name": Odd(b"\x89PNG\r\n\x1a\n" + bytes(40), code="unknown_file", file="cat.png"),
    "a zip archive": Odd(b"PK\x03\x04" + bytes(40), code="not_text"),
    "an Excel workbook": Odd(b"PK\x03\x04....[Content_Types].xml", code="unknown_file", file="rows.xlsx"),
    "a pickle": Odd(pickle.dumps([1, 2]), code="not_text", remedy="glia reads CSV"),
    "a pickle by its own name": Odd(pickle.dumps({"a": 1}), code="unknown_file", file="rows.pkl"),
    "Parquet by another name": Odd(b"PAR1" + bytes(40), code="not_text", remedy=".parquet"),
    "a web page": Odd(b"<!DOCTYPE html><html></html>", code="not_text"),
    "a pointer of Git LFS": Odd(b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", code="not_text"),
    "random bytes": Odd(bytes(range(256)) * 8, code="not_text"),
    "gzip of gzip": Odd(gzip.compress(gzip.compress(b"a,b\n1,2\n")), code="not_text"),
    "cut gzip": Odd(gzip.compress(b"a,b\n1,2\n" * 99)[:-9], code="damaged_gzip", file="rows.csv.gz", remedy="again"),
    "no Parquet file": Odd(b"a,b\n1,2\n", code="damaged_file", file="rows.parquet"),
    "no Arrow file": Odd(b"a,b\n1,2\n", code="damaged_file", file="rows.arrow"),
    "no database": Odd(b"a,b\n1,2\n", code="damaged_file", file="rows.db"),
    "a cut database": Odd(b"SQLite format 3\0" + bytes(30), code="damaged_file", file="rows.db"),
    "no NumPy file": Odd(b"a,b\n1,2\n", code="damaged_file", file="rows.npz"),
    "JSON with a list": Odd(b'{"a": 1}\n{"a": [2]}\n', code="nested_value", line=2, remedy="flatten", file="r.jsonl"),
    "JSON cut short": Odd(b'{"a": 1}\n{"a": \n', code="bad_json", line=2, file="r.jsonl"),
    "JSON with a key twice": Odd(b'{"a": 1, "a": 2}\n', code="bad_json", line=1, file="r.jsonl"),
    "JSON of half a letter": Odd(b'{"a": "\\ud800"}\n', code="bad_json", line=1, file="r.jsonl"),
    "JSON of great depth": Odd(b'{"a":' * 9 + b"[" * 100_000 + b"\n", code="bad_json", line=1, file="r.jsonl"),
    "JSON of no objects": Odd(b"1\n", code="bad_json", line=1, file="r.jsonl"),
    "JSON of one document": Odd(b'[{"a": 1}]', code="unknown_file", file="r.json", remedy=".jsonl"),
    "blank JSON lines": Odd(b"\n\n", code="empty_file", file="r.jsonl"),
}


def _saved(odd: Odd, folder: Path) -> Path:
    path = folder / odd.file
    path.write_bytes(odd.bytes)
    return path


@pytest.mark.parametrize("case", READ)
def test_an_odd_table_is_read_rightly(case: str, tmp_path: Path) -> None:
    odd = READ[case]
    table = read(_saved(odd, tmp_path), names=odd.names)
    found = {
        name: [value if here else None for value, here in zip(raw.values, raw.present)]
        for name, raw in table.columns.items()
    }
    assert found == odd.columns
    assert all(raw.values.dtype == object and raw.present.dtype == bool for raw in table.columns.values())
    assert odd.details.items() <= table.origin.details.items()


@pytest.mark.parametrize("case", REFUSED)
def test_a_broken_table_is_refused_with_its_place_and_a_remedy(case: str, tmp_path: Path) -> None:
    odd = REFUSED[case]
    path = _saved(odd, tmp_path)
    with pytest.raises(odd.error) as caught:
        read(str(path), names=odd.names)
    error = caught.value
    assert error.code == odd.code, error
    assert error.remedy, "every refusal says what to do"
    assert odd.remedy in error.remedy
    if odd.error is DataError:
        assert error.file == str(path)
    if odd.line is not None:
        assert error.line == odd.line


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a,b\n1,2\n3,4\n", [2, 3]),
        ("\n\na,b\n1,2\n3,4\n", [4, 5]),
        ("sep=,\na,b\n1,2\n3,4\n", [3, 4]),
        ('a,b\n"x\ny",2\n3,4\n', [None, None]),
        ("a,b\n\n1,2\n\n3,4\n", [None, None]),
    ],
)
def test_the_line_of_a_row_is_told_where_rows_are_lines(text: str, lines: list, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text(text)
    origin = read(tmp_path / "rows.csv").origin
    assert [origin.line(row) for row in range(2)] == lines


def test_with_names_the_first_row_is_in_the_first_line(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("1,2\n3,4\n")
    assert read(tmp_path / "rows.csv", names="a, b").origin.line(1) == 2
