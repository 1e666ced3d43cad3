"""Decisions nobody made are made here, each with its reason."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from glia.augments import augments
from glia.compose.changes import suited
from glia.compose.prepare import Prepared
from glia.compose.transfer import Tune
from glia.core.constraints import check_options
from glia.core.errors import UsageError
from glia.core.finding import Finding
from glia.core.names import listed
from glia.core.parts import Objective
from glia.core.recipe import Recipe, TrainPart
from glia.judge.scores import main_metric
from glia.metrics import metrics
from glia.nets import nets
from glia.objectives import objectives
from glia.table.encodings import Windowed
from glia.train.optimizers import optimizers
from glia.train.remedies import remedies
from glia.train.schedules import schedules

__all__ = ["Choices", "choose", "imbalance", "patient"]

_FEW_PICTURES = 64
"""Validation pictures below which what they say goes up and down by chance."""
_WAITED = 0.5
"""Share of all steps that is then waited for: only when the rate falls does it become clear what was learned."""


@dataclass(frozen=True)
class Choices:
    """Every decision of a training run, filled in.

    Args:
        metric: The metric that the verdict compares.
        watch: The metric that weights are chosen by on validation.
        lr_from_nothing: The rate of the same network where it begins with chance.
        reasons: Why, by name of the decision.
    """

    net: str
    net_options: Mapping[str, Any]
    start: str | None
    tune: Tune
    objective_name: str
    objective_options: Mapping[str, Any]
    mixup: float
    cutmix: float
    metric: str
    watch: str
    optimizer: str
    optimizer_options: Mapping[str, Any]
    lr: float
    lr_from_nothing: float
    find_lr: bool
    weight_decay: float
    schedule: str
    schedule_options: Mapping[str, Any]
    batch_size: int | None
    stratify: bool
    steps: int
    stop: int | None
    epochs: int | None
    evaluate_every: int
    remedies: Mapping[str, Mapping[str, Any]]
    augment: Mapping[str, Mapping[str, Any]]
    step: str
    micro_batch: int | None
    nonfinite: str
    views: int
    reasons: Mapping[str, str] = field(default_factory=dict)

    def objective(self) -> Objective:
        """Return the objective, wrapped as asked."""
        inner: Objective = objectives.get(self.objective_name)(**self.objective_options)
        if self.cutmix:
            inner = objectives.get("cutmix")(inner, alpha=self.cutmix)
        return objectives.get("mixup")(inner, alpha=self.mixup) if self.mixup else inner

    def with_(self, **changes: Any) -> Choices:
        """Return the choices with some changed."""
        return replace(self, **changes)


_FITTING = {
    "segment": "unet",
    "detect": "detector",
    "reconstruct": "autoencoder",
    "forecast": "nlinear",
    "generate": "gpt",
    "translate": "seq2seq",
    "tag": "lstm",
    "embed_words": "word2vec",
    "anomaly": "autoencoder",
    "surprise": "nlinear",
}
_READING = {"image": "cnn", "token": "bag", "audio": "audiocnn", "series": "lstm"}


def _net(prepared: Prepared, recipe: Recipe, reasons: dict[str, str]) -> str:
    """Return the network asked for, or the one that fits the question and what it is asked of."""
    if recipe.net.name != "auto":
        return recipe.net.name
    groups = set(prepared.specs())
    kinds = [group for group in _READING if group in groups]
    if _uneven(prepared):
        name = "nmlp"
        reasons["net"] = "nmlp: many series of very different size, each of which is scaled by itself"
    elif "image" in groups and _cleans(prepared, recipe):
        name, reasons["net"] = "unet", "unet: it cleans pixel by pixel, where a narrow code would blur"
    elif prepared.question.objective in _FITTING:
        name = _FITTING[prepared.question.objective]
        reasons["net"] = f"{name}: it fits the question ({prepared.question.task})"
    elif len(kinds) > 1:
        name, reasons["net"] = "multimodal", f"multimodal: it reads {listed(kinds)} together"
    elif kinds:
        name, reasons["net"] = _READING[kinds[0]], f"{_READING[kinds[0]]}: it reads {kinds[0]} columns"
    else:
        name = "tabm"
        reasons["net"] = "tabm: the strongest single network on tables for its time (Gorishniy et al. 2024)"
    return name


def _cleans(prepared: Prepared, recipe: Recipe) -> bool:
    """Return whether noise is put on what is shown, and has to be taken away."""
    name = prepared.question.objective
    options = recipe.objective.options if name == "reconstruct" else {}
    return bool(options) and check_options(objectives.get(name), options, "objective").get("noise", 0) > 0


def _uneven(prepared: Prepared) -> bool:
    """Return whether many series of very different size are forecast."""
    return isinstance(prepared.encoding, Windowed) and prepared.encoding.layout.uneven


def imbalance(prepared: Prepared) -> Finding | None:
    """Return what was done about a rare class, when there is one and it is rare enough to matter."""
    if prepared.question.objective != "classify":
        return None
    counts = np.bincount(prepared.truth["train"], minlength=len(prepared.classes))
    shares = counts / max(counts.sum(), 1)
    if len(shares) < 2 or shares.max() < 8 * shares.min():
        return None
    rare = prepared.classes[int(shares.argmin())]
    return Finding(
        "imbalance_handled",
        "note",
        f"class {rare!r} is {shares.min():.1%} of the training rows, {shares.max() / max(shares.min(), 1e-9):.0f} "
        "times rarer than the most common one",
        {"shares": {name: round(float(share), 5) for name, share in zip(prepared.classes, shares, strict=True)}},
        "training turns to the rows that are still wrong (focal loss), batches were stratified, the metric was chosen "
        "to see rare classes, and the decision threshold and the probabilities were set on the calibration rows",
    )


def choose(prepared: Prepared, recipe: Recipe, *, foreign: bool = False) -> Choices:
    """Return every decision of a training run, from the recipe where it says so and from the data where it does not.

    Args:
        prepared: The rows.
        recipe: What was asked for.
        foreign: Whether the network is the person's own module.

    Raises:
        UsageError: A name or an option that does not exist or is out of range.
    """
    train, reasons = recipe.train, dict[str, str]()
    if "lr" in train.optimizer_options:
        raise UsageError("bad_option", "the learning rate is one setting", remedy="write --set train.lr=0.01")
    rows = prepared.rows("train")
    uneven = recipe.judge.imbalance == "auto" and imbalance(prepared) is not None
    net = _net(prepared, recipe, reasons)
    general = {} if foreign else nets.get(net).suits
    suits = {**general, **general.get("tune", {}).get(recipe.net.tune, {})} if recipe.net.start else general
    name = train.optimizer or suits.get("optimizer", "adamw")
    metric = recipe.judge.metric or main_metric(prepared.question.objective, uneven)
    if _uneven(prepared) and not recipe.judge.metric:
        metric, reasons["metric"] = "smape", "smape: series differ so much in size that only shares can be compared"
    if metric:
        metrics.get(metric)
    batch = _batch_size(recipe, suits, rows, reasons)
    per_epoch = -(-rows // batch)
    epochs = train.epochs or (None if recipe.budget and not train.steps else 30)
    # Without a clock or a count, the plan turns the budget into steps later; this is the most that can help.
    steps = train.steps or per_epoch * (epochs or suits.get("epochs") or _most_epochs(rows))
    schedule, schedule_options = _schedule(recipe, suits, schedules.get)
    augment = _augment(prepared, recipe, suits, reasons)
    return Choices(
        net="module" if foreign else net,
        net_options={}
        if foreign
        else check_options(nets.get(net), {**suits.get("options", {}), **recipe.net.options}, "net"),
        start=recipe.net.start,
        tune=recipe.net.tune,
        objective_name=prepared.question.objective,
        objective_options=_objective_options(prepared, recipe, uneven),
        mixup=recipe.objective.mixup,
        cutmix=recipe.objective.cutmix,
        metric=metric,
        watch=_watch(prepared, recipe),
        optimizer=name,
        optimizer_options=check_options(optimizers.get(name), _optimizer_options(train, suits), "train.optimizer"),
        lr=_rate(train, suits, name),
        lr_from_nothing=_rate(train, general, name),
        # Nobody knows the rate that suits a stranger's network, so it is looked for.
        find_lr=train.lr == "find" or (foreign and train.lr is None),
        weight_decay=suits.get("weight_decay", 0.0) if train.weight_decay is None else train.weight_decay,
        schedule=schedule,
        schedule_options=schedule_options,
        batch_size=batch,
        stratify=uneven,
        steps=steps,
        stop=train.stop,
        epochs=epochs,
        evaluate_every=train.evaluate_every or max(1, min(per_epoch, -(-steps // 10))),
        remedies=_remedies(recipe, suits),
        augment=augment,
        step=train.step,
        micro_batch=train.micro_batch,
        nonfinite=train.nonfinite,
        views=_views(prepared, recipe.judge.views, augment, reasons),
        reasons=reasons,
    )


def patient(choices: Choices, prepared: Prepared, recipe: Recipe) -> Choices:
    """Return choices that are not ended by the chance in a few validation pictures.

    Patience is counted in looks, and with few pictures a look comes every few steps. Where 4 pictures chose, training
    on 13 masks was over after 39 of 180 seconds, while the rate was still high.

    Args:
        choices: The decisions, with the number of steps that the clock allows.
        prepared: The rows.
        recipe: What was asked for; a patience asked for stays.
    """
    few = "image" in prepared.specs() and 0 < prepared.rows("valid") < _FEW_PICTURES
    if recipe.train.patience is not None or not few:
        return choices
    looks = -(-choices.steps // choices.evaluate_every)
    stop = choices.remedies["early_stop"]
    longer = {**stop, "patience": max(stop["patience"], math.ceil(_WAITED * looks))}
    return choices.with_(remedies={**choices.remedies, "early_stop": longer})


def _batch_size(recipe: Recipe, suits: Mapping[str, Any], rows: int, reasons: dict[str, str]) -> int:
    wish = recipe.train.batch_size
    if wish == "full":
        return rows
    if wish is not None:
        return min(wish, rows)
    if "batch_size" in suits:
        return int(min(suits["batch_size"], max(rows // 16, 8)))
    size = 64 if rows < 2_000 else 128 if rows < 20_000 else 256 if rows < 200_000 else 1024
    reasons["batch_size"] = f"{size} for {rows} training rows"
    return min(size, rows)


def _most_epochs(rows: int) -> int:
    """Return how many passes can still teach something; small tables are passed over more often."""
    return int(np.clip(500_000 / max(rows, 1), 16, 100))


def _optimizer_options(train: TrainPart, suits: Mapping[str, Any]) -> dict[str, Any]:
    own = suits.get("optimizer_options", {}) if train.optimizer in (None, suits.get("optimizer", "adamw")) else {}
    return {**own, **train.optimizer_options}


def _rate(train: TrainPart, suits: Mapping[str, Any], optimizer: str) -> float:
    if isinstance(train.lr, float):
        return train.lr
    fits = "lr" in suits and optimizer == suits.get("optimizer", "adamw")
    return float(suits["lr"] if fits else optimizers.get(optimizer).default_lr)


def _watch(prepared: Prepared, recipe: Recipe) -> str:
    """Return the metric that weights are chosen by: smooth ones tell small steps apart where accuracy cannot."""
    return recipe.judge.metric or str(objectives.get(prepared.question.objective).watch)


def _augment(
    prepared: Prepared, recipe: Recipe, suits: Mapping[str, Any], reasons: dict[str, str]
) -> dict[str, dict[str, Any]]:
    """Return the changes made to training rows: those asked for, those that suit network and pictures, or none."""
    wish = recipe.train.augment
    if wish == "auto" and "augment" not in suits:
        chosen, reason = suited(prepared, recipe.train.epochs, recipe.seed)
        if reason:
            reasons["augment"] = reason
    else:
        chosen = suits.get("augment", {}) if wish == "auto" else {} if wish == "off" else dict(wish)
    return {
        name: check_options(augments.get(name), options, f"train.augment.{name}") for name, options in chosen.items()
    }


def _views(prepared: Prepared, wish: int | None, augment: Mapping[str, Any], reasons: dict[str, str]) -> int:
    """Return from how many sides pictures are looked at: where a mirror image is true, it tells more of each pixel.

    Raises:
        UsageError: Several views of what has no sides, or of pictures whose answers are places.
    """
    target = prepared.asked().get("target")
    boxes = prepared.question.objective == "detect"
    if (wish or 1) > 1 and (boxes or "image" not in prepared.specs()):
        raise UsageError(
            "bad_views",
            f"judge.views={wish} averages the answers to a picture and its mirror image, and "
            + ("boxes cannot be averaged" if boxes else "there are no pictures"),
            remedy="leave it out",
        )
    if wish or target is None or target.axes != ("height", "width") or "flip" not in augment:
        return wish or 1
    reasons["views"] = "2: each pixel's answer is the mean over a picture and its mirror image"
    return 2


def _objective_options(prepared: Prepared, recipe: Recipe, uneven: bool) -> dict[str, Any]:
    name = prepared.question.objective
    options = check_options(objectives.get(name), recipe.objective.options, "objective")
    if recipe.net.name == "vae" and name in ("reconstruct", "anomaly"):
        options["variational"] = True
    if uneven and "class_weight" not in options and "focal" not in options:
        # Measured on 2 % positives over three splits: average precision 0.73 with focal loss, 0.71 without, 0.68 with
        # classes weighted by the root of their rarity.
        options["focal"] = 1.0
    if _uneven(prepared) and "error" not in recipe.objective.options:
        options["error"] = "relative"
    if options.get("error") == "poisson":
        center, scale = prepared.schema.standard()
        options |= {"center": center, "scale": scale}
    return options


def _schedule(recipe: Recipe, suits: Mapping[str, Any], get: Any) -> tuple[str, dict[str, Any]]:
    name = recipe.train.schedule or suits.get("schedule", "cosine")
    own = suits.get("schedule_options", {}) if recipe.train.schedule is None else {}
    options = {**own, **recipe.train.schedule_options}
    if recipe.train.warmup is not None:
        options["warmup"] = recipe.train.warmup
    return name, check_options(get(name), options, "train.schedule")


def _remedies(recipe: Recipe, suits: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    train = recipe.train
    wanted: dict[str, dict[str, Any]] = {}
    clip = suits.get("clip_norm", 1.0) if train.clip_norm is None else train.clip_norm
    if clip:
        wanted["clip_norm"] = {"limit": clip}
    if train.clip_value:
        wanted["clip_value"] = {"limit": train.clip_value}
    if train.l1:
        wanted["l1"] = {"strength": train.l1}
    average = suits.get("average") if train.average is None else train.average
    if average != 0:
        # Without a wish, the memory is a share of the steps; see glia.compose.training.
        wanted["average"] = {} if average is None else {"decay": average}
    if train.plateau:
        wanted["plateau"] = {}
    for name, options in train.remedies.items():
        wanted[name] = check_options(remedies.get(name), options, f"train.remedies.{name}")
    patience = suits.get("patience", 16) if train.patience is None else train.patience
    if patience:
        wanted["early_stop"] = {"patience": patience}
    return wanted
