"""What every remedy must do, whoever wrote it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from glia.core.constraints import check_options, describe_options
from glia.core.parts import Remedy
from glia.core.values import Edit, Readings
from glia.train.remedies import remedies

NAMES = remedies.names()
KNOBS = {"lr", "weight_decay", "l1", "clip_norm", "clip_value", "average"}


def healthy() -> list[Readings]:
    """A run that gets better to its end."""
    start = Readings(0, 1000, 0.0, float("nan"), 0.0)
    return [start] + [
        Readings(step, 1000, step / 100, 2.0 / (1 + step / 100), 0.5, {"loss": 1.0}, step / 1000)
        for step in range(50, 1001, 50)
    ]


def sick() -> list[Readings]:
    """A run whose validation turns at once, and whose loss explodes late."""
    run = [replace(one, score=-float(one.step)) if one.step else one for one in healthy()]
    return [replace(one, loss=one.loss if one.step < 800 else 1e9) for one in run]


def edits(remedy: Remedy, run: list[Readings]) -> list[Edit | None]:
    knobs = {"lr": 1.0, "weight_decay": 1.0, "l1": 0.0, "average": 0.0}
    made = []
    for readings in run:
        made.append(remedy.decide(readings, knobs))
        knobs |= made[-1].knobs if made[-1] else {}
    return made


@pytest.mark.parametrize("name", NAMES)
def test_on_a_healthy_run_it_asks_at_the_start_or_never(name: str) -> None:
    made = edits(remedies.get(name)(), healthy())
    assert made[1:] == [None] * 20
    if made[0] is not None:
        assert not made[0].stop
        assert not made[0].restore


@pytest.mark.parametrize("name", NAMES)
def test_on_a_sick_run_it_asks_for_knobs_that_exist_and_says_why(name: str) -> None:
    made = [edit for edit in edits(remedies.get(name)(), sick()) if edit]
    assert made
    for edit in made:
        assert set(edit.knobs) <= KNOBS
        assert edit.reason
        assert edit.knobs or edit.stop


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("run", [healthy(), sick()], ids=["healthy", "sick"])
def test_a_remembered_remedy_goes_on_as_if_nothing_had_happened(name: str, run: list[Readings]) -> None:
    whole = edits(remedies.get(name)(), run)
    for cut in range(len(run)):
        first, second = remedies.get(name)(), remedies.get(name)()
        start = edits(first, run[:cut])
        second.load_state_dict(json.loads(json.dumps(first.state_dict(), allow_nan=False)))
        knobs = {"lr": 1.0}
        for edit in start:
            knobs |= edit.knobs if edit else {}
        rest = []
        for readings in run[cut:]:
            rest.append(second.decide(readings, knobs))
            knobs |= rest[-1].knobs if rest[-1] else {}
        assert start + rest == whole


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_it_treats_and_its_defaults_pass_its_constraints(name: str) -> None:
    part = remedies.get(name)
    options = {option: default for option, (_, default) in describe_options(part).items()}
    assert check_options(part, options, f"train.{name}") == options
    assert part.treats.replace("_", "").isalpha()
    assert "Example:" in part.__doc__
