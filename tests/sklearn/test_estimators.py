"""The estimators at work: accuracy, weights, partial fits, searches, modules of one's own."""

from __future__ import annotations

import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold, cross_val_score, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

from glia.sklearn import NeuralClassifier, NeuralRegressor

SMALL = {"net_options": {"width": 32, "depth": 2}, "learning_rate": 0.01, "random_state": 0}


def blobs(rows: int = 200, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, rows)
    return rng.normal(size=(rows, 4)) + 3.0 * np.eye(4)[y], y


@pytest.mark.parametrize("load", [load_iris, load_wine, load_breast_cancer])
def test_real_classes_are_told_apart_about_as_well_as_by_logistic_regression(load: Any) -> None:
    X, y = load(return_X_y=True)
    cv = StratifiedKFold(3, shuffle=True, random_state=0)
    ours = cross_val_score(make_pipeline(StandardScaler(), NeuralClassifier(random_state=0)), X, y, cv=cv)
    theirs = cross_val_score(make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)), X, y, cv=cv)
    assert ours.mean() > max(0.93, theirs.mean() - 0.025)


def test_real_numbers_are_predicted_nearly_as_well_as_by_ridge_regression() -> None:
    X, y = load_diabetes(return_X_y=True)
    cv = KFold(3, shuffle=True, random_state=0)
    model = NeuralRegressor(early_stopping=True, random_state=0)
    ours = cross_val_score(make_pipeline(StandardScaler(), model), X, y, cv=cv)
    assert ours.mean() > cross_val_score(RidgeCV(), X, y, cv=cv).mean() - 0.12


@pytest.mark.parametrize("estimator", [NeuralClassifier, NeuralRegressor])
def test_a_weight_is_the_row_repeated_to_the_bit_in_batches_and_with_dropout(estimator: Any) -> None:
    X, y = blobs()
    weight = np.random.default_rng(1).integers(0, 4, len(y))
    model = estimator(**SMALL, max_epochs=3, batch_size=16)
    weighted = model.fit(X, y, sample_weight=weight).predict(X)
    rows = np.random.default_rng(2).permutation(np.repeat(np.arange(len(y)), weight))
    repeated = clone(model).fit(X[rows], y[rows])
    assert np.array_equal(weighted, repeated.predict(X))
    assert model.loss_curve_ == repeated.loss_curve_


def test_fitting_and_answering_leave_the_callers_random_numbers_and_threads_alone() -> None:
    X, y = blobs(40)
    torch.set_num_threads(2)
    try:
        torch.manual_seed(5)
        expected = torch.rand(3)
        torch.manual_seed(5)
        NeuralClassifier(**SMALL, max_epochs=2).fit(X, y).predict(X)
        assert torch.equal(torch.rand(3), expected)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)


