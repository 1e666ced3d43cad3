"""What is odd about a series is refused with its place and a cure, or told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.table.test_windows import hours, load, table

from glia.core.errors import DataError
from glia.core.raw import Origin
from glia.table.windows import windowed


def test_what_is_no_number_is_refused_where_it_is_asked_for_and_told_elsewhere() -> None:
    words = [f"{value:.3f}" for value in load(300)]
    odd = [*words[:100], "oops", *words[101:]]
    with pytest.raises(DataError, match="row 101: 'oops' is not a finite number") as caught:
        windowed(table(x=odd, y=load(300)), ("x",), horizon=3)
    assert caught.value.column == "x"
    with pytest.raises(DataError, match="'inf' is not a finite number"):
        windowed(table(x=[*words[:100], "inf", *words[101:]]), horizon=3)
    notes = windowed(table(x=load(300, 1), y=odd), ("x",), horizon=3).notes
    assert notes == ["1 of 300 values of 'y' are no finite numbers, such as 'oops' in row 101; they count as missing"]
    notes = windowed(table(x=["", *words[1:50], "", *words[51:]]), horizon=3).notes
    assert len(notes) == 1
    assert notes[0].startswith("2 values of 'x' are missing")


def test_a_time_that_cannot_be_read_is_refused_with_its_line() -> None:
    rows = table(t=["yesterday" if at == 100 else f"2026-01-{1 + at // 24:02} {at % 24:02}:00" for at in range(300)],
                 x=load(300))  # fmt: skip
    rows = replace(rows, origin=Origin("rows.csv", "delimited", "rows.csv", 2))
    with pytest.raises(DataError) as caught:
        windowed(rows, horizon=3, time="t")
    assert (caught.value.code, caught.value.file, caught.value.line) == ("time_unreadable", "rows.csv", 102)


def test_columns_that_hold_the_answer_before_it_happens_are_refused() -> None:
    walk = np.random.default_rng(0).normal(size=400).cumsum()
    early = np.append(walk[5:], np.full(5, np.nan))
    with pytest.raises(DataError, match="equals that of 'x', which is asked for, 5 steps later") as caught:
        windowed(table(x=walk, y=early), ("x",), horizon=6)
    assert (caught.value.code, caught.value.column) == ("future_leak", "y")
    assert windowed(table(x=walk, y=early), ("x",), horizon=4)  # not within the horizon
    late = np.append(np.full(5, np.nan), walk[:-5])
    assert windowed(table(x=walk, y=late, z=walk), ("x",), horizon=6)  # what is past tells nothing
    with pytest.raises(DataError, match="target_copy"):
        windowed(table(x=walk, y=walk.copy()), ("x",), known=("y",), horizon=6)
    wave = np.tile(np.sin(np.arange(24)), 20)
    assert windowed(table(x=wave, y=np.roll(wave, 30)), ("x",), horizon=6)  # which repeats itself


def test_gaps_and_short_series_are_told_with_their_names() -> None:
    when = np.concatenate([hours(200), hours(200) + np.timedelta64(60, "D")])
    assert any("break off 1 time" in note for note in windowed(table(when=when, x=load(400)), horizon=3).notes)
    names = np.array(["a"] * 200 + ["b"] * 200 + ["tiny"] * 3)
    found = windowed(table(s=names, x=load(403)), series="s", horizon=6)
    assert any("too short" in note and note.endswith("'tiny'") for note in found.notes)


def test_later_rows_of_another_step_are_refused_and_odd_ones_told() -> None:
    layout = windowed(table(when=hours(400), x=load(400)), horizon=3, lookback=24).layout
    days = table(when=hours(1)[0] + np.arange(100) * np.timedelta64(1, "D"), x=load(100))
    with pytest.raises(DataError, match="the bundle learned steps of 1 hour"):
        layout.ahead(days)
    assert layout.ahead(table(when=hours(60), x=load(60))).notes == ()
    (note,) = layout.ahead(table(when=hours(5), x=load(5))).notes
    assert note.startswith("1 of 1 series hold fewer than the 24 steps")


@pytest.mark.parametrize(
    ("asked", "cure", "enough"),
    [
        ({"horizon": 1}, "", {}),
        ({"horizon": 96}, "", {}),
        ({"horizon": 20}, ", or ask for at most 8 steps with --horizon", {"horizon": 8}),
        ({"horizon": 2, "lookback": 50}, ", or let at most 35 steps be seen with --lookback", {"lookback": 35}),
    ],
)
def test_a_history_too_short_is_refused_with_what_would_do(asked: dict, cure: str, enough: dict) -> None:
    rows = table(x=np.arange(50.0 if cure else 3.0))
    with pytest.raises(DataError) as caught:
        windowed(rows, **asked)
    assert (caught.value.code, caught.value.remedy) == ("history_too_short", "bring longer series" + cure)
    if cure:
        assert windowed(rows, **{**asked, **enough})
