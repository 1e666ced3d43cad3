from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from glia.core.errors import DataError, UsageError
from glia.core.raw import Origin, Raw, RawTable
from glia.table.question import ask
from glia.table.schema import Schema

N = 60
ADULT = [
    "age", "workclass", "fnlwgt", "education", "education-num", "marital-status", "occupation",
    "relationship", "race", "sex", "capital-gain", "capital-loss", "hours-per-week", "native-country",
    "income",
]  # fmt: skip


def table(columns: dict[str, list], first_line: int | None = 2) -> RawTable:
    raws = {
        name: Raw(
            np.array(values, dtype=object if isinstance(values[0], str) else None),
            np.array([value != "" for value in values]),
        )
        for name, values in columns.items()
    }
    return RawTable(raws, Origin("rows.csv", "delimited", path="rows.csv", first_line=first_line))


def read(path: Path, names: list[str] | None = None) -> RawTable:
    with path.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.reader(file) if row]
    names, rows = (names, rows) if names else (rows[0], rows[1:])
    return table({name: list(values) for name, values in zip(names, zip(*rows))}, 1 if names is ADULT else 2)


def plain() -> dict[str, list]:
    generator = np.random.default_rng(0)
    draws = generator.integers(0, 1000, N).tolist()
    return {
        "size": [str(draw / 7) for draw in draws],
        "color": [("red", "blue", "green")[draw % 3] for draw in draws],
        "when": [f"2024-{1 + draw % 12:02}-{1 + draw % 28:02}" for draw in draws],
        "key": [f"k{at}x" for at in range(N)],
        "same": ["1"] * N,
        "gaps": ["" if draw % 5 == 0 else str(draw) for draw in draws],
        "label": ["yes" if draw % 2 else "no" for draw in draws],
    }


def fitted() -> tuple[Schema, RawTable]:
    raw = table(plain())
    schema = Schema.infer(raw, targets=["label"])
    schema.learn(raw)
    return schema, raw


def kinds(schema: Schema) -> dict[str, str]:
    return {name: column.kind for name, column in schema.columns.items()}


def test_every_column_has_a_kind_and_a_reason() -> None:
    schema, _ = fitted()
    assert kinds(schema) == {
        "size": "number", "color": "category", "when": "date", "key": "id", "same": "constant",
        "gaps": "number", "label": "boolean",
    }  # fmt: skip
    assert all(schema.reasons[name] for name in schema.columns)
    assert [schema.role(name) for name in ("size", "key", "label")] == ["input", "left out", "target"]


def test_groups_are_stacked_in_the_order_of_the_table() -> None:
    schema, raw = fitted()
    specs, groups = schema.specs(), schema.encode(raw)
    assert specs["number"].names == ("size", "when", "gaps")
    assert specs["category"].names == ("color",)
    assert specs["dense"].names[-1] == "gaps is missing"
    assert {name: values.shape for name, values in groups.items()} == {
        name: (N, spec.width) for name, spec in specs.items()
    }
    assert len(specs["number"].edges or ()) == 3
    assert schema.specs("target")["target"].classes == (("no", "yes"),)
    assert schema.decode(schema.encode(raw, "target")["target"])[:, 0].tolist() == raw["label"].values.tolist()


def test_only_rows_given_to_learn_are_learned_from() -> None:
    raw = table(plain())
    schema = Schema.infer(raw, targets=["label"])
    schema.learn(raw.take(np.arange(30)))
    changed = plain()
    changed["size"][30:] = ["1e9"] * 30
    changed["color"][30:] = ["purple"] * 30
    other = Schema.infer(table(changed), targets=["label"])
    other.learn(table(changed).take(np.arange(30)))
    for name, column in schema.columns.items():
        assert other.columns[name].state() == column.state()


def test_a_schema_survives_json_and_encodes_exactly_alike() -> None:
    schema, raw = fitted()
    copy = Schema.restored(json.loads(json.dumps(schema.state(), sort_keys=True)))
    assert copy.specs() == schema.specs()
    assert copy.reasons == schema.reasons
    left, right = schema.encode(raw), copy.encode(raw)
    assert all(np.array_equal(left[name], right[name]) for name in left)
    assert all(np.array_equal(one, copy.summarize(raw)[name]) for name, one in schema.summarize(raw).items())


