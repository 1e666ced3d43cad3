"""Heat maps as tables: the numbers stay text, and ten shades say where to look."""

from __future__ import annotations

from collections.abc import Sequence

from glia.report.markup import Html, tag

__all__ = ["heat"]


def heat(labels: Sequence[object], counts: Sequence[Sequence[float]], *, rows: str, columns: str) -> Html:
    """Return a square table shaded by the share of each row.

    Args:
        labels: The classes.
        counts: (K, K) counts.
        rows: What a row is.
        columns: What a column is.
    """
    head = tag(
        "tr",
        tag("th", f"{rows} \N{DOWNWARDS ARROW}  {columns} \N{RIGHTWARDS ARROW}"),
        [tag("th", _short(one)) for one in labels],
    )
    body = []
    for label, row in zip(labels, counts, strict=True):
        total = sum(row) or 1
        cells = [
            tag(
                "td",
                f"{count:,.0f}",
                tag("small", f"{count / total:.0%}"),
                class_=f"h{round(10 * count / total)}",
            )
            for count in row
        ]
        body.append(tag("tr", tag("th", _short(label), scope="row"), cells))
    table = tag("table", tag("thead", head), tag("tbody", body), class_="heat")
    return tag("div", table, class_="scroll")


def _short(label: object) -> str:
    text = str(label)
    return text if len(text) <= 18 else f"{text[:17]}\N{HORIZONTAL ELLIPSIS}"
