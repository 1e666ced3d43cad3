"""Pages say what the code says: parts, options, settings, codes and keys cannot drift away from it."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path
from typing import Any

import pytest

from bench import pages
from glia.core.recipe import settings
from glia.verbs.shelves import SHELVES

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
RAISED = {"UsageError", "DataError", "TrainingError", "BundleError", "Finding", "RowError"}
WORD = re.compile(r"[a-z]+(_[a-z0-9]+)*")
# Codes that are put together while running, which no search of the code finds.
MADE = {"bad_horizon", "bad_lookback"}
# Settings that are accepted and do nothing yet; a page must not promise them.
UNUSED: set[str] = set()


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def ticked(text: str) -> set[str]:
    """Return everything that stands between single backticks."""
    return set(re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL)))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_generated_places_are_as_the_code_says_now(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    now = pages.filled(text, {"options": pages.options, "parts": pages.parts})
    assert now == text, "run python -m bench.pages"


def test_every_shelf_stands_on_a_page_with_every_part() -> None:
    whole = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    for shelf, package in SHELVES.items():
        assert f"<!-- parts: {shelf} -->" in whole
        assert set(getattr(importlib.import_module(package), shelf).names()) <= ticked(whole)


def test_every_command_stands_on_its_page() -> None:
    from glia.cli.app import app

    verbs = [name for name in app if not name.startswith("-")]
    assert len(verbs) >= 7
    for verb in verbs:
        assert f"<!-- options: {verb} -->" in read("docs/commands.md")


def test_every_setting_is_explained() -> None:
    known = ticked(read("docs/training.md"))
    assert set(settings()) - known == UNUSED


def test_networks_taken_when_nothing_is_said_are_those_that_the_page_names() -> None:
    from glia.compose.choices import _FITTING, _READING

    table = read("docs/training.md").partition("| asked | of | network |")[2].partition("\n\n")[0]
    taken = {"tabm", "multimodal", *_FITTING.values(), *_READING.values()}
    assert set(re.findall(r"`(\w+)`", table)) == taken


def test_every_metric_is_named_as_an_interface() -> None:
    from glia.metrics import metrics

    assert set(metrics.names()) <= ticked(read("docs/interface.md"))


def codes() -> set[str]:
    """Return every code that is raised or found anywhere in the code."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "src" / "glia").rglob("*.py")]
    found = {f"unknown_{shelf}" for shelf in SHELVES} | MADE
    for tree in trees:
        takers = _takers(tree)
        for node in ast.walk(tree):
            ends = [end for one in _said(node, takers) for end in _ends(one)]
            found |= {one.value for one in ends if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    return found


def _takers(tree: ast.Module) -> dict[str, int]:
    """Return a module's own functions that are handed a code, and at which place."""
    places = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            names = [one.arg for one in (*node.args.posonlyargs, *node.args.args) if one.arg not in ("self", "cls")]
            if "code" in names:
                places[node.name] = names.index("code")
    return places


def _said(node: ast.AST, takers: dict[str, int]) -> list[ast.expr]:
    """Return the expressions of a node that are codes: of errors raised, of defaults, and of loops over codes."""
    if isinstance(node, ast.FunctionDef):
        given = node.args.args[len(node.args.args) - len(node.args.defaults) :]
        return [value for name, value in zip(given, node.args.defaults) if name.arg == "code"]
    if isinstance(node, ast.For) and isinstance(node.target, ast.Tuple) and isinstance(node.iter, ast.Tuple):
        first = node.target.elts[0]
        rows = [row.elts[0] for row in node.iter.elts if isinstance(row, ast.Tuple)]
        return rows if isinstance(first, ast.Name) and first.id == "code" else []
    if not isinstance(node, ast.Call):
        return []
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name in RAISED:
        return node.args[:1]
    place = takers.get(name, len(node.args))
    return [
        one for one in node.args[place : place + 1] if isinstance(one, ast.Constant) and WORD.fullmatch(str(one.value))
    ]


def _ends(node: ast.expr) -> list[ast.expr]:
    return [*_ends(node.body), *_ends(node.orelse)] if isinstance(node, ast.IfExp) else [node]


def test_every_code_is_explained() -> None:
    explained = ticked(read("docs/findings.md"))
    assert codes() - explained == set()


def test_codes_explained_occur_in_the_code() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "src" / "glia").rglob("*.py"))
    named = {
        code
        for row in re.findall(r"^\| (`.+?) \|", read("docs/findings.md"), re.MULTILINE)
        for code in re.findall(r"`([a-z_]+)`", row)
    }
    assert len(named) > 80
    for code in named - MADE - {f"unknown_{shelf}" for shelf in SHELVES}:
        assert f'"{code}"' in source, f"nothing raises {code}"


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    import glia
    from glia.compose import judging
    from glia.judge.yardsticks import measure

    out = tmp_path_factory.mktemp("interface") / "run"
    small = {"net.width": 8, "net.members": 2}
    with pytest.MonkeyPatch.context() as patch:  # no time for trees
        patch.setattr(judging, "measure", lambda *a, **words: measure(*a, **{**words, "seconds": 0.0, "threads": 1}))
        return glia.fit("iris", target="target", epochs=1, out=out, settings=small).result


def test_every_key_of_the_result_is_explained(document: dict[str, Any]) -> None:
    known = ticked(read("docs/interface.md"))
    parts = [document, document["rows"], document["seconds"], document["plan"], document["verdict"]]
    parts += [document["findings"][0], document["columns"][0], document["scores"]["test"]["accuracy"]]
    for part in parts:
        assert set(part) <= known


def test_every_key_explained_is_in_the_result(document: dict[str, Any]) -> None:
    table = read("docs/interface.md").partition("**A score**")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set(document)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert "://" in target or (page.parent / target).exists(), target


def test_what_is_said_of_scikit_learns_network_is_true() -> None:
    import inspect

    import numpy as np
    from sklearn.neural_network import MLPClassifier

    known = set(inspect.signature(MLPClassifier).parameters)
    assert not known & {"dropout", "class_weight"}
    with pytest.raises(ValueError, match="NaN"):
        MLPClassifier().fit(np.array([[np.nan], [1.0]]), [0, 1])
    with pytest.raises(ValueError, match="could not convert"):
        MLPClassifier().fit(np.array([["red"], ["blue"]], dtype=object), [0, 1])


def test_the_numbers_of_parts_in_the_readme_are_true() -> None:
    words = {7: "seven", 10: "ten"}
    said = {"nets": "{} networks", "optimizers": "{} optimizers", "schedules": "{} schedules", "metrics": "{} metrics"}
    said["yardsticks"] = "{} yardsticks"
    for shelf, phrase in said.items():
        count = len(getattr(importlib.import_module(SHELVES[shelf]), shelf).names())
        assert phrase.format(words.get(count, count)) in read("README.md")
