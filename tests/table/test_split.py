"""Splits share nothing, keep units whole and strata in proportion, and repeat themselves."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from glia.core.errors import DataError, UsageError
from glia.table.split import Split, split

PARTS = ("train", "valid", "calibration", "test")


def parts_of(result: Split, n: int) -> np.ndarray:
    """(N,) part of each row, -1 = unused; fails when a row lies in two parts."""
    part = np.full(n, -1)
    for k, name in enumerate(PARTS):
        ids = getattr(result, name)
        assert ids.dtype == np.int64
        assert (part[ids] == -1).all()
        part[ids] = k
    assert (part == -1).sum() == result.unused
    return part


def same(a: Split, b: Split) -> bool:
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in PARTS)


@settings(deadline=None, max_examples=60)
@given(st.integers(4, 400), st.integers(1, 12), st.integers(0, 5), st.booleans(), st.booleans())
def test_every_row_is_in_one_part_and_classes_are_in_proportion(n, k, seed, has_test, has_valid):
    strata = np.random.default_rng(seed).integers(0, k, n)
    result = split(n, strata=strata, seed=seed, has_test=has_test, has_valid=has_valid)
    part = parts_of(result, n)
    assert result.unused == 0
    assert (len(result.test) == 0) == has_test
    assert (len(result.valid) == 0) == has_valid
    sizes = np.bincount(part, minlength=4)
    for code in np.unique(strata):
        rows = strata == code
        found = np.bincount(part[rows], minlength=4)
        # One row may be secured for training; rounding moves the rest by less than two rows.
        assert np.abs(found - rows.sum() * sizes / n).max() <= 3
    if sizes[0] >= k:
        assert set(strata[part == 0]) == set(strata)
    assert same(result, split(n, strata=strata, seed=seed, has_test=has_test, has_valid=has_valid))


def test_those_that_choose_calibrate_where_rows_are_few_and_there_is_little_to_calibrate():
    plain, sparing = split(25), split(25, sparing=True)
    assert (sparing.calibration == sparing.valid).all()
    assert (sparing.test == plain.test).all(), "the rows that judge stay the same"
    assert len(sparing.train) == len(plain.train) + len(plain.calibration) == 17
    parts = np.concatenate([sparing.train, sparing.valid, sparing.test])
    assert (np.sort(parts) == np.arange(25)).all()
    assert "calibrate, too" in sparing.reason
    assert same(split(200, sparing=True), split(200))
    assert same(split(25, sparing=True, has_valid=True), split(25, has_valid=True))
    assert same(split(25, sparing=True, request="0.6,0.2,0.2"), split(25, request="0.6,0.2,0.2"))


@settings(deadline=None, max_examples=60)
@given(st.integers(40, 400), st.integers(4, 40), st.integers(0, 9), st.booleans())
def test_groups_never_straddle_and_every_part_has_rows(n, k, seed, with_duplicates):
    generator = np.random.default_rng(seed)
    groups = np.concatenate([np.arange(k), generator.integers(0, k, n - k)])
    duplicates = np.where(generator.random(n) < 0.02, 0, np.arange(n)) if with_duplicates else None
    strata = generator.integers(0, 3, n)
    try:
        result = split(n, strata=strata, groups=groups, duplicates=duplicates, seed=seed)
    except DataError as error:
        # Copies tie groups together, and then there may be too few that can be parted.
        assume(not (with_duplicates and error.code == "too_few_groups"))
        raise
    part = parts_of(result, n)
    assert result.unit == "group"
    assert (np.bincount(part, minlength=4) > 0).all()
    # Large groups may lie in validation and calibration alike, and nowhere else in two parts.
    whole = np.where(part == 2, 1, part) if "divide the same ones" in result.reason else part
    assert all(len(set(whole[groups == group])) == 1 for group in range(k))
    if duplicates is not None and "let be" not in result.reason:
        assert all(len(set(whole[duplicates == key])) == 1 for key in np.unique(duplicates))


def test_few_large_groups_teach_more_when_validation_and_calibration_divide_one():
    groups, strata = np.repeat(np.arange(5), 120), np.tile(np.arange(10), 60)
    result = split(600, strata=strata, groups=groups, has_test=True)
    assert len(result.train) == 480
    assert set(groups[result.valid]) == set(groups[result.calibration])
    assert not set(groups[result.train]) & set(groups[result.valid])
    assert len(result.calibration) == 37  # 40 of the 130 rows wished for beside training
    assert (np.bincount(strata[result.calibration]) >= 3).all()
    assert "divide the same ones" in result.reason


@settings(deadline=None, max_examples=60)
@given(st.integers(60, 500), st.integers(0, 9), st.floats(0.0, 0.9))
def test_duplicates_never_straddle_and_strata_stay_in_proportion(n, seed, share):
    generator = np.random.default_rng(seed)
    keys = np.where(generator.random(n) < share, generator.integers(0, n, n), np.arange(n))
    _, keys = np.unique(keys, return_inverse=True)
    strata = generator.integers(0, 2, n)
    result = split(n, strata=strata, duplicates=keys, seed=seed)
    part = parts_of(result, n)
    assert keys.max() >= 20
    _, first = np.unique(keys, return_index=True)
    assert (part == part[first][keys]).all()
    wished = np.array([len(getattr(split(n, strata=strata, seed=seed), name)) for name in PARTS])
    assert np.abs(np.bincount(part, minlength=4) - wished).max() <= 3
    test = strata[part == 3]
    assert abs(test.mean() - strata.mean()) <= 3 / len(test)


@settings(deadline=None, max_examples=60)
@given(st.integers(8, 300), st.integers(8, 300), st.integers(0, 9))
def test_time_runs_from_training_to_test_and_equal_times_stay_together(n, distinct, seed):
    generator = np.random.default_rng(seed)
    times = np.concatenate([np.arange(8), generator.integers(0, distinct, n - 8)])
    generator.shuffle(times)
    part = parts_of(split(n, times=times, seed=seed), n)
    for earlier in range(3):
        assert times[part == earlier].max() < times[part == earlier + 1].min()


def test_a_large_group_or_a_large_set_of_copies_goes_to_training():
    keys = np.r_[np.zeros(500, int), np.arange(1, 501)]
    result = split(1000, duplicates=keys)
    assert set(range(500)) <= set(result.train.tolist())
    assert len(result.test) == 150


def test_many_groups_of_mixed_classes_keep_sizes_and_classes_in_proportion():
    generator = np.random.default_rng(0)
    groups = generator.integers(0, 8_000, 40_000)
    strata = generator.integers(0, 3, 40_000)
    result = split(40_000, strata=strata, groups=groups)
    assert [len(getattr(result, name)) for name in PARTS] == pytest.approx([27_000, 5_000, 2_000, 6_000], abs=5)
    assert np.abs(np.bincount(strata[result.test]) / 6_000 - np.bincount(strata) / 40_000).max() < 0.02


@pytest.mark.parametrize("rows", [1, 2, 3, 4])
def test_a_rare_class_always_reaches_training(rows):
    for seed in range(10):
        strata = np.r_[np.ones(rows, int), np.zeros(300, int)]
        assert 1 in strata[split(len(strata), strata=strata, seed=seed).train]


def test_a_class_inside_few_groups_reaches_training():
    groups = np.repeat(np.arange(40), 10)
    strata = (groups < 2).astype(int)
    for seed in range(10):
        assert strata[split(400, strata=strata, groups=groups, seed=seed).train].any()


def test_numbers_are_stratified_by_quantile():
    target = np.random.default_rng(0).lognormal(size=1000)
    for seed in range(5):
        result = split(1000, strata=target, seed=seed)
        assert "quantile" in result.reason
        edges = np.quantile(target, [0.25, 0.5, 0.75])
        counts = np.bincount(np.searchsorted(edges, target[result.test]), minlength=4)
        assert np.abs(counts - len(result.test) / 4).max() <= 4


def test_several_labels_are_stratified_together():
    labels = np.random.default_rng(0).random((2000, 3)) < [0.5, 0.2, 0.1]
    test = labels[split(2000, strata=labels).test]
    assert np.abs(test.mean(axis=0) - labels.mean(axis=0)).max() < 0.02


def test_text_strata_and_groups_with_missing_values_are_taken():
    strata = np.array(["a", "b", None, "a"] * 25, object)
    groups = np.array([None, "x", "y", "z", "u"] * 20, object)
    part = parts_of(split(100, strata=strata, groups=groups), 100)
    assert len(set(part[[value is None for value in groups]])) == 1


def test_seeds_differ_and_training_keeps_most_rows():
    assert not same(split(1000, seed=0), split(1000, seed=1))
    for n, least in [(20, 0.5), (150, 0.6), (1000, 0.65), (100_000, 0.77)]:
        result = split(n)
        assert len(result.train) >= least * n
        assert len(result.valid) <= 5_000
        assert len(result.calibration) <= 2_000
    assert len(split(400).calibration) == 40
    assert len(split(60).calibration) == 9


def test_shares_take_calibration_out_of_validation_and_say_so():
    result = split(1000, request="0.7,0.2,0.1")
    assert [len(getattr(result, name)) for name in PARTS] == [700, 100, 100, 100]
    assert "calibration rows were taken out of validation" in result.reason


def test_row_counts_take_the_first_rows_and_count_the_rest():
    result = split(17_420, request="8640,2880,2880")
    assert result.train.tolist() == list(range(8640))
    assert sorted([*result.valid, *result.calibration]) == list(range(8640, 11_520))
    assert result.valid.max() < result.calibration.min()
    assert result.test.tolist() == list(range(11_520, 14_400))
    assert result.unused == 3020
    assert "3,020 rows are left unused" in result.reason


def test_row_counts_follow_time_where_it_is_given():
    result = split(100, request="50,20,20", times=np.arange(100)[::-1])
    assert result.train.min() == 50
    assert result.test.max() == 29
    assert result.unused == 10


def test_order_beats_copies_and_says_how_many_there_are():
    keys = np.r_[np.arange(50), np.arange(50)]
    result = split(100, times=np.arange(100), duplicates=keys)
    assert "later rows repeat training rows" in result.reason


def test_groups_in_time_are_cut_only_between_groups_and_refused_when_they_overlap():
    groups = np.repeat(np.arange(10), 10)
    part = parts_of(split(100, times=np.arange(100), groups=groups), 100)
    assert all(len(set(part[groups == group])) == 1 for group in range(10))
    with pytest.raises(DataError, match="too_few_groups"):
        split(100, times=np.arange(100), groups=np.arange(100) % 10)


def test_few_distinct_rows_may_lie_in_several_parts_and_it_is_said():
    keys = np.arange(200) % 4
    result = split(200, strata=keys % 2, duplicates=keys)
    assert "only 4 distinct rows exist" in result.reason
    assert set(keys[result.train]) == set(keys[result.test]) == {0, 1, 2, 3}


def test_a_source_for_a_part_frees_its_share():
    result = split(1000, request="0.7,0.2,0.1", has_test=True)
    assert len(result.test) == 0
    assert len(result.train) == 800
    result = split(100, request="50,20,20", has_test=True)
    assert len(result.test) == 0
    assert result.unused == 30


@pytest.mark.parametrize(
    "request_", ["0.7,0.3", "a,b,c", "0.7,0.2,0.2", "0.8,0.2,0", "0,0.5,0.5", "-1,1,1", "nan,0.5,0.5", ""]
)
def test_a_bad_request_is_refused_with_an_example(request_):
    with pytest.raises(UsageError) as caught:
        split(100, request=request_)
    assert caught.value.code == "bad_split"
    assert caught.value.remedy


def test_too_little_of_anything_is_refused():
    with pytest.raises(DataError, match="too_few_rows"):
        split(100, request="90,10,10")
    with pytest.raises(DataError, match="too_few_rows"):
        split(3)
    with pytest.raises(DataError, match="2 groups cannot be divided"):
        split(100, groups=np.arange(100) % 2)
    with pytest.raises(DataError, match="too_few_times"):
        split(100, times=np.arange(100) % 3)
    with pytest.raises(DataError, match="2 rows have no time, the first is row 4"):
        split(6, times=np.array([0, 1, 2, 3, np.nan, np.nan]))
    assert len(split(2, has_test=True, has_valid=True).train) == 1


def test_a_million_rows_take_less_than_two_seconds():
    n, generator = 1_000_000, np.random.default_rng(0)
    strata, keys = generator.integers(0, 10, n), generator.integers(0, n, n)
    began = time.process_time()
    split(n, strata=strata, duplicates=keys)
    assert time.process_time() - began < 2
