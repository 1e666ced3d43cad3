"""Documents as a terminal shows them."""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from glia.core.finding import shown

__all__ = ["predictions_view", "result_view", "scores_view", "shelf_view"]


def _console() -> Console:
    return Console(highlight=False)


def result_view(document: Mapping[str, Any]) -> None:
    """Print a result document: the verdict first, then scores beside yardsticks, then where to look."""
    console = _console()
    verdict = document.get("verdict")
    if verdict:
        console.print(Panel(Text(verdict["text"]), title="verdict", title_align="left", border_style="bold"))
    if document["scores"].get("test"):
        console.print(_scores(document))
    else:
        console.print(Text("no score: nobody says what would be right for the test rows", "yellow"))
    for name, yard in document.get("yardsticks", {}).items():
        if yard.get("note"):
            console.print(Text(f"{name.replace('_', ' ')}: {yard['note']}", "dim"))
    if document.get("learning_curve"):
        console.print(Text(f"more rows: {document['learning_curve']['text']}"))
    rows = document["rows"]
    seconds = document["seconds"]
    used = ", ".join(f"{part} {count}" for part, count in rows.items())
    console.print(
        Text(
            f"{document['net']}, {document['parameters']:,} parameters; rows: {used}; {seconds['total']:.1f} s",
            "dim",
        )
    )
    if document.get("test_opened", 1) > 1:
        count = document["test_opened"]
        console.print(
            Text(
                f"these test rows have been opened {count} times: the more often, the less a score means",
                "yellow",
            )
        )
    console.print(Group(Text(f"bundle  {document['bundle']}"), Text(f"report  {document['bundle']}/report.html")))


def _scores(document: Mapping[str, Any]) -> Table:
    """Return the network's scores and its yardsticks', the metric of the verdict first."""
    scores = document["scores"].get("test", {})
    metric = document.get("metric")
    names = [name for name in (metric, *scores) if name in scores]
    names = list(dict.fromkeys(names))[:4]
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("on the test rows")
    for name in names:
        table.add_column(name.replace("_", " "), justify="right")
    table.add_row(f"network ({document['net']})", *(_cell(scores[name]) for name in names), style="bold")
    for name, yard in document.get("yardsticks", {}).items():
        table.add_row(name.replace("_", " "), *(_cell(yard.get(one)) for one in names))
    return table


def _cell(score: Mapping[str, Any] | None) -> str:
    if not score:
        return "–"
    return f"{shown(score['value'])} ({shown(score['low'])}–{shown(score['high'])})"


def scores_view(document: Mapping[str, Any]) -> None:
    """Print the scores of an evaluation."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("metric")
    table.add_column("value", justify="right")
    table.add_column("95 % interval", justify="right")
    table.add_column("n", justify="right")
    for name, score in document["scores"].items():
        table.add_row(
            name.replace("_", " "),
            shown(score["value"]),
            f"{shown(score['low'])} to {shown(score['high'])}",
            str(score["n"]),
        )
    _console().print(table)
    for note in document.get("notes", []):
        print(f"note: {note}", file=sys.stderr)


def predictions_view(done: Mapping[str, Any]) -> None:
    """Print predictions as CSV, or say where they were written."""
    for note in done["notes"]:
        print(f"note: {note}", file=sys.stderr)
    if done["out"]:
        print(f"{done['rows']} predictions written to {done['out']}")
        return
    writer = csv.writer(sys.stdout)
    writer.writerow(done["columns"])
    writer.writerows(zip(*(values.tolist() for values in done["columns"].values()), strict=True))


def shelf_view(shelf: str | None, rows: list[dict[str, Any]]) -> None:
    """Print the parts of a shelf, one a line, with their options."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(shelf or "shelf", style="bold", no_wrap=True)
    table.add_column("what it is")
    if shelf:
        table.add_column("options")
    for row in rows:
        options = ", ".join(f"{name}={value}" for name, value in row["options"].items())
        table.add_row(row["name"], row["summary"], *([options] if shelf else []))
    _console().print(table)
    if shelf is None:
        print("\nglia list SHELF shows its parts with their options")
