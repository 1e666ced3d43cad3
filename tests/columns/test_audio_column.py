from __future__ import annotations

import io
import json
import struct
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from glia.columns import _sounds
from glia.columns._sounds import FLOOR, as_wav, log_mel, resampled, waveform
from glia.columns.audio import Audio
from glia.core.errors import DataError
from glia.core.raw import Raw


def tone(seconds: float = 0.5, hertz: float = 440.0, rate: int = 8000, loud: float = 0.5) -> np.ndarray:
    return (loud * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


def packed(samples: np.ndarray, rate: int = 8000, *, bits: int = 16, channels: int = 1, kind: int = 1) -> bytes:
    """A wav file written by hand, of any width and kind."""
    wide = np.repeat(samples[:, None], channels, 1).reshape(-1)
    if kind == 3:
        body = wide.astype(f"<f{bits // 8}").tobytes()
    elif bits == 8:
        body = (wide * 127 + 128).round().astype(np.uint8).tobytes()
    elif bits == 24:
        whole = (wide * (2**23 - 1)).round().astype("<i4")
        body = b"".join(struct.pack("<i", value)[:3] for value in whole.tolist())
    else:
        body = (wide.astype(np.float64) * (2 ** (bits - 1) - 1)).round().astype(f"<i{bits // 8}").tobytes()
    step = bits // 8 * channels
    extra = b"" if kind != 0xFFFE else struct.pack("<HHIH14s", 22, bits, 0, 1, b"\0" * 14)
    head = struct.pack("<HHIIHH", kind, channels, rate, rate * step, step, bits) + extra
    chunks = b"fmt " + struct.pack("<I", len(head)) + head + b"LIST" + struct.pack("<I", 3) + b"abc\0"
    chunks += b"data" + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def raw(*values: Any) -> Raw:
    cells = np.empty(len(values), object)
    for at, value in enumerate(values):
        cells[at] = value
    return Raw(cells, np.array([value is not None for value in values]))


def learned(rows: Raw) -> Audio:
    column = Audio("x")
    column.learn(rows)
    return column


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(
    ("bits", "kind", "near"),
    [(8, 1, 1e-2), (16, 1, 1e-4), (24, 1, 1e-6), (32, 1, 1e-6), (32, 3, 1e-7), (64, 3, 1e-7), (16, 0xFFFE, 1e-4)],
)
def test_every_width_and_kind_of_wav_gives_the_same_sound(bits: int, kind: int, near: float, channels: int) -> None:
    samples, rate = waveform(packed(tone(), bits=bits, kind=kind, channels=channels))
    assert rate == 8000
    np.testing.assert_allclose(samples, tone(), atol=near)


def test_what_the_standard_library_writes_is_read() -> None:
    samples, _ = waveform(as_wav(tone(), 8000))
    np.testing.assert_allclose(samples, tone(), atol=1e-4)
    with wave.open(io.BytesIO(as_wav(tone(), 44_100))) as file:
        assert file.getframerate() == 44_100


def test_flac_is_read_where_the_library_is_installed() -> None:
    soundfile = pytest.importorskip("soundfile")
    out = io.BytesIO()
    soundfile.write(out, tone(), 8000, format="FLAC")
    samples, rate = waveform(out.getvalue())
    assert rate == 8000
    np.testing.assert_allclose(samples, tone(), atol=1e-4)
    with pytest.raises(_sounds.UnreadableError):
        waveform(out.getvalue()[:100])


def test_channels_are_averaged() -> None:
    stereo = np.stack([tone(), -tone()], 1)
    assert np.abs(waveform(stereo)[0]).max() == 0


@pytest.mark.parametrize("rate", [11_025, 22_050, 44_100, 48_000, 96_000])
def test_a_tone_stays_where_it_is_at_any_rate(rate: int) -> None:
    column = learned(raw(as_wav(tone(), 8000), as_wav(tone(hertz=900), 8000)))
    ours, theirs = (column.encode(raw(as_wav(tone(rate=one), one)))["audio"][0] for one in (8000, rate))
    middle = slice(10, 40)
    assert (ours[:, middle].argmax(0) == theirs[:, middle].argmax(0)).all()
    assert np.abs(ours[:, middle].max(0) - theirs[:, middle].max(0)).max() < 0.1


def test_what_a_lower_rate_cannot_hold_does_not_come_back_as_something_else() -> None:
    high = resampled(tone(hertz=7000, rate=48_000), 48_000, 8_000)
    assert np.abs(high[100:-100]).max() < 0.02


def test_bands_rise_with_pitch_and_silence_is_the_floor() -> None:
    peaks = [int(log_mel(tone(hertz=hertz)[None], 8000, 40)[0, :, 20].argmax()) for hertz in (100, 300, 1000, 3000)]
    assert peaks == sorted(set(peaks))
    assert np.allclose(log_mel(np.zeros((1, 8000), np.float32), 8000, 40), np.log(FLOOR))
    loud, soft = (log_mel(tone(loud=one)[None], 8000, 40).max() for one in (0.8, 0.4))
    assert loud - soft == pytest.approx(np.log(4), abs=0.01)


def test_a_sound_recorded_quietly_keeps_its_depth() -> None:
    """Softer by 46 decibels it is the same sound, and what lies 43 decibels below its loudest moment is heard."""
    steps = np.concatenate([tone(0.2, loud=one) for one in (0.8, 0.08, 0.008)])
    loud, soft = log_mel(np.stack([steps, steps / 200]), 8000, 40)
    heard = loud > loud.max() - 10
    assert np.abs((loud - soft)[heard] - 2 * np.log(200)).max() < 0.5


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "0 bytes"),
        (packed(np.zeros(0, np.float32)), "no sample"),
        (packed(tone())[:-500], "cut off"),
        (packed(tone())[:30], "cut off"),
        (packed(tone())[:40], "cut off"),
        (b"RIFF\0\0\0\0WAVEdata\4\0\0\0abcd", "before"),
        (packed(tone()).replace(struct.pack("<HH", 1, 1), struct.pack("<HH", 85, 1), 1), "kind 85"),
        (b"no sound at all", "first bytes"),
        ("missing.wav", "no sound file"),
        (packed(np.zeros(0, np.float32)) + b"id3 " + struct.pack("<I", 4) + b"song", "no sample"),
        (packed(np.full(100, np.nan, np.float32), bits=32, kind=3), "no numbers"),
    ],
)
def test_a_broken_sound_is_refused_with_its_row(data: Any, said: str) -> None:
    column = learned(raw(packed(tone())))
    with pytest.raises(DataError, match=said) as caught:
        column.encode(raw(packed(tone()), data))
    assert caught.value.row == 1
    assert caught.value.remedy
    (bad,) = column.examine(raw(packed(tone()), data))
    assert bad.row == 1


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.wav", tmp_path / "bad.wav"
    good.write_bytes(packed(tone()))
    bad.write_bytes(packed(tone())[:-100])
    with pytest.raises(DataError) as caught:
        learned(raw(good, bad))
    assert caught.value.file == str(bad)
    with pytest.raises(DataError, match="cannot be opened"):
        learned(raw(tmp_path / "none.wav"))


