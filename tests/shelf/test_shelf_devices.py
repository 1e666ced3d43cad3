"""No network mixes tensors of two devices: with its weights and rows elsewhere, nothing of a step is made here.

Tensors without values stand in for those of a graphics card; they refuse to be mixed with others just as these do.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from glia.core.values import Batch
from glia.train.device import here, moved


def contract(name: str) -> ModuleType:
    """Return the module with the contract of a kind of network, for its networks and rows."""
    spec = importlib.util.spec_from_file_location(f"_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TABLES, PICTURES, SEQUENCES = (contract(f"test_{kind}nets") for kind in ("", "picture_", "sequence_"))
CASES: list[tuple[ModuleType, tuple[Any, ...]]] = [
    *((TABLES, (name,)) for name in TABLES.NAMES),
    *((PICTURES, (name,)) for name in PICTURES.NAMES),
    *((SEQUENCES, (name, *pair)) for name, pairs in SEQUENCES.ASKS.items() for pair in pairs),
]


def step(net: torch.nn.Module, rows: Batch, where: str) -> None:
    net.train().to("meta")
    with here(where):
        net(moved(rows, "meta")).float().sum().backward()


@pytest.mark.parametrize(("kind", "words"), CASES, ids=["-".join(words) for _, words in CASES])
def test_a_step_elsewhere_makes_nothing_here(
    kind: ModuleType, words: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The tensors that stand in know no automatic precision.
    monkeypatch.setattr(torch, "is_autocast_enabled", lambda *_: False)
    net = kind.made(*words)
    step(net, kind.rows(4), "meta")
    assert {p.grad.device.type for p in net.parameters() if p.grad is not None} == {"meta"}


def test_what_stands_in_does_refuse_to_be_mixed() -> None:
    class Mixing(torch.nn.Linear):
        def forward(self, batch: Batch) -> torch.Tensor:  # type: ignore[override]
            return super().forward(batch.values["number"]) + torch.zeros(4, 1)

    rows = Batch({"number": torch.ones(4, 2)}, torch.ones(4), torch.arange(4))
    step(Mixing(2, 1), rows, "meta")
    with pytest.raises(RuntimeError, match="device"):
        step(Mixing(2, 1), rows, "cpu")
