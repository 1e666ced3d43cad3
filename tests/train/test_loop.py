"""The one loop trains more than classifiers: a GAN, a contrastive encoder and a policy, unchanged."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from glia.core.errors import TrainingError
from glia.core.parts import Objective, Remedy
from glia.core.values import Batch, Edit, Loss, Offer, Role, Spec, Turn
from glia.objectives.regress import Regress
from glia.streams.minibatches import Minibatches
from glia.train.groups import grouped
from glia.train.job import Job, State
from glia.train.loop import train
from glia.train.optimizers import optimizers
from glia.train.steps import steps

NUMBERS = {"number": Spec(("feature",), (2,))}


class Plain(nn.Module):
    """An MLP on the group "number"."""

    def __init__(self, width_in: int, width_out: int, hidden: int = 32) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(width_in, hidden), nn.ReLU(), nn.Linear(hidden, width_out))

    def forward(self, batch: Batch) -> torch.Tensor:
        return self.body(batch.values["number"])


def rows(x: torch.Tensor, y: torch.Tensor | None = None) -> Batch:
    values = {"number": x} if y is None else {"number": x, "target": y}
    return Batch(values, torch.ones(len(x)), torch.arange(len(x)))


def job(
    objective: Objective,
    nets: dict[str, nn.Module],
    data: Batch,
    *,
    lr: float = 1e-2,
    count: int = 200,
    **more: object,
) -> Job:
    made = {}
    for turn in objective.turns:
        groups = [group for role in turn.trains for group in grouped(nets[role], lr=lr, weight_decay=0.0)]
        made[turn.name] = optimizers.get("adam")(groups, lr=lr)
    stream = Minibatches(data, batch_size=64, seed=0)
    return Job(
        objective=objective,
        nets=nets,
        stream=stream,
        step=steps.get("plain")(),
        optimizers=made,
        steps=count,
        **more,
    )  # type: ignore[arg-type]


class Gan(Objective):
    """Two turns: the critic learns to tell real from made, the maker to fool it (Goodfellow et al. 2014)."""

    turns = (Turn("critic", ("critic",)), Turn("maker", ("maker",)))
    couples = "row"

    def roles(self, given, asked):
        return {"maker": Role(given, Spec(("f",), (2,))), "critic": Role(given, Spec(("f",), (1,)))}

    def loss(self, turn, nets, batch, generator):
        noise = torch.randn(len(batch), 2, generator=generator)
        made = nets["maker"](rows(noise))
        if turn == "maker":
            return Loss(F.softplus(-nets["critic"](rows(made)))[:, 0], batch.weight)
        real = F.softplus(-nets["critic"](batch))[:, 0]
        fake = F.softplus(nets["critic"](rows(made.detach())))[:, 0]
        return Loss(real + fake, batch.weight)

    def offers(self):
        return {"sample": Offer("sample", "made rows", lambda nets, batch: nets["maker"](batch))}


class Contrast(Objective):
    """Two noisy views of a row belong together, other rows do not (van den Oord et al. 2018)."""

    turns = (Turn(),)
    couples = "batch"

    def roles(self, given, asked):
        return {"net": Role(given, Spec(("f",), (4,)))}

    def loss(self, turn, nets, batch, generator):
        views = []
        for _ in range(2):
            x = batch.values["number"]
            views.append(F.normalize(nets["net"](rows(x + 0.05 * torch.randn(x.shape, generator=generator))), dim=-1))
        logits = views[0] @ views[1].T / 0.1
        return Loss(F.cross_entropy(logits, torch.arange(len(batch)), reduction="none"), batch.weight)

    def offers(self):
        return {"embed": Offer("embed", "unit vectors", lambda nets, batch: F.normalize(nets["net"](batch), dim=-1))}


class Policy(Objective):
    """Reward what paid: the gradient of expected reward (Williams 1992); the best action is the sign of x0."""

    turns = (Turn(),)

    def roles(self, given, asked):
        return {"net": Role(given, Spec(("action",), (2,)))}

    def loss(self, turn, nets, batch, generator):
        log = nets["net"](batch).log_softmax(-1)
        action = torch.multinomial(log.detach().exp(), 1, generator=generator)[:, 0]
        reward = (action == (batch.values["number"][:, 0] > 0).long()).float()
        return Loss(-(reward - 0.5) * log.gather(1, action[:, None])[:, 0], batch.weight)

    def offers(self):
        return {"act": Offer("act", "actions", lambda nets, batch: nets["net"](batch).argmax(-1))}


def test_a_gan_moves_its_samples_onto_the_data() -> None:
    torch.manual_seed(0)
    data = rows(torch.randn(512, 2) * 0.2 + torch.tensor([3.0, -2.0]))
    nets = {"maker": Plain(2, 2), "critic": Plain(2, 1)}
    state = State(job(Gan(), nets, data, lr=3e-3, count=400))
    train(state.job, state)
    made = Gan().offers()["sample"].call(nets, rows(torch.randn(500, 2))).mean(0)
    assert torch.allclose(made, torch.tensor([3.0, -2.0]), atol=0.7)


def test_a_contrastive_encoder_finds_a_rows_other_view() -> None:
    torch.manual_seed(0)
    data = rows(torch.randn(256, 2))
    nets = {"net": Plain(2, 4)}
    objective = Contrast()
    before = float(objective.loss("main", nets, data, torch.Generator().manual_seed(1)).mean())
    state = State(job(objective, nets, data))
    train(state.job, state)
    after = float(objective.loss("main", nets, data, torch.Generator().manual_seed(1)).mean())
    assert after < 0.75 * before


def test_a_policy_learns_which_action_pays() -> None:
    torch.manual_seed(0)
    data = rows(torch.randn(512, 2))
    nets = {"net": Plain(2, 2)}
    state = State(job(Policy(), nets, data))
    train(state.job, state)
    acted = Policy().offers()["act"].call(nets, data)
    assert (acted == (data.values["number"][:, 0] > 0).long()).float().mean() > 0.95


def linear_rows(count: int = 256) -> Batch:
    x = torch.randn(count, 2, generator=torch.Generator().manual_seed(3))
    return rows(x, x @ torch.tensor([[1.0], [-2.0]]))


def test_a_state_loaded_in_the_middle_goes_on_to_the_bit() -> None:
    def made() -> State:
        torch.manual_seed(0)
        net = nn.ModuleDict({"inner": Plain(2, 1)})
        nets = {"net": net["inner"]}
        return State(
            job(
                Regress(),
                nets,
                linear_rows(),
                count=30,
                evaluate_every=7,
                evaluate=lambda nets: {"score": 0.0},
            )
        )

    whole = made()
    train(whole.job, whole)
    first = made()
    saved: dict[str, object] = {}

    def stop_at_eleven(state: State) -> bool:
        if state.step == 11 and not saved:
            import copy

            saved.update(copy.deepcopy(state.state_dict()))
            return True
        return False

    train(first.job, first, hurry=stop_at_eleven)
    second = made()
    second.load_state_dict(saved)
    train(second.job, second)
    assert second.step == whole.step == 30
    for one, other in zip(whole.job.nets["net"].parameters(), second.job.nets["net"].parameters(), strict=True):
        assert torch.equal(one, other)


def test_the_best_weights_are_kept_not_the_last() -> None:
    torch.manual_seed(0)
    net = Plain(2, 1)
    scores = iter([1.0, 5.0, 2.0, 3.0])
    kept: list[torch.Tensor] = []

    def evaluate(nets: object) -> dict[str, float]:
        kept.append(net.body[0].weight.detach().clone())
        return {"score": next(scores)}

    state = State(job(Regress(), {"net": net}, linear_rows(), count=20, evaluate_every=5, evaluate=evaluate))
    train(state.job, state)
    assert state.best.step == 10
    assert torch.equal(net.body[0].weight, kept[1])


def test_a_gradient_that_is_not_finite_is_never_stepped_on() -> None:
    torch.manual_seed(0)
    data = linear_rows(128)
    data.values["target"][5] = math.inf
    net = Plain(2, 1)
    state = State(job(Regress(), {"net": net}, data, count=8))
    train(state.job, state)
    assert state.skipped == 4  # one of the two batches of each epoch
    assert all(torch.isfinite(parameter).all() for parameter in net.parameters())


def test_gradients_that_are_never_finite_stop_training_and_name_rows() -> None:
    data = linear_rows(64)
    data.values["target"][:] = math.nan
    state = State(job(Regress(), {"net": Plain(2, 1)}, data, count=50))
    with pytest.raises(TrainingError, match="rows") as caught:
        train(state.job, state)
    assert caught.value.code == "nonfinite_gradient"


class Halve(Remedy):
    treats = "test"

    def decide(self, readings, knobs):
        return Edit("halved", {"lr": knobs["lr"] / 2}) if readings.step == 10 else None


class StopEarly(Remedy):
    treats = "test"

    def decide(self, readings, knobs):
        return Edit("enough", stop=True) if readings.step >= 10 else None


def test_a_remedys_edit_is_made_by_the_loop() -> None:
    state = State(job(Regress(), {"net": Plain(2, 1)}, linear_rows(), count=20, evaluate_every=5, remedies=[Halve()]))
    train(state.job, state)
    assert state.knobs["lr"] == 0.5
    assert {"step": 10, "edit": "halved"} in state.history
    state = State(
        job(Regress(), {"net": Plain(2, 1)}, linear_rows(), count=20, evaluate_every=5, remedies=[StopEarly()])
    )
    train(state.job, state)
    assert (state.step, state.stopped) == (10, "enough")


def test_the_loop_stays_short() -> None:
    import inspect

    from glia.train import loop

    assert len(inspect.getsource(loop.train).splitlines()) <= 60
