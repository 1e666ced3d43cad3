"""What every schedule must do, whoever wrote it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glia.core.constraints import check_options, describe_options
from glia.train.schedules import schedules

NAMES = schedules.names()
shares = st.floats(0, 1)


@pytest.mark.parametrize("name", NAMES)
@given(progress=st.floats(-1, 2), warmup=shares)
def test_the_factor_stays_between_nothing_and_the_base_rate(name: str, progress: float, warmup: float) -> None:
    assert 0 <= schedules.get(name)(progress, warmup=warmup) <= 1 + 1e-12


@pytest.mark.parametrize("name", NAMES)
@given(warmup=st.floats(0.01, 1))
def test_the_full_rate_is_reached_when_the_warm_up_ends(name: str, warmup: float) -> None:
    assert schedules.get(name)(warmup, warmup=warmup) == pytest.approx(1.0)


@pytest.mark.parametrize("name", NAMES)
@given(warmup=st.floats(0.01, 1), one=shares, two=shares)
def test_it_rises_during_the_warm_up_and_never_after(name: str, warmup: float, one: float, two: float) -> None:
    factor, (one, two) = schedules.get(name), sorted((one, two))
    rising = [factor(p * warmup, warmup=warmup) for p in (one, two)]
    falling = [factor(warmup + p * (1 - warmup), warmup=warmup) for p in (one, two)]
    assert rising[0] <= rising[1] + 1e-9
    assert falling[0] >= falling[1] - 1e-9


@pytest.mark.parametrize("name", NAMES)
def test_the_first_step_of_a_warm_up_is_small_but_not_lost(name: str) -> None:
    assert 0.001 < schedules.get(name)(0.0, warmup=0.2) < 0.1


@pytest.mark.parametrize("name", NAMES)
def test_progress_outside_its_range_is_taken_as_the_nearer_end(name: str) -> None:
    factor = schedules.get(name)
    assert factor(-0.5) == factor(0.0)
    assert factor(1.5) == factor(1.0)


@pytest.mark.parametrize("name", NAMES)
def test_its_defaults_pass_its_own_constraints(name: str) -> None:
    part = schedules.get(name)
    options = {option: default for option, (_, default) in describe_options(part).items()}
    assert check_options(part, options, "train.schedule") == options
    assert "warmup" in options
    assert "Example:" in part.__doc__
