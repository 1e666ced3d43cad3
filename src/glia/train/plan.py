"""The plan: how this network is run on this machine, fixed before the first step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from glia.core.errors import UsageError
from glia.core.values import Batch
from glia.train.heap import hold

__all__ = ["Plan", "fixed", "refuse_unsupported"]


@dataclass(frozen=True)
class Plan:
    """A way of executing training steps; it never changes names, shapes or the meaning of weights.

    Args:
        threads: Threads of the tensor library.
        precision: ``"fp32"``, or ``"bf16"``: products of matrices in bfloat16, weights and sums in float32; on a
            graphics card also ``"tf32"``: factors of products rounded to 10 bits.
        layout: ``"plain"``, or ``"channels_last"``: pictures and filters lie pixel by pixel.
        form: ``"each"``, or ``"flat"``: weights, gradients and moments in one buffer that one call moves.
        fused: Whether batch norm, activation and pool are one pass over memory.
        compiled: Whether a whole step is one compiled program.
        replayed: Whether forward and backward pass are recorded once and replayed; on a card, as a graph of kernels.
        device: ``"cpu"``, or ``"cuda"``: networks, rows and everything made on the way are on the graphics card.
        seconds: Measured seconds of a step; ``None`` where no clock was asked.
        reason: Why this way won.
        tried: Every way that was tried, with its seconds and the loss it gave.
        bottleneck: What most of a step's time goes into.
    """

    threads: int = 1
    precision: str = "fp32"
    layout: str = "plain"
    form: str = "each"
    fused: bool = False
    compiled: bool = False
    replayed: bool = False
    device: str = "cpu"
    seconds: float | None = None
    reason: str = ""
    tried: tuple[Mapping[str, Any], ...] = field(default=())
    bottleneck: str = ""

    def apply(self) -> None:
        """Set the number of threads, keep memory between steps, and say whether blocks may fuse."""
        torch.set_num_threads(self.threads)
        hold()
        if self.device != "cpu":
            torch.set_float32_matmul_precision("high" if self.precision == "tf32" else "highest")
        self.apply_blocks()

    def apply_blocks(self) -> None:
        """Say to the blocks whether they may run as one pass."""
        from glia.nets.blocks import fused

        fused.enabled = self.fused

    def call(self, nets: Mapping[str, nn.Module]) -> dict[str, Callable[[Batch], Tensor]]:
        """Return the networks as objectives should call them, laid out as the plan says."""
        if self.layout == "channels_last":
            for net in nets.values():
                _lay_out(net)
        return {name: self._called(net) for name, net in nets.items()}

    def _called(self, net: nn.Module) -> Callable[[Batch], Tensor]:
        last = self.layout == "channels_last"
        if self.precision == "fp32" and not last:
            return net
        from glia.nets.blocks.attending import written_out

        half = self.precision == "bf16"
        kind = next((p.device.type for p in net.parameters()), "cpu")

        def call(batch: Batch) -> Tensor:
            if last:
                batch = _pixels_last(batch)
            if not half:
                out: Tensor = net(batch)
                return out
            with torch.autocast(kind, dtype=torch.bfloat16), written_out():
                halved: Tensor = net(batch)
            return halved

        return call

    @property
    def way(self) -> dict[str, Any]:
        """Return what is executed differently from plan to plan."""
        names = ("threads", "precision", "layout", "form", "fused", "compiled", "replayed", "device")
        return {name: getattr(self, name) for name in names}

    @property
    def words(self) -> str:
        """The way in a few words.

        Example:
            >>> Plan(2, "bf16", form="flat").words
            '2 threads, bf16, flat'
        """
        said = [f"{self.threads} thread{'s' if self.threads > 1 else ''}", self.precision]
        said = said if self.device == "cpu" else [self.device, self.precision]
        said += [self.layout.replace("_", " ")] if self.layout != "plain" else []
        said += ["flat"] if self.form == "flat" else []
        said += ["fused"] if self.fused else []
        said += ["compiled"] if self.compiled else []
        said += ["replayed"] if self.replayed else []
        return ", ".join(said)

    def as_dict(self) -> dict[str, Any]:
        """Return the plan as JSON values."""
        return {**asdict(self), "tried": [dict(one) for one in self.tried]}


def _lay_out(net: nn.Module) -> None:
    """Lay filters out pixel by pixel; values, names and shapes stay."""
    for parameter in net.parameters():
        if parameter.dim() == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)


def _pixels_last(batch: Batch) -> Batch:
    from glia.nets.blocks.pixels import pixels_last

    images = [name for name, value in batch.values.items() if value.dim() == 4 and name != "target"]
    pictures = {name: pixels_last(batch.values[name]) for name in images}
    return batch.having(**pictures) if pictures else batch


def fixed(
    parameters: int,
    batch_size: int,
    threads: int | None = None,
    precision: str | None = None,
    *,
    pictures: bool = False,
    **wish: Any,
) -> Plan:
    """Return a plan that asks no clock: the same on every run, as a stated number of epochs demands.

    Args:
        parameters: How many weights the networks have.
        batch_size: Rows a step.
        threads: A wish that overrides the rule.
        precision: A wish that overrides the rule.
        pictures: Whether the networks have filters over pictures.
        wish: ``layout``, ``form``, ``fused``, ``compiled`` or ``replayed``, where they are not left to the rule.
    """
    refuse_unsupported(precision, wish.get("device") or "cpu")
    # Below about this many multiplications a step, handing work to a second thread costs more than it saves.
    many = parameters * batch_size > 20_000_000 or pictures
    count = threads or (available_threads() if many else 1)
    layout = "channels_last" if pictures else "plain"
    ruled: dict[str, Any] = {"layout": layout, "form": "flat", "fused": pictures, "compiled": False}
    # Where a step is short, most of it is calling; where it is long, a recording gains nothing.
    ruled["replayed"] = not many and wish.get("device", "cpu") in (None, "cpu")
    ruled |= {name: value for name, value in wish.items() if value is not None}
    return Plan(count, precision or "fp32", **ruled, reason="by rule, since no clock may decide")


def available_threads() -> int:
    """Return how many threads the machine lets this process use."""
    import os

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores)


def half_is_fast() -> bool:
    """Return whether the processor multiplies bfloat16 matrices in hardware, so that trying them is worthwhile."""
    try:
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    except (AttributeError, RuntimeError):
        return False


def refuse_unsupported(precision: str | None, device: str = "cpu") -> None:
    """Refuse a precision that this machine does not have.

    Args:
        precision: What was wished for.
        device: Where the job will run.

    Raises:
        UsageError: The reason.
    """
    card = device != "cpu"
    if precision == "tf32" and not (card and torch.cuda.get_device_capability() >= (8, 0)):
        raise UsageError(
            "unsupported_precision",
            "tf32 is a precision of graphics cards, "
            + ("and this one is too old for it" if card else "and none is used"),
            remedy="leave plan.precision out, or set it to fp32 or bf16",
        )
    if precision == "bf16" and not (torch.cuda.is_bf16_supported(False) if card else half_is_fast()):
        what = "graphics card" if card else "processor"
        raise UsageError(
            "unsupported_precision",
            f"this {what} has no instructions for products in bfloat16, so they would only be slower and coarser",
            remedy="leave plan.precision out, or set it to fp32",
        )
