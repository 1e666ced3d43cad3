"""Files are whole or not there, whatever the disk does."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from glia.core import store
from glia.core.errors import BundleError, DataError
from glia.core.store import building, clean, publish, refusing, settled, write_atomic

CODES = {
    errno.ENOSPC: "disk_full",
    errno.EFBIG: "disk_full",
    errno.EDQUOT: "disk_full",
    errno.EROFS: "read_only",
    errno.EACCES: "no_permission",
    errno.EPERM: "no_permission",
    errno.EIO: "io_error",
    errno.ESTALE: "io_error",
}


def names(folder: Path) -> list[str]:
    return sorted(item.name for item in folder.iterdir())


def fail(number: int):
    def failing(*args, **kwargs):
        raise OSError(number, os.strerror(number))

    return failing


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize(("number", "code"), CODES.items())
def test_a_failing_disk_leaves_the_old_file_and_says_why(tmp_path, monkeypatch, call, number, code):
    path = tmp_path / "weights"
    write_atomic(path, b"old")
    monkeypatch.setattr(store.os, call, fail(number))
    with pytest.raises(DataError) as caught:
        write_atomic(path, b"new")
    assert caught.value.code == code
    assert caught.value.file == str(path)
    assert caught.value.remedy
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["weights"]


@pytest.mark.parametrize(("number", "code"), CODES.items())
def test_a_file_that_cannot_be_opened_is_refused(tmp_path, monkeypatch, number, code):
    monkeypatch.setattr(Path, "open", fail(number))
    with pytest.raises(DataError) as caught:
        write_atomic(tmp_path / "a", b"new")
    assert caught.value.code == code


def test_an_interrupted_write_leaves_nothing(tmp_path, monkeypatch):
    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(store.os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomic(tmp_path / "a", b"new")
    assert not names(tmp_path)


def test_the_file_reaches_the_disk_before_its_name_does(tmp_path, monkeypatch):
    order = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(store.os, "fsync", lambda handle: (order.append("fsync"), fsync(handle)))
    monkeypatch.setattr(store.os, "replace", lambda a, b: (order.append("rename"), replace(a, b)))
    write_atomic(tmp_path / "a", b"data")
    assert order == ["fsync", "rename", "fsync"]


def test_a_disk_full_for_real_says_what_is_needed_and_keeps_the_old_state(tmp_path):
    program = textwrap.dedent(
        """
        import resource, sys
        from pathlib import Path
        from glia.core.errors import DataError
        from glia.core.store import building, write_atomic
        folder = Path(sys.argv[1])
        write_atomic(folder / "weights", b"old")
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
        try:
            write_atomic(folder / "weights", bytes(3 << 20))
        except DataError as error:
            print(error)
        try:
            with building(folder / "bundle") as temp:
                write_atomic(temp / "small", b"fits")
                write_atomic(temp / "large", bytes(2 << 20))
        except DataError as error:
            print(error.code)
        """
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)
    first, second = done.stdout.strip().splitlines()
    assert "[disk_full]" in first
    assert "weights" in first
    assert "3.0 MB needed" in first
    assert "free" in first
    assert second == "disk_full"
    assert not done.stderr
    assert names(tmp_path) == ["weights"]
    assert (tmp_path / "weights").read_bytes() == b"old"


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(DataError, match="check the path") as caught:
        write_atomic(tmp_path / "nowhere" / "a", b"")
    assert caught.value.code == "not_found"


def test_the_kind_of_error_is_the_callers_choice(tmp_path):
    with pytest.raises(BundleError), refusing(tmp_path, BundleError):
        raise OSError(errno.EIO, "broken")


def fill(folder: Path, text: str) -> Path:
    folder.mkdir()
    write_atomic(folder / "a", text.encode())
    return folder


def test_publishing_replaces_the_old_folder_whole(tmp_path):
    fill(tmp_path / "bundle", "old")
    publish(fill(tmp_path / "new", "new"), tmp_path / "bundle")
    assert names(tmp_path) == ["bundle"]
    assert (tmp_path / "bundle" / "a").read_text() == "new"


@pytest.mark.parametrize("rename", [1, 2])
def test_a_failed_replacement_puts_the_old_folder_back(tmp_path, monkeypatch, rename):
    fill(tmp_path / "bundle", "old")
    temp = fill(tmp_path / "new", "new")
    real, calls = Path.rename, []

    def sometimes(self, target):
        calls.append(target)
        if len(calls) == rename:
            raise OSError(errno.EIO, "broken")
        return real(self, target)

    monkeypatch.setattr(Path, "rename", sometimes)
    with pytest.raises(DataError, match="io_error"):
        publish(temp, tmp_path / "bundle")
    assert (tmp_path / "bundle" / "a").read_text() == "old"


def test_a_kill_between_the_two_renames_loses_nothing(tmp_path):
    program = textwrap.dedent(
        """
        import os, sys
        from pathlib import Path
        from glia.core.store import building, write_atomic
        real, calls = Path.rename, []
        def dying(self, target):
            calls.append(target)
            if len(calls) == 2:
                os._exit(9)
            return real(self, target)
        Path.rename = dying
        with building(Path(sys.argv[1], "bundle")) as temp:
            write_atomic(temp / "a", b"new")
        """
    )
    fill(tmp_path / "bundle", "old")
    assert subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False).returncode == 9
    assert not (tmp_path / "bundle").exists()
    assert (settled(tmp_path / "bundle") / "a").read_text() == "old"
    assert len(clean(tmp_path)) == 2
    assert names(tmp_path) == ["bundle"]
    assert (tmp_path / "bundle" / "a").read_text() == "old"
    assert not clean(tmp_path)


def test_a_build_that_fails_leaves_nothing(tmp_path):
    def build():
        with building(tmp_path / "deep" / "bundle") as temp:
            write_atomic(temp / "a", b"")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        build()
    assert not names(tmp_path / "deep")


def test_leftovers_of_killed_writers_are_cleaned_and_nothing_else_is(tmp_path):
    write_atomic(tmp_path / "kept", b"")
    (tmp_path / ".glia-temp-0011").write_bytes(b"half")
    fill(tmp_path / ".glia-temp-0022", "half")
    fill(tmp_path / "bundle", "new")
    fill(tmp_path / ".glia-old-bundle", "old")
    assert len(clean(tmp_path)) == 3
    assert names(tmp_path) == ["bundle", "kept"]


def test_written_files_follow_the_umask(tmp_path):
    old = os.umask(0o022)
    try:
        write_atomic(tmp_path / "a", b"")
    finally:
        os.umask(old)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o644
