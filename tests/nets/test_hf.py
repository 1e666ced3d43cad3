"""Networks of the ``transformers`` package below a head of ours."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from glia.core.errors import UsageError
from glia.core.values import Batch, Spec
from glia.nets.blocks.pretrained import settings
from glia.nets.hf import HF

transformers = pytest.importorskip("transformers")

ONE = Spec(("class",), (3,))
TEXT = {"token": Spec(("time",), (None,), "int32", names=("text",), classes=(tuple(map(str, range(54))),))}
PHOTO = {"image": Spec(("channel", "height", "width"), (3, 32, 32), "uint8", center=(120.0,) * 3, spread=(60.0,) * 3)}
TINY: dict[str, Any] = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
READING = {
    "bert": {"vocab_size": 50, "pad_token_id": 0, "max_position_embeddings": 64, **TINY},
    "roberta": {"vocab_size": 50, "pad_token_id": 1, "max_position_embeddings": 66, **TINY},
    "distilbert": {"vocab_size": 50, "dim": 16, "n_layers": 2, "n_heads": 2, "hidden_dim": 32},
    "t5": {"vocab_size": 50, "d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 2, "num_heads": 2},
}
SEEING = {
    "vit": {"image_size": 32, "patch_size": 8, **TINY},
    "resnet": {"embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 1], "layer_type": "basic"},
    "convnext": {"hidden_sizes": [8, 8, 16, 16], "depths": [1, 1, 1, 1]},
    "swin": {
        "image_size": 32,
        "patch_size": 2,
        "embed_dim": 8,
        "depths": [1, 1],
        "num_heads": [1, 2],
        "window_size": 4,
    },
}


def made(kind: str, **options: Any) -> HF:
    torch.manual_seed(1)
    table = READING if kind in READING else SEEING
    return HF(TEXT if kind in READING else PHOTO, ONE, config=settings({"model_type": kind, **table[kind]}), **options)


def texts(*codes: list[int]) -> Batch:
    length = max(map(len, codes))
    tokens = torch.tensor([[*one, *[0] * (length - len(one))] for one in codes], dtype=torch.int32)
    return Batch({"token": tokens}, torch.ones(len(codes)), torch.arange(len(codes)), ("token",))


@pytest.mark.parametrize("kind", [*READING, *SEEING])
def test_the_same_settings_give_the_same_network_and_it_learns(kind: str) -> None:
    net = made(kind).train()
    draw = torch.Generator().manual_seed(0)
    photo = torch.randint(0, 256, (4, 3, 32, 32), generator=draw, dtype=torch.uint8)
    words = texts([6, 9, 7], [8, 9], [10], [1]).values
    rows = Batch({**words, "image": photo}, torch.ones(4), torch.arange(4))
    net(rows).square().sum().backward()
    assert all(one.grad is not None and one.grad.isfinite().all() for one in net.parameters())
    assert all(torch.equal(a, b) for a, b in zip(made(kind).state_dict().values(), made(kind).state_dict().values()))
    other = made(kind)
    other.load_state_dict(net.state_dict())
    assert torch.equal(other.eval()(rows), net.eval()(rows))


@pytest.mark.parametrize("kind", READING)
@pytest.mark.parametrize("pool", ["auto", "first"])
def test_padding_never_changes_an_answer(kind: str, pool: Any) -> None:
    net = made(kind, pool=pool).eval()
    alone, together = net(texts([6, 9, 7])), net(texts([6, 9, 7], list(range(5, 30)), [1]))
    torch.testing.assert_close(together[:1], alone, rtol=1e-5, atol=1e-6)
    assert net(texts([1], [6, 9])).isfinite().all()  # nothing but an unknown code


def test_a_second_text_has_the_codes_of_the_first() -> None:
    net = made("bert").eval()
    spec = Spec(("time",), (None,), "int32", names=("one", "two"), classes=(tuple(map(str, range(108))),))
    both = HF({"token": spec}, ONE, config=settings({"model_type": "bert", **READING["bert"]})).eval()
    both.load_state_dict(net.state_dict())
    torch.testing.assert_close(both(texts([6, 9, 54 + 7])), net(texts([6, 9, 7])))


def test_a_part_that_rests_drops_nothing_and_is_asked_once() -> None:
    net = made("bert", dropout=0.0)
    rows = texts([6, 9, 7], [8, 9])
    assert net.settled(rows) is None
    for one in net.backbone.parameters():
        one.requires_grad_(False)
    net.train()
    assert not net.backbone.training
    kept = net.settled(rows)
    assert kept is not None and kept.shape == (2, 16)
    assert torch.equal(net(rows), net(Batch({"settled": kept}, torch.ones(2), torch.arange(2))))
    next(net.backbone.parameters()).requires_grad_(True)  # what was computed before holds no longer
    with pytest.raises(KeyError):
        net(Batch({"settled": kept}, torch.ones(2), torch.arange(2)))


def test_longer_texts_than_the_network_has_places_for_are_cut() -> None:
    net = made("roberta").eval()
    long = texts([6] * 64)
    torch.testing.assert_close(net(texts([6] * 80)), net(long))


def test_what_a_configuration_says_of_code_and_places_elsewhere_is_not_heard() -> None:
    said = {
        "auto_map": {"AutoModel": "somebody/model--evil.Net"},
        "_name_or_path": "somebody/model",
        "dtype": "float16",
    }
    kept = settings({"model_type": "bert", **READING["bert"], **said})
    assert not set(said) & set(kept)
    assert {one.dtype for one in made("bert").parameters()} == {torch.float32}


def test_other_vocabularies_and_other_groups_are_refused() -> None:
    config = settings({"model_type": "bert", **READING["bert"], "vocab_size": 20})
    with pytest.raises(UsageError, match="50 codes, and the network knows 20"):
        HF(TEXT, ONE, config=config)
    with pytest.raises(UsageError, match="neither is there"):
        HF({"number": Spec(("feature",), (2,))}, ONE, config=config)
    with pytest.raises(UsageError, match="both are there"):
        HF({**TEXT, **PHOTO}, ONE, config=config)
