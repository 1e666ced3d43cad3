"""Which kind each column of a table is, and why: by what a person said, the task, its values and its name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from glia.columns import columns as shelf
from glia.columns._cells import cells
from glia.columns.boolean import Boolean
from glia.columns.prose import Prose
from glia.columns.tags import Tags
from glia.core.errors import DataError, UsageError
from glia.core.names import listed
from glia.core.parts import Column
from glia.core.raw import Raw, RawTable

__all__ = ["kinds_of"]

# What names of columns say: rows are told apart by ids, and whole numbers may be codes.
_ID = frozenset({"id", "ids", "uuid", "guid", "rowid", "index", "key", "identifier"})
_CODE = frozenset({"id", "code", "codes", "zip", "zipcode", "postcode", "postal", "plz", "sku", "key"})
_OWN = frozenset({"segment", "detect", "translate", "tag", "reconstruct"})
_READ = {"translate": "its text is translated", "tag": "its words are labeled"}
_ANSWERS = {
    "classify": ("category", "boolean"),
    "regress": ("number",),
    "segment": ("mask",),
    "detect": ("boxes",),
    "translate": ("prose",),
    "tag": ("tags",),
    "reconstruct": ("image",),
    "anomaly": ("boolean", "category"),
}


def kinds_of(
    raw: RawTable, targets: Sequence[str], task: str, kinds: Mapping[str, str], keys: Sequence[str], text: str | None
) -> tuple[dict[str, Column], dict[str, str]]:
    """Return the columns of a table, which have learned nothing yet, and why each is of its kind.

    Args:
        raw: All rows.
        targets: The columns asked for.
        task: What is asked of them.
        kinds: Kinds given by a person, by column, such as ``"date"`` or ``"date:dmy"``.
        keys: Columns the network must not see.
        text: The column whose text is translated or labeled.

    Raises:
        UsageError: A kind that does not exist, or a target's kind that its task cannot use.
        DataError: No column is left to answer from.
    """
    found: dict[str, Column] = {}
    reasons: dict[str, str] = {}
    for name in [name for name in raw if name in targets or name not in keys]:
        given, _, how = kinds[name].partition(":") if name in kinds else (None, "", "")
        if name in targets:
            kind, reasons[name] = _answer_kind(raw[name], name, task, given)
        else:
            prose = name == text and given is None
            kind, reasons[name] = ("prose", _READ[task]) if prose else _kind(raw[name], name, given)
        found[name] = shelf.get(kind)(name, "target" if name in targets else "input")
        if how:
            found[name].read_as(how)
    _paired(found, targets, text)
    if not any(column.used and column.role == "input" for column in found.values()):
        left = "; ".join(f"{name}: {reasons[name]}" for name, one in found.items() if not one.used)
        raise DataError(
            "no_inputs",
            f"no column of {raw.origin.name} is left to answer from" + f" ({left})" * bool(left),
            remedy="bring more columns, or give the kind of one with --columns",
            file=raw.origin.path,
        )
    return found, reasons


def _answer_kind(raw: Raw, name: str, task: str, given: str | None) -> tuple[str, str]:
    if given is not None:
        if given not in _ANSWERS.get(task, ()):
            raise UsageError(
                "target_kind",
                f"{name!r} cannot be read as {given!r} where the task is to {task}",
                remedy=f"choose {listed(_ANSWERS.get(task, ()))}, or another --task",
                column=name,
            )
        return given, "its kind was given"
    if task == "anomaly" and raw.values.dtype != object and set(np.unique(raw.values[raw.present])) <= {0, 1}:
        return "boolean", "it says what is strange"
    if task in _OWN:
        return _ANSWERS[task][0], f"it is asked for, to {task}"
    if task == "regress":
        return "number", "it is asked for, as a number"
    truth = Boolean.recognize(raw)
    if truth.confidence > 0.5:
        return "boolean", truth.reason
    return "category", "it is asked for, as a label"


def _paired(columns: Mapping[str, Column], targets: Sequence[str], text: str | None) -> None:
    """Let labels of words know their text, and the text that each of its words is asked for one."""
    labels = [columns[name] for name in targets if isinstance(columns[name], Tags)]
    read = columns.get(text or "")
    for column in labels:
        if isinstance(column, Tags) and isinstance(read, Prose):
            column.about = read.name
            read.word_by_word()


def _kind(raw: Raw, name: str, given: str | None) -> tuple[str, str]:
    """Return a column's kind and why: what was given, else what its values and its name say."""
    if given is not None:
        shelf.get(given)
        return given, "its kind was given"
    kinds = {kind: shelf.get(kind) for kind in shelf.names()}
    guesses = {kind: column.recognize(raw) for kind, column in kinds.items() if column.media == raw.media}
    kind = max(guesses, key=lambda one: guesses[one].confidence)
    return _named_kind(raw, name, kind) or (kind, guesses[kind].reason)


def _named_kind(raw: Raw, name: str, kind: str) -> tuple[str, str] | None:
    """Return what the name of a column of whole numbers or of texts gives away, if anything."""
    words = set(re.findall(r"[a-z]+", re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name).lower()))
    if kind not in ("number", "text") or not words & (_ID | _CODE):
        return None
    found = cells(raw)
    here, count = found.here, len(found.words)
    single = all(word.isdecimal() for word in found.words) if kind == "number" else " " not in "".join(found.words)
    if not single:
        return None
    if words & _ID and count > (0.95 if kind == "number" else 0.5) * here:
        return "id", f"its name says so, and {count} of {here} values are different"
    if words & _CODE and kind == "number" and count <= 0.5 * here:
        return "category", f"its name says that its {count} whole numbers are codes"
    return None
