"""A run that was interrupted goes on as if it had not been."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tests.crash.runs_made import SETTINGS, WORDS, Killed, fit, killed_at, often, outcome, table
from torch import nn

import glia
from glia.compose import keeping
from glia.compose.contest import Contest
from glia.core.errors import DataError, UsageError
from glia.core.manifest import seal
from glia.record.reader import events
from glia.record.runs import look
from glia.train.checkpoint import read_tree


def broken(tmp_path: Path, step: int, out: Path, trial: int = 1, **words: object) -> None:
    with pytest.MonkeyPatch.context() as patch:
        often(patch)
        killed_at(patch, step, trial)
        with pytest.raises(Killed):
            fit(tmp_path / "rows.csv", out, **words)


@pytest.mark.parametrize("step", [1, 4, 5, 12, 23])
def test_a_resumed_run_ends_bit_identical(step: int, tmp_path: Path) -> None:
    source = table(tmp_path)
    fit(source, tmp_path / "whole")
    broken(tmp_path, step, tmp_path / "run")
    before = look(tmp_path / "run")
    assert before.resumable and not (tmp_path / "run" / "bundle").exists()
    fit(None, resume=tmp_path / "run")
    assert outcome(tmp_path / "run") == outcome(tmp_path / "whole")
    numbers = [line.number for line in events(tmp_path / "run")]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(list((tmp_path / "run" / "checkpoints").glob("step-*"))) <= 2
    after = look(tmp_path / "run")
    assert after.state == "done"
    assert [one.step for one in after.metrics] == sorted({one.step for one in after.metrics})


@pytest.mark.parametrize(
    "settings",
    [
        {"train.optimizer": "schedule_free", "train.schedule": "constant"},
        {"train.optimizer": "muon"},
        {"train.optimizer": "lbfgs", "train.batch_size": "full", "net.dropout": 0},
        {"train.step": "sam", "train.micro_batch": 5},
        {"train.plateau": "true", "train.l1": 1e-4},
        {"objective.mixup": 0.3},
        {"plan.precision": "bf16"},
    ],
    ids=lambda settings: next(iter(settings.items())),
)
def test_whatever_trains_goes_on_to_the_bit(settings: dict[str, object], tmp_path: Path) -> None:
    source = table(tmp_path)
    fit(source, tmp_path / "whole", settings=settings)
    broken(tmp_path, 3, tmp_path / "run", settings=settings)
    fit(None, resume=tmp_path / "run")
    assert outcome(tmp_path / "run") == outcome(tmp_path / "whole")


@pytest.mark.parametrize("net", ["tabm", "resnet_mlp", "realmlp", "ft_transformer", "linear"])
def test_every_net_goes_on_to_the_bit(net: str, tmp_path: Path) -> None:
    source = table(tmp_path)
    words = {"net": net, "epochs": 1, "settings": {}}
    whole = {"target": "sick", "settings": {"judge.yardsticks": "false", "train.batch_size": 16}}
    glia.fit(source, out=tmp_path / "whole", **{**words, **whole})
    with pytest.MonkeyPatch.context() as patch:
        often(patch)
        killed_at(patch, 3)
        with pytest.raises(Killed):
            glia.fit(source, out=tmp_path / "run", **{**words, **whole})
    fit(None, resume=tmp_path / "run")
    assert outcome(tmp_path / "run") == outcome(tmp_path / "whole")


@pytest.mark.parametrize(("trial", "step"), [(1, 4), (2, 2), (3, 5)])
def test_trials_go_on_with_the_one_that_was_running_and_the_best_so_far(trial: int, step: int, tmp_path: Path) -> None:
    source = table(tmp_path)
    words = {
        "net": "tabm",
        "epochs": 1,
        "settings": {"train.trials": 3, "net.width": 16, "net.members": 2, "judge.yardsticks": "false"},
    }
    glia.fit(source, "sick", out=tmp_path / "whole", **words)
    with pytest.MonkeyPatch.context() as patch:
        often(patch)
        killed_at(patch, min(step, 2), trial)
        with pytest.raises(Killed):
            glia.fit(source, "sick", out=tmp_path / "run", **words)
    fit(None, resume=tmp_path / "run")
    assert outcome(tmp_path / "run") == outcome(tmp_path / "whole")


@pytest.mark.parametrize("winner", [1, 2, 3])
def test_a_run_interrupted_twice_in_one_trial_still_knows_the_best_one(
    winner: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which trial wins is decided here, not by chance: forgetting the best one shows only when an early one is best."""
    trial = Contest._trial

    def decided(self: Contest, number: int, past: object) -> Any:
        trained = trial(self, number, past)
        trained.score = -float(abs(number - winner))
        return trained

    monkeypatch.setattr(Contest, "_trial", decided)
    source = table(tmp_path)
    words = {
        "net": "tabm",
        "epochs": 1,
        "settings": {"train.trials": 3, "net.width": 16, "net.members": 2, "judge.yardsticks": "false"},
    }
    whole = glia.fit(source, "sick", out=tmp_path / "whole", **words)
    for step in (1, 2):
        with pytest.MonkeyPatch.context() as patch:
            often(patch)
            killed_at(patch, step, 3)
            go_on = {"resume": tmp_path / "run"} if step == 2 else {"out": tmp_path / "run", "target": "sick", **words}
            with pytest.raises(Killed):
                glia.fit(None if step == 2 else source, **go_on)
    again = fit(None, resume=tmp_path / "run")
    assert again.result["parameters"] == whole.result["parameters"]
    assert outcome(tmp_path / "run") == outcome(tmp_path / "whole")


