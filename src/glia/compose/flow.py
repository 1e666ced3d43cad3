"""``glia.fit``: the whole way from a table and a question to a bundle."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glia.compose.choices import Choices, choose, imbalance
from glia.compose.clock import Clock, Interrupts, made_plan, planned, slow
from glia.compose.judging import Judged, judge, yardsticks
from glia.compose.outcome import result
from glia.compose.prepare import Prepared, Sources, prepare
from glia.compose.training import Trained, build, found_rate, run
from glia.compose.trials import trials
from glia.compose.warm import warm
from glia.core.errors import GliaError, UsageError
from glia.core.finding import Finding
from glia.core.meter import Meter
from glia.core.recipe import Recipe
from glia.core.values import Readings
from glia.record import events
from glia.record.writer import Record
from glia.table import ledger
from glia.train.job import Job, State
from glia.train.plan import Plan

if TYPE_CHECKING:
    from torch import nn

    from glia.bundle.bundle import Bundle

__all__ = ["Fit", "fit"]

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
    """

    def __init__(
        self,
        sources: Sources,
        recipe: Recipe,
        record: Record,
        watch: Watch,
        started: float,
        module: nn.Module | None,
    ) -> None:
        self.sources = sources
        self.recipe = recipe
        self.record = record
        self.watch = watch
        self.module = module
        self.meter = Meter(started)
        self.clock = Clock(started, recipe.budget if recipe.clocked else None)
        self.interrupts = Interrupts()

    def emit(self, event: events.Event) -> None:
        """Write an event down and show it."""
        self.record.emit(event)
        self.watch(event)

    def say(self, finding: Finding) -> None:
        """Tell of a finding."""
        self.emit(events.Finding(**finding.as_dict()))

    def run(self) -> Bundle:
        """Go the whole way."""
        with self.meter.phase("read"):
            prepared = prepare(self.sources, self.recipe, self.say)
            choices = choose(prepared, self.recipe, foreign=self.module is not None)
            self._note_imbalance(prepared)
        self._describe(prepared, choices)
        with self.meter.phase("yardsticks"):
            yards = yardsticks(prepared, self.recipe, self.clock.share(0.25))
        with self.meter.phase("plan"):
            plan = self._plan(prepared, choices)
            choices = self._find_rate(prepared, choices, plan)
        reserve = self._reserve(prepared, plan)
        deadline = self.clock.deadline(reserve)
        left = None if deadline is None else deadline - time.perf_counter()
        choices, reason = planned(choices, plan, left, len(prepared.targets["valid"]))
        self.emit(events.Planned(plan.threads, plan.precision, choices.steps, f"{reason}; {plan.reason}"))
        with self.meter.phase("train"), self.interrupts.heard():
            trained = self._train(prepared, choices, plan, deadline)
        finding = slow(plan, trained.seconds, trained.steps)
        if finding:
            prepared.findings.append(finding)
            self.say(finding)
        choices = trained.choices
        with self.meter.phase("judge"):
            judged = judge(prepared, trained, choices, self.recipe, yards)
        return self._seal(prepared, trained, judged, yards, choices, plan)

    def _note_imbalance(self, prepared: Prepared) -> None:
        finding = imbalance(prepared) if self.recipe.judge.imbalance == "auto" else None
        if finding:
            prepared.findings.append(finding)
            self.say(finding)

    def _describe(self, prepared: Prepared, choices: Choices) -> None:
        """Say what was decided, and why, before any time is spent on it."""
        rows = {part: len(target) for part, target in prepared.targets.items()}
        self.emit(
            events.Note(f"{prepared.question.task} {', '.join(prepared.question.targets)}: {prepared.question.reason}")
        )
        self.emit(events.Note("rows: " + ", ".join(f"{part} {count}" for part, count in rows.items())))
        for name, reason in choices.reasons.items():
            self.emit(events.Note(f"{name}: {reason}"))

    def _plan(self, prepared: Prepared, choices: Choices) -> Plan:
        def make(plan: Plan) -> Job:
            return build(prepared, choices, plan, module=_copy(self.module), seed=self.recipe.seed)

        return made_plan(make, choices, self.recipe, self.clock)

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
        return choices.with_(lr=found.lr, reasons={**choices.reasons, "lr": found.reason})

    def _reserve(self, prepared: Prepared, plan: Plan) -> float:
        """Return the seconds that judging and writing will take."""
        rows = sum(len(prepared.targets[part]) for part in ("valid", "calibration", "test"))
        forward = (plan.seconds or 0.0) / 256 * rows
        return 1.0 + 2 * forward + rows * 2e-5

    def _train(self, prepared: Prepared, choices: Choices, plan: Plan, deadline: float | None) -> Trained:
        """Train, and while time is left try other settings; the one best on validation is kept."""
        best = self._trial(prepared, choices, plan, deadline)
        cost = best.seconds / max(_size(best.net), 1)
        for number, other in enumerate(trials(choices, self.recipe), 2):
            left = float("inf") if deadline is None else deadline - time.perf_counter()
            guess = cost * _size(build(prepared, other, plan, module=_copy(self.module)).nets["net"])
            if self.interrupts.wanted or left < 1.1 * max(guess, best.seconds / 2):
                break
            trained = self._trial(prepared, other, plan, deadline)
            kept = trained.score > best.score
            self.emit(events.Note(_told(number, trained, best, kept)))
            best = trained if kept else best
        return best

    def _trial(self, prepared: Prepared, choices: Choices, plan: Plan, deadline: float | None) -> Trained:
        job = build(prepared, choices, plan, module=self.module, seed=self.recipe.seed)
        return run(job, choices, plan, deadline=deadline, watch=self._watch(), stop=lambda: self.interrupts.wanted)

    def _watch(self) -> Callable[[State, Readings], None]:
        last = [0.0]

        def watch(state: State, readings: Readings) -> None:
            now = time.perf_counter()
            best = state.best.step == readings.step
            if now - last[0] < 0.1 and readings.step < readings.steps:
                return
            last[0] = now
            row = state.history[-1] if "lr" in state.history[-1] else {"lr": 0.0}
            self.emit(
                events.Metric(
                    readings.step, readings.steps, readings.epoch, readings.loss, row["lr"], readings.gradient
                )
            )
            if readings.valid:
                values = {name: value for name, value in readings.valid.items() if name != "score"}
                self.emit(events.Evaluation(readings.step, "valid", values, best))

        return watch

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
        opened = ledger.record(self.record.folder.parent, mark, self.record.id)
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
            schema=prepared.schema,
            calibration=judged.calibration,
            objective_name=choices.objective_name,
            objective_options=dict(choices.objective_options),
            recipe=final.as_dict(),
            result=document,
            history=trained.history,
            reference=prepared.schema.summarize(prepared.raw["train"]),
            curves=judged.curves,
        )
        self.record.document(recipe=final.as_dict(), plan=plan.as_dict(), test_fingerprint=mark)
        text = judged.verdict.text if judged.verdict else ""
        self.emit(events.End(round(self.meter.elapsed(), 3), text, trained.stopped))
        bundle = Bundle.load(folder, net=self.module)
        bundle.result = document
        return bundle


