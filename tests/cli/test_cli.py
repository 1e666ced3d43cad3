# ruff: noqa: E501 - a table of odd tables reads best with one in a line
"""The command line: one JSON document, exit codes, and never a traceback."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

import numpy as np
import pytest

from glia.cli import main

QUICK = ["--epochs", "1", "--set", "net.width=8", "--set", "net.members=2", "--set", "judge.yardsticks=false"]


def rows(count: int = 60, seed: int = 0) -> list[list[object]]:
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(count, 2)).round(4)
    return [[float(a), float(b), "yes" if a + b > 0 else "no"] for a, b in x]


def table(path: Path, body: list[list[object]] | None = None, head: tuple[str, ...] = ("a", "b", "y")) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([head, *(rows() if body is None else body)])
    return path


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundle")
    assert (
        main(["fit", str(table(folder / "made.csv")), "--target", "y", "--out", str(folder / "run"), "--quiet", *QUICK])
        == 0
    )
    return folder / "run"


def test_json_is_exactly_one_document_on_stdout(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(
        ["fit", str(table(tmp_path / "t.csv")), "--target", "y", "--json", "--out", str(tmp_path / "r"), *QUICK]
    )
    document = json.loads(capsys.readouterr().out)
    assert code == 0
    assert document["task"] == "classify"
    assert document["rows"]["train"] > 20


def test_predict_keeps_row_order_and_prints_csv(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = rows(20, seed=5)
    source = table(tmp_path / "new.csv", [row[:2] for row in body], ("a", "b"))
    assert main(["predict", str(bundle), str(source)]) == 0
    printed = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert list(printed[0]) == ["prediction", "probability_no", "probability_yes"]
    assert len(printed) == 20
    reverse = table(tmp_path / "reverse.csv", [row[:2] for row in body[::-1]], ("a", "b"))
    assert main(["predict", str(bundle), str(reverse), "--json"]) == 0
    again = json.loads(capsys.readouterr().out)["columns"]["probability_yes"]
    np.testing.assert_allclose([float(row["probability_yes"]) for row in printed][::-1], again, atol=1e-6)


def test_predictions_are_written_to_a_file(bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "answers.csv"
    assert main(["predict", str(bundle), str(table(tmp_path / "new.csv")), "--out", str(out)]) == 0
    assert len(out.read_text().splitlines()) == 61
    assert "60 predictions" in capsys.readouterr().out


def test_evaluate_show_and_check_a_bundle(bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(bundle), str(table(tmp_path / "t.csv")), "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)["scores"]
    assert scores["accuracy"]["n"] == 60
    assert main(["show", str(bundle), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["net"] == "tabm"
    assert main(["check", str(bundle / "bundle")]) == 0
    assert "whole" in capsys.readouterr().out


def test_a_damaged_bundle_is_named_and_exits_with_five(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(bundle / "bundle", copy)
    weights = copy / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[len(data) // 2] ^= 1
    weights.write_bytes(bytes(data))
    assert main(["check", str(copy)]) == 5
    assert "model.safetensors" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["fti"], 2, "fit"),
        (["fit"], 2, "no source"),
        (["fit", "iris", "--targt", "x"], 2, "--target"),
        (["fit", "iris", "--target", "target", "--net", "tabmm"], 2, "tabm"),
        (["fit", "iris", "--target", "target", "--set", "train.lrr=1"], 2, "train.lr"),
        (["fit", "iris", "--target", "target", "--set", "net.widht=1"], 2, "width"),
        (["fit", "iris", "--target", "target", "--budget", "never"], 2, "60s"),
        (["fit", "iris", "--target", "target", "--metric", "acuracy"], 2, "accuracy"),
        (["fit", "iris", "--target", "targt"], 2, "target"),
        (["fit", "no_such.csv", "--target", "y"], 3, "no_such.csv"),
        (["show", "nowhere"], 5, "nowhere"),
        (["list", "netz"], 2, "nets"),
    ],
)
def test_mistakes_are_told_with_the_likely_cure(
    words: list[str],
    code: int,
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(words) == code
    told = capsys.readouterr().err
    assert said in told
    assert "Traceback" not in told
    assert main([*words, "--json"]) == code
    error = json.loads(capsys.readouterr().out)["error"]
    assert {"code", "text", "file", "line", "column", "remedy"} == set(error)


@pytest.mark.parametrize(
    "shelf", [None, "nets", "objectives", "metrics", "remedies", "optimizers", "schedules", "steps"]
)
def test_shelves_are_listed_with_a_sentence_for_each_part(
    shelf: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["list", *([shelf] if shelf else []), "--json"]) == 0
    parts = json.loads(capsys.readouterr().out)["parts"]
    assert parts
    assert all(part["summary"] for part in parts)
    assert main(["list", *([shelf] if shelf else [])]) == 0


def test_a_dry_run_reads_audits_and_plans_but_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["fit", str(table(tmp_path / "t.csv")), "--target", "y", "--dry-run", "--json", "--epochs", "1"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["steps"] > 0
    assert {column["kind"] for column in document["columns"]} == {"number", "boolean"}
    assert [entry.name for entry in tmp_path.iterdir()] == ["t.csv"]


def broken_tables(folder: Path) -> dict[str, tuple[Path, int]]:
    """Return tables as careless programs leave them, with the exit code of a fit to ``y``; 0 = read rightly."""
    body = rows()

    def put(name: str, data: bytes) -> Path:
        path = folder / name
        path.write_bytes(data)
        return path

    text = "\n".join(["a,b,y", *(",".join(map(str, row)) for row in body)]) + "\n"
    lines = text.splitlines()
    wide = ["y," + ",".join(f"c{i}" for i in range(3000))]
    wide += [f"{'yes' if i % 2 else 'no'}," + ",".join(str((i * j) % 7) for j in range(3000)) for i in range(40)]
    return {
        "empty file": (put("e.csv", b""), 3),
        "header only": (put("h.csv", b"a,b,y\n"), 3),
        "one row": (put("o.csv", b"a,b,y\n1,2,yes\n"), 3),
        "nineteen rows": (put("n.csv", "\n".join(lines[:20]).encode()), 3),
        "one class": (table(folder / "c.csv", [[a, b, "yes"] for a, b, _ in body]), 3),
        "target missing everywhere": (table(folder / "m.csv", [[a, b, ""] for a, b, _ in body]), 3),
        "target missing here and there": (table(folder / "mh.csv", [[a, b, "" if i % 9 == 0 else y] for i, (a, b, y) in enumerate(body)]), 0),
        "no such target": (put("nt.csv", text.replace("a,b,y", "a,b,z").encode()), 2),
        "ragged": (put("r.csv", "\n".join([*lines[:10], "1,2", *lines[10:]]).encode()), 3),
        "too many cells": (put("r2.csv", "\n".join([*lines[:10], "1,2,yes,4", *lines[10:]]).encode()), 3),
        "bom": (put("b.csv", b"\xef\xbb\xbf" + text.encode()), 0),
        "utf-16": (put("u.csv", text.encode("utf-16")), 0),
        "latin-1": (put("l.csv", text.replace("yes", "später").encode("latin-1")), 0),
        "mixed encodings": (put("x.csv", text.replace("yes", "später").encode() + "1,2,später\n".encode("latin-1")), 3),
        "nul bytes": (put("z.csv", text.encode()[:200] + b"\x00\x00" + text.encode()[200:]), 3),
        "semicolons": (put("s.csv", text.replace(",", ";").encode()), 0),
        "tabs": (put("t.tsv", text.replace(",", "\t").encode()), 0),
        "windows line ends": (put("w.csv", text.replace("\n", "\r\n").encode()), 0),
        "quotes": (put("q.csv", text.replace("yes", '"y, ""es"""').encode()), 0),
        "unclosed quote": (put("uq.csv", text.replace("yes", '"yes', 1).encode()), 3),
        "duplicate names": (put("d.csv", text.replace("a,b,y", "a,a,y").encode()), 3),
        "no header": (put("nh.csv", "\n".join(lines[1:]).encode()), 3),
        "many columns": (put("mc.csv", "\n".join(wide).encode()), 0),
        "dates as text": (table(folder / "dt.csv", [[f"2024-01-{1 + i % 28:02d}", b, y] for i, (_, b, y) in enumerate(body)]), 0),
        "infinite values": (table(folder / "i.csv", [["inf" if i == 3 else a, "-inf" if i == 5 else b, y] for i, (a, b, y) in enumerate(body)]), 0),
        "huge values": (table(folder / "hv.csv", [["1e300" if i == 3 else a, "1e400" if i == 4 else b, y] for i, (a, b, y) in enumerate(body)]), 0),
        "target twice": (table(folder / "tt.csv", [[a, y, y] for a, _, y in body]), 3),
        "target mapped one to one": (table(folder / "t1.csv", [[a, {"yes": "A", "no": "B"}[y], y] for a, _, y in body]), 3),
        "spellings of missing": (table(folder / "sm.csv", [[("?", "N/A", "null", "-")[i % 4] if i % 5 == 0 else a, b, y] for i, (a, b, y) in enumerate(body)]), 0),
        "thousands": (table(folder / "th.csv", [[f"{1000 * (i + 1):,}", b, y] for i, (_, b, y) in enumerate(body)]), 0),
        "leading zeros": (table(folder / "lz.csv", [[f"{i % 7:05d}", b, y] for i, (_, b, y) in enumerate(body)]), 0),
        "mixed types": (table(folder / "mt.csv", [[a if i % 2 else "word", b, y] for i, (a, b, y) in enumerate(body)]), 0),
        "constant columns only": (table(folder / "cc.csv", [[1, 2, y] for _, _, y in body]), 3),
        "an empty column": (table(folder / "ec.csv", [["", b, y] for _, b, y in body]), 0),
        "all rows equal but the target": (table(folder / "ae.csv", [[1, 2 + i % 2, y] for i, (_, _, y) in enumerate(body)]), 0),
        "a folder": (folder, 3),
        "a missing file": (folder / "missing.csv", 3),
        "a picture": (put("p.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256))), 3),
        "a zip": (put("z2.csv", b"PK\x03\x04" + bytes(100)), 3),
        "a pickle": (put("k.csv", b"\x80\x04\x95" + bytes(100)), 3),
        "random bytes": (put("rb.csv", np.random.default_rng(0).bytes(5000)), 3),
        "a truncated gzip": (put("g.csv.gz", __import__("gzip").compress(text.encode())[:-20]), 3),
        "jsonl": (put("j.jsonl", "\n".join(json.dumps(dict(zip("aby", row, strict=True))) for row in body).encode()), 0),
        "broken jsonl": (put("bj.jsonl", b'{"a": 1, "y": "yes"}\n{"a": \n'), 3),
        "emoji and right-to-left": (put("em.csv", text.replace("yes", "👍שלום").encode()), 0),
        "blank lines between": (put("bl.csv", text.replace("\n", "\n\n").encode()), 0),
    }  # fmt: skip


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, int]]:
    return broken_tables(tmp_path_factory.mktemp("odd"))


