"""What was shown, given back."""

from __future__ import annotations

from glia.objectives._givers import Giver

__all__ = ["Reconstruct"]


class Reconstruct(Giver):
    """Give back what was shown: plain, freed of noise, or through a code that is a distribution.

    Where a picture is asked for, that is what has to be given back: a clean one for a stained one, a bright one for a
    dark one. For the options see :class:`~glia.objectives._givers.Giver`.

    Example:
        >>> import torch
        >>> from glia.core.values import Batch, Spec
        >>> objective, spec = Reconstruct(), Spec(("channel", "height", "width"), (1, 2, 2), "uint8")
        >>> objective.roles({"image": spec}, {})["net"].output.size
        (1, 2, 2)
        >>> batch = Batch({"image": torch.full((1, 1, 2, 2), 255)}, torch.ones(1), torch.arange(1))
        >>> nets = {"net": lambda batch: torch.zeros(1, 4)}  # half of full brightness
        >>> float(objective.loss("main", nets, batch, torch.Generator()).mean())
        0.25
    """

    readout = "reconstruct"
    metrics = ("psnr", "ssim", "rmse", "mae")
