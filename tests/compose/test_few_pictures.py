"""Few pictures: training is not ended by chance, and gets the rows that nobody else needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import glia
from glia.compose.choices import choose, patient
from glia.compose.prepare import Sources, prepare
from glia.core.errors import UsageError
from glia.core.recipe import Recipe


def disks(rows: int) -> dict[str, np.ndarray]:
    """Return bright disks on noise, 16 x 16, and where they are."""
    draw = np.random.default_rng(0)
    y, x = np.mgrid[:16, :16]
    middle = draw.integers(4, 12, (rows, 2, 1, 1))
    mask = ((y - middle[:, 0]) ** 2 + (x - middle[:, 1]) ** 2 < 12).astype(np.uint8)
    return {"image": (draw.integers(0, 90, mask.shape) + 120 * mask).astype(np.uint8), "mask": mask}


def decided(source: Any, target: str, rows_of_recipe: dict[str, Any] | None = None) -> tuple[Any, Any, Recipe]:
    recipe = Recipe().with_(data={"target": (target,)}, **(rows_of_recipe or {}))
    prepared = prepare(Sources(source), recipe, lambda finding: None)
    return choose(prepared, recipe).with_(steps=1000, evaluate_every=5), prepared, recipe


def test_few_validation_pictures_do_not_end_training_before_its_half() -> None:
    choices, prepared, recipe = decided(disks(30), "mask")
    assert choices.remedies["early_stop"]["patience"] == 16
    longer = patient(choices, prepared, recipe)
    assert longer.remedies["early_stop"]["patience"] == 100, "half of 200 looks"
    assert patient(choices.with_(steps=50), prepared, recipe).remedies == choices.remedies
    assert set(longer.remedies) == set(choices.remedies)


def test_each_pixel_is_judged_from_two_sides_where_a_mirror_image_is_true() -> None:
    assert decided(disks(30), "mask")[0].views == 2
    assert decided(disks(30), "mask", {"train": {"augment": "off"}})[0].views == 1
    assert decided(disks(30), "mask", {"judge": {"views": 6}})[0].views == 6
    labels = {"image": disks(30)["image"], "label": np.array(["a", "b"], object)[np.arange(30) % 2]}
    assert decided(labels, "label")[0].views == 1


def test_what_has_no_sides_is_not_looked_at_from_several() -> None:
    values = np.random.default_rng(0).normal(size=60)
    boxes = np.empty(24, object)
    boxes[:] = ['[["disk", 0.1, 0.2, 0.5, 0.6]]'] * 24
    pictures = {"image": disks(24)["image"], "boxes": boxes}
    for source, target, why in (({"a": values, "b": values**2}, "b", "no pictures"), (pictures, "boxes", "boxes")):
        with pytest.raises(UsageError, match=why):
            decided(source, target, {"judge": {"views": 2}})


def test_a_patience_asked_for_stays() -> None:
    given = decided(disks(30), "mask", {"train": {"patience": 3}})
    assert patient(*given).remedies["early_stop"]["patience"] == 3


@pytest.mark.parametrize("kind", ["many pictures", "a table"])
def test_other_rows_are_waited_for_as_ever(kind: str) -> None:
    values = np.random.default_rng(0).normal(size=120)
    table = {"a": values, "b": values**2}
    given = decided(disks(500), "mask") if kind == "many pictures" else decided(table, "b")
    assert patient(*given) is given[0]


def test_masks_are_learned_from_few_pictures_and_those_that_choose_calibrate(tmp_path: Path) -> None:
    words = {"target": "mask", "epochs": 40, "out": tmp_path / "run"}
    settings = {"plan.threads": 1, "net.width": 4}
    result = glia.fit(disks(25), settings=settings, **words).result
    assert result["rows"]["train"] == 17
    assert result["scores"]["test"]["iou"]["value"] > 0.7
    loaded = glia.load(tmp_path / "run")
    assert loaded.recipe["judge"]["views"] == 2
    asked = loaded.evaluate(disks(25))["scores"]
    assert asked["iou"]["value"] > 0.7, "a bundle looks from as many sides"
