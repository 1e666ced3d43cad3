from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from glia.core.errors import DataError, UsageError
from glia.core.raw import Origin, Raw, RawTable
from glia.sources import read
from glia.table.windows import Layout, windowed

HOUR = np.timedelta64(1, "h")


def table(**columns: object) -> RawTable:
    found = {}
    for name, values in columns.items():
        array = np.asarray(values)
        array = array.astype(object) if array.dtype.kind == "U" else array
        present = array != "" if array.dtype == object else np.ones(len(array), bool)
        found[name] = Raw(array, np.asarray(present, bool))
    return RawTable(found, Origin("made", "array"))


def hours(count: int, start: str = "2024-01-01") -> np.ndarray:
    return (np.datetime64(start, "us") + np.arange(count) * HOUR).astype("datetime64[us]")


def load(count: int, seed: int = 0) -> np.ndarray:
    steps = np.arange(count)
    return np.sin(2 * np.pi * steps / 24) + 0.1 * np.random.default_rng(seed).normal(size=count) + 5


def same(one: Layout, other: Layout, rows: RawTable) -> bool:
    a, b = one.ahead(rows), other.ahead(rows)
    return all((a.groups[name] == b.groups[name]).all() for name in a.groups) and (a.when == b.when).all()


def test_a_window_is_what_came_before_and_its_target_what_came_after() -> None:
    values = np.arange(400.0)
    found = windowed(table(x=values), horizon=3, lookback=7)
    for part, groups in found.inputs.items():
        seen, ahead = groups["series"][:, :, 0], found.targets[part][:, :, 0]
        assert (np.diff(seen, axis=1) == 1).all()
        assert (ahead[:, 0] == seen[:, -1] + 1).all()
        assert (ahead[:, -1] == seen[:, -1] + 3).all()


def test_no_target_is_ever_in_two_parts_and_training_sees_none_of_the_others() -> None:
    found = windowed(table(x=np.arange(600.0)), horizon=5, lookback=20)
    ranges = [
        (found.targets[part].min(), found.targets[part].max()) for part in ("train", "valid", "calibration", "test")
    ]
    assert all(one[1] < other[0] for one, other in pairwise(ranges))
    assert found.inputs["train"]["series"].max() < ranges[1][0]
    assert found.inputs["test"]["series"].min() < ranges[3][0]  # what was seen reaches back
    assert ranges[3][1] == 599


def test_windows_of_one_series_are_views_of_one_buffer() -> None:
    found = windowed(table(x=load(5000)), horizon=24, lookback=336)
    assert np.may_share_memory(found.inputs["train"]["series"], found.inputs["valid"]["series"])
    for part in found.inputs:
        for rows in (found.inputs[part]["series"], found.targets[part]):
            assert rows.strides[0] == rows.strides[1]
    assert found.inputs["train"]["series"].flags.writeable


def test_statistics_are_those_of_the_training_steps() -> None:
    values = load(1000)
    values[-100:] += 1000
    found = windowed(table(x=values), horizon=5, lookback=20, split="0.6,0.2,0.2")
    assert found.specs["series"].center[0] == pytest.approx(values[:600].mean())
    assert found.asked["target"].spread[0] == pytest.approx(values[:600].std())


def test_the_published_protocol_of_ett_keeps_every_test_window(shared: Path) -> None:
    source = read(shared / "etth1" / "ETTh1.csv")
    for horizon in (96, 720):
        found = windowed(source, horizon=horizon, lookback=336, split="8640,2880,2880")
        assert len(found.targets["train"]) == 8640 - 336 - horizon + 1
        assert len(found.targets["test"]) == 2880 - horizon + 1
        values = np.array([float(text) for text in source["OT"].values])
        assert found.targets["test"][0, 0, 6] == pytest.approx(values[11520])
        assert found.targets["test"][-1, -1, 6] == pytest.approx(values[14399])
        assert found.specs["series"].center[6] == pytest.approx(values[:8640].mean())


