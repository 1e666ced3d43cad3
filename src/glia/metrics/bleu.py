"""BLEU as sacreBLEU counts it."""

from __future__ import annotations

import re

from glia.metrics._bleu import Overlap

__all__ = ["Bleu"]

_SIGNS = re.compile(r"([\{-\~\[-\` -\&\(-\+\:-\@\/])")
_POINT_AFTER = re.compile(r"([^0-9])([\.,])")
_POINT_BEFORE = re.compile(r"([\.,])([^0-9])")
_DASH = re.compile(r"([0-9])(-)")
_NAMED = (("&quot;", '"'), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"))


class Bleu(Overlap):
    """Corpus BLEU from 0 to 100, words by the rules of mteval 13a, capitals kept, smoothed as sacreBLEU smooths.

    Source: M. Post, *A call for clarity in reporting BLEU scores*, WMT 2018; the signature is
    ``nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp``.

    Example:
        >>> import numpy as np
        >>> from glia.core.values import Answer
        >>> truth = np.array(["A man sleeps in a green room."], dtype=object)
        >>> answer = Answer(text=np.array(["A man sleeps in the green room."], dtype=object))
        >>> Bleu().value(Bleu().stats(answer, truth)).round(2).tolist()
        [50.0]
    """

    smooth = True

    @staticmethod
    def words(text: str) -> list[str]:
        """Return words and signs as mteval 13a parts them."""
        text = text.replace("<skipped>", "").replace("-\n", "").replace("\n", " ")
        if "&" in text:
            for name, sign in _NAMED:
                text = text.replace(name, sign)
        text = _SIGNS.sub(r" \1 ", f" {text} ")
        text = _POINT_BEFORE.sub(r" \1 \2", _POINT_AFTER.sub(r"\1 \2 ", text))
        return _DASH.sub(r"\1 \2 ", text).split()
