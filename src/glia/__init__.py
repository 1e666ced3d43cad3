"""From data and a question to a trained neural network, honestly judged and sealed in one safe bundle.

Example:
    >>> import glia
    >>> sorted(glia.__all__)[:2]
    ['Bundle', 'adapt']
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from glia.bundle.bundle import Bundle, load
    from glia.compose.flow import fit
    from glia.verbs.adapt import adapt

__all__ = ["Bundle", "adapt", "fit", "load"]
__version__ = "0.1.0"

# Importing glia must cost nothing: torch and scikit-learn load when something is first done.
_HOMES = {
    "adapt": "glia.verbs.adapt",
    "fit": "glia.compose.flow",
    "load": "glia.bundle.bundle",
    "Bundle": "glia.bundle.bundle",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'glia' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
