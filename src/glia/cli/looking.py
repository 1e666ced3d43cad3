"""Commands that look at what there is: show, runs, stop, check, list, demo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from glia.cli.documents import as_document
from glia.cli.options import Json

__all__ = ["check", "demo", "list_", "runs", "show", "stop"]


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
        return as_document(document, json) if json else batch_view(document)
    if (folder / "events.jsonl").is_file():
        from glia.cli.runs import follow_view, run_view
        from glia.record.runs import look

        run = follow_view(folder) if follow and not json else look(folder)
        whole = (folder / "bundle").exists()
        if json:
            return as_document(opened(bundle) if whole else run.as_dict(), json)
        run_view(run)
        if not whole:
            return 0
    document = opened(bundle)
    if json:
        return as_document(document, json)
    result_view(document)
    return 0


def runs(folder: str = "runs", /, *, json: Json = False) -> int:
    """List the runs in a folder: state, network, best score on validation, time.

    Args:
        folder: Where the runs are.
    """
    from glia.cli.runs import runs_view
    from glia.record.runs import find

    found = find(folder)
    if json:
        return as_document({"folder": folder, "runs": [run.as_dict() for run in found]}, json)
    runs_view(found, folder)
    return 0


def stop(run: str, /, *, json: Json = False) -> int:
    """End a run well: it keeps the best weights, judges them and writes its bundle.

    Args:
        run: The run's folder.
    """
    from glia.verbs.runs import stop as verb

    document = verb(run)
    if json:
        return as_document(document, json)
    print(f"{run}: {document['state']}{'; ' if document['verdict'] else ''}{document['verdict']}")
    return 0


def check(bundle: str, /, *, json: Json = False) -> int:
    """Say whether a bundle is exactly as it was written.

    Args:
        bundle: A run's folder or its bundle.
    """
    from glia.bundle.bundle import checked

    document = checked(bundle)
    if json:
        return as_document(document, json)
    print(f"{document['bundle']}: whole, {document['files']} files as written")
    return 0


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
        return as_document({"shelf": shelf, "parts": rows}, json)
    shelf_view(shelf, rows)
    return 0


def demo(*, out: str = "runs/demo", budget: str = "10s") -> int:
    """Fit three of scikit-learn's bundled real data sets and say what to try next.

    Args:
        out: Where the runs go.
        budget: Time for each.
    """
    from glia.cli.demo import show_demo

    return show_demo(Path(out), budget)
