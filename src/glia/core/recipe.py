"""The recipe: every decision of a run as data, enough to do it again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from glia.core.errors import UsageError
from glia.core.names import did_you_mean, listed

__all__ = [
    "DataPart",
    "JudgePart",
    "NetPart",
    "ObjectivePart",
    "PlanPart",
    "Recipe",
    "TrainPart",
    "edited",
    "load",
]

Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


def _bytes(value: Any) -> Any:
    """Return a size in bytes, given as a number or with a unit of 1024s."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)i?B?\s*", str(value), re.IGNORECASE)
    if value is None or not match:
        if value is not None:
            raise ValueError("a size is a number of bytes, or such as 512MiB or 4GiB")
        return None
    size = int(float(match[1]) * 1024 ** " KMGT".index(match[2].upper() or " "))
    if size < 1:
        raise ValueError("a size is more than nothing")
    return size


class DataPart(_Part):
    """Where the rows come from and how they are parted."""

    source: str = ""
    test: str | None = None
    valid: str | None = None
    target: tuple[str, ...] = ()
    names: tuple[str, ...] | None = None
    columns: dict[str, str] = {}
    split: str | None = None
    group: str | None = None
    time: str | None = None
    weight: str | None = None
    known: Annotated[tuple[str, ...], Field(description="numbers that are known in advance")] = ()
    horizon: Annotated[int, Field(ge=1, description="steps to forecast")] | None = None
    lookback: Annotated[int, Field(ge=1, description="steps or tokens that a network sees at once")] | None = None
    skip_bad: Annotated[int, Field(ge=0, description="files that may be unreadable and are left out")] = 0
    memory: Annotated[
        int | None,
        BeforeValidator(_bytes),
        Field(description="bytes, or such as 4GiB, that a run may take; larger tables stream from disk"),
    ] = None


class NetPart(_Part):
    """Which network, with which options; ``"auto"`` leaves the choice to the data."""

    name: str = "auto"
    options: dict[str, Any] = {}
    start: Annotated[str | None, Field(description="a bundle whose weights are begun with")] = None
    tune: Annotated[
        Literal["all", "head", "thaw", "lora"], Field(description="how weights begun with are trained on")
    ] = "thaw"


class ObjectivePart(_Part):
    """What is asked: the task, and the objective's options."""

    task: str | None = None
    options: dict[str, Any] = {}
    cutmix: Annotated[float, Field(ge=0, description="Beta parameter of cutmix; 0 = none")] = 0.0
    mixup: Annotated[float, Field(ge=0, description="Beta parameter of mixup; 0 = none")] = 0.0


class TrainPart(_Part):
    """How the weights are found; ``None`` = chosen from the data and the budget."""

    optimizer: str | None = None
    optimizer_options: dict[str, Any] = {}
    lr: Positive | Literal["find"] | None = None
    weight_decay: NotNegative | None = None
    l1: NotNegative = 0.0
    batch_size: Count | Literal["full"] | None = None
    schedule: str | None = None
    schedule_options: dict[str, Any] = {}
    remedies: Annotated[dict[str, dict[str, Any]], Field(description="further remedies, with their options")] = {}
    warmup: Annotated[float, Field(ge=0, le=1)] | None = None
    epochs: Count | None = None
    steps: Count | None = None
    stop: Annotated[int, Field(ge=1, description="the step at which the clock or a person ended training")] | None = (
        None
    )
    evaluate_every: Count | None = None
    patience: Annotated[int, Field(ge=0, description="evaluations without progress; 0 = never stop early")] | None = (
        None
    )
    average: Annotated[float, Field(ge=0, lt=1)] | None = None
    clip_norm: NotNegative | None = None
    clip_value: NotNegative = 0.0
    plateau: bool = False
    step: Literal["plain", "sam"] = "plain"
    micro_batch: Count | None = None
    nonfinite: Literal["skip", "rollback", "stop"] = "skip"
    augment: Annotated[
        dict[str, dict[str, Any]] | Literal["auto", "off"],
        Field(description="changes of training rows, with their options"),
    ] = "auto"
    trials: Annotated[int, Field(ge=1, description="candidates tried; the best on validation is kept")] | None = None


class PlanPart(_Part):
    """How the machine is used."""

    mode: Literal["auto", "plain"] = "auto"
    device: Annotated[Literal["auto", "cpu", "cuda"], Field(description="auto: the graphics card, if any")] = "auto"
    threads: Count | None = None
    precision: Literal["fp32", "tf32", "bf16"] | None = None
    layout: Literal["plain", "channels_last"] | None = None
    form: Literal["each", "flat"] | None = None
    fused: bool | None = None
    compile: bool | None = None
    replay: bool | None = None


class JudgePart(_Part):
    """How the result is judged."""

    metric: str | None = None
    level: Annotated[float, Field(gt=0, lt=1)] = 0.9
    yardsticks: bool = True
    imbalance: Literal["auto", "off"] = "auto"
    views: Annotated[Literal[1, 2, 6] | None, Field(description="views of a picture that are averaged")] = None


