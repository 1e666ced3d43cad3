"""From one sequence to another: an encoder, and a decoder that looks back at it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from glia.core.constraints import Range
from glia.core.net import Net
from glia.core.values import Batch, Spec, Specs
from glia.nets.blocks.places import sequence_of
from glia.nets.blocks.recurrent_decoder import RecurrentDecoder
from glia.nets.blocks.tokens import PADDING, Tokens
from glia.nets.blocks.transformer_decoder import TransformerDecoder

__all__ = ["Seq2Seq"]


class Seq2Seq(Net):
    """An encoder reads a text, a decoder writes another one, a code at a time, looking back at what was read.

    Either a transformer (Vaswani et al. 2017) or gated recurrent units with attention (Bahdanau et al. 2015, in the
    form of Luong et al. 2015). It reads ``"token"`` and, as what is written so far, ``"prefix"``, which begins with
    the start code; the answer at each place of the prefix is about the code that comes next. :meth:`begin` and
    :meth:`proceed` write without computing anything twice.

    Args:
        inputs: The groups: ``"token"`` and ``"prefix"``.
        output: The answer's spec, one value for each code of the language written.
        kind: ``"transformer"`` or ``"gru"``.
        width: Width of a place.
        depth: Layers of encoder and decoder each.
        heads: Heads of the transformer's attention.
        expansion: Width inside a feed-forward part, as a multiple of ``width``.
        tied: Whether the vectors of the codes written serve as the last map, too (Press & Wolf 2017).
        forget: Share of the codes that training shows as unknown.
        dropout: Share dropped in training.

    Example:
        >>> words = Spec(("time",), (None,), "int32", classes=(("(padding)", "(unknown)", "(start)", "(end)", "a"),))
        >>> output = Spec(("time", "next"), (None, 5))
        >>> net = Seq2Seq({"token": words, "prefix": words}, output, width=16, heads=2, depth=1)
        >>> rows = Batch({"token": torch.tensor([[4, 4]]), "prefix": torch.tensor([[2, 4, 4]])},
        ...     torch.ones(1), torch.arange(1))
        >>> net(rows).shape, net.attention(rows)[0].shape
        (torch.Size([1, 3, 5]), torch.Size([1, 2, 3, 2]))
    """

    takes = frozenset({"token", "prefix"})
    suits = MappingProxyType(
        {
            "optimizer": "muon",
            "optimizer_options": {"beta2": 0.98},
            "lr": 4e-3,
            "weight_decay": 0.1,
            "batch_size": 128,
            "schedule": "linear",
            "schedule_options": {"warmup": 0.05},
            "epochs": 12,
        }
    )

    def __init__(
        self,
        inputs: Specs,
        output: Spec,
        *,
        kind: Literal["transformer", "gru"] = "transformer",
        width: Annotated[int, Range(2)] = 256,
        depth: Annotated[int, Range(1)] = 3,
        heads: Annotated[int, Range(1)] = 8,
        expansion: Annotated[float, Range(0.1, 16)] = 2.0,
        tied: bool = True,
        forget: Annotated[float, Range(0, 0.95)] = 0.0,
        dropout: Annotated[float, Range(0, 0.95)] = 0.1,
    ) -> None:
        super().__init__(inputs, output)
        sequence_of(inputs, ("token",))
        self.read = Tokens(inputs["token"], width, forget=forget, dropout=dropout)
        self.written = Tokens(inputs["prefix"], width, std=width**-0.5, forget=forget, dropout=dropout)
        self.gain = width**0.5  # vectors that also serve as a map are short; as places they should not be
        self.coder: TransformerDecoder | RecurrentDecoder = (
            TransformerDecoder(width, depth, heads, max(1, int(width * expansion)), dropout)
            if kind == "transformer"
            else RecurrentDecoder(width, depth, dropout)
        )
        self.tied = tied and self.written.table.shape[0] == output.width
        self.output_layer = None if self.tied else nn.Linear(width, output.width, bias=False)
        self.output_bias = nn.Parameter(torch.zeros(output.width))

    def features(self, batch: Batch) -> Tensor:
        """Return what the decoder knows at each place of the prefix, (B, T, W).

        Where the batch says which places are asked (``present["prefix"]``), only those, one after another: (P, W).
        """
        source = batch.values["token"]
        told: Any = self.coder.encode(self.read(source), source != PADDING)  # each coder reads back what it gave
        x, _ = self.coder.decode(self.written(batch.values["prefix"]) * self.gain, told, None)
        asked = batch.present.get("prefix")
        return x if asked is None else x[asked]

    def head(self, features: Tensor) -> Tensor:
        """Return the answer at each place, (B, T, K) or (P, K)."""
        table = self.written.table if self.output_layer is None else self.output_layer.weight
        return F.linear(features, table, self.output_bias)

    def attention(self, batch: Batch) -> list[Tensor]:
        """Return, layer by layer, how much each place written looks at each place read, (B, H, T, L)."""
        source = batch.values["token"]
        told: Any = self.coder.encode(self.read(source), source != PADDING)  # each coder reads back what it gave
        return self.coder.looks(self.written(batch.values["prefix"]) * self.gain, told)

    def begin(self, batch: Batch) -> Any:
        """Return what the decoder keeps of a text before the first code is written."""
        source = batch.values["token"]
        return self.coder.encode(self.read(source), source != PADDING)

    def proceed(self, tokens_BT: Tensor, told: Any, memory: Any = None) -> tuple[Tensor, Any]:
        """Return the answers at further places, (B, T, K), and what to keep to go on.

        Args:
            tokens_BT: The codes at these places.
            told: What :meth:`begin` gave.
            memory: What was kept at the places before.
        """
        x, memory = self.coder.decode(self.written(tokens_BT) * self.gain, told, memory)
        return self.head(x), memory

    def factors(self) -> Mapping[str, Mapping[str, float]]:
        """Return no decay for the vectors of codes, each of which is seen in few steps only."""
        return {name: {"weight_decay": 0.0} for name in ("read.table", "written.table")}
