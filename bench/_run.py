"""Run a command and say what the whole process took: seconds from its start to its end, peak memory."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Measured", "measure"]


@dataclass(frozen=True)
class Measured:
    """A finished process.

    Args:
        seconds: Wall clock from start to end, imports and reading included.
        cpu_seconds: Of all its threads and the processes it waited for.
        memory_mb: The most memory that it held at once.
        output: What it wrote to standard output.
        error: Empty when it ended well, else its last words.
    """

    seconds: float
    cpu_seconds: float
    memory_mb: float
    output: str
    error: str


def _high_water(pid: int) -> float:
    """Return the peak memory of a living process in MB.

    The peak that the system reports at the end also counts what this process held when it forked, hence the look
    at the living one.
    """
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def measure(command: list[str], cwd: Path) -> Measured:
    """Run a command to its end.

    Args:
        command: Program and arguments; no shell.
        cwd: Where it runs.

    Returns:
        What it took, what it said, and whether it failed.

    Example:
        >>> import sys
        >>> measure([sys.executable, "-c", "print(6 * 7)"], Path(".")).output.strip()
        '42'
    """
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        began = time.perf_counter()
        process = subprocess.Popen(command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        memory = 0.0
        while True:
            memory = max(memory, _high_water(process.pid))
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            time.sleep(0.02)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        words = err.read().strip()
        output = out.read()
    error = "" if process.returncode == 0 else (words or output or f"exit code {process.returncode}")[-2000:]
    return Measured(seconds, usage.ru_utime + usage.ru_stime, memory or usage.ru_maxrss / 1024, output, error)