class Recipe(_Part):
    """Every decision of a run.

    Example:
        >>> recipe = edited(Recipe(), ["train.lr=0.01", "net.width=64"])
        >>> recipe.train.lr, recipe.net.options
        (0.01, {'width': '64'})
    """

    data: DataPart = DataPart()
    net: NetPart = NetPart()
    objective: ObjectivePart = ObjectivePart()
    train: TrainPart = TrainPart()
    plan: PlanPart = PlanPart()
    judge: JudgePart = JudgePart()
    seed: int = 0
    budget: Positive | None = 60.0
    accept: tuple[str, ...] = ()

    @property
    def clocked(self) -> bool:
        """Whether a clock decides how long to train; a count of epochs or steps leaves nothing to it."""
        return self.budget is not None and self.train.epochs is None and self.train.steps is None

    def with_(self, **parts: Mapping[str, Any]) -> Recipe:
        """Return the recipe with some fields of some parts replaced and checked."""
        document = self.model_dump()
        for part, fields in parts.items():
            document[part] = {**document[part], **fields}
        return read(document)

    def as_dict(self) -> dict[str, Any]:
        """Return the recipe as JSON values."""
        return self.model_dump(mode="json")


def read(document: Mapping[str, Any]) -> Recipe:
    """Return a recipe from JSON values.

    Raises:
        UsageError: Everything that is wrong, at once, each with its place.
    """
    try:
        return Recipe.model_validate(document)
    except ValidationError as error:
        said = "; ".join(_say(problem) for problem in error.errors())
        raise UsageError("bad_recipe", said, remedy="correct the settings named and try again") from None


def _say(problem: Mapping[str, Any]) -> str:
    noise = ("constrained", "literal", "function")
    place = ".".join(str(part) for part in problem["loc"] if not str(part).startswith(noise))
    if problem["type"] == "extra_forbidden":
        return f"there is no setting {place!r}{did_you_mean(place, settings())}"
    return f"{place}: {problem['msg'].lower()}, got {problem['input']!r}"


def settings() -> tuple[str, ...]:
    """Return the dotted name of every setting."""
    found = []
    for name, field in Recipe.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found += [f"{name}.{inner}" for inner in kind.model_fields]
        else:
            found.append(name)
    return tuple(found)


def edited(recipe: Recipe, assignments: Iterable[str]) -> Recipe:
    """Return a recipe with ``part.name=value`` assignments made.

    Names that are no setting of ``net``, ``objective`` or ``train`` go to the options of the chosen network, objective
    or optimizer, which check them.

    Args:
        recipe: The recipe to start from.
        assignments: What was given with ``--set``.

    Raises:
        UsageError: No ``=``, an unknown part or setting, or a value out of its range.
    """
    document = recipe.model_dump()
    for assignment in assignments:
        path, mark, value = assignment.partition("=")
        part, dot, name = path.strip().partition(".")
        if not mark:
            raise UsageError("bad_set", f"--set {assignment!r} has no '='", remedy="write --set train.lr=0.01")
        if part not in document:
            known = listed(settings(), 60)
            hint = did_you_mean(path, settings())
            raise UsageError("unknown_setting", f"there is no setting {path!r}{hint}", remedy=f"known are {known}")
        if not dot:
            document[part] = _plain(value)
            continue
        home, (first, inner_dot, inner) = document[part], name.partition(".")
        if inner_dot and f"{first}_options" in home:  # train.optimizer.beta1, train.schedule.floor
            home[f"{first}_options"] = {**home[f"{first}_options"], inner: value}
        elif name not in home and "options" in home:  # net.width
            home["options"] = {**home["options"], name: value}
        else:
            home[name] = _plain(value)
    return read(document)


def _plain(value: str) -> Any:
    """Return what a person typed as a JSON value where it is one, else as text."""
    lowered = value.strip().lower()
    if lowered in ("none", "null", "auto_choice"):
        return None
    if lowered in ("true", "false"):
        return lowered == "true"
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        return value


def load(path: str | Path) -> Recipe:
    """Return the recipe of a ``recipe.json`` or ``.toml`` file, of a run, or of a bundle.

    Raises:
        UsageError: The file is missing or is no recipe.
    """
    import tomllib

    path = Path(path)
    for inner in ("recipe.json", "bundle/recipe.json"):
        if path.is_dir() and (path / inner).is_file():
            path = path / inner
    try:
        text = path.read_text("utf-8")
        document = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except OSError as error:
        raise UsageError("no_recipe", f"the recipe cannot be read ({error.strerror})", file=path) from None
    except ValueError as error:
        remedy = "give a recipe.json or .toml"
        raise UsageError("bad_recipe", f"this is no recipe: {error}", file=path, remedy=remedy) from None
    if not isinstance(document, dict):
        raise UsageError("bad_recipe", "a recipe is an object of settings", file=path)
    return read(document)
