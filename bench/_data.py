"""The tables of the benchmark, written as plain CSV files so that every model reads the same rows.

Nothing is learned here. What is done to the published files is done for everybody, and is this: cells are
stripped; ``?`` and blanks become empty cells; row numbers (``customerID``, ``PassengerId``) are left out; the
full stop after the labels of adult's test file and the quotes around mammography's labels are removed; a
Californian house is valued in $100,000; red and white wine become one table with the column ``color``.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

__all__ = ["SETS", "Prepared", "TableSet", "folder", "prepare"]

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / "bench" / "cache"

Row = list[str]


@dataclass(frozen=True)
class Table:
    """Rows of text below a header; ``official`` rows are a test part that the source itself names."""

    header: Row
    rows: list[Row]
    official: list[Row] | None = None


@dataclass(frozen=True)
class TableSet:
    """One data set and the question put to it.

    Args:
        name: The folder it lies in.
        task: ``"classify"`` or ``"regress"``.
        target: The column asked for.
        metric: The score that decides its ranks.
        load: From the folder to the table.
        split: How the test rows are chosen, in words.
    """

    name: str
    task: str
    target: str
    metric: str
    load: Callable[[Path], Table]
    split: str = "80/20 by seed"


@dataclass(frozen=True)
class Prepared:
    """Two CSV files ready to be read, and the digest that says whether they are still the same."""

    train: Path
    test: Path
    rows: tuple[int, int]
    columns: int
    digest: str


def folder() -> Path:
    """Return where the data sets lie: ``GLIA_TEST_DATA``, else ``../shared/data`` beside the project."""
    return Path(os.environ.get("GLIA_TEST_DATA", ROOT.parent / "shared" / "data"))


# ---------------------------------------------------------------- reading


def _cells(path: Path) -> Iterator[Row]:
    """Yield the non-empty rows of a CSV file, stripped, with every spelling of missing as an empty cell."""
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.reader(file, skipinitialspace=True):
            cells = [cell.strip() for cell in row]
            if any(cells):
                yield ["" if cell == "?" else cell for cell in cells]


def _headed(path: Path, without: Sequence[str] = ()) -> Table:
    """Read a file that names its columns."""
    header, *rows = _cells(path)
    keep = [at for at, name in enumerate(header) if name not in without]
    return Table([header[at] for at in keep], [[row[at] for at in keep] for row in rows])


def _headless(path: Path, names: str) -> Table:
    """Read a file whose names are published apart from it."""
    return Table(names.split(), list(_cells(path)))


def _adult(at: Path) -> Table:
    names = (
        "age workclass fnlwgt education education-num marital-status occupation relationship race sex "
        "capital-gain capital-loss hours-per-week native-country income"
    )
    train = _headless(at / "adult-train.csv", names)
    test = [[*row[:-1], row[-1].removesuffix(".")] for row in _cells(at / "adult-test.csv")]
    return Table(train.header, train.rows, official=test)


def _california(at: Path) -> Table:
    table = _headed(at / "housing.csv")
    value = table.header.index("median_house_value")
    for row in table.rows:
        row[value] = repr(float(row[value]) / 100_000)
    return table


def _german(at: Path) -> Table:
    names = (
        "status duration history purpose amount savings employment rate personal debtors residence property "
        "age plans housing credits job liable telephone foreign risk"
    )
    return _headless(at / "german.csv", names)


def _wine(at: Path) -> Table:
    names = (
        "fixed_acidity volatile_acidity citric_acid residual_sugar chlorides free_sulfur_dioxide "
        "total_sulfur_dioxide density ph sulphates alcohol quality"
    )
    kinds = {color: _headless(at / f"winequality-{color}.csv", names) for color in ("red", "white")}
    rows = [[color, *row] for color, table in kinds.items() for row in table.rows]
    return Table(["color", *names.split()], rows)


def _abalone(at: Path) -> Table:
    return _headless(at / "abalone.csv", "sex length diameter height whole shucked viscera shell rings")


def _pima(at: Path) -> Table:
    names = "pregnancies glucose pressure skin insulin bmi pedigree age diabetes"
    return _headless(at / "pima-indians-diabetes.csv", names)


def _mammography(at: Path) -> Table:
    table = _headless(at / "mammography.csv", "area grey gradient noise contrast moment calcification")
    return Table(table.header, [[*row[:-1], row[-1].strip("'")] for row in table.rows])


SETS: dict[str, TableSet] = {
    one.name: one
    for one in (
        TableSet("adult", "classify", "income", "accuracy", _adult, split="official"),
        TableSet("california-housing", "regress", "median_house_value", "rmse", _california),
        TableSet(
            "telco-churn",
            "classify",
            "Churn",
            "accuracy",
            lambda at: _headed(at / "Telco-Customer-Churn.csv", without=["customerID"]),
        ),
        TableSet(
            "titanic",
            "classify",
            "Survived",
            "accuracy",
            lambda at: _headed(at / "titanic.csv", without=["PassengerId"]),
        ),
        TableSet("german-credit", "classify", "risk", "accuracy", _german),
        TableSet("wine-quality", "regress", "quality", "rmse", _wine),
        TableSet("abalone", "regress", "rings", "rmse", _abalone),
        TableSet("pima-diabetes", "classify", "diabetes", "accuracy", _pima),
        TableSet("mammography", "classify", "calcification", "average_precision", _mammography),
    )
}


# ---------------------------------------------------------------- splitting and writing


def divide(table: Table, target: str, task: str, seed: int) -> tuple[list[Row], list[Row]]:
    """Return training and test rows: the source's own, else 80/20 by seed (stratified for classification).

    Example:
        >>> rows = [[str(n), "ab"[n % 2]] for n in range(10)]
        >>> train, test = divide(Table(["n", "y"], rows), "y", "classify", seed=0)
        >>> len(train), sorted(row[1] for row in test)
        (8, ['a', 'b'])
    """
    from sklearn.model_selection import train_test_split

    if table.official is not None:
        return table.rows, table.official
    at = table.header.index(target)
    strata = [row[at] for row in table.rows] if task == "classify" else None
    train, test = train_test_split(np.arange(len(table.rows)), test_size=0.2, random_state=seed, stratify=strata)
    return [table.rows[n] for n in train], [table.rows[n] for n in test]


def _write(path: Path, header: Row, rows: list[Row]) -> bytes:
    """Write a CSV file unless it already says the same; return its bytes."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    content = text.getvalue().encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_bytes() != content:
        path.write_bytes(content)
    return content


def prepare(one: TableSet, seed: int, cache: Path = CACHE) -> Prepared:
    """Write the train and test files of a set and return where they are.

    Args:
        one: The data set.
        seed: Decides the split, unless the source does.
        cache: Where the files go.

    Returns:
        The files, how many rows each has, how many input columns there are, and a digest of both.

    Raises:
        FileNotFoundError: When the data set is not on this machine.
    """
    at = folder() / one.name
    if not at.is_dir():
        raise FileNotFoundError(f"{at} is absent: set GLIA_TEST_DATA to the folder that holds {one.name}/")
    table = one.load(at)
    parts = divide(table, one.target, one.task, seed)
    stem = one.name if table.official is not None else f"{one.name}-{seed}"
    paths = [cache / "data" / f"{stem}-{part}.csv" for part in ("train", "test")]
    digest = hashlib.sha256()
    for path, rows in zip(paths, parts, strict=True):
        digest.update(_write(path, table.header, rows))
    return Prepared(paths[0], paths[1], (len(parts[0]), len(parts[1])), len(table.header) - 1, digest.hexdigest()[:12])
