"""Readouts of masks, boxes and anomalies learn what they should, and survive a document."""

from __future__ import annotations

import json

import numpy as np
import pytest

from glia.core.values import Answer
from glia.judge.readouts import calibrate, restored
from glia.metrics import metrics


def _value(name: str, answer: Answer, truth: np.ndarray) -> float:
    metric = metrics.get(name)()
    return float(metric.value(metric.stats(answer, truth))[0])


def _outputs(name: str, n: int = 60, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    g = np.random.default_rng(seed)
    if name == "segment":
        truth = (g.random((n, 8, 8)) < 0.1).astype(np.uint8)
        logit = 2.0 * truth + g.normal(size=truth.shape) - 3  # too shy of class 1
        return np.stack([-np.logaddexp(0, logit), -np.logaddexp(0, -logit)], 1), truth
    if name == "detect":
        corner = g.uniform(0, 0.6, (n, 2, 2))
        truth = np.concatenate([np.zeros((n, 2, 1)), corner, corner + 0.3], 2)
        shaken = np.repeat(truth, 3, 1)
        shaken[..., 1:] += g.normal(0, 0.03, shaken[..., 1:].shape)
        wrong = g.uniform(0, 0.6, (n, 6, 2))
        both = np.concatenate([shaken[..., 1:], np.concatenate([wrong, wrong + 0.2], 2)], 1)
        score = np.concatenate([g.beta(4, 8, (n, 6)), g.beta(2, 12, (n, 6))], 1)[..., None]
        return np.concatenate([np.zeros((n, 12, 1)), score, both], 2), truth
    if name == "anomaly":
        return g.gamma(3, 1, (n, 1)), np.zeros(n)
    picture = g.uniform(0, 255, (n, 1, 4, 4))
    return picture, picture


@pytest.mark.parametrize("name", ["segment", "detect", "anomaly", "reconstruct"])
def test_what_was_learned_survives_a_document(name: str) -> None:
    outputs, truth = _outputs(name)
    learned = calibrate(name, outputs, truth)
    document = json.loads(json.dumps({"readout": name, **learned.state()}))
    other, _ = _outputs(name, seed=1)
    one, two = learned.answer(other), restored(document).answer(other)
    assert len(one) == len(two) == 60
    for part in ("mask", "score", "probability", "label", "point"):
        if getattr(one, part) is not None:
            assert np.array_equal(getattr(one, part), getattr(two, part))
    for a, b in zip(one.boxes or (), two.boxes or (), strict=True):
        assert np.array_equal(a, b)


@pytest.mark.parametrize("name", ["segment", "detect", "anomaly", "reconstruct"])
def test_without_calibration_rows_there_is_an_answer_all_the_same(name: str) -> None:
    outputs, truth = _outputs(name)
    assert len(calibrate(name, outputs[:0], truth[:0]).answer(outputs)) == 60


def test_the_cut_between_two_classes_is_the_one_of_best_overlap() -> None:
    learned = calibrate("segment", *_outputs("segment"))
    assert learned.threshold is not None
    assert learned.threshold < 0.4
    outputs, truth = _outputs("segment", seed=1)
    plain = Answer(mask=outputs.argmax(1).astype(np.uint8))
    assert _value("iou", learned.answer(outputs), truth) > _value("iou", plain, truth) + 0.03


def test_a_cut_that_gains_nothing_stays_at_one_half() -> None:
    truth = np.random.default_rng(0).integers(0, 2, (10, 6, 6))
    outputs = np.log(np.stack([0.95 - 0.9 * truth, 0.05 + 0.9 * truth], 1))
    assert calibrate("segment", outputs, truth).threshold is None


def test_boxes_of_one_object_become_one_and_their_scores_say_how_often_they_are_right() -> None:
    learned = calibrate("detect", *_outputs("detect", 200))
    outputs, truth = _outputs("detect", 200, seed=1)
    answer = learned.answer(outputs)
    plain = calibrate("detect", outputs[:0], truth[:0])
    plain.much = learned.much
    plain = plain.answer(outputs)
    assert np.mean([len(boxes) for boxes in answer.boxes]) < 10
    assert _value("mean_average_precision_50", answer, truth) == pytest.approx(
        _value("mean_average_precision_50", plain, truth)
    )
    from glia.metrics._boxes import matched, overlaps

    score, right = [], []
    for boxes, objects in zip(answer.boxes, truth):
        score.append(boxes[:, 1])
        right.append(matched(overlaps(boxes[:, 2:], objects[:, 1:]), np.array([0.5]))[0])
    score, right = np.concatenate(score), np.concatenate(right)
    assert abs(score.mean() - right.mean()) < 0.02
    assert abs(score[score > 0.5].mean() - right[score > 0.5].mean()) < 0.1


def test_how_much_overlap_is_much_is_learned_for_each_class() -> None:
    g = np.random.default_rng(0)
    pairs, doubles, truth = [], [], []
    for _ in range(60):
        at = g.uniform(0, 0.5, 2)
        heap = np.array(
            [[0, *at, *(at + 0.3)], [0, at[0], at[1] + 0.05, *(at + np.array([0.3, 0.35]))]]
        )  # overlap by 0.71
        single = np.array([[1, *at, *(at + 0.3)], [-1, 0, 0, 0, 0]])
        truth.append(np.concatenate([heap, single]))
        pairs.append(np.insert(heap, 1, g.uniform(0.4, 0.9, 2), 1))
        again = np.repeat(single[:1], 2, 0) + np.array(
            [[0] * 5, [0, 0, 0.11, 0, 0.11]]
        )  # the same thing, overlap by 0.46
        doubles.append(np.insert(again, 1, np.sort(g.uniform(0.4, 0.9, 2))[::-1], 1))
    said = np.concatenate([np.array(pairs), np.array(doubles)], 1)
    learned = calibrate("detect", said, np.array(truth))
    assert learned.much["0"] > 0.71, "a heap"
    assert learned.much["1"] < 0.46, "found twice"
    counts = [np.bincount(boxes[:, 0].astype(int)).tolist() for boxes in learned.answer(said).boxes]
    assert counts == [[2, 1]] * 60
    old = {name: value for name, value in learned.state().items() if name != "much"}
    assert restored({"readout": "detect", **old}).much == {}


def test_boxes_of_different_classes_do_not_sift_each_other() -> None:
    said = np.array([[[0, 0.9, 0, 0, 1, 1], [1, 0.8, 0, 0, 1, 1], [-1, 0, 0, 0, 0, 0]]], float)
    assert calibrate("detect", said[:0], np.zeros((0, 1, 5))).answer(said).boxes[0][:, 0].tolist() == [0, 1]


def test_an_alarm_is_raised_for_as_many_normal_rows_as_promised() -> None:
    g = np.random.default_rng(0)
    learned = calibrate("anomaly", g.gamma(3, 1, (3000, 1)), np.zeros(3000), level=0.95)
    normal = learned.answer(g.gamma(3, 1, (20_000, 1)))
    assert abs(normal.label.mean() - 0.05) < 0.012
    shares = normal.probability[:, 1]
    for share in (0.25, 0.5, 0.9, 0.97):
        assert abs((shares < share).mean() - share) < 0.03


def test_rows_stranger_than_all_seen_are_still_told_apart() -> None:
    outputs, truth = _outputs("anomaly")
    learned = calibrate("anomaly", outputs, truth)
    errors = np.concatenate([np.linspace(0.1, 30, 400), np.linspace(31, 1e4, 50)])
    share = learned.answer(errors[:, None]).probability[:, 1]
    beyond = errors > np.quantile(outputs, 0.9)
    assert (np.diff(share[beyond]) > 0).all()
    assert (np.diff(share) >= 0).all()
    assert share.max() < 1


def test_rows_known_to_be_anomalous_do_not_count_as_usual() -> None:
    outputs, _ = _outputs("anomaly")
    both = np.concatenate([outputs, np.full((60, 1), 1000.0)])
    mixed = calibrate("anomaly", both, np.repeat([0, 1], 60))
    assert mixed.state() == calibrate("anomaly", outputs, np.zeros(60)).state()


def test_parts_of_strangeness_weigh_alike_whatever_their_units() -> None:
    g = np.random.default_rng(0)
    normal = g.normal(size=(500, 2))
    odd = np.array([[4.0, 0.0], [0.0, 4.0]])
    learned = calibrate("anomaly", normal, np.zeros(500))
    scaled = calibrate("anomaly", normal * [1, 1000] + [0, 7], np.zeros(500))
    assert np.allclose(learned.answer(odd).score, scaled.answer(odd * [1, 1000] + [0, 7]).score)
    assert abs(learned.answer(odd).score - 2).max() < 0.3
    assert np.allclose(learned.answer(odd).score, learned.answer(odd[:, ::-1]).score, atol=0.3)
    document = json.loads(json.dumps({"readout": "anomaly", **learned.state()}))
    assert np.array_equal(restored(document).answer(odd).score, learned.answer(odd).score)


def test_a_code_unlike_those_of_normal_rows_is_strange_though_its_errors_are_usual() -> None:
    g = np.random.default_rng(0)
    codes = g.normal(size=(600, 4)) @ g.normal(size=(4, 4))
    normal = np.column_stack([g.normal(size=(600, 2)), codes])
    learned = calibrate("anomaly", normal[:300], np.zeros(300), level=0.9)
    assert abs(learned.answer(normal[300:]).label.mean() - 0.1) < 0.05, "codes look as usual as those not learned from"
    odd = normal[300:]
    odd[:, 2:] += 5 * np.linalg.svd(codes)[2][-1]  # the way in which codes differ least
    assert learned.answer(odd).label.mean() > 0.8
    document = json.loads(json.dumps({"readout": "anomaly", **learned.state()}))
    assert np.array_equal(restored(document).answer(odd).score, learned.answer(odd).score)


@pytest.mark.parametrize("numbers", [1, 3, 100])
def test_codes_of_any_length_and_of_few_rows_are_told_apart(numbers: int) -> None:
    g = np.random.default_rng(0)
    for rows in (4, 8, 40):
        normal = np.column_stack([g.normal(size=(rows, 2)), np.ones((rows, 1)), g.normal(size=(rows, numbers))])
        answer = calibrate("anomaly", normal, np.zeros(rows)).answer(normal + 1)
        assert np.isfinite(answer.score).all()


def test_a_readout_of_before_there_were_parts_is_still_read() -> None:
    learned = calibrate("anomaly", *_outputs("anomaly"))
    state = {name: value for name, value in learned.state().items() if name not in ("usual", "codes")}
    assert restored({"readout": "anomaly", **state}).answer(np.ones((1, 1))).score.tolist() == [1.0]
