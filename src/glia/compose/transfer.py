"""Beginning with what another network has learned, instead of with chance."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import safetensors.torch
import torch
from torch import Tensor, nn

from glia.bundle.layout import weights_file
from glia.bundle.reader import read
from glia.core.errors import UsageError
from glia.core.recipe import Recipe
from glia.reparams.lora import Lora

__all__ = ["Tune", "begun", "folded", "learned", "resembling"]

Tune = Literal["all", "head", "thaw", "lora"]

_SLOWEST = 0.1  # the factor on the learning rate of the layers nearest to the input


def resembling(recipe: Recipe) -> Recipe:
    """Return the recipe with the network that the weights to begin with were learned for, where none is named.

    Raises:
        BundleError: The bundle is damaged.
        UsageError: The bundle holds its owner's own module.
    """
    if recipe.net.start is None or recipe.net.name != "auto":
        return recipe
    net = read(recipe.net.start).documents["config"]["net"]
    if net["foreign"]:
        raise UsageError(
            "foreign_start",
            f"{recipe.net.start} was fitted with its owner's module, whose code is not in it",
            remedy="give the module itself, with its weights: glia.fit(..., net=module)",
        )
    return recipe.with_(net={"name": net["name"], "options": {**net["options"], **recipe.net.options}})


def learned(start: str) -> dict[str, Tensor]:
    """Return the weights of a bundle, after checking that every byte is as it was written."""
    weights: dict[str, Tensor] = safetensors.torch.load((Path(read(start).folder) / weights_file("net")).read_bytes())
    return weights


def begun(net: nn.Module, start: str, tune: Tune) -> str:
    """Put learned weights into a network wherever name and shape agree, and say how they will be trained on.

    Args:
        net: The network, changed in place.
        start: The bundle.
        tune: ``"all"`` trains every weight alike; ``"head"`` only those that were not taken over; ``"thaw"`` trains
            layers the more slowly the nearer they are to the input, and lets them go one after the other (Howard &
            Ruder 2018); ``"lora"`` trains a correction of low rank of each large weight (Hu et al. 2021).

    Returns:
        What was done, in one sentence.

    Raises:
        UsageError: Nothing fits.
    """
    state, own = learned(start), net.state_dict()
    fitting = {name: value for name, value in state.items() if name in own and own[name].shape == value.shape}
    parameters = dict(net.named_parameters())
    taken = [name for name in parameters if name in fitting]
    if not any(not _in_head(name) for name in taken):
        raise UsageError(
            "start_unfit",
            f"no weight of {start} has the name and shape of one of this network's",
            remedy="leave out --net, so that the network of the bundle is taken",
        )
    net.load_state_dict({**own, **fitting})
    if tune == "head":
        for name in taken:
            # The head is trained anew, even where it has the same classes.
            parameters[name].requires_grad_(_in_head(name))
    elif tune == "thaw":
        for place, name in enumerate(taken):
            below = 1 - place / max(len(taken) - 1, 1)  # 1 at the input, 0 at the head
            parameters[name].pace = _SLOWEST**below  # type: ignore[attr-defined]
            parameters[name].thaw = 0.3 * below  # type: ignore[attr-defined]
    elif tune == "lora":
        Lora().put_on(net)
    count, every = sum(parameters[name].numel() for name in taken), sum(p.numel() for p in parameters.values())
    share = f"{len(taken)} of {len(parameters)} tensors ({count / every:.0%} of the weights)"
    return f"{share} come from {start}; {_SAID[tune]}"


def _in_head(name: str) -> bool:
    return name.startswith(("output", "head"))


_SAID = {
    "all": "all weights are trained on alike",
    "head": "they stay as they are, and only the rest is trained",
    "thaw": "they are trained on more slowly, the more so the nearer to the input, and are let go one after the other",
    "lora": "they stay as they are, and a correction of low rank is trained",
}


def folded(net: nn.Module) -> nn.Module:
    """Return the network as it will be kept: corrections added to the weights, every weight free again."""
    Lora().fold(net)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.requires_grad_(True)
    return net