KINDS: dict[str, dict[str, Any]] = {
    "sharpness aware, in pieces": {"train.step": "sam", "train.micro_batch": 7},
    "schedule free": {"train.optimizer": "schedule_free", "train.schedule": "constant"},
    "averaged weights": {"train.average": 0.97},
    "stopped early": {"train.patience": 2, "train.evaluate_every": 2, "train.lr": 0.3},
    "plateau and mixup": {"train.plateau": "true", "objective.mixup": 0.3},
    "batch norm and bf16": {"net": "resnet_mlp", "plan.precision": "bf16"},
    "a number asked": {"target": "a", "net": "realmlp"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_interrupted_anywhere_twice_it_ends_with_the_same_bits(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Steps by chance, most of them in the middle of an epoch, with checkpoints at other steps than the last one."""
    source = table(tmp_path)
    settings = dict(KINDS[kind])
    words = {name: settings.pop(name) for name in ("target", "net") if name in settings}
    if words.get("net", "mlp") != "mlp":
        settings |= {"net.width": 8, "net.depth": None, "net.dropout": None}
    settings = {name: value for name, value in {**SETTINGS, **settings}.items() if value is not None}
    words = {**WORDS, **words, "settings": settings}
    whole = glia.fit(source, out=tmp_path / "whole", **words)
    steps = whole.result["plan"]["steps"]
    chance = random.Random(kind)
    for number in range(2):
        run = tmp_path / f"run-{number}"
        first, second = sorted(chance.sample(range(2, steps), 2))
        for step, given in (
            (first, {"source": source, "out": run, **words}),
            (second, {"source": None, "resume": run}),
        ):
            with pytest.MonkeyPatch.context() as patch:
                often(patch)
                gone_at(patch, step, every=chance.randint(1, 4))
                with pytest.raises(Killed):
                    glia.fit(**given)
        fit(None, resume=run)
        assert outcome(run) == outcome(tmp_path / "whole"), (kind, first, second)


def gone_at(patch: pytest.MonkeyPatch, step: int, every: int) -> None:
    """Break a run off after a step, with a checkpoint at every so many steps: some steps are done again."""
    keep = keeping.Keeper.keep
    patch.setattr(keeping.Keeper, "_due", lambda self, state: state.step % every == 0)

    def broken(self: keeping.Keeper, state: Any) -> None:
        keep(self, state)
        if state.step == step:
            self.checkpoints.wait()
            raise Killed

    patch.setattr(keeping.Keeper, "keep", broken)


def test_the_budget_that_was_spent_stays_spent(tmp_path: Path) -> None:
    source = table(tmp_path, 300)
    words = {"epochs": None, "budget": 60, "settings": {"train.patience": 2}}
    broken(tmp_path, 9, tmp_path / "run", **words)
    newest = max((tmp_path / "run" / "checkpoints").glob("step-*"))
    elapsed = read_tree(newest)["elapsed"]
    (newest / "state.json").write_text(
        (newest / "state.json").read_text().replace(f'"elapsed":{elapsed}', '"elapsed":57.5')
    )
    (newest / "manifest.json").unlink()
    seal(newest)
    bundle = fit(None, resume=tmp_path / "run")
    assert elapsed > 0 and source.exists()
    assert bundle.result["seconds"]["total"] > 57.5
    assert bundle.result["plan"]["stopped"] in ("the clock ended training", "")


def test_without_a_checkpoint_a_run_starts_over(tmp_path: Path) -> None:
    source = table(tmp_path)
    fit(source, tmp_path / "whole")
    with pytest.MonkeyPatch.context() as patch:
        killed_at(patch, 7)
        with pytest.raises(Killed):
            fit(source, tmp_path / "run")
    assert not (tmp_path / "run" / "checkpoints").exists()
    fit(None, resume=tmp_path / "run")
    assert outcome(tmp_path / "run") == outcome(tmp_path / "whole")


def test_what_a_clock_decided_is_not_decided_again(tmp_path: Path) -> None:
    source = table(tmp_path, 300)
    words = {"epochs": None, "budget": 30, "settings": {"train.lr": "find", "train.patience": 2}}
    broken(tmp_path, 9, tmp_path / "run", **words)
    pinned = json.loads((tmp_path / "run" / "run.json").read_text())["pinned"]
    fit(None, resume=tmp_path / "run")
    after = json.loads((tmp_path / "run" / "bundle" / "recipe.json").read_text())
    assert after["train"]["lr"] == pinned["choices"]["lr"]
    assert after["train"]["steps"] == pinned["choices"]["steps"]
    assert source.exists()


def test_other_rows_are_refused_and_what_changed_is_named(tmp_path: Path) -> None:
    source = table(tmp_path)
    broken(tmp_path, 9, tmp_path / "run")
    text = source.read_text()
    for changed, said in (
        (text.replace("red", "pink"), "color"),
        (text + "1.0,2.0,red,yes\n", "rows"),
        ("\n".join([text.splitlines()[0], *reversed(text.splitlines()[1:])]) + "\n", "other rows"),
    ):
        source.write_text(changed)
        with pytest.raises(DataError, match=said) as caught:
            fit(None, resume=tmp_path / "run")
        assert caught.value.code == "rows_changed"
    source.write_text(text)
    assert fit(None, resume=tmp_path / "run").result["task"] == "classify"


def test_a_run_that_is_through_is_opened_and_nothing_is_counted_twice(tmp_path: Path) -> None:
    source = table(tmp_path)
    fit(source, tmp_path / "run")
    again = fit(None, resume=tmp_path / "run")
    assert again.result["test_opened"] == 1
    assert len((tmp_path / "ledger.jsonl").read_text().splitlines()) == 1


def test_a_damaged_newest_checkpoint_is_passed_over_with_a_message(tmp_path: Path) -> None:
    source = table(tmp_path)
    fit(source, tmp_path / "whole")
    broken(tmp_path, 12, tmp_path / "run")
    newest = max((tmp_path / "run" / "checkpoints").glob("step-*"))
    file = newest / "tensors.safetensors"
    data = bytearray(file.read_bytes())
    data[-9] ^= 4
    file.write_bytes(data)
    said: list[str] = []
    fit(None, resume=tmp_path / "run", watch=lambda event: said.append(str(event)))
    assert any("damaged" in one and "tensors.safetensors" in one for one in said)
    assert outcome(tmp_path / "run") == outcome(tmp_path / "whole")


def test_tables_in_memory_and_modules_are_given_again(tmp_path: Path) -> None:
    frame = pd.read_csv(table(tmp_path))

    def network() -> nn.Module:
        import torch

        torch.manual_seed(5)
        return nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))

    words = {"target": "sick", "epochs": 3, "settings": {"train.batch_size": 16, "judge.yardsticks": "false"}}
    glia.fit(frame, net=network(), out=tmp_path / "whole", **words)
    with pytest.MonkeyPatch.context() as patch:
        often(patch)
        killed_at(patch, 8)
        with pytest.raises(Killed):
            glia.fit(frame, net=network(), out=tmp_path / "run", **words)
    with pytest.raises(UsageError, match="in memory"):
        glia.fit(resume=tmp_path / "run", source=None, net=network())
    glia.fit(frame, resume=tmp_path / "run", net=network())
    assert outcome(tmp_path / "run") == outcome(tmp_path / "whole")


def test_a_resumed_run_keeps_its_recipe(tmp_path: Path) -> None:
    table(tmp_path)
    broken(tmp_path, 5, tmp_path / "run")
    with pytest.raises(UsageError, match=r"train\.epochs"):
        fit(None, resume=tmp_path / "run", epochs=9)
    with pytest.raises(UsageError, match="resume"):
        fit(tmp_path / "rows.csv", tmp_path / "run")


def test_a_folder_that_is_no_run_cannot_be_resumed(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no run"):
        fit(None, resume=tmp_path)


def test_two_processes_never_write_one_run(tmp_path: Path) -> None:
    from glia.record.writer import Record

    record = Record(tmp_path / "run")
    record.document(recipe={})
    assert look(tmp_path / "run").state == "running"
    with pytest.raises(UsageError, match="another process"):
        Record(tmp_path / "run", resume=True)
    record.close()
    Record(tmp_path / "run", resume=True).close()
