"""Looking at runs: whatever lies in a directory, it is told plainly, or said to be no run."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from tests.crash.runs_made import fit, table

from glia.cli import main
from glia.cli.runs import run_view
from glia.core.errors import GliaError
from glia.record import events
from glia.record.runs import find, look
from glia.record.writer import Record


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    fit(table(folder), folder / "run", track="tensorboard")
    return folder / "run"


def test_four_hundred_damages_never_break_a_look(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chance = random.Random(0)
    copy = tmp_path / "run"
    copy.mkdir()
    whole = {name: (run / name).read_bytes() for name in ("run.json", "events.jsonl")}
    for trial in range(400):
        name = chance.choice(list(whole))
        data = bytearray(whole[name])
        for _ in range(chance.randint(1, 12)):
            place = chance.randrange(len(data))
            data[place] = chance.choice((data[place] ^ 1 << chance.randrange(8), ord(chance.choice('0129eE-."[]{}n,'))))
        for other, good in whole.items():
            (copy / other).write_bytes(good)
        (copy / name).write_bytes(data if trial % 3 else data[: chance.randrange(len(data))])
        run_view(look(copy))
        assert [one.folder for one in find(tmp_path)] == [copy]
    capsys.readouterr()


@pytest.mark.parametrize(
    "fields",
    [
        {"step": 10**400, "steps": 1},
        {"step": 5, "steps": -3, "epoch": 1e308, "loss": -1e308},
        {"epoch": float("inf"), "lr": float("nan")},
        {"loss": True},
        {"loss": "0.1"},
        {"trial": -(10**9)},
    ],
    ids=str,
)
def test_numbers_of_strangers_are_shown_or_passed_over(
    fields: dict[str, object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = Record(tmp_path / "run")
    record.emit(events.Start("a", "rows", "1"))
    record.close()
    good = {"step": 1, "steps": 9, "epoch": 0.1, "loss": 0.5, "lr": 0.1, "gradient": None, "trial": 1}
    lines = [json.dumps([number, "metric", 0.1 * number, good]) for number in (2, 3)]
    lines += [json.dumps([4, "metric", 0.5, {**good, **fields}]), json.dumps([5, "metric", float("inf"), good])]
    lines += [json.dumps([6, "layers", 0.6, {"step": 1, "weight": {"a": "x"}, "gradient": {}, "update": {}}])]
    lines += [json.dumps([7, "end", 0.7, {"seconds": 1.0, "verdict": "", "metric": "x", "valid": {"value": None}}])]
    lines += ['[8,"end",0.8,{"seconds":1e999,"verdict":""}]']
    with (tmp_path / "run" / "events.jsonl").open("a") as file:
        file.write("\n".join(lines) + "\n")
    run_view(look(tmp_path / "run"))
    assert "step" in capsys.readouterr().out


def test_nothing_that_a_terminal_would_obey_reaches_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = Record(tmp_path / "run")
    record.emit(events.Start("a", "rows\x1b[2J\x07.csv", "1"))
    record.emit(events.Planned(1, "fp32", 9, "", "net\x1b[31m", "m\x9b2J"))
    record.emit(events.Metric(1, 9, 0.1, 0.5, 0.1, None))
    record.emit(events.Metric(2, 9, 0.1, 0.5, 0.1, None))
    record.emit(events.Evaluation(2, "valid", {"m\x9b2J": 0.5}, True))
    record.emit(events.Layers(2, {"a\x1b]0;x\x07": 1.0}, {}, {}))
    record.emit(events.Finding("c\x1b", "note", "t\x1b", {}, "r\x1b"))
    record.emit(events.Error("c", "e\x1b[2J", "r\x1b[2J"))
    record.close()
    assert main(["show", str(tmp_path / "run")]) == 0
    assert main(["runs", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert not set(said) & {"\x1b", "\x07", "\x9b"}


def test_what_may_not_be_looked_into_is_passed_over(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    is_file = Path.is_file

    def closed(self: Path) -> bool:
        if "secret" in self.parts:
            raise PermissionError(13, "Permission denied")
        return is_file(self)

    (tmp_path / "secret").mkdir()
    begun = Record(tmp_path / "mine")
    begun.close()
    monkeypatch.setattr(Path, "is_file", closed)
    assert [one.folder.name for one in find(tmp_path)] == ["mine"]
    with pytest.raises(GliaError):
        look(tmp_path)


def test_a_resumed_run_forgets_validation_that_it_does_again(tmp_path: Path) -> None:
    record = Record(tmp_path / "run")
    record.document(recipe={})
    for trial, step in ((1, 5), (1, 10), (2, 5), (2, 10)):
        record.emit(events.Evaluation(step, "valid", {"loss": 0.1}, False, -0.1, trial))
    record.close()
    again = Record(tmp_path / "run", resume=True)
    again.emit(events.Start("a", "b", "c", True, 2, 5))
    again.close()
    assert [(one.trial, one.step) for one in look(tmp_path / "run").evaluations] == [(1, 5), (1, 10), (2, 5)]


def test_what_a_resumed_run_measures_again_at_its_checkpoint_is_told_once(tmp_path: Path) -> None:
    record = Record(tmp_path / "run")
    again = [events.Start("a", "b", "c"), events.Start("a", "b", "c", True, 1, 5)]
    for start in again:  # the checkpoint was taken when step 5 was done and not yet measured
        record.emit(start)
        record.emit(events.Evaluation(5, "valid", {"loss": 0.5}))
        record.emit(events.Metric(5, 30, 1.0, 0.5, 0.1, 1.0))
    seen = look(tmp_path / "run")
    assert [one.step for one in seen.metrics] == [one.step for one in seen.evaluations] == [5]


def test_what_was_measured_last_and_best_is_told_though_nobody_looked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from glia.compose import keeping

    monkeypatch.setattr(keeping, "METRICS_EVERY", 1e9)
    settings = {"train.patience": 2, "train.lr": 0.5}
    bundle = fit(table(tmp_path), tmp_path / "run", epochs=20, settings=settings)
    plan, run = bundle.result["plan"], look(tmp_path / "run")
    assert plan["stopped"] and run.stopped == plan["stopped"]
    assert run.metrics[-1].step == plan["steps"]
    assert [one.step for one in run.evaluations if one.best][-1] == plan["best_step"]


def test_a_loss_that_was_not_finite_is_told_though_nobody_looked_just_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One row of forty breaks one batch in an epoch; most evaluations fall between two looks."""
    from tests.compose.test_recording import fit as picky

    from glia.compose import keeping
    from glia.verbs.runs import saved_batch

    monkeypatch.setattr(keeping, "METRICS_EVERY", 1e9)
    picky(tmp_path / "run", **{"train.evaluate_every": 1})
    run = look(tmp_path / "run")
    refused = [finding.evidence["step"] for finding in run.findings if finding.code == "nonfinite_step"]
    assert refused
    assert {one.step for one in run.metrics if one.loss is None} & set(refused)
    run_view(run)
    assert "×" in capsys.readouterr().out
    batch = saved_batch(tmp_path / "run", refused[0])
    assert [row["row"] for row in batch["values"]] == batch["rows"] == [40]  # rows of the source, as in the finding
