"""Text continued: the same network gives the same text however it is run, and chance is seeded."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from glia.core.net import Net
from glia.core.values import Batch, Spec
from glia.nets import nets
from glia.objectives._writing import chosen_from
from glia.objectives.generate import Generate

torch.set_num_threads(1)

WORDS = ("(padding)", "(unknown)", "(start)", "(end)", *"abcdef")
TEXT = Spec(("time",), (None,), "int32", classes=(WORDS,))
SMALL: dict[str, dict[str, Any]] = {
    "gpt": {"width": 16, "heads": 2, "depth": 2, "gram_rows": 64, "gram_width": 4},
    "lstm": {"width": 12, "embedding": 8},
    "gru": {"width": 12, "embedding": 8, "depth": 2},
    "rnn": {"width": 12, "embedding": 8},
    "transformer": {"width": 16, "heads": 2},
    "textcnn": {"embedding": 8, "filters": 6},
}


def made(name: str, **options: Any) -> Net:
    torch.manual_seed(0)
    role = Generate().roles({"token": TEXT}, {})["net"]
    net: Net = nets.get(name)(role.inputs, role.output, **{**SMALL[name], **options}).eval()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter += 0.3 * torch.randn_like(parameter)
    return net


def rows(*texts: list[int]) -> Batch:
    longest = max(map(len, texts))
    token = torch.tensor([[*text, *[0] * (longest - len(text))] for text in texts], dtype=torch.int32)
    return Batch({"token": token}, torch.ones(len(texts)), torch.arange(len(texts)), ("token",))


@pytest.mark.parametrize("context", [1024, 4])
@pytest.mark.parametrize("grams", [1, 4])
def test_a_gpt_that_goes_on_where_it_was_says_what_it_says_read_whole(context: int, grams: int) -> None:
    net = made("gpt", context=context, grams=grams)
    tokens = rows([4, 5, 6, 7, 8, 9, 4, 6, 8], [5, 4, 9, 8, 7, 6, 5, 5, 5]).values["token"]
    whole = net(Batch({"token": tokens}, torch.ones(2), torch.arange(2)))
    first, memory = net.proceed(tokens[:, :3])
    parts = [first]
    for at in (3, 4):
        part, memory = net.proceed(tokens[:, at : at + 1], memory)
        parts.append(part)
    last, _ = net.proceed(tokens[:, 5:], memory)
    torch.testing.assert_close(torch.cat([*parts, last], 1), whole, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru"])
def test_a_recurrent_network_that_goes_on_says_what_it_says_read_whole(name: str) -> None:
    net, tokens = made(name), rows([4, 5, 6, 7]).values["token"]
    first, memory = net.proceed(tokens[:, :2])
    last, _ = net.proceed(tokens[:, 2:], memory)
    whole = net(Batch({"token": tokens}, torch.ones(1), torch.arange(1)))
    torch.testing.assert_close(torch.cat([first, last], 1), whole, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", sorted(SMALL))
def test_the_likeliest_text_is_the_same_with_and_without_memory(name: str) -> None:
    net, objective = made(name), Generate()
    batch = rows([4, 5, 6], [7], [9, 8])
    with_memory = objective.sample(net, batch, length=6, temperature=0.0)
    without = objective.sample(lambda rows: net(rows), batch, length=6, temperature=0.0)
    assert torch.equal(with_memory, without)


def test_rows_continued_together_or_alone_say_the_same() -> None:
    net, objective = made("gpt"), Generate()
    batch = rows([4, 5, 6], [7], [9, 8])
    together = objective.sample(net, batch, length=5, temperature=0.0)
    for at, length in enumerate((3, 1, 2)):
        alone = objective.sample(net, batch.take(slice(at, at + 1)), length=5, temperature=0.0)
        assert alone[0, : length + 5].tolist() == together[at, : length + 5].tolist()
        assert not together[at, length + 5 :].any()


def test_the_same_seed_gives_the_same_text_and_another_one_another() -> None:
    net, objective, batch = made("gpt"), Generate(), rows([4, 5])
    one, again, other = (objective.sample(net, batch, length=30, seed=seed, ends=False) for seed in (1, 1, 2))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


def test_nothing_is_written_behind_an_end() -> None:
    def eager(batch: Batch) -> torch.Tensor:  # ends as soon as a text holds three codes
        logits = torch.zeros(*batch.values["token"].shape, len(WORDS))
        logits[:, :, 3 if batch.values["token"].shape[1] >= 3 else 4] = 50.0
        return logits

    out = Generate().sample(eager, rows([5]), length=6)
    assert out.tolist() == [[5, 4, 4, 3, 0, 0, 0]]
    assert 3 not in Generate().sample(eager, rows([5]), length=6, ends=False)[0].tolist()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 999), top_k=st.integers(1, 9), top_p=st.floats(0.05, 1), temperature=st.floats(0.1, 3))
def test_codes_are_drawn_from_the_likeliest_only(seed: int, top_k: int, top_p: float, temperature: float) -> None:
    draw = torch.Generator().manual_seed(seed)
    logits = torch.randn(1, 9, generator=draw) * 3
    chance, order = (logits[0] / temperature).softmax(0).sort(descending=True)
    enough = int((chance.cumsum(0) < top_p - 1e-6).sum()) + 1
    allowed = set(order[: min(top_k, enough)].tolist())
    drawn = {int(chosen_from(logits, draw, temperature=temperature, top_k=top_k, top_p=top_p)) for _ in range(20)}
    assert drawn <= allowed


def test_draws_are_as_frequent_as_the_network_believes() -> None:
    chance = torch.tensor([0.5, 0.3, 0.2])
    drawn = chosen_from(chance.log().expand(20_000, 3), torch.Generator().manual_seed(0))
    torch.testing.assert_close(torch.bincount(drawn) / 20_000, chance, rtol=0, atol=0.015)


def test_the_loss_is_the_mean_over_codes_whatever_the_rows_are() -> None:
    net, objective = made("gpt"), Generate()
    batch = rows([4, 5, 6, 7, 8], [5, 9], [4, 4, 4])
    loss = objective.loss("main", {"net": net}, batch, torch.Generator()).mean()
    log = net(batch.having(token=batch.values["token"][:, :-1])).log_softmax(-1)
    each = [log[row, at, code] for row, text in enumerate(([5, 6, 7, 8], [9], [4, 4])) for at, code in enumerate(text)]
    torch.testing.assert_close(loss, -torch.stack(each).mean())
    said = objective.offers()["predict"].call({"net": net}, batch)
    torch.testing.assert_close(said[said.isfinite()].mean(), -loss)
    assert said.isnan().sum() == 12 - 7


def test_a_gpt_learns_to_count_in_a_circle() -> None:
    torch.manual_seed(0)
    role = Generate().roles({"token": TEXT}, {})["net"]
    net = nets.get("gpt")(role.inputs, role.output, **SMALL["gpt"])
    start = torch.randint(6, (32, 1))
    batch = Batch({"token": (4 + (start + torch.arange(9)) % 6).int()}, torch.ones(32), torch.arange(32))
    optimizer = torch.optim.Adam(net.parameters(), lr=0.02)
    for _ in range(40):
        loss = Generate().loss("main", {"net": net}, batch, torch.Generator()).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    said = Generate().sample(net.eval(), rows([4]), length=7, temperature=0.0)
    assert said[0].tolist() == [4, 5, 6, 7, 8, 9, 4, 5]


def test_the_vectors_of_codes_may_serve_as_the_last_map() -> None:
    tied = made("gpt", tied=True)
    assert tied.output_layer is None
    batch = rows([4, 5, 6])
    torch.testing.assert_close(tied(batch), tied.features(batch) @ tied.tokens.table.T)
    assert F.cross_entropy(tied(batch)[0], torch.tensor([5, 6, 7])).isfinite()
