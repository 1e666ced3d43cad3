"""Each check finds what it is for, with the rows and numbers that show it, and is silent on sound tables."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import datasets

from glia.core.finding import Finding
from glia.core.raw import Origin, Raw, RawTable
from glia.table.checks import View, audit, checks

N = 400


def raw(values: Any) -> Raw:
    values = np.asarray(values)
    if values.dtype.kind in "US":
        values = values.astype(object)
    there = [value not in (None, "") for value in values] if values.dtype == object else np.ones(len(values), bool)
    return Raw(values, np.array(there, bool))


def table(columns: Mapping[str, Any]) -> RawTable:
    return RawTable({name: raw(values) for name, values in columns.items()}, Origin("made", "array"))


def guessed(values: np.ndarray) -> str:
    if values.dtype != object:
        return "date" if values.dtype.kind == "M" else "number"
    try:
        [float(value) for value in values[:500] if value not in ("", "?")]
    except ValueError:
        return "category"
    return "number"


def view(columns: Mapping[str, Any] | RawTable, target: str, objective: str = "classify", **more: Any) -> View:
    made = columns if isinstance(columns, RawTable) else table(columns)
    kinds = {name: guessed(made[name].values) for name in made if name != target} | more.pop("kinds", {})
    values = made[target].values
    if objective == "regress":
        return View(made, kinds, (target,), values.astype(float), objective, **more)
    labels, codes = np.unique(values.astype(str), return_inverse=True)
    return View(made, kinds, (target,), codes, objective, tuple(labels.tolist()), seconds=20, **more)


def found(code: str, seen: View) -> list[Finding]:
    findings = checks.get(code)(seen)
    assert all(finding.code == code and finding.remedy for finding in findings)
    json.dumps([finding.as_dict() for finding in findings])
    return findings


def only(code: str, seen: View) -> Finding:
    (finding,) = found(code, seen)
    return finding


@pytest.fixture
def made() -> dict[str, Any]:
    """A sound table: two informative numbers, a category, a balanced label and a number to predict."""
    generator = np.random.default_rng(0)
    x, z = generator.normal(size=(2, N))
    return {
        "x": x,
        "z": z,
        "city": generator.choice(["Rome", "Oslo", "Lima"], N),
        "label": np.where(x + z + 0.3 * generator.normal(size=N) > 0, "yes", "no"),
        "number": 3 * x - z + generator.normal(size=N),
    }


def test_a_sound_table_is_left_in_peace(made):
    number = made.pop("number")
    assert audit(view(made, "label")) == []
    made["label"] = number
    assert audit(view(made, "label", "regress")) == []


# ---- the target given away ----


@pytest.mark.parametrize("rename", [lambda y: y, lambda y: y == "yes", lambda y: np.where(y == "yes", "", "gone")])
def test_a_copy_of_the_target_under_any_names_stops(made, rename):
    made["copy"] = rename(made["label"])
    finding = only("target_copy", view(made, "label"))
    assert finding.severity == "stop"
    assert finding.evidence["columns"] == ["copy"]
    assert finding.evidence["distinct"] == 2
    assert set(finding.evidence["pairs"].values()) == {"yes", "no"}
    assert found("near_copy", view(made, "label")) == []


def test_a_copied_number_stops_even_where_all_values_differ(made):
    as_text = [repr(value) for value in made["number"].tolist()]
    for copy in (made["number"], as_text, made["number"].astype(np.float32).astype(float)):
        columns = {"x": made["x"], "copy": copy, "number": made["number"]}
        assert only("target_copy", view(columns, "number", "regress")).evidence["columns"] == ["copy"]


def test_ids_are_no_copies_of_distinct_targets(made):
    made["id"] = np.arange(N)
    made["name"] = [f"row {i}" for i in range(N)]
    assert found("target_copy", view(made, "number", "regress")) == []
    labels = {"id": np.arange(N), "label": [f"class {i // 2}" for i in range(N)]}
    assert found("target_copy", view(labels, "label")) == []


def test_a_label_of_several_that_is_copied_stops():
    labels = np.random.default_rng(0).integers(0, 2, (100, 2))
    made = table({"a": labels[:, 0], "b": labels[:, 1], "copy": 1 - labels[:, 1]})
    seen = View(made, {"copy": "number"}, ("a", "b"), labels, "multilabel")
    assert only("target_copy", seen).evidence["target"] == "b"


def test_an_input_that_gives_the_target_away_warns(made):
    generator = np.random.default_rng(1)
    made["later"] = np.where(made["label"] == "yes", 1.0, 0.0) + generator.uniform(-0.4, 0.4, N)
    finding = only("near_copy", view(made, "label"))
    assert finding.severity == "warning"
    assert finding.evidence["columns"] == ["later"]
    assert finding.evidence["score"] >= 0.99
    made["later"] = 2 * made["number"] + 0.05 * generator.normal(size=N)
    finding = only("near_copy", view(made, "number", "regress"))
    assert finding.evidence["columns"] == ["later"]


def test_a_category_that_gives_the_target_away_warns_and_a_row_counter_does_not(made):
    made["reason"] = np.where(made["label"] == "yes", made["city"], "none given")
    assert only("near_copy", view(made, "label")).evidence["columns"] == ["reason"]
    order = np.argsort(made["label"], kind="stable")
    made = {name: np.asarray(values)[order] for name, values in made.items() if name != "reason"}
    made["counter"] = np.arange(N) * 3
    assert found("near_copy", view(made, "label")) == []


# ---- rows ----


def test_too_few_rows_stop_and_few_warn(made):
    for n, severity in [(19, "stop"), (20, "warning"), (199, "warning")]:
        finding = only("few_rows", view({name: values[:n] for name, values in made.items()}, "label"))
        assert (finding.severity, finding.evidence["rows"]) == (severity, n)
    assert found("few_rows", view({name: values[:200] for name, values in made.items()}, "label")) == []


def test_a_single_class_stops_and_one_still_label_of_several_warns(made):
    made["label"] = np.full(N, "yes")
    finding = only("one_class", view(made, "label"))
    assert finding.severity == "stop"
    assert finding.evidence["value"] == "yes"
    labels = np.stack([np.zeros(N, int), np.arange(N) % 2], axis=1)
    columns = {"x": made["x"], "a": labels[:, 0], "b": labels[:, 1]}
    finding = only("one_class", View(table(columns), {"x": "number"}, ("a", "b"), labels, "multilabel"))
    assert finding.severity == "warning"
    assert finding.evidence["columns"] == ["a"]


def test_repeated_rows_are_counted_and_named_by_row_id(made):
    rows = np.r_[np.arange(N), [7, 7, 9]]
    columns = {name: np.asarray(values)[rows] for name, values in made.items()}
    finding = only("duplicate_rows", view(columns, "label", rows=np.arange(N + 3) + 1000))
    assert finding.severity == "note"
    assert finding.evidence["count"] == 3
    assert finding.evidence["rows"] == [1007, 1400, 1401, 1009, 1402]
    columns = {name: np.r_[values, values] for name, values in made.items()}
    assert only("duplicate_rows", view(columns, "label")).severity == "warning"


def test_equal_inputs_with_different_labels_are_named_side_by_side(made):
    made.pop("number")
    rows = np.r_[np.arange(N), np.arange(5)]
    columns = {name: np.asarray(values)[rows] for name, values in made.items()}
    columns["label"][N:] = np.where(columns["label"][:5] == "yes", "no", "yes")
    columns["id"] = np.arange(N + 5)
    finding = only("conflicting_duplicates", view(columns, "label", kinds={"id": "id"}))
    assert finding.evidence["count"] == 10
    assert finding.evidence["wrong_at_least"] == 5
    assert finding.evidence["rows"][:4] == [0, N, 1, N + 1]
    assert finding.severity == "warning"


def test_numbers_conflict_only_when_far_apart(made):
    columns = {
        "x": np.r_[made["x"], made["x"][:2]],
        "number": np.r_[made["number"], made["number"][:2] + np.array([0.1, 20])],
    }
    finding = only("conflicting_duplicates", view(columns, "number", "regress"))
    assert finding.evidence["rows"] == [1, N + 1]


def test_test_rows_that_are_copies_are_counted(made):
    test = {name: np.r_[values[:3], values[:50][::-1]] for name, values in made.items()}
    test["x"] = test["x"].copy()
    test["x"][3:] += 100
    finding = only("test_leak", view(made, "label", test=table(test)))
    assert finding.severity == "warning"
    assert finding.evidence["count"] == 3
    assert finding.evidence["test_rows"] == [0, 1, 2]
    test["x"][:3] += 1
    assert found("test_leak", view(made, "label", test=table(test))) == []


def test_copies_among_few_possible_rows_are_only_a_note():
    columns = {"a": np.arange(N) % 4, "label": np.arange(N) % 2}
    assert only("test_leak", view(columns, "label", test=table(columns))).severity == "note"


# ---- labels ----


@pytest.mark.parametrize("name", ["breast_cancer", "wine", "digits"])
def test_flipped_labels_are_suspected_and_the_rows_named_were_flipped(name):
    inputs, codes = getattr(datasets, f"load_{name}")(return_X_y=True)
    generator = np.random.default_rng(0)
    flipped = generator.random(len(codes)) < 0.1
    codes = np.where(flipped, (codes + 1) % (codes.max() + 1), codes)
    finding = only("label_noise", view({**{f"f{i}": x for i, x in enumerate(inputs.T)}, "label": codes}, "label"))
    assert finding.severity == "warning"
    assert "suspicion" in finding.remedy
    assert finding.evidence["rate"] == pytest.approx(0.1, abs=0.06)
    assert flipped[finding.evidence["rows"]].mean() >= 0.7
    assert all(given != expected for given, expected in zip(finding.evidence["given"], finding.evidence["expected"]))


def test_label_noise_is_rarely_suspected_where_classes_only_overlap():
    alarms = 0
    for seed in range(20):
        inputs, codes = datasets.make_classification(
            400, 8, flip_y=0, class_sep=0.3 + 0.1 * (seed % 10), random_state=seed
        )
        alarms += len(found("label_noise", view({**dict(zip("abcdefgh", inputs.T)), "label": codes}, "label")))
    assert alarms <= 1


def test_labels_without_any_pattern_are_no_sign_of_mistakes(made):
    made["label"] = np.random.default_rng(3).choice(["yes", "no"], N)
    assert found("label_noise", view(made, "label")) == []


def test_a_slipped_decimal_point_is_suspected(made):
    made["number"] = 0.2 * made["number"] + 5 * made["x"]
    made["number"][[5, 77]] = [900.0, -700.0]
    finding = only("label_noise", view(made, "number", "regress"))
    assert finding.evidence["rows"] == [5, 77]
    assert finding.evidence["count"] == 2


def test_rare_classes_are_counted(made):
    made["label"] = np.where(np.arange(N) < 12, "fraud", "fine")
    finding = only("imbalance", view(made, "label"))
    assert finding.evidence["counts"] == {"fine": 388, "fraud": 12}
    assert finding.evidence["rare"] == ["fraud"]
    assert finding.evidence["share"] == 0.03
    assert finding.evidence["rows"] == list(range(10))


def test_nearly_constant_labels_of_several_are_named():
    labels = np.stack([np.arange(N) % 2, np.arange(N) < 5], axis=1).astype(int)
    seen = View(table({"a": labels[:, 0], "b": labels[:, 1]}), {}, ("a", "b"), labels, "multilabel")
    assert only("imbalance", seen).evidence["share"] == {"b": 0.0125}


# ---- columns ----


def test_constant_and_mostly_missing_columns_are_named(made):
    made["still"] = np.full(N, 3.0)
    made["empty"] = np.full(N, "")
    made["gaps"] = np.where(np.arange(N) % 4 == 0, "a", "N/A")
    assert only("constant_columns", view(made, "label")).evidence["columns"] == ["still", "empty"]
    finding = only("missing_share", view(made, "label"))
    assert finding.evidence["share"] == {"gaps": 0.75}


def test_ids_are_named_whether_left_out_or_suspected(made):
    made["key"] = [f"k-{i}" for i in range(N)]
    made["count"] = np.arange(N) + 5
    finding = only("id_like", view(made, "label", kinds={"key": "id", "count": "number"} | {"count": "id"}))
    assert finding.evidence["columns"] == ["key", "count"]
    assert finding.severity == "note"
    finding = only("id_like", view(made, "label", kinds={"key": "category"}))
    assert finding.evidence["columns"] == ["key", "count"]
    assert "--columns key=id" in finding.remedy


@pytest.mark.parametrize("spelled", ["typed", "%Y-%m-%d", "%d.%m.%Y"])
def test_drift_along_a_date_warns_unless_the_split_knows_time(made, spelled):
    generator = np.random.default_rng(0)
    days = np.datetime64("2020-01-01") + generator.integers(0, 900, N)
    late = days > np.datetime64("2021-01-01")
    made["label"] = np.where(generator.random(N) < np.where(late, 0.7, 0.3), "yes", "no")
    texts = [day.strftime(spelled) for day in days.tolist()] if spelled != "typed" else []
    made["day"] = texts or days.astype("M8[us]")
    seen = view(made, "label", kinds={"day": "date"})
    finding = only("time_ignored", seen)
    assert finding.evidence["columns"] == ["day"]
    assert finding.evidence["drift"] > 0.1
    assert not finding.evidence["sorted"]
    assert "--time day" in finding.remedy
    assert found("time_ignored", view(made, "label", kinds={"day": "date"}, times=days)) == []
    assert found("time_ignored", view(made, "label", kinds={"day": "date"}, grouped=True)) == []


def test_rows_in_the_order_of_a_date_warn_and_dates_at_random_do_not(made):
    days = np.datetime64("2020-01-01") + np.arange(N)
    made["day"] = days.astype("M8[us]")
    assert only("time_ignored", view(made, "label")).evidence["sorted"]
    made["day"] = made["day"][np.random.default_rng(0).permutation(N)]
    assert found("time_ignored", view(made, "label")) == []


# ---- all together ----


def test_the_severest_comes_first_and_accepted_stops_become_warnings(made):
    made["copy"] = made["label"]
    made["still"] = np.zeros(N)
    columns = {name: values[:10] for name, values in made.items()}
    assert [finding.code for finding in audit(view(columns, "label"))][:2] == ["few_rows", "target_copy"]
    findings = audit(view(columns, "label"), accept=["target_copy", "constant_columns"])
    severities = [finding.severity for finding in findings]
    assert severities == sorted(severities, key=["stop", "warning", "note"].index)
    by_code = {finding.code: finding for finding in findings}
    assert by_code["few_rows"].severity == "stop"
    assert by_code["target_copy"].severity == "warning"
    assert by_code["target_copy"].remedy.startswith("accepted")
    assert by_code["constant_columns"].severity == "note"


def test_tables_of_no_or_few_rows_and_no_columns_break_no_check(made):
    for n in (0, 1, 2, 5):
        columns = {name: values[:n] for name, values in made.items()}
        audit(view(columns, "label"))
        audit(view(columns, "number", "regress"))
    assert [finding.code for finding in audit(view({"label": made["label"]}, "label"))] == [
        "conflicting_duplicates",
        "duplicate_rows",
    ]


def test_infinite_and_huge_values_break_no_check(made):
    made["x"] = made["x"].copy()
    made["x"][:4] = [np.inf, -np.inf, 1e300, np.nan]
    audit(view(made, "label"))
    audit(view(made, "number", "regress"))


def test_all_checks_keep_their_time_on_a_large_table():
    generator = np.random.default_rng(0)
    columns = {f"f{i}": generator.normal(size=50_000) for i in range(10)}
    columns |= {f"c{i}": generator.choice(["a", "b", "c"], 50_000) for i in range(5)}
    columns["label"] = (columns["f0"] + generator.normal(size=50_000) > 0).astype(int)
    made = table(columns)
    import sklearn.ensemble  # noqa: F401 - its import is not the checks' time

    seen = view(made, "label")
    seen = View(made, seen.kinds, seen.targets, seen.target, "classify", seen.classes, seconds=2.0)
    began = time.process_time()
    audit(seen)
    assert time.process_time() - began < 2.5


def bundled(name: str) -> RawTable:
    data = getattr(datasets, f"load_{name}")()
    return table({**{f"f{i}": column for i, column in enumerate(data.data.T)}, "y": data.target})


@pytest.mark.parametrize(
    ("name", "objective", "expected"),
    [
        ("iris", "classify", {"few_rows", "duplicate_rows"}),  # 150 rows, and rows 101 and 142 are equal
        ("wine", "classify", {"few_rows"}),
        ("breast_cancer", "classify", set()),
        ("diabetes", "regress", set()),
    ],
)
def test_well_known_tables_are_left_in_peace(name, objective, expected):
    findings = audit(view(bundled(name), "y", objective))
    assert {finding.code for finding in findings} == expected
    assert all(finding.severity != "stop" for finding in findings)


def read_csv(path: Path, header: bool) -> RawTable:
    with path.open(newline="") as file:
        rows = [row for row in csv.reader(file, skipinitialspace=True) if row]
    names = rows.pop(0) if header else [f"c{i}" for i in range(len(rows[0]))]
    return table({name: np.array(column, object) for name, column in zip(names, zip(*rows))})


@pytest.mark.parametrize(
    ("path", "header", "target", "objective", "expected"),
    [
        ("adult/adult-train.csv", False, "c14", "classify", {"conflicting_duplicates", "duplicate_rows"}),
        ("titanic/titanic.csv", True, "Survived", "classify", {"id_like", "missing_share"}),
        ("abalone/abalone.csv", False, "c8", "regress", set()),
        ("pima-diabetes/pima-indians-diabetes.csv", False, "c8", "classify", set()),
        ("california-housing/housing.csv", True, "median_house_value", "regress", set()),
    ],
)
def test_real_tables_bring_notes_that_are_true_and_no_false_alarm(shared, path, header, target, objective, expected):
    ids = {"PassengerId": "id", "Name": "text", "Ticket": "text"} if "titanic" in path else {}
    findings = audit(view(read_csv(shared / path, header), target, objective, kinds=ids))
    assert {finding.code for finding in findings} == expected
    assert {finding.severity for finding in findings} <= {"note"}
