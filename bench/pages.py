"""Fill what can be generated into the pages: ``python -m bench.pages``; with ``--run``, real output as well.

A place is marked ``<!-- NAME: ARGUMENT -->`` and ends with ``<!-- /NAME -->``. ``options`` holds the arguments
of a command, ``parts`` what stands on a shelf (``nets for pictures``: only what reads this kind of data, without
options), ``output`` what a command printed. Commands are run in one
temporary folder, in the order of the pages, and only with ``--run``, since their numbers take minutes.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["PAGES", "filled", "options", "parts"]

ROOT = Path(__file__).resolve().parents[1]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
MARKED = re.compile(r"(<!-- (options|parts|output): (.+?) -->\n)(.*?)(<!-- /\2 -->)", re.DOTALL)
BARE = ("metrics", "columns", "sources", "checks", "yardsticks", "streams")  # shelves whose parts take no options


def options(verb: str) -> str:
    """Return the arguments of a command as a Markdown table, as the command itself says them."""
    from glia.cli.app import app

    lines = ["| argument | meaning |", "| --- | --- |"]
    for one in app[verb].assemble_argument_collection(parse_docstring=True):
        if one.show:
            name = one.name if one.name.startswith("--") else one.name.upper()
            lines.append(f"| `{name}` | {_cell(one.parameter.help or '')} |")
    return "\n".join(lines)


def parts(shelf: str) -> str:
    """Return what stands on a shelf as a Markdown table: name, one sentence, options with their defaults."""
    from glia.verbs.shelves import shelves

    shelf, _, kind = shelf.partition(" for ")
    bare = shelf in BARE or bool(kind)
    lines = ["| name | what it is |" + " options |" * (not bare), "| --- | --- |" + " --- |" * (not bare)]
    for part in shelves(shelf, kind or None):
        given = ", ".join(f"`{name}={_plain(value)}`" for name, value in part["options"].items())
        summary = _cell(part["summary"].replace("``", "`"))
        lines.append(f"| `{part['name']}` | {summary} |" + f" {given} |" * (not bare))
    return "\n".join(lines)


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def output(command: str, folder: Path) -> str:
    """Return what a command prints, on one thread, as a block of text.

    Raises:
        subprocess.CalledProcessError: The command failed.
    """
    words = shlex.split(command)
    words[0] = str(Path(sys.executable).with_name(words[0]))
    print(f"running {command}", file=sys.stderr)
    environment = {**os.environ, "COLUMNS": "96", "OMP_NUM_THREADS": "1", "NO_COLOR": "1"}
    done = subprocess.run(
        words, cwd=folder, env=environment, text=True, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    lines = done.stdout.splitlines()
    if len(lines) > 80:
        lines = [*lines[:4], "..."]
    return "\n".join(["```text", *(line.rstrip() for line in lines), "```"])


def filled(page: str, makers: Mapping[str, Callable[[str], str]]) -> str:
    """Return a page with every marked place filled that has a maker; filling it again changes nothing."""

    def fill(found: re.Match[str]) -> str:
        opening, name, argument, _, closing = found.groups()
        return f"{opening}\n{makers[name](argument)}\n\n{closing}" if name in makers else found.group(0)

    return MARKED.sub(fill, page)


def picture(report: Path, image: Path) -> None:
    """Write a picture of the upper part of a report."""
    browser = shutil.which("chromium") or shutil.which("google-chrome") or "chromium"
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1100,1250"]
    subprocess.run([browser, *flags, f"--screenshot={image}", report.as_uri()], check=True)


def main(arguments: list[str]) -> None:
    """Fill all pages in place."""
    makers: dict[str, Callable[[str], str]] = {"options": options, "parts": parts}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if "--run" in arguments:
            data = Path(os.environ.get("GLIA_TEST_DATA", ROOT.parent / "shared" / "data"))
            shutil.copy(data / "telco-churn" / "Telco-Customer-Churn.csv", folder / "telco-churn.csv")
            makers["output"] = lambda command: output(command, folder)
        for path in PAGES:
            page = path.read_text(encoding="utf-8")
            path.write_text(filled(page, makers), encoding="utf-8")
        report = folder / "runs" / "churn" / "bundle" / "report.html"
        if report.exists():
            picture(report, ROOT / "docs" / "img" / "report.png")


if __name__ == "__main__":
    main(sys.argv[1:])