def test_a_program_that_could_not_go_back_left_no_length_and_is_read() -> None:
    data = packed(tone())
    at = data.index(b"data") + 4
    for length in (b"\xff\xff\xff\xff", b"\0\0\0\0"):
        samples, _ = waveform(data[:at] + length + data[at + 4 :])
        np.testing.assert_allclose(samples, tone(), atol=1e-4)


def test_short_sounds_end_in_silence_and_of_long_ones_the_loudest_stretch_is_heard() -> None:
    column = learned(raw(*(as_wav(tone(0.5), 8000) for _ in range(20))))
    short = column.encode(raw(as_wav(tone(0.2), 8000)))["audio"][0]
    assert np.allclose(short[:, 30:], np.log(FLOOR))
    long = np.concatenate([tone(2, loud=0.01), tone(0.5, hertz=1500), tone(2, loud=0.01)])
    heard = column.encode(raw(as_wav(long, 8000)))["audio"][0]
    wanted = column.encode(raw(as_wav(tone(0.5, hertz=1500), 8000)))["audio"][0]
    assert np.abs(heard[:, 5:45] - wanted[:, 5:45]).mean() < 0.2


def test_statistics_are_those_of_the_bands_and_a_missing_sound_is_silence() -> None:
    rows = raw(as_wav(tone(), 8000), None, as_wav(tone(hertz=900), 8000))
    column = learned(rows)
    groups = column.encode(rows)["audio"]
    assert np.allclose(groups[1], np.log(FLOOR))
    known = groups[[0, 2]]
    np.testing.assert_allclose(column.specs()["audio"].center, known.mean((0, 2)), atol=1e-4)
    np.testing.assert_allclose(column.specs()["audio"].spread, known.std((0, 2)), atol=1e-3)
    assert groups.dtype == np.float32
    assert groups.shape[1:] == column.specs()["audio"].size


