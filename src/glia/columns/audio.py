"""Sounds: files or samples, as log-mel spectra of one length."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from glia.columns._pictures import Bad, UnreadableError, file_of
from glia.columns._refuse import RowError, newly_missing
from glia.columns._sounds import FLOOR, as_wav, frames_of, is_sound, log_mel, resampled, waveform
from glia.core.finding import Finding
from glia.core.parts import Column, Guess
from glia.core.raw import Raw
from glia.core.values import Spec

__all__ = ["Audio"]

_SAMPLE = 1000  # training sounds that rate, length and statistics are learned from
_HIGHEST = 16_000  # samples a second; speech has little above half of it
_LONGEST = 10.0  # seconds
_COVERED = 0.95  # of the training sounds are heard whole
_GIVEN = 16_000  # the rate of samples that come without one


class Audio(Column):
    """A sound: one channel, one rate, log-mel bands of 25 ms each 10 ms, of one length, silence where it ends.

    The rate is that of most training sounds, at most 16,000 a second; the length that of the longest of 95 % of them,
    at most 10 seconds; of longer ones the loudest stretch is heard. There are 40 bands below 12,000 samples a second
    and 64 from there on. Wav files of 8, 16, 24 and 32 bits are read by glia itself, flac and others where the
    package soundfile is installed.

    Args:
        name: The column's name.
        role: Only ``"input"``.

    Example:
        >>> word = Audio("word")
        >>> rows = Raw(np.zeros((3, 1600), np.float32), np.ones(3, bool))
        >>> word.learn(rows)
        >>> word.encode(rows)["audio"].shape, word.rate
        ((3, 64, 11), 16000)
    """

    kind = "audio"
    media = True

    def __init__(self, name: str, role: Literal["input", "target"] = "input") -> None:
        super().__init__(name, role)
        self.rate = _GIVEN
        self.samples = _GIVEN // 10
        self.center: tuple[float, ...] = (0.0,) * 64
        self.spread: tuple[float, ...] = (1.0,) * 64
        self.gaps = False

    @staticmethod
    def recognize(raw: Raw) -> Guess:
        if raw.values.ndim == 2 and raw.values.dtype.kind == "f":
            return Guess(0.95, f"its values are {raw.values.shape[1]} samples each")
        if raw.values.dtype != object or raw.values.ndim != 1:
            return Guess(0.0, "its values are no sounds")
        here = raw.values[raw.present]
        if len(here) and is_sound(here[0]) and all(map(is_sound, here.tolist())):
            return Guess(0.99, f"its {len(here)} values are sounds")
        return Guess(0.0, "its values are no sounds")

    @property
    def bands(self) -> int:
        """How many bands there are."""
        return 40 if self.rate < 12_000 else 64

    def learn(self, raw: Raw) -> None:
        self.gaps = not raw.present.all()
        rows = np.flatnonzero(raw.present)
        rows = rows[np.linspace(0, len(rows) - 1, min(_SAMPLE, len(rows))).astype(np.int64)]
        some = raw.take(rows)
        found = self._read(some)
        self.rate, self.samples = _GIVEN, _GIVEN // 10
        if len(found):
            rates = [rate for _, rate in found]
            self.rate = min(max(set(rates), key=lambda rate: (rates.count(rate), rate)), _HIGHEST)
            seconds = np.array([len(samples) / rate for samples, rate in found])
            wanted = float(np.quantile(seconds, _COVERED, method="higher"))
            # A tenth more costs nothing and hears all where lengths hardly differ.
            wanted = float(seconds.max()) if seconds.max() <= 1.1 * wanted else wanted
            self.samples = max(int(min(wanted, _LONGEST) * self.rate), self.rate // 40)
        self.center, self.spread = (0.0,) * self.bands, (1.0,) * self.bands
        if len(found):
            spectra = self._spectra(found)
            self.center = tuple(round(float(one), 5) for one in spectra.mean((0, 2)))
            self.spread = tuple(max(round(float(one), 5), 1e-3) for one in spectra.std((0, 2)))

    def specs(self) -> dict[str, Spec]:
        size = (self.bands, frames_of(self.samples, self.rate))
        return {"audio": Spec(("mel", "time"), size, names=(self.name,), center=self.center, spread=self.spread)}

    def encode(self, raw: Raw) -> dict[str, np.ndarray]:
        """Return (N, M, T) float32; a missing sound is silence.

        Raises:
            RowError: A sound cannot be read.
        """
        bands, frames = self.bands, frames_of(self.samples, self.rate)
        out = np.full((len(raw), bands, frames), np.log(FLOOR), np.float32)
        here = np.flatnonzero(raw.present)
        for at in range(0, len(here), _SAMPLE):
            rows = here[at : at + _SAMPLE]
            out[rows] = self._spectra(self._read(raw.take(rows), rows))
        return {"audio": out}

    def examine(self, raw: Raw) -> list[Bad]:
        """Return which sounds cannot be read at all, each with its file, before anything is learned."""
        bad = []
        for row in np.flatnonzero(raw.present).tolist():
            try:
                waveform(raw.values[row])
            except UnreadableError as error:
                bad.append(Bad(row, file_of(raw.values[row]), error.text, error.remedy))
        return bad

    def review(self, raw: Raw) -> list[Finding]:
        """Return what is odd about later sounds: silent or cut ones, and missing ones."""
        said = [] if self.gaps else newly_missing(self.name, ~raw.present)
        rows = np.flatnonzero(raw.present)
        found = self._read(raw.take(rows), rows)
        silent = rows[[not samples.any() for samples, _ in found]] if found else rows[:0]
        long = (
            rows[[len(samples) * self.rate > 1.5 * self.samples * rate for samples, rate in found]]
            if found
            else rows[:0]
        )
        if len(silent):
            said.append(
                self._note(
                    "silent_sounds",
                    f"{len(silent)} sounds of {self.name!r} are silent",
                    silent,
                    "their rows say nothing",
                )
            )
        if len(long) > (1 - _COVERED) * len(raw):
            text = (
                f"{len(long)} sounds of {self.name!r} are longer than the {self.samples / self.rate:.1f} seconds heard"
            )
            said.append(self._note("long_sounds", text, long, "the loudest stretch of each was heard"))
        return said

    def state(self) -> dict[str, Any]:
        return {
            "rate": self.rate,
            "samples": self.samples,
            "center": list(self.center),
            "spread": list(self.spread),
            "gaps": self.gaps,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        self.rate, self.samples, self.gaps = int(state["rate"]), int(state["samples"]), state["gaps"]
        self.center, self.spread = tuple(state["center"]), tuple(state["spread"])

    def summarize(self, raw: Raw) -> dict[str, np.ndarray]:
        """Return quantiles of length in seconds and of loudness in decibels, and the share missing."""
        rows = np.flatnonzero(raw.present)
        found = self._read(raw.take(rows), rows)
        seconds = [len(samples) / rate for samples, rate in found]
        loud = [10 * np.log10(float(np.mean(samples**2)) + 1e-10) for samples, _ in found]
        levels = np.linspace(0, 1, 33)
        gone = float((~raw.present).mean()) if len(raw) else 0.0
        return {
            "seconds": (np.quantile(seconds, levels) if found else np.zeros(33)).astype(np.float32),
            "decibels": (np.quantile(loud, levels) if found else np.zeros(33)).astype(np.float32),
            "missing": np.array([gone], np.float32),
        }

    def corrupt(self, raw: Raw, strength: float, generator: np.random.Generator) -> Raw:
        """Return sounds with noise, or too loud, as a poor recording gives them; as bytes of wav files."""
        values = np.empty(len(raw), object)
        hit = generator.random(len(raw)) < strength
        for row in np.flatnonzero(raw.present).tolist():
            value = raw.values[row]
            if not hit[row]:
                values[row] = as_wav(value, _GIVEN) if isinstance(value, np.ndarray) else value
                continue
            samples, rate = waveform(value, _GIVEN)
            if generator.random() < 0.5:
                samples = samples + generator.normal(0, 0.3 * samples.std() + 1e-3, len(samples))
            else:
                samples = samples * 8
            values[row] = as_wav(samples, rate)
        return Raw(values, raw.present)

    def _read(self, raw: Raw, rows: np.ndarray | None = None) -> list[tuple[np.ndarray, int]]:
        """Return the samples and the rate of each sound."""
        found = []
        for at in range(len(raw)):
            try:
                found.append(waveform(raw.values[at], _GIVEN))
            except UnreadableError as error:
                row = at if rows is None else int(rows[at])
                file = file_of(raw.values[at]) or None
                raise RowError(
                    "bad_sound", error.text, remedy=error.remedy, file=file, column=self.name, row=row
                ) from error
        return found

    def _spectra(self, found: list[tuple[np.ndarray, int]]) -> np.ndarray:
        sounds = np.zeros((len(found), self.samples), np.float32)
        for at, (samples, rate) in enumerate(found):
            heard = _loudest(resampled(samples, rate, self.rate), self.samples)
            sounds[at, : len(heard)] = heard
        return log_mel(sounds, self.rate, self.bands)

    def _note(self, code: str, text: str, rows: np.ndarray, then: str) -> Finding:
        return Finding(code, "note", text, {"column": self.name, "row": int(rows[0]), "count": len(rows)}, then)


def _loudest(samples: np.ndarray, length: int) -> np.ndarray:
    """Return the stretch of most energy."""
    if len(samples) <= length:
        return samples
    energy = np.concatenate([[0.0], np.cumsum(samples.astype(np.float64) ** 2)])
    begin = int((energy[length:] - energy[:-length]).argmax())
    return samples[begin : begin + length]
