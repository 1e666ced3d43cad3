"""Going on with a run: the same rows, the same decisions, the newest state that is whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any

from glia.compose.choices import Choices
from glia.compose.prepared import Prepared
from glia.core.errors import DataError
from glia.core.names import listed
from glia.core.recipe import Recipe
from glia.core.values import Answer
from glia.judge.yardsticks import Yard
from glia.record.writer import facts
from glia.table.duplicates import content_hashes
from glia.train.checkpoint import read_tree, write_tree
from glia.train.plan import Plan

__all__ = [
    "determinism",
    "differences",
    "fingerprints",
    "fitting",
    "keep_yards",
    "kept_yards",
    "pinned",
    "refuse_other_rows",
    "unpinned",
]


def fingerprints(prepared: Prepared) -> dict[str, Any]:
    """Return rows and a hash of each column, by part, in the order that training sees them."""
    shards = prepared.shards
    streamed = {} if shards is None else {"streamed": {"rows": shards.rows, "columns": {"rows": shards.digest}}}
    return streamed | {
        part: {
            "rows": len(table),
            "columns": {
                name: blake2b(content_hashes(table, [name]).tobytes(), digest_size=8).hexdigest() for name in table
            },
        }
        for part, table in prepared.raw.items()
    }


@contextmanager
def fitting() -> Iterator[None]:
    """Turn whatever a state of a wrong shape sets off into one plain refusal.

    Raises:
        DataError: What was saved does not fit the run; another version or a stranger may have written it.
    """
    try:
        yield
    except (KeyError, TypeError, ValueError, RuntimeError, AttributeError, IndexError) as error:
        said = (str(error).splitlines() or [""])[0][:200]
        raise DataError(
            "other_state",
            f"what was saved does not fit the run ({type(error).__name__}: {said})",
            remedy="resume with the version of glia that the run began with, or fit again",
        ) from None


def refuse_other_rows(before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Refuse to go on with other rows than the run began with.

    Raises:
        DataError: They differ; what differs is named.
    """
    if before == now:
        return
    said = []
    for part in now:
        old, new = before.get(part, {"rows": 0, "columns": {}}), now[part]
        if old["rows"] != new["rows"]:
            said.append(f"{part} had {old['rows']} rows and has {new['rows']}")
            continue
        gone, come = set(old["columns"]) - set(new["columns"]), set(new["columns"]) - set(old["columns"])
        if gone or come:
            said.append(f"{part} lacks {listed(sorted(gone))}" if gone else f"{part} has gained {listed(sorted(come))}")
            continue
        changed = [name for name, mark in new["columns"].items() if old["columns"][name] != mark]
        if changed and len(changed) == len(new["columns"]) > 1:
            said.append(f"{part} holds other rows, or in another order")
        elif changed:
            said.append(f"{listed(changed)} changed in {part}")
    raise DataError(
        "rows_changed",
        f"the rows are not those that the run began with: {'; '.join(said)}",
        remedy="bring back the data as it was, or fit anew",
    )


def pinned(plan: Plan, choices: Choices) -> dict[str, Any]:
    """Return what a clock decided, and a resumed run must not decide again."""
    rates = {"lr": choices.lr, "lr_from_nothing": choices.lr_from_nothing}
    decided = {**rates, "steps": choices.steps, "evaluate_every": choices.evaluate_every}
    return {"plan": plan.as_dict(), "choices": decided, "lr_reason": choices.reasons.get("lr")}


def unpinned(document: Mapping[str, Any], choices: Choices) -> tuple[Plan, Choices]:
    """Return plan and choices as they were when the run began."""
    plan = Plan(**{**document["plan"], "tried": tuple(document["plan"]["tried"])})
    reasons = dict(choices.reasons)
    if document["lr_reason"]:
        reasons["lr"] = document["lr_reason"]
    return plan, choices.with_(**document["choices"], find_lr=False, reasons=reasons)


def determinism(recipe: Recipe, plan: Plan) -> dict[str, Any]:
    """Return what is needed to get the same weights again, and whether a clock has a say."""
    return {
        "seed": recipe.seed,
        "threads": plan.threads,
        "precision": plan.precision,
        "clock_decides": recipe.clocked,
        "same_bits": "the same recipe, rows, versions, processor and threads, and no clock deciding",
        "not_promised": "other threads, precision, processors or versions may round otherwise",
    }


def differences(document: Mapping[str, Any]) -> list[str]:
    """Return in words how versions and machine differ from those that a run began with."""
    now = facts()
    return [
        f"{name} was {old} and is {now[kind][name]}"
        for kind in ("versions", "machine")
        for name, old in document.get(kind, {}).items()
        if name in now[kind] and now[kind][name] != old
    ]


def keep_yards(folder: Path, yards: Mapping[str, Yard]) -> None:
    """Write the answers of the yardsticks, so that a resumed run need not train them again."""
    tree = {
        name: {**vars(yard), "valid": _tensors(yard.valid), "test": _tensors(yard.test)} for name, yard in yards.items()
    }
    write_tree(folder, {"yards": tree})


def kept_yards(folder: Path) -> dict[str, Yard] | None:
    """Return the yardsticks that an earlier life of the run measured; ``None`` where it did not get there."""
    try:
        tree = read_tree(folder)["yards"]
        return {
            name: Yard(**{**one, "valid": _answer(one["valid"]), "test": _answer(one["test"])})
            for name, one in tree.items()
        }
    except (DataError, KeyError, TypeError, AttributeError):  # measured again then
        return None


def _tensors(answer: Answer) -> dict[str, Any]:
    """Return an answer as tensors and JSON values: texts as a list, boxes as a list of tensors."""
    import numpy as np
    import torch

    parts = {name: part for name, part in vars(answer).items() if part is not None}
    tree: dict[str, Any] = {
        name: torch.from_numpy(np.ascontiguousarray(part))
        for name, part in parts.items()
        if name not in ("text", "boxes")
    }
    if answer.text is not None:
        tree["text"] = answer.text.tolist()
    if answer.boxes is not None:
        tree["boxes"] = [torch.from_numpy(np.ascontiguousarray(one)) for one in answer.boxes]
    return tree


def _answer(tree: Mapping[str, Any]) -> Answer:
    import numpy as np

    parts: dict[str, Any] = {name: part.numpy() for name, part in tree.items() if name not in ("text", "boxes")}
    if "text" in tree:
        parts["text"] = np.array(tree["text"], dtype=object)
    if "boxes" in tree:
        parts["boxes"] = tuple(one.numpy() for one in tree["boxes"])
    return Answer(**parts)
