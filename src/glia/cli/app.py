"""The commands: each reads its arguments, calls one verb and shows what comes back."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, CycloptsError, Parameter

import glia
from glia.core.errors import DataError, GliaError, TrainingError, UsageError
from glia.core.meter import process_start

__all__ = ["app", "run"]

app = App(
    name="glia",
    help="From data and a question to a trained neural network, honestly judged and sealed in one safe bundle.",
    version=glia.__version__,
    help_format="plaintext",
    exit_on_error=False,
    print_error=False,
    suppress_keyboard_interrupt=False,
    result_action="return_value",
)

Json = Annotated[bool, Parameter(negative=(), help="Print exactly one JSON document on stdout.")]
Quiet = Annotated[bool, Parameter(negative=(), help="Print nothing but the result.")]
Several = Parameter(consume_multiple=False, negative=())


def run(tokens: list[str] | None = None) -> int:
    """Run a command line and return its exit code."""
    words = sys.argv[1:] if tokens is None else tokens
    as_json = "--json" in words
    try:
        with_code = app(words)
    except CycloptsError as error:
        return _fail(UsageError("usage", _sentence(error), remedy="see glia --help"), as_json)
    except GliaError as error:
        return _fail(error, as_json)
    except KeyboardInterrupt as error:
        text, _, remedy = str(error).partition("; ")
        stopped = UsageError("interrupted", text or "stopped at once, as asked", remedy=remedy)
        return _fail(stopped, as_json, code=getattr(error, "exit_code", 130))
    except BrokenPipeError:
        return 0
    except MemoryError:
        return _fail(UsageError("out_of_memory", "the machine has too little memory for this"), as_json, code=4)
    except OSError as error:  # the screen, a pipe or a log file; files of runs have errors of their own
        return _fail(DataError("io_error", f"the output cannot be written: {error.strerror or error}"), as_json=False)
    except Exception as error:  # a traceback never reaches a person; a fault of glia's own says so
        return _fail(_own_fault(error), as_json, code=4)
    return int(with_code) if isinstance(with_code, int) else 0


def _sentence(error: CycloptsError) -> str:
    return " ".join(str(error).split())


def _own_fault(error: Exception) -> GliaError:
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


def _fail(error: GliaError, as_json: bool, code: int | None = None) -> int:
    if as_json:
        print(json.dumps({"error": error.as_dict()}))
    else:
        print(f"glia: {error}", file=sys.stderr)
    return error.exit_code if code is None else code


@app.command
def fit(
    source: str | None = None,
    /,
    *,
    target: str | None = None,
    task: str | None = None,
    net: str | None = None,
    budget: str | None = None,
    epochs: int | None = None,
    test: str | None = None,
    valid: str | None = None,
    columns: str | None = None,
    names: str | None = None,
    split: str | None = None,
    group: str | None = None,
    time: str | None = None,
    known: str | None = None,
    horizon: int | None = None,
    lookback: int | None = None,
    skip_bad: int | None = None,
    metric: str | None = None,
    seed: int | None = None,
    out: str | None = None,
    set_: Annotated[tuple[str, ...], Parameter(name="--set", negative=())] = (),
    recipe: str | None = None,
    accept: Annotated[tuple[str, ...], Parameter(negative=())] = (),
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
        target: The column asked for; several separated by commas.
        task: classify, regress, segment, detect, reconstruct, anomaly, forecast, generate, translate or embed; read
            from the target when not given.
        net: The network, see `glia list nets`.
        budget: Time from start to report, such as 30s, 5m, 1h (60s).
        epochs: Passes over the training rows instead of a budget; then no clock decides anything.
        test: Rows kept untouched until the last step.
        valid: Rows for choosing.
        columns: Kinds recognized wrongly, such as age=number,zip=category.
        names: Column names, for a file without a header.
        split: Shares 0.7,0.15,0.15 or rows in time order 8640,2880,2880.
        group: A column whose values never straddle two parts.
        time: A column by which parts follow one another.
        known: For a forecast, columns that are known in advance, separated by commas.
        horizon: For a forecast, how many steps ahead.
        lookback: How many steps, or characters, a network sees at once.
        skip_bad: How many files may be unreadable and are left out.
        metric: What is chosen and compared by, see `glia list metrics`.
        seed: The one seed (0).
        out: The run's folder (runs/<id>).
        set_: Any setting, such as train.lr=0.01 or net.width=512; repeatable.
        recipe: A recipe.json or bundle to repeat.
        accept: Code of a finding that would stop the run and shall not; repeatable.
        dry_run: Read, audit and plan, but do not train.
        resume: A run that was interrupted, to go on with as if it had not been; nothing else is said then.
        track: Write what happens for tensorboard, too.
    """
    from glia.cli.progress import Progress
    from glia.cli.views import result_view

    progress = Progress(quiet=quiet or json)
    arguments: dict[str, Any] = {
        "target": _several(target),
        "task": task,
        "net": net,
        "budget": budget,
        "epochs": epochs,
        "test": test,
        "valid": valid,
        "columns": _pairs(columns),
        "names": _several(names),
        "split": split,
        "group": group,
        "time": time,
        "known": _several(known),
        "horizon": horizon,
        "lookback": lookback,
        "skip_bad": skip_bad,
        "metric": metric,
        "seed": seed,
        "settings": set_,
        "recipe": recipe,
        "accept": accept,
    }
    if dry_run:
        from glia.compose.rehearsal import rehearse

        return _show(rehearse(source, **arguments), json)
    from glia.compose.flow import fit as fit_

    with progress:
        arguments |= {"resume": resume, "track": track, "out": out}
        bundle = fit_(source, watch=progress.watch, started=process_start(), **arguments)
    if json:
        return _show(bundle.result, json)
    result_view(bundle.result)
    return 0


