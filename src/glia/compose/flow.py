"""``glia.fit``: from a table and a question to a bundle, begun anew or gone on with after an interruption."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from importlib.metadata import version
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Any

from glia.compose.outcome import ended
from glia.compose.prepare import Sources
from glia.compose.resuming import fitting
from glia.compose.warm import warm
from glia.compose.way import Fit, Watch
from glia.core.errors import GliaError, TrainingError, UsageError
from glia.core.names import listed
from glia.core.recipe import Recipe, read
from glia.record import events
from glia.record.sinks import sink
from glia.record.writer import Record
from glia.train.checkpoint import Checkpoints

if TYPE_CHECKING:
    from torch import nn

    from glia.bundle.bundle import Bundle

__all__ = ["fit"]


def fit(
    source: Any,
    target: str | Sequence[str] | None = None,
    *,
    task: str | None = None,
    net: str | nn.Module | None = None,
    budget: float | str | None = None,
    epochs: int | None = None,
    test: Any = None,
    valid: Any = None,
    columns: Mapping[str, str] | None = None,
    names: Sequence[str] | None = None,
    split: str | None = None,
    group: str | None = None,
    time: str | None = None,
    known: Sequence[str] | None = None,
    horizon: int | None = None,
    lookback: int | None = None,
    skip_bad: int | None = None,
    metric: str | None = None,
    seed: int | None = None,
    out: str | Path | None = None,
    settings: Mapping[str, Any] | Sequence[str] = (),
    recipe: Recipe | str | Path | None = None,
    accept: Sequence[str] = (),
    resume: str | Path | None = None,
    track: str | None = None,
    watch: Watch = lambda event: None,
    started: float | None = None,
) -> Bundle:
    """Train a network on a table, judge it beside simpler models, and seal it in a bundle.

    Args:
        source: A file, a folder of pictures, sounds or texts, a data frame, arrays, or the name of a bundled set
            such as ``"iris"``.
        target: The column asked for, or several.
        task: What is asked, one of :data:`glia.table.question.TASKS`; read from the target when not given.
        net: A network of the shelf by name, or any :class:`torch.nn.Module` taking ``(B, F)`` float features.
        budget: Seconds from start to report, a number or such as ``"5m"``; 60 when nothing is said.
        epochs: Passes over the training rows instead of a budget; then no clock decides anything.
        test: Rows kept untouched until the last step; otherwise a part of the source is.
        valid: Rows for choosing; otherwise a part of the source is.
        columns: Kinds of columns that were recognized wrongly.
        names: Names of the columns, for a file without a header.
        split: Shares ``"0.7,0.15,0.15"`` or numbers of rows in time order ``"8640,2880,2880"``.
        group: A column whose values never straddle two parts.
        time: A column by which parts follow one another.
        known: For a forecast, columns of numbers that are known in advance.
        horizon: For a forecast, how many steps ahead.
        lookback: How many steps, or characters, a network sees at once.
        skip_bad: How many files may be unreadable and are left out.
        metric: What is chosen and compared by.
        seed: The one seed; 0 when nothing is said.
        out: The run's folder; ``runs/<id>`` when nothing is said.
        settings: Further settings, ``{"train.lr": 0.01}`` or ``["train.lr=0.01"]``.
        recipe: A recipe to repeat; other arguments are laid over it.
        accept: Codes of findings that would stop the run and shall not.
        resume: The folder of a run to go on with, as if it had never been interrupted; it keeps its recipe. Only
            tables in memory and a module must be given again.
        track: ``"tensorboard"`` to write the run's events for that program, too.
        watch: Called with every event of the run.
        started: When the clock starts, as :func:`time.perf_counter` counts; now when nothing is said.

    Returns:
        The bundle, with ``.result`` holding the result document.

    Raises:
        UsageError: The question does not fit the data.
        DataError: The data cannot be read rightly or must not be trained on.
        TrainingError: Training could not go on.

    Example:
        >>> import glia, tempfile
        >>> folder = tempfile.mkdtemp() + "/run"
        >>> bundle = glia.fit("iris", target="target", epochs=2, out=folder)
        >>> bundle.result["task"]
        'classify'
    """
    from time import perf_counter

    from glia.compose.asking import asked

    began = perf_counter() if started is None else started
    module = None if net is None or isinstance(net, str) else net
    full = asked(
        recipe,
        source=source,
        target=target,
        task=task,
        net=net if isinstance(net, str) else None,
        budget=budget,
        epochs=epochs,
        test=test,
        valid=valid,
        columns=columns,
        names=names,
        split=split,
        group=group,
        time=time,
        known=known,
        horizon=horizon,
        lookback=lookback,
        skip_bad=skip_bad,
        metric=metric,
        seed=seed,
        settings=settings,
        accept=accept,
    )
    sources = Sources(
        *(
            given if given is not None else named
            for given, named in ((source, full.data.source), (test, full.data.test), (valid, full.data.valid))
        )
    )
    if resume is not None:
        _refuse_words(full, out)
        return _go_on(Record(resume, resume=True), (source, test, valid), module, watch, began, track)
    if isinstance(sources.fit, str | Path) and not str(sources.fit):
        raise UsageError("no_source", "no source of rows was named", remedy="name a file, a frame or a bundled set")
    warm(yardsticks=full.judge.yardsticks)
    show = sink(track)
    record = Record(out, Path(full.data.source).stem or "table")
    with _told(record):
        record.document(recipe=full.as_dict())
        run = Fit(sources, full, record, show(record.folder, watch), began, module)
        run.emit(events.Start(record.id, full.data.source, version("glia")))
        return _through(run)


def _go_on(
    record: Record,
    tables: tuple[Any, Any, Any],
    module: nn.Module | None,
    watch: Watch,
    began: float,
    track: str | None,
) -> Bundle:
    """Go on with a run from its newest checkpoint that is whole, or start it over; one that is through is opened."""
    with _told(record):
        if (record.folder / "bundle").exists():
            return _opened(record, module)
        recipe = read(record.facts.get("recipe") or {})
        named = (recipe.data.source, recipe.data.test, recipe.data.valid)
        sources = Sources(*map(partial(_found, record), tables, named))
        warm(yardsticks=recipe.judge.yardsticks)
        checkpoints = Checkpoints(record.folder / "checkpoints")
        checkpoints.clean()
        passed: list[str] = []
        found = checkpoints.newest(passed.append)
        past = None if found is None else found[1]
        run = Fit(sources, recipe, record, sink(track)(record.folder, watch), began, module, past)
        with fitting():
            start = _start(record, recipe, past)
        run.emit(start)
        for text in [*passed, *([] if found else ["no checkpoint is whole: the run starts over"] if passed else [])]:
            run.emit(events.Note(text))
        return _through(run)


def _start(record: Record, recipe: Recipe, past: Mapping[str, Any] | None) -> events.Start:
    """Return the event that says where a run goes on."""
    if past is None:
        return events.Start(record.id, recipe.data.source, version("glia"), resumed=True)
    step = 0 if past["state"] is None else int(past["state"]["step"])
    return events.Start(record.id, recipe.data.source, version("glia"), True, int(past["trial"]), step)


def _found(record: Record, table: Any, named: str | None) -> Any:
    """Return the source of a resumed run: given again, or found where the run was started."""
    if table is not None or named is None:
        return table
    if named.startswith("<"):
        raise UsageError(
            "no_source",
            f"the run learned from a table in memory ({named.strip('<>')}), which cannot be found again by name",
            remedy="give it again: glia.fit(table, resume=...)",
        )
    there = Path(str(record.facts.get("cwd", ""))) / named
    return str(there) if not Path(named).exists() and there.exists() else named


def _opened(record: Record, module: nn.Module | None) -> Bundle:
    """Return the bundle of a run that was through; a run killed just before its last event gets that now."""
    from glia.bundle.bundle import Bundle
    from glia.record.reader import scan

    bundle = Bundle.load(record.folder / "bundle", net=module)
    rmtree(record.folder / "shards", ignore_errors=True)
    if not any(isinstance(line.event, events.End) for line in scan(record.folder)):
        record.emit(ended(bundle.result))
    return bundle


def _through(run: Fit) -> Bundle:
    try:
        with run.interrupts.heard():
            return run.run()
    finally:
        run.close()


@contextmanager
def _told(record: Record) -> Iterator[None]:
    """Let a run's directory tell how it ended, whatever happens; nothing that goes wrong here hides the cause."""
    try:
        yield
    except BaseException as error:
        told = _as_event(error, record)
        with suppress(GliaError):
            record.emit(told)
        if isinstance(error, KeyboardInterrupt):
            error.args = (f"{told.text}; go on with {told.remedy}",)
        if told.code == "out_of_memory" and not isinstance(error, GliaError):
            raise TrainingError(told.code, told.text, remedy=told.remedy) from None
        raise
    finally:
        record.close()


