"""The page: sections one after the other in one file that needs nothing else, and no script."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from glia.report.markup import Html, tag
from glia.report.section_data import data
from glia.report.section_enough import enough
from glia.report.section_errors import errors
from glia.report.section_gallery import gallery
from glia.report.section_making import limits, making, reproduce
from glia.report.section_scores import compared, scores
from glia.report.section_training import training
from glia.report.section_verdict import facts, verdict

__all__ = ["render", "snippet"]


def render(
    result: Mapping[str, Any],
    *,
    history: Sequence[Mapping[str, Any]] = (),
    curves: Mapping[str, Any] | None = None,
    columns: Sequence[Mapping[str, Any]] = (),
    recipe: Mapping[str, Any] | None = None,
) -> str:
    """Return the report as one HTML document; see :mod:`glia.report` for the keys.

    Args:
        result: What ``fit --json`` prints.
        history: The readings of training.
        curves: Drawings made of test rows.
        columns: The columns of the table, with kinds and reasons.
        recipe: Every decision of the run.

    Example:
        >>> page = render({"target": ["<b>"], "verdict": {"text": "cannot tell"}})
        >>> page.startswith("<!doctype html>"), "<b>" in page
        (True, False)
    """
    curves, recipe = curves or {}, recipe or {}
    sections = [
        verdict(result),
        scores(result),
        enough(result),
        errors(result, curves),
        gallery(result, curves),
        training(result, history),
        data(result, columns),
        making(result, recipe),
        reproduce(result, recipe),
        limits(result, curves),
    ]
    title = _title(result)
    head = tag("header", tag("p", "glia report", class_="brand"), tag("h1", title), facts(result))
    return _document(title, tag("main", head, [one for one in sections if one]))


def snippet(result: Mapping[str, Any]) -> str:
    """Return the verdict and the main scores as a static piece of HTML for notebooks."""
    metric = str((result.get("verdict") or {}).get("metric") or result.get("metric") or "")
    models = [(str(result.get("net", "network")), result.get("scores", {}).get("test", {}))]
    models += [(str(name), one) for name, one in (result.get("yardsticks") or {}).items()]
    parts = [verdict(result), compared(models, metric) if metric else None]
    # Rules apply inside this element only, so that the notebook around it keeps its looks.
    rules = _style().replace(":root", ":scope").replace("html {", ":scope {")
    return tag("div", tag("style", Html(f"@scope (.glia) {{{rules}}}")), parts, class_="glia")


def _title(result: Mapping[str, Any]) -> str:
    target = result.get("target") or "the rows"
    names = ", ".join(map(str, target)) if isinstance(target, list | tuple) else str(target)
    source = str(result.get("source") or "").replace("\\", "/").rsplit("/", 1)[-1]
    return f"Predicting {names} from {source}" if source else f"Predicting {names}"


def _style() -> str:
    return Path(__file__).with_name("style.css").read_text("utf-8")


def _document(title: str, main: Html) -> str:
    style = _style()
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    # Nothing may be fetched or run, whatever slipped into the text; the one style sheet is known by its hash.
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="generator", content="glia"),
        tag("title", title),
        tag("style", Html(style)),
    )
    return "<!doctype html>\n" + tag("html", head, tag("body", main), lang="en") + "\n"