def test_a_sound_is_encoded_alike_alone_and_among_others_and_after_json() -> None:
    rows = raw(*(as_wav(tone(hertz=100 * at), 8000) for at in range(1, 9)))
    column = learned(rows)
    whole = column.encode(rows)["audio"]
    copy = Audio("x")
    copy.restore(json.loads(json.dumps(column.state(), allow_nan=False)))
    assert copy.specs() == column.specs()
    for row in (0, 5):
        np.testing.assert_allclose(copy.encode(rows.take(np.array([row])))["audio"][0], whole[row], atol=1e-5)


def test_sounds_are_recognized_and_nothing_else_is() -> None:
    assert Audio.recognize(raw(Path("a.wav"), Path("b.flac"))).confidence > 0.9
    assert Audio.recognize(raw(packed(tone()))).confidence > 0.9
    assert Audio.recognize(Raw(np.zeros((3, 100)), np.ones(3, bool))).confidence > 0.9
    for values in (
        raw("a.wav"),
        raw(Path("a.png")),
        raw(b"\x89PNG"),
        Raw(np.zeros((3, 4, 4), np.uint8), np.ones(3, bool)),
    ):
        assert Audio.recognize(values).confidence < 0.1


def test_later_sounds_that_are_silent_long_or_missing_are_told() -> None:
    column = learned(raw(*(as_wav(tone(0.3), 8000) for _ in range(5))))
    later = raw(as_wav(np.zeros(800), 8000), as_wav(tone(3), 8000), None)
    codes = [finding.code for finding in column.review(later)]
    assert codes == ["newly_missing", "silent_sounds", "long_sounds"]
    assert [finding.evidence["row"] for finding in column.review(later)] == [2, 0, 1]


def test_sketches_and_corrupted_sounds() -> None:
    rows = raw(*(as_wav(tone(hertz=100 + 10 * at), 8000) for at in range(60)))
    column = learned(rows)
    sketch, few = column.summarize(rows), column.summarize(rows.take(np.arange(3)))
    assert {name: part.shape for name, part in sketch.items()} == {name: part.shape for name, part in few.items()}
    worse = column.corrupt(rows, 0.5, np.random.default_rng(0))
    changed = (column.encode(worse)["audio"] != column.encode(rows)["audio"]).any((1, 2)).mean()
    assert 0.3 < changed < 0.7
    same = column.corrupt(rows, 0.0, np.random.default_rng(0))
    assert (column.encode(same)["audio"] == column.encode(rows)["audio"]).all()


def test_spoken_digits_are_read_at_their_own_rate(shared: Path) -> None:
    files = sorted((shared / "fsdd" / "recordings").glob("*.wav"))[::20]
    column = learned(raw(*files))
    assert (column.rate, column.bands) == (8000, 40)
    assert 40 <= column.specs()["audio"].size[1] <= 120
