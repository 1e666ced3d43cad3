"""What can be done with a run that is going on, or has gone wrong: end it, look at a batch it refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from glia.core.errors import DataError, UsageError
from glia.core.store import write_atomic
from glia.record import events
from glia.record.reader import follow
from glia.record.runs import look

__all__ = ["saved_batch", "stop"]


def stop(folder: str | Path) -> dict[str, Any]:
    """Ask a run to end well and return how it ended: it keeps the best weights, judges them and writes its bundle.

    Args:
        folder: The run's directory; nothing else is needed, from whichever machine it is seen.

    Raises:
        UsageError: The folder is no run, or the run is not going on.
    """
    run = look(folder)
    if run.state != "running":
        remedy = f"go on with glia fit --resume {folder}" if run.state != "done" else "see glia show"
        raise UsageError("not_running", f"the run is not going on: it is {run.state}", file=folder, remedy=remedy)
    write_atomic(Path(folder) / "stop", b"")
    last: events.Event | None = None
    for line in follow(folder):
        last = line.event
    after = look(folder)
    return {**after.as_dict(), "verdict": last.verdict if isinstance(last, events.End) else ""}


def saved_batch(folder: str | Path, step: int) -> dict[str, Any]:
    """Return a batch whose gradient was not finite: what a replay found, and its bad rows as the network got them.

    Args:
        folder: The run's directory.
        step: The step that was refused.

    Raises:
        UsageError: No batch of that step was saved; those that were are named.
        DataError: The saved batch is damaged.
    """
    from glia.train.checkpoint import read_tree

    inside = Path(folder) / "snapshots"
    place = inside / f"batch-{step}"
    if not place.is_dir():
        saved = sorted(int(one.name[6:]) for one in inside.glob("batch-*") if one.name[6:].isdigit())
        remedy = f"batches are saved of steps {', '.join(map(str, saved))}" if saved else "none was: all was finite"
        raise UsageError("no_batch", f"no batch of step {step} was saved", file=folder, remedy=remedy)
    tree = read_tree(place)
    try:
        values, bad = tree.pop("values"), tree.pop("bad")
        groups = [name for name in (*tree["names"], "target") if name in values]
        rows = [
            {"row": int(values["row"][row]), **{name: values[name][row].flatten().tolist() for name in groups}}
            for row in (bad or range(len(values["row"])))
        ]
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise DataError("bad_checkpoint", f"not a batch ({error})", file=place) from None
    return {**tree, "values": rows}
