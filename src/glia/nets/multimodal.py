"""Several kinds of columns at once: each understood by its own encoder, then joined."""

from __future__ import annotations

from types import MappingProxyType
from typing import Annotated

import torch
from torch import Tensor, nn

from glia.core.constraints import Range
from glia.core.net import Net
from glia.core.values import Batch, Spec, Specs
from glia.nets.audiocnn import AudioCNN
from glia.nets.blocks.beside import Beside
from glia.nets.blocks.dropout import Dropout
from glia.nets.blocks.places import sequence_of
from glia.nets.cnn import CNN
from glia.nets.gru import GRU
from glia.nets.textcnn import TextCNN

__all__ = ["Multimodal"]


class Multimodal(Net):
    """An encoder for each text, series, sound and picture of a row; what they understood meets in a perceptron.

    Texts are read by filters over words, series by gated recurrent units, sounds and pictures by convolutions;
    numbers and categories come in as they are. Each encoder's features are normalized, so that none speaks louder
    because it has more of them, and in training one may be silenced, so that the others learn to answer without it
    (Neverova et al. 2016).

    Args:
        inputs: The groups; at least one of a text, a series, a sound or a picture.
        output: The answer's spec, one answer a row.
        width: Features of each encoder, and neurons of the perceptron.
        silence: How often training silences an encoder.
        dropout: Share dropped in training.

    Example:
        >>> text = Spec(("time",), (None,), "int32", classes=(("(padding)", "(unknown)", "a", "b"),))
        >>> inputs = {"token": text, "number": Spec(("feature",), (2,)), "series": Spec(("time", "variable"), (4, 1))}
        >>> net = Multimodal(inputs, Spec(("class",), (3,)), width=8)
        >>> values = {"token": torch.tensor([[2]]), "number": torch.zeros(1, 2), "series": torch.zeros(1, 4, 1)}
        >>> net(Batch(values, torch.ones(1), torch.arange(1))).shape
        torch.Size([1, 3])
    """

    takes = frozenset({"token", "series", "audio", "image", "number", "category", "dense"})
    suits = MappingProxyType({"lr": 1e-3, "batch_size": 64, "schedule": "linear", "epochs": 20})

    def __init__(
        self,
        inputs: Specs,
        output: Spec,
        *,
        width: Annotated[int, Range(1)] = 128,
        silence: Annotated[float, Range(0, 0.95)] = 0.1,
        dropout: Annotated[float, Range(0, 0.95)] = 0.2,
    ) -> None:
        super().__init__(inputs, output)
        kinds = ("token", "series", "audio", "image")
        sequence_of(inputs, kinds)
        features = Spec(("feature",), (width,))
        self.encoders = nn.ModuleDict()
        for kind in kinds:
            if kind in inputs:
                self.encoders[kind] = _encoder(kind, {kind: inputs[kind]}, features, dropout)
        self.norms = nn.ModuleDict({kind: nn.LayerNorm(width) for kind in self.encoders})
        self.silence = silence
        self.beside = Beside(inputs)
        self.join = nn.Linear(width * len(self.encoders) + self.beside.width, width)
        self.dropout = Dropout(dropout)
        self.output_layer = nn.Linear(width, output.width)

    def features(self, batch: Batch) -> Tensor:
        """Return what was understood of all columns together, (B, width)."""
        parts = []
        for kind, encoder in self.encoders.items():
            part = self.norms[kind](encoder(batch))
            if self.training and self.silence and len(self.encoders) + bool(self.beside.width) > 1:
                part = part * (torch.rand(part.shape[0], 1, device=part.device) >= self.silence)
            parts.append(part)
        joined = self.join(self.beside(torch.cat(parts, 1), batch))
        return self.dropout(torch.relu(joined))

    def head(self, features: Tensor) -> Tensor:
        """Return the answer, (B, K)."""
        return self.output_layer(features)


def _encoder(kind: str, inputs: Specs, features: Spec, dropout: float) -> nn.Module:
    if kind == "token":
        return TextCNN(inputs, features, dropout=dropout)
    if kind == "series":
        return GRU(inputs, features, dropout=dropout)
    if kind == "audio":
        return AudioCNN(inputs, features, dropout=dropout)
    return CNN(inputs, features)
