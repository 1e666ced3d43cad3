"""Networks that were trained elsewhere: a folder with configuration, safetensors, and how texts or pictures are read.

Everything is local. A folder is named by its path, or by the installed package that holds it; nothing is fetched, no
code of that package is imported, and weights in files that run code when they are opened are refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from torch import Tensor

from glia.bundle.reader import read
from glia.bundle.restore import restored_encoding
from glia.columns.image import Image
from glia.columns.prose import Prose
from glia.core.errors import UsageError
from glia.core.names import listed
from glia.nets.blocks.foreign import MODULE
from glia.nets.blocks.pretrained import settings, weights
from glia.table.schema import Schema

__all__ = ["PREFIX", "Pretrained", "opened", "taken_over"]

PREFIX = "hf:"
_LONGEST = 512  # codes of a text that are read at most, however many places a network has


@dataclass(frozen=True)
class Pretrained:
    """A network in a folder.

    Args:
        name: What a person wrote after ``hf:``.
        folder: Where it is.
        config: Its configuration.
    """

    name: str
    folder: Path
    config: Mapping[str, Any]

    def options(self) -> dict[str, Any]:
        """Return the options of ``--net hf`` that build it, everything written out."""
        pooling = _json(self.folder / "1_Pooling" / "config.json") or {}  # where sentence encoders say it
        first = {"pool": "first"} if pooling.get("pooling_mode_cls_token") else {}
        return {"config": settings(self.config), **first}

    def weights(self) -> dict[str, Tensor]:
        """Return its weights by the names that ``--net hf`` gives them."""
        found = weights(self.folder, settings(self.config))
        return {f"backbone.{name}": value for name, value in found.items()}

    def into(self, schema: Schema) -> None:
        """Let a table's texts or pictures be read as this network was trained to read them.

        Args:
            schema: The columns, which have not learned yet.

        Raises:
            UsageError: The table has no such column, or the folder does not say how they are read.
        """
        if "vocab_size" in settings(self.config):
            self._texts(schema)
        else:
            self._pictures(schema)

    def _texts(self, schema: Schema) -> None:
        columns = [one for one in schema.columns.values() if isinstance(one, Prose) and one.role == "input"]
        if not columns:
            raise self._none(schema, "text", "prose")
        tokenizer = _json(self.folder / "tokenizer.json")
        if tokenizer is None:
            raise UsageError(
                "no_tokenizer",
                "the folder has no tokenizer.json, so its network cannot be told what texts say",
                remedy="save it with transformers: AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER)",
                file=self.folder,
            )
        places = int(settings(self.config).get("max_position_embeddings") or _LONGEST) & ~7  # RoBERTa's 514 are 512
        said = (_json(self.folder / name) or {} for name in ("tokenizer_config.json", "sentence_bert_config.json"))
        most = [value for one in said for value in (one.get("model_max_length"), one.get("max_seq_length")) if value]
        longest = int(min(places, _LONGEST, *most)) // len(columns)
        for column in columns:
            try:
                column.give("foreign", tokenizer, lower=False, most=longest)
            except Exception as error:
                said_so = f"tokenizer.json cannot be understood ({str(error)[:200]})"
                raise UsageError("no_tokenizer", said_so, remedy="save it again", file=self.folder) from None

    def _pictures(self, schema: Schema) -> None:
        columns = [one for one in schema.columns.values() if isinstance(one, Image)]
        if not columns:
            raise self._none(schema, "picture", "image")
        said = _json(self.folder / "preprocessor_config.json") or {}
        config = settings(self.config)
        size = _size(said.get("crop_size") if said.get("do_center_crop") else said.get("size"))
        size = size or _size(config.get("image_size")) or (224, 224)
        channels = int(config.get("num_channels") or 3)
        factor = said.get("rescale_factor", 1 / 255) if said.get("do_rescale", True) else 1.0
        normal = said.get("do_normalize", True)
        mean, deviation = (
            [float(one) / factor for one in said.get(name, [0.5] * channels)] if normal else [default] * channels
            for name, default in (("image_mean", 0.0), ("image_std", 1.0 / factor))
        )
        for column in columns:
            column.give(size, tuple(mean[:channels]), tuple(deviation[:channels]))

    def _none(self, schema: Schema, what: str, kind: str) -> UsageError:
        names = [f"{name} ({one.kind})" for name, one in schema.columns.items() if one.role == "input"]
        return UsageError(
            "nothing_to_read",
            f"{self.name} reads {what}s, and no column is one: {listed(names)}",
            remedy=f"say which is: --columns NAME={kind}",
        )


def opened(start: str) -> Pretrained:
    """Return the network behind ``hf:NAME``.

    Raises:
        UsageError: There is no such folder or package, or nothing in it that may be loaded.
    """
    name = start.removeprefix(PREFIX)
    folder = Path(name).expanduser()
    if not folder.is_dir():
        folder = _packaged(name)
    config = _json(folder / "config.json")
    if config is None or "model_type" not in config:
        raise UsageError(
            "no_pretrained",
            "the folder has no config.json that names a model_type",
            remedy="name a folder as transformers' save_pretrained writes it",
            file=folder,
        )
    if not any(folder.glob("*.safetensors")):
        other = listed(
            sorted(path.name for pattern in ("*.bin", "*.pt", "*.ckpt", "*.h5") for path in folder.glob(pattern))
        )
        raise UsageError(
            "pickled_weights" if other else "no_pretrained",
            f"the weights are in {other}, which may run code when it is opened"
            if other
            else "the folder has no weights",
            remedy="get or save them as model.safetensors: model.save_pretrained(FOLDER) writes that",
            file=folder,
        )
    return Pretrained(name, folder, config)


def taken_over(schema: Schema, start: str | None) -> None:
    """Let columns be read as the network was trained to read them whose weights are begun with.

    Args:
        schema: The columns, which have not learned yet.
        start: A bundle, or ``hf:NAME``; ``None`` where a network begins with nothing.

    Raises:
        BundleError: The bundle is damaged.
        UsageError: What the network reads is not there.
    """
    if start is None or start == MODULE:
        return
    if start.startswith(PREFIX):
        opened(start).into(schema)
        return
    old = restored_encoding(read(start)).schema.columns.values()
    texts = [column for column in old if isinstance(column, Prose) and column.role == "input"]
    pictures = [column for column in old if isinstance(column, Image) and column.given]
    for column in schema.columns.values():
        # A vector of a word means something for the vocabulary only that it was learned with.
        if isinstance(column, Prose) and column.role == "input" and len({one.level for one in texts}) == 1:
            text = next((one for one in texts if one.name == column.name), texts[0])
            column.give(text.tokens.level, text.tokens.state(), lower=text.lower, most=text.most)
        elif isinstance(column, Image) and pictures:
            column.give(pictures[0].size, pictures[0].center, pictures[0].spread)


def _packaged(name: str) -> Path:
    """Return the folder with a network inside an installed package, whose code is left alone."""
    try:
        files = metadata.files(name) or []
    except (metadata.PackageNotFoundError, ValueError):
        files = []
    folders = {Path(str(file.locate())).parent for file in files if file.suffix == ".safetensors"}
    found = sorted((one for one in folders if (one / "config.json").is_file()), key=lambda one: (len(one.parts), one))
    if found:
        return found[0]
    raise UsageError(
        "no_pretrained",
        f"{name!r} is neither a folder here nor an installed package with a network inside",
        remedy=f"glia fetches nothing; get it first (hf download {name} --local-dir FOLDER) and name the folder",
    )


def _size(said: Any) -> tuple[int, int] | None:
    """Return height and width, however a configuration says them."""
    if isinstance(said, int):
        return said, said
    if isinstance(said, list | tuple) and len(said) == 2:
        return int(said[0]), int(said[1])
    if isinstance(said, Mapping):
        if "height" in said and "width" in said:
            return int(said["height"]), int(said["width"])
        side = said.get("shortest_edge") or said.get("longest_edge")
        return (int(side), int(side)) if side else None
    return None


def _json(path: Path) -> dict[str, Any] | None:
    """Return an object in a file; nothing where there is none."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except OSError:
        return None
    except ValueError as error:
        raise UsageError("no_pretrained", f"this is no JSON: {error}", remedy="save it again", file=path) from None
    return found if isinstance(found, dict) else None
