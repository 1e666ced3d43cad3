"""A fitted network with all it needs to answer: opened, asked, judged anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from glia.bundle.answers import columns_of, like
from glia.bundle.reader import Stored, read, verified
from glia.core.errors import GliaError
from glia.core.manifest import MANIFEST
from glia.core.ragged import joined
from glia.core.raw import RawTable
from glia.core.store import read_json
from glia.core.values import Answer, Batch

if TYPE_CHECKING:
    from torch import nn

__all__ = ["Bundle", "checked", "load", "opened"]

ROWS_AT_ONCE = 512


class Bundle:
    """What ``fit`` gives and every other verb takes.

    Args:
        stored: The folder and its documents.
        module: The person's own module, where the bundle was fitted with one.

    Attributes:
        folder: Where it lies.
        result: The result of the run, as ``fit --json`` printed it.
        recipe: Every decision of the run.
        encoding: The way from rows to what networks take.
        schema: The columns and what was learned about them.
        readout: How outputs become probabilities, labels, intervals, boxes or texts.
        objective: What it was trained for.
        nets: The networks by role, as they are called.
    """

    def __init__(self, stored: Stored, module: nn.Module | None = None) -> None:
        from glia.bundle import restore

        self.folder = stored.folder
        self.config: dict[str, Any] = stored.documents["config"]
        self.result: dict[str, Any] = stored.documents["scores"]
        self.recipe: dict[str, Any] = stored.documents["recipe"]
        self.encoding = restore.restored_encoding(stored)
        self.schema = self.encoding.schema
        self.objective = restore.restored_objective(stored)
        self.readout = restore.restored_readout(stored)
        self.nets = restore.restored_nets(stored, self.encoding, self.objective, module)

    @classmethod
    def load(cls, path: str | Path, net: nn.Module | None = None) -> Bundle:
        """Open a bundle, after checking that every byte is as it was written.

        Args:
            path: The folder of a run, or the bundle's own.
            net: The module, where the bundle was fitted with one of your own; the weights are loaded into it.

        Raises:
            BundleError: The bundle is damaged, incomplete, or of a newer format; the file at fault is named.
            UsageError: A module is missing, not wanted, or of another shape.
        """
        return cls(read(path), net)

    @property
    def module(self) -> nn.Module:
        """The fitted network as a plain module with clean names."""
        net = self.nets["net"]
        return cast("nn.Module", net.module) if self.config["net"]["foreign"] else net

    @property
    def offers(self) -> tuple[str, ...]:
        """What the bundle can do, by name."""
        return tuple(self.objective.offers())

    @property
    def scores(self) -> dict[str, Any]:
        """The scores of the run by part and metric, each with its interval and n."""
        return self.result.get("scores", {})

    @cached_property
    def _targets(self) -> list[Any]:
        return [column for column in self.schema.columns.values() if column.role == "target"]

    @cached_property
    def labels(self) -> tuple[tuple[str, ...], ...]:
        """The classes of each target, in the order of their codes; empty where numbers are asked for."""
        asked = self.encoding.asked()
        return (asked["target"].classes or ()) if asked else ()

    def outputs(self, raw: RawTable) -> np.ndarray:
        """Return log-probabilities (N, K), logits (N, T) or numbers (N, T) for rows.

        Computed in float32 and evaluation mode whatever the plan of training was; numbers are in the
        units of the table.
        """
        return self.of_groups(self.encoding.rows(raw).groups)

    def of_groups(self, groups: Mapping[str, np.ndarray], offer: str = "predict") -> np.ndarray:
        """Return what an offer gives for encoded rows, answers in the units of the question.

        Args:
            groups: What networks take, (N, ...) by name.
            offer: One of :attr:`offers`.
        """
        import torch

        from glia.nets.blocks.views import seen_from

        call = self.objective.offers()[offer].call
        nets = seen_from(self.nets, self.recipe.get("judge", {}).get("views") or 1) if offer == "predict" else self.nets
        rows_in_all = len(next(iter(groups.values())))
        found = []
        for net in self.nets.values():
            net.eval()
        device = next((one.device for one in self.nets["net"].parameters()), torch.device("cpu"))
        with torch.inference_mode(), torch.autocast(device.type, enabled=False):
            for start in range(0, max(rows_in_all, 1), ROWS_AT_ONCE):
                rows = slice(start, start + ROWS_AT_ONCE)
                batch = Batch.of({name: values[rows] for name, values in groups.items()}, first=start, device=device)
                found.append(call(nets, batch).float().cpu().numpy())
        out = joined(found)
        return self.schema.decode(out) if self.objective.decoded and offer == "predict" else out

    def embedded(self, raw: RawTable) -> np.ndarray:
        """Return a vector for each row, (N, D): the code that was learned, or what the last layer reads.

        Raises:
            DataError: The rows lack a column, or hold one of another kind.
        """
        groups = self.encoding.rows(raw).groups
        if "embed" in self.offers:
            return self.of_groups(groups, "embed")
        import torch

        net, found = self.nets["net"], []
        rows = Batch.of(groups)
        with torch.inference_mode():
            for start in range(0, max(len(rows), 1), ROWS_AT_ONCE):
                one = cast("Any", net).features(rows.take(slice(start, start + ROWS_AT_ONCE))).float()
                found.append((one.mean(1) if one.dim() == 3 else one.flatten(1)).numpy())  # members, or places
        return np.concatenate(found)

    def answer(self, raw: RawTable) -> Answer:
        """Return calibrated answers in the units of the question."""
        return self.readout.answer(self.outputs(raw))

    def predicted(self, raw: RawTable) -> tuple[dict[str, np.ndarray], list[str]]:
        """Return answers as columns in the order of the rows, and what was odd about these.

        Raises:
            DataError: The rows lack a column, or hold one of another kind.
        """
        rows = self.encoding.rows(raw)
        if self.objective.readout == "reconstruct":  # what is given back is for programs; people get how far it is off
            return {"score": self.of_groups(rows.groups, "score").reshape(-1)}, _said(rows.notes)
        answer = self.readout.answer(self.of_groups(rows.groups))
        answers = columns_of(answer, self._targets, self.labels, self.encoding.asked())
        return {**rows.places, **answers}, _said(rows.notes)

    def predict(self, source: Any) -> Any:
        """Return ``prediction``, ``probability_<class>``, ``low``, ``high``, where they apply, row by row.

        Args:
            source: A frame, a file, arrays.

        Returns:
            A frame of the kind that came in; a dict of arrays for files and arrays.

        Raises:
            DataError: The rows lack a column, or hold one of another kind.
        """
        return like(source, self.predicted(self.read(source))[0])

    def evaluate(self, source: Any) -> dict[str, Any]:
        """Score the bundle on rows whose answers are known.

        Args:
            source: A frame, a file, arrays; with the target.

        Returns:
            ``{bundle, scores{METRIC{value,low,high,n}}, rows, notes}``.

        Raises:
            DataError: The rows lack a column, or an answer was never seen in training.
        """
        from glia.judge.scores import fitting, score

        raw = self.read(source)
        rows = self.encoding.known(raw)
        assert rows.truth is not None
        answer = self.readout.answer(self.of_groups(rows.groups))
        names = list(self.scores.get("test") or fitting(self.config["objective"]["name"]))
        units = rows.units if rows.units is not None else self._units(raw)
        scores = score(names, answer, rows.truth, units=units, seed=0)
        return {
            "bundle": str(self.folder),
            "scores": {name: one.as_dict() for name, one in scores.items()},
            "rows": len(answer),
            "notes": _said(rows.notes),
        }

    def read(self, source: Any) -> RawTable:
        """Return the rows of a source; a file without a header has the names given to ``fit``."""
        from glia.sources import read

        return read(source, names=self.names_for(source))

    def names_for(self, source: Any) -> Sequence[str] | None:
        """Return the names of the columns of a file that carries none, as they were given to ``fit``."""
        from glia.sources import read

        names = self.recipe.get("data", {}).get("names")
        if not names or not (isinstance(source, str) or hasattr(source, "__fspath__")):
            return None
        targets = {column.name for column in self._targets}
        for some in (names, [name for name in names if name not in targets]):
            try:
                read(source, names=some)
            except GliaError as error:
                if error.code == "names_in_file":
                    return None
            else:
                return some
        return list(names)

    def _units(self, table: RawTable) -> np.ndarray | None:
        """Return the group of each row, where rows were parted by group and the group is known."""
        group = self.recipe.get("data", {}).get("group")
        if not group or group not in table:
            return None
        raw = table[group]
        return np.unique(np.where(raw.present, raw.values.astype(str), ""), return_inverse=True)[1]

    def __repr__(self) -> str:
        names = ", ".join(column.name for column in self._targets)
        return f"<Bundle {self.folder}: {names} by {self.config['net']['name']}>"

    def _repr_html_(self) -> str:
        from glia.report.page import snippet

        return snippet(self.result)


def load(path: str | Path, net: nn.Module | None = None) -> Bundle:
    """Open a bundle; see :meth:`Bundle.load`."""
    return Bundle.load(path, net)


def opened(path: str | Path) -> dict[str, Any]:
    """Return the result document of a bundle after checking it, without loading the network."""
    return read(path).documents["scores"]


def checked(path: str | Path) -> dict[str, Any]:
    """Return ``{bundle, files}`` of a bundle that is whole.

    Raises:
        BundleError: It is not; every changed, missing, truncated or extra file is named.
    """
    folder = verified(path)
    return {"bundle": str(folder), "files": len(read_json(folder / MANIFEST)["files"]) + 1}


def _said(notes: Sequence[Any]) -> list[str]:
    return [f"{note.text}; {note.remedy}" if note.remedy else note.text for note in notes]
