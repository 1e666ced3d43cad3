"""What is asked of a table: which columns, and whether they are classified or regressed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from glia.columns import columns
from glia.columns.number import Number
from glia.core.errors import DataError, UsageError
from glia.core.names import did_you_mean, listed
from glia.core.raw import RawTable
from glia.table._look import Look, look_at
from glia.table._names import refuse_unknown
from glia.table._words import labels_words, text_for
from glia.table.answers import FEW, check_targets

__all__ = ["TASKS", "Question", "ask"]

TASKS: dict[str, str] = {
    "classify": "one of several labels",
    "regress": "a number",
    "segment": "the class of every pixel",
    "detect": "objects and where they are",
    "reconstruct": "the row itself, to reduce it or to clean it",
    "anomaly": "how strange a row is",
    "forecast": "what comes next in a series",
    "generate": "how a text goes on",
    "translate": "the text in other words",
    "tag": "a label for every word",
    "embed": "a vector for every word",
}
"""What can be asked, by the word people use."""

_UNASKED = frozenset({"reconstruct", "anomaly", "forecast", "generate", "embed"})  # no column needs to be named
_OWN = frozenset({"segment", "detect", "translate", "tag"})  # answers are of a kind of their own
_READ = ("translate", "tag")  # what is asked of one text
_NAMED = ("label", "boxes", "mask")  # what folders of pictures and sounds call their answers
_LIKELY = ("target", "label", "class", "outcome", "y", "survived", "churn", "income", "price", "quality")
_DONE = {"classify": "classified", "regress": "regressed"}


@dataclass(frozen=True)
class Question:
    """What is asked.

    Args:
        task: The word people use, one of :data:`TASKS`.
        objective: The part that answers: the task's own, or ``"multilabel"`` for several labels at once.
        targets: The columns asked for.
        reason: Why this task, in one sentence.
        text: The column whose text is translated or labeled, where one is.
    """

    task: str
    objective: str
    targets: tuple[str, ...]
    reason: str
    text: str | None = None


def ask(raw: RawTable, targets: Sequence[str] | str | None, task: str | None = None) -> Question:
    """Return the question columns ask: text, truths and few whole numbers classify, other numbers regress.

    Args:
        raw: The table, before rows without an answer are left out.
        targets: The columns asked for.
        task: One of :data:`TASKS`, where the values must not decide.

    Raises:
        UsageError: No such column, no such task, or targets that do not go together.
        DataError: The target is empty, or cannot be answered as asked.

    Example:
        >>> import numpy as np
        >>> from glia.core.raw import Origin, Raw
        >>> rows = Raw(np.array(["yes", "no", "yes"], dtype=object), np.ones(3, bool))
        >>> ask(RawTable({"churn": rows}, Origin("made", "array")), ["churn"]).objective
        'classify'
    """
    if task is not None and task not in TASKS:
        raise UsageError(
            "unknown_task",
            f"there is no task {task!r}{did_you_mean(task, TASKS)}",
            remedy=f"choose one of {listed(TASKS, 20)}, or leave it out",
        )
    if task in _UNASKED:
        return _unasked(raw, targets, task)
    names = _named(raw, targets or _called(raw))
    task = task or _seen(raw, names) or _filed(raw, names)
    if task in _OWN:
        return _of_own_kind(raw, names, task)
    looks = {name: look_at(raw[name]) for name in names}
    for name, look in looks.items():
        _refuse(raw, name, look)
    question = _one(names[0], looks[names[0]], task) if len(names) == 1 else _several(looks, task)
    for name, look in looks.items():
        _refuse_answers(raw, name, look, question.task)
    return question


def _unasked(raw: RawTable, targets: Sequence[str] | str | None, task: str) -> Question:
    """Return the question of a task for which no column needs to be named."""
    names = _named(raw, targets) if targets else ()
    objective = "surprise" if task == "anomaly" and not any(one.media for one in raw.columns.values()) else task
    return Question(task, {"embed": "embed_words"}.get(task, objective), names, f"asked for {TASKS[task]}")


def _of_own_kind(raw: RawTable, names: Sequence[str], task: str) -> Question:
    """Return the question of a task whose answers are of a kind of their own, such as masks."""
    if len(names) > 1:
        raise UsageError("one_target", f"to {task}, one column is asked for at a time", remedy="name one target")
    text = text_for(raw, names[0], task) if task in _READ else None
    about = "" if text is None else f" of {text!r}"
    return Question(task, task, tuple(names), f"{names[0]!r} holds {TASKS[task]}{about}", text)


def _called(raw: RawTable) -> tuple[str, ...]:
    """Return the column that a folder's source itself calls the answer."""
    made = raw.origin.kind in ("folder", "archive") or any(one.media for one in raw.columns.values())
    return tuple(name for name in _NAMED if name in raw)[:1] if made else ()


