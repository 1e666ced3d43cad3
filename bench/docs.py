"""Fill measured tables into pages: ``python -m bench.docs FILE …``.

What stands between ``<!-- bench:NAME -->`` and ``<!-- /bench -->`` is replaced by ``bench/results/NAME.json``
as Markdown, so no number in a page is typed by hand.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import _render, _speeds, _works, streaming

__all__ = ["filled"]

RESULTS = Path(__file__).resolve().parent / "results"
RENDERERS: dict[str, Callable[[dict[str, Any]], str]] = {
    "tables": _render.tables,
    "pictures": _works.rendered,
    "sequences": _works.rendered,
    "speed": _speeds.speeds,
    "floors": _speeds.floors,
    "streaming": streaming.rendered,
}
SAME = {"floors": "speed"}
"""Tables that show another side of results which have one of their own."""
MARKED = re.compile(r"(<!-- bench:(\w+) -->\n)(.*?)(<!-- /bench -->)", re.DOTALL)


def filled(page: str, results: Path = RESULTS) -> str:
    """Return a page with every marked place filled from the results; a place without results stays as it is.

    Args:
        page: Markdown.
        results: The folder of results documents.

    Returns:
        The page; filling it again changes nothing.

    Raises:
        KeyError: When a marker names something that cannot be rendered.
    """

    def fill(found: re.Match[str]) -> str:
        opening, name, _, closing = found.groups()
        render, path = RENDERERS[name], results / f"{SAME.get(name, name)}.json"
        if not path.exists():
            return found.group(0)
        return f"{opening}\n{render(json.loads(path.read_text(encoding='utf-8')))}\n\n{closing}"

    return MARKED.sub(fill, page)


def main(paths: list[str]) -> None:
    """Fill files in place."""
    for path in map(Path, paths):
        page = path.read_text(encoding="utf-8")
        path.write_text(filled(page), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
