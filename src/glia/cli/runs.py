"""Runs as a terminal shows them: a list, one in full, one while it goes on."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from glia.cli.curve import bar, braille, number
from glia.core.finding import shown
from glia.record.reader import Line, follow
from glia.record.runs import Run, look, seen

__all__ = ["batch_view", "follow_view", "run_view", "runs_view"]

COLORS = {"running": "green", "done": "bold", "failed": "red", "stopped": "yellow", "interrupted": "yellow"}
MARKS = {"stop": ("red", "✗"), "warning": ("yellow", "!"), "note": ("cyan", "·")}


def runs_view(runs: Sequence[Run], folder: str) -> None:
    """Print runs, one a line."""
    console = Console(highlight=False)
    if not runs:
        console.print(f"no runs in {folder}")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("run", "state", "network", "best on validation", "time", "source"):
        table.add_column(name, justify="right" if name == "time" else "left", overflow="fold")
    for run in runs:
        state = Text(run.state, COLORS[run.state])
        table.add_row(run.folder.name, state, run.net or "–", _best(run), _time(run.seconds), run.source)
    console.print(table)


def _best(run: Run) -> str:
    if "value" not in run.valid:
        return "–"
    said = f"{run.metric.replace('_', ' ')} {shown(run.valid['value'])}"
    interval = "low" in run.valid and "high" in run.valid
    return said + (f" ({shown(run.valid['low'])}–{shown(run.valid['high'])})" if interval else "")


def _time(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}" if minutes else f"{seconds:.1f} s"


def run_view(run: Run) -> None:
    """Print one run: how far, the curve of its loss, its layers, what was found."""
    Console(highlight=False).print(_whole(run))


def _whole(run: Run) -> RenderableType:
    parts: list[RenderableType] = [
        Text.assemble((run.folder.name, "bold"), "  ", (run.state, COLORS[run.state]), f"  {_time(run.seconds)}  ")
        + Text(f"{run.net or 'no network yet'} on {run.source or 'no rows yet'}")
    ]
    if run.metrics:
        now = run.metrics[-1]
        trial = f"trial {now.trial}, " if now.trial > 1 else ""
        done = f" {trial}step {now.step}/{now.steps}  epoch {now.epoch:.1f}"
        parts.append(Text.assemble((bar(now.step / max(now.steps, 1), 40), "green"), done))
        losses = [one.loss for one in run.metrics if one.trial == now.trial]
        parts.append(Text.assemble("loss  ", (braille(losses, 40), "magenta"), f"  {number(now.loss)}"))
    if run.evaluations:
        values = [one.values.get(run.watched) for one in run.evaluations]
        parts.append(Text.assemble("valid ", (braille(values, 40), "cyan"), f"  best {_best(run)}"))
    if run.layers is not None:
        parts.append(_layers(run))
    parts += [_finding(finding) for finding in run.findings]
    last = run.last.data() if run.last is not None else {}
    if run.state in ("failed", "stopped"):
        parts.append(Text(f"{last.get('text', '')}; {last.get('remedy', '')}", "yellow"))
    elif run.state == "interrupted":
        parts.append(Text(f"go on with glia fit --resume {run.folder}", "yellow"))
    return Group(*parts)


def _layers(run: Run) -> Table:
    layers = run.layers
    assert layers is not None
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(f"layer at step {layers.step}")
    for name in ("weights", "gradient", "change", "change / weights"):
        table.add_column(name, justify="right")
    for name, weight in list(layers.weight.items())[:40]:
        gradient, update = layers.gradient.get(name), layers.update.get(name)
        share = update / weight if update is not None and weight else None
        table.add_row(name, number(weight), number(gradient), number(update), number(share) if weight else "–")
    return table


def _finding(finding: Any) -> Text:
    color, mark = MARKS.get(finding.severity, MARKS["note"])
    said = f"{finding.text}; {finding.remedy}" if finding.remedy else finding.text
    return Text.assemble((f"{mark} ", color), said, (f" [{finding.code}]", "dim"))


def follow_view(folder: Path, *, every: float = 0.25) -> Run:
    """Show a run while it goes on, until it ends; return how it ended."""
    console = Console(highlight=False)
    lines: list[Line] = []
    with Live(_whole(look(folder)), console=console, refresh_per_second=4, transient=True) as live:
        drawn = 0.0
        for line in follow(folder, every=every):
            lines.append(line)
            if time.monotonic() - drawn > every:
                drawn = time.monotonic()
                live.update(_whole(seen(folder, lines)))
    return look(folder)


def batch_view(batch: Mapping[str, Any]) -> int:
    """Print a batch that was saved because its gradient was not finite: what was found, then its bad rows."""
    console = Console(highlight=False)
    console.print(Text(batch["text"], "bold"))
    if batch["columns"]:
        console.print(f"columns at fault: {', '.join(batch['columns'])}")
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("row", justify="right")
    places = [(group, index, name) for group, names in batch["names"].items() for index, name in enumerate(names)]
    for _, _, name in places[:12]:
        table.add_column(name, justify="right")
    table.add_column("target", justify="right")
    for row in batch["values"][:20]:
        cells = [number(row[group][index]) for group, index, _ in places[:12]]
        table.add_row(str(row["row"]), *cells, ", ".join(number(one) for one in row["target"]))
    console.print(table)
    if len(places) > 12:
        console.print(f"and {len(places) - 12} more columns, see --json")
    return 0
