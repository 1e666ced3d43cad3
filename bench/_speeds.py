"""Speed as Markdown: a row for each network and peer, ratios to glia with their intervals, and the means."""

from __future__ import annotations

from typing import Any

__all__ = ["floors", "speeds"]


def speeds(document: dict[str, Any]) -> str:
    """Return the document that ``bench.speed`` writes as tables of Markdown.

    Args:
        document: ``machine``, ``repeats``, ``workloads`` by name, ``means`` of the ratios.
    """
    machine = document["machine"]
    lines = [
        "| network and rows | trained by | ms a step | of glia's | s, whole process | of glia's | MB | accuracy |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in document["workloads"].values():
        lines += [_line(row["label"], peer, one) for peer, one in row["peers"].items()]
    means = [
        f"by {'step' if name == 'step' else 'whole process'} "
        + ", ".join(f"{peer} {value:.2f}" for peer, value in found.items() if value and peer != "higher")
        for name, found in document["means"].items()
    ]
    lines += ["", f"Geometric means of the multiples: {'; '.join(means)}."]
    facts = f"{machine['processor']}, {machine['cores']} cores, {', '.join(machine['flags'])}, torch {machine['torch']}"
    lines += [
        "",
        f"Measured on {facts}; medians of {document['repeats']} runs in turns; in parentheses 90 % intervals.",
    ]
    return "\n".join(lines)


def floors(document: dict[str, Any]) -> str:
    """Return how near glia's steps come to the machine's measured peak, and what they wait for, as a table.

    Args:
        document: What ``bench.speed`` writes.
    """
    lines = [
        "| network and rows | plan | ms a step | GFLOP/s | of the peak | most time in |",
        "| --- | --- | ---: | ---: | ---: | --- |",
    ]
    for row in document["workloads"].values():
        own = row["peers"].get("glia", {})
        if "plan" not in own:
            continue
        counted = own.get("roofline", 0.0) > 0.001  # recurrent kernels are not counted
        rate = f"{own['gflops']:.0f} | {own['roofline']:.0%}" if counted else "– | –"
        waits = own.get("bottleneck", "").partition(" of a step")[0].replace("(", "").strip()
        lines.append(f"| {row['label']} | {own['plan']} | {own['step_seconds'] * 1e3:.3f} | {rate} | {waits or '–'} |")
    return "\n".join(lines)


def _line(label: str, peer: str, one: dict[str, Any]) -> str:
    name = f"**{peer}**" if peer == "glia" else peer
    if "error" in one:
        said = str(one["error"]).splitlines()[-1][:60].replace("|", "/")
        return f"| {label} | {name} | failed: {said} | | | | | |"
    step, process = (_ratio(one.get("ratio", {}).get(key)) for key in ("step", "process"))
    shown = f"{one['step_seconds'] * 1e3:.3f} | {step} | {one['process_seconds']:.1f} | {process}"
    return f"| {label} | {name} | {shown} | {one['memory_mb']:.0f} | {one['accuracy']:.3f} |"


def _ratio(found: dict[str, float] | None) -> str:
    return "" if found is None else f"{found['value']:.2f} ({found['low']:.2f}–{found['high']:.2f})"
