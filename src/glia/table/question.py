"""What is asked of a table: which columns, and whether they are classified or regressed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from glia.columns import columns
from glia.columns._cells import Cells, cells
from glia.columns._parse import are_codes, numeric_share, read_numbers
from glia.columns._refuse import RowError
from glia.columns.boolean import Boolean
from glia.columns.date import Date
from glia.columns.number import Number
from glia.core.errors import DataError, UsageError
from glia.core.names import did_you_mean, listed
from glia.core.parts import Column
from glia.core.raw import Raw, RawTable

__all__ = ["TASKS", "Question", "answered", "ask", "check_targets", "placed"]

_FEW = 20  # whole numbers with at most so many values are taken for classes

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
_OWN_KIND = {"segment": "mask", "detect": "boxes", "translate": "prose", "tag": "tags"}
_READ = ("translate", "tag")  # what is asked of one text
_MOST_LABELS = 200
_NAMED = ("label", "boxes", "mask")  # what folders of pictures and sounds call their answers
_LIKELY = ("target", "label", "class", "outcome", "y", "survived", "churn", "income", "price", "quality")


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


@dataclass(frozen=True)
class _Look:
    """What a target's values look like; ``count`` = how many are distinct."""

    kind: Literal["boolean", "whole", "number", "text", "date"]
    count: int
    here: int

    @property
    def classes(self) -> bool:
        return self.kind in ("boolean", "text") or (self.kind == "whole" and self.count <= _FEW)

    def __str__(self) -> str:
        values = {"boolean": "truth", "whole": "whole-number", "text": "text"}.get(self.kind, self.kind)
        return f"{self.count} different {values} value{'s' * (self.count != 1)}"


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
        >>> from glia.core.raw import Origin
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
        names = _named(raw, targets) if targets else ()
        objective = "surprise" if task == "anomaly" and not any(one.media for one in raw.columns.values()) else task
        return Question(task, {"embed": "embed_words"}.get(task, objective), names, f"asked for {TASKS[task]}")
    names = _named(raw, targets or _called(raw))
    task = task or _seen(raw, names) or _filed(raw, names)
    if task in _OWN_KIND:
        if len(names) > 1:
            raise UsageError("one_target", f"to {task}, one column is asked for at a time", remedy="name one target")
        text = _text_of(raw, names[0], task) if task in _READ else None
        about = "" if text is None else f" of {text!r}"
        return Question(task, task, names, f"{names[0]!r} holds {TASKS[task]}{about}", text)
    looks = {name: _look(raw[name]) for name in names}
    for name, look in looks.items():
        _refuse(raw, name, look)
    question = _one(names[0], looks[names[0]], task) if len(names) == 1 else _several(looks, task)
    for name, look in looks.items():
        if question.task == "regress":
            check_targets(raw, {name: Number(name, "target")}, learn=True)
        elif look.kind != "boolean" and look.count > max(0.5 * look.here, _FEW):
            said = f"{look.count} of {look.here} labels are different, so there is nothing to learn them from"
            remedy = "ask for a column whose labels repeat, or for a number with --task regress"
            raise DataError("target_not_repeated", said, remedy=remedy, file=raw.origin.path, column=name)
    return question


def answered(raw: RawTable, targets: Sequence[str]) -> np.ndarray:
    """Return which rows have a value in every target, as (N,) bool.

    In a column of labels only what can be no label counts as missing: "none" and "-" may be answers there.

    Example:
        >>> from glia.core.raw import Origin
        >>> rows = Raw(np.array(["+", "-", "NA"], dtype=object), np.ones(3, bool))
        >>> answered(RawTable({"sign": rows}, Origin("made", "array")), ["sign"]).tolist()
        [True, True, False]
    """
    known = np.ones(len(raw), bool)
    for name in targets:
        known &= _here(raw[name])
    return known


def check_targets(raw: RawTable, asked: Mapping[str, Column], *, learn: bool = False) -> None:
    """Refuse answers that cannot be read or were never seen, naming the line.

    Args:
        raw: The whole table as it was read; rows without an answer are passed over.
        asked: Target columns by name.
        learn: Whether the columns have learned nothing yet and take these rows to do so.

    Raises:
        DataError: An answer cannot be read.
    """
    rows = np.flatnonzero(answered(raw, list(asked)))
    for name, column in asked.items():
        try:
            (column.learn if learn else column.encode)(raw[name].take(rows))
        except RowError as error:
            raise placed(error, raw, int(rows[error.row])) from None


def placed(error: RowError, raw: RawTable, row: int) -> DataError:
    """Return a cell's refusal with the file and line it came from, or the row where lines are not known."""
    line = raw.origin.line(row)
    text = error.text if line is not None or error.file else f"row {row + 1}: {error.text}"
    file = error.file or raw.origin.path or raw.origin.name
    return DataError(error.code, text, remedy=error.remedy, file=file, line=line, column=error.column)


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
    return "tag" if _tagged(raw, names[0]) else None


