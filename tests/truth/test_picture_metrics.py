"""Metrics of pictures equal the code of COCO's authors, scikit-image, scikit-learn, or slow obvious loops."""

from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest
from sklearn import metrics as sk

from glia.core.values import Answer
from glia.metrics import metrics

N, K = 24, 3


def _value(name: str, answer: Answer, truth: np.ndarray, weight=None, counts=None) -> np.ndarray:
    metric = metrics.get(name)()
    return metric.value(metric.stats(answer, truth, weight), counts)


def _boxes(seed: int = 0, most: int = 6, ties: bool = False) -> tuple[Answer, np.ndarray]:
    """Return objects, and boxes that are shaken objects, duplicates, wrong classes and inventions."""
    g = np.random.default_rng(seed)
    truth, said = np.full((N, most, 5), -1.0), []
    for n in range(N):
        count = int(g.integers(0, most + 1))
        corner, side = g.uniform(0, 0.6, (count, 2)), g.uniform(0.15, 0.4, (count, 2))
        truth[n, :count] = np.column_stack([g.integers(0, K, count), corner, corner + side])
        found = np.repeat(truth[n, :count], g.integers(0, 3, count), 0)
        found[:, 1:] += g.normal(0, 0.02, found[:, 1:].shape)
        lost = g.random(len(found)) < 0.15
        found[lost, 0] = g.integers(0, K, int(lost.sum()))
        noise = g.uniform(0, 0.5, (int(g.integers(0, 4)), 2))
        extra = np.column_stack([g.integers(0, K, len(noise)), noise, noise + 0.3])
        both = np.concatenate([found, extra])
        score = np.round(g.random(len(both)), 1 if ties else 6)
        said.append(np.column_stack([both[:, 0], score, both[:, 1:]]))
    return Answer(boxes=tuple(said)), truth


