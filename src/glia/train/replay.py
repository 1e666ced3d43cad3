"""A step's forward and backward pass recorded once and then replayed, without Python or autograd in between.

Networks that take less than a few milliseconds a step spend most of it on calling, not on computing. The same
operations in the same order give the same training; recording costs milliseconds and needs no compiler.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from glia.core.dispatch import Dispatch
from glia.core.values import Batch, Turn
from glia.train.device import chance, rechance
from glia.train.graphs import graphed
from glia.train.job import Job, Nets, State
from glia.train.moving import Whole
from glia.train.steps.plain import Plain

if TYPE_CHECKING:
    from glia.train.hands import Hands, WholeStep

__all__ = ["replayed"]

READS = ("_local_scalar_dense", "nonzero", "masked_select", "_unique2", "equal")
"""What lets values decide on what comes next, so that a recording would hold for one batch only."""

ON_CARD = "cuda"
ALIKE = 0.02
"""How far a replayed gradient may be from the true one, as a share of its length."""


def replayed(job: Job, state: State, hands: Hands, nets: Nets, turn: Turn, batch: Batch) -> WholeStep | None:
    """Return a turn's step as a recording for batches shaped like this one; ``None`` where that cannot be."""
    closure = getattr(job.optimizers[turn.name], "needs_closure", False)
    if batch.ragged or batch.present or len(batch) < 2 or state.micro_batch or closure or type(job.step) is not Plain:
        return None
    kept, on_card = torch.get_rng_state(), chance()
    hands.remember()
    try:
        program = _Replay(job, state, hands, nets, turn, batch)
        program.checked(batch.take(torch.arange(len(batch)) * 7 % max(len(batch) - 1, 1)))
    except Exception as error:  # whatever cannot be recorded, the plain path does
        logging.getLogger("glia").info("a step was not recorded: %s", str(error).splitlines()[:1])
        return None
    finally:
        hands.put_back()
        torch.set_rng_state(kept)
        rechance(on_card)
    return program


