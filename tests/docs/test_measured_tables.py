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


def test_how_near_the_peak_a_step_comes_is_shown_where_it_can_be_counted() -> None:
    own = {"plan": "1 thread, fp32", "step_seconds": 0.001, "gflops": 60.0, "roofline": 0.5}
    own["bottleneck"] = "backward (66% of a step of 26.53 ms taken call by call)"
    rows = {"mlp": {"label": "a perceptron", "peers": {"glia": own}}, "old": {"label": "old", "peers": {"glia": {}}}}
    rows["lstm"] = {"label": "an LSTM", "peers": {"glia": {**own, "roofline": 0.0001}}}
    said = docs.RENDERERS["floors"]({"workloads": rows})
    assert "| a perceptron | 1 thread, fp32 | 1.000 | 60 | 50% | backward 66% |" in said
    assert "| an LSTM | 1 thread, fp32 | 1.000 | – | – | backward 66% |" in said
    assert "old" not in said
    assert "<!-- bench:floors -->" in (docs.RESULTS.parents[1] / "docs" / "speed.md").read_text(encoding="utf-8")
