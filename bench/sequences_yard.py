"""Yardsticks of sequences on real data, by the published protocols: ``python -m bench.sequences_yard [NAME...]``.

Each line says what was measured, by which rule, in how many seconds, and the anchor it stands beside.
"""

from __future__ import annotations

import gzip
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from glia.columns.audio import Audio
from glia.columns.prose import Prose
from glia.core.raw import Raw
from glia.core.values import Answer
from glia.judge.yardsticks import measure
from glia.judge.yardsticks.dictionary import Dictionary
from glia.judge.yardsticks.nb_svm import NbSvm
from glia.judge.yardsticks.spectra import Spectra
from glia.judge.yardsticks.z_score import ZScore
from glia.metrics import metrics
from glia.metrics._nab import swept
from glia.sources import read
from glia.table.passages import passages
from glia.table.watch import watched
from glia.table.windows import Windows, windowed

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def value(name: str, answer: Answer, truth: np.ndarray) -> float:
    """Return a metric of all rows."""
    metric = metrics.get(name)()
    return float(metric.value(metric.stats(answer, truth))[0])


def told(what: str, seconds: float, anchor: str = "", **found: float) -> None:
    """Print one line."""
    said = ", ".join(f"{name} {number:.4f}" for name, number in found.items())
    print(f"{what}: {said}, {seconds:.2f} s{f' (anchor: {anchor})' if anchor else ''}", flush=True)


def _forecasts(what: str, found: Windows, names: tuple[str, ...], anchor: str = "") -> None:
    specs = {**found.specs, **found.asked}
    for name, yard in measure(found.inputs, found.truth, specs, "forecast", weight=found.weight["train"]).items():
        scores = {metric: value(metric, yard.test, found.truth["test"]) for metric in names}
        told(f"{what} {name}", yard.seconds, anchor if name == "ridge_window" else "", **scores)


def ett() -> None:
    """ETTh1, all test windows."""
    source = read(DATA / "etth1" / "ETTh1.csv")
    for horizon, anchor in ((96, "0.3696"), (192, "0.4028"), (336, "0.4248"), (720, "0.4219")):
        found = windowed(source, horizon=horizon, lookback=336, split="8640,2880,2880")
        _forecasts(f"ETTh1 {horizon}", found, ("mse_scaled", "mae_scaled", "coverage"), anchor)


def m4() -> None:
    """M4 Hourly: the seasonal naive forecast's published error is 13.912."""
    train, test = (read(DATA / "m4-hourly" / f"Hourly-{part}.csv") for part in ("train", "test"))
    _forecasts("M4 Hourly", windowed(train, later=test), ("smape", "mase", "coverage"))


def small() -> None:
    """Airline passengers and daily temperatures, rolling over the last 15 %."""
    for name in ("airline-passengers", "daily-min-temperatures"):
        _forecasts(name, windowed(read(DATA / name / f"{name}.csv")), ("mase", "smape", "coverage"))


def reviews() -> None:
    """Ten folds of film reviews."""
    parts = [
        (DATA / "movie-reviews-mr" / f"rt-polarity.{end}").read_text("latin1").split("\n")[:-1]
        for end in ("neg", "pos")
    ]
    texts, target = np.array([*parts[0], *parts[1]], object), np.repeat([0, 1], [len(part) for part in parts])
    fold = np.random.default_rng(0).permutation(len(texts)) % 10
    rows, right, began = Raw(texts, np.ones(len(texts), bool)), [], time.perf_counter()
    for held in range(10):
        column = Prose("review")
        column.learn(rows.take(np.flatnonzero(fold != held)))
        codes = column.encode(rows)["token"]
        yard = NbSvm("classify", column.specs())
        yard.fit({"token": codes[fold != held]}, target[fold != held])
        right.append((yard.answer({"token": codes[fold == held]}).label == target[fold == held]).mean())
    seconds = (time.perf_counter() - began) / 10
    told(
        "MR nb_svm, a fold", seconds, "79.4 from memory", accuracy=float(np.mean(right)), deviation=float(np.std(right))
    )


