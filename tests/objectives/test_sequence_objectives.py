"""Labels a place, steps ahead, surprises and the company of words."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from glia.core.parts import Objective
from glia.core.values import Batch, Spec
from glia.nets import nets
from glia.nets.blocks.least_squares import _STRENGTHS, ridge
from glia.nets.nlinear import NLinear
from glia.nets.word2vec import Word2Vec
from glia.objectives.embed_words import EmbedWords
from glia.objectives.forecast import LEVELS, Forecast
from glia.objectives.surprise import Surprise
from glia.objectives.tag import Tag

torch.set_num_threads(1)


def trained(objective: Objective, net: torch.nn.Module, batch: Batch, steps: int, lr: float = 0.02) -> float:
    optimizer = torch.optim.Adam(net.parameters(), lr=lr)
    draw = torch.Generator().manual_seed(0)
    for _ in range(steps):
        loss = objective.loss("main", {"net": net}, batch, draw).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    net.eval()
    return loss.item()


@pytest.mark.parametrize("name", ["lstm", "transformer"])
def test_words_are_tagged_by_what_comes_before_and_behind(name: str) -> None:
    words = ("(padding)", "(unknown)", "(start)", "(end)", "a", "b", "c")
    labels = ("(padding)", "same", "other")
    given = {"token": Spec(("time",), (None,), "int32", classes=(words,))}
    objective = Tag()
    role = objective.roles(given, {"target": Spec(("time",), (None,), "int32", classes=(labels,))})["net"]
    torch.manual_seed(0)
    net = nets.get(name)(role.inputs, role.output, dropout=0.0)
    token = torch.randint(4, 7, (128, 6))
    token[::2, 4:] = 0
    behind = torch.cat([token[:, 1:], torch.zeros(128, 1, dtype=torch.int64)], 1)
    target = torch.where(token == behind, 1, 2) * (token != 0)
    batch = Batch({"token": token.int(), "target": target.int()}, torch.ones(128), torch.arange(128))
    trained(objective, net, batch, 80, 0.01 if name == "lstm" else 0.002)
    said = objective.offers()["predict"].call({"net": net}, batch)
    real = token != 0
    assert (said[real] == target[real]).float().mean() > 0.97
    assert not said[~real].any()


def test_a_target_shorter_than_the_text_is_padded() -> None:
    batch = Batch({"target": torch.tensor([[1]])}, torch.ones(1), torch.arange(1))
    loss = Tag().loss("main", {"net": lambda batch: torch.zeros(1, 3, 4)}, batch, torch.Generator())
    assert float(loss.weight[0]) == 1


def windows(steps: int = 400, length: int = 24, ahead: int = 6) -> tuple[Batch, dict[str, Spec], dict[str, Spec]]:
    time = np.arange(steps)
    values = np.stack([100 + 10 * np.sin(time / 4), 5 + 0.02 * time], 1)
    frames = np.lib.stride_tricks.sliding_window_view(values, length + ahead, axis=0).transpose(0, 2, 1)
    center, spread = tuple(values.mean(0).tolist()), tuple(values.std(0).tolist())
    series, target = (
        Spec(("time", "variable"), (size, 2), names=("wave", "drift"), center=center, spread=spread)
        for size in (length, ahead)
    )
    batch = Batch(
        {
            "series": torch.tensor(frames[:, :length].copy()).float(),
            "target": torch.tensor(frames[:, length:].copy()).float(),
        },
        torch.ones(len(frames)),
        torch.arange(len(frames)),
    )
    return batch, {"series": series}, {"target": target}


@pytest.mark.parametrize("name", ["nlinear", "nmlp", "dlinear", "patchtst", "gru", "transformer"])
def test_a_wave_and_a_drift_are_forecast_in_their_units(name: str) -> None:
    batch, given, asked = windows()
    objective = Forecast()
    role = objective.roles(given, asked)["net"]
    torch.manual_seed(0)
    small = {"width": 32, "dropout": 0.0}
    options = {
        "patchtst": {"dropout": 0.0, "head_dropout": 0.0},
        "gru": {**small, "embedding": 16},
        "transformer": small,
    }
    net = nets.get(name)(role.inputs, role.output, **options.get(name, {}))
    trained(objective, net, batch.take(slice(0, 400, 4)), 150, 0.01)
    said = objective.offers()["predict"].call({"net": net}, batch)
    error = (said - batch.values["target"]).abs().mean((0, 1))
    assert error[0] < 1.5
    assert error[1] < 0.3


def test_quantiles_ascend_and_hold_what_they_say() -> None:
    draw = torch.Generator().manual_seed(0)
    noise = torch.randn(4000, 1, 1, generator=draw)
    batch = Batch({"series": torch.zeros(4000, 3, 1), "target": noise * 3 + 7}, torch.ones(4000), torch.arange(4000))
    objective = Forecast(error="quantile")
    target = Spec(("time", "variable"), (1, 1), center=(7.0,), spread=(3.0,))
    role = objective.roles({"series": Spec(("time", "variable"), (3, 1))}, {"target": target})["net"]
    assert role.output.axes == ("time", "variable", "quantile")
    net = NLinear(role.inputs, role.output, bias=True)
    trained(objective, net, batch, 300, 0.02)
    said = objective.offers()["predict"].call({"net": net}, batch)
    assert (said.diff(dim=-1) >= 0).all()
    below = (batch.values["target"][..., None] <= said).float().mean((0, 1, 2))
    torch.testing.assert_close(below, torch.tensor(LEVELS), rtol=0, atol=0.03)


def test_a_step_that_is_missing_in_the_truth_counts_nothing() -> None:
    objective = Forecast()
    objective.roles({}, {"target": Spec(("time", "variable"), (2, 1))})
    target = torch.tensor([[[1.0], [float("nan")]], [[2.0], [2.0]]])
    batch = Batch({"target": target}, torch.ones(2), torch.arange(2))
    net = torch.zeros(2, 2, 1, requires_grad=True)
    loss = objective.loss("main", {"net": lambda batch: net}, batch, torch.Generator())
    assert loss.mean().item() == pytest.approx((1 + 4 + 4) / 3)
    loss.mean().backward()
    assert net.grad is not None and net.grad.isfinite().all()


def test_relative_errors_are_the_same_for_series_of_any_size_and_weight() -> None:
    objective = Forecast(error="relative")
    target = Spec(("time", "variable"), (2, 1), center=(500.0,), spread=(1000.0,))
    objective.roles({}, {"target": target})
    right = torch.tensor([[[1.0], [2.0]], [[1000.0], [2000.0]]])
    ahead = (right * 1.1 - 500) / 1000
    batch = Batch({"target": right}, torch.tensor([7.0, 0.1]), torch.arange(2))
    loss = objective.loss("main", {"net": lambda batch: ahead}, batch, torch.Generator())
    torch.testing.assert_close(loss.value[0], loss.value[1], rtol=1e-2, atol=0)
    assert loss.value[1].item() == pytest.approx(2 * 0.1 / 2.1, rel=2e-2)
    assert loss.weight.tolist() == [1.0, 1.0]


def test_what_one_series_taught_serves_another_of_any_size() -> None:
    batch, given, asked = windows()
    role = Forecast().roles(given, asked)["net"]
    torch.manual_seed(0)
    net = nets.get("nmlp")(role.inputs, role.output)
    with torch.no_grad():
        for one in net.parameters():
            one.normal_(std=0.1)
    center, spread = (torch.tensor(one) for one in (given["series"].center, given["series"].spread))
    ahead = net(batch) * spread + center
    larger = net(batch.having(series=batch.values["series"] * 50)) * spread + center
    torch.testing.assert_close(larger, 50 * ahead, rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize("frame", ["last", "mean"])
def test_a_series_at_another_height_is_forecast_at_that_height(frame: str) -> None:
    batch, given, asked = windows()
    role = Forecast().roles(given, asked)["net"]
    torch.manual_seed(0)
    net = NLinear(role.inputs, role.output, frame=frame)  # type: ignore[arg-type]
    with torch.no_grad():
        net.output_map.normal_(std=0.1)
    spread = torch.tensor(given["series"].spread)
    higher = net(batch.having(series=batch.values["series"] + 3 * spread))
    torch.testing.assert_close(higher, net(batch) + 3, rtol=1e-4, atol=1e-4)


def test_what_is_known_in_advance_is_used() -> None:
    draw = torch.Generator().manual_seed(0)
    future = torch.randint(2, (300, 4, 1), generator=draw).float()
    batch = Batch(
        {"series": torch.randn(300, 8, 1, generator=draw), "future": future, "target": future},
        torch.ones(300),
        torch.arange(300),
    )
    given = {"series": Spec(("time", "variable"), (8, 1)), "future": Spec(("time", "feature"), (4, 1))}
    objective = Forecast()
    for name in ("nlinear", "gru"):
        role = objective.roles(given, {"target": Spec(("time", "variable"), (4, 1))})["net"]
        torch.manual_seed(0)
        net = nets.get(name)(role.inputs, role.output, **({"dropout": 0.0, "width": 16} if name == "gru" else {}))
        assert trained(objective, net, batch, 120, 0.02 if name == "gru" else 0.05) < 0.25


def test_a_step_that_nothing_announced_scores_highest() -> None:
    time = torch.arange(300.0)
    series = torch.sin(time / 5)
    series[200] = 4.0
    frames = series.unfold(0, 21, 1)[:, :, None]
    batch = Batch({"series": frames}, torch.ones(len(frames)), torch.arange(len(frames)))
    objective = Surprise()
    role = objective.roles({"series": Spec(("time", "variable"), (21, 1))}, {})["net"]
    torch.manual_seed(0)
    net = nets.get("nlinear")(role.inputs, role.output)
    trained(objective, net, batch.take(slice(0, 150)), 100, 0.01)
    score = objective.offers()["score"].call({"net": net}, batch)[:, 0]
    # the window whose last step is step 200, or the next one, which begins at that height
    assert int(score.argmax()) in (180, 181)


def test_a_watcher_begins_with_what_windows_say_of_their_last_step() -> None:
    frames = torch.sin(torch.arange(300.0) / 2).unfold(0, 21, 1)[:, :, None]
    batch = Batch({"series": frames, "target": torch.zeros(280, 0)}, torch.ones(280), torch.arange(280))
    objective = Surprise()
    role = objective.roles({"series": Spec(("time", "variable"), (21, 1))}, {})["net"]
    net = nets.get("nlinear")(role.inputs, role.output)
    before = objective.loss("main", {"net": net}, batch, torch.Generator()).mean()
    net.prime(batch)
    assert objective.loss("main", {"net": net}, batch, torch.Generator()).mean() < 0.05 * before


def watcher(recent: int = 8) -> Surprise:
    objective = Surprise(recent=recent)
    objective.roles({"series": Spec(("time", "variable"), (recent + 4, 1))}, {})
    return objective


def strangeness(values: torch.Tensor, said: float = 0.0, **groups: torch.Tensor) -> float:
    """Return the score of a window whose every step is forecast to be the same."""
    batch = Batch({"series": values[None, :, None], **groups}, torch.ones(1), torch.arange(1))
    call = watcher().offers()["score"].call
    return float(call({"net": lambda batch: torch.full((1, 1, 1), said)}, batch))


def test_what_is_strange_depends_on_what_was_usual_lately() -> None:
    noise = torch.tensor([1.0, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1])
    calm, restless = (strangeness(torch.cat([size * noise, torch.tensor([3.0])])) for size in (0.3, 3.0))
    assert calm > 8 > 2 > restless


def test_a_value_far_from_recent_ones_is_strange_though_it_was_forecast() -> None:
    noise = 0.1 * torch.tensor([1.0, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1])
    assert strangeness(torch.cat([noise, torch.tensor([3.0])]), said=3.0) > 20


def test_a_wrong_forecast_is_strange_though_the_value_is_a_usual_one() -> None:
    shape = torch.sin(torch.arange(40.0))
    objective = watcher()
    batch = Batch({"series": shape[:12][None, :, None]}, torch.ones(1), torch.arange(1))
    answers = iter([shape[11] + 1, *shape[3:11].flip(0)])  # right at every step but the last
    net = lambda batch: next(answers).view(1, 1, 1)  # noqa: E731
    assert float(objective.offers()["score"].call({"net": net}, batch)) > 20


def test_the_first_rows_of_a_series_are_not_strange_for_want_of_a_past() -> None:
    begun = torch.cat([torch.zeros(11), torch.ones(1)])  # the first value repeated, and then the second row
    assert strangeness(begun) > 20
    assert strangeness(begun, past=torch.ones(1, 1)) < 2


def test_every_forecast_of_a_watcher_sees_what_came_right_before_it() -> None:
    seen: list[list[float]] = []

    def net(batch: Batch) -> torch.Tensor:
        seen.append(batch.values["series"].flatten().tolist())
        return torch.zeros(1, 1, 1)

    batch = Batch({"series": torch.arange(12.0)[None, :, None]}, torch.ones(1), torch.arange(1))
    objective = watcher()
    objective.offers()["score"].call({"net": net}, batch)
    assert seen == [[11.0 - back - step for step in (3, 2, 1)] for back in range(9)]
    assert objective.passes == len(seen)


@pytest.mark.parametrize("how", ["skipgram", "cbow"])
def test_words_that_keep_the_same_company_come_to_lie_together(how: str) -> None:
    words = ("(padding)", "(unknown)", "(start)", "(end)", *(f"w{i}" for i in range(8)))
    given = {"token": Spec(("time",), (None,), "int32", classes=(words,))}
    draw = torch.Generator().manual_seed(0)
    kind = torch.randint(2, (400, 1), generator=draw)
    token = 4 + 4 * kind + torch.randint(4, (400, 8), generator=draw)  # texts of w0-w3, or of w4-w7
    batch = Batch({"token": token.int()}, torch.ones(400), torch.arange(400))
    objective = EmbedWords(how=how, radius=2, frequent=0.0)  # type: ignore[arg-type]
    role = objective.roles(given, {})["net"]
    torch.manual_seed(0)
    net = Word2Vec(role.inputs, role.output, width=8)
    trained(objective, net, batch, 80, 0.05)
    vectors = torch.nn.functional.normalize(net.table[4:], dim=1)
    near = vectors @ vectors.T
    alike, apart = near[:4, :4].mean(), near[:4, 4:].mean()
    assert alike > apart + 0.5


def test_pairs_are_those_within_reach_and_never_padding_or_marks() -> None:
    objective = EmbedWords(radius=2)
    tokens = torch.tensor([[4, 5, 6, 0], [7, 0, 0, 0]])
    rows, known, asked = objective._pairs(tokens, torch.Generator().manual_seed(0))
    pairs = set(zip(known[:, 0].tolist(), asked.tolist()))
    assert pairs <= {(4, 5), (5, 4), (5, 6), (6, 5), (4, 6), (6, 4)}
    assert {(5, 4), (5, 6)} <= pairs
    assert set(rows.tolist()) == {0}


def test_texts_without_pairs_teach_nothing_and_break_nothing() -> None:
    words = ("(padding)", "(unknown)", "(start)", "(end)", "a")
    objective = EmbedWords()
    role = objective.roles({"token": Spec(("time",), (None,), "int32", classes=(words,))}, {})["net"]
    net = Word2Vec(role.inputs, role.output, width=4)
    batch = Batch({"token": torch.tensor([[4], [1]]).int()}, torch.ones(2), torch.arange(2))
    loss = objective.loss("main", {"net": net}, batch, torch.Generator().manual_seed(0))
    assert loss.mean().item() == 0
    loss.mean().backward()


@pytest.mark.parametrize("own", [False, True])
def test_a_linear_map_begins_as_the_ridge_regression_of_the_rows_it_was_primed_with(own: bool) -> None:
    batch, given, asked = windows()
    noisy = batch.having(target=batch.values["target"] + torch.randn(batch.values["target"].shape))
    objective = Forecast()
    role = objective.roles(given, asked)["net"]
    net = NLinear(role.inputs, role.output, own=own)
    before = objective.loss("main", {"net": net}, noisy, torch.Generator()).mean()
    net.prime(noisy)
    after = objective.loss("main", {"net": net}, noisy, torch.Generator()).mean()
    assert after < 0.25 * before
    said = objective.offers()["predict"].call({"net": net}, batch)
    assert (said - batch.values["target"]).abs().mean() < 0.6


def test_ridge_is_that_of_scikit_learn() -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(200, 5, generator=draw)
    y = x[:, :3] + 0.1 * torch.randn(200, 3, generator=draw)  # nothing that a lower rank would do
    found = ridge(x, y)
    mean = float((x.T @ x).diagonal().mean())
    theirs = [
        linear_model.Ridge(alpha=strength * mean, fit_intercept=False).fit(x.numpy(), y.numpy()).coef_.T
        for strength in _STRENGTHS
    ]
    assert min(np.abs(found.numpy() - one).max() for one in theirs) < 1e-4


def test_a_map_whose_outputs_ask_for_much_the_same_gets_few_directions() -> None:
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(300, 20, generator=draw)
    true = torch.randn(20, 2, generator=draw) @ torch.randn(2, 15, generator=draw)
    y = x @ true + 8 * torch.randn(300, 15, generator=draw)
    found = ridge(x, y)
    assert 1 <= int(torch.linalg.matrix_rank(found, rtol=1e-4)) <= 4
    full = torch.linalg.lstsq(x, y).solution
    assert (found - true).square().sum() < 0.5 * (full - true).square().sum()


def test_a_map_is_less_bent_where_restless_rows_teach_less() -> None:
    draw = torch.Generator().manual_seed(0)
    size = torch.where(torch.rand(4000, 1, generator=draw) < 0.2, 4.0, 1.0)
    x = size * torch.randn(4000, 6, generator=draw)
    true = torch.eye(6)[:, :3]
    y = x @ true + size**2 * torch.randn(4000, 3, generator=draw)  # errors grow faster than what is seen
    even, calm = (ridge(x, y, weight) for weight in (None, 1 / (1 + x.var(1))))
    assert (calm - true).square().sum() < 0.5 * (even - true).square().sum()


def test_priming_lets_calm_windows_teach_more() -> None:
    draw = torch.Generator().manual_seed(0)
    size = torch.where(torch.rand(400, 1, 1, generator=draw) < 0.2, 4.0, 1.0)
    series, target = size * torch.randn(400, 8, 1, generator=draw), size * torch.randn(400, 2, 1, generator=draw)
    net = NLinear({"series": Spec(("time", "variable"), (8, 1))}, Spec(("time", "variable"), (2, 1)))
    net.prime(Batch({"series": series, "target": target}, torch.ones(400), torch.arange(400)))
    x, y = (series - series[:, -1:])[:, :, 0], (target - series[:, -1:])[:, :, 0]
    torch.testing.assert_close(net.output_map[0].detach(), ridge(x, y, 1 / (1 + x.var(1, unbiased=False))))
    assert (net.output_map[0] - ridge(x, y)).abs().max() > 1e-2
