"""Plans that won before on this machine, remembered between runs; whatever does not fit is as if it were not there."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from glia.core.store import write_atomic
from glia.train.job import Job
from glia.train.plan import available_threads

__all__ = ["folder", "machine", "mark", "recall", "remember"]

VERSION = 3
MOST_BYTES = 100_000


def folder() -> Path:
    """Return where plans are remembered: ``$XDG_CACHE_HOME/glia`` or ``~/.cache/glia``."""
    home = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(home) if home else Path.home() / ".cache") / "glia" / "plans"


def machine() -> dict[str, Any]:
    """Return what a plan depends on beside the network: processor, threads, device and versions."""
    try:
        own = version("glia")
    except PackageNotFoundError:
        own = ""
    return {
        "plan": VERSION,
        "glia": own,
        "torch": torch.__version__,
        "processor": _processor(),
        "threads": available_threads(),
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
    }


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.processor() or platform.machine()
    lines = [line for line in text.splitlines() if line.startswith(("model name", "flags", "Features"))]
    return blake2b("\n".join(sorted(set(lines))).encode(), digest_size=8).hexdigest()


def mark(job: Job, wishes: Mapping[str, Any]) -> str:
    """Return what a job is known by: shapes of weights and batch, parts, wishes; not values."""
    batch = next(iter(job.stream.batches()))
    job.stream.load_state_dict(dict.fromkeys(job.stream.state_dict(), 0))
    shapes = {
        role: [(name, tuple(one.shape), str(one.dtype)) for name, one in net.state_dict().items()]
        for role, net in job.nets.items()
    }
    kinds = [type(net).__qualname__ for net in job.nets.values()]
    inner = [type(module).__qualname__ for net in job.nets.values() for module in net.modules()]
    given = sorted((name, tuple(value.shape), str(value.dtype)) for name, value in batch.values.items())
    parts = [type(job.objective).__qualname__, type(job.step).__qualname__]
    parts += [type(one).__qualname__ for one in job.optimizers.values()]
    text = json.dumps([shapes, kinds, inner, given, parts, sorted(wishes.items())], default=str)
    return blake2b(text.encode(), digest_size=12).hexdigest()


def recall(name: str) -> dict[str, Any] | None:
    """Return a plan remembered under a mark; ``None`` where there is none, or it is damaged or of another machine."""
    try:
        path = folder() / f"{name}.json"
        if path.stat().st_size > MOST_BYTES:
            return None
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["machine"] != machine():
            return None
        plan = document["plan"]
        return plan if isinstance(plan, dict) else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def remember(name: str, plan: Mapping[str, Any]) -> None:
    """Keep a plan; a folder that cannot be written is no reason to fail."""
    try:
        folder().mkdir(parents=True, exist_ok=True)
        write_atomic(folder() / f"{name}.json", json.dumps({"machine": machine(), "plan": dict(plan)}).encode())
    except Exception:  # noqa: S110 - a cache is a convenience
        pass