def _as_event(error: BaseException, record: Record) -> events.Error:
    if isinstance(error, GliaError):
        return events.Error(error.code, error.text, error.remedy)
    if isinstance(error, KeyboardInterrupt):
        return events.Error("interrupted", "stopped at once, as asked", f"glia fit --resume {record.folder}")
    if isinstance(error, MemoryError | RuntimeError):
        from glia.train.memory import out_of_memory, wanted_bytes

        if out_of_memory(error):
            need = wanted_bytes(error)
            said = f"memory does not suffice{f': {need} more were asked for' if need else ''}"
            return events.Error("out_of_memory", said, "take fewer rows, a smaller network, or a larger machine")
    return events.Error("own_fault", f"glia itself failed: {type(error).__name__}: {error}", "please report it")


def _refuse_words(recipe: Recipe, out: object) -> None:
    """Refuse a resumed run that is told to be another one."""
    said, plain = recipe.as_dict(), Recipe().as_dict()
    other = [
        f"{part}.{name}" if isinstance(said[part], dict) else part
        for part in said
        for name in (said[part] if isinstance(said[part], dict) else [part])
        if (said[part][name] != plain[part][name] if isinstance(said[part], dict) else said[part] != plain[part])
        and (part, name) not in {("data", "source"), ("data", "test"), ("data", "valid")}
    ]
    other += [] if out is None else ["out"]
    if other:
        raise UsageError(
            "resume_alone",
            f"a resumed run keeps its recipe, and {listed(other)} was given",
            remedy="leave it out, or begin a new run",
        )
