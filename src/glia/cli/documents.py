"""What is printed with ``--json``."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["as_document"]


def as_document(document: Any, as_json: bool) -> int:
    """Print a document as JSON, on one line where a program asked for it; return the exit code."""
    from glia.core.documents import plain

    print(json.dumps(plain(document), indent=None if as_json else 2, ensure_ascii=False))
    return 0
