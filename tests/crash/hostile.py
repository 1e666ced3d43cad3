"""A folder of hostile files, made here and inert: all that a canary would do is to touch a file in that folder."""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import resource
import shutil
import sqlite3
import struct
import sys
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

Case = tuple[str, Callable[[], Any]]


class Canary:
    """Unpickling it touches a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


def zip_bomb(name: str, size: int = 4 << 30) -> bytes:
    """Return a small archive that claims, truly, to unpack to gigabytes of zeros."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(name, "w", force_zip64=True) as file:
        head = np.lib.format.header_data_from_array_1_0(np.zeros(1)) | {"shape": (size // 8,)}
        np.lib.format.write_array_header_2_0(file, head)
        block = bytes(1 << 20)
        for _ in range(min(size >> 20, 600)):
            file.write(block)
    return out.getvalue()


def gzip_bomb(size: int = 1 << 30) -> bytes:
    """Return a gzip file of about a megabyte that unpacks to one of a table with a single endless line."""
    packer = zlib.compressobj(9, wbits=31)
    block = b"1," * (1 << 19)
    return packer.compress(b"a,b\n") + b"".join(packer.compress(block) for _ in range(size >> 20)) + packer.flush()


def torch_pickle(canary: Canary) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(canary))
        archive.writestr("archive/version", "3\n")
    return out.getvalue()


def object_npy(canary: Canary) -> bytes:
    out = io.BytesIO()
    np.save(out, np.array([canary, None], dtype=object), allow_pickle=True)
    return out.getvalue()


def npz(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def png_bomb() -> bytes:
    """Return a picture of 60,000 x 60,000 pixels in a few kilobytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(1 << 20)))
        + chunk(b"IEND", b"")
    )


def header(text: bytes, length: int | None = None, body: bytes = b"") -> bytes:
    return struct.pack("<Q", len(text) if length is None else length) + text + body


def weights() -> dict[str, bytes]:
    """Return files with the name of weights that are none, or not those that they should be."""
    one = b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    return {
        "header of 2^60 bytes": header(b"{}", 1 << 60),
        "header of 200 MB": header(b"{" + b" " * 200, 200 << 20),
        "header cut off": header(one, len(one) + 50),
        "header of deep lists": header(b'{"a":' + b"[" * 50_000 + b"]" * 50_000 + b"}"),
        "header twice": header(b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},' + one[1:], body=bytes(4)),
        "offsets beyond the end": header(one.replace(b"[0,4]", b"[0,4000000000]"), body=bytes(4)),
        "negative offsets": header(one.replace(b"[0,4]", b"[-4,0]"), body=bytes(4)),
        "shape of 2^62": header(one.replace(b"[1]", b"[4611686018427387904,4]"), body=bytes(4)),
        "overlapping tensors": header(
            one[:-1] + b',"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', body=bytes(4)
        ),
        "no header": bytes(3),
        "zeros": bytes(4096),
    }


def documents() -> dict[str, bytes]:
    """Return documents that no parser should take."""
    return {
        "deep lists": b"[" * 100_000 + b"]" * 100_000,
        "deep objects": b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
        "a key twice": b'{"format": 1, "format": 2}',
        "not a number": b'{"format": NaN}',
        "an endless number": b'{"format": 1e999999}',
        "a number of a million digits": b'{"format": ' + b"9" * 1_000_000 + b"}",
        "half a character": b'{"format": "\xff\xfe"}',
        "yaml that makes objects": b"!!python/object/apply:pathlib.Path.touch ['x']",
        "xml with entities": b'<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><a>&b;</a>',
        "a list": b"[1, 2, 3]",
        "nothing": b"",
    }


def sources(folder: Path, canary: Canary) -> Iterator[Case]:
    """Yield files that look like tables."""
    from glia.sources import read

    blob = pickle.dumps(canary)
    files: dict[str, bytes] = {
        "a.pkl": blob,
        "b.pickle": pickle.dumps(canary, protocol=0),
        "c.joblib": blob,
        "d.csv": pickle.dumps(canary, protocol=5),
        "e.parquet": blob,
        "f.safetensors": blob,
        "g.npy": blob,
        "h.npy": object_npy(canary),
        "i.npz": npz(**{"x.npy": object_npy(canary)}),
        "j.npz": npz(**{"x.npy": blob}),
        "k.npz": zip_bomb("x.npy"),
        "l.npz": npz(**{"../../evil.npy": object_npy(canary)}),
        "m.npz": torch_pickle(canary),
        "n.pt": torch_pickle(canary),
        "o.csv.gz": gzip_bomb(),
        "p.csv.gz": gzip.compress(b"a,b\n1,2\n")[:-9],
        "q.jsonl": b"[" * 100_000,
        "r.jsonl": b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"\n",
        "s.json": documents()["deep objects"],
        "t.zip": zip_bomb("rows.csv"),
        "u.png": png_bomb(),
        "v.csv": png_bomb(),
        "w.parquet": b"PAR1" + b"\xff" * 64 + b"PAR1",
        "x.arrow": b"ARROW1\0\0" + b"\xff" * 256,
        "y.feather": b"FEA1" + bytes(64),
        "z.sqlite": b"SQLite format 3\0" + b"\xff" * 4096,
        "aa.duckdb": b"\0" * 8 + b"DUCK" + b"\xff" * 4096,
        "ab.xlsx": zip_bomb("xl/worksheets/sheet1.xml"),
        "ac.yaml": documents()["yaml that makes objects"],
        "ad.xml": documents()["xml with entities"],
        "ae.csv": b"PK\x03\x04" + b"a,b\n1,2\n",
        "af.npy": b"\x93NUMPY\x01\x00\xff\xff" + b"{'descr': '<f8', 'shape': (" + b"9" * 40 + b",)}",
        "ag.npy": b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**31) + b"{",
        "ah.npy": b"\x93NUMPY\x01\x00\x76\x00"
        + b"{'descr': '<f8', 'fortran_order': False, 'shape': (9999999999999,), }".ljust(118),
        "ai.csv": b"a,b\n" + b'"' + b"x" * (32 << 20),
        "aj.h5": b"\x89HDF\r\n\x1a\n" + bytes(512),
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
        yield f"source {name}", lambda path=folder / name: read(path)
    os.mkfifo(folder / "pipe.csv")
    yield "source that is a pipe", lambda: read(folder / "pipe.csv")
    yield "source that is endless", lambda: read("/dev/zero")
    base = sqlite3.connect(folder / "rows.sqlite")
    base.execute("create table rows (a)")
    base.close()
    target = folder / "canaries" / "sql"
    for query in (f"ATTACH '{target}' AS x", f"SELECT writefile('{target}', 'x')", "SELECT load_extension('x')"):
        yield f"query {query[:20]}", lambda query=query: read(f"sqlite:///{folder}/rows.sqlite?query={query}")
    for query in (
        f"COPY (SELECT 1) TO '{target}'",
        f"ATTACH '{target}'",
        "INSTALL httpfs",
        "SELECT * FROM '/etc/passwd'",
    ):
        yield f"query {query[:20]}", lambda query=query: read(f"duckdb:///{folder}/own.duckdb?query={query}")


def runs(folder: Path, canary: Canary) -> Iterator[Case]:
    """Yield bundles, checkpoints and run directories with one file that is not what it says."""
    from tests.crash.runs_made import fit, table

    import glia
    from glia.core.manifest import seal
    from glia.train.checkpoint import read_tree, write_tree

    fit(table(folder), folder / "run")

    def sealed(number: int, name: str, data: bytes) -> Path:
        copy = folder / f"bundle-{number}"
        shutil.copytree(folder / "run" / "bundle", copy)
        (copy / name).write_bytes(data)
        (copy / "manifest.json").unlink()
        seal(copy)
        return copy

    wrong = {**weights(), "pickle": pickle.dumps(canary), "torch": torch_pickle(canary), "npy": object_npy(canary)}
    cases = [("model.safetensors", what, data) for what, data in wrong.items()]
    cases += [
        (name, what, data) for name in ("config.json", "preprocessing.json") for what, data in documents().items()
    ]
    config = json.loads((folder / "run" / "bundle" / "config.json").read_text())
    for net in (
        {"name": "../../os"},
        {"name": "os.system"},
        {"name": "_private"},
        {"options": {"width": 10**9}},
        {"options": {"width": 10**6, "depth": 60}},
        {"options": {"width": 1, "depth": 10**8}},
        {"options": {"width": "__import__('os')"}},
    ):
        changed = {**config, "net": {**config["net"], **net}}
        cases.append(("config.json", str(net), json.dumps(changed).encode()))
    for number, (name, what, data) in enumerate(cases):
        bundle = sealed(number, name, data)
        yield f"bundle with {name}: {what}", lambda bundle=bundle: glia.load(bundle)

    whole = {"step": 1, "w": np.ones(3)}
    for number, (what, data) in enumerate({**wrong, **documents()}.items()):
        place = folder / "checkpoints" / f"step-{number}"
        write_tree(place, {"step": whole["step"]})
        (place / ("tensors.safetensors" if what in wrong else "state.json")).write_bytes(data)
        (place / "manifest.json").unlink()
        seal(place)
        yield f"checkpoint with {what}", lambda place=place: read_tree(place)
    yield from _manifests(folder, seal)


def _manifests(folder: Path, seal: Callable[[Path], Any]) -> Iterator[Case]:
    """Yield folders whose manifest or directory entries lead elsewhere."""
    import glia
    from glia.core import manifest
    from glia.record.runs import look

    for number, name in enumerate(("../../etc/passwd", "/etc/passwd", "C:\\windows", "a/../../b", "nul\0byte")):
        place = folder / f"names-{number}"
        shutil.copytree(folder / "run" / "bundle", place)
        files = json.loads((place / "manifest.json").read_text())["files"]
        files[name] = {"size": 1, "sha256": "0" * 64}
        (place / "manifest.json").write_bytes(manifest.dumps(manifest._signed(files)))
        yield f"manifest with {name!r}", lambda place=place: glia.load(place)
    for number, target in enumerate(("/dev/zero", "/etc/passwd", "pipe")):
        place = folder / f"links-{number}"
        shutil.copytree(folder / "run" / "bundle", place)
        (place / "model.safetensors").unlink()
        if target == "pipe":
            os.mkfifo(place / "model.safetensors")
        else:
            (place / "model.safetensors").symlink_to(target)
        yield f"weights that are {target}", lambda place=place: glia.load(place)
    table = str(folder / "rows.csv")
    odd = {
        "no recipe": {"id": "x"},
        "a recipe of numbers": {"recipe": [1, 2]},
        "no plan": {"recipe": {"data": {"source": table, "target": ["sick"]}}, "pinned": {}},
        "numbers for rows": {"recipe": {"data": {"source": table, "target": ["sick"]}}, "data": 3},
        "a recipe that leads elsewhere": {"recipe": {"data": {"source": "/etc/passwd", "target": ["x"]}}},
    }
    strange = {**documents(), **{what: json.dumps(document).encode() for what, document in odd.items()}}
    for number, (what, data) in enumerate(strange.items()):
        place = folder / f"run-{number}"
        place.mkdir()
        (place / "run.json").write_bytes(data)
        (place / "events.jsonl").write_bytes(data + b"\n")
        yield f"run with {what}", lambda place=place: (look(place), glia.fit(None, resume=place))


def attempt(act: Callable[[], Any]) -> str:
    """Return the plain refusal of a file, or what happened instead."""
    from glia.core.errors import GliaError

    try:
        act()
    except GliaError as error:
        return f"refused: {error}"
    except BaseException as error:
        return f"BROKE OUT: {type(error).__name__}: {error}"
    return "opened"


def main(folder: Path) -> None:
    """Try every file and print what happened, how long it took and how much memory was needed at most."""
    import torch

    torch.set_num_threads(1)
    (folder / "canaries").mkdir(parents=True)
    canary = Canary(folder / "canaries" / "pickle")
    found, before = [], None
    for make in (runs, sources):
        for name, act in list(make(folder, canary)):
            if before is None:
                before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
                # What would take gigabytes is told by an error instead of by the end of everything.
                pages = int(Path("/proc/self/statm").read_text().split()[0])
                resource.setrlimit(resource.RLIMIT_AS, (pages * os.sysconf("SC_PAGE_SIZE") + (2 << 30),) * 2)
            began, busy = time.perf_counter(), time.process_time()
            said = attempt(act)
            seconds, worked = time.perf_counter() - began, time.process_time() - busy
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            found.append({"name": name, "said": said[:300], "seconds": seconds, "worked": worked, "peak": peak})
    ran = [one.name for one in (folder / "canaries").iterdir()]
    print(json.dumps({"files": found, "ran": ran, "before": before}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
