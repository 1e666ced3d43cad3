"""Elements of HTML and SVG; text is escaped unless it is markup already, so no data can become markup."""

from __future__ import annotations

from html import escape
from typing import Any

__all__ = ["Html", "tag"]

_VOID = {"meta", "br", "hr", "col", "img"}


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def tag(name: str, /, *children: Any, **attributes: Any) -> Html:
    """Return an element; an attribute of ``None`` or ``False`` is left out, ``class_`` is written ``class``.

    Args:
        name: The element's name.
        children: Markup, text (which is escaped), ``None`` (left out) or lists of these.
        attributes: Their values are escaped; inner underscores become hyphens.

    Example:
        >>> tag("p", "a < b", class_="note")
        '<p class="note">a &lt; b</p>'
    """
    said = "".join(_attribute(key, value) for key, value in attributes.items() if value not in (None, False))
    if name in _VOID:
        return Html(f"<{name}{said}>")
    return Html(f"<{name}{said}>{inside(children)}</{name}>")


def inside(children: Any) -> Html:
    """Return children one after the other."""
    if children is None:
        return Html("")
    if isinstance(children, Html):
        return children
    if isinstance(children, list | tuple):
        return Html("".join(inside(child) for child in children))
    return Html(escape(_visible(str(children))))


def _attribute(key: str, value: Any) -> str:
    key = key.rstrip("_").replace("_", "-")
    return f" {key}" if value is True else f' {key}="{escape(_visible(str(value)))}"'


def _visible(text: str) -> str:
    """Return text without what could not be written or would turn the line around it."""
    hidden = {
        ord(mark): "\N{REPLACEMENT CHARACTER}" for mark in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    }
    text = text.translate(hidden).encode("utf-8", "replace").decode()
    return "".join(mark if mark >= " " or mark in "\n\t" else "\N{REPLACEMENT CHARACTER}" for mark in text)
