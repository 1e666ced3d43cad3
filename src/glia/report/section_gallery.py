"""Pictures that the network saw, with what it said of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from glia.report.markup import Html, tag

__all__ = ["gallery"]

_PICTURE = re.compile(r"data:image/png;base64,[A-Za-z0-9+/=]+")


def gallery(result: Mapping[str, Any], curves: Mapping[str, Any]) -> Html | None:
    """Return test pictures side by side; nothing that is no picture of the page's own is shown."""
    shown = [
        tag("figure", tag("img", src=one["picture"], alt=one["text"]), tag("figcaption", one["text"]))
        for one in curves.get("gallery") or []
        if _PICTURE.fullmatch(str(one.get("picture")))
    ]
    if not shown:
        return None
    wrong = result.get("objective") == "classify"
    said = (
        "Test pictures that it got wrong, those it was surest of first: look whether the label or the network errs."
        if wrong
        else "Test pictures, with what it found."
    )
    title = "Its worst mistakes" if wrong else "What it sees"
    return tag("section", tag("h2", title), tag("p", said), tag("div", shown, class_="gallery"), id="gallery")
