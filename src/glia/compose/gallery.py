"""Pictures for the report: where the network is most wrong, and what it sees."""

from __future__ import annotations

import io
from base64 import b64encode

import numpy as np

from glia.compose.prepared import Prepared
from glia.core.values import Answer

__all__ = ["gallery"]

_MOST = 12
_SIDE = 112
_WIDE = 224  # for what has to be looked at closely
_SURE = 0.4  # boxes that are less sure are counted in the scores, and would only hide the picture here
_COLORS = ((230, 60, 60), (60, 130, 230), (60, 180, 90), (240, 160, 40), (150, 90, 210), (80, 190, 200))


def gallery(prepared: Prepared, answer: Answer) -> list[dict[str, str]]:
    """Return up to twelve test pictures with what was said of them, as JSON values.

    Classes: the mistakes that the network was surest of. Masks and boxes: the first pictures, with what was found
    drawn in color. Elsewhere, and where there are no pictures, nothing.

    Args:
        prepared: The rows.
        answer: The network's answer to the test rows.
    """
    pictures = prepared.inputs["test"].get("image")
    if pictures is None or not len(pictures):
        return []
    truth = prepared.truth["test"]
    if answer.mask is not None:
        marks = [_masked(picture, mask) for picture, mask in zip(pictures[:_MOST], answer.mask)]
        return [_shown(one, f"picture {at + 1}", _WIDE) for at, one in enumerate(marks[:6])]
    if answer.boxes is not None:
        sure = [boxes[boxes[:, 1] >= _SURE] for boxes in answer.boxes[:6]]
        marks = [_boxed(picture, boxes) for picture, boxes in zip(pictures, sure)]
        said = [f"{len(boxes)} found with a score of {_SURE} or more" for boxes in sure]
        return [_shown(one, words, _WIDE) for one, words in zip(marks, said)]
    if answer.probability is None or answer.label is None or answer.label.ndim != 1 or not prepared.classes:
        return []
    wrong = np.flatnonzero(answer.label != truth)
    sure = answer.probability[wrong, answer.label[wrong]]
    found = []
    for row in wrong[np.argsort(-sure)][:_MOST].tolist():
        named, true = prepared.classes[int(answer.label[row])], prepared.classes[int(truth[row])]
        text = f"{named} ({answer.probability[row, answer.label[row]]:.0%}), truly {true}"
        found.append(_shown(_colored(pictures[row]), text))
    return found


def _colored(picture: np.ndarray) -> np.ndarray:
    """Return (H, W, 3) bytes of a picture (C, H, W); of several side by side, the first."""
    first = picture[:3] if len(picture) >= 3 else np.repeat(picture[:1], 3, 0)
    return np.ascontiguousarray(first.transpose(1, 2, 0))


def _masked(picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
    shown = _colored(picture).astype(np.float32)
    for code in np.unique(mask[mask > 0]).tolist():
        here = mask == code
        shown[here] = 0.45 * shown[here] + 0.55 * np.array(_COLORS[(int(code) - 1) % len(_COLORS)])
    return shown.astype(np.uint8)


def _boxed(picture: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    shown = _colored(picture)
    height, width = shown.shape[:2]
    for code, _, *ends in boxes.tolist():
        left, right = (int(np.clip(round(ends[at] * width), 0, width - 1)) for at in (0, 2))
        top, bottom = (int(np.clip(round(ends[at] * height), 0, height - 1)) for at in (1, 3))
        color = _COLORS[int(code) % len(_COLORS)]
        shown[[top, bottom], left : right + 1] = color
        shown[top : bottom + 1, [left, right]] = color
    return shown


def _shown(picture: np.ndarray, text: str, side: int = _SIDE) -> dict[str, str]:
    """Return a small PNG as a data address, with its words."""
    from PIL import Image

    image = Image.fromarray(picture)
    scale = side / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    image = image.resize(size, Image.Resampling.NEAREST if scale > 1 else Image.Resampling.BOX)
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return {"picture": f"data:image/png;base64,{b64encode(file.getvalue()).decode()}", "text": text}
