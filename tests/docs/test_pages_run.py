"""Every Python block and every line that begins with ``glia`` in the pages is run, only shorter than it is shown."""

from __future__ import annotations

import contextlib
import csv
import importlib.util
import io
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from glia.cli import main
from glia.compose import flow, judging
from glia.judge.yardsticks import measure
from glia.verbs import adapt

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(
    r"(?:<!-- needs: (?P<needs>\S+) -->\n)?```(?P<language>python|bash)\n(?P<code>.*?)```"
    r"|<!-- output: (?P<output>.+?) -->",
    re.DOTALL,
)
CITIES = [f"{word}{end}" for word in ("north", "south", "east", "west") for end in ("ham", "ton", "port")]


def blocks(page: Path) -> list[tuple[str, str]]:
    """Return what a page shows to be run, as (language, code); what needs a room that is not there is left out."""
    found = []
    for match in BLOCK.finditer(page.read_text(encoding="utf-8")):
        if match["needs"] and importlib.util.find_spec(match["needs"]) is None:
            continue
        found.append(("bash", match["output"]) if match["output"] else (match["language"], match["code"]))
    return found


def commands(code: str) -> list[list[str]]:
    """Return the words of every line that is a command of ours."""
    lines = [shlex.split(line, comments=True) for line in code.splitlines()]
    return [words[1:] for words in lines if words and words[0] == "glia"]


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the tables the pages speak of, in which every ``fit`` is short."""
    write_tables(tmp_path)
    monkeypatch.chdir(tmp_path)
    whole = flow.fit

    def short(*arguments: Any, **words: Any) -> Any:
        if words.get("resume") is not None:  # it keeps what it was begun with
            return whole(*arguments, **words)
        given = words.pop("settings", ())
        listed = [f"{name}={value}" for name, value in given.items()] if isinstance(given, dict) else list(given)
        if words.get("recipe") is None:
            chosen = words.get("net") or words.get("task") or any(one.startswith("net.start=") for one in listed)
            small = ["net.members=2", "net.width=8"] if not chosen and is_table(arguments) else []
            words |= {"budget": None, "epochs": 1}
            listed = [*small, *listed]
        return whole(*arguments, **words, settings=listed)

    def cheap(*arguments: Any, **words: Any) -> Any:  # no time for trees
        return measure(*arguments, **{**words, "seconds": 0.0, "threads": 1})

    monkeypatch.setattr(flow, "fit", short)
    monkeypatch.setattr(adapt, "fit", short)
    monkeypatch.setattr(judging, "measure", cheap)
    return tmp_path


def is_table(arguments: tuple[Any, ...]) -> bool:
    """Return whether the source is a plain table, which the network for tables reads."""
    source = arguments[0] if arguments else None
    return not (isinstance(source, str | Path) and (Path(source).is_dir() or Path(source).suffix == ".txt"))


def write_tables(folder: Path) -> None:
    generator = np.random.default_rng(0)
    customers = []
    for _ in range(240):
        age, city = int(generator.integers(18, 80)), str(generator.choice(CITIES))
        monthly = round(float(generator.gamma(4, 12)), 2)
        churn = "yes" if generator.random() < 0.2 + 0.6 * (monthly > 50) else "no"
        joined = f"20{generator.integers(18, 25)}-{generator.integers(1, 13):02}-{generator.integers(1, 29):02}"
        customers.append([age if generator.random() > 0.05 else "", city, joined, monthly, churn])
    header = ["age", "city", "joined", "monthly", "churn"]
    _write(folder / "customers.csv", header, customers)
    _write(folder / "telco-churn.csv", [*header[:-1], "Churn"], customers)
    _write(folder / "new.csv", header[:-1], [row[:-1] for row in customers[:5]])
    houses = []
    for _ in range(240):
        area, rooms = round(float(generator.uniform(30, 200)), 1), int(generator.integers(1, 7))
        district = str(generator.choice(["north", "harbor", "old town"]))
        price = 1800 * area + 9000 * rooms + 40_000 * (district == "harbor") + generator.normal() * 20_000
        houses.append([area, rooms, district, round(float(price), 2)])
    _write(folder / "houses.csv", ["area", "rooms", "district", "price"], houses)


def _write(path: Path, header: list[str], rows: list[list[Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])


@contextlib.contextmanager
def quiet() -> Iterator[io.StringIO]:
    said = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
        yield said


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page)], ids=lambda page: page.name)
def test_what_a_page_shows_runs_from_top_to_bottom(page: Path, workplace: Path) -> None:
    names: dict[str, Any] = {"__name__": page.stem}
    for language, code in blocks(page):
        if language == "python":
            with quiet():
                exec(compile(code, str(page), "exec"), names)
            continue
        for words in commands(code):
            with quiet() as said:
                exit_code = main(words)
            assert exit_code == 0, f"glia {shlex.join(words)}: {said.getvalue()}"


def test_the_runner_finds_blocks_and_leaves_out_other_commands(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```bash\nmake demo\nglia list nets  # why\n```\n\n```text\nglia nothing\n```\n", encoding="utf-8")
    ((language, code),) = blocks(page)
    assert (language, commands(code)) == ("bash", [["list", "nets"]])
