"""A seal finds every change and names the file."""

from __future__ import annotations

import os
import random

import pytest

from glia.core.documents import dumps
from glia.core.manifest import MANIFEST, _signed, seal, verify


@pytest.fixture
def folder(tmp_path):
    draw = random.Random(0)
    for name, size in {"a.json": 200, "b.bin": 333, "sub/c.txt": 50, "empty": 0}.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(draw.randbytes(size))
    seal(tmp_path)
    assert not verify(tmp_path)
    return tmp_path


def test_any_flipped_or_lost_byte_is_found_and_the_file_named(folder):
    draw = random.Random(1)
    names = ["a.json", "b.bin", "sub/c.txt", MANIFEST]
    trials = 0
    for name in names:
        path = folder / name
        whole = path.read_bytes()
        places = range(len(whole)) if name == MANIFEST else draw.sample(range(len(whole)), 50)
        for place in places:
            broken = bytearray(whole)
            broken[place] ^= 1 << draw.randrange(8)
            cut = whole[:place]
            for data in (bytes(broken), cut):
                path.write_bytes(data)
                problems = verify(folder)
                assert problems, (name, place)
                assert problems[0].startswith(f"{name}: "), (name, problems)
                trials += 1
        path.write_bytes(whole)
    assert not verify(folder)
    assert trials >= 500


def test_what_happened_is_said(folder):
    (folder / "a.json").write_bytes(b"short")
    (folder / "b.bin").unlink()
    (folder / "extra.bin").write_bytes(b"")
    with (folder / "sub" / "c.txt").open("ab") as file:
        file.write(b"more")
    assert verify(folder) == [
        "a.json: truncated, 5 bytes instead of 200",
        "b.bin: missing",
        "sub/c.txt: changed, 54 bytes instead of 50",
        "extra.bin: not in the manifest",
    ]


def test_a_missing_manifest_is_named(folder):
    (folder / MANIFEST).unlink()
    assert verify(folder) == ["manifest.json: missing"]


def test_a_change_that_keeps_the_meaning_of_the_manifest_is_found(folder):
    with (folder / MANIFEST).open("ab") as file:
        file.write(b" ")
    assert verify(folder)[0].startswith("manifest.json: changed")


def test_hidden_files_of_others_are_no_damage(folder):
    (folder / ".DS_Store").write_bytes(b"x")
    (folder / ".git").mkdir()
    (folder / ".git" / "HEAD").write_bytes(b"x")
    assert not verify(folder)


@pytest.mark.parametrize("name", ["../a.json", "/etc/passwd", "sub/../../x", "C:\\x", "..\\x", "", "a\0b", "C:x"])
def test_names_that_lead_outside_are_refused(folder, name):
    entry = {"size": 1, "sha256": "0" * 64}
    (folder / MANIFEST).write_bytes(dumps(_signed({name: entry})))
    (problem,) = verify(folder)
    assert problem.startswith("manifest.json: lists")


@pytest.mark.parametrize("entry", [None, {}, {"size": "1", "sha256": "0"}, {"size": True, "sha256": "0"}, [1]])
def test_entries_of_another_shape_are_refused(folder, entry):
    (folder / MANIFEST).write_bytes(dumps(_signed({"a.json": entry})))
    assert verify(folder)[0].startswith("manifest.json: ")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_named(folder):
    (folder / "a.json").chmod(0)
    assert verify(folder)[0].startswith("a.json: cannot be read")
