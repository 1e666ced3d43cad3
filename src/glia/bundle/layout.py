"""Which files a bundle has, in the layout of the Hugging Face hub that people and programs know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from glia.core.values import Spec

__all__ = ["DOCUMENTS", "FORMAT", "HISTORY", "README", "REFERENCE", "REPORT", "spec_document", "weights_file"]

FORMAT = 2
"""The version of the format; a change that older code cannot read raises it and adds a migration."""

DOCUMENTS = {
    "config": "config.json",
    "preprocessing": "preprocessing.json",
    "schema": "schema.json",
    "recipe": "recipe.json",
    "scores": "scores.json",
}
HISTORY = "history.jsonl"
REFERENCE = "reference.safetensors"
README = "README.md"
REPORT = "report.html"


def weights_file(role: str) -> str:
    """Return the file that holds the weights of a role.

    Example:
        >>> weights_file("net"), weights_file("critic")
        ('model.safetensors', 'model.critic.safetensors')
    """
    return "model.safetensors" if role == "net" else f"model.{role}.safetensors"


def spec_document(specs: Mapping[str, Spec]) -> dict[str, Any]:
    """Return what goes in or comes out as JSON values; edges belong to the preprocessing and are left out."""
    return {
        group: {
            "axes": list(spec.axes),
            "size": list(spec.size),
            "dtype": spec.dtype,
            "names": list(spec.names),
            "classes": None if spec.classes is None else [list(labels) for labels in spec.classes],
            "center": list(spec.center),
            "spread": list(spec.spread),
        }
        for group, spec in specs.items()
    }
