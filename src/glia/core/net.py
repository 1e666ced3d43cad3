"""The contract of a network: specs in, tensors out, features and head apart."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from torch import Tensor, nn

if TYPE_CHECKING:
    from glia.core.values import Batch, Spec, Specs

__all__ = ["Net"]


class Net(nn.Module):
    """A network that someone can freeze, probe, distil or explain without knowing its insides.

    Subclasses take ``(inputs, output, *, option=...)``; every option is keyword-only, annotated and bounded.

    Args:
        inputs: The groups it reads.
        output: The answer's spec; its ``width`` is the number of logits or targets.
    """

    takes: ClassVar[frozenset[str]] = frozenset({"number", "category", "dense"})
    suits: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    """Settings that suit it better than the general ones: ``optimizer``, ``optimizer_options``, ``lr``,
    ``weight_decay``, ``batch_size``, ``schedule``, ``schedule_options``, ``clip_norm``, ``average``, ``epochs`` (the
    most that help), ``patience``, ``options`` (its own), ``augment``; ``tune``: what of these differs for weights begun
    with, by the way they are trained on."""

    primes: ClassVar[int] = 2048
    """How many training rows :meth:`prime` wants to see, drawn by chance and in their order."""

    def __init__(self, inputs: Specs, output: Spec) -> None:
        super().__init__()
        self.inputs = dict(inputs)
        self.output = output

    @abstractmethod
    def features(self, batch: Batch) -> Tensor:
        """Return what the network has understood: (B, D), or (B, M, D) for an ensemble of M members."""

    @abstractmethod
    def head(self, features: Tensor) -> Tensor:
        """Return the answer: (B, width), or (B, M, width) for an ensemble."""

    def forward(self, batch: Batch) -> Tensor:
        """Return ``head(features(batch))``."""
        return self.head(self.features(batch))

    def prime(self, batch: Batch) -> None:
        """Look at some training rows once before the first step, as a layer that whitens its input must."""

    def settled(self, batch: Batch) -> Tensor | None:  # noqa: ARG002 - most networks have no such part
        """Return what layers that stay as they are make of rows, (B, ...); ``None`` where nothing does.

        It is computed once, and comes back with every batch as the group ``"settled"``.
        """
        return None

    def factors(self) -> Mapping[str, Mapping[str, float]]:
        """Return factors on the knobs ``lr`` and ``weight_decay`` by name of the parameter that wants its own."""
        return {}
