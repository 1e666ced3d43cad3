"""How it was made and how to make it again: choices with reasons, recipe, plan, command, versions, limits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from glia.report.limits import limits as sentences
from glia.report.markup import Html, tag
from glia.report.words import duration, number, spoken

__all__ = ["limits", "making", "reproduce"]


def making(result: Mapping[str, Any], recipe: Mapping[str, Any]) -> Html | None:
    """Return every decision, with the reason for those that nobody made."""
    reasons = [(spoken(name), why) for name, why in (result.get("reasons") or {}).items()]
    parts = [
        [tag("h3", "Decided for you, and why"), _pairs(reasons, "pairs reasons")] if reasons else None,
        [
            tag("h3", "How the machine was used"),
            _pairs([(spoken(name), value) for name, value in _flat(result["plan"])]),
        ]
        if result.get("plan")
        else None,
        [
            tag("h3", "Where the time went"),
            _pairs([(spoken(k), duration(v)) for k, v in result["seconds"].items()]),
        ]
        if result.get("seconds")
        else None,
        [tag("h3", "Recipe"), _recipe(recipe)] if recipe else None,
    ]
    if not any(parts):
        return None
    return tag("section", tag("h2", "How it was made"), parts, id="making")


def reproduce(result: Mapping[str, Any], recipe: Mapping[str, Any]) -> Html | None:
    """Return the commands that make it again, and what they rest on."""
    source = result.get("source")
    lines = [str(result["command"])] if result.get("command") else []
    if source and recipe:
        lines.append(f"glia fit {source} --recipe recipe.json    # the same steps and plan, without a clock")
    facts = _flat({key: result[key] for key in ("test_fingerprint", "versions", "machine") if result.get(key)})
    if not lines and not facts:
        return None
    return tag(
        "section",
        tag("h2", "How to reproduce it"),
        tag("pre", tag("code", "\n".join(lines))) if lines else None,
        _pairs(facts) if facts else None,
        id="reproduce",
    )


def limits(result: Mapping[str, Any], curves: Mapping[str, Any]) -> Html:
    """Return what the result does not say."""
    items = [tag("li", one) for one in sentences(result, curves)]
    return tag("section", tag("h2", "Limits"), tag("ul", items, class_="plain"), id="limits")


def _recipe(recipe: Mapping[str, Any]) -> Html:
    """Return the settings that say something; those left at "nothing" are in recipe.json."""
    said = [(name, value) for name, value in _flat(recipe) if value not in ("", "none", "no", "not measured")]
    return _pairs(said[:120])


def _flat(document: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for name, value in document.items():
        if isinstance(value, Mapping):
            pairs += _flat(value, f"{prefix}{name}.")
        elif isinstance(value, list | tuple):
            if value:
                pairs.append((f"{prefix}{name}", json.dumps(value, ensure_ascii=False, default=str)[:400]))
        else:
            pairs.append((f"{prefix}{name}", "none" if value is None else _exact(value)))
    return pairs


def _exact(value: object) -> str:
    """Return a setting as one would type it: settings are copied, not read for their size."""
    return number(value) if isinstance(value, bool) else str(value)[:400]


def _pairs(pairs: list[tuple[str, Any]], class_: str = "pairs") -> Html:
    return tag("dl", [tag("div", tag("dt", name), tag("dd", value)) for name, value in pairs], class_=class_)
