"""What a training run is made of (a job, fixed) and what changes while it runs (its state)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from glia.core.parts import Objective, Remedy, Step, Stream
from glia.core.values import Batch, seeded
from glia.train.average import Average
from glia.train.device import chance, rechance
from glia.train.plan import Plan

__all__ = ["Best", "Job", "State"]

Nets = Mapping[str, Callable[[Batch], Tensor]]


@dataclass(frozen=True)
class Job:
    """Everything that stays as it is from the first step to the last.

    Args:
        objective: What is right.
        nets: The networks by role.
        stream: Where batches come from.
        step: How one gradient step is taken.
        optimizers: One optimizer for each turn of the objective; its groups hold ``base_lr`` and ``base_decay``, the
            values that the knobs ``lr`` and ``weight_decay`` multiply.
        steps: How many steps to take.
        schedule: The factor on the learning rate for the progress from 0 to 1.
        remedies: Who may ask for a change.
        evaluate: Returns validation numbers by name, ``"score"`` among them (larger is better); called with the
            networks in evaluation mode.
        evaluate_every: Steps between two evaluations.
        call: Returns the networks as the objective calls them: in the precision of the plan, or compiled.
        seed: The run's seed.
        nonfinite: What to do when a gradient is not finite: ``"skip"``, ``"rollback"`` or ``"stop"``.
        plan: How steps are executed.
    """

    objective: Objective
    nets: Mapping[str, nn.Module]
    stream: Stream
    step: Step
    optimizers: Mapping[str, torch.optim.Optimizer]
    steps: int
    schedule: Callable[[float], float] = lambda progress: 1.0
    remedies: Sequence[Remedy] = ()
    evaluate: Callable[[Nets], Mapping[str, float]] | None = None
    evaluate_every: int = 100
    call: Callable[[Mapping[str, nn.Module]], Nets] = dict
    seed: int = 0
    nonfinite: str = "skip"
    plan: Plan = field(default_factory=Plan)

    def parameters(self, turn: str) -> list[Tensor]:
        """Return the parameters a turn trains, in the order of its optimizer."""
        return [p for group in self.optimizers[turn].param_groups for p in group["params"]]


@dataclass
class Best:
    """The best weights seen so far, by the validation score."""

    score: float = float("-inf")
    step: int = 0
    weights: dict[str, dict[str, Tensor]] = field(default_factory=dict)


class State:
    """Everything that changes during training; saved and loaded whole, it makes a resumed run go on to the bit.

    Args:
        job: The run's fixed part, whose networks and optimizers hold the rest of the state.

    Attributes:
        step: Steps done.
        knobs: What remedies may set.
        buffers: What networks learn in the forward pass, such as the statistics of batch norm.
        losses: The training losses since the networks were last looked at.
        gradient: The norm of the last gradient.
        seen: The step at which the networks were last looked at.
        skipped: Steps refused because their gradient was not finite.
        in_a_row: How many of them just now.
        returns: How often training went back to the best weights because of one.
        micro_batch: Rows a piece, once memory did not suffice for a whole batch.
        stopped: Why training ended before its last step.
        seconds: Where the time went: ``data``, ``forward``, ``backward``, ``optimizer`` or ``compiled``, ``evaluate``.
        hands: What takes steps the way the plan says; made when the first is taken, and never saved.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.step = 0
        self.knobs: dict[str, float] = {"lr": 1.0, "weight_decay": 1.0, "l1": 0.0, "average": 0.0}
        self.generator = seeded(job.seed, "objective")
        self.average = Average(job.nets)
        self.best = Best()
        self.history: list[dict[str, Any]] = []
        self.buffers = [one for net in job.nets.values() for one in net.buffers()]
        self.losses: list[float] = []
        self.gradient = 0.0
        self.seen = 0
        self.skipped = 0
        self.in_a_row = 0
        self.returns = 0
        self.micro_batch: int | None = None
        self.stopped = ""
        self.seconds: dict[str, float] = {}
        self.hands: Any = None

    def spend(self, phase: str, began: float) -> None:
        """Add the time since a moment to a phase."""
        self.seconds[phase] = self.seconds.get(phase, 0.0) + time.perf_counter() - began

    @property
    def progress(self) -> float:
        """The share of the planned steps that is done."""
        return self.step / max(self.job.steps, 1)

    def state_dict(self) -> dict[str, Any]:
        """Return the whole state as nested dictionaries of tensors and JSON values."""
        return {
            "step": self.step,
            "knobs": dict(self.knobs),
            "generator": self.generator.get_state(),
            "torch": torch.get_rng_state(),
            "cuda": chance(),
            "average": self.average.state_dict(),
            "best": vars(self.best),
            "history": self.history,
            "losses": self.losses,
            "gradient": self.gradient,
            "seen": self.seen,
            "skipped": [self.skipped, self.in_a_row, self.returns],
            "micro_batch": self.micro_batch,
            "stopped": self.stopped,
            "stream": self.job.stream.state_dict(),
            "nets": {name: net.state_dict() for name, net in self.job.nets.items()},
            "optimizers": {name: one.state_dict() for name, one in self.job.optimizers.items()},
            "remedies": [remedy.state_dict() for remedy in self.job.remedies],
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take back what :meth:`state_dict` gave."""
        self.step = state["step"]
        self.knobs = dict(state["knobs"])
        self.generator.set_state(state["generator"])
        torch.set_rng_state(state["torch"])
        rechance(state.get("cuda"))
        self.average.load_state_dict(state["average"])
        self.best = Best(**state["best"])
        self.history = list(state["history"])
        self.losses = list(state["losses"])
        self.gradient = state["gradient"]
        self.seen = state["seen"]
        self.skipped, self.in_a_row, self.returns = state["skipped"]
        self.micro_batch = state["micro_batch"]
        self.stopped = state["stopped"]
        self.job.stream.load_state_dict(state["stream"])
        for name, net in self.job.nets.items():
            net.load_state_dict(state["nets"][name])
        for name, optimizer in self.job.optimizers.items():
            optimizer.load_state_dict(state["optimizers"][name])
        for remedy, memory in zip(self.job.remedies, state["remedies"], strict=True):
            remedy.load_state_dict(memory)