def test_truth_carries_the_scales_of_its_own_series() -> None:
    steps = np.tile(np.arange(300), 2)
    values = np.concatenate([load(300), 100 * load(300)])
    names = np.repeat(["a", "b"], 300)
    found = windowed(table(t=steps, who=names, x=values), horizon=4, lookback=14, time="t", series="who")
    truth = found.truth["test"]
    assert truth.shape[1] == 4 + 2
    assert (truth[:, :4] == found.targets["test"]).all()
    assert set(np.round(truth[:, 4, 0], 3)) == {np.float32(round(found.asked["target"].spread[0], 3))}
    assert len(set(truth[:, 5, 0])) == 2  # each series has an error of its own
    assert (
        found.weight["test"][found.series["test"] == 0].mean()
        > 10 * found.weight["test"][found.series["test"] == 1].mean()
    )


def test_rows_out_of_order_are_sorted_and_said() -> None:
    when, values = hours(400), load(400)
    mixed = np.random.default_rng(1).permutation(400)
    one = windowed(table(when=when, x=values), horizon=6)
    other = windowed(table(when=when[mixed], x=values[mixed]), horizon=6)
    assert (one.inputs["test"]["series"] == other.inputs["test"]["series"]).all()
    assert any("sorted" in note for note in other.notes)


def test_missing_steps_are_put_in_and_never_asked_for() -> None:
    when, values = hours(600), load(600)
    gone = np.arange(600) % 50 == 17
    found = windowed(table(when=when[~gone], x=values[~gone]), horizon=3, lookback=24)
    assert any("12 missing steps of 1 hour" in note for note in found.notes)
    for part in found.inputs:
        origin = ((found.when[part] - when[0]) / HOUR).astype(int)
        for ahead in range(3):
            assert not gone[origin + ahead].any()
            assert (found.targets[part][:, ahead, 0] == values[origin + ahead].astype(np.float32)).all()
    assert np.isfinite(found.inputs["train"]["series"]).all()


def test_a_gap_of_years_breaks_a_series_and_fills_no_memory() -> None:
    when = np.concatenate([hours(300), hours(300, "2204-01-01")])
    found = windowed(table(when=when, x=load(600)), horizon=3, lookback=24)
    assert sum(len(rows) for rows in found.targets.values()) < 600
    for part in found.inputs:
        seen = found.inputs[part]["series"][:, :, 0]
        assert np.abs(np.diff(seen, axis=1)).max() < 1


def test_times_that_repeat_are_averaged_when_few_and_refused_when_many() -> None:
    when, values = hours(300), load(300)
    few = windowed(table(when=np.append(when, when[5]), x=np.append(values, values[5] + 2)), horizon=3, lookback=12)
    assert few.inputs["train"]["series"][0, 5, 0] == pytest.approx(values[5] + 1, abs=1e-5)
    with pytest.raises(DataError, match="times_repeat") as caught:
        windowed(table(when=np.repeat(when, 2), x=load(600)), horizon=3)
    assert "--group" in caught.value.remedy


def test_a_local_clock_keeps_its_rows_in_spring_and_autumn() -> None:
    when = hours(24 * 365)
    spring, autumn = np.datetime64("2024-03-31T02", "us"), np.datetime64("2024-10-27T03", "us")
    local = when + np.where((when >= spring) & (when < autumn), HOUR, 0 * HOUR)
    assert len(np.unique(local)) == len(local) - 1
    values = load(len(when))
    found = windowed(table(when=local, x=values), horizon=24, lookback=48)
    assert any("local clock" in note for note in found.notes)
    every = np.concatenate([found.targets["train"][0, :, 0], found.targets["train"][24::24, :, 0].reshape(-1)])
    assert (every == values[48 : 48 + len(every)].astype(np.float32)).all()


def test_times_with_zones_are_universal_and_even() -> None:
    spelled = ["2024-03-31T00:30+01:00", "2024-03-31T01:30+01:00", "2024-03-31T03:30+02:00", "2024-03-31T04:30+02:00"]
    text = spelled + [f"2024-04-01T{hour:02}:30+02:00" for hour in range(24)]
    rows = [f"2024-03-31T{hour:02}:30+02:00" for hour in range(5, 24)]
    found = windowed(table(when=text[:4] + rows + text[4:], x=np.arange(47.0)), horizon=1, lookback=4)
    assert found.notes == []
    assert str(found.layout.clock) == "1 hour"


