"""When memory does not suffice, batches are taken in smaller pieces with the same gradient."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from glia.core.errors import TrainingError
from glia.core.values import Batch
from glia.nets.blocks.dropout import Dropout
from glia.objectives.regress import Regress
from glia.streams.minibatches import Minibatches
from glia.train.groups import grouped
from glia.train.job import Job, State
from glia.train.loop import train
from glia.train.memory import out_of_memory, wanted_bytes
from glia.train.optimizers import optimizers
from glia.train.steps import steps


class Hungry(nn.Module):
    """A network that takes no more rows at once than fit; forward passes in evaluation are cheaper."""

    def __init__(self, most: int, *between: nn.Module) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(3, 8), *between, nn.Tanh(), nn.Linear(8, 1, bias=False))
        self.most = most

    def forward(self, batch: Batch) -> torch.Tensor:
        if self.training and len(batch) > self.most:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 4194304 bytes.")
        out: torch.Tensor = self.body(batch.values["number"])
        return out


def run(most: int, step: str = "plain", between: tuple[nn.Module, ...] = (), **more: object) -> State:
    torch.manual_seed(0)
    x = torch.randn(96, 3)
    rows = Batch({"number": x, "target": x.sum(1, keepdim=True)}, torch.rand(96) + 0.1, torch.arange(96))
    net = Hungry(most, *between)
    job = Job(
        objective=Regress(),
        nets={"net": net},
        stream=Minibatches(rows, batch_size=40, seed=0),
        step=steps.get(step)(),
        optimizers={"main": optimizers.get("sgd")(grouped(net, lr=0.05, weight_decay=0.0), lr=0.05)},
        steps=30,
        evaluate_every=1,
        **more,
    )  # type: ignore[arg-type]
    state = State(job)
    train(job, state)
    return state


@pytest.mark.parametrize("step", ["plain", "accumulate", "sam"])
def test_smaller_pieces_give_the_same_losses(step: str) -> None:
    plenty, short = run(1000, step), run(13, step)
    assert short.micro_batch is not None and short.micro_batch <= 13
    losses = [[row["loss"] for row in state.history if "loss" in row] for state in (plenty, short)]
    assert len(losses[0]) == 30
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    said = [row["edit"] for row in short.history if "edit" in row]
    assert any("4.0 MB" in one and "pieces of" in one for one in said)
    assert not any("differs" in one for one in said)
    for whole, taken in zip(plenty.job.nets["net"].parameters(), short.job.nets["net"].parameters(), strict=True):
        torch.testing.assert_close(whole, taken, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (nn.BatchNorm1d(8), "batch norm takes its statistics from the rows of a piece"),
        (nn.Dropout(0.1), "dropout draws anew"),
        (Dropout(0.1), "dropout draws anew"),
    ],
    ids=["batch norm", "dropout", "quick dropout"],
)
def test_what_pieces_cannot_give_as_a_whole_batch_would_is_said(part: nn.Module, said: str) -> None:
    edits = [row["edit"] for row in run(13, between=(part,)).history if "edit" in row]
    assert edits and all(said in one for one in edits)


def test_what_a_graphics_card_says_is_understood() -> None:
    error = RuntimeError("CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0 has a total capacity of 8.00 GiB")
    assert out_of_memory(error)
    assert wanted_bytes(error) == "2560.0 MB"


def test_when_one_row_does_not_fit_the_run_ends_with_the_need() -> None:
    with pytest.raises(TrainingError, match=r"4\.0 MB") as caught:
        run(0)
    assert caught.value.code == "out_of_memory"


def test_rows_that_need_one_another_are_not_taken_apart() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Regress, "couples", "batch")
        with pytest.raises(TrainingError, match="must not be taken apart"):
            run(13)


def test_other_failures_are_not_mistaken_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    monkeypatch.setattr(Hungry, "forward", broken)
    with pytest.raises(RuntimeError, match="mat1"):
        run(1000)


REAL = """
import resource, sys, torch
from torch import nn
import glia, numpy as np
torch.set_num_threads(1)
x = np.random.default_rng(0).normal(size=(2000, 4)).astype(np.float32)
table = {"a": x[:, 0], "b": x[:, 1], "c": x[:, 2], "d": x[:, 3], "y": np.where(x[:, 0] > 0, "yes", "no")}
class Wide(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Linear(4, 65536), nn.Linear(65536, 2)
    def forward(self, x):
        if not self.training:
            return torch.cat([self.two(self.one(row).tanh()) for row in x.split(16)])
        if sys.argv[2] == "60":
            torch.zeros(2**30)
        return self.two(self.one(x).tanh())
glia.fit(table, "y", net=nn.Linear(4, 2), epochs=1, out=sys.argv[1] + "-first", settings={"judge.yardsticks": "false"})
size = int(next(line for line in open("/proc/self/status") if line.startswith("VmSize")).split()[1]) * 1024
resource.setrlimit(resource.RLIMIT_AS, (size + int(sys.argv[2]) * 2**20,) * 2)
words = {"train.batch_size": 1024, "train.lr": 0.001, "judge.yardsticks": "false"}
seen = []
watch = lambda event: seen.append(str(event))
try:
    glia.fit(table, "y", net=Wide(), epochs=1, out=sys.argv[1], settings=words, watch=watch)
except glia.core.errors.GliaError as error:
    print("refused", error)
print("\\n".join(one for one in seen if "out of memory" in one))
print("stayed whole")
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits on memory are kept by Linux")
@pytest.mark.parametrize(("room", "said"), [(300, "in pieces of"), (60, "out_of_memory")])
def test_a_real_limit_on_memory_is_met_with_smaller_pieces_or_a_clean_stop(
    room: int, said: str, tmp_path: Path
) -> None:
    words = [sys.executable, "-c", REAL, str(tmp_path / "run"), str(room)]
    done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=120)
    assert "stayed whole" in done.stdout, done.stderr[-2000:]
    assert said in done.stdout, done.stdout
    assert "Traceback" not in done.stderr
