"""Freed memory stays with the process while it trains, and is given back after."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import resource, torch
from glia.train import heap
torch.set_num_threads(1)
def faults(): return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
def work():
    for _ in range(20): torch.ones(12_000_000)
if {held}: heap.hold()
work()
before = faults(); work(); print(faults() - before)
heap.give_back()
print(int(open('/proc/self/statm').read().split()[1]) * 4096)
"""


def run(held: bool) -> tuple[int, int]:
    out = subprocess.run([sys.executable, "-c", SCRIPT.format(held=held)], capture_output=True, text=True, check=True)
    faults, resident = map(int, out.stdout.split())
    return faults, resident


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="what is set belongs to glibc")
def test_memory_is_not_asked_for_twice_and_given_back_in_the_end() -> None:
    usual, resident = run(held=False)
    held, after = run(held=True)
    assert held < usual / 10
    assert after < resident + 50_000_000