def _tagged(raw: RawTable, name: str) -> bool:
    """Return whether a column holds a label for each word of another one: few labels, and as many as words, always."""
    if not _is_text(raw[name]) or len(cells(raw[name], strict=True).words) <= _FEW:
        return False
    rows = np.flatnonzero(_here(raw[name]))
    labels = [str(text).split() for text in raw[name].values[rows].tolist()]
    if len({len(some) for some in labels}) < 3 or len({one for some in labels for one in some}) > _MOST_LABELS:
        return False
    return any(_agreement(raw[text].take(rows), labels) == 1.0 for text in _texts(raw, name))


def _agreement(text: Raw, labels: Sequence[list[str]]) -> float:
    """Return in which share of the rows a text has as many words as there are labels."""
    return float(np.mean([len(str(one).split()) == len(some) for one, some in zip(text.values.tolist(), labels)]))


def _texts(raw: RawTable, target: str) -> list[str]:
    """Return the columns of texts beside a target, those of the longest texts in front."""
    found = {}
    for name in raw:
        if name == target or raw[name].values.dtype != object or raw[name].media or not _is_text(raw[name]):
            continue
        words = cells(raw[name])
        if words.words and numeric_share(words)[0] < 0.9 and Date.recognize(raw[name]).confidence <= 0.5:
            found[name] = float(np.median([len(word) for word in words.words]))
    return sorted(found, key=lambda name: -found[name])


def _text_of(raw: RawTable, target: str, task: str) -> str:
    """Return the column whose text is translated or labeled: the longest, or the one with a word for each label."""
    names = _texts(raw, target)
    if not names:
        raise UsageError(
            "no_text",
            f"{raw.origin.name} has no column of texts beside {target!r}, so there is nothing to {task}",
            remedy="bring the texts in a column of their own",
        )
    if task == "translate" or len(names) == 1:
        return names[0]
    rows = np.flatnonzero(_here(raw[target]))
    labels = [str(text).split() for text in raw[target].values[rows].tolist()]
    return max(names, key=lambda name: _agreement(raw[name].take(rows), labels))


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
    for name in names:
        if name not in raw:
            raise UsageError(
                "unknown_target",
                f"{raw.origin.name} has no column {name!r}{did_you_mean(name, raw)}",
                remedy=f"its columns are {listed(raw, 30)}",
                column=name,
            )
    if len(set(names)) < len(names):
        raise UsageError("target_twice", f"a column is asked for twice in {listed(names)}", remedy="name each once")
    return names


def _look(raw: Raw) -> _Look:
    if raw.values.dtype.kind in "fiu":
        values = raw.values[_here(raw)]
        whole = bool((np.isfinite(values) & (values == np.round(values))).all())
        return _Look("whole" if whole else "number", len(np.unique(values)), len(values))
    found = _text(raw) if raw.values.dtype == object else cells(raw)
    count, here = len(found.words), found.here
    if Boolean.recognize(raw).confidence > 0.5:
        return _Look("boolean", count, here)
    if here and Date.recognize(raw).confidence > 0.5:
        return _Look("date", count, here)
    least = 0.9 if found is cells(raw) else 1.0
    if not here or numeric_share(found)[0] < least or are_codes(found.words):
        return _Look("text", count, here)
    numbers = read_numbers(raw)[0]
    numbers = numbers[~np.isnan(numbers)]
    whole = bool((np.isfinite(numbers) & (numbers == np.round(numbers))).all())
    return _Look("whole" if whole else "number", count, here)


def _text(raw: Raw) -> Cells:
    """Return a text target's words: "-" and its like are missing among many numbers, and labels otherwise."""
    found = cells(raw)
    many = len(found.words) > _FEW and numeric_share(found)[0] >= 0.9
    return found if many else cells(raw, strict=True)


def _here(raw: Raw) -> np.ndarray:
    if raw.values.ndim > 1 or (raw.values.dtype == object and not _is_text(raw)):
        return raw.present
    if raw.values.dtype == object:
        return _text(raw).codes >= 0
    return raw.present & (raw.values == raw.values)


def _is_text(raw: Raw) -> bool:
    first = raw.values[raw.present][:1]
    return not len(first) or isinstance(first[0], str)


def _refuse(raw: RawTable, name: str, look: _Look) -> None:
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


def _one(name: str, look: _Look, task: str | None) -> Question:
    if task is not None:
        return Question(task, task, (name,), f"{name!r} holds {look}; the task was given")
    task = "classify" if look.classes else "regress"
    other = "regress" if look.classes else "classify"
    offer = f" (--task {other} to change that)" if look.kind in ("whole", "number") else ""
    return Question(task, task, (name,), f"{name!r} holds {look}, so it is {_DONE[task]}{offer}")


_DONE = {"classify": "classified", "regress": "regressed"}


def _several(looks: dict[str, _Look], task: str | None) -> Question:
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