@app.command
def plan(
    source: str,
    /,
    *,
    target: str | None = None,
    task: str | None = None,
    net: str | None = None,
    budget: str | None = None,
    set_: Annotated[tuple[str, ...], Parameter(name="--set", negative=())] = (),
    json: Json = False,
) -> int:
    """Try ways of training on this machine and say which is fastest, why, and where a step's time goes.

    Args:
        source: The rows.
        target: The column asked for; several separated by commas.
        task: As for fit.
        net: The network, see `glia list nets`.
        budget: Time that a fit would have (60s).
        set_: Any setting, such as plan.threads=1; repeatable.
    """
    from glia.verbs.plan import plan as verb

    words: dict[str, Any] = {"target": _several(target), "task": task, "net": net, "budget": budget}
    document = verb(source, **words, settings=set_)
    if json:
        return _show({name: value for name, value in document.items() if name != "lines"}, json)
    print("\n".join(document["lines"]))
    return 0


@app.command
def predict(bundle: str, source: str, /, *, out: str | None = None, json: Json = False) -> int:
    """Answer for new rows, in their order.

    Args:
        bundle: A run's folder or its bundle.
        source: The rows.
        out: A .csv, .tsv, .jsonl or .parquet file; printed as CSV when not given.
    """
    from glia.bundle.bundle import load
    from glia.cli.views import predictions_view
    from glia.verbs.predict import predict as verb

    done = verb(load(bundle), source, out)
    if json:
        columns = {name: values.tolist() for name, values in done["columns"].items()}
        return _show({**done, "columns": columns}, json)
    predictions_view(done)
    return 0


