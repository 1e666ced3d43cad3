"""Show a results document as Markdown, in the terminal as in the docs."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import mean
from typing import Any

from bench._scores import GREATER
from bench._summary import mean_ranks, ranks, spread

__all__ = ["tables"]

Cells = Mapping[tuple[str, str], list[dict[str, Any]]]


def _grid(header: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table whose columns are aligned in plain text too."""
    widths = [max(3, *(len(row[at]) for row in (header, *rows))) for at in range(len(header))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    lines = [
        " | ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))])
        for row in (header, rule, *rows)
    ]
    return "\n".join(f"| {line} |" for line in lines)


def _cells(document: dict[str, Any]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for cell in document["cells"]:
        found.setdefault((cell["set"], cell["model"]), []).append(cell)
    return found


def _scores(document: dict[str, Any], cells: Cells) -> str:
    """One row a model: score and rank for each set, then the mean ranks among networks and among all."""
    sets, models = document["sets"], document["models"]
    table: dict[str, dict[str, float]] = {name: {} for name in sets}
    for (name, model), group in cells.items():
        table[name][model] = mean(cell["scores"][sets[name]["metric"]] for cell in group)
    greater = {name: GREATER[one["metric"]] for name, one in sets.items()}
    places = {name: ranks(row, greater=greater[name]) for name, row in table.items()}
    networks = mean_ranks(table, greater, [name for name, one in models.items() if one["family"] == "network"])
    overall = mean_ranks(table, greater, models)
    rows = []
    for model, about in models.items():
        row = [about["label"]]
        for name, one in sets.items():
            group = cells.get((name, model), [])
            row.append(_score(group, one["metric"], places[name].get(model)))
        row += [f"{of[model]:.1f}" if model in of else "" for of in (networks, overall)]
        rows.append(row)
    arrows = [f"{name} {one['metric']} {'↑' if greater[name] else '↓'}" for name, one in sets.items()]
    return _grid(["model", *arrows, "mean rank, networks", "mean rank, all"], rows)


def _score(group: list[dict[str, Any]], metric: str, place: float | None) -> str:
    if not group:
        return "–"
    middle, deviation = spread(cell["scores"][metric] for cell in group)
    around = "" if deviation is None else f" ± {deviation:.4f}"
    return f"{middle:.4f}{around} ({place:g})"


def _costs(document: dict[str, Any], cells: Cells) -> str:
    """One row a model: seconds for each set, the most memory over the sets."""
    rows = []
    for model, about in document["models"].items():
        row, peaks = [about["label"]], [0.0]
        for name in document["sets"]:
            group = cells.get((name, model), [])
            over = "!" if any(cell["over"] for cell in group) else ""
            row.append(f"{mean(cell['seconds'] for cell in group):.1f}{over}" if group else "–")
            peaks += [cell["memory_mb"] for cell in group]
        rows.append([*row, f"{max(peaks):.0f}"])
    return _grid(["seconds", *document["sets"], "peak MB"], rows)


def _conditions(document: dict[str, Any]) -> str:
    """Return how the numbers came about, in words."""
    facts, count = document["facts"], len(document["seeds"])
    seeds = "1 seed" if count == 1 else f"{count} seeds, ± is one standard deviation"
    sizes = [f"{name} {' + '.join(map(str, one['rows']))}" for name, one in document["sets"].items()]
    apart = [name for name, one in document["sets"].items() if one["split"] == "official"]
    but = f" but for the official split of {', '.join(apart)}" if apart else ""
    versions = sorted({one["version"].rsplit("+", 1)[0] for one in document["models"].values()})
    others = max((cell["others"] or 0.0 for cell in document["cells"]), default=0.0)
    return (
        f"{facts['processor']}, {facts['cores']} cores, {facts['memory_gb']} GB, {' '.join(facts['flags'])}; "
        f"Python {facts['python']}, {'; '.join(versions)}. Other processes took at most {others:.1f} cores. "
        f"{seeds}; in parentheses is the rank within a set. Seconds and memory are those of the whole "
        f"process, from its start: glia's budget is {document['budget']} and includes yardsticks and report; "
        f"peers take their time, `!` marks more than {document['clock']:g} s. "
        f"Rows (train + test), 80/20 by seed{but}: {', '.join(sizes)}."
    )


def tables(document: dict[str, Any]) -> str:
    """Return the scores, the costs and the conditions of a results document as Markdown.

    Args:
        document: What ``python -m bench.tables`` writes.

    Returns:
        Two tables and a paragraph.
    """
    cells = _cells(document)
    return "\n\n".join([_scores(document, cells), _costs(document, cells), _conditions(document)])
