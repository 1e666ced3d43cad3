"""The machine a number was measured on: a number without it says nothing."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

__all__ = ["busy", "facts"]

# What decides the speed of networks on a processor: wide vectors, 16-bit products, matrix tiles.
FLAGS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "amx_int8")


def _field(path: str, key: str) -> str:
    """Return the first value of a ``key : value`` file of the kernel; empty where there is none."""
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line.split(":", 1)[1].strip() for line in lines if line.split(":")[0].strip() == key), "")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def facts() -> dict[str, Any]:
    """Return processor, cores, memory, load, flags and the versions of Python and torch, as JSON values.

    Example:
        >>> sorted(facts())[:3]
        ['cores', 'flags', 'load']
    """
    flags = set(_field("/proc/cpuinfo", "flags").split())
    memory = _field("/proc/meminfo", "MemTotal").removesuffix("kB").strip()
    return {
        "processor": _field("/proc/cpuinfo", "model name") or platform.processor() or platform.machine(),
        "cores": os.cpu_count() or 1,
        "memory_gb": round(int(memory) / 2**20, 1) if memory else None,
        "flags": [flag for flag in FLAGS if flag in flags],
        "load": load(),
        "system": platform.platform(terse=True),
        "python": sys.version.split()[0],
        "torch": _version("torch"),
    }


def load() -> float | None:
    """Return how many processes wanted a core during the last minute; ``None`` where that is not known."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def busy(machine: dict[str, Any]) -> str:
    """Return a warning when the machine was already working before the measurement; empty when it was quiet.

    Example:
        >>> busy({"load": 0.1, "cores": 2}), busy({"load": 1.8, "cores": 2}).split(":")[0]
        ('', 'warning')
    """
    if machine["load"] is None or machine["load"] < 0.25 * machine["cores"]:
        return ""
    return f"warning: the load is {machine['load']} on {machine['cores']} cores: seconds will be too long"