def _coco(answer: Answer, truth: np.ndarray) -> tuple[float, float]:
    """Return mean average precision over overlaps and at one half, by the code of COCO's authors."""
    coco = pytest.importorskip("pycocotools.coco")
    evaluation = pytest.importorskip("pycocotools.cocoeval")
    scale = 1000.0

    def box(corners: np.ndarray) -> list[float]:
        left, top, right, bottom = corners * scale
        return [left, top, right - left, bottom - top]

    objects = [
        {"image_id": n + 1, "category_id": int(one[0]) + 1, "bbox": box(one[1:]), "iscrowd": 0}
        for n, rows in enumerate(truth)
        for one in rows
        if one[0] >= 0
    ]
    for at, one in enumerate(objects):
        one |= {"id": at + 1, "area": one["bbox"][2] * one["bbox"][3]}
    said = [
        {"image_id": n + 1, "category_id": int(one[0]) + 1, "bbox": box(one[2:]), "score": float(one[1])}
        for n, rows in enumerate(answer.boxes or ())
        for one in rows
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        true = coco.COCO()
        true.dataset = {
            "images": [{"id": n + 1} for n in range(len(truth))],
            "categories": [{"id": k + 1} for k in range(K)],
            "annotations": objects,
        }
        true.createIndex()
        run = evaluation.COCOeval(true, true.loadRes(said), "bbox")
        run.evaluate()
        run.accumulate()
        run.summarize()
    return float(run.stats[0]), float(run.stats[1])


@pytest.mark.parametrize("seed", range(6))
def test_mean_average_precision_equals_that_of_cocos_authors(seed: int) -> None:
    answer, truth = _boxes(seed)
    over, half = _coco(answer, truth)
    assert 0.1 < over < half < 0.99
    assert _value("mean_average_precision", answer, truth) == pytest.approx([over], abs=1e-9)
    assert _value("mean_average_precision_50", answer, truth) == pytest.approx([half], abs=1e-9)


def test_equal_scores_are_taken_in_the_order_of_pictures_as_by_cocos_authors() -> None:
    answer, truth = _boxes(7, ties=True)
    assert _value("mean_average_precision", answer, truth) == pytest.approx([_coco(answer, truth)[0]], abs=1e-9)


def test_more_than_a_hundred_boxes_of_a_picture_are_not_looked_at() -> None:
    answer, truth = _boxes(8)
    g = np.random.default_rng(0)
    corner = g.uniform(0, 0.5, (150, 2))
    noise = np.column_stack([np.zeros(150), np.full(150, 0.05), corner, corner + 0.1])
    many = Answer(boxes=tuple(np.concatenate([noise, one]) for one in answer.boxes or ()))
    assert _value("mean_average_precision", many, truth) == pytest.approx([_coco(many, truth)[0]], abs=1e-9)


def test_resampled_pictures_are_worth_what_repeated_ones_are_by_cocos_authors() -> None:
    answer, truth = _boxes(9)
    rows = np.random.default_rng(1).integers(0, N, (3, N))
    counts = np.stack([np.bincount(r, minlength=N) for r in rows]).astype(np.float64)
    found = _value("mean_average_precision", answer, truth, counts=counts)
    wanted = [_coco(answer.take(np.sort(r)), truth[np.sort(r)])[0] for r in rows]
    assert found == pytest.approx(wanted, abs=1e-9)


def test_similarity_equals_scikit_images() -> None:
    skimage = pytest.importorskip("skimage.metrics")
    g = np.random.default_rng(0)
    for shape in ((3, 1, 28, 28), (2, 3, 17, 23)):
        truth = g.integers(0, 256, shape).astype(np.uint8)
        point = np.clip(truth + g.normal(0, 30, shape), 0, 255)
        wanted = [
            np.mean([skimage.structural_similarity(a, b, data_range=255) for a, b in zip(one, two, strict=True)])
            for one, two in zip(point, truth.astype(np.float64), strict=True)
        ]
        assert _value("ssim", Answer(point=point), truth) == pytest.approx([np.mean(wanted)], rel=1e-9)


def test_the_noise_ratio_equals_scikit_images() -> None:
    skimage = pytest.importorskip("skimage.metrics")
    g = np.random.default_rng(0)
    truth = g.integers(0, 256, (4, 1, 12, 12)).astype(np.float64)
    point = np.clip(truth + g.normal(0, 20, truth.shape), 0, 255)
    wanted = [skimage.peak_signal_noise_ratio(b, a, data_range=255) for a, b in zip(point, truth, strict=True)]
    assert _value("psnr", Answer(point=point), truth) == pytest.approx([np.mean(wanted)], rel=1e-9)


@pytest.mark.parametrize("classes", [2, 4])
def test_overlaps_of_masks_equal_scikit_learns(classes: int) -> None:
    g = np.random.default_rng(0)
    truth = g.integers(0, classes, (9, 11, 7)).astype(np.uint8)
    mask = np.where(g.random(truth.shape) < 0.7, truth, g.integers(0, classes, truth.shape)).astype(np.uint8)
    average = "binary" if classes == 2 else "macro"
    flat = truth.reshape(-1), mask.reshape(-1)
    assert _value("iou", Answer(mask=mask), truth) == pytest.approx([sk.jaccard_score(*flat, average=average)])
    assert _value("dice", Answer(mask=mask), truth) == pytest.approx([sk.f1_score(*flat, average=average)])
    truth[:, :3] = 255
    judged = truth.reshape(-1) != 255
    flat = truth.reshape(-1)[judged], mask.reshape(-1)[judged]
    assert _value("iou", Answer(mask=mask), truth) == pytest.approx([sk.jaccard_score(*flat, average=average)])


def test_the_five_most_probable_are_those_of_scikit_learn() -> None:
    g = np.random.default_rng(0)
    truth, probability = g.integers(0, 12, 300), g.random((300, 12))
    wanted = sk.top_k_accuracy_score(truth, probability, k=5, labels=np.arange(12))
    assert _value("top5_accuracy", Answer(probability=probability), truth) == pytest.approx([wanted])
