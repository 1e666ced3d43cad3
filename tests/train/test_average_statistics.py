"""An average of weights goes with an average of the statistics that were taken with them."""

from __future__ import annotations

import torch
from torch import nn

from glia.train.average import Average


def test_running_statistics_are_averaged_with_the_weights() -> None:
    net = nn.BatchNorm1d(1)
    average = Average({"net": net})
    for mean in (0.0, 4.0):
        net.running_mean.fill_(mean)
        average.follow(0.5)
    with average.applied():
        torch.testing.assert_close(net.running_mean, torch.tensor([8.0 / 3]))
    assert net.running_mean.item() == 4.0
