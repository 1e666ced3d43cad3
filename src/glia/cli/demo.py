"""The demonstration: three real data sets that come with scikit-learn."""

from __future__ import annotations

from pathlib import Path

__all__ = ["show_demo"]

SETS = {
    "breast_cancer": "Is a tumour malignant? 569 patients, 30 measurements of cell nuclei.",
    "diabetes": "How far will diabetes have progressed in a year? 442 patients, 10 measurements.",
    "digits": "Which digit was written? 1,797 pictures of 8 x 8 grey pixels, as a table.",
}


def show_demo(folder: Path, budget: str) -> int:
    """Fit each set, print each verdict, say where the reports are and what to try next.

    Args:
        folder: Where the runs go; each set gets a new folder inside.
        budget: Time for each set.
    """
    import time

    from rich.console import Console
    from rich.rule import Rule

    from glia.cli.progress import Progress
    from glia.cli.views import result_view
    from glia.compose.flow import fit

    console = Console(highlight=False)
    stamp = time.strftime("%Y%m%d-%H%M%S")
    runs = []
    for name, question in SETS.items():
        console.print(Rule(f"{name}: {question}", align="left"))
        out = folder / f"{stamp}-{name}"
        with Progress() as progress:
            bundle = fit(name, target="target", budget=budget, out=out, watch=progress.watch)
        result_view(bundle.result)
        runs.append(out)
    first = runs[0]
    console.print(Rule("what to try next", align="left"))
    print(f"glia show {first}                     what the bundle is and how good it is")
    print(f"glia predict {first} breast_cancer    answers for rows (here: the same ones)")
    print("glia fit YOUR.csv --target COLUMN     your own table, one minute by default")
    print("glia list nets                        the networks to choose from")
    print(f"\nreports: {', '.join(str(run / 'bundle' / 'report.html') for run in runs)}")
    return 0
