"""Metrics of texts, series and language models equal references, whatever is resampled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.truth import sequences_reference as slow

from glia.core.values import Answer
from glia.metrics import metrics
from glia.metrics._nab import contributions, swept
from glia.metrics.bleu_words import BleuWords

N = 60
WORDS = ["a", "man", "dog", "runs", "in", "the", "green", "park,", "sleeps.", "and", "woman's", "3-4", "is", "(not)"]
WORDS += ["blue", "&", "big", "1,000.5", "«ja»", "?", "über"]


def sentences(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    g = np.random.default_rng(seed)
    truth, said = np.empty(N, object), np.empty(N, object)
    for row in range(N):
        words = g.choice(WORDS, g.integers(1, 14)).tolist()
        truth[row] = " ".join(words)
        kept = [word if g.random() > 0.2 else str(g.choice(WORDS)) for word in words if g.random() > 0.1]
        said[row] = " ".join(kept)
    return said, truth


def windows(seed: int = 0) -> tuple[Answer, np.ndarray]:
    g = np.random.default_rng(seed)
    steps = g.normal(size=(N, 5, 3)) * [1, 10, 100] + 50
    scales = np.stack([np.tile([1.0, 9.0, 99.0], (N, 1)), g.uniform(0.5, 2, (N, 3)) * [1, 10, 100]], 1)
    point = steps + g.normal(size=steps.shape) * [0.5, 5, 50]
    reach = np.array([0.5, 5, 50])
    return Answer(point=point, low=point - reach, high=point + reach), np.concatenate([steps, scales], 1)


def tagged(seed: int = 0) -> tuple[Answer, np.ndarray]:
    g = np.random.default_rng(seed)
    labels = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
    rows = [g.choice(labels, g.integers(1, 8)).tolist() for _ in range(N)]
    said = [[one if g.random() < 0.6 else str(g.choice(labels)) for one in row] for row in rows]
    texts = [np.array([" ".join(row) for row in some], dtype=object) for some in (said, rows)]
    return Answer(text=texts[0]), texts[1]


def case(name: str, seed: int = 0) -> tuple[Answer, np.ndarray]:
    g = np.random.default_rng(seed)
    if name in ("bleu", "bleu_words", "chrf"):
        said, truth = sentences(seed)
        return Answer(text=said), truth
    if name in ("perplexity", "bits_per_character"):
        truth = np.stack([g.integers(5, 20, N), g.integers(20, 90, N)], 1).astype(float)
        return Answer(score=truth[:, 0] * g.uniform(1, 3, N)), truth
    if name == "analogy_accuracy":
        truth = g.integers(-1, 5, N)
        return Answer(label=np.where(g.random(N) < 0.5, truth, 3)), truth
    if name in ("token_accuracy", "token_f1", "entity_f1"):
        return tagged(seed)
    if name == "nab":
        inside = np.zeros(N, bool)
        inside[12:20] = inside[40:45] = True
        return Answer(score=np.round(g.normal(size=N) + inside, 1)), inside.astype(np.int64)
    return windows(seed)


def _by_tag(answer: Answer, truth: np.ndarray) -> float:
    from sklearn.metrics import f1_score

    right, said = ([label for text in some for label in text.split()] for some in (truth, answer.text))
    return float(f1_score(right, said, average="macro"))


def _right_words(answer: Answer, truth: np.ndarray) -> float:
    pairs = [pair for said, right in zip(answer.text, truth) for pair in zip(said.split(), right.split(), strict=True)]
    return sum(said == right for said, right in pairs) / len(pairs)


REFERENCE: dict[str, Callable[[Answer, np.ndarray], float]] = {
    "mse_scaled": lambda a, y: float((((a.point - y[:, :5]) / y[:, 5][:, None]) ** 2).mean()),
    "mae_scaled": lambda a, y: float((np.abs(a.point - y[:, :5]) / y[:, 5][:, None]).mean()),
    "mase": lambda a, y: slow.mase(a.point.tolist(), y[:, :5].tolist(), y[:, 6].tolist()),
    "smape": lambda a, y: slow.smape(a.point.tolist(), y[:, :5].tolist()),
    "mae": lambda a, y: float(np.abs(a.point - y[:, :5]).mean()),
    "rmse": lambda a, y: float(np.sqrt(((a.point - y[:, :5]) ** 2).mean((0, 1))).mean()),
    "coverage": lambda a, y: float(((a.low <= y[:, :5]) & (y[:, :5] <= a.high)).mean()),
    "crps": lambda a, y: float(np.mean(np.vectorize(slow.interval_score)(a.point, a.low, a.high, y[:, :5]))),
    "perplexity": lambda a, y: float(np.exp(a.score.sum() / y[:, 0].sum())),
    "bits_per_character": lambda a, y: float(a.score.sum() / np.log(2) / y[:, 1].sum()),
    "bleu_words": lambda a, y: slow.bleu_unsmoothed(
        [BleuWords.words(text) for text in a.text], [BleuWords.words(text) for text in y]
    ),
    "analogy_accuracy": lambda a, y: float((a.label == y)[y >= 0].mean()),
    "token_accuracy": _right_words,
    "token_f1": _by_tag,
    "entity_f1": lambda a, y: slow.entity_f1([text.split() for text in a.text], [text.split() for text in y]),
    "nab": lambda a, y: slow.nab(a.score.tolist(), y.tolist()),
}
NAMES = [*REFERENCE, "bleu", "chrf"]
RESAMPLED = [name for name in NAMES if name != "nab"]  # whose rows are an order of time


def value(name: str, answer: Answer, truth: np.ndarray, weight: Any = None, counts: Any = None) -> np.ndarray:
    metric = metrics.get(name)()
    return metric.value(metric.stats(answer, truth, weight), counts)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("name", REFERENCE)
def test_a_metric_equals_its_slow_reference(name: str, seed: int) -> None:
    answer, truth = case(name, seed)
    assert value(name, answer, truth) == pytest.approx([REFERENCE[name](answer, truth)], rel=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_bleu_and_chrf_equal_the_library_that_defines_them(seed: int) -> None:
    sacrebleu = pytest.importorskip("sacrebleu")
    said, truth = sentences(seed)
    for rows in (slice(None), slice(0, 3), slice(5, 6)):
        ours, theirs = said[rows], truth[rows]
        for name, library in (("bleu", sacrebleu.corpus_bleu), ("chrf", sacrebleu.corpus_chrf)):
            wanted = library(ours.tolist(), [theirs.tolist()]).score
            assert value(name, Answer(text=ours), theirs) == pytest.approx([wanted], abs=1e-6), (name, rows)


def test_bleu_of_odd_texts_equals_the_library() -> None:
    sacrebleu = pytest.importorskip("sacrebleu")
    odd = ["", "a", "&quot;x&quot; &amp; y", "1,000.50-2 (a)b[c]", "end.\nnew-\nline", "日本 語", "a b c d e f g"]
    for said in odd:
        for truth in odd[1:]:
            wanted = sacrebleu.corpus_bleu([said], [[truth]]).score
            found = value("bleu", Answer(text=np.array([said], object)), np.array([truth], object))
            assert found == pytest.approx([wanted], abs=1e-6), (said, truth)


@pytest.mark.parametrize("name", RESAMPLED)
def test_a_resample_is_worth_what_its_repeated_rows_are_worth(name: str) -> None:
    answer, truth = case(name)
    rows = np.random.default_rng(4).integers(0, N, (3, N))
    counts = np.stack([np.bincount(r, minlength=N) for r in rows]).astype(np.float64)
    found = value(name, answer, truth, counts=counts)
    assert found == pytest.approx([value(name, answer.take(r), truth[r])[0] for r in rows], rel=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_drawing_each_row_once_changes_nothing_and_weights_of_one_neither(name: str) -> None:
    answer, truth = case(name)
    once = value(name, answer, truth)
    assert value(name, answer, truth, counts=np.ones((2, N))) == pytest.approx(np.repeat(once, 2), rel=1e-12)
    assert value(name, answer, truth, weight=np.ones(N)) == pytest.approx(once, rel=1e-12)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "coverage"])
def test_a_better_answer_is_better(name: str) -> None:
    answer, truth = case(name)
    if answer.text is not None:
        best = Answer(text=truth)
    elif name in ("perplexity", "bits_per_character"):
        best = Answer(score=answer.score / 2)
    elif name == "nab":
        best = Answer(score=truth.astype(float))
    elif answer.label is not None:
        best = Answer(label=truth)
    else:
        best = Answer(point=truth[:, :5], low=truth[:, :5], high=truth[:, :5])
    sign = 1 if metrics.get(name).higher else -1
    assert sign * value(name, best, truth)[0] > sign * value(name, answer, truth)[0]


@pytest.mark.parametrize("name", ["mse_scaled", "mae_scaled", "mase"])
def test_a_truth_without_scales_is_not_measured_by_one(name: str) -> None:
    answer, truth = windows()
    with pytest.raises(ValueError, match="scales"):
        value(name, answer, truth[:, :5])


def test_smape_goes_to_two_hundred() -> None:
    truth = np.ones((1, 2, 1))
    assert value("smape", Answer(point=-truth), truth).tolist() == [200.0]


def test_the_sweep_finds_the_best_threshold_over_several_series() -> None:
    g = np.random.default_rng(0)
    series = []
    for _ in range(3):
        inside = np.zeros(80, bool)
        inside[30:40] = inside[60:66] = True
        series.append((np.round(g.normal(size=80) + 2 * inside, 1), inside))
    best, threshold = swept(series)
    every = sorted({score for one, _ in series for score in one.tolist()})
    raw = {
        at: sum(slow.nab_at(score.tolist(), inside.tolist(), at)[0] for score, inside in series)
        for at in [*every, float("inf")]
    }
    assert best == pytest.approx(50 * (max(raw.values()) + 6) / 6)
    assert raw[threshold] == pytest.approx(max(raw.values()))


def test_no_alarm_at_all_is_worth_nothing_and_no_window_cannot_be_scored() -> None:
    worth, windows_ = contributions(np.zeros(9), np.arange(9) > 6, 1.0)
    assert (worth.sum(), windows_.sum()) == (-1.0, 1.0)
    assert np.isnan(value("nab", Answer(score=np.arange(9.0)), np.zeros(9))).all()
