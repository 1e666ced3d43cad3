"""An input that is the target itself, perhaps under other names: then there is nothing to predict."""

from __future__ import annotations

import numpy as np

from glia.core.finding import Finding
from glia.table.checks._copied import copied
from glia.table.checks._view import View

__all__ = ["check"]


def check(view: View) -> list[Finding]:
    """Find inputs that equal a target, or stand in one-to-one relation to it with values that repeat.

    Without repeats, any column of distinct values, such as an id, would be one-to-one with a number.
    """
    found = []
    for target, answer in zip(view.targets, view.answers.T):
        for name in view.inputs:
            if view.kind(name) in ("id", "constant"):
                continue  # the network does not see it
            how = copied(view, name, answer)
            if how:
                found.append(_finding(view, name, target, answer, how))
    return found


def _finding(view: View, name: str, target: str, answer: np.ndarray, how: str) -> Finding:
    column, distinct = view.factors(name)
    values, first = np.unique(answer, return_index=True)
    named = view.objective == "classify" and len(view.classes) > values.max()
    pairs = {
        str(distinct[column[row]]) if column[row] >= 0 else "(missing)": view.classes[int(value)]
        if named
        else float(value)
        for row, value in zip(first[:10], values[:10])
    }
    k = len(values)
    text = f"column {name!r} {how} the target {target!r}: its {k} values tell the answer in every row"
    evidence = {"columns": [name], "target": target, "distinct": k, "pairs": pairs, "rows": view.ids(first)}
    remedy = f"leave it out with --columns {name}=id, if it will not be known before the answer is"
    return Finding("target_copy", "stop", text, evidence, remedy)