def test_a_kind_given_by_a_person_is_kept() -> None:
    raw = table(plain())
    schema = Schema.infer(raw, targets=["label"], kinds={"key": "text", "size": "category"})
    assert (kinds(schema)["key"], kinds(schema)["size"]) == ("text", "category")
    assert schema.reasons["key"] == "its kind was given"


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"kinds": {"sise": "number"}}, "no column 'sise' .did you mean 'size'"),
        ({"kinds": {"size": "numbr"}}, "no 'numbr' among the columns .did you mean 'number'"),
        ({"kinds": {"label": "number"}}, "cannot be read as 'number'"),
        ({"keys": ["colour"]}, "did you mean 'color'"),
        ({"targets": ["lable"]}, "did you mean 'label'"),
    ],
)
def test_names_and_kinds_that_do_not_exist_are_refused(options: dict, match: str) -> None:
    with pytest.raises(UsageError, match=match):
        Schema.infer(table(plain()), **{"targets": ["label"], **options})


def test_keys_are_not_seen_by_the_network() -> None:
    raw = table(plain())
    schema = Schema.infer(raw, targets=["label"], keys=["color"])
    schema.learn(raw)
    assert "color" not in schema.columns
    assert schema.role("color") == "key"
    assert Schema.restored(schema.state()).keys == ("color",)


def test_a_table_with_nothing_to_answer_from_is_refused() -> None:
    with pytest.raises(DataError, match=r"no column of rows\.csv is left"):
        Schema.infer(table({"k": [f"k{at}x" for at in range(N)], "y": ["a", "b"] * 30}), targets=["y"])
    with pytest.raises(DataError, match="no rows"):
        Schema.infer(table({"x": [1.0], "y": [1.0]}).take(np.arange(0)), targets=["y"])


def test_names_of_columns_tell_codes_and_ids_from_numbers() -> None:
    generator = np.random.default_rng(0)
    raw = table(
        {
            "storeId": [str(value) for value in generator.integers(1, 9, 90)],
            "zip_code": [str(value) for value in generator.integers(90001, 90020, 90)],
            "OrderID": [str(value) for value in generator.choice(10**6, 90, replace=False)],
            "idea": [str(value) for value in generator.integers(1, 9, 90)],
            "y": ["a", "b"] * 45,
        }
    )
    found = kinds(Schema.infer(raw, targets=["y"]))
    assert found == {
        "storeId": "category",
        "zip_code": "category",
        "OrderID": "id",
        "idea": "number",
        "y": "category",
    }


def test_later_rows_may_be_few_unordered_and_wider() -> None:
    schema, raw = fitted()
    columns = plain()
    later = table({name: columns[name][:1] for name in ("gaps", "when", "color", "size")} | {"new": ["1"]})
    rows, notes = schema.match(later, needs_target=False)
    assert list(rows) == ["size", "color", "when", "gaps"]
    assert [note.code for note in notes] == ["extra_columns"]
    whole = schema.encode(raw)
    assert all(np.array_equal(values[0], whole[name][0]) for name, values in schema.encode(rows).items())


def test_a_missing_column_is_refused_with_the_likely_one() -> None:
    schema, raw = fitted()
    renamed = RawTable({**raw.without("size", "key").columns, "Size_": raw["size"]}, raw.origin)
    with pytest.raises(DataError, match=r"lacks 'size' \(did you mean 'Size_'\?\)") as caught:
        schema.match(renamed, needs_target=False)
    assert caught.value.code == "missing_column"
    with pytest.raises(DataError, match="lacks 'label'"):
        schema.match(raw.without("label"), needs_target=True)
    rows, _ = schema.match(raw, needs_target=False)
    assert "label" not in rows


def test_text_where_numbers_were_is_refused_by_line() -> None:
    schema, _ = fitted()
    columns = plain()
    columns["size"] = ["1.5", *["big"] * (N - 1)]
    with pytest.raises(DataError, match="59 of 60 values of 'size' are not a number, such as 'big'") as caught:
        schema.match(table(columns), needs_target=False)
    assert (caught.value.line, caught.value.column, caught.value.file) == (3, "size", "rows.csv")
    columns["size"] = ["big", *["1.5"] * (N - 1)]
    _, notes = schema.match(table(columns), needs_target=False)
    assert [(note.code, note.evidence["line"]) for note in notes] == [("unreadable_values", 2)]


def test_an_unseen_label_is_refused_by_line_passing_over_empty_ones() -> None:
    schema, _ = fitted()
    columns = plain()
    columns["label"][:4] = ["yes", "", "no", "yess"]
    with pytest.raises(DataError, match=r"'yess' was never seen in training \(did you mean 'yes'\?\)") as caught:
        schema.match(table(columns), needs_target=True)
    assert caught.value.line == 5
    with pytest.raises(DataError, match="row 2: there is no value here"):
        schema.encode(table(columns, first_line=None), "target")


