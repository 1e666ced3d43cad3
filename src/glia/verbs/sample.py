"""Text that a bundle writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from glia.core.constraints import Above, Range
from glia.core.errors import UsageError

if TYPE_CHECKING:
    from glia.bundle.bundle import Bundle
    from glia.columns.prose import Prose

__all__ = ["sample"]


def sample(
    bundle: Bundle,
    prompt: str = "",
    *,
    length: Annotated[int, Range(1)] = 200,
    count: Annotated[int, Range(1)] = 1,
    temperature: Annotated[float, Range(0, 100)] = 0.8,
    top_k: Annotated[int, Range(0)] = 0,
    top_p: Annotated[float, Above(0)] = 1.0,
    seed: int = 0,
) -> dict[str, Any]:
    """Return ``{"prompt": text, "texts": [...], "seed": n}``: the prompt continued, by a language model's bundle.

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
        UsageError: The bundle writes no text.
    """
    import torch

    from glia.core.values import Batch

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
    return {"prompt": prompt, "texts": texts, "seed": seed}


def _up_to_end(codes: list[int]) -> list[int]:
    end = 3
    return codes[: codes.index(end)] if end in codes else codes
