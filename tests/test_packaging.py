"""What an install costs: start-up time, what is loaded, how large it is, and what it never needs."""

from __future__ import annotations

import importlib.metadata as metadata
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest


def ran(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def quickest(command: list[str], tries: int = 5) -> float:
    """The best of several tries: a busy machine slows single ones."""
    times = []
    for _ in range(tries):
        began = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - began)
    return min(times)


def test_importing_glia_loads_neither_torch_nor_scikit_learn() -> None:
    heavy = ran(
        "import sys, glia\n"
        "print([name for name in ('torch', 'sklearn', 'pandas', 'numpy', 'duckdb') if name in sys.modules])"
    )
    assert heavy == "[]"


def test_importing_glia_is_quick() -> None:
    assert quickest([sys.executable, "-c", "import glia"]) < 0.3


def test_help_is_quick() -> None:
    assert quickest([sys.executable, "-m", "glia", "--help"]) < 0.5


def closure(names: list[str]) -> dict[str, metadata.Distribution]:
    found: dict[str, metadata.Distribution] = {}
    todo = list(names)
    while todo:
        name = re.split(r"[ ;<>=!~\[(]", todo.pop().strip())[0].lower().replace("_", "-")
        if name in found:
            continue
        try:
            found[name] = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        todo += [need for need in found[name].requires or [] if "extra ==" not in need]
    return found


def megabytes(distribution: metadata.Distribution) -> float:
    # Bytecode is made by the person's own Python and is no part of what is installed.
    shipped = (file for file in distribution.files or [] if file.suffix != ".pyc")
    paths = (Path(str(file.locate())) for file in shipped)
    return sum(path.stat().st_size for path in paths if path.is_file()) / 1e6


def test_the_core_adds_at_most_350_megabytes_to_torch() -> None:
    needs = [need for need in metadata.requires("glia") or [] if "extra ==" not in need]
    torch_and_its_own = closure(["torch"])
    added = {name: part for name, part in closure(needs).items() if name not in torch_and_its_own}
    assert sum(megabytes(part) for part in added.values()) <= 350


def test_no_dependency_is_capped_and_torchvision_is_none() -> None:
    needs = metadata.requires("glia") or []
    assert not [need for need in needs if re.search(r"<|==|~=", need.split(";")[0])]
    assert not [need for need in needs if "torchvision" in need]


def test_neither_a_broken_torchvision_nor_the_compiler_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "torchvision").mkdir()
    (tmp_path / "torchvision" / "__init__.py").write_text(
        "raise RuntimeError('operator torchvision::nms does not exist')"
    )
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "import glia\n"
        f"glia.fit('iris', target='target', epochs=1, out={str(tmp_path / 'run')!r},"
        " settings=['net.width=8', 'net.members=2', 'judge.yardsticks=false'])\n"
        "print('torch._dynamo' in sys.modules, 'torch._inductor' in sys.modules)"
    )
    assert ran(code) == "False False"


@pytest.mark.parametrize("name", ["glia", "glia.core", "glia.sources", "glia.columns", "glia.nets", "glia.metrics"])
def test_rooms_are_light_to_enter(name: str) -> None:
    assert ran(f"import sys, {name}; print('torch' in sys.modules or 'sklearn' in sys.modules)") == "False"


def test_files_and_functions_stay_small() -> None:
    import ast
    import statistics

    lengths, functions = {}, {}
    for path in (Path(__file__).parents[1] / "src" / "glia").rglob("*.py"):
        text = path.read_text()
        lengths[path.name] = len(text.splitlines())
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                functions[f"{path.name}:{node.name}"] = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
    assert statistics.median(lengths.values()) <= 150
    assert sorted(lengths.values())[int(0.9 * len(lengths))] <= 400
    assert max(lengths.values()) <= 800
    too_long = {name: length for name, length in functions.items() if length > 60}
    assert not too_long