def test_months_and_working_days_are_even_steps() -> None:
    months = np.arange("2000-01", "2012-01", dtype="datetime64[M]").astype("datetime64[us]")
    found = windowed(table(when=months, x=np.arange(144) % 12 + 0.01 * np.arange(144)))
    assert (str(found.layout.clock), found.layout.season, found.layout.horizon) == ("1 month", 12, 12)
    assert found.layout.ahead(table(when=months, x=np.arange(144.0))).when[0, 0] == np.datetime64("2012-01-01")
    days = np.arange("2020-01-01", "2022-01-01", dtype="datetime64[D]")
    days = days[np.is_busday(days)].astype("datetime64[us]")
    found = windowed(table(when=days, x=load(len(days))), horizon=5, lookback=10)
    assert found.notes == []
    assert found.layout.clock.kind == "row"


def test_times_without_any_step_are_refused_with_a_cure() -> None:
    g = np.random.default_rng(0)
    gaps = np.concatenate([[1]] + [[1, 1000 + i] for i in range(200)]).cumsum() + g.integers(0, 1, 401)
    with pytest.raises(DataError, match="irregular_times"):
        windowed(table(t=gaps.astype(float), x=load(401)), horizon=3, time="t")


def test_slightly_irregular_times_go_to_the_nearest_step() -> None:
    when = hours(300) + (np.random.default_rng(0).integers(-300, 300, 300) * 1_000_000).astype("timedelta64[us]")
    found = windowed(table(when=when, x=np.arange(300.0)), horizon=2, lookback=8)
    assert len(found.targets["train"]) > 100


@pytest.mark.parametrize("values", [np.full(300, 7.0), np.zeros(300)])
def test_a_constant_series_is_read_beside_others_and_refused_alone(values: np.ndarray) -> None:
    found = windowed(table(x=values, y=load(300)), horizon=3, lookback=12)
    assert found.specs["series"].spread[0] == 1.0
    assert np.isfinite(found.truth["test"]).all()
    assert (found.truth["test"][:, 4] > 0).all()
    with pytest.raises(DataError, match=f"'x': every step says {values[0]:g}.*--target"):
        windowed(table(x=values), horizon=3, lookback=12)


def test_short_series_among_long_ones_are_padded_or_left_out() -> None:
    names = np.concatenate([np.repeat("long", 400), np.repeat("short", 30), np.repeat("tiny", 3)])
    steps = np.concatenate([np.arange(400), np.arange(370, 400), np.arange(397, 400)])
    values = np.concatenate([load(400), load(30) + 50, load(3)])
    found = windowed(table(t=steps, who=names, x=values), horizon=4, lookback=48, time="t", series="who")
    assert any("too short" in note for note in found.notes)
    short = found.inputs["test"]["series"][found.series["test"] == 1]
    assert len(short)
    assert (short > 40).all()


def test_many_series_part_on_one_day() -> None:
    when = hours(500)
    names = np.concatenate([np.repeat("a", 500), np.repeat("b", 300)])
    found = windowed(
        table(when=np.concatenate([when, when[200:]]), who=names, x=load(800)), horizon=4, lookback=24, series="who"
    )
    train, test = (found.when[part] for part in ("train", "test"))
    assert train.max() + 3 * HOUR < found.when["valid"].min()
    assert test.min() > train.max()
    assert {0, 1} == set(found.series["test"].tolist()) == set(found.series["train"].tolist())


def test_units_are_neighbors_of_one_series() -> None:
    found = windowed(table(x=load(2000)), horizon=10, lookback=24)
    units, when = found.units["test"], found.when["test"]
    assert np.bincount(units).max() == 10
    for unit in np.unique(units):
        assert np.ptp(when[units == unit]) < 10


def test_static_columns_are_encoded_by_a_schema_of_their_own() -> None:
    names = np.repeat(["a", "b", "c", "d"], 200)
    kinds = np.repeat(["shop", "shop", "web", "web"], 200)
    size = np.repeat([10.0, 20.0, 30.0, 40.0], 200)
    rows = table(t=np.tile(np.arange(200), 4), who=names, kind=kinds, size=size, x=load(800))
    found = windowed(rows, horizon=4, lookback=24, time="t", series="who")
    assert found.layout.roles.static == ("kind", "size")
    assert found.specs["category"].names == ("kind",)
    codes = found.inputs["test"]["category"][:, 0]
    assert set(codes[found.series["test"] < 2]).isdisjoint(codes[found.series["test"] >= 2])
    copy = Layout.restored(json.loads(json.dumps(found.layout.state())))
    assert same(copy, found.layout, rows)


