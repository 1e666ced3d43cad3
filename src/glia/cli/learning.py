"""Commands that make something of data: fit, plan, adapt."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from cyclopts import Parameter

from glia.cli.documents import as_document
from glia.cli.options import (
    UNASKED,
    UNDECIDED,
    Choices,
    Json,
    Question,
    Quiet,
    Settings,
    kinds_of,
    spoken,
)
from glia.core.meter import process_start

__all__ = ["adapt", "fit", "plan"]


def fit(
    source: str | None = None,
    /,
    *,
    question: Question = UNASKED,
    out: str | None = None,
    choices: Choices = UNDECIDED,
    dry_run: Annotated[bool, Parameter(negative=())] = False,
    resume: str | None = None,
    track: str | None = None,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Train a network on a table, judge it beside simpler models, seal it in a bundle.

    Args:
        source: A CSV, TSV, Parquet, JSONL, Arrow, SQLite, npz or duckdb file, a folder of pictures, sounds or texts,
            or a bundled set such as iris.
        out: The run's folder (runs/<id>).
        dry_run: Read, audit and plan, but do not train.
        resume: A run that was interrupted, to go on with as if it had not been; nothing else is said then.
        track: Write what happens for tensorboard, too.
    """
    from glia.cli.progress import Progress
    from glia.cli.views import result_view

    arguments = spoken(question, choices)
    if dry_run:
        from glia.compose.rehearsal import rehearse

        return as_document(rehearse(source, **arguments), json)
    from glia.compose.flow import fit as verb

    progress = Progress(quiet=quiet or json)
    with progress:
        arguments |= {"resume": resume, "track": track, "out": out, "started": process_start()}
        bundle = verb(source, watch=progress.watch, **arguments)
    if json:
        return as_document(bundle.result, json)
    result_view(bundle.result)
    return 0


def plan(source: str, /, *, question: Question = UNASKED, choices: Choices = UNDECIDED, json: Json = False) -> int:
    """Try ways of training on this machine and say which is fastest, why, and where a step's time goes.

    Args:
        source: The rows.
    """
    from glia.cli.plans import plan_view
    from glia.verbs.plan import plan as verb

    document = verb(source, **spoken(question, choices))
    if json:
        return as_document(document, json)
    plan_view(document)
    return 0


def adapt(
    bundle: str,
    source: str,
    /,
    *,
    target: str | None = None,
    tune: Literal["all", "head", "thaw", "lora"] = "thaw",
    columns: str | None = None,
    budget: str | None = None,
    epochs: int | None = None,
    split: str | None = None,
    seed: int | None = None,
    out: str | None = None,
    set_: Settings = (),
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Take what a bundle has learned to other data, beside the same network begun from nothing.

    Args:
        bundle: A run's folder or its bundle; or hf:FOLDER or hf:PACKAGE, a pretrained network on this machine.
        source: The other data, of the same kind.
        target: The column asked for.
        tune: Train all weights, only the new head, layers one after the other, or corrections of low rank.
        columns: Kinds of columns that were recognized wrongly, such as title=prose,code=category.
        budget: Time from start to report, such as 30s, 5m, 1h (60s).
        epochs: Passes over the training rows instead of a budget.
        split: Shares 0.7,0.15,0.15.
        seed: The one seed (0).
        out: The run's folder (runs/<id>).
        set_: Any setting, such as train.lr=0.01; repeatable.
    """
    from glia.cli.progress import Progress
    from glia.cli.views import result_view
    from glia.verbs.adapt import adapt as verb

    words: dict[str, Any] = {"budget": budget, "epochs": epochs, "split": split, "seed": seed, "out": out}
    words["columns"] = kinds_of(columns)
    progress = Progress(quiet=quiet or json)
    with progress:
        words |= {"watch": progress.watch, "started": process_start()}
        done = verb(bundle, source, target, tune=tune, settings=set_, **words)
    if json:
        return as_document(done.result, json)
    result_view(done.result)
    return 0