def _size(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def _told(number: int, trained: Trained, best: Trained, kept: bool) -> str:
    options = ", ".join(f"{name}={value}" for name, value in trained.choices.net_options.items())
    said = "better, kept" if kept else "no better"
    return f"trial {number} ({options}): validation score {trained.score:.4g} after {best.score:.4g}, {said}"


def _copy(module: nn.Module | None) -> nn.Module | None:
    from copy import deepcopy

    return deepcopy(module)


def settled(recipe: Recipe, choices: Choices, plan: Plan) -> Recipe:
    """Return the recipe with everything filled in, so that it replays steps and plan exactly."""
    return recipe.with_(
        net={"name": choices.net if choices.net != "module" else recipe.net.name, "options": dict(choices.net_options)},
        objective={"options": dict(choices.objective_options)},
        train={
            "lr": choices.lr,
            "weight_decay": choices.weight_decay,
            "batch_size": choices.batch_size,
            "schedule": choices.schedule,
            "steps": choices.steps,
            "stop": choices.stop,
            "trials": 1,
            "evaluate_every": choices.evaluate_every,
            "epochs": None,
        },
        plan={"threads": plan.threads, "precision": plan.precision},
        judge={"metric": recipe.judge.metric},
    )


def fit(
    source: Any,
    target: str | Sequence[str] | None = None,
    *,
    task: str | None = None,
    net: str | nn.Module | None = None,
    budget: float | str | None = None,
    epochs: int | None = None,
    test: Any = None,
    valid: Any = None,
    columns: Mapping[str, str] | None = None,
    names: Sequence[str] | None = None,
    split: str | None = None,
    group: str | None = None,
    time: str | None = None,
    metric: str | None = None,
    seed: int | None = None,
    out: str | Path | None = None,
    settings: Mapping[str, Any] | Sequence[str] = (),
    recipe: Recipe | str | Path | None = None,
    accept: Sequence[str] = (),
    watch: Watch = lambda event: None,
    started: float | None = None,
) -> Bundle:
    """Train a network on a table, judge it beside simpler models, and seal it in a bundle.

    Args:
        source: A file, a data frame, arrays, or the name of a bundled set such as ``"iris"``.
        target: The column asked for, or several.
        task: ``"classify"`` or ``"regress"``; read from the target when not given.
        net: A network of the shelf by name, or any :class:`torch.nn.Module` taking ``(B, F)`` float features.
        budget: Seconds from start to report, a number or such as ``"5m"``; 60 when nothing is said.
        epochs: Passes over the training rows instead of a budget; then no clock decides anything.
        test: Rows kept untouched until the last step; otherwise a part of the source is.
        valid: Rows for choosing; otherwise a part of the source is.
        columns: Kinds of columns that were recognized wrongly.
        names: Names of the columns, for a file without a header.
        split: Shares ``"0.7,0.15,0.15"`` or numbers of rows in time order ``"8640,2880,2880"``.
        group: A column whose values never straddle two parts.
        time: A column by which parts follow one another.
        metric: What is chosen and compared by.
        seed: The one seed; 0 when nothing is said.
        out: The run's folder; ``runs/<id>`` when nothing is said.
        settings: Further settings, ``{"train.lr": 0.01}`` or ``["train.lr=0.01"]``.
        recipe: A recipe to repeat; other arguments are laid over it.
        accept: Codes of findings that would stop the run and shall not.
        watch: Called with every event of the run.
        started: When the clock starts, as :func:`time.perf_counter` counts; now when nothing is said.

    Returns:
        The bundle, with ``.result`` holding the result document.

    Raises:
        UsageError: The question does not fit the data.
        DataError: The data cannot be read rightly or must not be trained on.
        TrainingError: Training could not go on.

    Example:
        >>> import glia, tempfile
        >>> folder = tempfile.mkdtemp() + "/run"
        >>> bundle = glia.fit("iris", target="target", epochs=2, out=folder)
        >>> bundle.result["task"]
        'classify'
    """
    from time import perf_counter

    from glia.compose.asking import asked

    began = perf_counter() if started is None else started
    module = None if net is None or isinstance(net, str) else net
    full = asked(
        recipe,
        source=source,
        target=target,
        task=task,
        net=net if isinstance(net, str) else None,
        budget=budget,
        epochs=epochs,
        test=test,
        valid=valid,
        columns=columns,
        names=names,
        split=split,
        group=group,
        time=time,
        metric=metric,
        seed=seed,
        settings=settings,
        accept=accept,
    )
    whole = source if source is not None else full.data.source
    if not isinstance(whole, str | Path) or str(whole):
        sources = Sources(
            whole,
            test if test is not None else full.data.test,
            valid if valid is not None else full.data.valid,
        )
    else:
        raise UsageError("no_source", "no source of rows was named", remedy="name a file, a frame or a bundled set")
    warm()
    record = Record(out, Path(full.data.source).stem or "table")
    try:
        record.emit(events.Start(record.id, full.data.source, _version()))
        record.document(recipe=full.as_dict())
        return Fit(sources, full, record, watch, began, module).run()
    except GliaError as error:
        record.emit(events.Error(error.code, error.text, error.remedy))
        raise
    finally:
        record.close()


def _version() -> str:
    import glia

    return glia.__version__
