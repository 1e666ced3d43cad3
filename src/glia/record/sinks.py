"""Who watches a run while it goes on: a display, other programs; none of them can end it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from glia.core.errors import UsageError
from glia.record import events
from glia.record.board import TensorBoard

__all__ = ["sink", "undisturbed"]

Watch = Callable[[events.Event], None]


def undisturbed(watch: Watch) -> Watch:
    """Return a watcher whose failing screen, pipe or log file does not reach the run: it hears no more then.

    Example:
        >>> def closed(event):
        ...     raise BrokenPipeError
        >>> undisturbed(closed)(events.Note("the run goes on"))
    """
    deaf = [False]

    def hear(event: events.Event) -> None:
        if deaf[0]:
            return
        try:
            watch(event)
        except OSError:
            deaf[0] = True
        except SystemExit as error:  # rich leaves the program when its pipe is closed
            if not isinstance(error.__context__, BrokenPipeError):
                raise
            deaf[0] = True

    return hear


def sink(track: str | None) -> Callable[[Path, Watch], Watch]:
    """Return what joins those who watch a run: the caller's own watcher, and another program's files where wanted.

    Args:
        track: ``"tensorboard"``, or ``None``.

    Raises:
        UsageError: There is no such program.
    """
    if track not in (None, "tensorboard"):
        raise UsageError("unknown_track", f"nothing writes for {track!r}", remedy="choose tensorboard")

    def joined(folder: Path, watch: Watch) -> Watch:
        shown = undisturbed(watch)
        if track is None:
            return shown
        board = TensorBoard(folder / "tensorboard")

        def both(event: events.Event) -> None:
            shown(event)
            board.watch(event)

        return both

    return joined
