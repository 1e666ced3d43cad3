"""Commands that put something to a bundle: predict, evaluate, sample, embed."""

from __future__ import annotations

import sys

from glia.cli.documents import as_document
from glia.cli.options import Json, several

__all__ = ["embed", "evaluate", "predict", "sample"]


def predict(bundle: str, source: str, /, *, out: str | None = None, json: Json = False) -> int:
    """Answer for new rows, in their order.

    Args:
        bundle: A run's folder or its bundle.
        source: The rows.
        out: A .csv, .tsv, .jsonl or .parquet file; printed as CSV when not given.
    """
    from glia.bundle.bundle import load
    from glia.cli.views import predictions_view
    from glia.verbs.predict import predict as verb

    done = verb(load(bundle), source, out)
    if json:
        columns = {name: values.tolist() for name, values in done["columns"].items()}
        return as_document({**done, "columns": columns}, json)
    predictions_view(done)
    return 0


def evaluate(bundle: str, source: str, /, *, json: Json = False) -> int:
    """Score a bundle on rows whose answers are known.

    Args:
        bundle: A run's folder or its bundle.
        source: The rows, target column included.
    """
    from glia.bundle.bundle import load
    from glia.cli.views import scores_view

    document = load(bundle).evaluate(source)
    if json:
        return as_document(document, json)
    scores_view(document)
    return 0


def sample(
    bundle: str,
    prompt: str = "",
    /,
    *,
    length: int = 200,
    count: int = 1,
    temperature: float = 0.8,
    top_k: int = 0,
    top_p: float = 1.0,
    seed: int = 0,
    json: Json = False,
) -> int:
    """Write on from a prompt, with a bundle fitted to a text.

    Args:
        bundle: A run's folder or its bundle.
        prompt: How the text begins.
        length: Most characters or pieces of words that are added.
        count: How many texts.
        temperature: 0 takes the likeliest, 1 draws as the network believes, more is bolder.
        top_k: How many of the likeliest are drawn from; 0 for all.
        top_p: The probability that those drawn from have together.
        seed: The seed of chance.
    """
    from glia.bundle.bundle import load
    from glia.verbs.sample import sample as verb

    document = verb(
        load(bundle),
        prompt,
        length=length,
        count=count,
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        seed=seed,
    )
    if json:
        return as_document(document, json)
    for note in document["notes"]:
        print(f"note: {note}", file=sys.stderr)
    print("\n---\n".join(document["texts"]))
    return 0


def embed(
    bundle: str,
    words: str | None = None,
    /,
    *,
    analogy: str | None = None,
    rows: str | None = None,
    near: int = 10,
    out: str | None = None,
    json: Json = False,
) -> int:
    """Show which words are near one another, answer analogies, or give a vector for each row of other data.

    Args:
        bundle: A run's folder or its bundle.
        words: Words whose nearest ones are wanted, separated by commas.
        analogy: Three words, such as king,man,woman: the first is to the second as the third is to what is asked for.
        rows: Rows of the kind the bundle was fitted to, to get a vector for each.
        near: How many words are named.
        out: A .csv, .jsonl or .parquet file for the vectors.
    """
    from glia.bundle.bundle import load
    from glia.verbs.embed import embed as verb

    asked, three = several(words) or (), several(analogy) or ()
    document = verb(load(bundle), asked, rows=rows, analogy=three, near=near, out=out)
    if json or rows is not None:
        return as_document(document, json)
    for word, others in document["near"].items():
        print(f"{word}: {', '.join(f'{other} {cosine:.2f}' for other, cosine in others)}")
    if analogy:
        print(", ".join(f"{other} {cosine:.2f}" for other, cosine in document["analogy"]))
    return 0
