"""Vectors of words: the nearest ones, and analogies."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from glia.core.errors import UsageError
from glia.core.names import did_you_mean

if TYPE_CHECKING:
    from glia.bundle.bundle import Bundle

__all__ = ["embed"]

_MARKS = 4  # padding, unknown, start and end are no words


def embed(
    bundle: Bundle,
    words: Sequence[str] = (),
    *,
    rows: Any = None,
    analogy: Sequence[str] = (),
    near: int = 10,
    out: str | Path | None = None,
) -> dict[str, Any]:
    """Return ``{"near": {word: [[other, cosine], ...]}, "analogy": [[word, cosine], ...], "out": path}``.

    Or, for rows, ``{"rows": n, "width": d, "vectors": [[...], ...], "out": path}``.

    Args:
        bundle: A bundle with a vector for every word.
        words: Words whose nearest ones are wanted.
        rows: Rows of any data that the bundle answers for, to get a vector for each; nothing else is done then.
        analogy: Three words: the first is to the second as the third is to what is asked for
            (Mikolov et al. 2013: the word nearest to second - first + third, none of the three).
        near: How many words are named.
        out: A file to write all vectors to, ``.csv``, ``.jsonl`` or ``.parquet``.

    Raises:
        UsageError: Nothing was asked, the bundle has no vectors of words, or a word is not among them.

    Example:
        ``glia embed BUNDLE --analogy king,man,woman`` asks: king is to man as woman is to ...?
    """
    if rows is not None:
        return _of_rows(bundle, rows, out)
    if not (words or analogy or out):
        remedy = "name words, such as film,sea, or say --analogy king,man,woman, --rows FILE or --out words.csv"
        raise UsageError("nothing_asked", "no word was named", remedy=remedy)
    labels, vectors = _vectors(bundle)
    result: dict[str, Any] = {"near": {}, "words": len(labels)}
    for word in words:
        at = _place(labels, word)
        result["near"][word] = _nearest(labels, vectors, vectors[at], near, {at})
    if analogy:
        if len(analogy) != 3:
            said = f"an analogy has three words, got {len(analogy)}"
            raise UsageError("bad_analogy", said, remedy="write king,man,woman")
        first, second, third = (_place(labels, word) for word in analogy)
        goal = vectors[second] - vectors[first] + vectors[third]
        result["analogy"] = _nearest(labels, vectors, goal, near, {first, second, third})
    if out is not None:
        from glia.sources import write

        columns: dict[str, Any] = {"word": np.array(labels, dtype=object)}
        columns |= {f"v{at}": vectors[:, at] for at in range(vectors.shape[1])}
        write(out, columns)
        result["out"] = str(out)
    return result


def _of_rows(bundle: Bundle, rows: Any, out: str | Path | None) -> dict[str, Any]:
    vectors = bundle.embedded(bundle.read(rows))
    result = {"rows": len(vectors), "width": vectors.shape[1], "out": None if out is None else str(out)}
    if out is None:
        return {**result, "vectors": vectors.tolist()}
    from glia.sources import write

    write(out, {f"v{at}": vectors[:, at] for at in range(vectors.shape[1])})
    return result


def _vectors(bundle: Bundle) -> tuple[list[str], np.ndarray]:
    """Return the words and their vectors, (V, W), each of length one."""
    table = getattr(bundle.nets["net"], "table", None)
    spec = bundle.encoding.specs().get("token")
    if table is None or spec is None:
        raise UsageError(
            "no_vectors",
            f"a bundle of the network {bundle.config['net']['name']} has no vectors of words",
            remedy="fit one to: glia fit corpus.txt --task embed",
        )
    labels = list((spec.classes or ((),))[0])[_MARKS:]
    vectors = table.detach().numpy()[_MARKS:]
    return labels, vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)


def _place(labels: list[str], word: str) -> int:
    for one in (word, word.lower()):
        if one in labels:
            return labels.index(one)
    raise UsageError(
        "unknown_word",
        f"{word!r} is not among the {len(labels)} words{did_you_mean(word, labels)}",
        remedy="ask about a word of the text that the bundle was fitted to",
    )


def _nearest(labels: list[str], vectors: np.ndarray, goal: np.ndarray, near: int, but: set[int]) -> list[list[Any]]:
    cosine = vectors @ (goal / max(float(np.linalg.norm(goal)), 1e-12))
    cosine[list(but)] = -np.inf
    order = np.argsort(-cosine)[: min(near, len(labels) - len(but))]
    return [[labels[at], round(float(cosine[at]), 4)] for at in order]
