"""What was asked for is looked at before anything is done."""

from __future__ import annotations

import pytest

import glia
from glia.core.errors import UsageError


@pytest.mark.parametrize(
    "setting",
    [
        "net.width=64",
        "train.augment={'crop': {'padding': 2}}",
        "train.optimizer_options={'momentum': 0.9}",
        "train.remedies={'heal_all': {}}",
    ],
)
def test_an_option_that_does_not_exist_is_refused_before_any_row_is_read(setting: str) -> None:
    settings = ["net.name=linear", "train.optimizer=nesterov", setting.replace("'", '"')]
    with pytest.raises(UsageError, match=r"does not exist|no such|known are|unknown"):
        glia.fit("/no/such/file.csv", settings=settings)
