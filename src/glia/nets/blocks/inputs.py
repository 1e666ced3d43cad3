"""From the groups of a batch to one row of features, for every network that wants it flat.

Legend: B = rows, F = numbers, C = categories.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from glia.core.errors import UsageError
from glia.core.values import Batch, Spec, Specs
from glia.nets.blocks.categories import UNKNOWN, CategoryEmbedding, OneHot, embedding_width

__all__ = ["Flat", "flat_names", "flat_width", "group", "rows_like"]


class Flat(nn.Module):
    """Numbers, categories and dense features of a batch side by side, (B, width).

    Without options it learns nothing: numbers as they are, categories one-hot, the unknown as zeros.

    Args:
        inputs: The groups that are there; any of them may be missing or of zero width.
        numbers: An embedding of the numbers, (B, F) to (B, F, D).
        one_hot: Columns with more codes than this are embedded; ``None`` embeds none.
        embedding: Length of a category's vector; ``None`` follows the number of codes.

    Raises:
        UsageError: There is nothing to read.

    Example:
        >>> category = Spec(("feature",), (1,), classes=(("a", "b"),))
        >>> inputs = {"number": Spec(("feature",), (2,)), "category": category}
        >>> values = {"number": torch.zeros(1, 2), "category": torch.tensor([[1]])}
        >>> Flat(inputs)(Batch(values, torch.ones(1), torch.arange(1)))
        tensor([[0., 0., 0., 1.]])
    """

    def __init__(
        self,
        inputs: Specs,
        *,
        numbers: nn.Module | None = None,
        one_hot: int | None = None,
        embedding: int | None = None,
    ) -> None:
        super().__init__()
        number, category, dense = (group(inputs, name) for name in ("number", "category", "dense"))
        classes = category.classes or () if category else ()
        large = [one_hot is not None and len(labels) > one_hot for labels in classes]
        few = [labels for labels, above in zip(classes, large) if not above]
        many = [labels for labels, above in zip(classes, large) if above]
        self.numbers = numbers
        self.one_hot = OneHot(few) if few else None
        self.embedding = CategoryEmbedding(many, embedding or embedding_width(many)) if many else None
        for name, wanted in (("few", False), ("many", True)):
            places = [at for at, above in enumerate(large) if above is wanted]
            self.register_buffer(name, torch.tensor(places, dtype=torch.int64), persistent=False)
        self.has_number, self.has_dense = number is not None, dense is not None

        self.chunks: list[int] = []
        """How many flat features each feature of the table became."""
        if number is not None:
            one = 1 if numbers is None else _embedded_width(numbers, number.width)
            self.chunks += [one] * number.width
        if self.one_hot is not None:
            self.chunks += self.one_hot.widths
        if self.embedding is not None:
            self.chunks += [self.embedding.weight.shape[1]] * len(many)
        if dense is not None:
            self.chunks += [1] * dense.width
        self.width = sum(self.chunks)
        if not self.width:
            raise UsageError(
                "no_inputs",
                "a network needs at least one feature, and no column gives any",
                remedy="bring a column that varies and is neither an id nor a constant",
            )

    few: Tensor
    many: Tensor

    def forward(self, batch: Batch) -> Tensor:
        """Return (B, width) float32."""
        parts: list[Tensor] = []
        if self.has_number:
            x_BF = batch.values["number"]
            parts.append(x_BF if self.numbers is None else self.numbers(x_BF).flatten(1))
        if self.one_hot is not None:
            codes_BC = batch.values["category"]
            parts.append(self.one_hot(codes_BC if self.embedding is None else codes_BC[:, self.few]))
        if self.embedding is not None:
            codes_BC = batch.values["category"]
            parts.append(self.embedding(codes_BC if self.one_hot is None else codes_BC[:, self.many]).flatten(1))
        if self.has_dense:
            parts.append(batch.values["dense"])
        return parts[0] if len(parts) == 1 else torch.cat(parts, 1)


def group(inputs: Specs, name: str) -> Spec | None:
    """Return the spec of a group, or nothing where it is missing or has no features."""
    spec = inputs.get(name)
    return spec if spec is not None and spec.width else None


def flat_width(inputs: Specs) -> int:
    """Return how many features a batch has once flat, categories one-hot: the width a foreign module takes.

    Example:
        >>> flat_width({"dense": Spec(("feature",), (3,))})
        3
    """
    return Flat(inputs).width


def flat_names(inputs: Specs) -> tuple[str, ...]:
    """Return what each flat feature is, such as ``"age"`` or ``"sex = male"``.

    Example:
        >>> flat_names({"category": Spec(("feature",), (1,), names=("sex",), classes=(("f", "m"),))})
        ('sex = f', 'sex = m')
    """
    names: list[str] = []
    for name in ("number", "category", "dense"):
        spec = group(inputs, name)
        if spec is None:
            continue
        columns = spec.names or tuple(f"{name} {index}" for index in range(spec.width))
        if spec.classes is None:
            names += columns
        else:
            pairs = zip(columns, spec.classes)
            names += [f"{column} = {label}" for column, labels in pairs for label in labels if label != UNKNOWN]
    return tuple(names)


def rows_like(inputs: Specs, rows: int) -> Batch:
    """Return rows drawn feature by feature from what the specs know of the training rows.

    A first weight that wants to know its data gets to see these: numbers by their quantiles, codes at random,
    dense features between 0 and 1. How features hang together is not in a spec.

    Args:
        inputs: The groups to fill.
        rows: How many rows.
    """
    values: dict[str, Tensor] = {}
    number, category, dense = (group(inputs, name) for name in ("number", "category", "dense"))
    if number is not None:
        edges = number.edges or ((),) * number.width
        values["number"] = torch.stack([_drawn(knots, rows) for knots in edges], 1)
    if category is not None:
        values["category"] = torch.stack([torch.randint(size, (rows,)) for size in category.cardinalities], 1)
    if dense is not None:
        values["dense"] = torch.rand(rows, dense.width)
    if "image" in inputs:
        values["image"] = torch.randint(0, 256, (rows, *(size or 1 for size in inputs["image"].size)))
    return Batch(values, torch.ones(rows), torch.arange(rows))


def _drawn(edges: Sequence[float], rows: int) -> Tensor:
    if len(edges) < 2:
        return torch.randn(rows)
    knots = torch.tensor(edges, dtype=torch.float32)
    place = torch.rand(rows) * (len(edges) - 1)
    left = place.long().clamp_max(len(edges) - 2)
    return torch.lerp(knots[left], knots[left + 1], place - left)


def _embedded_width(numbers: nn.Module, features: int) -> int:
    with torch.no_grad():
        return int(numbers(torch.zeros(1, features)).shape[-1])
