"""Beginning with what another network has learned, instead of with chance."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import safetensors.torch
import torch
from torch import Tensor, nn

from glia.bundle.layout import weights_file
from glia.bundle.reader import read
from glia.compose.pretrained import PREFIX, opened
from glia.core.errors import UsageError
from glia.core.recipe import Recipe
from glia.core.values import derived
from glia.nets.blocks.foreign import MODULE, Foreign, ending
from glia.reparams.lora import Lora

if TYPE_CHECKING:
    from glia.compose.choices import Choices
    from glia.compose.prepared import Prepared

__all__ = ["Tune", "begun", "fitted", "folded", "learned", "resembling"]

Tune = Literal["all", "head", "thaw", "lora"]

_SLOWEST = 0.1  # the factor on the learning rate of the layers nearest to the input


def resembling(recipe: Recipe) -> Recipe:
    """Return the recipe with the network that the weights to begin with were learned for, where none is named.

    Raises:
        BundleError: The bundle is damaged.
        UsageError: The bundle holds its owner's own module, or there is no such network.
    """
    if recipe.net.start in (None, MODULE) or recipe.net.name != "auto":
        return recipe
    assert recipe.net.start is not None
    if recipe.net.start.startswith(PREFIX):
        return recipe.with_(net={"name": "hf", "options": {**opened(recipe.net.start).options(), **recipe.net.options}})
    net = read(recipe.net.start).documents["config"]["net"]
    if net["foreign"]:
        raise UsageError(
            "foreign_start",
            f"{recipe.net.start} was fitted with its owner's module, whose code is not in it",
            remedy="give the module itself, with its weights: glia.fit(..., net=module)",
        )
    return recipe.with_(net={"name": net["name"], "options": {**net["options"], **recipe.net.options}})


def learned(start: str) -> dict[str, Tensor]:
    """Return the weights of a bundle, after checking that every byte is as it was written, or of ``hf:NAME``."""
    if start.startswith(PREFIX):
        return opened(start).weights()
    weights: dict[str, Tensor] = safetensors.torch.load((Path(read(start).folder) / weights_file("net")).read_bytes())
    return weights


def begun(net: nn.Module, start: str, tune: Tune) -> str:
    """Put learned weights into a network wherever name and shape agree, and say how they will be trained on.

    Args:
        net: The network, changed in place.
        start: The bundle, ``hf:NAME``, or ``module`` where the weights are a person's module's own.
        tune: ``"all"`` trains every weight alike; ``"head"`` only those that were not taken over; ``"thaw"`` trains
            layers the more slowly the nearer they are to the input, and lets them go one after the other (Howard &
            Ruder 2018); ``"lora"`` trains a correction of low rank of each large weight (Hu et al. 2021).

    Returns:
        What was done, in one sentence.

    Raises:
        UsageError: Nothing fits.
    """
    if isinstance(net, Foreign):
        return f"all weights are the module's own; {_told(net, [*dict(net.named_parameters())], tune, net.in_head)}"
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
    said = _told(net, taken, tune, _in_head)
    count, every = sum(parameters[name].numel() for name in taken), sum(p.numel() for p in parameters.values())
    share = f"{len(taken)} of {len(parameters)} tensors ({count / every:.0%} of the weights)"
    return f"{share} come from {start}; {said}"


def _told(net: nn.Module, taken: list[str], tune: Tune, in_head: Callable[[str], bool]) -> str:
    """Tell weights how they will be trained on, and say so."""
    parameters = dict(net.named_parameters())
    if tune == "head":
        for name in taken:
            # The head is trained anew, even where it has the same classes.
            parameters[name].requires_grad_(in_head(name))
    elif tune == "thaw":
        for place, name in enumerate(taken):
            below = 1 - place / max(len(taken) - 1, 1)  # 1 at the input, 0 at the head
            parameters[name].pace = _SLOWEST**below  # type: ignore[attr-defined]
            parameters[name].thaw = 0.3 * below  # type: ignore[attr-defined]
    elif tune == "lora":
        for layer in net.modules():  # vectors of words are most of a language model, and no map between spaces
            if isinstance(layer, nn.Embedding) and any(layer.weight is parameters[name] for name in taken):
                layer.weight.requires_grad_(False)
        Lora().put_on(net)
    net.train()  # a network may want to know which layers rest
    return _SAID[tune]


def _in_head(name: str) -> bool:
    return name.startswith(("output", "head"))


_SAID = {
    "all": "all weights are trained on alike",
    "head": "they stay as they are, and only the rest is trained",
    "thaw": "they are trained on more slowly, the more so the nearer to the input, and are let go one after the other",
    "lora": "they stay as they are, and a correction of low rank is trained",
}


def fitted(module: nn.Module, prepared: Prepared, choices: Choices, seed: int) -> None:
    """Give a person's module that is adapted an answer of the width asked for, in place.

    Args:
        module: The module; its last linear layer is replaced where it has another width.
        prepared: The rows.
        choices: The decisions.
        seed: The seed of the run.
    """
    role = choices.objective().roles(prepared.specs(), prepared.asked())["net"]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derived(seed, "head"))
        ending(module, role.output.width)


def folded(net: nn.Module) -> nn.Module:
    """Return the network as it will be kept: corrections added to the weights, every weight free again."""
    Lora().fold(net)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.requires_grad_(True)
    return net