def test_the_same_seed_gives_the_same_weights_and_another_seed_others() -> None:
    X, y = blobs(60)
    first, again, other = (
        NeuralClassifier(**{**SMALL, "random_state": seed}, max_epochs=2).fit(X, y).predict_proba(X)
        for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.allclose(first, other)


@pytest.mark.parametrize("net", ["linear", "mlp", "resnet_mlp", "realmlp", "tabm", "ft_transformer"])
def test_a_row_is_answered_the_same_alone_and_in_company_by_every_network(net: str) -> None:
    X, y = blobs(60)
    model = NeuralClassifier(net, max_epochs=1, random_state=0).fit(X, y)
    alone = np.concatenate([model.predict_proba(X[row : row + 1]) for row in range(10)])
    assert np.allclose(model.predict_proba(X)[:10], alone, rtol=1e-7, atol=0)


def test_missing_numbers_are_answered_and_infinite_ones_refused() -> None:
    X, y = blobs(60)
    X[::5, 0] = np.nan
    model = NeuralClassifier(**SMALL, max_epochs=2).fit(X, y)
    assert np.isfinite(model.predict_proba(X)).all()
    X[3, 1] = np.inf
    with pytest.raises(ValueError, match="infinity"):
        model.predict(X)


def test_class_weights_move_answers_to_the_heavy_class() -> None:
    rng = np.random.default_rng(0)
    y = (rng.random(300) < 0.1).astype(int)
    X = rng.normal(size=(300, 2)) + y[:, None]
    shares = [
        NeuralClassifier(**SMALL, class_weight=weight).fit(X, y).predict(X).mean()
        for weight in (None, "balanced", {1: 1000.0})
    ]
    assert shares[0] < 0.15 < shares[1] < shares[2]


def test_balanced_class_weights_count_the_weights_of_rows() -> None:
    X, y = blobs(90)
    weight = np.where(y == 0, 5.0, 1.0)
    model = NeuralClassifier(**SMALL, max_epochs=2, class_weight="balanced")
    first = model.fit(X, y, sample_weight=weight).predict_proba(X)
    counts = {label: weight.sum() / (3 * weight[y == label].sum()) for label in range(3)}
    given = clone(model).set_params(class_weight=counts).fit(X, y, sample_weight=weight).predict_proba(X)
    assert np.allclose(first, given)


def test_early_stopping_ends_before_the_last_epoch_and_keeps_the_best_weights() -> None:
    X, y = load_diabetes(return_X_y=True)
    model = NeuralRegressor(early_stopping=True, n_iter_no_change=3, max_epochs=200, random_state=0).fit(X, y)
    assert model.n_iter_ < 200
    assert int(np.argmax(model.validation_scores_)) == model.n_iter_ - 4


def test_partial_fits_come_to_what_a_fit_comes_to() -> None:
    X, y = blobs(300)
    model = NeuralClassifier(**SMALL)
    for _ in range(15):
        for part in np.array_split(np.arange(300), 2):
            model.partial_fit(X[part], y[part], classes=[0, 1, 2])
    assert model.n_iter_ == 30
    assert model.score(X, y) > clone(model).fit(X, y).score(X, y) - 0.05


def test_a_first_part_may_lack_classes_and_later_ones_may_bring_no_new_ones() -> None:
    X, y = blobs(60)
    model = NeuralClassifier(**SMALL)
    with pytest.raises(ValueError, match="classes must be passed"):
        model.partial_fit(X, y)
    model.partial_fit(X[y < 2], y[y < 2], classes=[0, 1, 2])
    assert model.predict_proba(X).shape == (60, 3)
    with pytest.raises(ValueError, match="holds the class 7"):
        model.partial_fit(X, np.where(y == 0, 7, y))


def test_a_pickled_estimator_goes_on_exactly_as_the_one_that_stayed() -> None:
    X, y = blobs(60)
    stayed = NeuralClassifier(**SMALL).partial_fit(X, y, classes=[0, 1, 2])
    travelled = pickle.loads(pickle.dumps(stayed))
    for model in (stayed, travelled):
        model.partial_fit(X, y)
    assert np.array_equal(stayed.predict_proba(X), travelled.predict_proba(X))


def test_a_warm_start_goes_on_and_a_cold_one_begins_again() -> None:
    X, y = blobs(120)
    warm = NeuralClassifier(**SMALL, max_epochs=3, warm_start=True).fit(X, y)
    first = warm.loss_curve_
    assert warm.fit(X, y).loss_curve_[0] < first[-1]
    assert warm.set_params(warm_start=False).fit(X, y).loss_curve_ == first


def test_a_warm_start_takes_up_a_changed_learning_rate() -> None:
    X, y = blobs(60)
    model = NeuralClassifier(**SMALL, max_epochs=3, warm_start=True).fit(X, y)
    before = model.predict_proba(X)
    model.set_params(learning_rate=1e-12).fit(X, y)
    assert np.allclose(model.predict_proba(X), before, atol=1e-6)


def test_a_search_over_networks_and_their_options_finds_a_good_one() -> None:
    X, y = load_iris(return_X_y=True)
    grid = {"net": ["mlp"], "net_options": [{"width": 1, "depth": 1}, {"width": 64, "depth": 2}]}
    search = GridSearchCV(
        NeuralClassifier(learning_rate=0.01, random_state=0), grid, cv=StratifiedKFold(3, shuffle=True, random_state=0)
    ).fit(X, y)
    assert search.best_params_["net_options"]["width"] == 64
    assert search.best_score_ > 0.93


def test_sample_weights_are_routed_through_a_pipeline_and_cross_validation() -> None:
    X, y = blobs(90)
    with config_context(enable_metadata_routing=True):
        model = NeuralClassifier(**SMALL, max_epochs=10).set_fit_request(sample_weight=True)
        model = model.set_score_request(sample_weight=True).set_partial_fit_request(classes=True)
        scaler = StandardScaler().set_fit_request(sample_weight=True)
        pipeline = make_pipeline(scaler.set_output(transform="pandas"), model)
        weight = np.where(y == 0, 0.0, 1.0)
        found = cross_validate(
            pipeline, X, y, params={"sample_weight": weight}, return_estimator=True, error_score="raise"
        )
        # Rows of the first class weigh nothing, so none of them is ever answered.
        assert all((one.predict(X) != 0).all() for one in found["estimator"])
        assert all(list(one[-1].feature_names_in_) == ["x0", "x1", "x2", "x3"] for one in found["estimator"])


def test_several_numbers_are_predicted_in_their_own_units() -> None:
    X, _ = blobs(200)
    y = np.stack([1000 + 50 * X[:, 0], 0.01 * X[:, 1]], axis=1)
    model = NeuralRegressor(**SMALL).fit(X, y)
    assert model.predict(X).shape == (200, 2)
    assert model.score(X, y) > 0.9
    assert model.fit(X, y[:, :1]).predict(X).shape == (200, 1)


def test_several_labels_are_answered_each() -> None:
    X, _ = blobs(200)
    y = (X[:, :3] > 0).astype(int)
    model = NeuralClassifier(**SMALL).fit(X, y)
    assert (model.predict(X) == y).mean() > 0.93
    assert np.array_equal(model.predict_proba(X) >= 0.5, model.predict(X) == 1)
    assert model.partial_fit(X, y, classes=[0, 1, 2]).n_iter_ == 41


def test_a_module_of_ones_own_is_copied_trained_and_plain() -> None:
    X, y = blobs(200)
    module = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3))
    before = module[0].weight.clone()
    model = NeuralClassifier(module, random_state=0).fit(X, y)
    assert model.score(X, y) > 0.8
    assert torch.equal(module[0].weight, before)
    assert type(model.module_) is nn.Sequential
    assert not model.module_.training
    assert list(model.module_.state_dict()) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert clone(model).fit(X, y).score(X, y) == model.score(X, y)


