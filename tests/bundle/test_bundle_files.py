"""What lies in a bundle: the same bytes for the same run, no times, no pickle, no change unseen."""

from __future__ import annotations

import errno
import json
import os
import random
import re
from pathlib import Path

import pytest
import safetensors.torch
import torch
from tests.bundle.bundle_making import made

from glia.bundle import writer
from glia.bundle.bundle import Bundle, checked, load, opened
from glia.bundle.layout import FORMAT
from glia.core import store
from glia.core.errors import BundleError, DataError
from glia.core.manifest import seal

FILES = {
    "config.json", "model.safetensors", "preprocessing.json", "schema.json", "recipe.json", "scores.json",
    "history.jsonl", "reference.safetensors", "README.md", "report.html", "manifest.json",
}  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return made(tmp_path_factory.mktemp("run") / "bundle")[0]


@pytest.fixture
def copy(whole, tmp_path):
    for path in whole.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def edit(folder: Path, file: str, change) -> None:
    """Change a document as a stranger would who seals it again."""
    document = json.loads((folder / file).read_text())
    change(document)
    (folder / file).write_text(json.dumps(document))
    seal(folder)


def test_a_bundle_has_the_files_that_were_promised_and_opens(whole):
    assert {path.name for path in whole.iterdir()} == FILES
    assert checked(whole) == {"bundle": str(whole), "files": len(FILES)}
    assert checked(whole.parent)["files"] == len(FILES)
    assert opened(whole)["verdict"]["text"] == "cannot tell"


def test_two_writes_of_the_same_run_give_the_same_bytes(whole, tmp_path):
    again, _ = made(tmp_path / "elsewhere" / "bundle")
    for name in FILES:
        assert (again / name).read_bytes() == (whole / name).read_bytes(), name


def test_weight_files_hold_nothing_but_numbers(whole):
    for name in ("model.safetensors", "reference.safetensors"):
        data = (whole / name).read_bytes()
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        assert set(header.pop("__metadata__")) == {"format"}
        assert all(set(one) == {"dtype", "shape", "data_offsets"} for one in header.values())


def test_nothing_in_a_bundle_is_a_pickle_or_an_archive(whole):
    for path in whole.iterdir():
        head = path.read_bytes()[:4]
        assert not head.startswith((b"PK", b"\x80", b"\x93NUM", b"\x1f\x8b")), path.name


def test_any_flipped_or_lost_byte_region_is_found_and_named(copy):
    draw = random.Random(0)
    trials = 0
    for name in sorted(FILES):
        path = copy / name
        data = path.read_bytes()
        for place in sorted(draw.sample(range(len(data)), min(30, len(data)))):
            broken = bytearray(data)
            broken[place] ^= 1 << draw.randrange(8)
            for wrong in (bytes(broken), data[:place]):
                path.write_bytes(wrong)
                with pytest.raises(BundleError) as caught:
                    checked(copy)
                assert caught.value.exit_code == 5
                assert Path(caught.value.file).name == name
                assert name in caught.value.text
                trials += 1
        path.write_bytes(data)
    assert checked(copy)["files"] == len(FILES)
    assert trials >= 500


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_missing_file_is_named(copy, name):
    (copy / name).unlink()
    with pytest.raises(BundleError, match=f"{re.escape(name)}: missing"):
        Bundle.load(copy)


def test_an_extra_file_is_named(copy):
    (copy / "model.bin").write_bytes(b"\x80\x04.")
    with pytest.raises(BundleError, match=r"model\.bin: not in the manifest"):
        Bundle.load(copy)


def test_where_there_is_no_bundle_it_is_said(tmp_path):
    with pytest.raises(BundleError, match="no such folder"):
        load(tmp_path / "nowhere")
    with pytest.raises(BundleError, match="there is no bundle here"):
        load(tmp_path)
    (tmp_path / "events.jsonl").touch()
    with pytest.raises(BundleError, match="the run has written no bundle"):
        load(tmp_path)


