"""Data frames go into the estimators as they are: categories, truths, dates, texts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from glia.sklearn import NeuralClassifier, NeuralRegressor

SMALL = {"net_options": {"width": 32, "depth": 2}, "learning_rate": 0.01, "random_state": 0}


def customers(rows: int = 200) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "city": rng.choice(["Bern", "Rome", "Oslo"], rows),
            "zone": pd.Categorical(rng.choice([10, 20, 30], rows)),
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, rows), "D"),
            "member": rng.random(rows) < 0.5,
            "age": np.where(rng.random(rows) < 0.1, np.nan, rng.normal(40, 9, rows)),
            "one": np.ones(rows),
        }
    )
    return frame, np.where((frame["city"] == "Bern") ^ (frame["zone"] == 20), "yes", "no")


def test_a_frame_with_categories_truths_dates_and_gaps_is_learned() -> None:
    frame, y = customers()
    model = NeuralClassifier(**SMALL).fit(frame, y)
    assert model.score(frame, y) > 0.95
    assert list(model.feature_names_in_) == list(frame)
    assert model.predict(frame[:2]).tolist() == y[:2].tolist()
    kinds = {name: column.kind for name, column in model._learner.schema.columns.items()}
    assert kinds == {
        "city": "category",
        "zone": "category",
        "since": "date",
        "member": "boolean",
        "age": "number",
        "one": "number",
    }


def test_polars_and_pandas_frames_give_the_same_answers() -> None:
    frame, y = customers(60)
    frame["zone"] = frame["zone"].astype(str)
    model = NeuralClassifier(**SMALL, max_epochs=2).fit(frame, y)
    other = NeuralClassifier(**SMALL, max_epochs=2).fit(pl.from_pandas(frame), pl.Series(y))
    assert np.array_equal(model.predict_proba(frame), other.predict_proba(pl.from_pandas(frame)))


def test_a_frame_of_numbers_is_the_same_as_its_array() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 3, (50, 3)).astype(float), rng.normal(size=50)
    frame = pd.DataFrame(X, columns=["x0", "x1", "x2"])
    model = NeuralRegressor(**SMALL, max_epochs=2)
    assert np.array_equal(model.fit(frame, y).predict(frame), model.fit(X, y).predict(X))


def test_a_table_of_categories_only_is_answered() -> None:
    frame, y = customers(100)
    frame = frame[["city", "zone"]]
    assert NeuralClassifier(**SMALL).fit(frame, y).score(frame, y) == 1


def test_a_common_category_stays_common_where_equal_rows_are_one() -> None:
    frame = pd.DataFrame({"color": ["red"] * 50 + ["blue"] * 50})
    y = np.repeat([1.0, 3.0], 50)
    model = NeuralRegressor(**SMALL, max_epochs=200).fit(frame, y)
    assert np.allclose(model.predict(frame), y, atol=0.1)


def test_an_unseen_category_is_answered() -> None:
    frame, y = customers(60)
    model = NeuralClassifier(**SMALL, max_epochs=2).fit(frame, y)
    assert np.isfinite(model.predict_proba(frame[:3].assign(city="Lima"))).all()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda frame: frame.drop(columns="age"), "seen at fit time, yet now missing:\n- age"),
        (lambda frame: frame[list(frame)[::-1]], "must be in the same order"),
        (lambda frame: frame.assign(more=1), "unseen at fit time:\n- more"),
        (lambda frame: frame.assign(age=np.inf), "infinity in column 'age'"),
        (lambda frame: frame.assign(age="old"), "'old'"),
    ],
)
def test_a_frame_that_does_not_fit_is_refused_with_what_is_wrong(change: Any, said: str) -> None:
    frame, y = customers(60)
    model = NeuralClassifier(**SMALL, max_epochs=1).fit(frame, y)
    with pytest.raises(ValueError, match=said):
        model.predict(change(frame))


def test_columns_that_no_kind_reads_and_missing_answers_are_value_errors() -> None:
    frame, y = customers(60)
    with pytest.raises(ValueError, match="column 'lists'"):
        NeuralClassifier().fit(frame.assign(lists=[[1]] * 60), y)
    with pytest.raises(ValueError, match="NaN"):
        NeuralRegressor().fit(frame, np.full(60, np.nan))


def test_titanic_is_answered_as_well_as_by_a_pipeline_of_encoders(shared: Path) -> None:
    frame = pd.read_csv(next((shared / "titanic").glob("*.csv")))
    y = frame["survived" if "survived" in frame else "Survived"]
    frame = frame.rename(columns=str.lower)[["pclass", "sex", "age", "sibsp", "parch", "fare"]]
    numbers = ["age", "sibsp", "parch", "fare"]
    encoders = make_column_transformer((OneHotEncoder(), ["pclass", "sex"]), (StandardScaler(), numbers))
    theirs = cross_val_score(make_pipeline(encoders, LogisticRegression()), frame.fillna(30), y, cv=3)
    ours = cross_val_score(NeuralClassifier(random_state=0), frame, y, cv=3)
    assert ours.mean() > theirs.mean() - 0.02
