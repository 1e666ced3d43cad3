"""Text that a bundle writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from glia.core.constraints import Above, Range
from glia.core.errors import UsageError
from glia.core.names import listed

if TYPE_CHECKING:
    from glia.bundle.bundle import Bundle
    from glia.columns.prose import Prose

__all__ = ["sample"]

_LIMITS: dict[str, Range | Above] = {
    "length": Range(1),
    "count": Range(1),
    "temperature": Range(0, 100),
    "top_k": Range(0),
    "top_p": Above(0),
}


def sample(
    bundle: Bundle,
    prompt: str = "",
    *,
    length: int = 200,
    count: int = 1,
    temperature: float = 0.8,
    top_k: int = 0,
    top_p: float = 1.0,
    seed: int = 0,
) -> dict[str, Any]:
    """Return ``{"prompt": text, "texts": [...], "seed": n, "notes": [...]}``: the prompt continued by a bundle.

    Args:
        bundle: The bundle of a language model.
        prompt: How the texts begin; a line break where it is empty.
        length: Most codes (characters or pieces of words) that are added.
        count: How many texts.
        temperature: 0 takes the likeliest code, 1 draws as the network believes, more is bolder.
        top_k: How many of the likeliest codes are drawn from; 0 for all.
        top_p: The probability that the codes drawn from have together.
        seed: The seed of chance; the same one gives the same texts.

    Raises:
        UsageError: The bundle writes no text, or a number is out of its range.
    """
    import torch

    from glia.core.values import Batch

    asked = {"length": length, "count": count, "temperature": temperature, "top_k": top_k, "top_p": top_p}
    for name, value in asked.items():
        if not _LIMITS[name].holds(value):
            said = f"--{name.replace('_', '-')} must be {_LIMITS[name]}, got {value}"
            raise UsageError("bad_option", said, remedy="give such a number")
    column: Prose | None = getattr(bundle.encoding, "column", None)
    if "sample" not in bundle.offers or column is None:
        raise UsageError(
            "no_sample",
            f"a bundle fitted to {bundle.config['objective']['name']} writes no text",
            remedy="fit one to: glia fit corpus.txt --task generate",
        )
    codes, lengths = column.tokens.codes([column.clean(prompt or "\n")])
    begun = codes[: int(lengths[0])] if len(codes) else np.array([1])
    token = torch.from_numpy(np.tile(begun.astype(np.int32), (count, 1)))
    net = bundle.nets["net"].eval()
    batch = Batch({"token": token}, torch.ones(count), torch.arange(count))
    objective: Any = bundle.objective
    with torch.inference_mode():
        written = objective.sample(
            net, batch, length=length, temperature=temperature, top_k=top_k, top_p=top_p, seed=seed
        )
    rows = [[code for code in row if code] for row in written[:, len(begun) :].tolist()]
    texts = [prompt + column.tokens.text(_up_to_end(row)) for row in rows]
    return {"prompt": prompt, "texts": texts, "seed": seed, "notes": _strange(column, prompt)}


def _strange(column: Prose, prompt: str) -> list[str]:
    """Return what to say of characters that the text the bundle was fitted to does not hold."""
    letters = dict.fromkeys(column.clean(prompt))
    strange = [letter for letter in letters if column.tokens.unknown in column.tokens.codes([letter])[0]]
    if not strange:
        return []
    all_of_it = " and so nothing of the prompt is known" if len(strange) == len(letters) else ""
    return [f"{listed(strange)} never occurred in the text that was learned from{all_of_it}"]


def _up_to_end(codes: list[int]) -> list[int]:
    end = 3
    return codes[: codes.index(end)] if end in codes else codes
