"""Architectures of the ``transformers`` package: built from a configuration alone, never from the network or code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from torch import Tensor, nn

from glia.core.errors import UsageError

__all__ = ["Settings", "built", "settings", "weights", "width_of"]

Settings = Mapping[str, Any]
"""A configuration as JSON values."""

# What would have code, weights or kernels fetched from elsewhere, and what says nothing about the architecture.
_LEFT_OUT = ("auto_map", "quantization_config", "attn_implementation", "experts_implementation", "torch_dtype", "dtype")
_SAYS_NOTHING = ("id2label", "label2id", "architectures", "transformers_version", "problem_type", "name_or_path")
_WRONG = (KeyError, ValueError, TypeError, AttributeError, ImportError, OSError, RuntimeError, SafetensorError)


def settings(document: Settings) -> dict[str, Any]:
    """Return a configuration with every default written out, as JSON values.

    Args:
        document: What ``config.json`` says.

    Raises:
        UsageError: The package is missing, or does not know such a network.
    """
    return _cleaned({**_configured(document).to_dict(), "model_type": document["model_type"]})


def built(document: Settings) -> Any:
    """Return a network with weights by chance.

    Args:
        document: Its configuration.

    Raises:
        UsageError: The package is missing, or does not know such a network.
    """
    with _alone() as package, _understanding(document):
        net = package.AutoModel.from_config(_configured(document), trust_remote_code=False)
        return (net.get_encoder() if getattr(net.config, "is_encoder_decoder", False) else net).float()


def weights(folder: Path, document: Settings) -> dict[str, Tensor]:
    """Return the weights in a folder's safetensors files by the names that :func:`built` gives them.

    Args:
        folder: Where they are.
        document: The configuration.

    Raises:
        UsageError: The package is missing, or the files do not fit the configuration.
    """
    with _alone() as package, _understanding(document):
        net, found = package.AutoModel.from_pretrained(
            str(folder),
            config=_configured(document),
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
        )
        missing = set(found["missing_keys"])
        inner = net.get_encoder() if getattr(net.config, "is_encoder_decoder", False) else net
        names = {id(value): name for name, value in net.state_dict(keep_vars=True).items()}
        state = inner.state_dict(keep_vars=True)
        return {name: value.detach().float() for name, value in state.items() if names.get(id(value)) not in missing}


def width_of(net: nn.Module) -> int:
    """Return how wide a network's features are.

    Raises:
        UsageError: Its configuration does not say so.
    """
    config: Any = net.config
    for name in ("hidden_size", "d_model", "hidden_dim"):
        if isinstance(getattr(config, name, None), int):
            return int(getattr(config, name))
    if getattr(config, "hidden_sizes", None):
        return int(config.hidden_sizes[-1])
    raise _unknown(str(config.model_type), "its configuration does not say how wide its features are")


def _configured(document: Settings) -> Any:
    with _alone() as package, _understanding(document):
        said = _cleaned(document)
        return package.AutoConfig.for_model(str(said.pop("model_type")), **said)


def _cleaned(document: Settings) -> dict[str, Any]:
    return {
        name: value
        for name, value in document.items()
        if name not in (*_LEFT_OUT, *_SAYS_NOTHING) and not name.startswith("_") and value is not None
    }


@contextmanager
def _understanding(document: Settings) -> Iterator[None]:
    try:
        yield
    except _WRONG as error:
        first = (str(error).splitlines() or [""])[0][:200]
        raise _unknown(str(document.get("model_type")), f"{type(error).__name__}: {first}") from None


def _unknown(kind: str, why: str) -> UsageError:
    remedy = "upgrade it with pip install --upgrade transformers, or take another network"
    return UsageError("pretrained_unknown", f"transformers cannot build the {kind!r} network ({why})", remedy=remedy)


@contextmanager
def _alone() -> Iterator[Any]:
    """Give the package, silent and without a way out: whatever a configuration says, nothing is fetched."""
    try:
        import transformers
        from huggingface_hub import constants
        from transformers.utils import logging
    except (ImportError, RuntimeError):
        raise UsageError(
            "missing_extra",
            "a pretrained network needs the transformers package",
            remedy="pip install 'glia[hf]'",
        ) from None
    offline, level, bars = constants.HF_HUB_OFFLINE, logging.get_verbosity(), logging.is_progress_bar_enabled()
    constants.HF_HUB_OFFLINE = True
    logging.set_verbosity(logging.CRITICAL)
    logging.disable_progress_bar()
    try:
        yield transformers
    finally:
        constants.HF_HUB_OFFLINE = offline
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
