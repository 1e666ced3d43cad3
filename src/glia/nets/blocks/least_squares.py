"""Ridge regression in closed form, for maps that may begin where it ends.

Legend: N = rows, L = inputs, H = outputs.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["ridge"]

_STRENGTHS = (1e-5, 1e-3, 1e-2, 3e-2, 1e-1, 3e-1)


@torch.no_grad()
def ridge(x_NL: Tensor, y_NH: Tensor, weight_N: Tensor | None = None, *, folds: int = 5) -> Tensor:
    """Return the map (L, H) of least squares with a penalty on its weights (Hoerl & Kennard 1970), of limited rank.

    Neighboring outputs ask for much the same, so a map of fewer directions than outputs learns less noise (A. Mukherjee
    and J. Zhu, *Reduced rank ridge regression*, 2011). Penalty, as shares of the mean variance, and rank are those that
    forecast each of some blocks of rows best from the others; all rows decide then. Rows should come in the order of
    time.

    Args:
        x_NL: Inputs.
        y_NH: What they should give.
        weight_N: What an error counts when a map is found; in choosing between maps all errors count alike.
        folds: Blocks of rows.

    Example:
        >>> x = torch.eye(3).repeat(40, 1)
        >>> ridge(x, 2 * x).round(decimals=1).diagonal().tolist()
        [2.0, 2.0, 2.0]
    """
    blocks = [part.split(-(-len(x_NL) // folds)) for part in (x_NL, y_NH)]
    weights = [None] * len(blocks[0]) if weight_N is None else weight_N.split(-(-len(x_NL) // folds))
    plain = [_moments(x, y) for x, y in zip(*blocks, strict=True)]
    moments = plain if weight_N is None else [_moments(*each) for each in zip(*blocks, weights, strict=True)]
    xx_all, xy_all = (torch.stack(parts).sum(0) for parts in zip(*moments, strict=True))
    errors = torch.stack(
        [
            sum(
                (_errors(xx_all - xx, xy_all - xy, strength, judged) for (xx, xy), judged in zip(moments, plain)),
                torch.zeros(()),
            )
            for strength in _STRENGTHS
        ]
    )
    at, last = divmod(int(errors.argmin()), errors.shape[1])
    turned, said = _directions(xx_all, xy_all, _STRENGTHS[at])
    return (turned[:, : last + 1] @ said[: last + 1]).to(x_NL.dtype)


def _moments(x: Tensor, y: Tensor, weight: Tensor | None = None) -> tuple[Tensor, Tensor]:
    weighted = x if weight is None else x * weight[:, None]
    return (weighted.T @ x).double(), (weighted.T @ y).double()


def _directions(xx: Tensor, xy: Tensor, strength: float) -> tuple[Tensor, Tensor]:
    """Return (L, R) and (R, H) whose product is the map; the first ones explain most, and the latter are orthogonal."""
    mean = xx.diagonal().mean().clamp_min(1e-12)
    eye = torch.eye(len(xx), dtype=xx.dtype, device=xx.device)
    # What is singular even so (inputs that never vary) gets a little more.
    lower = torch.linalg.cholesky(xx + (strength + 1e-9) * mean * eye)
    explained = torch.linalg.solve_triangular(lower, xy, upper=False)
    turn = torch.linalg.eigh(explained @ explained.T).eigenvectors.flip(1)[:, : min(xy.shape)]
    return torch.linalg.solve_triangular(lower.T, turn, upper=True), turn.T @ explained


def _errors(xx: Tensor, xy: Tensor, strength: float, judged: tuple[Tensor, Tensor]) -> Tensor:
    """Return the squared error, but for a constant, of the map of every rank on other rows, from their moments."""
    turned, said = _directions(xx, xy, strength)
    size = (turned * (judged[0] @ turned)).sum(0) * said.square().sum(1)  # directions are orthogonal in what they say
    return (size - 2 * ((turned.T @ judged[1]) * said).sum(1)).cumsum(0)
