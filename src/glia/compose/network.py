"""The network of a job: one of the shelf, or a person's own, with the weights that it begins with."""

from __future__ import annotations

import torch
from torch import nn

from glia.compose.choices import Choices
from glia.compose.prepared import Prepared
from glia.compose.transfer import begun
from glia.core.errors import UsageError
from glia.core.net import Net
from glia.core.values import Batch, Role, seeded
from glia.nets import nets as shelf
from glia.nets.blocks.foreign import Foreign

__all__ = ["network"]


def network(
    prepared: Prepared, choices: Choices, role: Role, rows: Batch, *, module: nn.Module | None = None, seed: int = 0
) -> nn.Module:
    """Return a network that has not trained on these rows yet.

    Args:
        prepared: The rows, where a network's look at some of them is kept for the next build.
        choices: Every decision.
        role: What goes into the network, and what comes out.
        rows: The training rows.
        module: A network of the person's own, instead of one from the shelf.
        seed: The seed of what is drawn by chance.

    Raises:
        UsageError: The module does not take the rows, or gives something else.
    """
    net: nn.Module = _own(module, role, rows) if module is not None else _from_shelf(choices, role)
    if choices.start is not None:
        begun(net, choices.start, choices.tune)
    elif isinstance(net, Net):
        _prime(net, prepared, choices, rows, seed)
    return net


def _from_shelf(choices: Choices, role: Role) -> Net:
    net: Net = shelf.get(choices.net)(role.inputs, role.output, **choices.net_options)
    return net


def _own(module: nn.Module, role: Role, rows: Batch) -> Foreign:
    """Return a person's module, wrapped, after trying that it takes the rows and gives answers of the right width."""
    net = Foreign(module, role.inputs)
    gives = role.output.width
    try:
        # Not inference mode: lazy layers get their weights here, and those must be trainable.
        with torch.no_grad():
            shape = tuple(net.eval()(rows.take(slice(0, 2))).shape)
    except (RuntimeError, TypeError, ValueError, IndexError) as error:
        first = str(error).splitlines()[0]
        raise UsageError(
            "module_shape",
            f"the module cannot take the encoded rows, which {net.has} ({first})",
            remedy=f"give a module from {net.takes} to (B, {gives})",
        ) from None
    if shape[-1] != gives or len(shape) not in (2, 3):
        raise UsageError(
            "module_shape",
            f"the module answers two rows with a tensor of shape {shape}",
            remedy=f"give a module from {net.takes} to (B, {gives})",
        )
    net.train()
    return net


def _prime(net: Net, prepared: Prepared, choices: Choices, rows: Batch, seed: int) -> None:
    """Let a network look at some rows; the same network is built several times, and looks at them once."""
    key = (choices.net, repr(sorted(choices.net_options.items())), seed)
    if key not in prepared.primed:
        net.prime(_some(rows, net.primes, seed))
        prepared.primed[key] = {name: value.clone() for name, value in net.state_dict().items()}
    net.load_state_dict(prepared.primed[key])


def _some(rows: Batch, most: int, seed: int) -> Batch:
    """Return rows drawn by chance, in their order, for networks that look at some before they start."""
    drawn = torch.randperm(len(rows), generator=seeded(seed, "prime"))
    return rows.take(drawn[:most].sort().values)
