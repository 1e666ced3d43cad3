"""What was measured becomes tables that say which is which."""

from __future__ import annotations

from bench._facts import facts

from bench import docs

MACHINE = {**facts(), "load": 0.0}


def test_speeds_stand_beside_ratios_with_their_intervals() -> None:
    ratio = {"value": 2.0, "low": 1.5, "high": 2.5}
    own = {"step_seconds": 0.001, "process_seconds": 3.0, "memory_mb": 400.0, "accuracy": 0.9}
    peers = {"glia": own, "torch": {**own, "ratio": {"step": ratio, "process": ratio}}, "keras": {"error": "no\nroom"}}
    document = {
        "machine": MACHINE,
        "repeats": 5,
        "workloads": {"tiny": {"label": "a perceptron", "peers": peers}},
        "means": {"step": {"torch": 2.0, "higher": None}, "process": {"torch": 2.0, "higher": None}},
    }
    said = docs.RENDERERS["speed"](document)
    assert "| a perceptron | **glia** | 1.000 |  | 3.0 |  | 400 | 0.900 |" in said
    assert "2.00 (1.50–2.50)" in said
    assert "failed: room" in said
    assert "torch 2.00" in said
    assert "higher" not in said


def test_works_on_pictures_and_sequences_become_a_row_each() -> None:
    works = {"mnist_99": {"value": "99.01 %", "target": "99 %", "anchor": "99.2 %", "seconds": 12.3}}
    for name in ("pictures", "sequences"):
        said = docs.RENDERERS[name]({"machine": MACHINE, "works": works})
        assert "| mnist 99 | 99.01 % | 99 % | 99.2 % | 12.3 |" in said
