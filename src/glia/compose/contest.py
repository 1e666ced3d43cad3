"""Trials in turn, the one best on validation kept; a contest that was interrupted goes on where it was."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from glia.compose.choices import Choices
from glia.compose.interrupts import Interrupts
from glia.compose.keeping import Keeper
from glia.compose.resuming import fitting
from glia.compose.training import Trained, run
from glia.train.job import Job, State
from glia.train.plan import Plan

__all__ = ["Contest"]


class Contest:
    """Train with one setting after another while time is left.

    Args:
        build: Returns the job of a setting.
        ways: The settings, the default first.
        plan: How the machine is used.
        keeper: Writes down what happens.
        interrupts: Who wants training to end.
        deadline: When it must end, as :func:`time.perf_counter` counts; ``None`` = when it is through.
        tell: Says a sentence.
    """

    def __init__(
        self,
        build: Callable[[Choices], Job],
        ways: Sequence[Choices],
        plan: Plan,
        keeper: Keeper,
        interrupts: Interrupts,
        deadline: float | None,
        tell: Callable[[str], None],
    ) -> None:
        self.build = build
        self.ways = ways
        self.plan = plan
        self.keeper = keeper
        self.interrupts = interrupts
        self.deadline = deadline
        self.tell = tell

    def run(self, past: Mapping[str, Any] | None = None) -> Trained:
        """Return the best trial.

        Args:
            past: A checkpoint to go on from.
        """
        number, best, won, cost = 1, None, 1, 0.0
        if past is not None:
            number = past["trial"]
            self.keeper.best = past["best"]  # the next checkpoint tells of it, too
            if past["best"] is not None:
                with fitting():
                    best, won, cost = self._restored(past["best"])
        while number <= len(self.ways):
            resumed = past if past is not None and past["state"] is not None and past["trial"] == number else None
            if best is not None and resumed is None and not self._worthwhile(self.ways[number - 1], best, cost):
                break
            trained = self._trial(number, resumed)
            kept = best is None or trained.score > best.score
            if best is not None:
                self.tell(_told(number, trained, best, kept))
            else:
                cost = trained.seconds / max(_size(trained), 1)
            best, won = (trained, number) if kept or best is None else (best, won)
            self.keeper.save_trial({**_tree(best), "trial": won, "cost": cost})
            number += 1
        assert best is not None
        return best

    def _worthwhile(self, choices: Choices, best: Trained, cost: float) -> bool:
        """Return whether there is time for one more trial."""
        if self.interrupts.look() or best.stopped == "interrupted":
            return False
        if self.deadline is None:
            return True
        size = sum(p.numel() for net in self.build(choices).nets.values() for p in net.parameters())
        return self.deadline - time.perf_counter() >= 1.1 * max(cost * size, best.seconds / 2)

    def _trial(self, number: int, past: Mapping[str, Any] | None) -> Trained:
        choices = self.ways[number - 1]
        job = self.build(choices)
        state = State(job)
        spent = 0.0
        if past is not None:
            spent = past["spent"]
            with fitting():
                state.load_state_dict(past["state"])
        self.keeper.begin(state, number, spent)
        with self.interrupts.training():
            return run(
                job,
                choices,
                self.plan,
                state=state,
                spent=spent,
                deadline=self.deadline,
                stop=self.interrupts.look,
                watch=self.keeper.watch,
                keep=self.keeper.keep,
                tripped=self.keeper.tripped,
            )

    def _restored(self, tree: Mapping[str, Any]) -> tuple[Trained, int, float]:
        """Return the best trial so far, its number, and what a parameter costs in seconds."""
        choices = self.ways[tree["trial"] - 1]
        job = self.build(choices)
        net = job.nets["net"]
        net.load_state_dict(tree["weights"])
        net.eval()
        facts = {name: tree[name] for name in FACTS}
        return Trained(net, job.objective, replace(choices, stop=tree["stop"]), **facts), tree["trial"], tree["cost"]


FACTS = ("score", "steps", "best_step", "history", "stopped", "skipped", "seconds")


def _tree(trained: Trained) -> dict[str, Any]:
    facts = {name: getattr(trained, name) for name in FACTS}
    return {"weights": trained.net.state_dict(), "stop": trained.choices.stop, **facts}


def _size(trained: Trained) -> int:
    return sum(parameter.numel() for parameter in trained.net.parameters())


def _told(number: int, trained: Trained, best: Trained, kept: bool) -> str:
    options = ", ".join(f"{name}={value}" for name, value in trained.choices.net_options.items())
    said = "better, kept" if kept else "no better"
    return f"trial {number} ({options}): validation score {trained.score:.4g} after {best.score:.4g}, {said}"
