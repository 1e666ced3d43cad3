"""The linter of ``make lint`` finds every loader that would run what a file says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UNSAFE = """pickle.load(f)
pickle.loads(f)
marshal.loads(f)
shelve.open(f)
dill.load(f)
cloudpickle.load(f)
joblib.load(f)
joblib.dump(f, f)
yaml.load(f)
yaml.load(f, Loader=yaml.Loader)
yaml.unsafe_load(f)
torch.load(f)
torch.load(f, weights_only=True)
torch.save(f, f)
torch.jit.load(f)
torch.hub.load(f, f)
numpy.load(f, allow_pickle=True)
pandas.read_pickle(f)
eval(f)
exec(f)
os.system(f)
subprocess.run(f, shell=True)
tarfile.open(f).extractall()
tempfile.mktemp()
xml.etree.ElementTree.parse(f)""".splitlines()


@pytest.mark.parametrize("line", UNSAFE)
def test_a_loader_that_runs_what_a_file_says_is_found(line: str) -> None:
    name = line.partition("(")[0].rpartition(".")[0]
    code = f"import {name}\n\nf = None\n{line}\n" if name else f"f = None\n{line}\n"
    words = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--output-format=json",
        "--stdin-filename=src/glia/core/new.py",
        "-",
    ]
    done = subprocess.run(words, cwd=ROOT, input=code, capture_output=True, text=True, check=False)
    found = json.loads(done.stdout)
    assert [
        one for one in found if (one["code"].startswith("S") and one["code"][1:].isdigit()) or one["code"] == "TID251"
    ]
    assert done.returncode == 1


def test_the_linter_is_part_of_make_lint() -> None:
    recipe = (ROOT / "Makefile").read_text().partition("\nlint:")[2].partition("\n\n")[0]
    assert "ruff check ." in recipe