def test_a_bundle_set_aside_by_a_kill_still_opens(tmp_path):
    folder, _ = made(tmp_path / "bundle")
    folder.rename(tmp_path / ".glia-old-bundle")
    assert load(tmp_path).module
    assert load(tmp_path / "bundle").module


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO])
@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize("after", [0, 3, 9])
def test_a_failing_disk_leaves_the_old_bundle(tmp_path, monkeypatch, call, number, after):
    folder, _ = made(tmp_path / "run" / "bundle")
    real, calls = getattr(os, call), []

    def sometimes(*args):
        calls.append(args)
        if len(calls) > after:
            raise OSError(number, os.strerror(number))
        return real(*args)

    monkeypatch.setattr(store.os, call, sometimes)
    with pytest.raises(DataError):
        made(folder, "regress")
    monkeypatch.undo()
    assert opened(folder)["task"] == "classify"
    assert [path.name for path in folder.parent.iterdir()] == ["bundle"]


def test_an_error_while_drawing_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(writer, "seal", lambda folder: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        made(tmp_path / "run" / "bundle")
    assert not list((tmp_path / "run").iterdir())


def test_a_newer_format_asks_for_an_upgrade(copy):
    edit(copy, "config.json", lambda config: config.update(format=FORMAT + 1))
    with pytest.raises(BundleError, match="upgrade glia") as caught:
        load(copy)
    assert caught.value.code == "newer_format"


def test_a_bundle_of_the_first_format_answers_as_it_did(copy):
    wanted = load(copy).readout.state()

    def back(config):
        readout = config.pop("readout")
        config["calibration"] = {"objective": readout.pop("readout"), **readout}
        config["format"] = 1
        for group in (*config["inputs"].values(), *config["targets"].values()):
            del group["center"], group["spread"]

    edit(copy, "config.json", back)
    assert load(copy).readout.state() == wanted


HOSTILE = {
    "a path as the network's name": ("config.json", lambda c: c["net"].update(name="../../../tmp/evil")),
    "a module as the network's name": ("config.json", lambda c: c["net"].update(name="os.system")),
    "a private module": ("config.json", lambda c: c["net"].update(name="_shell")),
    "a list as the network's name": ("config.json", lambda c: c["net"].update(name=["mlp"])),
    "no network": ("config.json", lambda c: c.pop("net")),
    "an unknown option": ("config.json", lambda c: c["net"]["options"].update(hook="os.system")),
    "an enormous network": ("config.json", lambda c: c["net"]["options"].update(width=2**45)),
    "another network": ("config.json", lambda c: c["net"]["options"].update(width=9)),
    "a path as the objective": ("config.json", lambda c: c["objective"].update(name="/etc/passwd")),
    "another objective": ("config.json", lambda c: c["objective"].update(name="regress")),
    "a readout of another shape": ("config.json", lambda c: c.update(readout={"__class__": "x"})),
    "a format that is no number": ("config.json", lambda c: c.update(format="1")),
    "a format that never was": ("config.json", lambda c: c.update(format=0)),
    "other inputs": ("config.json", lambda c: c["inputs"].pop("number")),
    "a column kind that is a path": ("preprocessing.json", lambda p: p["columns"][0].update(kind="../x")),
    "a column without a state": ("preprocessing.json", lambda p: p["columns"][0].pop("state")),
    "a state of another shape": ("preprocessing.json", lambda p: p["columns"][0].update(state=[1])),
    "no columns": ("preprocessing.json", lambda p: p.update(columns=7)),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_documents_are_refused_plainly(copy, what):
    file, change = HOSTILE[what]
    edit(copy, file, change)
    with pytest.raises(BundleError) as caught:
        load(copy)
    assert caught.value.file
    assert len(str(caught.value)) < 2000


@pytest.mark.parametrize("data", [b"[" * 10**5, b'{"a": 1, "a": 2}', b"NaN", b"[]", b"\xff", b"", b"7"])
@pytest.mark.parametrize("file", ["config.json", "preprocessing.json", "scores.json"])
def test_documents_that_are_no_documents_are_refused_plainly(copy, file, data):
    (copy / file).write_bytes(data)
    seal(copy)
    with pytest.raises(BundleError):
        load(copy)


def weights(header: object, size: int | None = None, data: bytes = b"\0" * 16) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if size is None else size).to_bytes(8, "little") + text + data


HUGE = {"dtype": "F32", "shape": [2**40, 2**40], "data_offsets": [0, 16]}
WEIGHTS = {
    "a pickle": b"\x80\x04cos\nsystem\n(S'touch /tmp/evil'\ntR.",
    "a zip": b"PK\x03\x04" + b"\0" * 100,
    "nothing": b"",
    "a huge header": weights(b"{}", 2**60),
    "a header longer than the file": weights(b"{}", 10**6),
    "a deep header": weights(b"[" * 10**5),
    "a huge tensor": weights({"a": HUGE}),
    "offsets outside": weights({"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 10**9]}}),
    "offsets backwards": weights({"a": {"dtype": "F32", "shape": [4], "data_offsets": [16, 0]}}),
    "an unknown type": weights({"a": {"dtype": "OBJ", "shape": [4], "data_offsets": [0, 16]}}),
    "another tensor": safetensors.torch.save({"evil": torch.zeros(2)}),
    "no tensor": safetensors.torch.save({}),
}


@pytest.mark.parametrize("what", WEIGHTS)
def test_hostile_weights_are_refused_plainly(copy, what):
    (copy / "model.safetensors").write_bytes(WEIGHTS[what])
    seal(copy)
    with pytest.raises(BundleError) as caught:
        load(copy)
    assert Path(caught.value.file).name == "model.safetensors"


def test_weights_of_another_type_or_shape_are_refused(copy):
    path = copy / "model.safetensors"
    good = safetensors.torch.load(path.read_bytes())
    name = next(iter(good))
    for wrong in (good[name].long(), good[name].flatten()[:1]):
        path.write_bytes(safetensors.torch.save({**good, name: wrong.contiguous()}))
        seal(copy)
        with pytest.raises(BundleError, match=name):
            load(copy)


def test_the_card_is_metadata_and_text_whatever_columns_are_called(whole):
    text = (whole / "README.md").read_text()
    _, front, body = text.split("---\n", 2)
    # JSON is YAML: a card that parses so cannot be read in two ways.
    metadata = {key: json.loads(value) for key, _, value in (line.partition(": ") for line in front.splitlines())}
    (entry,) = metadata["model-index"]
    (measured,) = entry["results"][0]["metrics"]
    assert metadata["library_name"] == "glia"
    assert measured == {"type": "log_loss", "name": "log loss", "value": 0.9}
    assert "<script>" not in body
    assert "<b>" not in body


def test_every_number_of_the_card_comes_from_the_documents(whole):
    _, _, body = (whole / "README.md").read_text().split("---\n", 2)
    documents = " ".join((whole / name).read_text() for name in ("scores.json", "schema.json", "config.json"))
    known = {float(one) for one in re.findall(r"\d+(?:\.\d+)?", documents)} | {95.0}  # the level of intervals
    found = {float(one) for one in re.findall(r"(?<![\w.])\d+(?:\.\d+)?", body)}
    assert found <= known


def test_the_report_of_a_bundle_escapes_its_classes(whole):
    page = (whole / "report.html").read_text()
    assert "<script" not in page
    assert "Cannot tell" in page


def test_the_history_is_one_strict_document_a_line(whole):
    lines = [json.loads(line) for line in (whole / "history.jsonl").read_text().splitlines()]
    assert lines == [{"step": 1, "loss": None, "valid": {"loss": 0.5}}, {"step": 2, "loss": 0.25}]
