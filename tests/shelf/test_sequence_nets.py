"""What every network for texts, series and sounds promises, whatever its insides."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from glia.core.constraints import check_options, describe_options
from glia.core.errors import UsageError
from glia.core.net import Net
from glia.core.values import Batch, Spec
from glia.nets import nets

torch.set_num_threads(1)

WORDS = ("(padding)", "(unknown)", "(start)", "(end)", *(f"w{i}" for i in range(16)))
CODES = len(WORDS)
SPECS = {
    "token": Spec(("time",), (None,), "int32", names=("text",), classes=(WORDS,)),
    "prefix": Spec(("time",), (None,), "int32", names=("said",), classes=(WORDS,)),
    "series": Spec(("time", "variable"), (24, 2), names=("load", "heat"), center=(1.0, 2.0), spread=(2.0, 1.0)),
    "future": Spec(("time", "feature"), (6, 3)),
    "audio": Spec(("mel", "time"), (16, 20), center=(0.5,) * 16, spread=(2.0,) * 16),
    "number": Spec(("feature",), (3,)),
    "category": Spec(("feature",), (1,), "int64", classes=(("(missing)", "(unknown)", "a", "b"),)),
}
ONE = Spec(("class",), (3,))
EACH = Spec(("time", "class"), (None, 5))
NEXT = Spec(("time", "next"), (None, CODES))
AHEAD = Spec(("time", "variable"), (6, 2), names=("load", "heat"))
SPREAD = Spec(("time", "variable", "quantile"), (6, 2, 3), names=("load", "heat"))
OUTPUTS = {"one": ONE, "each": EACH, "next": NEXT, "ahead": AHEAD, "spread": SPREAD}

SMALL: dict[str, dict[str, Any]] = {
    "rnn": {"width": 12, "embedding": 8},
    "lstm": {"width": 12, "embedding": 8},
    "gru": {"width": 12, "embedding": 8, "depth": 2},
    "transformer": {"width": 16, "heads": 2},
    "gpt": {"width": 16, "heads": 2, "depth": 2, "gram_rows": 64, "gram_width": 4},
    "textcnn": {"embedding": 8, "filters": 6},
    "bag": {"width": 8, "gram_rows": 64},
    "word2vec": {"width": 8},
    "seq2seq": {"width": 16, "heads": 2, "depth": 2},
    "nlinear": {},
    "nmlp": {"width": 8},
    "dlinear": {"average": 5},
    "patchtst": {"patch": 8, "stride": 4, "width": 8, "heads": 2},
    "audiocnn": {"width": 4},
    "multimodal": {"width": 12},
}
# What each network reads, and what it can be asked for.
ASKS: dict[str, list[tuple[str, str]]] = {
    **{
        name: [
            ("token", "one"), ("token", "each"), ("token", "next"),
            ("series", "one"), ("series", "each"), ("series", "ahead"), ("series", "spread"), ("audio", "one"),
        ]
        for name in ("rnn", "lstm", "gru", "transformer", "textcnn")
    },
    "gpt": [("token", "one"), ("token", "each"), ("token", "next")],
    "bag": [("token", "one")],
    "word2vec": [("token", "one")],
    "seq2seq": [("token", "next")],
    **{name: [("series", "ahead"), ("series", "spread")] for name in ("nlinear", "nmlp", "dlinear", "patchtst")},
    "audiocnn": [("audio", "one")],
    "multimodal": [("token", "one"), ("series", "one"), ("audio", "one")],
}  # fmt: skip
NAMES = sorted(SMALL)
CASES = [(name, group, ask) for name in NAMES for group, ask in ASKS[name]]
TEXT_CASES = [case for case in CASES if case[1] == "token"]
LOOKING = [case for case in CASES if case[0] in ("transformer", "gpt", "patchtst", "seq2seq")]


def given_groups(name: str, group: str) -> dict[str, Spec]:
    extra = {"seq2seq": ("prefix",), **dict.fromkeys(("nlinear", "nmlp", "dlinear", "patchtst"), ("future",))}
    beside = ("number", "category") if {"number"} <= nets.get(name).takes else ()
    return {key: SPECS[key] for key in (group, *beside, *extra.get(name, ()))}


def made(name: str, group: str, ask: str, **options: Any) -> Net:
    torch.manual_seed(1)
    return nets.get(name)(given_groups(name, group), OUTPUTS[ask], **{**SMALL[name], **options})


def rows(n: int = 5, length: int = 9, seed: int = 0) -> Batch:
    draw = torch.Generator().manual_seed(seed)
    lengths = torch.randint(1, length + 1, (n,), generator=draw)
    lengths[0] = length
    real = torch.arange(length) < lengths[:, None]
    token = torch.randint(4, CODES, (n, length), generator=draw) * real
    prefix = torch.randint(4, CODES, (n, 4), generator=draw)
    prefix[:, 0] = 2
    values = {
        "token": token.int(),
        "prefix": prefix.int(),
        "series": torch.randn(n, 24, 2, generator=draw),
        "future": torch.randn(n, 6, 3, generator=draw),
        "audio": torch.randn(n, 16, 20, generator=draw),
        "number": torch.randn(n, 3, generator=draw),
        "category": torch.randint(4, (n, 1), generator=draw),
    }
    return Batch(values, torch.ones(n), torch.arange(n))


def shape(ask: str, n: int, name: str = "") -> tuple[int, ...]:
    length = 4 if name == "seq2seq" else 9
    return {
        "one": (n, 3), "each": (n, length, 5), "next": (n, length, CODES), "ahead": (n, 6, 2), "spread": (n, 6, 2, 3),
    }[ask]  # fmt: skip


def test_every_network_for_sequences_is_tested_here() -> None:
    reading = {name for name in nets.names() if nets.get(name).takes & {"token", "series", "audio"}}
    # Networks of another package, which is an extra, are tested by themselves.
    assert reading - {"hf"} == set(SMALL)


@pytest.mark.parametrize(("name", "group", "ask"), CASES)
def test_answers_have_the_shape_asked_for(name: str, group: str, ask: str) -> None:
    net = made(name, group, ask)
    for mode in (True, False):
        answer = net.train(mode)(rows())
        if group == "series" and ask == "each":
            assert answer.shape == (5, 24, 5)
        else:
            assert answer.shape == shape(ask, 5, name)
        assert answer.isfinite().all()


@pytest.mark.parametrize(("name", "group", "ask"), CASES)
def test_forward_is_head_after_features(name: str, group: str, ask: str) -> None:
    net = made(name, group, ask).eval()
    assert torch.equal(net(rows()), net.head(net.features(rows())))


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 10_000), length=st.integers(1, 12), more=st.integers(1, 9))
@pytest.mark.parametrize(("name", "group", "ask"), TEXT_CASES)
@pytest.mark.parametrize("kind", ["", "gru"])
def test_padding_never_changes_an_answer(
    name: str, group: str, ask: str, kind: str, seed: int, length: int, more: int
) -> None:
    if kind and name != "seq2seq":
        return
    net = made(name, group, ask, **({"kind": kind} if kind else {})).eval()
    batch = rows(4, length, seed)
    longer = batch.having(token=F.pad(batch.values["token"], (0, more)))
    with torch.no_grad():
        for parameter in net.parameters():  # weights that start at zero on purpose would hide a leak
            parameter += 0.1 * torch.randn_like(parameter)
        for tokens in (one for one in net.modules() if hasattr(one, "table")):
            tokens.table[0] = 0
        short, long = net(batch), net(longer)
        if ask != "one" and name != "seq2seq":
            real = batch.values["token"] != 0
            short, long = short[real], long[:, :length][real]
    torch.testing.assert_close(short, long, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("pool", ["last", "mean", "max", "attention"])
@pytest.mark.parametrize("name", ["rnn", "lstm", "gru", "transformer"])
def test_padding_changes_no_answer_however_places_are_pooled(name: str, pool: str) -> None:
    net = made(name, "token", "one", pool=pool).eval()
    batch = rows()
    longer = batch.having(token=F.pad(batch.values["token"], (0, 7)))
    torch.testing.assert_close(net(batch), net(longer), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("name", "group", "ask"), [case for case in TEXT_CASES if case[2] == "one"])
def test_a_text_of_nothing_is_answered_and_differs_from_one_word(name: str, group: str, ask: str) -> None:
    net = made(name, group, ask).eval()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    batch = rows()
    empty = net(batch.having(token=torch.zeros(5, 3, dtype=torch.int32)))
    assert empty.isfinite().all()
    full = net(batch.having(token=torch.full((5, 3), 7, dtype=torch.int32)))
    assert not torch.allclose(empty, full)


@pytest.mark.parametrize(("name", "group", "ask"), CASES)
def test_the_answer_of_a_row_does_not_depend_on_its_neighbors(name: str, group: str, ask: str) -> None:
    net, batch = made(name, group, ask).eval(), rows()
    alone = torch.cat([net(batch.take(slice(i, i + 1))) for i in range(5)])
    torch.testing.assert_close(net(batch), alone, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("name", "group", "ask"), [case for case in TEXT_CASES if case[2] == "next"])
def test_what_comes_next_is_not_looked_at(name: str, group: str, ask: str) -> None:
    net, batch = made(name, group, ask).eval(), rows(1)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    key = "prefix" if name == "seq2seq" else "token"
    other = batch.values[key].clone()
    other[0, 3:] = 5
    before, after = net(batch), net(batch.having(**{key: other}))
    torch.testing.assert_close(before[:, :3], after[:, :3], rtol=1e-5, atol=1e-6)
    assert not torch.allclose(before[:, 3:], after[:, 3:])


@pytest.mark.parametrize(("name", "group", "ask"), CASES)
def test_gradient_reaches_every_parameter(name: str, group: str, ask: str) -> None:
    net = made(name, group, ask).train()
    with torch.no_grad():  # weights that start at zero on purpose would hide what comes before them
        for parameter in net.parameters():
            parameter += 0.05 * torch.randn_like(parameter)
    batch = rows(64)
    if hasattr(net, "prime"):
        net.prime(batch.having(target=torch.randint(3, (64, 1))))
    answer = net(batch)
    (answer * torch.randn_like(answer)).sum().backward()
    for parameter_name, parameter in net.named_parameters():
        assert parameter.grad is not None, parameter_name
        assert parameter.grad.abs().sum() > 0, parameter_name


@pytest.mark.parametrize(("name", "group", "ask"), CASES)
def test_the_same_seed_gives_the_same_weights_and_a_state_can_be_given_on(name: str, group: str, ask: str) -> None:
    one, two = made(name, group, ask), made(name, group, ask)
    assert all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), two.state_dict().values(), strict=True))
    one.train()(rows(16))  # running statistics move
    state = copy.deepcopy(one.state_dict())
    torch.manual_seed(99)
    other = nets.get(name)(given_groups(name, group), OUTPUTS[ask], **SMALL[name])
    other.load_state_dict(state)
    assert torch.equal(one.eval()(rows()), other.eval()(rows()))


@pytest.mark.parametrize(("name", "group", "ask"), [case for case in CASES if case[2] in ("one", "ahead", "next")])
def test_eight_rows_can_be_learned_by_heart(name: str, group: str, ask: str) -> None:
    net, batch = made(name, group, ask).train(), rows(8, seed=3)
    for module in net.modules():  # learning by heart is what dropout and noise are against
        for knob in ("rate", "p", "noise", "silence", "forget"):
            if isinstance(getattr(module, knob, None), float):
                setattr(module, knob, 0.0)
        if name == "audiocnn" or type(module).__name__ == "AudioCNN":
            module.warp, module.hide = (0.0, 0.0, 0.0), (0.0, 0.0)  # type: ignore[assignment]
    target = torch.tensor([0, 1, 1, 0, 2, 0, 2, 1])
    truth = torch.randn(8, 6, 2, generator=torch.Generator().manual_seed(0))
    optimizer = torch.optim.Adam(net.parameters(), lr=0.02)
    for _ in range(150):
        answer = net(batch)
        if ask == "one":
            loss = F.cross_entropy(answer, target)
        elif ask == "ahead":
            loss = F.mse_loss(answer, truth)
        else:  # each place says the code that stands there
            said = batch.values["prefix" if name == "seq2seq" else "token"].long()
            loss = F.cross_entropy(answer.flatten(0, 1), said.flatten(), ignore_index=0)
        if loss.item() < 0.1:
            break
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1


@pytest.mark.parametrize(("name", "group", "ask"), CASES)
def test_bf16_autocast_trains_and_stays_near_fp32(name: str, group: str, ask: str) -> None:
    net = made(name, group, ask).eval()
    with torch.autocast("cpu", torch.bfloat16):
        half = net(rows()).float()
        half.sum().backward()
    full = net(rows())
    assert (half - full).abs().max() <= 0.05 * (1 + full.abs().max())


@pytest.mark.parametrize(("name", "group", "ask"), LOOKING)
def test_attention_weights_can_be_had_and_rows_sum_to_one(name: str, group: str, ask: str) -> None:
    net = made(name, group, ask).eval()
    weights = net.attention(rows())
    assert weights
    for one in weights:
        assert one.dim() == 4
        torch.testing.assert_close(one.sum(-1), torch.ones(one.shape[:-1]))


@pytest.mark.parametrize("kind", ["transformer", "gru"])
def test_no_padding_is_attended_to(kind: str) -> None:
    net, batch = made("seq2seq", "token", "next", kind=kind).eval(), rows()
    padding = (batch.values["token"] == 0)[:, None, None]
    for weights in net.attention(batch):
        assert not weights[padding.expand_as(weights)].any()


@pytest.mark.parametrize("name", NAMES)
def test_factors_and_options_are_sound(name: str) -> None:
    net = made(name, *ASKS[name][0])
    assert set(net.factors()) <= {key for key, _ in net.named_parameters()}
    assert all(set(wish) <= {"lr", "weight_decay"} for wish in net.factors().values())
    for option, (annotation, default) in describe_options(nets.get(name)).items():
        assert annotation is not Any, option
        assert check_options(nets.get(name), {option: default}, "net") == {option: default}


@pytest.mark.parametrize("name", NAMES)
def test_a_table_without_what_it_reads_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="network reads"):
        nets.get(name)({"number": SPECS["number"]}, OUTPUTS[ASKS[name][0][1]])


@pytest.mark.parametrize("name", ["nlinear", "nmlp", "dlinear", "patchtst"])
def test_a_variable_without_a_past_is_refused(name: str) -> None:
    output = Spec(("time", "variable"), (6, 1), names=("price",))
    with pytest.raises(UsageError, match="its past is not among the series"):
        nets.get(name)({"series": SPECS["series"]}, output)


@pytest.mark.parametrize("name", ["transformer", "gpt", "patchtst", "seq2seq"])
def test_a_width_that_heads_cannot_share_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="even multiple"):
        made(name, *ASKS[name][0], width=18, heads=4)
