"""From a text, a series or a sound to places, for networks that read any of them.

Legend: B = rows, L = places, V = variables, M = mel bands, D = width of a place.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from glia.core.errors import UsageError
from glia.core.values import Batch, Spec, Specs
from glia.nets.blocks.horizon import Standard, forecasts, places_of
from glia.nets.blocks.reversible import Reversible
from glia.nets.blocks.tokens import PADDING, Tokens

__all__ = ["Places", "Seen", "dense", "forward_only", "sequence_of"]

KINDS = ("token", "series", "audio")


def sequence_of(inputs: Specs, kinds: tuple[str, ...] = KINDS) -> str:
    """Return the group that a network for sequences reads.

    Raises:
        UsageError: There is none.

    Example:
        >>> sequence_of({"series": Spec(("time", "variable"), (4, 1))})
        'series'
    """
    for kind in kinds:
        if kind in inputs:
            return kind
    words = {"token": "a text", "series": "a series", "audio": "a sound", "image": "a picture"}
    raise UsageError(
        "no_sequence",
        f"this network reads {' or '.join(words[kind] for kind in kinds)}, and no column gives one",
        remedy="choose a network that reads what there is: glia list nets",
    )


def dense(output: Spec) -> bool:
    """Return whether every place is asked for an answer.

    Example:
        >>> dense(Spec(("time", "class"), (None, 5))), dense(Spec(("time", "variable"), (24, 1)))
        (True, False)
    """
    return output.axes[0] == "time" and output.axes[1] != "variable"


def forward_only(output: Spec) -> bool:
    """Return whether a place may not look ahead, because what comes next is what is asked for."""
    return dense(output) and output.axes[1] == "next"


class Seen(NamedTuple):
    """What a network for sequences begins with.

    Args:
        x: The places, (B, L, D).
        real: Which of them are real, (B, L); ``None`` where every place is.
        frame: Level and spread of each window in the variables asked for, (B, 2V); ``None`` unless forecasting.
    """

    x: Tensor
    real: Tensor | None = None
    frame: Tensor | None = None


class Places(nn.Module):
    """A text embedded, or a series or a sound mapped place by place, (B, L, D), and which places are real.

    Args:
        inputs: The groups.
        output: What is asked for; windows to forecast from are scaled by themselves.
        width: Width of a place.
        forget: Share of the words that training shows as unknown.
        dropout: Share of the values dropped in training.

    Example:
        >>> places = Places({"series": Spec(("time", "variable"), (4, 2))}, Spec(("class",), (2,)), 8)
        >>> x, real, frame = places(Batch({"series": torch.zeros(3, 4, 2)}, torch.ones(3), torch.arange(3)))
        >>> x.shape, real, frame
        (torch.Size([3, 4, 8]), None, None)
    """

    def __init__(self, inputs: Specs, output: Spec, width: int, *, forget: float = 0.0, dropout: float = 0.0) -> None:
        super().__init__()
        self.kind = sequence_of(inputs)
        spec = inputs[self.kind]
        self.tokens: Tokens | None = None
        self.standard: Standard | None = None
        self.line: nn.Linear | None = None
        if self.kind == "token":
            self.tokens = Tokens(spec, width, forget=forget, dropout=dropout)
        else:
            bands = spec.width if self.kind == "series" else int(spec.size[0] or 0)
            self.standard = Standard(_last_axis(spec, bands))
            self.line = nn.Linear(bands, width)
        ahead = forecasts(output)
        self.reversible = Reversible("mean") if ahead else None
        self.asked = places_of(spec, output) if ahead else []

    def forward(self, batch: Batch) -> Seen:
        """Return the places, which are real, and the frame to put a forecast back into."""
        if self.tokens is not None:
            codes = batch.values["token"]
            return Seen(self.tokens(codes), codes != PADDING)
        scaled, frame = self.scaled(batch), None
        if self.reversible is not None:
            scaled, level, spread = self.reversible(scaled)
            frame = torch.cat([level[:, self.asked], spread[:, self.asked]], 1)
        return Seen(self.mapped(scaled), batch.present.get(self.kind), frame)

    def scaled(self, batch: Batch) -> Tensor:
        """Return a series or a sound in standard deviations of the training rows, (B, L, V or M)."""
        assert self.standard is not None
        values = batch.values[self.kind]
        return self.standard(values if self.kind == "series" else values.transpose(1, 2))

    def mapped(self, scaled_BLV: Tensor) -> Tensor:
        """Return the places of values already scaled, (B, L, D)."""
        assert self.line is not None
        mapped: Tensor = self.line(scaled_BLV)
        return mapped


def _last_axis(spec: Spec, width: int) -> Spec:
    return Spec(("time", "band"), (None, width), center=spec.center, spread=spec.spread)
