"""A network of the ``transformers`` package below a new head."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal

import torch
from torch import Tensor, nn

from glia.core.constraints import Range
from glia.core.errors import UsageError
from glia.core.net import Net
from glia.core.values import Batch, Spec, Specs
from glia.nets.blocks.beside import Beside
from glia.nets.blocks.dropout import Dropout
from glia.nets.blocks.pixels import Pixels
from glia.nets.blocks.planes import plain_answer
from glia.nets.blocks.pretrained import Settings, built, width_of
from glia.nets.blocks.tokens import PADDING, vocabulary

__all__ = ["HF"]

_MARKS = 4  # codes below are ours: padding, unknown, start, end; a tokenizer's own come after them


class HF(Net):
    """A network for texts or pictures from the ``transformers`` package, pooled, below a linear head.

    Needs ``pip install 'glia[hf]'``. Its weights come from a folder: ``glia adapt hf:FOLDER``. Texts are read with the
    tokenizer, pictures at the size and with the normalization that belong to those weights.

    Args:
        inputs: The groups it reads: a text or a picture, and what a table has beside.
        output: The answer's spec.
        config: The configuration of the network, as its ``config.json`` says it.
        pool: How places become one row of features: their ``"mean"``, the ``"first"`` one, or the network's ``"own"``
            way; ``"auto"`` takes the mean of texts, and of pictures the class token where there is one.
        dropout: Share of the features dropped in training.
    """

    takes = frozenset({"token", "image", "number", "category", "dense"})
    suits = MappingProxyType(
        {
            "lr": 5e-4,
            "weight_decay": 0.01,
            "batch_size": 32,
            "schedule": "linear",
            "schedule_options": {"warmup": 0.1},
            "epochs": 4,
            "tune": {
                "all": {"lr": 5e-5},
                "thaw": {"lr": 5e-5},
                "lora": {"lr": 5e-4},
                "head": {"lr": 2e-3, "batch_size": 128, "epochs": 40, "average": 0.0, "augment": {}},
            },
        }
    )

    def __init__(
        self,
        inputs: Specs,
        output: Spec,
        *,
        config: Settings | None = None,
        pool: Literal["auto", "mean", "first", "own"] = "auto",
        dropout: Annotated[float, Range(0, 0.95)] = 0.1,
    ) -> None:
        super().__init__(inputs, output)
        answer = plain_answer(output, "hf")
        if not config or "model_type" not in config:
            raise UsageError(
                "no_pretrained",
                "hf is no network of its own: it takes one that was trained elsewhere",
                remedy="write glia adapt hf:FOLDER ROWS, with the folder that holds its config.json",
            )
        group = _read(inputs)
        self.backbone: Any = built(config)
        self.pixels = Pixels(inputs["image"]) if group == "image" else None
        self.codes = _codes(inputs["token"], config) if group == "token" else 0
        self.longest = int(config.get("max_position_embeddings") or 1 << 20) & ~7
        self.padding = int(config.get("pad_token_id") or 0)
        self.pool = _pool(self.backbone, group) if pool == "auto" else pool
        if self.pool in ("mean", "first") and getattr(self.backbone, "pooler", None) is not None:
            self.backbone.pooler = None  # weights that nobody asks would never be trained
        self.dropout = Dropout(dropout)
        self.beside = Beside(inputs)
        self.output_layer = nn.Linear(width_of(self.backbone) + self.beside.width, answer)

    @property
    def rests(self) -> bool:
        """Whether the pretrained part stays as it is."""
        return not any(one.requires_grad for one in self.backbone.parameters())

    def train(self, mode: bool = True) -> HF:
        """Turn training on or off; what stays as it is drops nothing."""
        super().train(mode)
        if self.rests:
            self.backbone.eval()
        return self

    def settled(self, batch: Batch) -> Tensor | None:
        """Return what the pretrained part makes of rows, (B, D), where it stays as it is."""
        return self._pooled(batch) if self.rests else None

    def features(self, batch: Batch) -> Tensor:
        """Return what was understood, and the columns beside it, (B, D)."""
        settled = batch.values.get("settled") if self.rests else None
        return self.beside(self.dropout(self._pooled(batch) if settled is None else settled), batch)

    def head(self, features: Tensor) -> Tensor:
        """Return the answer, (B, K)."""
        return self.output_layer(features)

    def factors(self) -> Mapping[str, Mapping[str, float]]:
        """Return a faster rate for the head, which begins with nothing, where it is not trained alone."""
        return {} if self.rests else {f"output_layer.{name}": {"lr": 10.0} for name in ("weight", "bias")}

    def _pooled(self, batch: Batch) -> Tensor:
        if self.pixels is not None:
            given = self.backbone(pixel_values=self.pixels(batch))
            real = None
        else:
            ids, real = self._ids(batch.values["token"])
            given = self.backbone(input_ids=ids, attention_mask=real.long())
        places: Tensor = given.last_hidden_state
        own: Tensor | None = getattr(given, "pooler_output", None)
        if self.pool in ("own", "auto") and own is not None:
            return own.flatten(1)
        if places.dim() == 4:
            return places.mean((2, 3))
        if self.pool == "first":
            return places[:, 0]
        weight = places.new_ones(places.shape[:2]) if real is None else real.to(places.dtype)
        return (places * weight[..., None]).sum(1) / weight.sum(1, keepdim=True)

    def _ids(self, tokens_BL: Tensor) -> tuple[Tensor, Tensor]:
        """Return the tokenizer's own codes and which of them are real, (B, L) each."""
        tokens_BL = tokens_BL[:, : self.longest]
        real = tokens_BL != PADDING
        real[:, 0] = True  # whoever has nothing to read looks at padding, for a softmax over nothing is no number
        # Several texts follow one another, the codes of each moved up by those of the ones before.
        ids = tokens_BL.long() % self.codes - _MARKS
        return torch.where(ids < 0, self.padding, ids), real


def _read(inputs: Specs) -> str:
    groups = [name for name in ("token", "image") if name in inputs]
    if len(groups) != 1:
        raise UsageError(
            "net_unfit",
            f"hf reads a text or a picture, and {'both are' if groups else 'neither is'} there",
            remedy="leave out columns with --columns NAME=constant, or choose another network",
        )
    return groups[0]


def _codes(spec: Spec, config: Settings) -> int:
    """Return how many codes one text column has, ours among them."""
    codes = vocabulary(spec) // max(len(spec.names), 1)
    known = int(config.get("vocab_size", 0))
    if codes - _MARKS > known:
        raise UsageError(
            "other_vocabulary",
            f"the text has {codes - _MARKS} codes, and the network knows {known}",
            remedy="begin with the folder that network and tokenizer come from: glia adapt hf:FOLDER",
        )
    return codes


def _pool(backbone: nn.Module, group: str) -> str:
    if group == "token":
        return "mean"
    return "first" if any(name.endswith("cls_token") for name, _ in backbone.named_parameters()) else "auto"
