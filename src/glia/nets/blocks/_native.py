"""Own machine code for blocks, compiled once on each machine; without a compiler there is none, and nothing is lost."""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import subprocess
import tempfile
from functools import cache
from hashlib import blake2b
from pathlib import Path

import torch

__all__ = ["library"]

SOURCE = Path(__file__).with_name("_fused.cpp")
FLAGS = ("-O3", "-march=native", "-std=c++17", "-fopenmp", "-fPIC", "-fno-math-errno", "-fno-trapping-math")
PATIENCE = 60.0


@cache
def library() -> ctypes.CDLL | None:
    """Return the compiled functions; ``None`` where they cannot be compiled or loaded."""
    try:
        path = _compiled()
        return None if path is None else ctypes.CDLL(str(path))
    except (OSError, subprocess.SubprocessError):
        return None


def _compiled() -> Path | None:
    compiler = shutil.which("g++") or shutil.which("clang++")
    if compiler is None or not SOURCE.is_file():
        return None
    home = os.environ.get("XDG_CACHE_HOME", "")
    folder = (Path(home) if home else Path.home() / ".cache") / "glia" / "native"
    text = [SOURCE.read_text(encoding="utf-8"), *FLAGS, compiler, torch.__version__, platform.machine(), _flags()]
    target = folder / f"{blake2b(chr(0).join(text).encode(), digest_size=10).hexdigest()}.so"
    if target.is_file():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as temp:
        part, whole = Path(temp) / "fused.o", Path(temp) / "fused.so"
        # Linking torch's own thread library keeps a second set of threads from fighting with it for the cores.
        threads = [str(one) for one in sorted((Path(torch.__file__).parent / "lib").glob("libgomp*.so*"))[:1]]
        _run([compiler, *FLAGS, "-c", str(SOURCE), "-o", str(part)])
        _run([compiler, "-shared", str(part), *(threads or ["-fopenmp"]), "-o", str(whole)])
        whole.replace(target)
    return target


def _run(command: list[str]) -> None:
    # The compiler and our own source, nothing that anyone typed.
    subprocess.run(command, check=True, timeout=PATIENCE, stdin=subprocess.DEVNULL, capture_output=True)  # noqa: S603


def _flags() -> str:
    """Return what the processor can do: code made for one must not run on another."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.startswith(("flags", "Features"))), "")
