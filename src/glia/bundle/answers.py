"""Answers as columns: prediction, probability_<class>, low, high; as the kind of frame that came in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from glia.core.parts import Column
from glia.core.values import Answer, Specs

__all__ = ["columns_of", "like"]


def columns_of(
    answer: Answer, targets: list[Column], labels: tuple[tuple[str, ...], ...], asked: Specs | None = None
) -> dict[str, np.ndarray]:
    """Return answers as named columns in the order of the rows.

    With one target the columns are ``prediction``, ``probability_<class>``, ``low`` and ``high``; with
    several, each name ends in ``_<target>``. Boxes and masks come as JSON in a cell: boxes as a list of objects whose
    ends are shares of the picture, masks as COCO's run lengths for each class that is there. Strangeness is ``score``.

    Args:
        answer: The answers to N rows.
        targets: The columns asked for, which turn codes into labels of the kind that training had.
        labels: The classes of each target, in the order of the codes.
        asked: What is asked for; of a forecast, the names of the variables.
    """
    if answer.point is not None and answer.point.ndim == 3:
        return _steps(answer, asked["target"].names if asked else ())
    if answer.boxes is not None:
        return {"prediction": _cells([_boxes(one, labels[0]) for one in answer.boxes])}
    if answer.mask is not None:
        return {"prediction": _cells([_runs(one, labels[0]) for one in answer.mask])}
    if answer.text is not None:
        return {"prediction": answer.text}
    if answer.score is not None:
        flagged = {} if answer.label is None else {"prediction": np.where(answer.label > 0, "strange", "normal")}
        return {**flagged, "score": answer.score}
    if len(targets) == 1 and answer.label is not None and answer.probability is not None:
        columns = {"prediction": targets[0].decode(answer.label.reshape(len(answer)))}
        for code, name in enumerate(labels[0]):
            columns[f"probability_{name}"] = answer.probability[:, code]
        return columns
    found: dict[str, np.ndarray] = {}
    for at, target in enumerate(targets):
        end = "" if len(targets) == 1 else f"_{target.name}"
        if answer.point is not None:
            found[f"prediction{end}"] = answer.point[:, at]
        elif answer.label is not None:
            found[f"prediction{end}"] = target.decode(answer.label[:, at])
        parts = {"probability": answer.probability, "low": answer.low, "high": answer.high}
        found |= {f"{name}{end}": part[:, at] for name, part in parts.items() if part is not None}
    return found


def _steps(answer: Answer, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Return forecasts (N, H, V) as a row for each step: ``prediction``, ``low`` and ``high`` of each variable."""
    assert answer.point is not None
    found: dict[str, np.ndarray] = {}
    for at in range(answer.point.shape[2]):
        end = f"_{names[at]}" if answer.point.shape[2] > 1 and names else ""
        parts = {"prediction": answer.point, "low": answer.low, "high": answer.high}
        found |= {f"{name}{end}": part[:, :, at].reshape(-1) for name, part in parts.items() if part is not None}
    return found


def _cells(documents: list[Any]) -> np.ndarray:
    """Return JSON values as (N,) texts."""
    return np.array([json.dumps(one) for one in documents], dtype=object)


def _boxes(boxes: np.ndarray, classes: tuple[str, ...]) -> list[dict[str, Any]]:
    ends = ("left", "top", "right", "bottom")
    return [
        {"class": classes[int(row[0])], "score": round(float(row[1]), 4)}
        | {name: round(float(value), 4) for name, value in zip(ends, row[2:])}
        for row in boxes
    ]


def _runs(mask: np.ndarray, classes: tuple[str, ...]) -> dict[str, Any]:
    """Return run lengths down the columns, beginning with those that are not of the class, as COCO counts them."""
    found = {}
    for code in np.unique(mask):
        flat = (mask == code).reshape(-1, order="F").astype(np.int8)
        changes = np.flatnonzero(np.diff(flat, prepend=0, append=1 - flat[-1]))
        found[classes[int(code)]] = np.diff(changes, prepend=0).tolist()
    return {"size": list(mask.shape), "counts": found}


def like(source: Any, columns: dict[str, np.ndarray]) -> Any:
    """Return columns as a frame of the kind that came in (pandas with its index), else as they are.

    Example:
        >>> import pandas
        >>> like(pandas.DataFrame({"a": [1]}, index=["x"]), {"prediction": np.array([2])}).to_dict()
        {'prediction': {'x': 2}}
    """
    if isinstance(source, dict | list | tuple | np.ndarray | str) or hasattr(source, "__fspath__"):
        return columns
    import narwhals as nw

    frame = nw.from_native(source, pass_through=True)
    lazy = isinstance(frame, nw.LazyFrame)
    if not (isinstance(frame, nw.DataFrame) or (lazy and frame.implementation.is_polars())):
        return columns  # an unfinished query of a database has no frame of its own kind to go back into
    data = {name: values.tolist() if values.dtype == object else values for name, values in columns.items()}
    answer = nw.from_dict(data, backend=frame.implementation).to_native()
    index = nw.maybe_get_index(frame)
    if index is not None:
        answer.index = index
    return answer
