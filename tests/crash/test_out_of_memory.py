"""Too little memory, by a real limit: a plain end, checkpoints whole, and the run goes on where there is more."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.crash.runs_made import fit, outcome, table

from glia.core.manifest import verify
from glia.record.runs import look

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import resource, sys
from pathlib import Path
import pytest, torch
from tests.crash.runs_made import fit, keeping, often
torch.set_num_threads(1)
keep = keeping.Keeper.keep
kept = []

def narrow(self, state):
    keep(self, state)
    self.checkpoints.wait()
    if state.step == 12:  # from here on, there is as much memory as there is now, and something else wants some, too
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize(),) * 2)
        update = sys.modules["glia.train.loop"].update
        def hungry(*given):
            kept.append(torch.ones(64 << 20))
            return update(*given)
        sys.modules["glia.train.loop"].update = hungry

keeping.Keeper.keep = narrow
with pytest.MonkeyPatch.context() as patch:
    often(patch)
    from glia.core.errors import GliaError
    try:
        fit(Path(sys.argv[1]), Path(sys.argv[2]))
    except GliaError as error:
        print(error)
        sys.exit(error.exit_code)
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits on memory are kept by Linux")
def test_a_run_that_ran_out_of_memory_keeps_its_checkpoint_and_goes_on_elsewhere(tmp_path: Path) -> None:
    source, run = table(tmp_path), tmp_path / "run"
    fit(source, tmp_path / "whole")
    words = [sys.executable, "-c", PROGRAM, str(source), str(run)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 4, done.stderr[-2000:]
    assert "[out_of_memory]" in done.stdout and "256.0 MB" in done.stdout, done.stdout
    assert "Traceback" not in done.stderr
    assert look(run).state == "failed"
    folders = list((run / "checkpoints").glob("step-*"))
    assert len(folders) == 2 and not any(verify(folder) for folder in folders)
    fit(None, resume=run)
    assert outcome(run) == outcome(tmp_path / "whole")
