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
        others: How many cores other processes kept busy meanwhile; ``None`` where the system does not say.
        output: What it wrote to standard output.
        error: Empty when it ended well, else its last words.
    """

    seconds: float
    cpu_seconds: float
    memory_mb: float
    others: float | None
    output: str
    error: str


def _high_water(pid: int) -> float:
    """Return the peak memory of a living process in MB.

    The peak that the system reports at the end also counts what this process held when it forked, hence the
    look at the living one.
    """
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def _worked() -> float | None:
    """Return the seconds that all cores together have worked since the machine started."""
    try:
        with Path("/proc/stat").open(encoding="utf-8") as file:
            user, nice, system, _idle, _wait, *rest = map(int, file.readline().split()[1:8])
    except (OSError, ValueError):
        return None
    return (user + nice + system + sum(rest)) / os.sysconf("SC_CLK_TCK")


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
        began, before = time.perf_counter(), _worked()
        process = subprocess.Popen(command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        memory = 0.0
        while True:
            memory = max(memory, _high_water(process.pid))
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            time.sleep(0.02)
        seconds, after = time.perf_counter() - began, _worked()
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        words = err.read().strip()
        output = out.read()
    error = "" if process.returncode == 0 else f"exit code {process.returncode}\n{words}\n{output}".strip()[-2000:]
    own = usage.ru_utime + usage.ru_stime
    others = None if before is None or after is None else max(0.0, after - before - own) / seconds
    return Measured(seconds, own, memory or usage.ru_maxrss / 1024, others, output, error)
