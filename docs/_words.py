"""Docstrings as the reference wants them: doctests as code, roles of Sphinx as plain code."""

from __future__ import annotations

import re
from typing import Any

from griffe import Extension, Object


class Words(Extension):
    """Rewrites docstrings while they are collected."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Turn ``Example:`` into a section of examples, and a role such as ``:class:`X``` into ```X```."""
        if obj.docstring is not None:
            text = re.sub(r"^( *)Example:$", r"\1Examples:", obj.docstring.value, flags=re.MULTILINE)
            obj.docstring.value = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", text)
