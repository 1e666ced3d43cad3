"""The convolutional network for sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from glia.core.constraints import Range
from glia.core.net import Net
from glia.core.values import Batch, Spec, Specs
from glia.nets.blocks.ending import Ending
from glia.nets.blocks.places import Places, dense, forward_only

__all__ = ["TextCNN"]


class TextCNN(Net):
    """Filters over three, four and five words in a row, the strongest response of each (Kim 2014).

    A filter also sees the two ends of a text, where it stands over words and nothing (wide convolution). Where every
    place is asked, the responses at each place answer.

    Args:
        inputs: The groups it reads: a text, a series or a sound, and what a table has beside.
        output: The answer's spec.
        embedding: Length of a word's vector.
        filters: Filters of each length.
        shortest: Words under the shortest filters.
        lengths: How many lengths there are, each one word longer.
        forget: Share of the words that training shows as unknown.
        embedding_dropout: Share of the values of word vectors dropped in training.
        dropout: Share of the responses dropped in training.

    Example:
        >>> text = Spec(("time",), (None,), "int32", classes=(("(padding)", "(unknown)", "a", "b"),))
        >>> net = TextCNN({"token": text}, Spec(("class",), (2,)), filters=5)
        >>> net(Batch({"token": torch.tensor([[2], [0]])}, torch.ones(2), torch.arange(2))).shape
        torch.Size([2, 2])
    """

    takes = frozenset({"token", "series", "audio", "future", "number", "category", "dense"})
    suits = MappingProxyType({"lr": 1e-3, "batch_size": 64, "schedule": "linear", "epochs": 6})

    def __init__(
        self,
        inputs: Specs,
        output: Spec,
        *,
        embedding: Annotated[int, Range(1)] = 128,
        filters: Annotated[int, Range(1)] = 100,
        shortest: Annotated[int, Range(1, 16)] = 3,
        lengths: Annotated[int, Range(1, 8)] = 3,
        forget: Annotated[float, Range(0, 0.95)] = 0.0,
        embedding_dropout: Annotated[float, Range(0, 0.95)] = 0.2,
        dropout: Annotated[float, Range(0, 0.95)] = 0.5,
    ) -> None:
        super().__init__(inputs, output)
        self.places = Places(inputs, output, embedding, forget=forget, dropout=embedding_dropout)
        self.lengths = tuple(range(shortest, shortest + lengths))
        self.dense, self.causal = dense(output), forward_only(output)
        self.filters = nn.ModuleList(nn.Conv1d(embedding, filters, length) for length in self.lengths)
        self.output_layer = Ending(filters * lengths, inputs, output, "max", dropout)

    def features(self, batch: Batch) -> Tensor:
        """Return the strongest responses, (B, D), or those of every place, (B, L, D)."""
        seen = self.places(batch)
        x_BDL = seen.x.transpose(1, 2)
        responses = [self._response(x_BDL, seen.real, length, filters) for length, filters in self._pairs()]
        longest = max(one.shape[2] for one in responses)
        x_BLD = torch.cat([F.pad(one, (0, longest - one.shape[2])) for one in responses], 1).transpose(1, 2)
        # Responses are not negative, so zeros change no maximum and no mask is needed any more.
        return self.output_layer.features(seen._replace(x=x_BLD, real=seen.real if self.dense else None), batch)

    def _pairs(self) -> Iterator[tuple[int, nn.Module]]:
        return zip(self.lengths, self.filters)

    def _response(self, x_BDL: Tensor, real_BL: Tensor | None, length: int, filters: nn.Module) -> Tensor:
        """Return how strongly filters of one length respond, (B, F, places)."""
        if self.dense:
            behind = length - 1 if self.causal else (length - 1) // 2
            return F.relu(filters(F.pad(x_BDL, (behind, length - 1 - behind))))
        response = F.relu(filters(F.pad(x_BDL, (length - 1, length - 1))))
        if real_BL is None:
            return response
        # Where a filter stands over padding alone it has nothing to say.
        return response * F.pad(real_BL, (length - 1, 0), value=True)[:, None]

    def head(self, features: Tensor) -> Tensor:
        """Return the answer: (B, K), (B, L, K), or steps ahead."""
        return self.output_layer(features)

    def factors(self) -> Mapping[str, Mapping[str, float]]:
        """Return no decay for the vectors of words, each of which is seen in few steps only."""
        return {} if self.places.tokens is None else {"places.tokens.table": {"weight_decay": 0.0}}