def test_a_number_missing_only_later_is_said() -> None:
    schema, _ = fitted()
    columns = plain()
    columns["size"][0] = "N/A"
    columns["gaps"][0] = "N/A"
    _, notes = schema.match(table(columns), needs_target=False)
    assert [(note.code, note.evidence["column"]) for note in notes] == [("newly_missing", "size")]


def test_a_first_look_gives_codes_or_numbers_before_anything_is_learned() -> None:
    raw = table(plain())
    codes, classes = Schema.infer(raw, targets=["label"]).first_look(raw)
    assert [classes[code] for code in codes] == raw["label"].values.tolist()
    points, none = Schema.infer(raw, targets=["size"], task="regress").first_look(raw)
    np.testing.assert_allclose(points, raw["size"].values.astype(float), rtol=1e-5, atol=1e-4)
    assert none == ()
    both, _ = Schema.infer(raw, targets=["size", "same"], task="regress").first_look(raw)
    assert both.shape == (N, 2)


def test_several_numbers_come_back_in_their_units() -> None:
    columns = {**plain(), "other": [str(at * 1e6) for at in range(N)]}
    raw = table(columns)
    schema = Schema.infer(raw, targets=["size", "other"], task="regress")
    schema.learn(raw)
    codes = schema.encode(raw, "target")["target"]
    truth = np.stack([raw[name].values.astype(float) for name in ("size", "other")], 1)
    np.testing.assert_allclose(schema.decode(codes), truth, rtol=1e-4, atol=10)
    center, scale = schema.standard()
    np.testing.assert_allclose(center, truth.mean(0))
    np.testing.assert_allclose(scale, truth.std(0))


def test_titanic_is_read_as_a_person_would(shared: Path) -> None:
    raw = read(shared / "titanic" / "titanic.csv")
    schema = Schema.infer(raw, targets=["Survived"])
    assert kinds(schema) == {
        "PassengerId": "id", "Survived": "category", "Pclass": "number", "Name": "text", "Sex": "category",
        "Age": "number", "SibSp": "number", "Parch": "number", "Ticket": "text", "Fare": "number",
        "Cabin": "text", "Embarked": "category",
    }  # fmt: skip
    schema.learn(raw)
    names = schema.specs()["dense"].names
    assert {"Name: mrs", "Age is missing", "Cabin: c", "Cabin is missing"} <= set(names)
    assert schema.match(raw, needs_target=True)[1] == []


def test_telco_churn_is_read_as_a_person_would(shared: Path) -> None:
    raw = read(shared / "telco-churn" / "Telco-Customer-Churn.csv")
    schema = Schema.infer(raw, targets=["Churn"])
    found = kinds(schema)
    assert {name for name, kind in found.items() if kind == "number"} == {
        "SeniorCitizen", "tenure", "MonthlyCharges", "TotalCharges",
    }  # fmt: skip
    assert {name for name, kind in found.items() if kind == "boolean"} == {
        "Partner", "Dependents", "PhoneService", "PaperlessBilling", "Churn",
    }  # fmt: skip
    assert found["customerID"] == "id"
    assert sum(kind == "category" for kind in found.values()) == 11
    schema.learn(raw)
    assert schema.specs()["dense"].names == ("TotalCharges is missing",)
    assert schema.encode(raw)["dense"].sum() == 11


def test_adult_is_read_as_a_person_would_and_its_test_labels_are_refused(shared: Path) -> None:
    raw = read(shared / "adult" / "adult-train.csv", ADULT)
    question = ask(raw, ["income"])
    schema = Schema.infer(raw, targets=["income"], task=question.task)
    found = kinds(schema)
    assert {name for name, kind in found.items() if kind == "number"} == {
        "age", "fnlwgt", "education-num", "capital-gain", "capital-loss", "hours-per-week",
    }  # fmt: skip
    assert {kind for name, kind in found.items() if name not in ADULT[:1]} == {"number", "category"}
    schema.learn(raw)
    assert schema.specs("target")["target"].classes == (("<=50K", ">50K"),)
    labels = schema.specs()["category"]
    assert "?" not in (labels.classes or ())[labels.names.index("workclass")]
    with pytest.raises(DataError, match=r"did you mean '<=50K'") as caught:
        schema.match(read(shared / "adult" / "adult-test.csv", ADULT), needs_target=True)
    assert caught.value.line == 1