@pytest.mark.parametrize(
    ("module", "said"),
    [
        (nn.Linear(5, 3), "cannot take rows of 4 features"),
        (nn.Linear(4, 1), r"\(2, 3\) is wanted, one for each class"),
    ],
)
def test_a_module_that_does_not_fit_is_refused_with_what_is_wanted(module: nn.Module, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        NeuralClassifier(module).fit(*blobs(30))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"max_epochs": 0}, "NeuralClassifier.max_epochs must be a whole number at least 1, got 0"),
        ({"batch_size": "many"}, "NeuralClassifier.batch_size must be a whole number or one of 'auto'"),
        ({"net": "mpl"}, "did you mean 'mlp'"),
        ({"net_options": {"widht": 3}}, "net_options.widht does not exist.*did you mean 'width'"),
        ({"optimizer": "adm"}, "did you mean 'adam'"),
        ({"schedule": "cosin"}, "did you mean 'cosine'"),
    ],
)
def test_a_wrong_argument_is_a_value_error_that_says_what_was_meant(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        NeuralClassifier(**wrong).fit(*blobs(30))


def test_every_epoch_is_printed_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    NeuralClassifier(**SMALL, max_epochs=2, verbose=1, early_stopping=True).fit(*blobs(60))
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["epoch 1", "epoch 2"]
    assert "validation loss" in lines[0]


def test_naming_the_room_loads_neither_torch_nor_scikit_learn() -> None:
    code = "import sys, glia.sklearn; print(sorted({'torch', 'sklearn', 'numpy'} & set(sys.modules)))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
