"""Parts of networks for sequences beside slow, obvious references."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from glia.core.values import Batch, Spec
from glia.nets.bag import Bag
from glia.nets.blocks.grams import gram_codes
from glia.nets.blocks.recurrence import Recurrence
from glia.nets.blocks.rms_norm import rms
from glia.nets.blocks.rotary import Rotary
from glia.nets.blocks.transformer import Looking
from glia.nets.blocks.word_counts import WordCounts
from glia.nets.dlinear import DLinear
from glia.nets.gru import GRU
from glia.nets.lstm import LSTM
from glia.nets.rnn import RNN

torch.set_num_threads(1)
WORDS = ("(padding)", "(unknown)", "(start)", "(end)", *(f"w{i}" for i in range(12)))
TEXT = Spec(("time",), (None,), "int32", classes=(WORDS,))


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("depth", [1, 2])
def test_both_directions_are_those_of_packed_sequences(cell: str, depth: int) -> None:
    torch.manual_seed(0)
    ours = Recurrence(cell, 3, 4, depth=depth, both=True)  # type: ignore[arg-type]
    theirs = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[cell](3, 4, depth, batch_first=True, bidirectional=True)
    with torch.no_grad():
        for at in range(depth):
            for layers, suffix in ((ours.forward_layers, ""), (ours.backward_layers, "_reverse")):
                for name, weight in layers[at].named_parameters():
                    theirs.get_parameter(name.replace("_l0", f"_l{at}") + suffix).copy_(weight)
    x, lengths = torch.randn(3, 6, 3), torch.tensor([6, 3, 1])
    real = torch.arange(6) < lengths[:, None]
    packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True)
    expected, _ = nn.utils.rnn.pad_packed_sequence(theirs(packed)[0], batch_first=True)
    found, _ = ours(x, real)
    torch.testing.assert_close(found[real], expected[real], rtol=1e-5, atol=1e-6)


def test_forget_gates_begin_open_and_recurrent_maps_orthogonal() -> None:
    layer = Recurrence("lstm", 3, 5).forward_layers[0]
    bias = layer.bias_ih_l0 + layer.bias_hh_l0
    assert bias[5:10].tolist() == [1.0] * 5
    assert not bias[:5].any() and not bias[10:].any()
    for gate in layer.weight_hh_l0.split(5):
        torch.testing.assert_close(gate @ gate.T, torch.eye(5), rtol=0, atol=1e-5)


def test_rotated_scores_depend_on_distances_only() -> None:
    rotary = Rotary(8)
    q, k = torch.randn(1, 1, 1, 8).expand(1, 9, 1, 8), torch.randn(1, 1, 1, 8).expand(1, 9, 1, 8)
    angles = rotary.angles(9)
    q, k = rotary(q, angles)[0, :, 0], rotary(k, angles)[0, :, 0]
    score = q @ k.T
    for shift in range(-8, 9):
        diagonal = score.diagonal(shift)
        torch.testing.assert_close(diagonal, diagonal[:1].expand_as(diagonal), rtol=1e-4, atol=1e-4)
    assert score.std() > 0.01
    later = rotary(torch.ones(1, 2, 1, 8), rotary.angles(2, first=5))
    torch.testing.assert_close(later, rotary(torch.ones(1, 9, 1, 8), angles)[:, 5:7])


def test_the_norm_and_its_gradient_are_those_of_torch() -> None:
    x, twin = (torch.randn(4, 7, generator=torch.Generator().manual_seed(0)).requires_grad_() for _ in range(2))
    weight = torch.randn(4, 7)
    ours, theirs = rms(x), torch.nn.functional.rms_norm(twin, (7,), eps=1e-6)
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)
    (ours * weight).sum().backward()
    (theirs * weight).sum().backward()
    torch.testing.assert_close(x.grad, twin.grad, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("causal", [False, True])
def test_attention_is_the_weighted_mean_of_values_also_in_bf16(causal: bool) -> None:
    torch.manual_seed(0)
    looking = Looking(16, 2, rotary=True).eval()
    nn.init.normal_(looking.out.weight)
    x = torch.randn(3, 5, 16)
    allowed = None if causal else (torch.arange(5) < torch.tensor([5, 3, 1])[:, None])[:, None, None]
    weights = looking.weights(x, allowed=allowed, causal=causal)
    value = looking.value(x).view(3, 5, 2, 8).transpose(1, 2)
    expected = looking.out((weights @ value).transpose(1, 2).reshape(3, 5, 16))
    found, _ = looking(x, allowed=allowed, causal=causal)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    with torch.autocast("cpu", torch.bfloat16):
        half, _ = looking(x, allowed=allowed, causal=causal)
    assert (half.float() - expected).abs().max() < 0.05 * expected.abs().max()


def test_runs_share_a_code_exactly_when_they_are_alike() -> None:
    tokens = torch.randint(4, 9, (1, 400), generator=torch.Generator().manual_seed(0))
    codes = gram_codes(tokens, 3, 1 << 40)[0]
    seen: dict[tuple[int, ...], int] = {}
    for at in range(2, 400):
        run = tuple(tokens[0, at - 2 : at + 1].tolist())
        assert seen.setdefault(run, int(codes[at])) == int(codes[at])
    assert len(set(seen.values())) == len(seen)


def counted(rows: int = 200, classes: int = 3) -> tuple[WordCounts, torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(0)
    tokens = torch.randint(4, 16, (rows, 7), generator=draw)
    tokens[::3, 4:] = 0
    target = torch.randint(classes, (rows,), generator=draw)
    counts = WordCounts(TEXT, classes, 1, 16, 1.0)
    counts.learn(tokens, target)
    return counts, tokens, target


def test_counts_say_what_naive_bayes_says() -> None:
    bayes = pytest.importorskip("sklearn.naive_bayes")
    counts, tokens, target = counted()
    present = np.stack([[code in row for code in range(4, 16)] for row in tokens.tolist()]).astype(float)
    theirs = bayes.MultinomialNB(alpha=1.0, fit_prior=False).fit(present, target.numpy())
    said = counts(tokens)[:, 0].numpy()
    # The references differ by how much is added to a class's total, which is the same for each word of a row.
    joint = present @ theirs.feature_log_prob_.T
    gap = (joint - joint.mean(1, keepdims=True)) - said
    words = present.sum(1, keepdims=True)
    assert np.abs(gap / words - (gap / words)[0]).max() < 1e-4


def test_a_training_row_is_judged_by_counts_without_itself() -> None:
    counts, tokens, target = counted(40)
    for row in (0, 7, 21):
        others = torch.arange(40) != row
        alone = WordCounts(TEXT, 3, 1, 16, 1.0)
        alone.learn(tokens[others], target[others])
        alone_says = alone(tokens[row : row + 1])
        without = counts(tokens[row : row + 1], target[row : row + 1])
        # All but the totals of the classes, which one row hardly moves.
        total = lambda one: (one.counts.sum(0) + 1).log() - (one.counts.sum(0) + 1).log().mean()  # noqa: E731
        words = len(set(tokens[row].tolist()) - {0})
        torch.testing.assert_close(
            without + words * total(counts), alone_says + words * total(alone), rtol=1e-4, atol=1e-4
        )


def test_a_bag_knows_much_before_its_first_step() -> None:
    draw = torch.Generator().manual_seed(0)
    target = torch.randint(2, (400, 1), generator=draw)
    tokens = torch.randint(4, 16, (400, 8), generator=draw)
    hint = torch.rand(400, 8, generator=draw) < 0.3
    tokens = torch.where(hint, 4 + target, tokens).int()  # a third of the words gives the class away
    net = Bag({"token": TEXT}, Spec(("class",), (2,)), gram_rows=64)
    batch = Batch({"token": tokens, "target": target}, torch.ones(400), torch.arange(400))
    net.prime(batch.take(slice(0, 200)))
    right = (net.eval()(batch.take(slice(200, 400))).argmax(1) == target[200:, 0]).float().mean()
    assert right > 0.8
    state = net.state_dict()
    again = Bag({"token": TEXT}, Spec(("class",), (2,)), gram_rows=64)
    again.load_state_dict(state)
    assert torch.equal(again.eval()(batch), net(batch))


def test_too_many_classes_to_count_for_are_read_by_the_mean_alone() -> None:
    net = Bag({"token": TEXT}, Spec(("class",), (100,)))
    assert net.counts is None
    assert net(Batch({"token": torch.ones(2, 3).int()}, torch.ones(2), torch.arange(2))).shape == (2, 100)


def test_trend_and_rest_of_dlinear_add_up_to_the_window() -> None:
    net = DLinear({"series": Spec(("time", "variable"), (12, 2))}, Spec(("time", "variable"), (3, 2)), average=5)
    window = torch.randn(4, 12, 2)
    features = net.features(Batch({"series": window}, torch.ones(4), torch.arange(4)))
    trend, rest = features[:, :, :12], features[:, :, 12:]
    torch.testing.assert_close(trend + rest, window.transpose(1, 2))
    assert trend[0, 0, 5].item() == pytest.approx(window[0, 3:8, 0].mean().item(), abs=1e-5)


@pytest.mark.parametrize(("kind", "remembers"), [(LSTM, True), (GRU, True), (RNN, False)])
def test_gates_remember_what_a_plain_network_forgets(kind: type[LSTM], remembers: bool) -> None:
    draw = torch.Generator().manual_seed(0)
    length = 60
    torch.manual_seed(0)
    net = kind(
        {"series": Spec(("time", "variable"), (length, 2))}, Spec(("class",), (2,)),
        width=16, embedding=8, both=False, pool="last", dropout=0.0, span=40,
    )  # fmt: skip
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    losses = []
    for _ in range(150):
        series = torch.randn(64, length, 2, generator=draw)  # noise, but for the first step
        target = torch.randint(2, (64,), generator=draw)
        series[:, 0, 0] = 3.0 * (2 * target - 1)
        answer = net(Batch({"series": series}, torch.ones(64), torch.arange(64)))
        loss = nn.functional.cross_entropy(answer, target)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
    last = sum(losses[-20:]) / 20
    assert (last < 0.45) is remembers, f"{last:.2f} of {math.log(2):.2f}"
