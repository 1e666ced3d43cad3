"""Transfer learning: what a bundle has learned, taken to other data of the same kind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from glia.compose.flow import fit
from glia.core.errors import UsageError

if TYPE_CHECKING:
    from glia.bundle.bundle import Bundle

__all__ = ["adapt"]


def adapt(
    bundle: str | Path | Bundle,
    source: Any,
    target: str | None = None,
    *,
    tune: Literal["all", "head", "thaw", "lora"] = "thaw",
    settings: Sequence[str] = (),
    **words: Any,
) -> Bundle:
    """Fit a network that begins with the weights of a bundle, set beside the same network begun with chance.

    Args:
        bundle: A run's folder, its bundle, or a loaded one.
        source: The other data.
        target: The column asked for.
        tune: ``"all"`` trains every weight alike; ``"head"`` only the new answer; ``"thaw"`` lets layers go one after
            the other, each the more slowly the nearer it is to the input; ``"lora"`` trains corrections of low rank.
        settings: Further settings, such as ``["train.lr=0.01"]``.
        words: Further arguments of :func:`glia.fit`.

    Returns:
        The new bundle; ``.result["yardsticks"]["from_nothing"]`` is what the same network knows without the old one.

    Raises:
        UsageError: The bundle has no weight that fits.
        BundleError: The bundle is damaged.
    """
    start = bundle if isinstance(bundle, str | Path) else bundle.folder
    if "net" in words:
        raise UsageError("net_not_wanted", "the network is the bundle's own", remedy="leave out net")
    return fit(source, target, settings=[*settings, f"net.start={start}", f"net.tune={tune}"], **words)
