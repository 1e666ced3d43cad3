"""The rows behind the result: how they were parted, what the audit found, what each column was read as."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from glia.report.markup import Html, tag
from glia.report.words import count, number, sentence

__all__ = ["data"]

SEVERITIES = {"stop": "stops a run", "warning": "warning", "note": "note"}
MOST_COLUMNS = 200


def data(result: Mapping[str, Any], columns: Sequence[Mapping[str, Any]]) -> Html | None:
    """Return rows, findings and columns."""
    parts = [_rows(result), _findings(result.get("findings") or []), _columns(columns)]
    if not any(parts):
        return None
    return tag("section", tag("h2", "Data"), parts, id="data")


def _rows(result: Mapping[str, Any]) -> Html | None:
    rows = {part: count(result, "rows", part) for part in result.get("rows", {})}
    known = {part: n for part, n in rows.items() if n}
    total = sum(known.values())
    if not total:
        return None
    left, bars = 0.0, []
    for part, n in known.items():
        width = 100 * n / total
        bars.append(tag("rect", x=f"{left:.3f}%", width=f"{width:.3f}%", height="100%", class_=f"part {part}"))
        left += width
    names = [
        tag(
            "li",
            _swatch(part),
            f"{part} ",
            tag("b", f"{n:,}"),
            tag("span", f" {n / total:.0%}", class_="muted"),
        )
        for part, n in known.items()
    ]
    reason = result.get("split", {}).get("reason")
    return tag(
        "figure",
        tag("h3", "How the rows were parted"),
        tag("svg", bars, class_="parts", role="img", aria_label="Share of rows in each part"),
        tag("ul", names, class_="legend"),
        tag("figcaption", sentence(reason)) if reason else None,
        class_="wide",
    )


def _swatch(part: str) -> Html:
    square = tag("rect", width="12", height="12", rx="3", class_=f"part {part}")
    return tag("svg", square, width="12", height="12")


def _findings(found: Sequence[Mapping[str, Any]]) -> list[Html]:
    if not found:
        return []
    order = list(SEVERITIES)
    ranked = sorted(found, key=lambda one: order.index(one["severity"]) if one.get("severity") in order else 9)
    items = [
        tag(
            "li",
            tag("span", SEVERITIES.get(str(one.get("severity")), "note"), class_="badge"),
            tag("div", tag("p", str(one.get("text", "")), " ", tag("code", str(one.get("code", "")))),
                tag("p", one["remedy"], class_="muted") if one.get("remedy") else None, _evidence(one)),
            class_=f"finding {one.get('severity') if one.get('severity') in order else 'note'}",
        )
        for one in ranked[:60]
    ]  # fmt: skip
    more = tag("p", f"and {len(ranked) - 60} more", class_="muted") if len(ranked) > 60 else None
    return [tag("h3", "What the audit found"), tag("ul", items, class_="findings"), more or Html("")]


def _evidence(finding: Mapping[str, Any]) -> Html | None:
    said = []
    for name, value in (finding.get("evidence") or {}).items():
        if isinstance(value, Mapping):
            value = [f"{key}: {number(one)}" for key, one in value.items()]
        if name == "files" and isinstance(value, list | tuple):  # what was left out is named whole, however much it is
            said.append(f"files: {', '.join(map(str, value))}")
            continue
        if isinstance(value, list | tuple):
            more = ", …" if len(value) > 8 else ""
            value = ", ".join(number(one)[:60] for one in value[:8]) + more
        said.append(f"{str(name).replace('_', ' ')}: {number(value)[:300]}")
    return tag("p", " · ".join(said), class_="evidence") if said else None


def _columns(columns: Sequence[Mapping[str, Any]]) -> list[Html]:
    if not columns:
        return []
    head = tag("tr", [tag("th", name) for name in ("column", "read as", "role", "because")])
    body = [
        tag(
            "tr",
            tag("th", str(one.get("name")), scope="row"),
            tag("td", tag("span", str(one.get("kind")), class_="kind")),
            tag("td", str(one.get("role", ""))),
            tag("td", str(one.get("reason", "")), class_="reason"),
            class_="few" if one.get("role") == "left out" else None,
        )
        for one in columns[:MOST_COLUMNS]
    ]
    more = (
        f"The first {MOST_COLUMNS} of {len(columns):,} columns; all are in schema.json."
        if len(columns) > MOST_COLUMNS
        else ""
    )
    table = tag("div", tag("table", tag("thead", head), tag("tbody", body)), class_="scroll")
    return [tag("h3", "Columns"), table, tag("p", more, class_="muted") if more else Html("")]
