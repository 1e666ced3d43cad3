from __future__ import annotations

import numpy as np
import pytest

from glia.core.errors import DataError, GliaError, UsageError
from glia.core.raw import Origin, Raw, RawTable
from glia.table.answers import answered
from glia.table.question import ask


def table(**columns: list) -> RawTable:
    raws = {}
    for name, values in columns.items():
        array = np.array(values) if not isinstance(values[0], str | type(None)) else np.array(values, object)
        raws[name] = Raw(array, np.array([value is not None for value in values]))
    return RawTable(raws, Origin("rows.csv", "delimited", path="rows.csv", first_line=2))


@pytest.mark.parametrize(
    ("values", "objective"),
    [
        (["yes", "no"] * 30, "classify"),
        (["1", "2", "3"] * 20, "classify"),
        ([1, 2, 3] * 20, "classify"),
        ([1.0, 2.0, np.nan] * 20, "classify"),
        ([True, False] * 30, "classify"),
        (["1.5", "2.5", "3.0"] * 20, "regress"),
        ([1.5, 2.5] * 30, "regress"),
        ([str(value) for value in range(60)], "regress"),
        (list(range(60)), "regress"),
        (["1,5", "2,5", "3"] * 20, "regress"),
        (["00123", "01234"] * 30, "classify"),
        ([f"{value}" for value in range(20)] * 3, "classify"),
        ([f"{value}" for value in range(21)] * 3, "regress"),
        (["1", "2", "many"] * 20, "classify"),
        (["+", "-"] * 30, "classify"),
    ],
)
def test_the_task_follows_from_the_values(values: list, objective: str) -> None:
    question = ask(table(x=values, y=values), ["y"])
    assert question.objective == question.task == objective
    assert question.targets == ("y",)
    assert "'y'" in question.reason


def test_a_task_given_is_kept() -> None:
    assert ask(table(y=[1, 2, 3] * 20), "y", "regress").objective == "regress"
    assert ask(table(y=[1.5, 2.5] * 30), "y", "classify").objective == "classify"


def test_an_unknown_target_is_refused_with_the_likely_one() -> None:
    with pytest.raises(UsageError, match=r"no column 'surived' \(did you mean 'Survived'\?\)"):
        ask(table(Survived=[1, 0]), ["surived"])


def test_no_target_lists_the_columns_and_suggests_one() -> None:
    with pytest.raises(UsageError, match=r"'a', 'Survived', 'z'.*--target Survived"):
        ask(table(a=[1], Survived=[1], z=[2]), [])
    with pytest.raises(UsageError, match="--target z"):
        ask(table(a=[1], z=[2]), None)


def test_an_unknown_task_is_refused() -> None:
    with pytest.raises(UsageError, match="did you mean 'classify'"):
        ask(table(y=[1, 2]), ["y"], "clasify")


@pytest.mark.parametrize("values", [[None, None], ["", "NA"], ["?", " "], [np.nan, np.nan]])
def test_a_target_without_any_value_is_refused(values: list) -> None:
    with pytest.raises(DataError, match="no row has a value") as caught:
        ask(table(y=values), ["y"])
    assert caught.value.code == "target_missing"


@pytest.mark.parametrize("bad", ["abc", "inf", "1.2.3"])
def test_a_number_that_cannot_be_read_is_refused_by_line(bad: str) -> None:
    values = [str(value / 2) for value in range(60)]
    with pytest.raises(DataError) as caught:
        ask(table(x=[*values, "1", "2"], y=[*values[:7], bad, "", *values[7:]]), ["y"], "regress")
    assert (caught.value.line, caught.value.column, caught.value.file) == (9, "y", "rows.csv")
    assert bad in str(caught.value)


def test_labels_that_never_repeat_and_dates_are_refused() -> None:
    with pytest.raises(DataError, match="labels are different"):
        ask(table(y=[f"name {at}" for at in range(50)]), ["y"])
    with pytest.raises(UsageError, match="dates cannot be asked for"):
        ask(table(y=[f"2024-01-{day:02}" for day in range(1, 29)]), ["y"])


def test_several_targets_of_two_values_are_labels_and_numbers_are_regressed() -> None:
    assert ask(table(a=[0, 1] * 9, b=["x", "y"] * 9), ["a", "b"]).objective == "multilabel"
    assert ask(table(a=[0.5, 1.5] * 9, b=list(range(18))), ["a", "b"]).objective == "regress"
    assert ask(table(a=[0, 1] * 9, b=[1, 0] * 9), ["a", "b"], "regress").objective == "regress"
    with pytest.raises(UsageError, match="'b' holds 3 different text values"):
        ask(table(a=[0, 1] * 9, b=["x", "y", "z"] * 6), ["a", "b"])
    with pytest.raises(UsageError, match="twice"):
        ask(table(a=[0, 1]), ["a", "a"])


def test_rows_without_an_answer_are_known() -> None:
    rows = table(y=["none", "NA", "mild", "-", None], z=[1.0, 2.0, np.nan, 4.0, 5.0])
    assert answered(rows, ["y"]).tolist() == [True, False, True, True, False]
    assert answered(rows, ["y", "z"]).tolist() == [True, False, False, True, False]


def test_a_dash_among_many_numbers_is_a_gap() -> None:
    values = [f"{value}.5" for value in range(40)] + ["-"]
    assert ask(table(y=values), ["y"]).objective == "regress"
    assert answered(table(y=values), ["y"]).tolist() == [True] * 40 + [False]


def test_every_refusal_names_a_cure() -> None:
    for values, targets, task in (
        ([1, 2], [], None),
        ([1, 2], ["q"], None),
        ([1, 2], ["y"], "no"),
        (["", ""], ["y"], None),
    ):
        with pytest.raises(GliaError) as caught:
            ask(table(y=values), targets, task)
        assert caught.value.remedy
