"""Networks trained elsewhere: read with their own tokenizer, taken to other data, and kept whole in the bundle."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import glia
from glia.compose.pretrained import opened
from glia.core.errors import UsageError

WORDS = [
    "awful",
    "dull",
    "boring",
    "lovely",
    "bright",
    "charming",
    "film",
    "a",
    "was",
    "to",
    "sit",
    "through",
    "on",
    "day",
]
QUICK = ["plan.mode=plain", "judge.yardsticks=false"]
SMALL: dict[str, Any] = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}


@pytest.fixture
def bert(tmp_path: Path) -> Path:
    """A tiny language model by chance, as ``save_pretrained`` writes it, with a tokenizer of a few words."""
    transformers = pytest.importorskip("transformers")
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS]
    made = Tokenizer(models.WordPiece({name: code for code, name in enumerate(names)}, unk_token="[UNK]"))
    made.normalizer, made.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    made.enable_truncation(4)  # what a file says of length is for other uses
    made.enable_padding(length=4)
    folder = tmp_path / "bert"
    torch.manual_seed(0)
    config = transformers.BertConfig(vocab_size=len(names), max_position_embeddings=32, **SMALL)
    transformers.BertModel(config).save_pretrained(folder)
    made.save(str(folder / "tokenizer.json"))
    return folder


@pytest.fixture
def vit(tmp_path: Path) -> Path:
    """A tiny vision transformer by chance, which wants pictures of 16 x 16 normalized in its own way."""
    transformers = pytest.importorskip("transformers")
    folder = tmp_path / "vit"
    torch.manual_seed(0)
    transformers.ViTModel(transformers.ViTConfig(image_size=16, patch_size=8, **SMALL)).save_pretrained(folder)
    said = {
        "do_resize": True,
        "size": {"height": 16, "width": 16},
        "image_mean": [0.5, 0.4, 0.3],
        "image_std": [0.2] * 3,
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(said))
    return folder


def reviews(n: int = 160, seed: int = 0) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(seed)
    mood = draw.integers(0, 2, n)
    said = [
        f"A film was a {WORDS[3 * one + draw.integers(3)]} film to sit through on a {draw.choice(WORDS)} day"
        for one in mood
    ]
    return {"review": np.array(said, object), "mood": np.array(["bad", "good"], object)[mood]}


def photos(n: int = 80) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(1)
    label = draw.integers(0, 2, n)
    pictures = draw.integers(0, 120, (n, 20, 24, 3)) + 120 * label[:, None, None, None]
    return {"photo": pictures.astype(np.uint8), "label": np.array(["dark", "light"], object)[label]}


@pytest.mark.parametrize("tune", ["head", "thaw", "lora", "all"])
def test_a_language_model_is_adapted_and_its_bundle_needs_no_folder(bert: Path, tmp_path: Path, tune: Any) -> None:
    words = {"epochs": 3, "out": tmp_path / "run", "settings": [*QUICK, "train.lr=0.003"]}
    bundle = glia.adapt(f"hf:{bert}", reviews(), "mood", tune=tune, **words)
    new = {"review": reviews(7, seed=3)["review"]}
    before = bundle.predict(new)
    (kept,) = [one.shape for name, one in bundle.module.state_dict().items() if name.endswith("word_embeddings.weight")]
    assert kept == (4 + len(WORDS), 32)
    shutil.rmtree(bert)
    after = glia.load(tmp_path / "run").predict(new)
    assert after["probability_good"].tolist() == before["probability_good"].tolist()
    assert bundle.result["net"] == "hf"


def test_texts_are_read_with_the_tokenizer_that_came_with_the_network(bert: Path, tmp_path: Path) -> None:
    bundle = glia.adapt(f"hf:{bert}", reviews(), "mood", tune="head", epochs=1, out=tmp_path / "run", settings=QUICK)
    said = np.array(["A LOVELY film", "zebra", "", " ".join(["dull"] * 99), "[SEP] film"], object)
    column = bundle.schema.columns["review"]
    tokens = column.encode(_raw(said))["token"]
    first, second = 4 + 2, 4 + 3  # [CLS] and [SEP], after our own four codes
    word = {name: 4 + 4 + at for at, name in enumerate(WORDS)}
    assert [code for code in tokens[0] if code] == [first, word["a"], word["lovely"], word["film"], second]
    assert [code for code in tokens[1] if code] == [first, 4 + 1, second]
    assert column.longest == (tokens[3] != 0).sum()
    assert tokens[3, column.longest - 1] == second  # also a text that is cut is closed
    assert second not in tokens[4][:3]  # a text cannot write marks


def _raw(values: np.ndarray) -> Any:
    from glia.core.raw import Raw

    return Raw(values, np.ones(len(values), bool))


def test_what_stays_as_it_is_is_computed_once_and_changes_nothing(bert: Path, tmp_path: Path, monkeypatch: Any) -> None:
    from glia.compose import looking, settled, training
    from glia.nets.hf import HF

    seen = []
    pooled = HF._pooled
    monkeypatch.setattr(HF, "_pooled", lambda net, batch: (seen.append(len(batch)), pooled(net, batch))[1])
    # Batches of all rows, since those of texts hold texts of like length.
    words = {"tune": "head", "epochs": 8, "settings": [*QUICK, "net.dropout=0", "train.batch_size=full"]}
    once = glia.adapt(f"hf:{bert}", reviews(), "mood", out=tmp_path / "once", **words)
    assert sum(seen) < 2 * 160  # every row once, and the rows that judge a second time
    rows = {name: values[:20] for name, values in reviews().items()}
    assert settled.seen_once is training.seen_once
    plain = lambda net, prepared, choices, part: looking.part_of(prepared, part)  # noqa: E731
    monkeypatch.setattr(training, "seen_once", plain)
    each = glia.adapt(f"hf:{bert}", reviews(), "mood", out=tmp_path / "each", **words)
    np.testing.assert_allclose(
        once.predict(rows)["probability_good"], each.predict(rows)["probability_good"], rtol=1e-3, atol=1e-4
    )


def test_only_the_head_changes_where_only_the_head_is_tuned(bert: Path, tmp_path: Path) -> None:
    bundle = glia.adapt(f"hf:{bert}", reviews(), "mood", tune="head", epochs=1, out=tmp_path / "run", settings=QUICK)
    state, old = bundle.module.state_dict(), opened(f"hf:{bert}").weights()
    assert all(torch.equal(state[name], value) for name, value in old.items() if name in state)
    assert len([name for name in state if name in old]) > 30


def test_pictures_get_the_size_and_the_normalization_of_the_network(vit: Path, tmp_path: Path) -> None:
    bundle = glia.adapt(f"hf:{vit}", photos(), "label", tune="head", epochs=6, out=tmp_path / "run", settings=QUICK)
    spec = bundle.schema.specs()["image"]
    assert spec.size == (3, 16, 16)
    np.testing.assert_allclose(spec.center, (127.5, 102.0, 76.5))
    np.testing.assert_allclose(spec.spread, (51.0,) * 3)
    shutil.rmtree(vit)
    after = glia.load(tmp_path / "run").predict({"photo": photos()["photo"][:5]})
    assert (
        after["probability_dark"].tolist()
        == bundle.predict({"photo": photos()["photo"][:5]})["probability_dark"].tolist()
    )


def test_the_network_from_nothing_stands_beside_and_an_adapted_bundle_can_be_adapted_again(
    bert: Path, tmp_path: Path
) -> None:
    settings = ["plan.mode=plain"]
    first = glia.adapt(f"hf:{bert}", reviews(), "mood", tune="head", epochs=1, out=tmp_path / "one", settings=settings)
    assert {"from_nothing", "nb_svm"} <= set(first.result["yardsticks"])
    shutil.rmtree(bert)
    other = {"said": reviews(seed=9)["review"], "mood": reviews(seed=9)["mood"]}
    second = glia.adapt(tmp_path / "one", other, "mood", tune="head", epochs=1, out=tmp_path / "two", settings=QUICK)
    assert second.schema.columns["said"].tokens.state() == first.schema.columns["review"].tokens.state()
    name = "backbone.embeddings.word_embeddings.weight"
    assert torch.equal(second.module.state_dict()[name], first.module.state_dict()[name])


@pytest.mark.parametrize(
    ("break_it", "code", "cure"),
    [
        (lambda at: (at / "model.safetensors").rename(at / "pytorch_model.bin"), "pickled_weights", "safetensors"),
        (lambda at: (at / "model.safetensors").unlink(), "no_pretrained", "save_pretrained"),
        (lambda at: (at / "config.json").unlink(), "no_pretrained", "save_pretrained"),
        (lambda at: (at / "config.json").write_text("{"), "no_pretrained", "save it again"),
        (lambda at: (at / "config.json").write_text('{"model_type": "nobodys"}'), "pretrained_unknown", "upgrade"),
        (lambda at: (at / "tokenizer.json").unlink(), "no_tokenizer", "save_pretrained"),
        (lambda at: (at / "tokenizer.json").write_text("{}"), "no_tokenizer", "save it again"),
        (lambda at: (at / "model.safetensors").write_bytes(b"12"), "pretrained_unknown", "take another"),
    ],
)  # fmt: skip
def test_a_folder_that_cannot_be_used_is_refused_with_the_cure(
    bert: Path, tmp_path: Path, break_it: Any, code: str, cure: str
) -> None:
    break_it(bert)
    with pytest.raises(UsageError) as refused:
        glia.adapt(f"hf:{bert}", reviews(), "mood", epochs=1, out=tmp_path / "run", settings=QUICK)
    assert refused.value.code == code
    assert cure in str(refused.value)


def test_a_name_that_is_not_here_is_refused_and_nothing_is_fetched(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"fetches nothing.*hf download some/where --local-dir") as refused:
        glia.adapt("hf:some/where", reviews(), "mood", epochs=1, out=tmp_path / "run", settings=QUICK)
    assert refused.value.code == "no_pretrained"


def test_without_the_extra_the_cure_is_named(bert: Path, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(UsageError, match=r"pip install 'glia\[hf\]'") as refused:
        glia.adapt(f"hf:{bert}", reviews(), "mood", epochs=1, out=tmp_path / "run", settings=QUICK)
    assert refused.value.code == "missing_extra"


def test_a_table_without_anything_to_read_is_refused(bert: Path, tmp_path: Path) -> None:
    table = {"size": np.random.default_rng(0).normal(size=80), "mood": reviews(80)["mood"]}
    with pytest.raises(UsageError, match=r"no column is one: 'size \(number\)'.*--columns NAME=prose"):
        glia.adapt(f"hf:{bert}", table, "mood", epochs=1, out=tmp_path / "run", settings=QUICK)


def test_the_network_alone_says_where_it_comes_from(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="glia adapt hf:FOLDER"):
        glia.fit(reviews(), "mood", net="hf", epochs=1, out=tmp_path / "run", settings=QUICK)


class Own(nn.Module):
    """A module somebody brings, once trained on twenty classes."""

    def __init__(self, width: int = 20) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 8, 3, 2), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten())
        self.classifier = nn.Linear(32, width)

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.body(picture))


def test_a_module_of_ones_own_is_adapted_to_pictures_and_left_alone(tmp_path: Path) -> None:
    own = Own()
    before = {name: value.clone() for name, value in own.state_dict().items()}
    words = {"epochs": 8, "out": tmp_path / "run", "settings": ["plan.mode=plain", "train.lr=0.01"]}
    bundle = glia.adapt(own, photos(), "label", tune="head", **words)
    assert all(torch.equal(value, before[name]) for name, value in own.state_dict().items())
    state = bundle.module.state_dict()
    assert torch.equal(state["body.0.weight"], before["body.0.weight"])
    assert state["classifier.weight"].shape == (2, 32)
    assert "from_nothing" in bundle.result["yardsticks"]
    new = {"photo": photos()["photo"][:6]}
    again = glia.load(tmp_path / "run", net=Own()).predict(new)
    assert again["probability_dark"].tolist() == bundle.predict(new)["probability_dark"].tolist()


def test_a_module_of_ones_own_is_adapted_to_tables_with_corrections_of_low_rank(tmp_path: Path) -> None:
    own = nn.Sequential(nn.Linear(3, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 9))
    draw = np.random.default_rng(0)
    table = {name: draw.normal(size=120) for name in "abc"}
    table["y"] = np.where(table["a"] > 0, "up", "down").astype(object)
    bundle = glia.adapt(own, table, "y", tune="lora", epochs=2, out=tmp_path / "run", settings=QUICK)
    assert set(bundle.module.state_dict()) == set(own.state_dict())
    assert not torch.equal(bundle.module.state_dict()["2.weight"], own.state_dict()["2.weight"])


def test_weights_that_cannot_be_drawn_anew_leave_nothing_beside(tmp_path: Path) -> None:
    class Scaled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale, self.last = nn.Parameter(torch.ones(2)), nn.Linear(2, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.last(x * self.scale)

    draw = np.random.default_rng(0)
    table = {name: draw.normal(size=120) for name in "ab"}
    table["y"] = np.where(table["a"] > 0, "up", "down").astype(object)
    words = {"epochs": 1, "out": tmp_path / "run", "settings": ["plan.mode=plain"]}
    assert "from_nothing" not in glia.adapt(Scaled(), table, "y", **words).result["yardsticks"]
