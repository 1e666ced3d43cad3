"""Floor 8: the command line."""

from __future__ import annotations

__all__ = ["main"]


def main(tokens: list[str] | None = None) -> int:
    """Run a command line and return its exit code; 0 done, 2 usage, 3 bad data, 4 training failed, 5 damaged bundle."""
    from glia.cli.app import run

    return run(tokens)
