"""Translations are the likeliest texts, found the same way with and without memory."""

from __future__ import annotations

import itertools

import pytest
import torch

from glia.core.values import Batch, Spec
from glia.nets.seq2seq import Seq2Seq
from glia.objectives._likelihood import surprise
from glia.objectives._writing import END, beam_search
from glia.objectives.translate import Translate

torch.set_num_threads(1)

WORDS = ("(padding)", "(unknown)", "(start)", "(end)", *"abc")
TEXT = Spec(("time",), (None,), "int32", classes=(WORDS,))


def made(kind: str = "transformer", width: int = 16) -> Seq2Seq:
    torch.manual_seed(0)
    role = Translate().roles({"token": TEXT}, {"target": TEXT})["net"]
    return Seq2Seq(role.inputs, role.output, kind=kind, width=width, heads=2, depth=1, dropout=0.0)  # type: ignore[arg-type]


def shaken(net: Seq2Seq) -> Seq2Seq:
    with torch.no_grad():
        for parameter in net.parameters():
            parameter += 0.5 * torch.randn_like(parameter)
    return net.eval()


def rows(n: int = 4, length: int = 5) -> Batch:
    draw = torch.Generator().manual_seed(0)
    token = torch.randint(4, 7, (n, length), generator=draw)
    for row in range(n):
        token[row, length - row % length :] = 0
    return Batch({"token": token.int()}, torch.ones(n), torch.arange(n), ("token",))


@pytest.mark.parametrize("kind", ["transformer", "gru"])
@pytest.mark.parametrize("beams", [1, 3])
def test_search_finds_the_same_with_and_without_memory(kind: str, beams: int) -> None:
    net, batch = shaken(made(kind)), rows()
    fast = beam_search(net, batch, beams=beams, longest=6)
    slow = beam_search(lambda batch: net(batch), batch, beams=beams, longest=6)
    assert torch.equal(fast, slow)


@pytest.mark.parametrize("kind", ["transformer", "gru"])
def test_rows_translated_together_or_alone_say_the_same(kind: str) -> None:
    net, batch = shaken(made(kind)), rows()
    together = beam_search(net, batch, beams=3, longest=6)
    alone = torch.cat([beam_search(net, batch.take(slice(i, i + 1)), beams=3, longest=6) for i in range(4)])
    assert torch.equal(together, alone)


@pytest.mark.parametrize("penalty", [0.0, 1.0])
def test_many_beams_find_the_best_of_all_texts(penalty: float) -> None:
    net, batch, longest = shaken(made()).requires_grad_(False), rows(1), 3
    told = net.begin(batch)
    best, best_value = None, -float("inf")
    for length in range(1, longest + 1):
        for body in itertools.product((4, 5, 6), repeat=length - 1):
            text = [*body, END]
            logits, _ = net.proceed(torch.tensor([[2, *body]]), told)
            logits[:, :, :3] = -torch.inf
            log = logits[0].log_softmax(-1)
            # the last place allowed is ended whatever the network says
            said = [log[at, code] for at, code in enumerate(text) if at < longest - 1]
            value = float(torch.tensor(said).sum()) / length**penalty
            if value > best_value:
                best, best_value = text, value
    found = beam_search(net, batch, beams=16, longest=longest, penalty=penalty)[0].tolist()
    assert found[: len(best or [])] == best


def test_every_text_ends_and_only_padding_follows() -> None:
    found = beam_search(shaken(made()), rows(), beams=2, longest=7)
    assert found.shape == (4, 7)
    for row in found.tolist():
        assert row.count(END) == 1
        assert not any(row[row.index(END) + 1 :])
        assert not {0, 1, 2} & set(row[: row.index(END)])


@pytest.mark.parametrize("kind", ["transformer", "gru"])
def test_a_text_can_be_learned_to_be_said_backward(kind: str) -> None:
    net = made(kind, width=32).train()
    objective = Translate(smoothing=0.0, beams=2, longest=8)
    draw = torch.Generator().manual_seed(1)
    token = torch.randint(4, 7, (256, 4), generator=draw)
    target = torch.cat([torch.full((256, 1), 2), token.flip(1), torch.full((256, 1), END)], 1)
    batch = Batch({"token": token.int(), "target": target.int()}, torch.ones(256), torch.arange(256))
    optimizer = torch.optim.Adam(net.parameters(), lr=0.004)
    for _ in range(110):
        loss = objective.loss("main", {"net": net}, batch, draw).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    said = objective.offers()["predict"].call({"net": net.eval()}, batch.take(slice(0, 64)))
    right = (said[:, :5] == target[:64, 1:]).all(1).float().mean()
    assert right > 0.9


def test_smoothing_is_that_of_torch_and_padding_counts_nothing() -> None:
    logits = torch.randn(1, 3, 7)
    batch = Batch({"target": torch.tensor([[2, 4, 3, 0]])}, torch.ones(1), torch.arange(1))
    loss = Translate(smoothing=0.2).loss("main", {"net": lambda batch: logits}, batch, torch.Generator())
    truth = torch.nn.functional.cross_entropy(logits[0, :2], torch.tensor([4, 3]), label_smoothing=0.2)
    torch.testing.assert_close(loss.mean(), truth)
    assert float(loss.weight[0]) == 2


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_surprise_and_its_slope_are_those_of_torch(kind: torch.dtype, smoothing: float) -> None:
    logits = torch.randn(150, 30).to(kind)
    codes, weight = torch.randint(30, (150,)), torch.rand(150)
    ours, theirs = logits.clone().requires_grad_(), logits.clone().requires_grad_()
    found = surprise(ours, codes, smoothing)
    truth = torch.nn.functional.cross_entropy(theirs.float(), codes, reduction="none", label_smoothing=smoothing)
    (found * weight).sum().backward()
    (truth * weight).sum().backward()
    torch.testing.assert_close(found, truth)
    torch.testing.assert_close(ours.grad, theirs.grad, rtol=0.02 if kind == torch.bfloat16 else 1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", ["transformer", "gru"])
def test_places_that_are_not_asked_are_not_answered_and_change_nothing(kind: str) -> None:
    net, batch = shaken(made(kind)), rows()
    batch.values["target"] = torch.tensor([[2, 4, 5, 3], [2, 3, 0, 0], [2, 6, 3, 0], [2, 5, 3, 0]])
    some = Translate().loss("main", {"net": net}, batch, torch.Generator())
    every = Translate().loss(
        "main", {"net": lambda b: net(Batch(b.values, b.weight, b.row, b.ragged))}, batch, torch.Generator()
    )
    assert some.weight.tolist() == every.weight.tolist() == [3, 1, 2, 2]
    torch.testing.assert_close(some.value, every.value)


def test_rows_that_are_done_are_not_computed_any_more() -> None:
    net, batch = shaken(made()), rows(32)
    asked = []
    proceed = net.proceed

    def watched(step: torch.Tensor, told: object, memory: object = None) -> object:
        asked.append(len(step))
        return proceed(step, told, memory)

    net.proceed = watched  # type: ignore[method-assign, assignment]
    beam_search(net, batch, beams=2, longest=40)
    assert asked[0] == 64
    assert 0 < asked[-1] < 32
    assert asked == sorted(asked, reverse=True)
