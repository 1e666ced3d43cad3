"""Arguments that several commands share, each said once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from cyclopts import Parameter

from glia.core.errors import UsageError

__all__ = ["UNASKED", "UNDECIDED", "Choices", "Json", "Question", "Quiet", "Settings", "kinds_of", "several", "spoken"]

Json = Annotated[bool, Parameter(negative=(), help="Print exactly one JSON document on stdout.")]
Quiet = Annotated[bool, Parameter(negative=(), help="Print nothing but the result.")]
Settings = Annotated[tuple[str, ...], Parameter(name="--set", negative=())]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked of which rows, and within which time.

    Args:
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
    """

    target: str | None = None
    task: str | None = None
    net: str | None = None
    budget: str | None = None
    epochs: int | None = None
    test: str | None = None
    valid: str | None = None
    columns: str | None = None
    names: str | None = None
    split: str | None = None
    group: str | None = None
    time: str | None = None
    known: str | None = None
    horizon: int | None = None
    lookback: int | None = None
    skip_bad: int | None = None
    metric: str | None = None
    seed: int | None = None


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Choices:
    """What a person decides that would be decided otherwise.

    Args:
        set_: Any setting, such as train.lr=0.01 or net.width=512; repeatable.
        recipe: A recipe.json or bundle to repeat.
        accept: Code of a finding that would stop the run and shall not; repeatable.
    """

    set_: Settings = ()
    recipe: str | None = None
    accept: Annotated[tuple[str, ...], Parameter(negative=())] = ()


UNASKED, UNDECIDED = Question(), Choices()


def spoken(question: Question, choices: Choices) -> dict[str, Any]:
    """Return what was typed as the arguments of :func:`glia.fit`."""
    listed = {name: several(getattr(question, name)) for name in ("target", "names", "known")}
    chosen = {"settings": choices.set_, "recipe": choices.recipe, "accept": choices.accept}
    return {**vars(question), **listed, "columns": kinds_of(question.columns), **chosen}


def several(text: str | None) -> list[str] | None:
    """Return names separated by commas; quotes keep a comma inside a name, as in a CSV header.

    Example:
        >>> several('age, "city, state"')
        ['age', 'city, state']
    """
    if text is None:
        return None
    import csv

    return [name.strip() for name in next(csv.reader([text], skipinitialspace=True))]


def kinds_of(text: str | None) -> dict[str, str] | None:
    """Return kinds of columns by name.

    Example:
        >>> kinds_of("age=number,zip=category")
        {'age': 'number', 'zip': 'category'}
    """
    if text is None:
        return None
    pairs = {}
    for part in several(text) or []:
        name, mark, kind = part.rpartition("=")
        if not mark:
            raise UsageError(
                "bad_columns",
                f"--columns {part!r} has no '='",
                remedy="write --columns age=number,zip=category",
            )
        pairs[name] = kind
    return pairs
