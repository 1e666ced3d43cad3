from __future__ import annotations

import json

import numpy as np
import pytest

from glia.core.errors import DataError, UsageError
from glia.core.raw import Origin, Raw, RawTable
from glia.table.watch import Watch, watched


def table(**columns: object) -> RawTable:
    found = {}
    for name, values in columns.items():
        array = np.asarray(values)
        array = array.astype(object) if array.dtype.kind == "U" else array
        found[name] = Raw(array, np.asarray(array != "", bool))
    return RawTable(found, Origin("made", "array"))


def test_every_row_has_one_window_that_ends_with_it() -> None:
    values = np.random.default_rng(0).normal(size=300)
    found = watched(table(x=values), lookback=20)
    rows = np.concatenate([found.row[part] for part in found.row])
    assert rows.tolist() == list(range(300))
    for part, groups in found.inputs.items():
        assert (groups["series"][:, -1, 0] == values[found.row[part]].astype(np.float32)).all()
    first = found.inputs["train"]["series"][0, :, 0]
    assert (first == np.float32(values[0])).all()


def test_every_row_says_how_many_of_its_series_came_before() -> None:
    who = np.array(["a", "b"] * 100)
    found = watched(table(x=np.arange(200.0), who=who), lookback=10, series="who")
    groups, order, _ = found.layout.every(table(x=np.arange(200.0), who=who))
    assert groups["past"].tolist() == [[float(at)] for at in range(100)] * 2
    assert (groups["past"][:, 0] == order // 2).all()


def test_rows_of_several_numbers_that_nothing_orders_are_refused_with_a_cure() -> None:
    numbers = np.random.default_rng(0).normal(size=(300, 2))
    with pytest.raises(UsageError, match="no_times") as caught:
        watched(table(a=numbers[:, 0], b=numbers[:, 1]))
    assert "--time" in caught.value.remedy
    assert watched(table(a=numbers[:, 0], b=numbers[:, 1]), lookback=9).layout.lookback == 9
    assert watched(table(a=numbers[:, 0])).layout.lookback > 1  # one number after another is a series


def test_windows_are_short_enough_for_the_training_rows_that_were_asked_for() -> None:
    found = watched(table(x=np.sin(np.arange(1000) / 20)), split=(120, 60, 820))
    assert len(found.inputs["train"]["series"]) >= 4 * found.layout.lookback


def test_rows_are_taken_in_time_and_found_again() -> None:
    when = np.datetime64("2024-01-01", "us") + np.arange(300) * np.timedelta64(1, "h")
    values = np.arange(300.0) ** 1.5
    mixed = np.random.default_rng(0).permutation(300)
    found = watched(table(when=when[mixed], x=values[mixed]), lookback=5)
    for part, groups in found.inputs.items():
        assert (groups["series"][:, -1, 0] == values[mixed][found.row[part]].astype(np.float32)).all()
        assert (np.diff(groups["series"][:, :, 0], axis=1) >= 0).all()


def test_labels_judge_and_are_not_seen() -> None:
    odd = np.where(np.arange(400) % 97 < 4, "yes", "no")
    found = watched(table(x=np.random.default_rng(0).normal(size=400), odd=odd), "odd", lookback=8)
    assert found.layout.roles.values == ("x",)
    truth = np.concatenate([found.truth[part] for part in found.truth])
    assert (truth == (odd == "yes")).all()
    unlabeled = watched(table(x=np.random.default_rng(0).normal(size=400)), lookback=8)
    assert unlabeled.truth["test"].shape == (120, 0)


def test_statistics_are_those_of_training_rows() -> None:
    values = np.concatenate([np.random.default_rng(0).normal(size=200), np.full(200, 1e6)])
    found = watched(table(x=values), lookback=8)
    assert found.specs["series"].center[0] == pytest.approx(values[:200].mean())


def test_series_never_look_into_one_another() -> None:
    names = np.repeat(["a", "b"], 200)
    values = np.concatenate(
        [np.random.default_rng(0).normal(size=200), 100 + np.random.default_rng(1).normal(size=200)]
    )
    found = watched(table(who=names, x=values), lookback=8, series="who")
    for part, groups in found.inputs.items():
        mean = groups["series"].mean((1, 2))
        assert ((mean > 90) == (found.row[part] >= 200)).all()


def test_a_layout_survives_json() -> None:
    rows = table(x=np.random.default_rng(0).normal(size=300), y=np.random.default_rng(1).normal(size=300))
    found = watched(rows, lookback=8)
    copy = Watch.restored(json.loads(json.dumps(found.layout.state())))
    assert copy.specs() == found.specs
    assert (copy.every(rows)[0]["series"] == found.layout.every(rows)[0]["series"]).all()
    with pytest.raises(DataError, match="missing_column"):
        copy.every(table(x=np.arange(3.0)))


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(UsageError, match="unknown_column"):
        watched(table(x=np.arange(9.0)), "label")
    with pytest.raises(UsageError, match="bad_split"):
        watched(table(x=np.random.default_rng(0).normal(size=300)), split="2,3", lookback=4)
    with pytest.raises(DataError, match="history_too_short"):
        watched(table(x=np.random.default_rng(0).normal(size=30)), lookback=20)
