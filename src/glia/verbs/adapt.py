"""Transfer learning: what a bundle, a module or a pretrained network has learned, taken to other data."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from glia.compose.flow import fit
from glia.core.errors import UsageError

if TYPE_CHECKING:
    from torch import nn

    from glia.bundle.bundle import Bundle

__all__ = ["adapt"]

_UNFIT = ("no_pictures", "no_sequence", "net_unfit", "start_unfit")


def adapt(
    begin: str | Path | Bundle | nn.Module,
    source: Any,
    target: str | None = None,
    *,
    tune: Literal["all", "head", "thaw", "lora"] = "thaw",
    settings: Sequence[str] = (),
    **words: Any,
) -> Bundle:
    """Fit a network that begins with weights learned elsewhere, set beside the same network begun with chance.

    Args:
        begin: A run's folder, its bundle, or a loaded one; ``"hf:FOLDER"`` or ``"hf:PACKAGE"`` for a network of the
            ``transformers`` package, in a folder or inside an installed package (needs ``pip install 'glia[hf]'``,
            and fetches nothing); or a module of your own, which is left as it is: a copy of it is trained, with a new
            last linear layer where its own has another width.
        source: The other data.
        target: The column asked for.
        tune: ``"all"`` trains every weight alike; ``"head"`` only the new answer; ``"thaw"`` lets layers go one after
            the other, each the more slowly the nearer it is to the input; ``"lora"`` trains corrections of low rank.
        settings: Further settings, such as ``["train.lr=0.01"]``.
        words: Further arguments of :func:`glia.fit`.

    Returns:
        The new bundle; ``.result["yardsticks"]["from_nothing"]`` is what the same network knows without the old one.

    Raises:
        UsageError: There is no such network, or it has no weight that fits.
        BundleError: The bundle is damaged.
    """
    if "net" in words:
        raise UsageError("net_not_wanted", "the network is the one begun with", remedy="leave out net")
    if isinstance(begin, str | Path):
        start = str(begin)
    elif hasattr(begin, "folder"):
        start = str(begin.folder)
    else:
        from glia.nets.blocks.foreign import MODULE

        start, words = MODULE, {**words, "net": deepcopy(begin)}
    try:
        return fit(source, target, settings=[*settings, f"net.start={start}", f"net.tune={tune}"], **words)
    except UsageError as error:
        if error.code in _UNFIT:
            error.remedy = "bring data and a question of the kind it was fitted to, or begin anew: glia fit"
            error.text = f"{start} was fitted to other data: {error.text}"
        raise