def _filed(raw: RawTable, names: Sequence[str]) -> str | None:
    """Return that labels which folders and names of files carry are classes, numbers among them."""
    return "classify" if tuple(names) == ("label",) and raw.origin.kind in ("folder", "archive") else None


def _seen(raw: RawTable, names: Sequence[str]) -> str | None:
    """Return the task that a target asks for by its very kind: pictures are masks, lists of boxes are found."""
    if len(names) != 1:
        return None
    values = raw[names[0]]
    if values.media:
        return "segment"
    if (
        values.values.dtype == object
        and "boxes" in columns.names()
        and columns.get("boxes").recognize(values).confidence > 0.5
    ):
        return "detect"
    return "tag" if labels_words(raw, names[0]) else None


def _named(raw: RawTable, targets: Sequence[str] | str | None) -> tuple[str, ...]:
    names = (targets,) if isinstance(targets, str) else tuple(targets or ())
    if not names:
        lowered = {name.lower(): name for name in raw}
        likely = next((lowered[word] for word in _LIKELY if word in lowered), [*raw, "COLUMN"][len(raw.columns) - 1])
        raise UsageError(
            "no_target",
            f"nothing is asked for; {raw.origin.name} has the columns {listed(raw, 30)}",
            remedy=f"name the column to predict, perhaps --target {likely}",
        )
    refuse_unknown(raw, names, "unknown_target")
    if len(set(names)) < len(names):
        raise UsageError("target_twice", f"a column is asked for twice in {listed(names)}", remedy="name each once")
    return names


def _refuse(raw: RawTable, name: str, look: Look) -> None:
    """Refuse a column that has no answers, or dates."""
    if not look.here:
        raise DataError(
            "target_missing",
            f"no row has a value ({len(raw)} rows)",
            remedy="ask for another column, or bring rows whose answer is known",
            file=raw.origin.path,
            column=name,
        )
    if look.kind == "date":
        raise UsageError(
            "target_is_date",
            "dates cannot be asked for",
            remedy="ask for a number, such as the days until then",
            column=name,
        )


def _refuse_answers(raw: RawTable, name: str, look: Look, task: str) -> None:
    """Refuse numbers that cannot be read, and labels of which nearly every row has one of its own."""
    if task == "regress":
        check_targets(raw, {name: Number(name, "target")}, learn=True)
    elif look.kind != "boolean" and look.count > max(0.5 * look.here, FEW):
        said = f"{look.count} of {look.here} labels are different, so there is nothing to learn them from"
        remedy = "ask for a column whose labels repeat, or for a number with --task regress"
        raise DataError("target_not_repeated", said, remedy=remedy, file=raw.origin.path, column=name)


def _one(name: str, look: Look, task: str | None) -> Question:
    if task is not None:
        return Question(task, task, (name,), f"{name!r} holds {look}; the task was given")
    task = "classify" if look.classes else "regress"
    other = "regress" if look.classes else "classify"
    offer = f" (--task {other} to change that)" if look.kind in ("whole", "number") else ""
    return Question(task, task, (name,), f"{name!r} holds {look}, so it is {_DONE[task]}{offer}")


def _several(looks: Mapping[str, Look], task: str | None) -> Question:
    names = tuple(looks)
    paired = all(look.count == 2 for look in looks.values())
    if paired and task != "regress":
        reason = f"each of {listed(names)} holds two values, so each is a label that applies or does not"
        return Question("classify", "multilabel", names, reason)
    if task == "regress" or (task is None and all(look.kind in ("whole", "number") for look in looks.values())):
        return Question("regress", "regress", names, f"all of {listed(names)} are numbers, so they are regressed")
    odd = [f"{name!r} holds {look}" for name, look in looks.items() if look.count != 2]
    raise UsageError(
        "targets_mixed",
        f"several targets must all hold two values or all be numbers, but {'; '.join(odd)}",
        remedy="fit these columns one at a time",
    )
