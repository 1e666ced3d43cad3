"""Whatever goes wrong with the disk: a clean stop, the file named, the last good state intact."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import subprocess
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.crash.runs_made import fit, often, outcome, table

from glia.cli import main
from glia.core.errors import DataError, GliaError
from glia.core.manifest import verify
from glia.record.runs import look
from glia.train.checkpoint import Checkpoints

ERRORS = (errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT)
TRIALS = 40


class Proxy:
    """A file whose writes can be made to fail."""

    def __init__(self, file: Any, touch: Callable[[], None]) -> None:
        self._file, self._touch = file, touch

    def write(self, data: bytes) -> int:
        self._touch()
        return self._file.write(data)

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


@contextmanager
def failing(root: Path, number: int, code: int) -> Iterator[list[int]]:
    """Let the n-th operation that changes a disk fail; give how many there were."""
    count, lock = [0], threading.Lock()

    def touch() -> None:
        with lock:
            count[0] += 1
            if count[0] == number:
                raise OSError(code, os.strerror(code))

    def wrapped(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            touch()
            return function(*given, **named)

        return call

    opened = Path.open

    def opening(self: Path, mode: str = "r", *given: Any, **named: Any) -> Any:
        if not set(mode) & set("wxa") or root not in self.parents:
            return opened(self, mode, *given, **named)
        touch()
        return Proxy(opened(self, mode, *given, **named), touch)

    with pytest.MonkeyPatch.context() as patch:
        for name in ("write", "fsync", "replace"):
            patch.setattr(os, name, wrapped(getattr(os, name)))
        for name in ("mkdir", "rename"):
            patch.setattr(Path, name, wrapped(getattr(Path, name)))
        patch.setattr(Path, "open", opening)
        yield count


def refusal(act: Callable[[], object]) -> GliaError | None:
    """Return the error that a person would see, if any; other errors pass through."""
    try:
        act()
    except GliaError as error:
        return error
    return None


def fill(path: Path) -> None:
    """Write until the disk is full."""
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 4096)


def good_checkpoints(run: Path) -> None:
    """Make sure that every checkpoint that has its name is whole."""
    for folder in (run / "checkpoints").glob("step-*"):
        assert verify(folder) == []


def test_no_failed_write_loses_a_checkpoint_or_shows_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = table(tmp_path, 60)
    often(monkeypatch)
    words = {"epochs": 3}
    with failing(tmp_path, -1, 0) as count, warnings.catch_warnings():
        fit(source, tmp_path / "whole", **words)
    whole, total = outcome(tmp_path / "whole"), count[0]
    stopped = 0
    for trial in range(TRIALS):
        run = tmp_path / f"run-{trial}"
        number = 1 + trial * (total - 1) // (TRIALS - 1)
        with failing(tmp_path, number, ERRORS[trial % len(ERRORS)]), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            error = refusal(lambda: fit(source, run, **words))  # noqa: B023 - called at once
        if error is not None:
            stopped += 1
            assert str(tmp_path) in str(error.file), error
            assert error.remedy
        if run.exists():
            good_checkpoints(run)
        if not (run / "run.json").exists():
            fit(source, run, **words)
        elif not (run / "bundle").exists():
            fit(None, resume=run)
        assert outcome(run) == whole, number
    assert stopped >= TRIALS // 2


def test_a_file_size_limit_stops_a_run_with_the_file_and_the_need(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source, run = table(tmp_path), tmp_path / "run"
    often(monkeypatch)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (9_000, hard))
    try:
        words = ["fit", str(source), "--target", "sick", "--epochs", "3", "--out", str(run), "--quiet"]
        code = main([*words, "--net", "mlp", "--set", "judge.yardsticks=false", "--set", "net.width=16"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    said = capsys.readouterr().err
    assert code == 3
    assert "checkpoints/step-01-000000001/tensors.safetensors" in said
    assert "needed" in said
    assert "disk_full" in said
    assert "Traceback" not in said
    assert look(run).state == "failed"
    assert main(["fit", "--resume", str(run), "--quiet"]) == 0


def test_a_disk_that_is_really_full_keeps_the_last_good_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(disk)], check=False)
    if mounted.returncode:
        pytest.skip("a small disk cannot be made here")
    try:
        source = table(tmp_path)
        fit(source, tmp_path / "whole")
        often(monkeypatch)
        submit = Checkpoints.submit

        def filling(self: Checkpoints, name: str, state: Any) -> None:
            if name > "step-01-000000011" and not (disk / "filler").exists():
                self.wait()
                fill(disk / "filler")
            submit(self, name, state)

        with monkeypatch.context() as patch:
            patch.setattr(Checkpoints, "submit", filling)
            with pytest.raises(DataError) as caught:
                fit(source, disk / "run")
        assert caught.value.code == "disk_full"
        assert "needed" in caught.value.text or "free" in caught.value.text
        good_checkpoints(disk / "run")
        assert len(Checkpoints(disk / "run" / "checkpoints").names()) == 2
        (disk / "filler").unlink()
        fit(None, resume=disk / "run")
        assert outcome(disk / "run") == outcome(tmp_path / "whole")
    finally:
        subprocess.run(["umount", str(disk)], check=False)


def test_a_disk_that_cannot_be_written_is_told_before_any_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(disk)], check=False)
    if mounted.returncode:
        pytest.skip("a disk that cannot be written cannot be made here")
    try:
        words = ["fit", str(table(tmp_path)), "--target", "sick", "--epochs", "1", "--out", str(disk / "run")]
        assert main(words) == 3
    finally:
        subprocess.run(["umount", str(disk)], check=False)
    said = capsys.readouterr().err
    assert f"{disk / 'run'}: Read-only file system" in said and "[read_only]" in said
