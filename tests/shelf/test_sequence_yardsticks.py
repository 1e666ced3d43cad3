"""Yardsticks of texts, series and sounds: right by references, and as good on real data as published."""

from __future__ import annotations

import gzip
import json
import time
from pathlib import Path

import numpy as np
import pytest
from tests.truth import sequences_reference as slow

from glia.columns.prose import Prose
from glia.core.raw import Origin, Raw, RawTable
from glia.core.values import Spec
from glia.judge.yardsticks import measure, yardsticks
from glia.judge.yardsticks.dictionary import Dictionary
from glia.judge.yardsticks.kneser_ney import KneserNey
from glia.judge.yardsticks.nb_svm import NbSvm
from glia.judge.yardsticks.ridge_window import RidgeWindow
from glia.judge.yardsticks.seasonal_naive import SeasonalNaive
from glia.judge.yardsticks.spectra import Spectra
from glia.judge.yardsticks.z_score import ZScore
from glia.metrics import metrics
from glia.sources import read
from glia.table.passages import passages
from glia.table.windows import Windows, windowed

FORECASTS = ["last_value", "seasonal_naive", "ridge_window"]


def series(values: np.ndarray, **options) -> Windows:
    table = RawTable({"x": Raw(values, np.ones(len(values), bool))}, Origin("made", "array"))
    return windowed(table, **options)


def wave(count: int = 1200, seed: int = 0) -> np.ndarray:
    return np.sin(np.arange(count) * 2 * np.pi / 24) + 0.2 * np.random.default_rng(seed).normal(size=count) + 3


def value(name: str, answer, truth: np.ndarray) -> float:
    metric = metrics.get(name)()
    return float(metric.value(metric.stats(answer, truth))[0])


def measured(found: Windows) -> dict:
    specs = {**found.specs, **found.asked}
    return measure(found.inputs, found.truth, specs, "forecast", weight=found.weight["train"])


def test_every_question_about_sequences_has_yardsticks() -> None:
    by_question = {
        question: {name for name in yardsticks.names() if question in yardsticks.get(name).objectives}
        for question in ("forecast", "generate", "translate", "surprise")
    }
    assert by_question["forecast"] >= set(FORECASTS)
    assert by_question["generate"] >= {"kneser_ney"}
    assert by_question["translate"] >= {"dictionary"}
    assert by_question["surprise"] >= {"z_score"}


def test_forecasts_are_in_order_of_what_they_know_and_their_intervals_hold() -> None:
    found = series(wave(3600), horizon=12, lookback=48)
    yards = measured(found)
    assert set(yards) == set(FORECASTS)
    errors = [value("mae", yards[name].test, found.truth["test"]) for name in FORECASTS]
    assert errors[0] > errors[1] > errors[2]
    for yard in yards.values():
        assert yard.test.point.shape == found.targets["test"].shape
        assert 0.8 <= value("coverage", yard.test, found.truth["test"]) <= 0.98


def test_forecasts_answer_only_what_is_asked_for() -> None:
    there = np.ones(600, bool)
    both = {"a": Raw(wave(600), there), "b": Raw(wave(600, 1) + 50, there)}
    found = windowed(RawTable(both, Origin("made", "array")), ["b"], horizon=4, lookback=24)
    for yard in measured(found).values():
        assert yard.test.point.shape == (len(found.targets["test"]), 4, 1)
        assert value("mae", yard.test, found.truth["test"]) < 5


