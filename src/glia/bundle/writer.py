"""Writing a bundle: everything into a folder of its own, sealed, then renamed into place at once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from glia.bundle.card import card
from glia.bundle.layout import (
    DOCUMENTS,
    FORMAT,
    HISTORY,
    README,
    REFERENCE,
    REPORT,
    spec_document,
    weights_file,
)
from glia.core.documents import plain
from glia.core.manifest import seal
from glia.core.store import building, write_atomic, write_json
from glia.report.page import render

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from glia.table.encodings import Encoding
    from glia.table.schema import Schema

__all__ = ["write"]


def write(
    folder: str | Path,
    *,
    nets: Mapping[str, nn.Module],
    net_name: str,
    net_options: Mapping[str, Any],
    foreign: bool,
    encoding: Encoding,
    readout: Mapping[str, Any],
    objective_name: str,
    objective_options: Mapping[str, Any],
    recipe: Mapping[str, Any],
    result: Mapping[str, Any],
    history: Sequence[Mapping[str, Any]],
    reference: Mapping[str, np.ndarray],
    curves: Mapping[str, Any],
) -> Path:
    """Write a bundle; it appears whole or not at all.

    Args:
        folder: Where it belongs; an older bundle there is replaced.
        nets: The networks by role.
        net_name: The network's name on the shelf.
        net_options: Its options.
        foreign: Whether the network is the person's own module, wrapped.
        encoding: The way from rows to what networks take, with what was learned about it.
        readout: How outputs become answers: the name of a readout as ``readout``, and its state.
        objective_name: The objective's name on the shelf.
        objective_options: Its options.
        recipe: Every decision of the run.
        result: The result document; see :mod:`glia.report`.
        history: The readings of training.
        reference: Sketches of every column's training values, to notice drift by.
        curves: Drawings made of test rows; see :mod:`glia.report`.

    Returns:
        The folder.

    Raises:
        DataError: The disk is full, read-only or failing; nothing half-written stays.
    """
    from glia.bundle.weights import dumps

    modules = dict(nets)
    if foreign:  # the person's own module inside its wrapper, so that its weights keep their names
        modules["net"] = cast("nn.Module", nets["net"].module)
    net = {
        "name": net_name,
        "options": dict(net_options),
        "foreign": foreign,
        "class": _class(modules["net"]),
    }
    objective = {"name": objective_name, "options": dict(objective_options)}
    config = _config(result, encoding, readout, net, objective)
    columns = _columns(encoding.schema)
    documents = {
        "config": config,
        "preprocessing": encoding.state(),
        "schema": {"columns": columns, "keys": list(encoding.schema.keys)},
        "recipe": recipe,
        "scores": result,
    }
    told, curves = plain(_told(result, recipe, config)), plain(curves)
    readme = card(told, config, columns, curves)
    page = render(told, history=plain(history), curves=curves, columns=columns, recipe=plain(recipe))
    with building(folder) as temp:
        for role, module in modules.items():
            write_atomic(temp / weights_file(role), dumps(module))
        for name, document in documents.items():
            write_json(temp / DOCUMENTS[name], document)
        write_atomic(temp / HISTORY, _lines(history))
        write_atomic(temp / REFERENCE, _sketches(reference))
        write_atomic(temp / README, readme.encode("utf-8", "replace"))
        write_atomic(temp / REPORT, page.encode())
        seal(temp)
    return Path(folder)


def _config(
    result: Mapping[str, Any],
    encoding: Encoding,
    readout: Mapping[str, Any],
    net: Mapping[str, Any],
    objective: Mapping[str, Any],
) -> dict[str, Any]:
    import torch

    return {
        "format": FORMAT,
        "library_name": "glia",
        "glia": version("glia"),
        "torch": torch.__version__,
        "task": result.get("task"),
        "target": result.get("target"),
        "objective": objective,
        "net": net,
        "inputs": spec_document(encoding.specs()),
        "targets": spec_document(encoding.asked()),
        "readout": dict(readout),
    }


def _told(result: Mapping[str, Any], recipe: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the result with what a page tells and other documents know."""
    data = recipe.get("data", {})
    reason = result.get("reasons", {}).get("split")
    known = {
        "source": data.get("source"),
        "split": {"unit": data.get("time") or data.get("group") or "row", "reason": reason},
        "versions": {"glia": config["glia"], "torch": config["torch"]},
    }
    return {**known, **result}


def _columns(schema: Schema) -> list[dict[str, str]]:
    return [
        {
            "name": name,
            "kind": column.kind,
            "role": schema.role(name),
            "reason": schema.reasons.get(name, ""),
        }
        for name, column in schema.columns.items()
    ]


def _class(module: nn.Module) -> str:
    """Return the name of a class for people to read; nothing ever imports it."""
    return f"{type(module).__module__}.{type(module).__qualname__}"


def _lines(history: Sequence[Mapping[str, Any]]) -> bytes:
    return "".join(json.dumps(plain(one), allow_nan=False) + "\n" for one in history).encode()


def _sketches(reference: Mapping[str, np.ndarray]) -> bytes:
    import numpy as np
    from safetensors.numpy import save

    arrays = {
        name.encode("utf-8", "replace").decode(): np.ascontiguousarray(reference[name]) for name in sorted(reference)
    }
    return save(arrays, metadata={"format": "np"})
