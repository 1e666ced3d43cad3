"""Text written and vectors asked for, through what a bundle offers."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from glia.columns.prose import Prose
from glia.core.errors import UsageError
from glia.core.raw import Raw
from glia.core.values import Spec
from glia.nets.gpt import GPT
from glia.nets.word2vec import Word2Vec
from glia.objectives.embed_words import EmbedWords
from glia.objectives.generate import Generate
from glia.sources import read
from glia.verbs.adapt import adapt
from glia.verbs.embed import embed
from glia.verbs.sample import sample

torch.set_num_threads(1)


def writer() -> Any:
    column = Prose("text")
    column.level, column.lower = "character", False
    column.learn(Raw(np.array(["abcdef\nABC " * 20], dtype=object), np.ones(1, bool)))
    objective = Generate()
    role = objective.roles(column.specs(), {})["net"]
    torch.manual_seed(0)
    net = GPT(role.inputs, role.output, width=16, heads=2, depth=1, gram_rows=64, gram_width=4)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter += 0.2 * torch.randn_like(parameter)
    return SimpleNamespace(
        encoding=SimpleNamespace(column=column, specs=column.specs),
        objective=objective,
        offers=tuple(objective.offers()),
        nets={"net": net},
        config={"objective": {"name": "generate"}, "net": {"name": "gpt"}},
    )


def test_texts_begin_with_the_prompt_and_the_same_seed_writes_the_same() -> None:
    bundle = writer()
    one, two = sample(bundle, "abc", length=20, count=2, seed=3), sample(bundle, "abc", length=20, count=2, seed=3)
    assert one == two
    assert all(text.startswith("abc") and len(text) <= 23 for text in one["texts"])
    assert one["texts"][0] != one["texts"][1]
    assert sample(bundle, "abc", length=20, count=2, seed=4) != one


def test_without_a_prompt_a_text_begins_anew_and_unknown_letters_do_no_harm() -> None:
    assert len(sample(writer(), length=5, temperature=0.0)["texts"][0]) > 0
    found = sample(writer(), "日a", length=5)
    assert found["texts"][0].startswith("日a")
    assert found["notes"] == ["'日' never occurred in the text that was learned from"]
    assert "nothing of the prompt" in sample(writer(), "日本", length=5)["notes"][0]
    assert not sample(writer(), "abc", length=5)["notes"]


@pytest.mark.parametrize(
    ("name", "value"), [("temperature", -1.0), ("temperature", float("nan")), ("length", 0), ("count", 0), ("top_p", 0)]
)
def test_numbers_out_of_range_are_refused_by_name(name: str, value: float) -> None:
    with pytest.raises(UsageError, match=f"--{name.replace('_', '-')} must be"):
        sample(writer(), "abc", **{name: value})


def vectors() -> Any:
    words = ("(padding)", "(unknown)", "(start)", "(end)", "king", "man", "woman", "queen", "apple")
    spec = Spec(("time",), (None,), "int32", names=("text",), classes=(words,))
    objective = EmbedWords()
    role = objective.roles({"token": spec}, {})["net"]
    net = Word2Vec(role.inputs, role.output, width=3)
    with torch.no_grad():
        net.table[4:] = torch.tensor([[1, 1, 0], [0, 1, 0], [0, 1, 1], [1, 1, 1], [-1, 0, 0]]).float()
    return SimpleNamespace(
        encoding=SimpleNamespace(specs=lambda: {"token": spec}),
        objective=objective,
        nets={"net": net},
        config={"objective": {"name": "embed_words"}, "net": {"name": "word2vec"}},
    )


@pytest.mark.parametrize("code", ["no_pictures", "no_sequence", "net_unfit", "start_unfit"])
def test_a_bundle_of_another_kind_is_named_when_it_is_to_be_adapted(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fit(*_: Any, **__: Any) -> None:
        raise UsageError(code, "this network reads pictures, and no column gives any", remedy="choose another network")

    monkeypatch.setattr("glia.verbs.adapt.fit", fit)
    with pytest.raises(UsageError, match="runs/old was fitted to other data: this network reads pictures") as caught:
        adapt("runs/old", {"x": [1]}, "x")
    assert "glia fit" in caught.value.remedy


def test_an_analogy_is_answered_by_none_of_its_words() -> None:
    found = embed(vectors(), analogy=("man", "king", "woman"), near=1)["analogy"]
    assert found[0][0] == "queen"


def test_the_nearest_words_come_first_and_a_word_is_not_its_own_neighbor() -> None:
    near = embed(vectors(), ["King"], near=10)["near"]["King"]
    assert [word for word, _ in near][-1] == "apple"
    assert len(near) == 4


def test_all_vectors_can_be_written_to_a_file(tmp_path: Path) -> None:
    embed(vectors(), out=tmp_path / "vectors.csv")
    table = read(tmp_path / "vectors.csv")
    assert table["word"].values.tolist() == ["king", "man", "woman", "queen", "apple"]
    assert len(list(table)) == 4


def test_what_cannot_be_asked_is_refused_with_the_way_out() -> None:
    with pytest.raises(UsageError, match="did you mean 'queen'"):
        embed(vectors(), ["quen"])
    with pytest.raises(UsageError, match="no word was named"):
        embed(vectors(), [])
    with pytest.raises(UsageError, match="three words, got 2"):
        embed(vectors(), analogy=("king", "man"))
    bundle = writer()
    with pytest.raises(UsageError, match="has no vectors of words"):
        embed(bundle, ["a"])
    bundle.offers = ("predict",)
    with pytest.raises(UsageError, match="writes no text"):
        sample(bundle)
