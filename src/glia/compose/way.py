"""The whole way of one run, from rows to a bundle."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from glia.compose import resuming
from glia.compose.choices import Choices, choose, imbalance, patient
from glia.compose.clock import Clock, bottleneck, late, made_plan, planned, slow
from glia.compose.contest import Contest
from glia.compose.enough import seconds
from glia.compose.interrupts import Interrupts
from glia.compose.judging import Judged, answered, answers, judge, yardsticks
from glia.compose.keeping import Keeper
from glia.compose.outcome import ended, result, settled
from glia.compose.prepare import Prepared, Sources, prepare
from glia.compose.training import Trained, build, found_rate, look_seconds, run, watched_rows
from glia.compose.transfer import fitted, resembling
from glia.compose.trials import trials
from glia.core.errors import GliaError
from glia.core.finding import Finding
from glia.core.meter import Meter
from glia.core.recipe import Recipe
from glia.judge.yardsticks import Yard
from glia.nets.blocks.foreign import from_chance
from glia.record import events
from glia.record.writer import Record
from glia.table import ledger
from glia.train.job import Job, State
from glia.train.plan import Plan

if TYPE_CHECKING:
    from torch import nn

    from glia.bundle.bundle import Bundle

__all__ = ["Fit", "Watch"]

Watch = Callable[[events.Event], None]


class Fit:
    """One run on its way: each method is one arrow of data's way, and nothing flows back.

    Args:
        sources: Where the rows are.
        recipe: What was asked for.
        record: The run's directory.
        watch: Told of every event.
        started: When the clock starts.
        module: A network of the person's own.
        past: The checkpoint to go on from.
    """

    def __init__(
        self,
        sources: Sources,
        recipe: Recipe,
        record: Record,
        watch: Watch,
        started: float,
        module: nn.Module | None,
        past: Mapping[str, Any] | None = None,
    ) -> None:
        self.sources = sources
        self.recipe = recipe
        self.record = record
        self.watch = watch
        self.module = module
        self.meter = Meter(started)
        self.clock = Clock(started, recipe.budget if recipe.clocked else None)
        self.past = past
        self.look: float | None = None
        self.keeper: Keeper | None = None
        self.interrupts = Interrupts(lambda: record.stop_wanted)

    def emit(self, event: events.Event) -> None:
        """Write an event down and show it."""
        self.record.emit(event)
        self.watch(event)

    def say(self, finding: Finding) -> None:
        """Tell of a finding."""
        self.emit(events.Finding(**finding.as_dict()))

    def run(self) -> Bundle:
        """Go the whole way."""
        self.recipe = resembling(self.recipe)
        with self.meter.phase("read"):
            room = self.record.folder / "shards"
            prepared = prepare(
                self.sources, self.recipe, self.say, room=room, tell=lambda text: self.emit(events.Note(text))
            )
            if prepared.large is not None:  # the sample depends on it, and so does everything after
                self.recipe = self.recipe.with_(data={"memory": prepared.large.memory})
                self.record.document(recipe=self.recipe.as_dict())
                self._note(prepared, late(self.clock, prepared.large.rows))
            choices = choose(prepared, self.recipe, foreign=self.module is not None)
            if self.module is not None and choices.start is not None:
                fitted(self.module, prepared, choices, self.recipe.seed)
            self._note_imbalance(prepared)
        self._recognize(prepared)
        self._describe(prepared, choices)
        with self.meter.phase("yardsticks"):
            yards = self._yardsticks(prepared)
        with self.meter.phase("plan"):
            plan, choices, deadline = self._settle(prepared, choices)
            choices = patient(choices, prepared, self.recipe)
        if choices.start is not None:
            with self.meter.phase("yardsticks"):
                yards |= self._from_nothing(prepared, choices, plan, deadline)
        with self.meter.phase("train"):
            trained = self._train(prepared, choices, plan, deadline)
        for finding in (slow(plan, trained.seconds, trained.steps), bottleneck(trained.phases, trained.roofline)):
            if finding is None:
                continue
            prepared.findings.append(finding)
            if finding.remedy:  # where time went is written down; what can be done about it is said
                self.say(finding)
        choices = trained.choices
        with self.meter.phase("judge"):
            judged = judge(prepared, trained, choices, self.recipe, yards)
        return self._seal(prepared, trained, judged, yards, choices, plan)

    def _recognize(self, prepared: Prepared) -> None:
        """Write down what the rows are known by; a run that goes on must find the same rows."""
        now = resuming.fingerprints(prepared)
        if "data" in self.record.facts:
            with resuming.fitting():
                resuming.refuse_other_rows(self.record.facts["data"], now)
                differences = resuming.differences(self.record.facts)
            for difference in differences:
                self.emit(events.Note(f"{difference}: the run goes on, but maybe not to the bit"))
        self.record.document(data=now)

    def _yardsticks(self, prepared: Prepared) -> dict[str, Yard]:
        """Return the simple models, measured now or in an earlier life of the run."""
        folder = self.record.folder / "checkpoints" / "yardsticks"
        kept = resuming.kept_yards(folder) if folder.is_dir() else None
        if kept is not None:
            return kept
        began = time.perf_counter()
        yards = yardsticks(prepared, self.recipe, self.clock.share(0.25))
        if time.perf_counter() - began > 2.0:  # quicker ones are sooner measured again than kept
            resuming.keep_yards(folder, yards)
        return yards

    def _settle(self, prepared: Prepared, choices: Choices) -> tuple[Plan, Choices, float | None]:
        """Return plan, choices and when training ends; what a clock decided once is not decided again."""
        if "pinned" in self.record.facts:
            with resuming.fitting():
                plan, choices = resuming.unpinned(self.record.facts["pinned"], choices)
            if self.past is not None:  # the budget that was spent before the checkpoint is spent
                self.clock = Clock(time.perf_counter() - self.past["elapsed"], self.clock.budget)
                self.meter.started = self.clock.started
            return plan, choices, self.clock.deadline(self._reserve(prepared, plan, choices))
        if choices.start is not None and choices.tune == "head":  # what rows are seen by once is no part of a step
            build(prepared, choices, Plan(), module=_copy(self.module), seed=self.recipe.seed)
        plan = self._plan(prepared, choices)
        choices = self._find_rate(prepared, choices, plan)
        deadline = self.clock.deadline(self._reserve(prepared, plan, choices))
        left = None if deadline is None else deadline - time.perf_counter()
        if left is not None and choices.start is not None:
            # The other half is for the same network begun with chance, which is judged as well.
            left = (left - self._reserve(prepared, plan, choices)) / 2
        looks = watched_rows(choices, len(prepared.targets["valid"]))
        choices, reason = planned(choices, plan, left, looks, self.look)
        reason = f"{reason}; {plan.reason}"
        self.emit(events.Planned(plan.threads, plan.precision, choices.steps, reason, choices.net, choices.watch))
        self.record.document(pinned=resuming.pinned(plan, choices), determinism=resuming.determinism(self.recipe, plan))
        return plan, choices, deadline

    def _note_imbalance(self, prepared: Prepared) -> None:
        self._note(prepared, imbalance(prepared) if self.recipe.judge.imbalance == "auto" else None)

    def _note(self, prepared: Prepared, finding: Finding | None) -> None:
        if finding:
            prepared.findings.append(finding)
            self.say(finding)

    def _describe(self, prepared: Prepared, choices: Choices) -> None:
        """Say what was decided, and why, before any time is spent on it."""
        rows = {part: prepared.rows(part) for part in prepared.targets}
        self.emit(
            events.Note(f"{prepared.question.task} {', '.join(prepared.question.targets)}: {prepared.question.reason}")
        )
        self.emit(events.Note("rows: " + ", ".join(f"{part} {count}" for part, count in rows.items())))
        for name, reason in choices.reasons.items():
            self.emit(events.Note(f"{name}: {reason}"))

    def _plan(self, prepared: Prepared, choices: Choices) -> Plan:
        def make(plan: Plan) -> Job:
            return build(prepared, choices, plan, module=_copy(self.module), seed=self.recipe.seed)

        plan = made_plan(make, choices, self.recipe, self.clock)
        if self.clock.budget is not None and plan.device == "cpu":
            plan.apply()
            self.look = look_seconds(prepared, make(plan))
        return plan

    def _find_rate(self, prepared: Prepared, choices: Choices, plan: Plan) -> Choices:
        """Return the choices with the learning rate that a range test found, where one is wanted."""
        if not choices.find_lr:
            return choices
        plan.apply()
        most = None if self.clock.budget is None else self.clock.share(0.1)
        found = found_rate(
            lambda: build(prepared, choices, plan, module=_copy(self.module), seed=self.recipe.seed),
            choices,
            most,
        )
        self.emit(events.Note(f"learning rate: {found.lr:.3g}, {found.reason}"))
        return choices.with_(lr=found.lr, lr_from_nothing=found.lr, reasons={**choices.reasons, "lr": found.reason})

    def _reserve(self, prepared: Prepared, plan: Plan, choices: Choices) -> float:
        """Return the seconds that judging and writing will take."""
        rows = answered(prepared)
        each = (plan.seconds or 0.0) / 3 / max(choices.batch_size or 1, 1) if self.look is None else self.look
        forward = each * rows
        curve = seconds(prepared, self.recipe) if self.clock.budget is not None else 0.0
        answering = choices.views * choices.objective().passes * max(forward, prepared.pace * rows)
        return 1.0 + 1.2 * answering + rows * 2e-5 + curve

    def _train(self, prepared: Prepared, choices: Choices, plan: Plan, deadline: float | None) -> Trained:
        """Train, and while time is left try other settings; the one best on validation is kept."""
        self.keeper = Keeper(self.record, self.emit, self.interrupts, lambda: self.clock.elapsed, prepared)
        contest = Contest(
            lambda way: build(prepared, way, plan, module=self.module, seed=self.recipe.seed),
            [choices, *trials(choices, self.recipe)],
            plan,
            self.keeper,
            self.interrupts,
            deadline,
            lambda text: self.emit(events.Note(text)),
        )
        return contest.run(self.past)

    def _from_nothing(
        self, prepared: Prepared, choices: Choices, plan: Plan, deadline: float | None
    ) -> dict[str, Yard]:
        """Return what the same network knows that begins with chance: what was learned elsewhere must beat it."""
        if not self.recipe.judge.yardsticks:
            return {}
        scratch = choices.with_(start=None, lr=choices.lr_from_nothing)
        module = None if self.module is None else from_chance(self.module)
        if module is None and self.module is not None:
            self.emit(events.Note("the module has weights that cannot be drawn anew, so nothing is set beside it"))
            return {}
        now = time.perf_counter()
        half = None if deadline is None else (now + deadline - self._reserve(prepared, plan, choices)) / 2

        def make(way: Plan) -> Job:
            return build(prepared, scratch, way, module=_copy(module), seed=self.recipe.seed)

        if choices.tune == "head" and half is not None:  # a step of the whole network takes much longer
            plan = made_plan(make, scratch, self.recipe, self.clock)
            looks = watched_rows(scratch, len(prepared.targets["valid"]))
            scratch, _ = planned(scratch, plan, half - time.perf_counter(), looks)
        job = build(prepared, scratch, plan, module=module, seed=self.recipe.seed)
        trained = run(job, scratch, plan, state=State(job), deadline=half, stop=self.interrupts.look)
        given, _ = answers(prepared, trained, scratch, self.recipe)
        rows, seconds = prepared.rows("train"), time.perf_counter() - now
        how = "leaving out --set net.start"
        return {
            "from_nothing": Yard(
                "from_nothing", given["valid"], given["test"], rows, seconds, "", "the same network from nothing", how
            )
        }

    def _open_test(self, mark: str) -> int:
        """Return how often the test rows were opened; a run that goes on after judging does not count twice."""
        folder = self.record.folder.parent
        if self.record.resumed and ledger.opened(folder, mark, self.record.id):
            return ledger.opened(folder, mark)
        return ledger.record(folder, mark, self.record.id)

    def close(self) -> None:
        """Let what is being written be finished; what went wrong with it has been told, or matters no more."""
        if self.keeper is not None:
            with suppress(GliaError):
                self.keeper.checkpoints.wait()

    def _seal(
        self,
        prepared: Prepared,
        trained: Trained,
        judged: Judged,
        yards: dict[str, Any],
        choices: Choices,
        plan: Plan,
    ) -> Bundle:
        """Write the bundle and say how it went."""
        from glia.bundle.bundle import Bundle
        from glia.bundle.writer import write

        final = settled(self.recipe, choices, plan)
        mark = ledger.fingerprint(prepared.raw["test"])
        opened = self._open_test(mark)
        folder = self.record.folder / "bundle"
        document = result(
            prepared,
            trained,
            judged,
            yards,
            choices,
            plan,
            final,
            self.meter,
            run=str(self.record.folder),
            bundle=str(folder),
            test_opened=opened,
            test_fingerprint=mark,
        )
        write(
            folder,
            nets={"net": trained.net},
            net_name=choices.net,
            net_options=dict(choices.net_options),
            foreign=self.module is not None,
            encoding=prepared.encoding,
            readout={"readout": trained.objective.readout, **judged.readout.state()},
            objective_name=choices.objective_name,
            objective_options=dict(choices.objective_options),
            recipe=final.as_dict(),
            result=document,
            history=trained.history,
            reference=prepared.schema.summarize(prepared.raw["train"]),
            curves=judged.curves,
        )
        self.record.document(recipe=final.as_dict(), plan=plan.as_dict(), test_fingerprint=mark)
        self.emit(ended(document))
        if prepared.shards is not None:
            prepared.shards.remove()
        bundle = Bundle.load(folder, net=self.module)
        bundle.result = document
        return bundle


def _copy(module: nn.Module | None) -> nn.Module | None:
    from copy import deepcopy

    return deepcopy(module)
