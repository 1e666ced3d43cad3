"""The decoder-only transformer that predicts what comes next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated

import torch
from torch import Tensor, nn

from glia.core.constraints import Range
from glia.core.net import Net
from glia.core.values import Batch, Spec, Specs
from glia.nets.blocks.beside import Beside
from glia.nets.blocks.dropout import Dropout
from glia.nets.blocks.grams import Grams
from glia.nets.blocks.places import dense, sequence_of
from glia.nets.blocks.pooling import last_real
from glia.nets.blocks.rms_norm import RMSNorm
from glia.nets.blocks.tokens import PADDING, Tokens
from glia.nets.blocks.transformer import Memory, TransformerLayer

__all__ = ["GPT"]


@dataclass
class Told:
    """What a GPT keeps while it writes: keys and values of each layer, the last codes, and how many went by."""

    layers: list[Memory]
    codes: Tensor
    length: int


class GPT(Net):
    """A decoder-only transformer (Radford et al. 2018) with rotary places, RMS norm and squared ReLU.

    Beside its own vector, each place may look up vectors of the last few codes together (``grams``): what a table of
    counts knows costs no multiplication, and the layers are free for the rest.

    Args:
        inputs: The groups it reads: a text, and what a table has beside.
        output: The answer's spec; an answer a place, or one a row, read at its last real place.
        width: Width of a place.
        depth: Layers.
        heads: Heads of the attention.
        expansion: Width inside a feed-forward part, as a multiple of ``width``.
        grams: Longest run of codes that has a vector of its own; 1 for none.
        gram_rows: Rows of the table of each run length.
        gram_width: Length of a run's vector.
        context: How many places back it looks.
        tied: Whether the vectors of codes serve as the last map, too (Press & Wolf 2017).
        dropout: Share dropped in training.

    Example:
        >>> text = Spec(("time",), (None,), "int32", classes=(("(padding)", "(unknown)", "a", "b"),))
        >>> net = GPT({"token": text}, Spec(("time", "next"), (None, 4)), width=16, heads=2, depth=1)
        >>> net(Batch({"token": torch.tensor([[2, 3, 2]])}, torch.ones(1), torch.arange(1))).shape
        torch.Size([1, 3, 4])
    """

    takes = frozenset({"token", "number", "category", "dense"})
    suits = MappingProxyType(
        {
            "optimizer": "muon",
            "optimizer_options": {"beta2": 0.99},
            "lr": 6e-3,
            "weight_decay": 0.1,
            "batch_size": 16,
            "schedule": "linear",
            "schedule_options": {"warmup": 0.02},
        }
    )

    def __init__(
        self,
        inputs: Specs,
        output: Spec,
        *,
        width: Annotated[int, Range(2)] = 128,
        depth: Annotated[int, Range(1)] = 4,
        heads: Annotated[int, Range(1)] = 4,
        expansion: Annotated[float, Range(0.1, 16)] = 4.0,
        grams: Annotated[int, Range(1, 8)] = 4,
        gram_rows: Annotated[int, Range(16)] = 8192,
        gram_width: Annotated[int, Range(1)] = 32,
        context: Annotated[int, Range(1)] = 1024,
        tied: bool = False,
        dropout: Annotated[float, Range(0, 0.95)] = 0.0,
    ) -> None:
        super().__init__(inputs, output)
        sequence_of(inputs, ("token",))
        self.context = context
        self.dense = dense(output)
        self.tokens = Tokens(inputs["token"], width, std=0.02 if tied else 1.0)
        self.grams = Grams(grams, width, rows=gram_rows, each=gram_width) if grams > 1 else None
        self.first_norm = RMSNorm(width)
        self.dropout = Dropout(dropout)
        self.layers = nn.ModuleList(
            TransformerLayer(width, heads, max(1, int(width * expansion)), dropout=dropout, causal=True)
            for _ in range(depth)
        )
        self.last_norm = RMSNorm(width)
        self.beside = None if self.dense else Beside(inputs)
        self.tied = tied and self.dense and self.tokens.table.shape[0] == output.width
        wide = width + (self.beside.width if self.beside is not None else 0)
        self.output_layer = None if self.tied else nn.Linear(wide, output.width, bias=False)
        if self.output_layer is not None:
            nn.init.zeros_(self.output_layer.weight)  # every code alike at first

    def features(self, batch: Batch) -> Tensor:
        """Return what each place knows, (B, L, W), or what the last real one does, (B, W), as the output asks."""
        tokens_BL = batch.values["token"]
        x = self._begun(tokens_BL)
        allowed = self._window(x.shape[1], 0, x.device)
        for layer in self.layers:
            x, _ = layer(x, allowed=allowed)
        x = self.last_norm(x)
        if self.beside is None:
            return x
        real = tokens_BL != PADDING
        return self.beside(last_real(x, real) * real.any(1, keepdim=True), batch)

    def head(self, features: Tensor) -> Tensor:
        """Return the answer: (B, L, K) or (B, K)."""
        return features @ self.tokens.table.T if self.output_layer is None else self.output_layer(features)

    def attention(self, batch: Batch) -> list[Tensor]:
        """Return each layer's attention weights, (B, H, L, L)."""
        x = self._begun(batch.values["token"])
        allowed = self._window(x.shape[1], 0, x.device)
        weights = []
        for layer in self.layers:
            assert isinstance(layer, TransformerLayer)
            weights.append(layer.weights(x, allowed))
            x, _ = layer(x, allowed=allowed)
        return weights

    def proceed(self, tokens_BL: Tensor, memory: Told | None = None) -> tuple[Tensor, Told]:
        """Return the answers at further places, (B, L, K), and what to keep to go on; nothing is computed twice.

        Args:
            tokens_BL: The codes at these places.
            memory: What was kept at the places before.
        """
        length = 0 if memory is None else memory.length
        codes = tokens_BL if memory is None else torch.cat([memory.codes, tokens_BL], 1)
        x = self._begun(codes)[:, -tokens_BL.shape[1] :]
        kept = 0 if memory is None else memory.layers[0].key.shape[2]
        allowed = self._window(x.shape[1], kept, x.device)
        if allowed is None and kept and x.shape[1] > 1:
            allowed = torch.ones(x.shape[1], kept + x.shape[1], dtype=torch.bool, device=x.device).tril(kept)
        layers = []
        for at, layer in enumerate(self.layers):
            x, seen = layer(x, allowed=allowed, memory=None if memory is None else memory.layers[at], first=length)
            layers.append(Memory(seen.key[:, :, -self.context :], seen.value[:, :, -self.context :]))
        longest = 1 if self.grams is None else self.grams.longest
        told = Told(layers, codes[:, max(0, codes.shape[1] - longest + 1) :], length + tokens_BL.shape[1])
        return self.head(self.last_norm(x)), told

    def _begun(self, tokens_BL: Tensor) -> Tensor:
        x = self.tokens(tokens_BL)
        if self.grams is not None:
            x = x + self.grams(tokens_BL)
        begun: Tensor = self.dropout(self.first_norm(x))
        return begun

    def _window(self, length: int, kept: int, device: torch.device) -> Tensor | None:
        """Return (L, S) true where looking is allowed, ``None`` where plain causal looking says the same."""
        if length + kept <= self.context:
            return None
        seen = torch.ones(length, kept + length, dtype=torch.bool, device=device).tril(kept)
        return seen.triu(kept - self.context + 1)

    def factors(self) -> Mapping[str, Mapping[str, float]]:
        """Return no decay for vectors that are looked up, each of which is seen in few steps only."""
        names = ["tokens.table", *(["grams.tables"] if self.grams is not None else [])]
        return {name: {"weight_decay": 0.0} for name in names}