def shakespeare() -> None:
    """The last tenth of tinyshakespeare, passages of 256 characters."""
    found = passages(read(str(DATA / "tinyshakespeare" / "input.txt")), length=256, split="0.9,0.1,0")
    yard = measure(found.inputs, found.truth, found.specs, "generate")["kneser_ney"]
    bits = value("bits_per_character", yard.test, found.truth["test"])
    told("tinyshakespeare kneser_ney", yard.seconds, bits_per_character=bits, nats=bits * float(np.log(2)))


def captions() -> None:
    """Multi30k, German to English, test of 2016."""

    def lines(part: str, language: str) -> np.ndarray:
        with gzip.open(DATA / "multi30k-de-en" / f"{part}.{language}.gz", "rt", encoding="utf-8") as file:
            return np.array(file.read().split("\n")[:-1], object)

    train, test = lines("train", "de"), lines("test_2016_flickr", "de")
    column, began = Prose("de"), time.perf_counter()
    column.learn(Raw(train, np.ones(len(train), bool)))
    yard = Dictionary("translate", column.specs())
    yard.fit(column.encode(Raw(train, np.ones(len(train), bool))), lines("train", "en"))
    answer, truth = yard.answer(column.encode(Raw(test, np.ones(len(test), bool)))), lines("test_2016_flickr", "en")
    scores = {name: value(name, answer, truth) for name in ("bleu", "bleu_words", "chrf")}
    told("Multi30k dictionary", time.perf_counter() - began, "a Transformer 36.52 BLEU of words", **scores)


def alarms() -> None:
    """NAB's known causes: 15 % (at most 750 rows) learned from, one threshold for all, standard profile."""
    folder, found, began = DATA / "nab-known-cause", [], time.perf_counter()
    for name, spans in sorted(json.loads((folder / "combined_windows.json").read_text()).items()):
        if not name.startswith("realKnownCause"):
            continue
        source = read(folder / name)
        when = np.array(source["timestamp"].values, "datetime64[us]")
        inside = np.zeros(len(when), bool)
        for low, high in spans:
            inside |= (when >= np.datetime64(low)) & (when <= np.datetime64(high))
        first = min(int(0.15 * len(when)), 750)
        parts = watched(source, lookback=48, split=(first, 0, len(when) - first))
        yard = ZScore("surprise", parts.specs)
        yard.fit(parts.inputs["train"], parts.truth["train"])
        found.append((np.asarray(yard.answer(parts.inputs["test"]).score), inside[parts.row["test"]]))
    told("NAB known causes z_score", time.perf_counter() - began, nab=swept(found)[0])


def digits() -> None:
    """Spoken digits, one speaker held out in turn."""
    files = sorted((DATA / "fsdd" / "recordings").glob("*.wav"))
    values = np.empty(len(files), object)
    values[:] = files
    digit, speaker = (np.array([file.name.split("_")[at] for file in files]) for at in (0, 1))
    rows, right, began = Raw(values, np.ones(len(files), bool)), {}, time.perf_counter()
    for held in sorted(set(speaker.tolist())):
        column = Audio("word")
        column.learn(rows.take(np.flatnonzero(speaker != held)))
        sounds = column.encode(rows)["audio"]
        yard = Spectra("classify", column.specs(), 10)
        yard.fit({"audio": sounds[speaker != held]}, digit[speaker != held].astype(np.int64))
        answer = yard.answer({"audio": sounds[speaker == held]})
        right[held] = float((answer.label == digit[speaker == held].astype(np.int64)).mean())
    told("FSDD spectra", time.perf_counter() - began, mean=float(np.mean(list(right.values()))), **right)


WORKS: dict[str, Callable[[], None]] = {
    "ett": ett, "m4": m4, "small": small, "mr": reviews, "shakespeare": shakespeare, "multi30k": captions,
    "nab": alarms, "fsdd": digits,
}  # fmt: skip

if __name__ == "__main__":
    for name in sys.argv[1:] or WORKS:
        WORKS[name]()
