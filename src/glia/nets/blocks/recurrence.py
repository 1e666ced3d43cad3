"""Recurrent layers, forward and backward, that padding does not reach; and the networks made of them.

Legend: B = rows, L = places, D = width of a place.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from glia.core.constraints import Range
from glia.core.net import Net
from glia.core.values import Batch, Spec, Specs
from glia.nets.blocks.ending import Ending
from glia.nets.blocks.places import Places, forward_only
from glia.nets.blocks.pooling import Pooling

__all__ = ["Cell", "Recurrence", "RecurrentNet", "backward_places"]

Cell = Literal["rnn", "lstm", "gru"]
_KINDS: dict[str, Callable[..., nn.RNNBase]] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


def backward_places(real_BL: Tensor) -> Tensor:
    """Return, place by place, which place to read so that real ones come backward and padding stays, (B, L).

    Example:
        >>> backward_places(torch.tensor([[True, True, True, False]])).tolist()
        [[2, 1, 0, 3]]
    """
    places = torch.arange(real_BL.shape[1], device=real_BL.device)
    mirrored = real_BL.sum(1, keepdim=True) - 1 - places
    return torch.where(mirrored >= 0, mirrored, places)


class Recurrence(nn.Module):
    """Layers of a recurrent network by PyTorch's fused kernels.

    Backward layers read each row from its own last real place, so padding, which stands behind, reaches no answer.
    Recurrent weights begin orthogonal (Saxe et al. 2014) and an LSTM begins by keeping what it knows, with a bias of
    one on its forget gates (Jozefowicz et al. 2015).

    Args:
        cell: Which cell.
        inputs: Width of a place that comes in.
        width: Width of a direction's state.
        depth: Layers.
        both: Whether a second direction reads backward.
        dropout: Share dropped between layers in training.
        span: How many places back it should remember from the first step on; gates begin spread over all spans up to
            this one (Tallec & Ollivier 2018). 1 leaves it at a bias of one.

    Example:
        >>> layers = Recurrence("gru", 4, 8, both=True)
        >>> layers(torch.zeros(2, 5, 4))[0].shape
        torch.Size([2, 5, 16])
    """

    def __init__(
        self,
        cell: Cell,
        inputs: int,
        width: int,
        *,
        depth: int = 1,
        both: bool = False,
        dropout: float = 0.0,
        span: int = 1,
    ) -> None:
        super().__init__()
        self.width = width * (2 if both else 1)
        sizes = [inputs, *[self.width] * (depth - 1)]
        self.forward_layers = nn.ModuleList(_begun(cell, size, width, span) for size in sizes)
        self.backward_layers = nn.ModuleList(_begun(cell, size, width, span) for size in sizes if both)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, x_BLD: Tensor, real_BL: Tensor | None = None, memory: list[Any] | None = None
    ) -> tuple[Tensor, list[Any]]:
        """Return what every place knows, (B, L, width), and the last states of the forward layers.

        Args:
            x_BLD: The places.
            real_BL: Which places are real; padding stands behind.
            memory: States to go on from.
        """
        states: list[Any] = []
        index = None if real_BL is None or not len(self.backward_layers) else backward_places(real_BL)
        for at, layer in enumerate(self.forward_layers):
            if at:
                x_BLD = self.dropout(x_BLD)
            out, state = layer(x_BLD, None if memory is None else memory[at])
            states.append(state)
            if len(self.backward_layers):
                back, _ = self.backward_layers[at](_turned(x_BLD, index))
                out = torch.cat([out, _turned(back, index)], 2)
            x_BLD = out
        return x_BLD, states


def _turned(x_BLD: Tensor, index_BL: Tensor | None) -> Tensor:
    if index_BL is None:
        return x_BLD.flip(1)
    return x_BLD.gather(1, index_BL[:, :, None].expand(-1, -1, x_BLD.shape[2]))


def _begun(cell: Cell, inputs: int, width: int, span: int) -> nn.RNNBase:
    layer = _KINDS[cell](inputs, width, batch_first=True)
    with torch.no_grad():
        for name, weight in layer.named_parameters():
            if name.startswith("weight_hh"):
                for gate in weight.split(width):
                    nn.init.orthogonal_(gate)
            elif name.startswith("weight_ih"):
                for gate in weight.split(width):
                    nn.init.xavier_uniform_(gate)
            else:
                weight.zero_()
        if cell == "rnn":
            return layer
        bias = layer.get_parameter("bias_ih_l0")
        keep = bias[width : 2 * width]  # gates come as input, forget, cell, output, or as reset, update, new
        if span > 2:
            keep.uniform_(1, span - 1).log_()
            if cell == "lstm":
                bias[:width] = -keep
        elif cell == "lstm":
            keep.fill_(1.0)
    return layer


class RecurrentNet(Net):
    """What plain recurrent networks, LSTMs and GRUs have in common; only the cell differs.

    Args:
        inputs: The groups it reads: a text, a series or a sound, and what a table has beside.
        output: The answer's spec; an answer a row, an answer a place, or steps ahead.
        width: Width of a direction's state.
        depth: Layers.
        both: Whether a second direction reads backward; never where the next code is asked for.
        embedding: Length of a word's vector, or width of a step's.
        pool: How places become one row of features; ``"last"`` is all the state remembers.
        span: How many places back gates reach from the first step on; 1 leaves them at their usual beginning, 0 is
            the length of a series and 1 for texts.
        forget: Share of the words that training shows as unknown.
        dropout: Share of values dropped in training: of embeddings, between layers, and of features.
    """

    cell: ClassVar[Cell]
    takes = frozenset({"token", "series", "audio", "future", "number", "category", "dense"})
    suits = MappingProxyType({"lr": 2e-3, "batch_size": 64, "schedule": "linear", "epochs": 10})

    def __init__(
        self,
        inputs: Specs,
        output: Spec,
        *,
        width: Annotated[int, Range(1)] = 128,
        depth: Annotated[int, Range(1)] = 1,
        both: bool = True,
        embedding: Annotated[int, Range(1)] = 128,
        pool: Pooling = "max",
        span: Annotated[int, Range(0)] = 0,
        forget: Annotated[float, Range(0, 0.95)] = 0.0,
        dropout: Annotated[float, Range(0, 0.95)] = 0.2,
    ) -> None:
        super().__init__(inputs, output)
        both = both and not forward_only(output)
        self.places = Places(inputs, output, embedding, forget=forget, dropout=dropout)
        span = span or (int(inputs["series"].size[0] or 1) if self.places.kind == "series" else 1)
        self.recurrence = Recurrence(self.cell, embedding, width, depth=depth, both=both, dropout=dropout, span=span)
        self.output_layer = Ending(self.recurrence.width, inputs, output, pool, dropout)

    def features(self, batch: Batch) -> Tensor:
        """Return what was remembered: (B, D), or (B, L, D) where every place is asked."""
        seen = self.places(batch)
        x, _ = self.recurrence(seen.x, seen.real)
        return self.output_layer.features(seen._replace(x=x), batch)

    def head(self, features: Tensor) -> Tensor:
        """Return the answer: (B, K), (B, L, K), or steps ahead."""
        return self.output_layer(features)

    def proceed(self, tokens_BL: Tensor, memory: Any = None) -> tuple[Tensor, Any]:
        """Return the answers at further places, (B, L, K), and the states to go on from."""
        assert self.places.tokens is not None
        x, states = self.recurrence(self.places.tokens(tokens_BL), None, memory)
        return self.output_layer(x), states
