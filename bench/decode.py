"""How fast photos become bytes for a network: ``python -m bench.decode [--pictures 2000]``.

JPEGs of 500 x 375 pixels, cut and turned out of the two photos that come with scikit-learn, are decoded by the image
column into 224 pixels: as squares, which resizes every picture from its full size, and in their own shape, where half
of the size is decoded at once. Beside them stands what any program pays that decodes all pixels with Pillow.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from bench import _facts

RESULTS = Path(__file__).parent / "results" / "decode.json"
TARGET = 1500


def main() -> int:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=2000)
    parser.add_argument("--out", type=Path, default=RESULTS)
    words = parser.parse_args()
    machine = _facts.facts()
    result = {**measured(photos(words.pictures)), "target": TARGET, "facts": machine}
    words.out.write_text(json.dumps(result, indent=1, default=str) + "\n")
    print(json.dumps({name: one for name, one in result.items() if name != "facts"}), _facts.busy(machine))
    return 0 if result["square"]["per_second"] >= TARGET else 1


def photos(count: int, width: int = 500, height: int = 375, quality: int = 90) -> list[bytes]:
    """Return different JPEGs cut out of real photos."""
    from PIL import Image
    from sklearn.datasets import load_sample_images

    sources = [Image.fromarray(picture) for picture in load_sample_images().images]
    generator = np.random.default_rng(0)
    found = []
    for at in range(count):
        source = sources[at % len(sources)]
        scale = generator.uniform(0.8, 1.0)
        wide, high = int(width * scale), int(height * scale)
        left, top = generator.integers(source.width - wide + 1), generator.integers(source.height - high + 1)
        cut = source.resize((width, height), Image.Resampling.BICUBIC, (left, top, left + wide, top + high))
        if generator.random() < 0.5:
            cut = cut.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        file = io.BytesIO()
        cut.save(file, "JPEG", quality=quality)
        found.append(file.getvalue())
    return found


def measured(pictures: list[bytes]) -> dict[str, Any]:
    """Return pictures per second, by the clock and by processor time, of the column and of plain decoding."""
    from glia.columns.image import Image
    from glia.core.raw import Raw

    values = np.empty(len(pictures), object)
    values[:] = pictures
    raw = Raw(values, np.ones(len(values), bool))
    column = Image("photo")
    column.learn(raw.take(np.arange(min(100, len(raw)))))
    shape = column.size
    result: dict[str, Any] = {
        "pictures": len(pictures),
        "kilobytes": round(sum(map(len, pictures)) / len(pictures) / 1000, 1),
        "own_shape": {"size": list(shape), **_timed(lambda: column.encode(raw), len(raw))},
    }
    column.size = (224, 224)
    result["square"] = {"size": [224, 224], **_timed(lambda: column.encode(raw), len(raw))}
    result["all_pixels"] = _timed(lambda: _plainly(pictures), len(raw))
    return result


def _plainly(pictures: list[bytes]) -> None:
    """Decode all pixels and resize, as programs do that know nothing of what is wanted."""
    from PIL import Image

    def one(data: bytes) -> np.ndarray:
        image = Image.open(io.BytesIO(data)).convert("RGB").resize((224, 224), Image.Resampling.BILINEAR)
        return np.asarray(image).transpose(2, 0, 1).copy()

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        list(pool.map(one, pictures))


def _timed(call: Callable[[], Any], count: int, repeats: int = 3) -> dict[str, float]:
    """Return the best of some runs."""
    clock, work = [], []
    for _ in range(repeats):
        began, busy = time.perf_counter(), time.process_time()
        call()
        clock.append(time.perf_counter() - began)
        work.append(time.process_time() - busy)
    return {
        "per_second": round(count / min(clock), 1),
        "per_processor_second": round(count / min(work), 1),
    }


if __name__ == "__main__":
    sys.exit(main())
