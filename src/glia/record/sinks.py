"""Other programs that can show a run: readers of the same events."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from glia.core.errors import UsageError
from glia.record import events

__all__ = ["TensorBoard", "sink"]

Watch = Callable[[events.Event], None]


class TensorBoard:
    """Write losses, scores, rates and layers for TensorBoard.

    Args:
        folder: Where its files go.
    """

    def __init__(self, folder: Path) -> None:
        from tensorboardX import SummaryWriter

        self._writer: Any = SummaryWriter(str(folder))

    def watch(self, event: events.Event) -> None:
        """Take an event."""
        if isinstance(event, events.Metric):
            for name in ("loss", "lr", "gradient"):
                self._add(f"train/{name}", getattr(event, name), event.step)
        elif isinstance(event, events.Evaluation):
            for name, value in event.values.items():
                self._add(f"{event.part}/{name}", value, event.step)
        elif isinstance(event, events.Layers):
            for name in ("weight", "gradient", "update"):
                for layer, value in getattr(event, name).items():
                    self._add(f"{name}/{layer}", value, event.step)
        elif isinstance(event, events.End | events.Error):
            self._writer.close()

    def _add(self, name: str, value: float | None, step: int) -> None:
        # What is not finite is shown as a gap in the curve, which is what TensorBoard makes of NaN.
        self._writer.add_scalar(name, float("nan") if value is None else value, step)


def sink(track: str | None) -> Callable[[Path, Watch], Watch]:
    """Return what adds a program to those who watch a run; refused at once where it is not there.

    Args:
        track: ``"tensorboard"``, or ``None``.

    Raises:
        UsageError: There is no such program, or its package is not installed.
    """
    if track is None:
        return lambda folder, watch: watch
    if track != "tensorboard":
        raise UsageError("unknown_track", f"nothing writes for {track!r}", remedy="choose tensorboard")
    if find_spec("tensorboardX") is None:
        raise UsageError(
            "missing_extra",
            "TensorBoard's files are written by a package that is not installed",
            remedy="pip install 'glia[tensorboard]'",
        )

    def with_board(folder: Path, watch: Watch) -> Watch:
        board = TensorBoard(folder / "tensorboard")

        def both(event: events.Event) -> None:
            watch(event)
            board.watch(event)

        return both

    return with_board
