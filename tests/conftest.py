"""Every test runs on one thread, seeded, and finds the shared data only where somebody has put it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import settings

# Two threads on two busy cores made these same tests many times slower than one.
torch.set_num_threads(1)

# The same examples on every run: a test that fails by chance teaches nobody.
settings.register_profile("steady", derandomize=True)
settings.load_profile("steady")

SHARED = Path(os.environ.get("GLIA_TEST_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))


@pytest.fixture(autouse=True, scope="session")
def _no_plans_remembered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002 - third-party code draws from it


@pytest.fixture
def shared() -> Path:
    """The folder of real data sets; tests that need it are skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the folder of real data sets is absent")
    return SHARED
