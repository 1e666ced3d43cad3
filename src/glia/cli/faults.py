"""What a command that failed says, to people and to programs; a traceback never reaches a person."""

from __future__ import annotations

import json
import sys

from cyclopts import CycloptsError

from glia.core.errors import DataError, GliaError, TrainingError, UsageError

__all__ = ["told"]


def told(error: BaseException, *, as_json: bool) -> int:
    """Say why a command failed and return the exit code: its own, or 130 for Ctrl-C."""
    match error:
        case GliaError():
            return _said(error, as_json)
        case CycloptsError():
            return _said(UsageError("usage", " ".join(str(error).split()), remedy="see glia --help"), as_json)
        case KeyboardInterrupt():
            text, _, remedy = str(error).partition("; ")
            stopped = UsageError("interrupted", text or "stopped at once, as asked", remedy=remedy)
            return _said(stopped, as_json, code=getattr(error, "exit_code", 130))
        case BrokenPipeError():
            return 0
        case MemoryError():
            return _said(UsageError("out_of_memory", "the machine has too little memory for this"), as_json, code=4)
        case OSError():  # the screen, a pipe or a log file; files of runs have errors of their own
            return _said(DataError("io_error", f"the output cannot be written: {error.strerror or error}"), False)
        case _:
            return _said(_own_fault(error), as_json, code=4)


def _own_fault(error: BaseException) -> GliaError:
    """Return an unexpected exception as an error that asks to be reported, its traceback kept in a file."""
    import tempfile
    import traceback

    if isinstance(error, ImportError) and ("map segment" in str(error) or "allocate memory" in str(error)):
        return TrainingError("out_of_memory", "the machine has too little memory to load the libraries")
    text = f"glia itself failed: {type(error).__name__}: {error}"
    try:
        with tempfile.NamedTemporaryFile("w", prefix="glia-fault-", suffix=".txt", delete=False) as file:
            file.write("".join(traceback.format_exception(error)))
    except OSError:  # a full disk
        return UsageError("own_fault", text, remedy="please report it")
    return UsageError("own_fault", text, remedy=f"please report it with the file {file.name}")


def _said(error: GliaError, as_json: bool, code: int | None = None) -> int:
    if as_json:
        print(json.dumps({"error": error.as_dict()}))
    else:
        print(f"glia: {error}", file=sys.stderr)
    return error.exit_code if code is None else code