def test_at_least_forty_kinds_of_odd_tables_are_tried(odd: dict[str, tuple[Path, int]]) -> None:
    assert len(odd) >= 40


@pytest.mark.parametrize("kind", list(broken_tables(Path(__import__("tempfile").mkdtemp()))))
def test_an_odd_table_is_read_rightly_or_refused_with_place_and_cure(
    kind: str, odd: dict[str, tuple[Path, int]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, wanted = odd[kind]
    code = main(["fit", str(path), "--target", "y", "--out", str(tmp_path / "run"), "--json", *QUICK])
    document = json.loads(capsys.readouterr().out)
    assert code == wanted, document
    if wanted:
        assert document["error"]["code"] != "own_fault"
        assert document["error"]["remedy"]
        assert not (tmp_path / "run" / "bundle").exists()


def test_a_table_without_a_trained_column_is_refused_in_predict(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = table(tmp_path / "t.csv", [row[:1] for row in rows()], ("a",))
    assert main(["predict", str(bundle), str(source)]) == 3
    assert "'b'" in capsys.readouterr().err


def test_a_column_more_than_was_trained_on_is_noted_and_ignored(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = table(tmp_path / "t.csv", [[1, *row[:2]] for row in rows()], ("extra", "a", "b"))
    assert main(["predict", str(bundle), str(source)]) == 0
    assert "extra" in capsys.readouterr().err


def test_a_column_of_another_type_is_refused_in_predict(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = table(tmp_path / "t.csv", [["word", row[1]] for row in rows()], ("a", "b"))
    assert main(["predict", str(bundle), str(source)]) == 3
    assert "'a'" in capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read and write everything")
def test_no_permission_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = table(tmp_path / "t.csv")
    path.chmod(0)
    assert main(["fit", str(path), "--target", "y", "--out", str(tmp_path / "run"), *QUICK]) == 3
    assert "permission" in capsys.readouterr().err


def test_a_full_disk_leaves_no_half_written_bundle(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    source = table(tmp_path / "t.csv")
    import signal

    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (6000, before[1]))
    try:
        code = main(["fit", str(source), "--target", "y", "--out", str(tmp_path / "run"), *QUICK])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert code == 3
    assert "Traceback" not in capsys.readouterr().err
    assert not (tmp_path / "run" / "bundle").exists()
