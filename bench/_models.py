"""Who is measured: glia through its command line, and each peer in a process of the peers' environment."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from importlib.metadata import distributions as installed
from pathlib import Path
from typing import Any

from bench._data import ROOT, Prepared, TableSet
from bench._run import Measured, measure

__all__ = ["MODELS", "Job", "Model"]

PEERS = ROOT / "bench" / "peers"
VENV = ROOT / ".venvs" / "peers"
GLIA = Path(sys.executable).parent / "glia"


@dataclass(frozen=True)
class Job:
    """One fit to be measured.

    Args:
        one: The data set.
        data: Its files.
        seed: Of the model.
        budget: What glia is given; peers take what they take.
        home: A folder for whatever the fit writes.
    """

    one: TableSet
    data: Prepared
    seed: int
    budget: str
    home: Path

    @property
    def predictions(self) -> Path:
        """Where the predictions of the test rows go."""
        return self.home / "predictions.csv"


@dataclass(frozen=True)
class Model:
    """Somebody to be measured.

    Args:
        name: On the command line and in the results.
        family: ``"network"``, ``"trees"`` or ``"simple"``.
        label: In printed tables.
        version: From a budget to all that decides the outcome.
        run: From a job to the measured process, with anything worth keeping.
    """

    name: str
    family: str
    label: str
    version: Callable[[str], str]
    run: Callable[[Job], tuple[Measured, dict[str, Any]]]


def _digest(*paths: Path) -> str:
    """Return a short digest of files: a changed source makes another version."""
    content = hashlib.sha256()
    for path in paths:
        content.update(path.name.encode() + b"\0" + path.read_bytes())
    return content.hexdigest()[:8]


# ---------------------------------------------------------------- glia


def _glia_version(budget: str) -> str:
    sources = sorted((ROOT / "src" / "glia").rglob("*.py"))
    try:
        number = distribution("glia").version
    except PackageNotFoundError:
        number = "0"
    return f"glia {number}+{_digest(*sources)}@{budget}"


def _glia(job: Job) -> tuple[Measured, dict[str, Any]]:
    """Fit, then predict apart from the clock, which has already seen the test rows scored once."""
    question = ["--target", job.one.target, "--task", job.one.task, "--seed", str(job.seed)]
    fit = [str(GLIA), "fit", str(job.data.train), "--test", str(job.data.test), *question]
    fitted = measure([*fit, "--budget", job.budget, "--out", str(job.home / "run"), "--json"], job.home)
    if fitted.error:
        return fitted, {}
    predict = [str(GLIA), "predict", str(job.home / "run"), str(job.data.test), "--out", str(job.predictions)]
    predicted = measure(predict, job.home)
    if predicted.error:
        return predicted, {}
    document = json.loads(fitted.output)
    kept = {key: document.get(key) for key in ("net", "parameters", "seconds", "verdict")}
    claimed = {name: score["value"] for name, score in document["scores"]["test"].items()}
    return fitted, {"claimed": claimed, "document": kept}


# ---------------------------------------------------------------- peers


def _peer_version(name: str, packages: tuple[str, ...]) -> Callable[[str], str]:
    def version(_budget: str) -> str:
        found = {one.metadata["Name"].lower(): one.version for one in installed(path=_site_packages())}
        numbers = " ".join(f"{package} {found.get(package, 'absent')}" for package in packages)
        return f"{numbers}+{_digest(PEERS / f'{name}.py', PEERS / '_frame.py')}"

    return version


def _site_packages() -> list[str]:
    return [str(path) for path in VENV.glob("lib/python*/site-packages")]


def _peer_run(name: str) -> Callable[[Job], tuple[Measured, dict[str, Any]]]:
    def run(job: Job) -> tuple[Measured, dict[str, Any]]:
        python = VENV / "bin" / "python"
        if not python.exists():
            raise FileNotFoundError(f"{python} is absent: python -m bench.peers makes the peers' environment")
        question = [job.one.target, job.one.task, str(job.seed), str(job.predictions)]
        files = [str(job.data.train), str(job.data.test)]
        command = [str(python), "-m", "bench.peers._harness", name, *files, *question]
        return measure(command, ROOT), {}

    return run


def _peer(name: str, family: str, label: str, *packages: str) -> Model:
    return Model(name, family, label, _peer_version(name, packages), _peer_run(name))


MODELS: dict[str, Model] = {
    model.name: model
    for model in (
        Model("glia", "network", "**glia**", _glia_version, _glia),
        _peer("tabm", "network", "TabM-D", "pytabkit", "torch"),
        _peer("realmlp", "network", "RealMLP-TD", "pytabkit", "torch"),
        _peer("sklearn_mlp", "network", "scikit-learn MLP", "scikit-learn"),
        _peer("skorch_mlp", "network", "skorch MLP", "skorch", "torch"),
        _peer("catboost", "trees", "CatBoost", "catboost"),
        _peer("lightgbm", "trees", "LightGBM", "lightgbm"),
        _peer("xgboost", "trees", "XGBoost", "xgboost"),
        _peer("hgb", "trees", "scikit-learn HGB", "scikit-learn"),
        _peer("linear", "simple", "logistic / ridge", "scikit-learn"),
        _peer("constant", "simple", "constant", "numpy"),
    )
}