@pytest.mark.parametrize("season", [1, 7, 24])
def test_the_season_is_the_lag_that_training_windows_repeat_in(season: int) -> None:
    pattern = np.random.default_rng(season).normal(size=season)
    values = np.tile(pattern, 900 // season) + 0.01 * np.random.default_rng(0).normal(size=season * (900 // season))
    found = series(values, horizon=10, lookback=60)
    yard = SeasonalNaive("forecast", {**found.specs, **found.asked})
    yard.fit(found.inputs["train"], found.targets["train"])
    assert yard.season == season


def test_the_closed_form_is_ridge_regression_of_the_library() -> None:
    from sklearn.linear_model import Ridge

    found = series(wave(400), horizon=3, lookback=10)
    yard = RidgeWindow("forecast", {**found.specs, **found.asked})
    yard.fit(found.inputs["train"], found.targets["train"])
    x, y = (part["train"].astype(np.float64) for part in ({"train": found.inputs["train"]["series"]}, found.targets))
    spread = found.asked["target"].spread[0]
    x, y, last = x[:, :, 0] / spread, y[:, :, 0] / spread, x[:, -1:, 0] / spread
    library = Ridge(alpha=2e-2 * len(x), fit_intercept=False).fit(x - last, y - last)
    seen = found.inputs["test"]["series"]
    base = seen[:, -1:, 0] / spread
    wanted = (library.predict(seen[:, :, 0] / spread - base) + base) * spread
    np.testing.assert_allclose(yard.answer(found.inputs["test"]).point[:, :, 0], wanted, atol=1e-3)


def test_counts_of_runs_equal_the_recursion_they_stand_for_and_sum_to_one() -> None:
    g = np.random.default_rng(0)
    text = np.where(g.random(600) < 0.7, np.arange(600) * 7 % 5, g.integers(0, 6, 600)) + 4
    yard = KneserNey("generate", {"token": Spec(("time",), (None,), "int32", classes=(tuple("abcdefghij"),))})
    yard.fit({"token": np.stack([text[at : at + 13] for at in range(588)])}, np.zeros((588, 0)))
    chance = slow.kneser_ney(text.tolist(), 5, 10)
    for row in (text[30:40], g.integers(4, 10, 9), np.array([4, 9])):
        codes = row.tolist()
        wanted = -sum(np.log(chance(codes[at], tuple(codes[max(0, at - 4) : at]))) for at in range(1, len(codes)))
        assert yard.answer({"token": row[None]}).score == pytest.approx([wanted], rel=1e-9)
    for before in ([4, 5, 6, 7], [9, 9, 9, 9], [5]):
        rows = np.array([[*before, code] for code in range(1, 10)])
        whole = yard.answer({"token": rows}).score
        short = yard.answer({"token": rows[:, :-1]}).score if len(before) > 1 else 0.0
        known = np.exp(-(whole - short)).sum()
        assert known == pytest.approx(1 - chance(0, tuple(before)), abs=1e-9)


def test_the_dictionary_is_that_of_model_one() -> None:
    pairs = [("das Haus", "the house"), ("das Buch", "the book"), ("ein Buch", "a book"), ("ein Haus", "a house")]
    pairs += [("das ist ein Hund", "that is a dog"), ("der Hund", "the dog"), ("ein Hund", "a dog"), ("ist", "is")]
    words = sorted({word for source, _ in pairs for word in source.split()})
    labels = ("(padding)", "(unknown)", "(start)", "(end)", *words)
    tokens = np.zeros((len(pairs), 4), np.int32)
    for row, (source, _) in enumerate(pairs):
        for at, word in enumerate(source.split()):
            tokens[row, at] = labels.index(word)
    yard = Dictionary("translate", {"token": Spec(("time",), (None,), "int32", classes=(labels,))})
    yard.fit({"token": tokens}, np.array([answer for _, answer in pairs], dtype=object))
    assert yard._words == slow.ibm_model_1([(a.split(), b.split()) for a, b in pairs], 6)


def test_words_weighed_by_what_they_tell_beat_a_constant_for_any_number_of_classes() -> None:
    g = np.random.default_rng(0)
    for classes in (2, 4):
        target = g.integers(0, classes, 400)
        tokens = g.integers(10, 60, (400, 9))
        tokens[:, 3] = 4 + np.where(g.random(400) < 0.9, target, g.integers(0, classes, 400))
        tokens[::3, 6:] = 0
        yard = NbSvm("classify", {}, classes)
        yard.fit({"token": tokens[:300]}, target[:300])
        answer = yard.answer({"token": tokens[300:]})
        assert answer.probability.shape == (100, classes)
        assert answer.probability.sum(1) == pytest.approx(1)
        assert (answer.label == target[300:]).mean() > 0.8


@pytest.mark.parametrize("objective", ["multilabel", "regress"])
def test_words_answer_the_other_questions_of_tables(objective: str) -> None:
    g = np.random.default_rng(0)
    tokens = g.integers(4, 20, (300, 8))
    target = np.stack([(tokens == 5).any(1), (tokens == 6).any(1)], 1).astype(float)
    yard = NbSvm(objective, {})
    yard.fit({"token": tokens}, target if objective == "regress" else target.astype(np.int64))
    answer = yard.answer({"token": tokens})
    said = answer.point > 0.5 if objective == "regress" else answer.label > 0
    assert (said == (target > 0)).mean() > 0.95


def test_texts_without_a_known_word_are_answered() -> None:
    yard = NbSvm("classify", {}, 2)
    yard.fit({"token": np.array([[4, 5], [6, 7]] * 4)}, np.array([0, 1] * 4))
    assert np.isfinite(yard.answer({"token": np.array([[1], [99]])}).probability).all()
    assert len(yard.answer({"token": np.zeros((3, 0), np.int32)})) == 3


def test_a_sound_is_known_by_its_spectrum() -> None:
    g = np.random.default_rng(0)
    target = g.integers(0, 3, 90)
    sounds = g.normal(size=(90, 12, 20)).astype(np.float32)
    sounds[np.arange(90), target * 4] += 3
    yard = Spectra("classify", {}, 3)
    yard.fit({"audio": sounds[:60]}, target[:60])
    assert (yard.answer({"audio": sounds[60:]}).label == target[60:]).mean() > 0.9


def test_the_ridge_forecast_of_etth1_is_as_good_as_published(shared: Path) -> None:
    source = read(shared / "etth1" / "ETTh1.csv")
    found = windowed(source, horizon=96, lookback=336, split="8640,2880,2880")
    yards = measured(found)
    assert value("mse_scaled", yards["ridge_window"].test, found.truth["test"]) == pytest.approx(0.3696, abs=1e-3)
    assert yards["ridge_window"].seconds < 10


def test_the_seasonal_naive_forecast_of_m4_hourly_is_the_published_one(shared: Path) -> None:
    train, test = (read(shared / "m4-hourly" / f"Hourly-{part}.csv") for part in ("train", "test"))
    found = windowed(train, later=test)
    yard = SeasonalNaive("forecast", {**found.specs, **found.asked})
    yard.fit(found.inputs["train"], found.targets["train"])
    assert yard.season == 24
    assert value("smape", yard.answer(found.inputs["test"]), found.truth["test"]) == pytest.approx(13.912, abs=2e-3)


def test_film_reviews_are_told_apart_as_well_as_published(shared: Path) -> None:
    lines = [
        (shared / "movie-reviews-mr" / f"rt-polarity.{end}").read_text("latin1").split("\n")[:-1]
        for end in ("neg", "pos")
    ]
    texts, target = np.array([*lines[0], *lines[1]], object), np.repeat([0, 1], [len(part) for part in lines])
    fold = np.random.default_rng(0).permutation(len(texts)) % 10
    right = []
    for held in range(2):
        rows = Raw(texts, np.ones(len(texts), bool))
        column = Prose("x")
        column.learn(rows.take(np.flatnonzero(fold != held)))
        codes = column.encode(rows)["token"]
        yard = NbSvm("classify", column.specs())
        began = time.perf_counter()
        yard.fit({"token": codes[fold != held]}, target[fold != held])
        assert time.perf_counter() - began < 3
        right.append((yard.answer({"token": codes[fold == held]}).label == target[fold == held]).mean())
    assert np.mean(right) > 0.77  # all ten folds: 0.792


def test_shakespeare_costs_a_five_gram_less_than_two_and_a_half_bits(shared: Path) -> None:
    found = passages(read(str(shared / "tinyshakespeare" / "input.txt")), length=256, split="0.9,0.1,0")
    yards = measure(found.inputs, found.truth, found.specs, "generate")
    assert value("bits_per_character", yards["kneser_ney"].test, found.truth["test"]) == pytest.approx(2.268, abs=0.01)
    assert yards["kneser_ney"].seconds < 10


def test_a_dictionary_translates_captions_better_than_nothing(shared: Path) -> None:
    def lines(part: str, language: str) -> np.ndarray:
        with gzip.open(shared / "multi30k-de-en" / f"{part}.{language}.gz", "rt", encoding="utf-8") as file:
            return np.array(file.read().split("\n")[:-1], object)

    there = np.ones(29_000, bool)
    column = Prose("de")
    column.learn(Raw(lines("train", "de"), there))
    yard = Dictionary("translate", column.specs())
    yard.fit(column.encode(Raw(lines("train", "de"), there)), lines("train", "en"))
    answer = yard.answer(column.encode(Raw(lines("test_2016_flickr", "de"), there[:1000])))
    assert 20 < value("bleu", answer, lines("test_2016_flickr", "en")) < 30


def test_the_z_score_raises_alarms_where_known_causes_were(shared: Path) -> None:
    folder = shared / "nab-known-cause"
    windows = json.loads((folder / "combined_windows.json").read_text())
    name = "realKnownCause/nyc_taxi.csv"
    source = read(folder / name)
    when = np.array(source["timestamp"].values, "datetime64[us]")
    inside = np.zeros(len(when), bool)
    for low, high in windows[name]:
        inside |= (when >= np.datetime64(low)) & (when <= np.datetime64(high))
    values = np.array([float(one) for one in source["value"].values], np.float32)[:, None]
    seen = np.lib.stride_tricks.sliding_window_view(values, 337, axis=0).transpose(0, 2, 1)
    yard = ZScore("surprise", {})
    yard.fit({"series": seen[:1200]}, np.zeros((1200, 0)))
    answer = yard.answer({"series": seen[1200:]})
    assert value("nab", answer, inside[1536:]) > 0
