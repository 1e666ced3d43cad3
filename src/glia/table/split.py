"""Honest splits: training, validation, calibration and test rows that share nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from glia.core.errors import DataError, UsageError
from glia.core.raw import Raw
from glia.core.values import derived
from glia.table._assign import assign
from glia.table.duplicates import factorize

__all__ = ["Split", "split"]

_NAMES = ("train", "validation", "calibration", "test")
_SHARE = 0.15
# More rows than these make choice and calibration no better, and training would miss them.
_MOST_VALID, _MOST_CALIBRATION = 5_000, 2_000
# Below so many rows, those that choose calibrate as well what has little to calibrate: training needs the rows more.
_FEW_SPARING = 200
# Where so few distinct rows exist, keeping copies together would keep whole regions out of training.
_FEW_DISTINCT = 20


@dataclass(frozen=True)
class Split:
    """Who learns, who chooses, who calibrates and who judges.

    Args:
        train: (n,) int64 row ids to learn from.
        valid: (n,) int64 row ids for choice and early stopping; empty when a validation source is given.
        calibration: (n,) int64 row ids for temperature, threshold and intervals.
        test: (n,) int64 row ids for the scores; empty when a test source is given.
        unit: What was drawn: ``"row"`` or ``"group"``; intervals resample these.
        reason: How the rows were divided and why, in one line.
        unused: How many rows no part holds.
    """

    train: np.ndarray
    valid: np.ndarray
    calibration: np.ndarray
    test: np.ndarray
    unit: str
    reason: str
    unused: int = 0


@dataclass(frozen=True)
class _Plan:
    """(4,) rows wished for per part; whether they are counts of the first rows; what there is to say."""

    sizes: np.ndarray
    first: bool = False
    said: tuple[str, ...] = ()


def split(
    n: int,
    *,
    strata: np.ndarray | None = None,
    groups: np.ndarray | None = None,
    times: np.ndarray | None = None,
    duplicates: np.ndarray | None = None,
    request: str | Sequence[float] | None = None,
    seed: int = 0,
    has_test: bool = False,
    has_valid: bool = False,
    sparing: bool = False,
) -> Split:
    """Divide the rows of a table into training, validation, calibration and test rows.

    By default 15 % test, 15 % validate (at most 5,000) and 5 % calibrate (at least 40 where that is at most a
    tenth, at most 2,000; nine rows are the fewest that can give a 90 % interval); the rest train.

    Args:
        n: How many rows there are.
        strata: (n,) classes (any dtype but float) or numbers (float, cut into quantile bins) that every part
            holds in proportion, (n, T) for several; ``None`` = drawn at random. Ignored when order decides.
        groups: (n,) keys; rows of a group stay together. Where groups are so large that calibration would take a
            whole one from training, it divides the rows of validation's groups instead.
        times: (n,) numbers, dates or sortable text; training is earliest, test latest, equal times stay
            together.
        duplicates: (n,) ids of equal rows, which stay together; with ``times`` or row counts they do not move
            a row, since the order is the stronger promise, and are counted in the reason.
        request: ``"0.7,0.15,0.15"`` shares of training, validation and test, or ``"8640,2880,2880"`` rows:
            the first in time or table order. Half of validation (at most 2,000 rows) then calibrates.
        seed: The seed of the run.
        has_test: A test source exists, so no test rows are taken.
        has_valid: A validation source exists, so no validation rows are taken.
        sparing: Calibration learns next to nothing, so of fewer than 200 rows those that choose calibrate as well.

    Returns:
        Ascending row ids; but for ``sparing``, every row is in exactly one part or counted as unused. Where units
        allow, training holds every class.

    Raises:
        UsageError: A request that cannot be read, or shares that do not sum to 1.
        DataError: Too few rows, groups or times, or a time is missing.

    Example:
        >>> parts = split(1000, strata=np.arange(1000) % 2)
        >>> len(parts.train), len(parts.valid), len(parts.calibration), len(parts.test)
        (650, 150, 50, 150)
    """
    plan = _plan(n, request, has_test, has_valid, sparing and n < _FEW_SPARING)
    unit = "row" if groups is None else "group"
    if times is not None or plan.first:
        part = _in_order(n, plan, times, groups)
        said = [*plan.said, *_repeats(part, duplicates)]
        how = "by time, earliest first" if times is not None else "in table order"
    else:
        units, notes = _units(n, groups, duplicates)
        codes, how = _strata(n, strata)
        sizes = plan.sizes
        shared = groups is not None and _large(units, sizes)
        if groups is not None:
            how = f"by group, {how}"
            sizes = np.array([sizes[0], sizes[1] + sizes[2], 0, sizes[3]]) if shared else sizes
            _demand(int(units.max()) + 1, sizes, "groups", "too_few_groups")
        generator = np.random.default_rng(derived(seed, "split"))
        part = assign(codes, units, sizes, generator, cover=how.endswith("class"))
        if shared:
            _take_calibration(part, codes, duplicates, plan.sizes, generator)
            notes = [*notes, "groups are large, so validation and calibration divide the same ones"]
        said = [*plan.said, *notes]
    ids = [np.flatnonzero(part == k) for k in range(4)]
    unused = n - sum(map(len, ids))
    if unused:
        said.append(f"{unused:,} rows are left unused")
    counts = ", ".join(f"{len(rows):,} {name}" for name, rows in zip(_NAMES, ids) if len(rows))
    train, valid, calibration, test = ids
    if not plan.sizes[2]:
        calibration = valid
        said.append("the validation rows calibrate, too")
    return Split(
        train,
        valid,
        calibration,
        test,
        unit=unit,
        reason="; ".join([f"{how}: {counts}", *said]),
        unused=unused,
    )


def _plan(n: int, request: str | Sequence[float] | None, has_test: bool, has_valid: bool, sparing: bool) -> _Plan:
    if request is None:
        plan = _default(n, has_test, has_valid, sparing)
    else:
        plan = _requested(n, _numbers(request), has_test, has_valid)
    _demand(n, plan.sizes, "rows", "too_few_rows")
    return plan


def _default(n: int, has_test: bool, has_valid: bool, sparing: bool) -> _Plan:
    test = 0 if has_test else max(round(_SHARE * n), 1)
    valid = 0 if has_valid else min(max(round(_SHARE * n), 1), _MOST_VALID)
    enough = min(40, max(n // 10, 9), max(round(_SHARE * n), 1))
    calibration = 0 if sparing and valid else min(max(n // 20, enough), _MOST_CALIBRATION)
    train = max(n - valid - calibration - test, 1)
    return _Plan(np.array([train, valid, calibration, test]))


def _numbers(request: str | Sequence[float]) -> tuple[list[float], bool]:
    """Return the three numbers of a request, and whether they are counts of rows."""
    parts = [part.strip() for part in (request.split(",") if isinstance(request, str) else map(str, request))]
    wish = "give shares of training, validation and test such as 0.7,0.15,0.15, or rows such as 8640,2880,2880"
    try:
        numbers = [float(part.replace("_", "")) for part in parts]
    except ValueError:
        raise UsageError("bad_split", f"the split {request!r} is not three numbers", remedy=wish) from None
    if len(numbers) != 3:
        raise UsageError("bad_split", f"the split has {len(numbers)} numbers, expected three", remedy=wish)
    if not all(0 <= number < np.inf for number in numbers) or 0 in numbers[:2]:
        text = f"the split {request!r} must be positive; only the test part may be 0, with a test source"
        raise UsageError("bad_split", text, remedy=wish)
    rows = all(number == int(number) for number in numbers) and sum(numbers) > 1
    if not rows and abs(sum(numbers) - 1) > 1e-3:
        raise UsageError("bad_split", f"the shares sum to {sum(numbers):g}, expected 1", remedy=wish)
    return numbers, rows


def _requested(n: int, numbers: tuple[list[float], bool], has_test: bool, has_valid: bool) -> _Plan:
    (train, valid, test), rows = numbers
    if test == 0 and not has_test:
        text = "the split leaves no test rows and no test source is given"
        raise UsageError("bad_split", text, remedy="give the test part a share, or a test source with --test")
    if rows and train + valid + test > n:
        text = f"the split asks for {train + valid + test:,.0f} rows, the table has {n:,}"
        raise DataError("too_few_rows", text, remedy="ask for fewer rows, or for shares such as 0.7,0.15,0.15")
    scale = 1 if rows else n
    sizes = np.array([0, max(round(valid * scale), 1), 0, max(round(test * scale), 1)])
    sizes[2] = min(max(sizes[1] // 2, 1), _MOST_CALIBRATION)
    sizes[1] -= sizes[2]
    said = [f"{sizes[2]:,} calibration rows were taken out of validation"]
    for k, given in ((1, has_valid), (3, has_test)):
        if given and sizes[k]:
            place = "unused" if rows else "part of training"
            said.append(f"the {_NAMES[k]} part is {place}, since a {_NAMES[k]} source is given")
            sizes[k] = 0
    sizes[0] = round(train) if rows else max(n - sizes.sum(), 1)
    return _Plan(sizes, first=rows, said=tuple(said))


def _demand(found: int, sizes: np.ndarray, noun: str, code: str) -> None:
    wanted = [name for name, size in zip(_NAMES, sizes) if size]
    if found < len(wanted):
        text = f"{found} {noun} cannot be divided into {', '.join(wanted)}: at least {len(wanted)} are needed"
        raise DataError(code, text, remedy=f"bring more {noun}, or a test source of its own")


def _large(units: np.ndarray, sizes: np.ndarray) -> bool:
    """Return whether calibration would take a whole group from training where few rows are enough."""
    return bool(sizes[1] and sizes[2] and np.median(np.bincount(units)) >= 2 * sizes[2])


def _take_calibration(
    part: np.ndarray,
    codes: np.ndarray,
    duplicates: np.ndarray | None,
    sizes: np.ndarray,
    generator: np.random.Generator,
) -> None:
    """Give calibration its share of the validation rows, copies together as far as they are many."""
    rows = np.flatnonzero(part == 1)
    copies = np.arange(len(rows)) if duplicates is None else _codes(duplicates[rows])
    units = copies if copies.max() + 1 >= _FEW_DISTINCT else np.arange(len(rows))
    taken = int(np.clip(round(len(rows) * sizes[2] / (sizes[1] + sizes[2])), 1, len(rows) - 1))
    dealt = assign(_codes(codes[rows]), units, np.array([len(rows) - taken, taken]), generator, cover=False)
    part[rows[dealt == 1]] = 2


def _codes(values: np.ndarray) -> np.ndarray:
    """Return codes from 0; missing values share one."""
    values = np.asarray(values)
    if values.dtype.kind in "USO":
        values = values.astype(object)
    codes, distinct = factorize(Raw(values, np.ones(len(values), bool)))
    return np.where(codes < 0, len(distinct), codes)


def _strata(n: int, strata: np.ndarray | None) -> tuple[np.ndarray, str]:
    if strata is None:
        return np.zeros(n, np.int64), "at random"
    columns = np.asarray(strata).reshape(n, -1)
    if columns.dtype.kind != "f":
        codes = np.zeros(n, np.int64)
        for column in columns.T:
            more = _codes(column)
            codes = _codes(codes * (int(more.max()) + 1) + more)
        return codes, "stratified by class"
    # Several numbers are stratified by their mean rank; bins of at least 30 rows leave something to deal out.
    ranks = np.argsort(np.argsort(columns, axis=0, kind="stable"), axis=0).mean(axis=1)
    bins = min(max(n // 30, 1), 20)
    edges = np.quantile(ranks, np.arange(1, bins) / bins)
    return _codes(np.searchsorted(edges, ranks, side="right")), "stratified by target quantile"


def _units(n: int, groups: np.ndarray | None, duplicates: np.ndarray | None) -> tuple[np.ndarray, list[str]]:
    """Return which rows must stay together, and what there is to say about it."""
    copies = None if duplicates is None else _codes(duplicates)
    if copies is not None and int(copies.max()) + 1 == n:
        copies = None
    if groups is None:
        if copies is None:
            return np.arange(n), []
        distinct = int(copies.max()) + 1
        if distinct < _FEW_DISTINCT:
            return np.arange(n), [f"only {distinct} distinct rows exist, so equal rows lie in several parts"]
        return copies, [f"{n - distinct:,} repeated rows stay with their copies"]
    own = _codes(groups)
    if copies is None:
        return own, []
    merged = _merged(own, copies)
    largest = np.bincount(merged).max()
    if largest > max(n // 2, np.bincount(own).max()):
        return own, ["groups share so many equal rows that copies in other groups were let be"]
    return merged, ["groups that share equal rows stay together"] if merged.max() < own.max() else []


def _merged(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return codes of rows connected through either key."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    offset = int(first.max()) + 1
    size = offset + int(second.max()) + 1
    links = coo_array((np.ones(len(first), np.int8), (first, second + offset)), shape=(size, size))
    _, labels = connected_components(links, directed=False)
    return _codes(labels[first])


def _in_order(n: int, plan: _Plan, times: np.ndarray | None, groups: np.ndarray | None) -> np.ndarray:
    """Return the part of every row (-1 = unused), cutting no group and no equal times."""
    rank = np.arange(n) if times is None else _time_ranks(np.asarray(times))
    order = np.argsort(rank, kind="stable")
    # A cut after position i is free when nothing seen so far reaches beyond i.
    reach = np.searchsorted(rank[order], rank[order], side="right") - 1
    if groups is not None:
        keys = _codes(groups)[order]
        last = np.zeros(int(keys.max()) + 1, np.int64)
        last[keys] = np.arange(n)  # the last position written wins
        reach = np.maximum(reach, last[keys])
    cuts = np.flatnonzero(np.maximum.accumulate(reach) == np.arange(n)) + 1
    kept = np.flatnonzero(plan.sizes)
    noun, code = ("distinct times", "too_few_times") if groups is None else ("spans of whole groups", "too_few_groups")
    _demand(len(cuts), plan.sizes, noun, code)
    part = np.full(n, -1, np.int64)
    begin = low = 0
    for j, (k, wished) in enumerate(zip(kept, np.cumsum(plan.sizes[kept]))):
        choice = cuts[low : len(cuts) - (len(kept) - 1 - j)]
        pick = int(np.argmin(np.abs(choice - wished)))
        part[order[begin : choice[pick]]] = k
        begin, low = int(choice[pick]), low + pick + 1
    return part


def _time_ranks(times: np.ndarray) -> np.ndarray:
    if times.dtype.kind in "USO":
        missing = np.array([value is None or value != value or value == "" for value in times.tolist()])
    elif times.dtype.kind in "fmM":
        missing = np.isnan(times) if times.dtype.kind == "f" else np.isnat(times)
    else:
        missing = np.zeros(len(times), bool)
    if missing.any():
        text = f"{int(missing.sum()):,} rows have no time, the first is row {int(np.argmax(missing))}"
        raise DataError("time_missing", text, remedy="fill the times in or remove these rows")
    if times.dtype.kind in "USO":
        place = {value: rank for rank, value in enumerate(sorted(set(times.tolist())))}
        return np.array([place[value] for value in times.tolist()], np.int64)
    return np.unique(times, return_inverse=True)[1]


def _repeats(part: np.ndarray, duplicates: np.ndarray | None) -> list[str]:
    """Say how many rows after training are copies of training rows, where order forbade moving them."""
    if duplicates is None:
        return []
    count = int(np.isin(duplicates[part > 0], duplicates[part == 0]).sum())
    return [f"{count:,} later rows repeat training rows"] if count else []