def test_what_is_known_in_advance_must_be_known_for_all_steps_ahead() -> None:
    when, promo = hours(410), (np.arange(410) % 9 == 0).astype(float)
    values = np.concatenate([load(400) + 3 * promo[:400], np.full(10, np.nan)])
    rows = table(when=when, promo=promo, x=values)
    found = windowed(rows.take(np.arange(400)), horizon=10, lookback=24, known=("promo",))
    names = found.specs["future"].names
    assert names[-1] == "promo"
    assert set(names) >= {"hour (sin)", "hour (cos)"}
    ahead = found.layout.ahead(rows)
    assert ahead.when[0, 0] == when[400]
    assert (np.diff(np.unique(np.round(ahead.groups["future"][0, :, -1], 4))) > 0).all()
    with pytest.raises(DataError, match="future_missing"):
        found.layout.ahead(rows.take(np.arange(400)))


def test_the_calendar_says_the_hour_of_the_step_ahead() -> None:
    found = windowed(table(when=hours(400), x=load(400)), horizon=5, lookback=24)
    at = found.specs["future"].names.index("hour (sin)")
    hour = found.when["test"][:, None].astype("datetime64[h]").astype(int) % 24 + np.arange(5)
    np.testing.assert_allclose(found.inputs["test"]["future"][:, :, at], np.sin(2 * np.pi * hour / 24), atol=1e-5)


def test_a_layout_survives_json_and_goes_on_where_a_later_table_ends() -> None:
    found = windowed(table(when=hours(400), x=load(400)), horizon=5, lookback=24)
    copy = Layout.restored(json.loads(json.dumps(found.layout.state(), allow_nan=False)))
    later = table(when=hours(30, "2025-06-01"), x=load(30))
    assert same(copy, found.layout, later)
    ahead = copy.ahead(later)
    assert ahead.groups["series"].shape == (1, 24, 1)
    assert ahead.when[0, 0] == np.datetime64("2025-06-02T06")
    assert copy.specs() == found.layout.specs()
    with pytest.raises(DataError, match="missing_column"):
        copy.ahead(table(when=hours(30)))
    with pytest.raises(DataError, match="no_history"):
        copy.ahead(table(when=hours(3), x=np.array(["", "", ""])))


def test_a_later_history_shorter_than_a_window_begins_with_its_first_value() -> None:
    found = windowed(table(x=load(400)), horizon=5, lookback=24)
    ahead = found.layout.ahead(table(x=np.array([3.0, 4.0])))
    assert ahead.groups["series"][0, :, 0].tolist() == [3.0] * 23 + [4.0]


def test_rolling_windows_of_a_later_table_have_their_truth() -> None:
    found = windowed(table(x=load(400)), horizon=5, lookback=24)
    later = np.arange(60.0)
    groups, truth, units = found.layout.rolling(table(x=later))
    assert groups["series"].shape == (60 - 24 - 5 + 1, 24, 1)
    assert (truth[:, 0, 0] == groups["series"][:, -1, 0] + 1).all()
    assert len(units) == len(truth)
    with pytest.raises(DataError, match="history_too_short"):
        found.layout.rolling(table(x=np.arange(20.0)))


def unequal(series: int = 60, steps: int = 160, seed: int = 0) -> np.ndarray:
    """Return waves whose sizes differ a thousandfold, (S, T)."""
    draw = np.random.default_rng(seed)
    size = np.exp(draw.uniform(0, 7, (series, 1)))
    wave = 2 + np.sin(2 * np.pi * (np.arange(steps) + draw.integers(0, 12, (series, 1))) / 12)
    return size * wave * (1 + 0.02 * draw.normal(size=(series, steps)))


def wide(values: np.ndarray) -> RawTable:
    return table(**{f"V{at}": column for at, column in enumerate(values.T, 1)})


