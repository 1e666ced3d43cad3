"""The command line: which commands there are, and what every one of them ends with."""

from __future__ import annotations

import sys

from cyclopts import App

import glia
from glia.cli.answering import embed, evaluate, predict, sample
from glia.cli.faults import told
from glia.cli.learning import adapt, fit, plan
from glia.cli.looking import check, demo, list_, runs, show, stop

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
for verb in (fit, plan, predict, adapt, sample, embed, evaluate, show, runs, stop, check, demo):
    app.command(verb)
app.command(list_, name="list")


def run(tokens: list[str] | None = None) -> int:
    """Run a command line and return its exit code."""
    words = sys.argv[1:] if tokens is None else tokens
    try:
        code = app(words)
    except (Exception, KeyboardInterrupt) as error:
        return told(error, as_json="--json" in words)
    return code if isinstance(code, int) else 0
