"""Runs as a terminal shows them: a list, one in full, one while it goes on."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from glia.cli.curve import bar, number, plot
from glia.core.finding import shown
from glia.record.reader import follow
from glia.record.runs import Run, look, seen

__all__ = ["batch_view", "follow_view", "run_view", "runs_view"]

COLORS = {"running": "green", "done": "bold", "failed": "red", "stopped": "yellow", "interrupted": "yellow"}
SIDE, EDGE, TALL = 50, 10, 4
"""Columns that a curve takes, how many of them say its largest and smallest value, and its lines."""
NARROW = 70
"""Columns of a terminal below which curves stand one above the other."""
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
        told = [
            Text(said(one)) for one in (run.folder.name, run.net or "–", _best(run), _time(run.seconds), run.source)
        ]
        table.add_row(told[0], state, *told[1:])
    console.print(table)


def _best(run: Run) -> str:
    value, low, high = (run.valid.get(name) for name in ("value", "low", "high"))
    if value is None:
        return "–"
    interval = f" ({shown(low)}–{shown(high)})" if low is not None and high is not None else ""
    return f"{run.metric.replace('_', ' ')} {shown(value)}{interval}"


def _time(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}" if minutes else f"{seconds:.1f} s"


def run_view(run: Run) -> None:
    """Print one run: how far, the curve of its loss, its layers, what was found."""
    console = Console(highlight=False)
    console.print(_whole(run, console.width))


def _whole(run: Run, width: int, height: int | None = None) -> RenderableType:
    """Return a run as at most so many lines of a terminal, where a height is given."""
    best = f"  best on validation: {_best(run)}" if run.valid and run.state != "running" else ""
    parts: list[RenderableType] = [
        Text.assemble(
            (said(run.folder.name), "bold"), "  ", (run.state, COLORS[run.state]), f"  {_time(run.seconds)}  "
        )
        + Text(said(f"{run.net or 'no network yet'} on {run.source or 'no rows yet'}{best}"))
    ]
    if run.metrics:
        parts += [_progress(run, width), _curves(run, width)]
    elif run.state == "running" and run.note:
        parts.append(Text(said(run.note), "dim"))
    found = [_finding(finding) for finding in run.findings]
    if run.layers is not None:
        used = 9 + sum(1 + len(text) // width for text in found)
        parts.append(_layers(run, 40 if height is None else max(height - used, 3)))
    parts += found
    last = run.last.data() if run.last is not None else {}
    if run.state in ("failed", "stopped"):
        parts.append(Text(said(f"{last.get('text', '')}; {last.get('remedy', '')}"), "yellow"))
    elif run.state == "interrupted":
        parts.append(Text(f"go on with glia fit --resume {run.folder}", "yellow"))
    return Group(*parts)


def _progress(run: Run, width: int) -> Text:
    """Return the one bar; a run that is done fills it, however early training ended."""
    now = run.metrics[-1]
    share = 1.0 if run.state == "done" else now.step / max(now.steps, 1)
    trial = f"trial {now.trial}, " if now.trial > 1 else ""
    text = f"  {trial}step {now.step}/{now.steps}  epoch {now.epoch:.1f}"
    return Text.assemble((bar(share, min(40, max(width - len(text), 8))), "green"), text)


def _curves(run: Run, width: int) -> RenderableType:
    """Return the loss on training rows, and beside it, where there is room, what weights are chosen by."""
    now = run.metrics[-1]
    losses = [one.loss for one in run.metrics if one.trial == now.trial]
    narrow = width < NARROW
    side = min(SIDE, width if narrow else (width - 2) // 2)
    curves = [_curve("loss", losses, now.loss, "magenta", side)]
    seen = [one for one in run.evaluations if one.trial == now.trial]
    if seen and run.watched:
        values = [one.values.get(run.watched) for one in seen]
        best = next((one.values.get(run.watched) for one in reversed(seen) if one.best), None)
        name = f"validation {run.watched.replace('_', ' ')}"
        end = f", best {number(best)}" if best is not None else ""
        curves.append(_curve(name, values, values[-1], "cyan", side, end))
    if len(curves) == 1 or narrow:
        return Group(*curves)
    both = Table.grid(padding=(0, 2, 0, 0))
    both.add_row(*curves)
    return both


def _curve(
    name: str, values: Sequence[float | None], now: float | None, color: str, width: int, end: str = ""
) -> RenderableType:
    """Return a curve under its name, with the largest and the smallest value beside it."""
    finite = [value for value in values if value is not None and math.isfinite(value)]
    most, least = (number(max(finite)), number(min(finite))) if finite else ("", "")
    lines = plot(values, width - EDGE, TALL)
    marks = [most, *[""] * (TALL - 2), least if least != most else ""]
    rows = [Text.assemble((f"{mark:>{EDGE - 1}} ", "dim"), (line, color)) for mark, line in zip(marks, lines)]
    return Group(Text(said(f"{name} {number(now)}{end}")), *(rows if len(values) > 1 else []))


def _layers(run: Run, most: int) -> RenderableType:
    layers = run.layers
    assert layers is not None
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(f"layer at step {layers.step}")
    for name in ("weights", "gradient", "change", "change / weights"):
        table.add_column(name, justify="right")
    for name, weight in list(layers.weight.items())[:most]:
        gradient, update = layers.gradient.get(name), layers.update.get(name)
        share = update / weight if update is not None and weight else None
        table.add_row(
            Text(said(name)), number(weight), number(gradient), number(update), number(share) if weight else "–"
        )
    more = len(layers.weight) - most
    return Group(table, Text(f"and {more} more layers", "dim")) if more > 0 else table


def _finding(finding: Any) -> Text:
    color, mark = MARKS.get(finding.severity, MARKS["note"])
    text = f"{finding.text}; {finding.remedy}" if finding.remedy else finding.text
    return Text.assemble((f"{mark} ", color), said(text), (said(f" [{finding.code}]"), "dim"))


def said(text: str) -> str:
    """Return what somebody else wrote without what a terminal would obey.

    Example:
        >>> said("a\\x1b[2Jb")
        'a�[2Jb'
    """
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def follow_view(folder: Path, *, every: float = 0.25) -> Run:
    """Show a run while it goes on, until it ends; return how it ended."""
    console = Console(highlight=False)
    run, heard = seen(folder, ()), time.monotonic()
    run.state = "running"

    def drawn() -> RenderableType:
        waited = time.monotonic() - heard if run.state == "running" else 0.0
        return _whole(replace(run, seconds=run.seconds + waited), console.width, console.height)

    with Live(get_renderable=drawn, console=console, refresh_per_second=4, transient=True):
        for line in follow(folder, every=every):
            heard = time.monotonic()
            run.take(line)
    return look(folder)


def batch_view(batch: Mapping[str, Any]) -> int:
    """Print a batch that was saved because its gradient was not finite: what was found, then its bad rows."""
    console = Console(highlight=False)
    console.print(Text(said(str(batch["text"])), "bold"))
    if batch["columns"]:
        console.print(Text(said(f"columns at fault: {', '.join(batch['columns'])}")))
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("row", justify="right")
    places = [(group, index, name) for group, names in batch["names"].items() for index, name in enumerate(names)]
    for _, _, name in places[:12]:
        table.add_column(Text(said(name)), justify="right")
    table.add_column("target", justify="right")
    for row in batch["values"][:20]:
        cells = [_value(row[group], index) for group, index, _ in places[:12]]
        table.add_row(
            str(row["row"]), *cells, ", ".join(_value(row["target"], at) for at in range(len(row["target"][:8])))
        )
    console.print(table)
    if len(places) > 12:
        console.print(f"and {len(places) - 12} more columns, see --json")
    return 0


def _value(values: Sequence[float], index: int) -> str:
    return number(values[index]) if index < len(values) else "–"