@app.command
def adapt(
    bundle: str,
    source: str,
    /,
    *,
    target: str | None = None,
    tune: Literal["all", "head", "thaw", "lora"] = "thaw",
    budget: str | None = None,
    epochs: int | None = None,
    split: str | None = None,
    seed: int | None = None,
    out: str | None = None,
    set_: Annotated[tuple[str, ...], Parameter(name="--set", negative=())] = (),
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Take what a bundle has learned to other data, beside the same network begun from nothing.

    Args:
        bundle: A run's folder or its bundle.
        source: The other data, of the same kind.
        target: The column asked for.
        tune: Train all weights, only the new head, layers one after the other, or corrections of low rank.
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
    progress = Progress(quiet=quiet or json)
    with progress:
        words |= {"watch": progress.watch, "started": process_start()}
        done = verb(bundle, source, target, tune=tune, settings=set_, **words)
    if json:
        return _show(done.result, json)
    result_view(done.result)
    return 0


@app.command
def sample(
    bundle: str,
    prompt: str = "",
    /,
    *,
    length: int = 200,
    count: int = 1,
    temperature: float = 0.8,
    top_k: int = 0,
    top_p: float = 1.0,
    seed: int = 0,
    json: Json = False,
) -> int:
    """Write on from a prompt, with a bundle fitted to a text.

    Args:
        bundle: A run's folder or its bundle.
        prompt: How the text begins.
        length: Most characters or pieces of words that are added.
        count: How many texts.
        temperature: 0 takes the likeliest, 1 draws as the network believes, more is bolder.
        top_k: How many of the likeliest are drawn from; 0 for all.
        top_p: The probability that those drawn from have together.
        seed: The seed of chance.
    """
    from glia.bundle.bundle import load
    from glia.verbs.sample import sample as verb

    document = verb(
        load(bundle),
        prompt,
        length=length,
        count=count,
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        seed=seed,
    )
    if json:
        return _show(document, json)
    print("\n---\n".join(document["texts"]))
    return 0


@app.command
def embed(
    bundle: str,
    words: str | None = None,
    /,
    *,
    analogy: str | None = None,
    rows: str | None = None,
    near: int = 10,
    out: str | None = None,
    json: Json = False,
) -> int:
    """Show which words are near one another, answer analogies, or give a vector for each row of other data.

    Args:
        bundle: A run's folder or its bundle.
        words: Words whose nearest ones are wanted, separated by commas.
        analogy: Three words, such as king,man,woman: the first is to the second as the third is to what is asked for.
        rows: Rows of the kind the bundle was fitted to, to get a vector for each.
        near: How many words are named.
        out: A .csv, .jsonl or .parquet file for the vectors.
    """
    from glia.bundle.bundle import load
    from glia.verbs.embed import embed as verb

    asked, three = _several(words) or (), _several(analogy) or ()
    document = verb(load(bundle), asked, rows=rows, analogy=three, near=near, out=out)
    if json or rows is not None:
        return _show(document, json)
    for word, others in document["near"].items():
        print(f"{word}: {', '.join(f'{other} {cosine:.2f}' for other, cosine in others)}")
    if analogy:
        print(", ".join(f"{other} {cosine:.2f}" for other, cosine in document["analogy"]))
    return 0


@app.command
def evaluate(bundle: str, source: str, /, *, json: Json = False) -> int:
    """Score a bundle on rows whose answers are known.

    Args:
        bundle: A run's folder or its bundle.
        source: The rows, target column included.
    """
    from glia.bundle.bundle import load
    from glia.cli.views import scores_view

    document = load(bundle).evaluate(source)
    if json:
        return _show(document, json)
    scores_view(document)
    return 0


@app.command
def show(
    bundle: str,
    /,
    *,
    follow: Annotated[bool, Parameter(negative=())] = False,
    batch: int | None = None,
    json: Json = False,
) -> int:
    """Show how a run is going or went, and how good its bundle is.

    Args:
        bundle: A run's folder or its bundle.
        follow: Go on showing a run until it ends.
        batch: Show the batch that was saved because its gradient was not finite, by its step.
    """
    from glia.bundle.bundle import opened
    from glia.cli.views import result_view

    folder = Path(bundle)
    if batch is not None:
        from glia.cli.runs import batch_view
        from glia.verbs.runs import saved_batch

        document = saved_batch(folder, batch)
        return _show(document, json) if json else batch_view(document)
    if (folder / "events.jsonl").is_file():
        from glia.cli.runs import follow_view, run_view
        from glia.record.runs import look

        run = follow_view(folder) if follow and not json else look(folder)
        whole = (folder / "bundle").exists()
        if json:
            return _show(opened(bundle) if whole else run.as_dict(), json)
        run_view(run)
        if not whole:
            return 0
    document = opened(bundle)
    if json:
        return _show(document, json)
    result_view(document)
    return 0


@app.command
def runs(folder: str = "runs", /, *, json: Json = False) -> int:
    """List the runs in a folder: state, network, best score on validation, time.

    Args:
        folder: Where the runs are.
    """
    from glia.cli.runs import runs_view
    from glia.record.runs import find

    found = find(folder)
    if json:
        return _show({"folder": folder, "runs": [run.as_dict() for run in found]}, json)
    runs_view(found, folder)
    return 0


@app.command
def stop(run: str, /, *, json: Json = False) -> int:
    """End a run well: it keeps the best weights, judges them and writes its bundle.

    Args:
        run: The run's folder.
    """
    from glia.verbs.runs import stop as verb

    document = verb(run)
    if json:
        return _show(document, json)
    print(f"{run}: {document['state']}{'; ' if document['verdict'] else ''}{document['verdict']}")
    return 0


@app.command
def check(bundle: str, /, *, json: Json = False) -> int:
    """Say whether a bundle is exactly as it was written.

    Args:
        bundle: A run's folder or its bundle.
    """
    from glia.bundle.bundle import checked

    document = checked(bundle)
    if json:
        return _show(document, json)
    print(f"{document['bundle']}: whole, {document['files']} files as written")
    return 0


@app.command(name="list")
def list_(
    shelf: str | None = None,
    /,
    *,
    for_: Annotated[str | None, Parameter(name="--for")] = None,
    json: Json = False,
) -> int:
    """List the parts of a shelf: nets, objectives, metrics, remedies and others.

    Args:
        shelf: Which shelf; without one, all of them.
        for_: Only parts for this kind of data, such as table.
    """
    from glia.cli.views import shelf_view
    from glia.verbs.shelves import shelves

    rows = shelves(shelf, kind=for_)
    if json:
        return _show({"shelf": shelf, "parts": rows}, json)
    shelf_view(shelf, rows)
    return 0


@app.command
def demo(*, out: str = "runs/demo", budget: str = "10s") -> int:
    """Fit three of scikit-learn's bundled real data sets and say what to try next.

    Args:
        out: Where the runs go.
        budget: Time for each.
    """
    from glia.cli.demo import show_demo

    return show_demo(Path(out), budget)


def _show(document: Any, as_json: bool) -> int:
    from glia.core.documents import plain

    print(json.dumps(plain(document), indent=None if as_json else 2, ensure_ascii=False))
    return 0


def _several(text: str | None) -> list[str] | None:
    """Return names separated by commas; quotes keep a comma inside a name, as in a CSV header."""
    if text is None:
        return None
    import csv

    return [name.strip() for name in next(csv.reader([text], skipinitialspace=True))]


def _pairs(text: str | None) -> dict[str, str] | None:
    if text is None:
        return None
    pairs = {}
    for part in _several(text) or []:
        name, mark, kind = part.rpartition("=")
        if not mark:
            raise UsageError(
                "bad_columns",
                f"--columns {part!r} has no '='",
                remedy="write --columns age=number,zip=category",
            )
        pairs[name] = kind
    return pairs
