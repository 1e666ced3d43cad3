"""A recorded step is the step itself: the same losses and weights, and what cannot be recorded is left alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import pytest
import torch
from torch import Tensor, nn

from glia.core.values import Batch
from glia.objectives.classify import Classify
from glia.streams.minibatches import Minibatches
from glia.train.groups import grouped
from glia.train.hands import Hands
from glia.train.job import Job, State
from glia.train.loop import train
from glia.train.optimizers import optimizers
from glia.train.plan import Plan
from glia.train.replay import _Recorder, _tensors
from glia.train.steps import steps


class Given(nn.Module):
    """A module that reads the group ``number``."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body

    def forward(self, batch: Batch) -> Tensor:
        out: Tensor = self.body(batch.values["number"])
        return out


class Moody(nn.Module):
    """A layer whose factor is a Python number that values decide on."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(3, 6))

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.weight.T * (2.0 if float(x.sum()) > 0 else 1.0)


class Counting(nn.Module):
    """A layer whose factor changes from call to call, without a tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(3, 6))
        self.calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return x @ self.weight.T * self.calls


def body(kind: str) -> nn.Module:
    torch.manual_seed(0)
    if kind == "dropout":
        return nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 3))
    if kind == "norm":
        return nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.GELU(), nn.Linear(16, 3))
    return {"moody": Moody, "counting": Counting}[kind]() if kind in ("moody", "counting") else nn.Linear(6, 3)


def job(kind: str, optimizer: str = "adamw", *, replayed: bool, rows: int = 100) -> Job:
    torch.set_num_threads(1)
    draw = torch.Generator().manual_seed(1)
    table = Batch(
        {"number": torch.randn(rows, 6, generator=draw), "target": torch.randint(0, 3, (rows, 1), generator=draw)},
        torch.rand(rows, generator=draw),
        torch.arange(rows),
    )
    net = Given(body(kind))
    groups = grouped(net, lr=1e-2, weight_decay=0.1)
    return Job(
        objective=Classify(),
        nets={"net": net},
        stream=Minibatches(table, batch_size=32),
        step=steps.get("plain")(),
        optimizers={"main": optimizers.get(optimizer)(groups, lr=1e-2)},
        steps=23,
        evaluate_every=23,
        plan=Plan(form="flat", replayed=replayed),
    )


def trained(kind: str, optimizer: str = "adamw", *, replayed: bool, **knobs: float) -> tuple[State, dict[str, Tensor]]:
    made = job(kind, optimizer, replayed=replayed)
    state = State(made)
    state.knobs |= knobs
    torch.manual_seed(5)
    train(made, state)
    return state, {name: one.clone() for name, one in made.nets["net"].state_dict().items()}


@pytest.mark.parametrize("optimizer", ["adamw", "sgd", "muon"])
@pytest.mark.parametrize("kind", ["linear", "dropout", "norm"])
def test_a_replayed_run_ends_with_the_same_weights(kind: str, optimizer: str) -> None:
    _, weights = trained(kind, optimizer, replayed=False)
    state, found = trained(kind, optimizer, replayed=True)
    assert state.seconds["compiled"] > 0 and "forward" not in state.seconds  # every step, the short last one as well
    for name, one in weights.items():
        torch.testing.assert_close(found[name], one, rtol=0, atol=1e-6)


def test_knobs_reach_a_replayed_step() -> None:
    knobs = {"clip_norm": 0.01, "l1": 0.01, "weight_decay": 3.0}
    _, weights = trained("linear", replayed=False, **knobs)
    _, found = trained("linear", replayed=True, **knobs)
    torch.testing.assert_close(found, weights, rtol=0, atol=1e-6)
    assert not torch.allclose(found["body.weight"], trained("linear", replayed=True)[1]["body.weight"])


@pytest.mark.parametrize("kind", ["moody", "counting"])
def test_a_step_that_hangs_on_more_than_its_tensors_is_taken_call_by_call(kind: str) -> None:
    state, _ = trained(kind, replayed=True)
    assert "compiled" not in state.seconds and state.seconds["forward"] > 0


def test_a_gradient_that_is_not_finite_changes_nothing() -> None:
    made = job("norm", replayed=True)
    state = State(made)
    hands = Hands(made, state)
    batch = next(made.stream.batches())
    step = hands.whole(made.nets, made.objective.turns[0], batch)
    assert step is not None
    step(batch, 1.0, state.knobs)
    before = {name: one.clone() for name, one in made.nets["net"].state_dict().items()}
    bad = batch.having(number=batch.values["number"].clone().fill_(float("nan")))
    _, norm = step(bad, 1.0, state.knobs)
    assert norm != norm
    torch.testing.assert_close(dict(made.nets["net"].state_dict()), before, rtol=0, atol=0)


def test_weights_that_were_given_other_memory_are_still_trained() -> None:
    made = job("linear", replayed=True)
    state = State(made)
    hands = Hands(made, state)
    batch = next(made.stream.batches())
    turn = made.objective.turns[0]
    weight = made.nets["net"].get_parameter("body.weight")
    for _ in range(2):
        before = weight.detach().clone()
        step = hands.whole(made.nets, turn, batch)
        assert step is not None
        step(batch, 1.0, state.knobs)
        assert not torch.equal(weight, before)
        weight.data = weight.data.clone()


def test_recording_draws_nothing_from_the_generators_of_the_run() -> None:
    made = job("dropout", replayed=True)
    state = State(made)
    kept = torch.get_rng_state()
    Hands(made, state).whole(made.nets, made.objective.turns[0], next(made.stream.batches()))
    assert torch.equal(kept, torch.get_rng_state())


def test_a_recording_that_memory_does_not_suffice_for_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    made = job("norm", replayed=True)
    state = State(made)

    def full(*_: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes")

    monkeypatch.setattr("glia.train.replay._Replay.__call__", full)
    train(made, state)
    assert state.step == 23
    assert state.seconds["forward"] > 0


class Graph:
    """What a graph of kernels does, on the processor: the same operations on the same memory, once more."""

    def __init__(self) -> None:
        self.recorder = _Recorder()

    def replay(self) -> None:
        for func, args, kwargs, result in self.recorder.tape:
            again = func(*args, **kwargs)
            for old, new in zip(_tensors(result), _tensors(again), strict=True):
                if old is not new and old.data_ptr() != new.data_ptr():
                    old.detach().copy_(new)


@contextmanager
def capture(graph: Graph) -> Iterator[None]:
    with graph.recorder:
        yield


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_a_captured_graph_reads_each_batch_and_moves_the_same_weights(
    monkeypatch: pytest.MonkeyPatch, optimizer: str
) -> None:
    idle = type("Stream", (), {"wait_stream": lambda self, other: None})
    monkeypatch.setattr("torch.cuda.Stream", idle)
    monkeypatch.setattr("torch.cuda.current_stream", idle)
    monkeypatch.setattr("torch.cuda.stream", lambda stream: nullcontext())
    monkeypatch.setattr("torch.cuda.CUDAGraph", Graph)
    monkeypatch.setattr("torch.cuda.graph", capture)
    monkeypatch.setattr("glia.train.replay.ON_CARD", "cpu")
    _, weights = trained("linear", optimizer, replayed=False)
    state, found = trained("linear", optimizer, replayed=True)
    assert state.seconds["compiled"] > 0
    assert "forward" not in state.seconds
    torch.testing.assert_close(found, weights, rtol=0, atol=1e-6)
