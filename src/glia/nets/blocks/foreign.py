"""A person's own module among the networks: it is given plain rows of numbers, or plain pictures."""

from __future__ import annotations

from copy import deepcopy

from torch import Tensor, nn

from glia.core.errors import UsageError
from glia.core.values import Batch, Specs
from glia.nets.blocks.inputs import Flat, group
from glia.nets.blocks.pixels import Pixels

__all__ = ["MODULE", "Foreign", "ending", "from_chance"]

MODULE = "module"
"""What ``net.start`` says where the weights to begin with are those of the module itself."""


class Foreign(nn.Module):
    """Hand a module the encoded rows as one (B, F) float tensor, and keep it plain inside.

    Where there are pictures it is given those, (B, C, H, W) floats normalized with the training rows' statistics, and
    the columns of a table beside them, if any, as a second argument.

    Args:
        module: Takes (B, F), gives (B, width of the answer) or (B, M, width) for an ensemble.
        inputs: The groups that are laid side by side: numbers, one-hot codes, dense features.

    Example:
        >>> import torch
        >>> from glia.core.values import Spec
        >>> net = Foreign(nn.Linear(2, 1), {"number": Spec(("feature",), (2,))})
        >>> net(Batch({"number": torch.zeros(3, 2)}, torch.ones(3), torch.arange(3))).shape
        torch.Size([3, 1])
    """

    def __init__(self, module: nn.Module, inputs: Specs) -> None:
        super().__init__()
        self.module = module
        self.pixels = Pixels(inputs["image"]) if "image" in inputs else None
        table = any(group(inputs, name) is not None for name in ("number", "category", "dense"))
        self.flat = Flat(inputs) if table or self.pixels is None else None

    @property
    def takes(self) -> str:
        """What the module is given, in words."""
        table = [] if self.flat is None else [f"(B, {self.flat.width})"]
        if self.pixels is None:
            return table[0]
        return " and ".join([f"(B, {self.pixels.channels}, {self.pixels.height}, {self.pixels.width})", *table])

    @property
    def has(self) -> str:
        """The same as the end of a sentence."""
        return (
            f"have {self.flat.width} features" if self.pixels is None and self.flat else f"are pictures: {self.takes}"
        )

    def forward(self, batch: Batch) -> Tensor:
        """Return the module's answer."""
        given = [] if self.pixels is None else [self.pixels(batch)]
        answer: Tensor = self.module(*given, *([] if self.flat is None else [self.flat(batch)]))
        return answer

    def in_head(self, name: str) -> bool:
        """Return whether a parameter belongs to the last linear layer, which answers."""
        return name.startswith(f"module.{_last(self.module)}.".replace("..", "."))


def ending(module: nn.Module, width: int) -> None:
    """Give a module a new last linear layer where its own has another width than is asked.

    Args:
        module: The module, in place.
        width: Width of the answer.

    Raises:
        UsageError: It has no linear layer that could be replaced.

    Example:
        >>> net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1000))
        >>> ending(net, 3)
        >>> net[2]
        Linear(in_features=8, out_features=3, bias=True)
    """
    name = _last(module)
    if name is None or (not name and isinstance(module, nn.Linear) and module.out_features != width):
        raise UsageError(
            "module_unfit",
            "the module has no linear layer that could be replaced by a new one for this answer",
            remedy=f"give a module that ends with nn.Linear(..., {width})",
        )
    old = module.get_submodule(name)
    assert isinstance(old, nn.Linear)
    if old.out_features != width:
        new = nn.Linear(old.in_features, width, old.bias is not None).to(old.weight.device, old.weight.dtype)
        setattr(module.get_submodule(name.rpartition(".")[0]), name.rpartition(".")[2], new)


def from_chance(module: nn.Module) -> nn.Module | None:
    """Return a copy that has learned nothing; nothing where some weights cannot be drawn anew.

    Args:
        module: The module, which stays as it is.
    """
    fresh, drawn = deepcopy(module), set[int]()
    for layer in fresh.modules():
        reset = getattr(layer, "reset_parameters", None)
        if callable(reset):
            reset()
            drawn |= {id(one) for one in layer.parameters(recurse=False)}
            drawn |= {id(one) for one in layer.parameters()} if isinstance(layer, nn.MultiheadAttention) else set()
    return fresh if all(id(one) in drawn for one in fresh.parameters()) else None


def _last(module: nn.Module) -> str | None:
    """Return the name of the last linear layer."""
    names = [name for name, layer in module.named_modules() if isinstance(layer, nn.Linear)]
    return names[-1] if names else None