class _Recorder(Dispatch):
    """Write down every operation on tensors, those of the backward pass included."""

    def __init__(self) -> None:
        super().__init__()
        self.tape: list[tuple[Any, tuple[Any, ...], dict[str, Any], Any]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func.overloadpacket.__name__ in READS or any(isinstance(one, torch.Generator) for one in kwargs.values()):
            raise ValueError(f"{func} lets values or a generator of its own decide")
        out = func(*args, **kwargs)
        self.tape.append((func, args, kwargs, out))
        return out


class _Replay:
    """One recorded step with the tensors that it works on."""

    def __init__(self, job: Job, state: State, hands: Hands, nets: Nets, turn: Turn, batch: Batch) -> None:
        self.job, self.state, self.hands, self.nets, self.turn = job, state, hands, nets, turn
        self.mover = hands.mover(turn)
        self.names = sorted(batch.values)
        self.slopes = self.mover.flat.windows(self.mover.gradient) if isinstance(self.mover, Whole) else []
        given = self._given(batch)
        on_card = batch.weight.device.type == ON_CARD
        self.call, self.held = self._captured(given) if on_card else self._recorded(given, batch)
        self.windows = [] if on_card else [one.detach() for one in self.held]
        self.places = self._places()

    def _captured(self, given: list[Tensor]) -> tuple[Any, list[Tensor]]:
        """Return the step as a graph of kernels, and the tensors whose memory it knows."""

        def step(*tensors: Tensor) -> list[Tensor]:
            *values, weight, row = tensors
            loss, *slopes = self._gradient(Batch(dict(zip(self.names, values, strict=True)), weight, row))
            if not isinstance(self.mover, Whole):
                return [loss.reshape(1), *slopes]
            found = self.mover.flat.gathered(slopes, self.mover.gradient)
            return [torch.stack([loss, torch.dot(found, found)])]

        return graphed(step, given), [*self.mover.parameters, *self.hands.flats]

    def _recorded(self, given: list[Tensor], batch: Batch) -> tuple[Any, list[Tensor]]:
        """Return the step as TorchScript, and the tensors from outside that it takes after the batch's."""
        with _Recorder() as recorder:
            out = self._gradient(batch)
        lines, wanted, held = _written(recorder.tape, given, out)
        lines.append(f"seen = {wanted.pop(0)}.reshape([1])")
        names = [f"t{at}" for at in range(len(given) + len(held))]
        if isinstance(self.mover, Whole):
            lines += _gathering(wanted, self.mover.flat.orders)
            wanted = []
            held.append(self.mover.gradient)
            names.append("gradient")
        return _compiled(names, lines, ["seen", *wanted]), held

    def __call__(self, batch: Batch, rate: float, knobs: Mapping[str, float]) -> tuple[float, float]:
        """Take the step; a gradient that is not finite changes nothing."""
        if self.places != self._places():  # somebody gave the tensors other memory
            self.__init__(self.job, self.state, self.hands, self.nets, self.turn, batch)  # type: ignore[misc]
        mover, hands = self.mover, self.hands
        mover.rates(rate, knobs["weight_decay"])
        hands.remember()
        seen, slopes = self._replay(batch)
        if mover.parameters[0].grad is not slopes[0]:
            for parameter, slope in zip(mover.parameters, slopes, strict=True):
                parameter.grad = slope
        loss, *square = seen.tolist()
        norm = mover.shaped(knobs, *square) if isinstance(mover, Whole) else mover.transform(knobs)
        if math.isfinite(norm):
            mover.move()
        else:
            hands.put_back()
        return loss, norm

    def checked(self, batch: Batch) -> None:
        """Compare a replay with the step itself on other rows.

        Raises:
            ValueError: They differ: something in the step hangs on more than its tensors.
        """
        seed, on_card = torch.get_rng_state(), chance()
        truth = [one.clone() for one in self._gradient(batch)]
        self.hands.put_back()
        torch.set_rng_state(seed)
        rechance(on_card)
        seen, slopes = self._replay(batch)
        for one, other in zip([seen[0], *slopes], truth, strict=True):
            # Products in bfloat16 may be summed in another order; a value that was baked in is off by far more.
            if not float((one - other).norm()) <= ALIKE * float(other.norm()) + 1e-6:
                raise ValueError("a replay on other rows gave another gradient")

    def _gradient(self, batch: Batch) -> list[Tensor]:
        with torch.enable_grad():
            loss = self.job.objective.loss(self.turn.name, self.nets, batch, self.state.generator).mean()
            return [loss.detach(), *torch.autograd.grad(loss, self.mover.parameters)]

    def _replay(self, batch: Batch) -> tuple[Tensor, list[Tensor]]:
        with torch.no_grad():
            seen, *slopes = self.call(*self._given(batch), *self.windows)
        return seen, slopes or self.slopes

    def _given(self, batch: Batch) -> list[Tensor]:
        return [*(batch.values[name] for name in self.names), batch.weight, batch.row]

    def _places(self) -> list[int]:
        return [one.data_ptr() for one in self.held]


def _written(
    tape: list[tuple[Any, tuple[Any, ...], dict[str, Any], Any]], given: list[Tensor], out: list[Tensor]
) -> tuple[list[str], list[str], list[Tensor]]:
    """Return a tape as lines of TorchScript, the names of what is wanted, and the tensors from outside that it takes.

    Args:
        tape: Operations in their order.
        given: The batch's tensors, ``t0`` and on; those from outside come after them.
        out: What the lines have to give.
    """
    slots: dict[int, int] = {id(one): at for at, one in enumerate(given)}
    known, held = set(slots), dict[int, Tensor]()
    for _, args, kwargs, result in tape:
        held |= {id(one): one for one in _tensors((args, kwargs)) if id(one) not in known}
        known |= {id(one) for one in (*held.values(), *_tensors(result))}
    slots |= {name: len(given) + at for at, name in enumerate(held)}
    lines = []
    for func, args, kwargs, result in _living(tape, out):
        if func is torch.ops.aten.detach.default:  # the same tensor again, once no gradient is asked for
            slots[id(result)] = slots[id(args[0])]
            continue
        said = [_said(one, slots) for one in args] + [f"{name}={_said(one, slots)}" for name, one in kwargs.items()]
        call = f"torch.ops.aten.{func.overloadpacket.__name__}({', '.join(said)})"
        results = result if isinstance(result, (tuple, list)) else (result,)
        for one in results:
            slots.setdefault(id(one), len(slots))  # what was changed in place keeps its slot
        names = ", ".join(f"t{slots[id(one)]}" for one in results)
        lines.append(f"[{names}] = {call}" if isinstance(result, list) else f"{names} = {call}")
    wanted = [f"t{slots[id(one)]}" for one in out]
    return lines, wanted, list(held.values())


def _gathering(slopes: list[str], orders: list[tuple[int, ...] | None]) -> list[str]:
    """Return lines that put slopes side by side into a buffer and their squared norm behind the loss in ``seen``."""
    turned = [
        slope if order is None else f"{slope}.permute({list(order)})"
        for slope, order in zip(slopes, orders, strict=True)
    ]
    pieces = ", ".join(f"{one}.reshape([-1])" for one in turned)
    return [
        f"torch.cat([{pieces}], 0, out=gradient)",
        "seen = torch.cat([seen, torch.dot(gradient, gradient).reshape([1])])",
    ]


def _compiled(names: list[str], lines: list[str], wanted: list[str]) -> Any:
    """Return lines as a function of named tensors that runs without Python."""
    head = f"def run({', '.join(f'{name}: Tensor' for name in names)}):"
    body = [*lines, f"return ({', '.join(wanted)},)"]
    # Without profiling: shapes never change, and waiting for a second version would only cost time.
    before = torch._C._jit_set_profiling_executor(False)
    try:
        return torch.jit.CompilationUnit("\n    ".join([head, *body]) + "\n").run
    finally:
        torch._C._jit_set_profiling_executor(before)


def _said(value: Any, slots: Mapping[int, int]) -> str:
    """Return an argument as TorchScript writes it."""
    if isinstance(value, Tensor):
        return f"t{slots[id(value)]}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_said(one, slots) for one in value)}]" if value else "torch.jit.annotate(List[int], [])"
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    if isinstance(value, torch.device):
        return f'torch.device("{value}")'
    if isinstance(value, (torch.dtype, torch.layout, torch.memory_format)):
        return str(value)
    if value is None or isinstance(value, (bool, int, float, str)):
        return repr(value)
    raise ValueError(f"{type(value).__name__} cannot be written down")


def _living(tape: list[Any], out: list[Tensor]) -> list[Any]:
    """Return the operations whose results are used, or that change something in place."""
    needed = {id(one) for one in out}
    kept = []
    for entry in reversed(tape):
        func, args, kwargs, result = entry
        if func._schema.is_mutable or any(id(one) in needed for one in _tensors(result)):
            kept.append(entry)
            needed |= {id(one) for one in _tensors((args, kwargs))}
    return kept[::-1]


def _tensors(value: Any) -> list[Tensor]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (tuple, list)):
        return [found for one in value for found in _tensors(one)]
    return [value] if isinstance(value, Tensor) else []
