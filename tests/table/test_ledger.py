"""Every opening of a test set is counted, whatever happens to the file."""

from __future__ import annotations

import multiprocessing

import numpy as np
import pytest

from glia.core.errors import GliaWarning
from glia.core.raw import Origin, Raw, RawTable
from glia.table.ledger import fingerprint, opened, record


def table(values, name="a") -> RawTable:
    values = np.asarray(values)
    return RawTable({name: Raw(values, np.ones(len(values), bool))}, Origin("made", "array"))


def many(folder, count):
    for i in range(count):
        record(folder, "abc", f"run-{i}")


def test_fingerprints_know_rows_and_not_their_order():
    made = fingerprint(table([1, 2, 3]))
    assert made == fingerprint(table([3.0, 1.0, 2.0]))
    assert (
        len(
            {
                made,
                fingerprint(table([1, 2])),
                fingerprint(table([1, 2, 3, 3])),
                fingerprint(table([1, 2, 3], "b")),
            }
        )
        == 4
    )


def test_openings_are_counted_per_test_set(tmp_path):
    folder = tmp_path / "runs"
    assert opened(folder, "abc") == 0
    assert [record(folder, "abc", "one"), record(folder, "abc", "two"), record(folder, "xyz", "two")] == [
        1,
        2,
        1,
    ]
    assert opened(folder, "abc") == 2


def test_two_processes_at_once_lose_no_line(tmp_path):
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=many, args=(tmp_path, 200)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert opened(tmp_path, "abc") == 400


def test_damaged_lines_are_passed_over_and_swallow_nothing(tmp_path):
    record(tmp_path, "abc", "one")
    with (tmp_path / "ledger.jsonl").open("ab") as file:
        file.write(b'[1]\n\xff\xfe\n"abc"\n{"test": "ab')
    assert record(tmp_path, "abc", "two") == 2
    assert opened(tmp_path, "abc") == 2


def test_a_ledger_that_cannot_be_written_warns_and_goes_on(tmp_path):
    (tmp_path / "runs").write_text("a file where the folder should be")
    with pytest.warns(GliaWarning, match="cannot be written"):
        assert record(tmp_path / "runs", "abc", "one") == 1
    (tmp_path / "other" / "ledger.jsonl").mkdir(parents=True)
    with pytest.warns(GliaWarning, match="cannot be written"):
        assert record(tmp_path / "other", "abc", "one") == 1
