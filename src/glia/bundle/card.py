"""The model card: metadata for the hub and a page for people, every number from the same documents."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from glia.report.limits import limits
from glia.report.words import best_is, interval, number, sentence, spoken

__all__ = ["card"]


def card(result: Mapping[str, Any], config: Mapping[str, Any], columns: Sequence[Mapping[str, Any]],
         curves: Mapping[str, Any]) -> str:  # fmt: skip
    """Return ``README.md``.

    Args:
        result: The result of the run.
        config: The bundle's ``config.json``.
        columns: The columns, ``{name, kind, role, reason}`` each.
        curves: Drawings made of test rows, whose small classes are limits.
    """
    target = ", ".join(map(str, result.get("target") or []))
    name = spoken(config["net"]["name"])
    said = (result.get("verdict") or {}).get("text") or "No simple models were trained beside it."
    parts = [
        _metadata(result, config),
        f"# {_text(target)} by {_text(name)}",
        _text(sentence(said)),
        _scores(result),
        _yardsticks(result),
        "## Use",
        _use(config),
        "## Columns",
        _table(["column", "read as", "role", "because"],
               [[one.get(key) for key in ("name", "kind", "role", "reason")] for one in columns[:200]]),
        "## Training",
        _training(result),
        "## Limits",
        "\n".join(f"- {_text(one)}" for one in limits(result, curves)),
        "The full report is `report.html`; `glia check` says whether any file here has changed.",
    ]  # fmt: skip
    return "\n\n".join(part for part in parts if part) + "\n"


def _metadata(result: Mapping[str, Any], config: Mapping[str, Any]) -> str:
    """Return the front matter; JSON values are YAML values, so no text can break out of its line."""
    kind, task = _kind(config)
    scores = (result.get("scores") or {}).get("test") or {}
    metrics = [
        {"type": name, "name": spoken(name), "value": one.get("value")}
        for name, one in scores.items()
        if one.get("value") is not None
    ]
    data = str(result.get("source") or "table").replace("\\", "/").rsplit("/", 1)[-1]
    entry = {
        "name": f"{'-'.join(map(str, result.get('target') or ['glia']))}-{config['net']['name']}",
        "results": [
            {
                "task": {"type": task},
                "dataset": {"name": data, "type": kind, "split": "test"},
                "metrics": metrics,
            }
        ],
    }
    lines = {
        "library_name": "glia",
        "pipeline_tag": task,
        "tags": ["glia", kind, task],
        "metrics": [one["type"] for one in metrics],
        "model-index": [entry] if metrics else None,
    }
    said = [f"{name}: {_yaml(value)}" for name, value in lines.items() if value]
    return "\n".join(["---", *said, "---"])


_KINDS = {"image": "image", "token": "text", "audio": "audio", "series": "time-series"}
_TASKS = {
    "detect": "object-detection",
    "segment": "image-segmentation",
    "reconstruct": "feature-extraction",
    "forecast": "time-series-forecasting",
    "generate": "text-generation",
    "translate": "translation",
    "tag": "token-classification",
    "embed_words": "feature-extraction",
}


def _kind(config: Mapping[str, Any]) -> tuple[str, str]:
    """Return what kind of data the bundle reads and what it does, in the hub's words."""
    inputs, objective = config.get("inputs") or {}, (config.get("objective") or {}).get("name")
    kind = next((word for group, word in _KINDS.items() if group in inputs), "tabular")
    plain = "regression" if objective == "regress" else "classification"
    return kind, _TASKS.get(str(objective), f"{kind}-{plain}")


def _scores(result: Mapping[str, Any]) -> str:
    scores = (result.get("scores") or {}).get("test") or {}
    rows = [
        [
            f"{spoken(name)} ({best_is(name)} is better)",
            number(one.get("value")),
            interval(one),
            number(one.get("n")),
        ]
        for name, one in scores.items()
    ]
    return "## Scores on test rows\n\n" + _table(["metric", "value", "95 % interval", "n"], rows) if rows else ""


def _yardsticks(result: Mapping[str, Any]) -> str:
    metric = str((result.get("verdict") or {}).get("metric") or result.get("metric") or "")
    models = {str(result.get("net", "network")): (result.get("scores") or {}).get("test") or {}}
    models |= result.get("yardsticks") or {}
    rows = [
        [spoken(name), number(one[metric].get("value")), interval(one[metric])]
        for name, one in models.items()
        if isinstance(one.get(metric), Mapping)
    ]
    head = ["model, same test rows", spoken(metric), "95 % interval"]
    return "## Beside simple models\n\n" + _table(head, rows) if len(rows) > 1 else ""


def _use(config: Mapping[str, Any]) -> str:
    opening = 'bundle = glia.load("path/to/this/folder")'
    if config["net"]["foreign"]:
        opening = 'bundle = glia.load("path/to/this/folder", net=module)  # your own module, same class and options'
    return f"```python\nimport glia\n\n{opening}\nbundle.predict(frame)    # or a file\n```"


def _training(result: Mapping[str, Any]) -> str:
    rows = ", ".join(f"{part} {number(n)}" for part, n in (result.get("rows") or {}).items())
    facts = {
        "network": spoken(result.get("net", "")),
        "parameters": number(result.get("parameters")),
        "rows": rows,
        "seconds": number((result.get("seconds") or {}).get("total")),
    }
    return _table(["what", "value"], [[name, value] for name, value in facts.items()])


def _table(head: Sequence[object], rows: Sequence[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(_text(cell) for cell in line)} |" for line in lines)


def _text(value: object) -> str:
    """Return text that stays text in Markdown, whatever a column is called."""
    text = " ".join("".join(mark if mark.isprintable() else " " for mark in str(value)).split())
    for mark in "\\`*_[]<>|#":
        text = text.replace(mark, f"\\{mark}") if mark != "<" else text.replace("<", "&lt;")
    return text


def _yaml(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return "".join(mark if mark.isprintable() else " " for mark in text)
