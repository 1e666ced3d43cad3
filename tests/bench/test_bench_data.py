"""Everybody reads the same rows."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest
from bench._data import SETS, Table, divide, prepare


def rows(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of data sets made by hand."""
    monkeypatch.setenv("GLIA_TEST_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_adult_keeps_its_official_split_and_loses_the_dot_and_the_question_marks(home: Path, tmp_path: Path) -> None:
    cells = "Private, 77516, Bachelors, 13, Divorced, ?, Husband, White, Male, 0, 0, 40, Peru"
    put(home / "adult/adult-train.csv", f"39, {cells}, <=50K\n40, {cells}, >50K\n\n")
    put(home / "adult/adult-test.csv", f"41, {cells}, >50K.\n\n")
    found = prepare(SETS["adult"], seed=3, cache=tmp_path)
    assert found.rows == (2, 1)
    train, test = rows(found.train), rows(found.test)
    assert train[0] == test[0]
    assert (train[0][0], train[0][-1]) == ("age", "income")
    assert (test[1][0], test[1][6], test[1][-1]) == ("41", "", ">50K")
    assert prepare(SETS["adult"], seed=4, cache=tmp_path).digest == found.digest


def test_a_split_by_seed_is_stratified_and_loses_no_row() -> None:
    table = Table(["n", "y"], [[str(n), "yes" if n % 5 == 0 else "no"] for n in range(100)])
    train, test = divide(table, "y", "classify", seed=0)
    assert Counter(row[1] for row in test) == {"no": 16, "yes": 4}
    assert sorted(train + test) == sorted(table.rows)
    assert divide(table, "y", "classify", seed=0)[1] == test
    assert divide(table, "y", "classify", seed=1)[1] != test


def test_quotes_commas_and_row_numbers_survive_the_way_through_a_file(home: Path, tmp_path: Path) -> None:
    lines = [f'{n},{n % 2},"Doe, Mr. ""X{n}"""' for n in range(20)]
    put(home / "titanic/titanic.csv", "\n".join(["PassengerId,Survived,Name", *lines]))
    found = prepare(SETS["titanic"], seed=0, cache=tmp_path)
    assert rows(found.train)[0] == ["Survived", "Name"]
    names = {row[1] for path in (found.train, found.test) for row in rows(path)[1:]}
    assert names == {f'Doe, Mr. "X{n}"' for n in range(20)}


def test_houses_are_counted_in_hundred_thousands(home: Path, tmp_path: Path) -> None:
    lines = [f"{n},{n}0000.0,INLAND" for n in range(10, 20)]
    put(
        home / "california-housing/housing.csv",
        "\n".join(["age,median_house_value,ocean_proximity", *lines]),
    )
    found = prepare(SETS["california-housing"], seed=0, cache=tmp_path)
    assert {float(row[1]) for row in rows(found.train)[1:]} <= {n / 10 for n in range(10, 20)}


def test_an_absent_set_says_how_to_name_its_folder(home: Path) -> None:
    with pytest.raises(FileNotFoundError, match="GLIA_TEST_DATA"):
        prepare(SETS["abalone"], seed=0)


@pytest.mark.parametrize("name", SETS)
def test_every_real_set_has_its_target_and_full_rows(name: str, shared: Path, tmp_path: Path) -> None:
    one = SETS[name]
    found = prepare(one, seed=0, cache=tmp_path)
    for path, count in zip((found.train, found.test), found.rows, strict=True):
        header, *body = rows(path)
        assert len(body) == count
        assert {len(row) for row in body} == {found.columns + 1} == {len(header)}
        labels = {row[header.index(one.target)] for row in body}
        assert "" not in labels
        assert (len(labels) == 2) is (one.task == "classify")
