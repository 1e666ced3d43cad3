"""Plans remembered on a machine: taken again there, ignored when damaged or of another machine or version."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import nn

from glia.core.errors import UsageError
from glia.core.values import Batch
from glia.objectives.regress import Regress
from glia.streams.minibatches import Minibatches
from glia.train import plan_cache
from glia.train.groups import grouped
from glia.train.job import Job
from glia.train.optimizers import optimizers
from glia.train.plan import Plan, fixed
from glia.train.planning import chosen
from glia.train.steps import steps


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


class Line(nn.Linear):
    def forward(self, batch: Batch) -> torch.Tensor:  # type: ignore[override]
        return super().forward(batch.values["number"])


def make(plan: Plan) -> Job:
    x = torch.ones(32, 2)
    net = Line(2, 1)
    return Job(
        objective=Regress(),
        nets={"net": net},
        stream=Minibatches(Batch({"number": x, "target": x[:, :1]}, torch.ones(32), torch.arange(32)), batch_size=8),
        step=steps.get("plain")(),
        optimizers={"main": optimizers.get("sgd")(grouped(net, lr=1e-3, weight_decay=0.0))},
        steps=10,
        call=plan.call,
        plan=plan,
    )


def written(home: Path) -> Path:
    (path,) = (home / "glia" / "plans").glob("*.json")
    return path


def test_a_plan_found_once_is_taken_again(own_cache: Path) -> None:
    first = chosen(make, 0.4)
    assert first.tried
    second = chosen(make, 0.4)
    assert "earlier run" in second.reason
    assert second.way == first.way
    assert written(own_cache).is_file()


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"machine": 1}', '{"machine": {}, "plan": null}', "\x00" * 50])
def test_what_is_damaged_is_as_if_it_were_not_there(own_cache: Path, damage: str) -> None:
    chosen(make, 0.4)
    written(own_cache).write_text(damage)
    assert "earlier run" not in chosen(make, 0.4).reason


@pytest.mark.parametrize("fact", ["torch", "glia", "processor", "threads", "device", "plan"])
def test_a_plan_of_another_machine_or_version_is_ignored(own_cache: Path, fact: str) -> None:
    chosen(make, 0.4)
    path = written(own_cache)
    document = json.loads(path.read_text())
    document["machine"][fact] = "another"
    path.write_text(json.dumps(document))
    assert "earlier run" not in chosen(make, 0.4).reason


def test_fields_of_another_kind_are_ignored(own_cache: Path) -> None:
    chosen(make, 0.4)
    path = written(own_cache)
    document = json.loads(path.read_text())
    document["plan"] = {"tried": None}
    path.write_text(json.dumps(document))
    assert chosen(make, 0.4).tried


def test_a_folder_that_cannot_be_written_is_no_reason_to_fail(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = own_cache / "file"
    file.write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(file))
    assert chosen(make, 0.4).tried


def test_other_shapes_and_wishes_have_plans_of_their_own() -> None:
    assert plan_cache.mark(make(Plan()), {}) == plan_cache.mark(make(Plan()), {})
    assert plan_cache.mark(make(Plan()), {}) != plan_cache.mark(make(Plan()), {"threads": 1})


def test_an_unsupported_precision_is_refused_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glia.train.plan.half_is_fast", lambda: False)
    with pytest.raises(UsageError, match="no instructions"):
        chosen(make, 0.4, precision="bf16")
    with pytest.raises(UsageError, match="no instructions"):
        fixed(10, 10, precision="bf16")


WISHES = {
    "threads": 2,
    "precision": "fp32",
    "layout": "channels_last",
    "form": "each",
    "fused": False,
    "compiled": False,
}


@pytest.mark.parametrize("name", WISHES)
def test_every_wish_is_kept_by_trying_and_by_rule(name: str) -> None:
    wish = {name: WISHES[name]}
    assert chosen(make, 0.4, cached=False, **wish).way[name] == WISHES[name]  # type: ignore[arg-type]
    assert fixed(10, 10, **wish).way[name] == WISHES[name]  # type: ignore[arg-type]


def test_a_plan_remembered_never_outweighs_a_wish(own_cache: Path) -> None:
    chosen(make, 0.4)
    document = json.loads(written(own_cache).read_text())
    document["plan"]["threads"] = 1
    written(own_cache).write_text(json.dumps(document))
    assert chosen(make, 0.4).threads == 1
    assert chosen(make, 0.4, threads=2).threads == 2


def test_a_plan_survives_json() -> None:
    plan = chosen(make, 0.4)
    document = json.loads(json.dumps(plan.as_dict()))
    assert Plan(**{**document, "tried": tuple(document["tried"])}).way == plan.way
