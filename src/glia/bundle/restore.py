"""From documents back to living parts: only shelves are asked, code named by a bundle is never imported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn

from glia.bundle.layout import DOCUMENTS, spec_document, weights_file
from glia.bundle.reader import Stored
from glia.bundle.room import Room
from glia.bundle.weights import restore as restore_weights
from glia.core.constraints import check_options
from glia.core.errors import BundleError, DataError, UsageError
from glia.core.parts import Objective, Readout
from glia.core.values import Role, Specs
from glia.judge.readouts import restored as readout_of
from glia.nets import nets as shelf
from glia.nets.blocks.foreign import MODULE, Foreign, ending
from glia.objectives import objectives
from glia.table.encodings import Encoding, restored

__all__ = ["restored_encoding", "restored_nets", "restored_objective", "restored_readout"]


@contextmanager
def understanding(stored: Stored, name: str) -> Iterator[None]:
    """Turn whatever a document of a wrong shape sets off into one plain refusal."""
    try:
        yield
    except (UsageError, DataError) as error:
        remedy = error.remedy or "install the package that this part came from"
        raise BundleError("bad_bundle", error.text, remedy=remedy, file=_file(stored, name)) from None
    except KeyError as error:
        raise BundleError("bad_bundle", f"{error} is missing", file=_file(stored, name)) from None
    except (
        TypeError,
        ValueError,
        AttributeError,
        LookupError,
        ArithmeticError,
        RuntimeError,
        MemoryError,
    ) as error:
        said = f"it cannot be understood ({type(error).__name__}: {str(error)[:200]})"
        raise BundleError("bad_bundle", said, file=_file(stored, name)) from None


def _file(stored: Stored, name: str) -> Path:
    return stored.folder / DOCUMENTS[name]


def restored_encoding(stored: Stored) -> Encoding:
    """Return the way from rows to what networks take, with everything that was learned about it."""
    with understanding(stored, "preprocessing"):
        encoding = restored(stored.documents["preprocessing"])
        inputs, target = spec_document(encoding.specs()), spec_document(encoding.asked())
    config = stored.documents["config"]
    if inputs != config.get("inputs") or target != config.get("targets"):
        raise BundleError(
            "other_preprocessing",
            "this glia would encode the columns otherwise than the bundle's network was trained on",
            remedy=f"use glia {config.get('glia')}, or fit again",
            file=_file(stored, "config"),
        )
    return encoding


def restored_objective(stored: Stored) -> Objective:
    """Return the objective, which knows what the bundle offers."""
    with understanding(stored, "config"):
        named = stored.documents["config"]["objective"]
        part = objectives.get(named["name"])
        found: Objective = part(**check_options(part, named["options"], "objective"))
    return found


def restored_readout(stored: Stored) -> Readout:
    """Return how outputs become answers."""
    with understanding(stored, "config"):
        return readout_of(stored.documents["config"]["readout"])


def restored_nets(
    stored: Stored, encoding: Encoding, objective: Objective, module: nn.Module | None
) -> dict[str, nn.Module]:
    """Return the networks by role, with their weights, in evaluation mode and float32.

    Args:
        stored: The bundle.
        encoding: What goes in and what is asked.
        objective: Its objective, which says what comes out.
        module: The person's own module, where the bundle was fitted with one.

    Raises:
        UsageError: A module is needed, not wanted, or another one than was fitted.
        BundleError: The bundle cannot be understood.
    """
    with understanding(stored, "config"):
        roles = objective.roles(encoding.specs(), encoding.asked())
        named = stored.documents["config"]["net"]
        foreign = bool(named["foreign"])
    _check_module(stored, foreign, named, module)
    found: dict[str, nn.Module] = {}
    for role, wanted in roles.items():
        path = stored.folder / weights_file(role)
        if foreign and role == "net" and module is not None:
            if stored.documents["recipe"].get("net", {}).get("start") == MODULE:  # its answer was made to measure
                ending(module, wanted.output.width)
            found[role] = _wrapped(module, wanted.inputs)
            restore_weights(module, path, foreign=True)
        else:
            with understanding(stored, "config"):
                found[role] = _built(wanted, named, path)
            restore_weights(found[role], path)
        found[role].float().eval()
    return found


def _built(role: Role, named: Mapping[str, Any], weights: Path) -> nn.Module:
    """Return a network of the shelf, as large as its weights; the caller's random numbers are left alone."""
    part = shelf.get(role.net or named["name"])
    options = check_options(part, named["options"], "net")
    inputs: Specs = role.inputs
    with torch.random.fork_rng(devices=[]), Room(weights.stat().st_size):
        net: nn.Module = part(inputs, role.output, **options)
    return net


def _wrapped(module: nn.Module, inputs: Specs) -> nn.Module:
    from torch.nn.parameter import is_lazy

    from glia.nets.blocks.inputs import rows_like

    wrapped = Foreign(module, inputs)
    if any(is_lazy(one) for one in module.parameters()):  # a first call gives lazy layers their shapes
        with torch.no_grad():
            wrapped(rows_like(inputs, 2))
    return wrapped


def _check_module(stored: Stored, foreign: bool, named: Mapping[str, Any], module: nn.Module | None) -> None:
    if foreign and module is None:
        raise UsageError(
            "module_needed",
            f"the bundle was fitted with its owner's module ({named.get('class')}), whose code is not in it",
            remedy="open it with glia.load(path, net=module), a module of that class and the same options",
            file=stored.folder,
        )
    if module is not None and not foreign:
        raise UsageError(
            "module_not_wanted",
            f"the bundle holds a {named.get('name')!r} of glia's own",
            remedy="open it without net=",
            file=stored.folder,
        )
