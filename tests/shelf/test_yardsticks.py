"""Every yardstick answers every question, equals its library, and beats the constant."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import ensemble, linear_model, preprocessing

from glia.core.values import Answer, Spec
from glia.judge.scores import main_metric, score
from glia.judge.yardsticks import yardsticks

SPECS = {
    "number": Spec(("feature",), (3,)),
    "category": Spec(("feature",), (2,), "int64", classes=(tuple("?!abcd"), tuple("?!ab"))),
    "dense": Spec(("feature",), (1,)),
}
# Yardsticks of pictures, texts and series have contracts of their own beside this one.
NAMES = [
    name
    for name in yardsticks.names()
    if "number" in yardsticks.get(name).reads and "classify" in yardsticks.get(name).objectives
]
OBJECTIVES = ["classify", "multilabel", "regress"]


def _table(n: int, objective: str, seed: int = 0) -> tuple[dict[str, np.ndarray], np.ndarray]:
    g = np.random.default_rng(seed)
    inputs = {
        "number": g.normal(size=(n, 3)).astype(np.float32),
        "category": np.column_stack([g.integers(2, 6, n), g.integers(2, 4, n)]),
        "dense": g.integers(0, 2, (n, 1)).astype(np.float32),
    }
    signal = inputs["number"][:, :2] + np.array([0, 0, -1, 1, -1, 1])[inputs["category"][:, :1]]
    noisy = signal + 0.5 * g.normal(size=(n, 2))
    if objective == "regress":
        return inputs, noisy * [1, 100]
    if objective == "multilabel":
        return inputs, (noisy > 0).astype(np.int64)
    return inputs, ((noisy[:, :1] > -0.7).astype(np.int64) + (noisy[:, :1] > 0.7))


def _fitted(name: str, objective: str, **options):
    yard = yardsticks.get(name)(objective, SPECS, 3, **options)
    yard.fit(*_table(400, objective))
    return yard


def test_the_shelf_holds_the_four_that_every_fit_is_set_beside() -> None:
    assert set(yardsticks.names()) >= {"constant", "linear", "random_forest", "hist_gradient_boosting"}


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("name", NAMES)
def test_a_yardstick_answers_every_question(name: str, objective: str) -> None:
    inputs, truth = _table(150, objective, seed=1)
    answer = _fitted(name, objective).answer(inputs)
    if objective == "regress":
        assert answer.point.shape == (150, 2)
    else:
        assert answer.probability.shape == (150, 3 if objective == "classify" else 2)
        assert answer.label.shape == ((150,) if objective == "classify" else (150, 2))
        assert ((answer.probability >= 0) & (answer.probability <= 1)).all()
    if objective == "classify":
        assert answer.probability.sum(1) == pytest.approx(1)
    metric = main_metric(objective)
    found = score([metric], answer, truth)[metric].value
    ground = score([metric], _fitted("constant", objective).answer(inputs), truth)[metric].value
    sign = -1 if objective == "regress" else 1
    assert sign * found > sign * ground or name == "constant"


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_answer(name: str) -> None:
    inputs, _ = _table(50, "classify", seed=2)
    one, other = (_fitted(name, "classify", seed=3).answer(inputs).probability for _ in range(2))
    assert (one == other).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_class_that_was_never_seen_gets_no_probability_and_breaks_nothing(name: str) -> None:
    inputs, _ = _table(60, "classify")
    yard = yardsticks.get(name)("classify", SPECS, 5)
    yard.fit(inputs, np.arange(60)[:, None] % 2 * 3)
    answer = yard.answer(inputs)
    assert answer.probability.shape == (60, 5)
    assert (answer.probability[:, [1, 2, 4]] == 0).all()
    yard.fit(inputs, np.full((60, 1), 2))
    assert (yard.answer(inputs).label == 2).all()


@pytest.mark.parametrize("name", NAMES)
def test_codes_never_seen_in_training_are_answered(name: str) -> None:
    inputs, _ = _table(5, "classify")
    answer = _fitted(name, "classify").answer(
        {**inputs, "category": np.array([[0, 1], [1, 0], [5, 3], [0, 0], [1, 1]])}
    )
    assert np.isfinite(answer.probability).all()


@pytest.mark.parametrize("groups", [("number",), ("category",), ("dense",), ("number", "category")])
@pytest.mark.parametrize("name", NAMES)
def test_any_group_may_be_missing(name: str, groups: tuple[str, ...]) -> None:
    inputs, target = _table(80, "classify")
    some = {group: inputs[group] for group in groups}
    yard = yardsticks.get(name)("classify", {group: SPECS[group] for group in groups}, 3)
    yard.fit(some, target)
    assert len(yard.answer(some)) == 80


@pytest.mark.parametrize("name", ["constant", "linear", "hist_gradient_boosting"])
@pytest.mark.parametrize("objective", ["classify", "regress"])
def test_weights_count_rows(name: str, objective: str) -> None:
    inputs, target = _table(120, objective)
    weight = np.repeat([0.0, 1.0], 60)
    half = {group: values[60:] for group, values in inputs.items()}
    weighed, without = (yardsticks.get(name)(objective, SPECS, 3) for _ in range(2))
    weighed.fit(inputs, target, weight)
    without.fit(half, target[60:])
    one, other = weighed.answer(inputs), without.answer(inputs)
    if name == "constant":
        found, wanted = (a.point if objective == "regress" else a.probability for a in (one, other))
        assert found == pytest.approx(wanted)
    unweighed = yardsticks.get(name)(objective, SPECS, 3)
    unweighed.fit(inputs, target)
    assert not np.allclose(*(_shown(a) for a in (one, unweighed.answer(inputs))))


def _shown(answer: Answer) -> np.ndarray:
    return answer.point if answer.point is not None else answer.probability


def test_the_linear_model_equals_its_library() -> None:
    inputs, target = _table(400, "classify")
    plain = np.hstack([inputs["number"], inputs["dense"]]).astype(np.float64)
    hot = preprocessing.OneHotEncoder(sparse_output=False).fit_transform(inputs["category"])
    features = np.hstack([preprocessing.StandardScaler().fit_transform(plain), hot])
    library = linear_model.LogisticRegression(max_iter=300).fit(features, target[:, 0])
    found = _fitted("linear", "classify").answer(inputs).probability
    assert found == pytest.approx(library.predict_proba(features), abs=2e-3)


def test_ridge_regression_equals_its_library_for_every_target() -> None:
    inputs, target = _table(400, "regress")
    plain = np.hstack([inputs["number"], inputs["dense"]]).astype(np.float64)
    hot = preprocessing.OneHotEncoder(sparse_output=False).fit_transform(inputs["category"])
    features = np.hstack([preprocessing.StandardScaler().fit_transform(plain), hot])
    library = linear_model.Ridge().fit(features, target)
    assert _fitted("linear", "regress").answer(inputs).point == pytest.approx(
        library.predict(features), rel=1e-2, abs=0.1
    )


def test_trees_equal_their_library() -> None:
    inputs, target = _table(400, "classify")
    features = np.hstack([inputs["number"], inputs["dense"], inputs["category"]]).astype(np.float32)
    boosted = ensemble.HistGradientBoostingClassifier(
        early_stopping=False, random_state=0, categorical_features=[4, 5]
    ).fit(features, target[:, 0])
    forest = ensemble.RandomForestClassifier(random_state=0).fit(features, target[:, 0])
    for name, library in (("hist_gradient_boosting", boosted), ("random_forest", forest)):
        found = _fitted(name, "classify").answer(inputs).probability
        assert found == pytest.approx(library.predict_proba(features), abs=1e-9)


def test_very_many_categories_are_folded_and_not_refused() -> None:
    g = np.random.default_rng(0)
    inputs = {"category": g.integers(0, 2000, (3000, 1))}
    yard = yardsticks.get("hist_gradient_boosting")("classify", {}, 2)
    yard.fit(inputs, (inputs["category"] % 2).astype(np.int64))
    assert len(yard.answer({"category": np.array([[5000], [3]])})) == 2


@pytest.mark.parametrize("name", ["random_forest", "hist_gradient_boosting"])
def test_trees_stop_growing_when_time_is_up_and_say_so(name: str) -> None:
    yard = yardsticks.get(name)("classify", SPECS, 3)
    yard.fit(*_table(400, "classify"), seconds=0.0)
    assert "for want of time" in yard.note
    assert len(yard.answer(_table(10, "classify")[0])) == 10