def test_many_series_of_very_different_size_are_uneven_and_a_bundle_knows() -> None:
    values = unequal()
    layout = windowed(wide(values), horizon=12).layout
    assert layout.uneven
    assert Layout.restored(json.loads(json.dumps(layout.state()))).uneven
    assert not windowed(wide(values[:20]), horizon=12).layout.uneven  # few
    assert not windowed(wide(values / values.mean(1, keepdims=True)), horizon=12).layout.uneven  # alike
    values[3, 5] = -1.0
    assert not windowed(wide(values), horizon=12).layout.uneven  # shares of what has a sign mean nothing


def test_the_lookback_leaves_the_test_steps_out_of_account() -> None:
    """What fits into training says how much is seen, however many steps a test source adds."""
    values = load(300)
    train = table(x=values[:200])
    few, many = (windowed(train, horizon=20, later=table(x=values[200:end])).layout.lookback for end in (220, 300))
    assert few == many


def test_a_folder_of_two_wide_tables_is_judged_by_what_follows(tmp_path: Path) -> None:
    values = unequal(9)
    for part, cells in (("train", values[:, :-12]), ("test", values[::-1, -12:])):
        names = values[:, 0].astype(int) if part == "train" else values[::-1, 0].astype(int)
        rows = [["id", *(f"V{at}" for at in range(1, cells.shape[1] + 1))]]
        rows += [[f"s{name}", *map(str, row)] for name, row in zip(names, cells.tolist())]
        (tmp_path / f"made-{part}.csv").write_text("\n".join(",".join(row) for row in rows))
    found = windowed(read(tmp_path))
    assert found.layout.horizon == 12
    assert found.targets["test"].shape == (9, 12, 1)
    order = [found.names.index(f"s{int(one)}") for one in values[:, 0]]
    at = np.argsort(found.series["test"])[order]
    np.testing.assert_allclose(found.targets["test"][at, :, 0], values[:, -12:], rtol=1e-6)
    np.testing.assert_allclose(found.inputs["test"]["series"][at, -1, 0], values[:, -13], rtol=1e-6)
    assert windowed(read(tmp_path), horizon=6).targets["test"].shape[1] == 6


def test_m4_is_read_wide_with_its_test_file(shared: Path) -> None:
    train, test = (read(shared / "m4-hourly" / f"Hourly-{part}.csv") for part in ("train", "test"))
    found = windowed(train, later=test)
    assert (found.layout.horizon, found.layout.season) == (48, 24)
    assert found.targets["test"].shape == (414, 48, 1)
    names = {name: at for at, name in enumerate(found.names)}
    row = int(np.flatnonzero(found.series["test"] == names["H1"])[0])
    assert found.targets["test"][row, :2, 0].tolist() == [619, 565]
    values = [float(train[name].values[0]) for name in train if name != "V1" and train[name].present[0]]
    assert found.inputs["test"]["series"][row, -3:, 0].tolist() == values[-3:]
    assert found.layout.ahead(train).names[0] == "H1"


def test_a_test_source_of_other_series_is_refused() -> None:
    rows = {f"V{at}": np.arange(10.0) + at for at in range(1, 60)}
    with pytest.raises(DataError, match="other_series"):
        windowed(
            table(id=[f"s{at}" for at in range(10)], **rows),
            later=table(id=[f"x{at}" for at in range(10)], **{name: rows[name] for name in list(rows)[:8]}),
        )


@pytest.mark.parametrize(
    ("split", "code"), [("a,b,c", "bad_split"), ("0.5,0.5,0.5", "bad_split"), ("900,50,60", "bad_split")]
)
def test_a_split_that_cannot_be_is_refused(split: str, code: str) -> None:
    with pytest.raises(UsageError, match=code):
        windowed(table(x=load(1000)), horizon=3, split=split)


def test_only_numbers_can_be_forecast() -> None:
    with pytest.raises(UsageError, match="not_numbers"):
        windowed(table(x=load(100), color=np.array(["red", "blue"] * 50)), ["color"])
    with pytest.raises(UsageError, match="bad_horizon"):
        windowed(table(x=load(100)), horizon=0)
