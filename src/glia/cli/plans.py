"""A plan as a terminal shows it: every way that was tried, which one won and why, and what a step is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from glia.train.plan import Plan

__all__ = ["plan_view"]

BAR = 20


def plan_view(document: Mapping[str, Any]) -> None:
    """Print a plan."""
    console = Console(highlight=False)
    made = document["plan"]
    rows, steps = document["rows"]["train"], document["steps"]
    console.print(f"{document['net']}, {rows:,} training rows, {steps:,} steps of {document['batch']:,} rows\n")
    if made["tried"]:
        console.print(_ways(made))
        won = next((one["seconds"] for one in made["tried"] if _way(one) == _way(made)), None)
        if won and made["seconds"] and made["seconds"] < 0.9 * won:
            console.print(Text("tried on parts of batches; a whole one takes less than its parts", "dim"))
        console.print()
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column()
    for name, said in _facts(document):
        grid.add_row(name, Text(said))
    console.print(grid)


def _ways(made: Mapping[str, Any]) -> Table:
    """Return the ways in the order they were tried, the one taken marked."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("ways tried", no_wrap=True)
    table.add_column("ms a step", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("loss")
    slowest = max(one["seconds"] for one in made["tried"])
    truth = made["tried"][0]["loss"]
    for one in made["tried"]:
        won = _way(one) == _way(made)
        bar = "━" * max(1, round(BAR * one["seconds"] / slowest))
        style = "bold green" if won else "" if one["agrees"] else "red"
        off = abs(one["loss"] - truth) / max(abs(truth), 1e-9)
        loss = f"{one['loss']:.4g}" + ("" if one["agrees"] else f", off by {off:.0%}: does not count")
        table.add_row(f"{'→' if won else ' '} {_words(one)}", f"{one['seconds'] * 1e3:.2f}", bar, loss, style=style)
    return table


def _facts(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    made, peak, share = document["plan"], document["peak"], document["roofline"]
    facts = [("chosen", f"{_words(made)}: {made['reason']}")]
    if made["bottleneck"]:
        facts.append(("bottleneck", made["bottleneck"]))
    rates = ", ".join(f"{name} {value:,.0f} GFLOP/s" for name, value in peak.items())
    if share is None:
        facts.append(("products", f"measured here: {rates}"))
    else:
        work = f"{document['flops'] / 1e9:,.3g} GFLOP a step"
        beyond = "; it was measured beside other work" if share > 1 else ""
        facts.append(("products", f"{share:.0%} of what this machine was measured to do ({rates}{beyond}); {work}"))
    memory = document["memory"]
    parts = ", ".join(f"{name} {_size(count)}" for name, count in memory.items())
    facts.append(("memory", f"about {_size(sum(memory.values()))}: {parts}"))
    if made["seconds"]:
        facts.append(("training", f"about {_time(made['seconds'] * document['steps'])} of steps"))
    return facts


def _way(one: Mapping[str, Any]) -> dict[str, Any]:
    return {name: one[name] for name in Plan().way if name in one}


def _words(one: Mapping[str, Any]) -> str:
    return Plan(**_way(one)).words


def _size(count: int) -> str:
    return f"{count / 2**20:,.1f} MB"


def _time(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
