"""``glia.fit`` from end to end: what is promised about results, replays, budgets and interruptions."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from torch import nn

import glia
from glia.core.errors import DataError, UsageError
from glia.record.reader import events

SMALL = {"net.width": 16, "net.members": 4, "net.depth": 1}
NO_YARDS = {"judge.yardsticks": "false"}
# The interface of the result document: names and types that programs rely on.
KEYS = {
    "run": str, "bundle": str, "task": str, "target": list, "net": str, "parameters": int, "rows": dict,
    "seconds": dict, "plan": dict, "scores": dict, "yardsticks": dict, "verdict": dict, "findings": list,
}  # fmt: skip


def made(rows: int = 200, seed: int = 0) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(rows, 3))
    color = generator.choice(["red", "green", "blue"], rows)
    sick = np.where(x[:, 0] + (color == "red") + 0.3 * generator.normal(size=rows) > 0.3, "yes", "no")
    return pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "c": x[:, 2], "color": color, "sick": sick})


def test_a_test_source_without_the_target_is_refused_by_name(tmp_path: Path) -> None:
    held = made(40).drop(columns="sick")
    with pytest.raises(DataError, match="no column 'sick'") as caught:
        glia.fit(made(), target="sick", test=held, epochs=1, out=tmp_path / "run")
    assert caught.value.code == "missing_column"
    assert "test rows" in str(caught.value.remedy)


def test_the_result_document_keeps_its_promised_names(tmp_path: Path) -> None:
    bundle = glia.fit(made(), target="sick", epochs=2, out=tmp_path / "run", settings=SMALL)
    document = json.loads(json.dumps(bundle.result, allow_nan=False, default=str))
    for name, kind in KEYS.items():
        assert isinstance(document[name], kind), name
    assert set(document["rows"]) == {"train", "valid", "calibration", "test"}
    assert {"read", "plan", "train", "yardsticks", "total"} <= set(document["seconds"])
    assert {"value", "low", "high", "n"} <= set(document["scores"]["test"]["accuracy"])
    assert set(document["yardsticks"]) == {"constant", "linear", "random_forest", "hist_gradient_boosting"}
    assert {"winner", "metric", "difference", "low", "high", "text"} <= set(document["verdict"])
    for finding in document["findings"]:
        assert {"code", "severity", "text", "evidence", "remedy"} == set(finding)


def test_pandas_in_pandas_out_and_polars_in_polars_out(tmp_path: Path) -> None:
    frame = made()
    bundle = glia.fit(frame, target="sick", epochs=2, out=tmp_path / "run", settings=SMALL)
    answers = bundle.predict(frame)
    assert isinstance(answers, pd.DataFrame)
    assert list(answers) == ["prediction", "probability_no", "probability_yes"]
    assert len(answers) == len(frame)
    again = bundle.predict(pl.DataFrame(frame.to_dict("list")))
    assert isinstance(again, pl.DataFrame)
    np.testing.assert_array_equal(again["probability_yes"].to_numpy(), answers["probability_yes"].to_numpy())


def weights(bundle: glia.Bundle) -> list[torch.Tensor]:
    return list(bundle.module.state_dict().values())


def test_a_stated_number_of_epochs_gives_the_same_weights_twice(tmp_path: Path) -> None:
    first, second = (
        glia.fit(made(), target="sick", epochs=3, out=tmp_path / name, settings=SMALL) for name in ("one", "two")
    )
    assert all(torch.equal(one, other) for one, other in zip(weights(first), weights(second), strict=True))
    other = glia.fit(made(), target="sick", epochs=3, seed=1, out=tmp_path / "three", settings=SMALL)
    assert not all(torch.equal(one, two) for one, two in zip(weights(first), weights(other), strict=True))


def test_a_recipe_replays_a_run_that_the_clock_ended(tmp_path: Path) -> None:
    data = tmp_path / "made.csv"
    made(600).to_csv(data, index=False)
    first = glia.fit(data, target="sick", budget=4, out=tmp_path / "one", settings={"judge.yardsticks": "false"})
    second = glia.fit(None, recipe=tmp_path / "one", out=tmp_path / "two")
    assert second.result["plan"]["steps"] == first.result["plan"]["steps"]
    assert all(torch.equal(one, other) for one, other in zip(weights(first), weights(second), strict=True))
    assert first.recipe["train"] == second.recipe["train"]


def test_even_one_second_gives_a_valid_bundle(tmp_path: Path) -> None:
    bundle = glia.fit(made(), target="sick", budget=1, out=tmp_path / "run")
    assert glia.load(tmp_path / "run").result["verdict"]["text"] == bundle.result["verdict"]["text"]


def test_lazy_layers_learn_their_shapes_when_a_bundle_is_opened(tmp_path: Path) -> None:
    def network() -> nn.Module:
        return nn.Sequential(nn.LazyLinear(8), nn.ReLU(), nn.LazyLinear(2))

    frame = made()
    bundle = glia.fit(frame, target="sick", net=network(), epochs=1, out=tmp_path / "run", settings=NO_YARDS)
    again = glia.load(tmp_path / "run", net=network())
    pd.testing.assert_frame_equal(again.predict(frame), bundle.predict(frame))


def test_a_module_of_ones_own_is_trained_and_opened_with_itself(tmp_path: Path) -> None:
    def network() -> nn.Module:
        return nn.Sequential(nn.Linear(7, 8), nn.ReLU(), nn.Linear(8, 2))

    frame = made()
    bundle = glia.fit(frame, target="sick", net=network(), epochs=2, out=tmp_path / "run")
    assert list(bundle.module.state_dict()) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    again = glia.load(tmp_path / "run", net=network())
    pd.testing.assert_frame_equal(again.predict(frame), bundle.predict(frame))
    with pytest.raises(UsageError, match="module"):
        glia.load(tmp_path / "run")
    with pytest.raises(UsageError, match="7 features"):
        glia.fit(frame, target="sick", net=nn.Linear(5, 2), epochs=1, out=tmp_path / "wrong")


@pytest.mark.parametrize("net", ["perceptron", "linear", "mlp", "resnet_mlp", "realmlp", "tabm", "ft_transformer"])
@pytest.mark.parametrize("target", ["sick", "a"])
def test_every_net_fits_labels_and_numbers(net: str, target: str, tmp_path: Path) -> None:
    frame = made(120)
    bundle = glia.fit(
        frame, target=target, net=net, epochs=1, out=tmp_path / "run", settings={"judge.yardsticks": "false"}
    )
    answers = bundle.predict(frame.drop(columns=target))
    assert len(answers) == 120
    assert ("low" in answers) == (target == "a")


def test_several_targets_are_answered_together(tmp_path: Path) -> None:
    frame = made()
    numbers = glia.fit(frame, target=["a", "b"], epochs=1, out=tmp_path / "numbers", settings=SMALL)
    assert {"prediction_a", "prediction_b"} <= set(numbers.predict(frame))
    frame["old"], frame["tall"] = frame["a"] > 0, frame["b"] > 0
    labels = glia.fit(frame, target=["old", "tall"], epochs=1, out=tmp_path / "labels", settings=SMALL)
    assert labels.result["objective"] == "multilabel"


def test_a_rare_class_is_handled_unasked_and_its_probabilities_stay_honest(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    x = generator.normal(size=(3000, 3))
    fraud = generator.random(3000) < 1 / (1 + np.exp(4.5 - 2 * x[:, 0]))
    frame = pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "c": x[:, 2], "fraud": np.where(fraud, "fraud", "fine")})
    bundle = glia.fit(frame, target="fraud", net="mlp", epochs=12, out=tmp_path / "run")
    assert "imbalance_handled" in {finding["code"] for finding in bundle.result["findings"]}
    assert bundle.result["verdict"]["metric"] not in ("accuracy", "log_loss")
    stated = bundle.predict(frame)["probability_fraud"].mean()
    assert stated == pytest.approx(fraud.mean(), rel=0.35)
    assert bundle.result["scores"]["test"]["recall"]["value"] > 0.2


def test_findings_that_stop_can_be_accepted_by_code(tmp_path: Path) -> None:
    frame = made()
    frame["copy"] = frame["sick"]
    with pytest.raises(DataError) as caught:
        glia.fit(frame, target="sick", epochs=1, out=tmp_path / "one")
    assert caught.value.code == "target_copy"
    bundle = glia.fit(frame, target="sick", epochs=1, out=tmp_path / "two", accept=["target_copy"], settings=SMALL)
    assert "target_copy" in {finding["code"] for finding in bundle.result["findings"]}


def test_a_test_source_is_kept_for_the_last_step_and_the_ledger_counts_openings(tmp_path: Path) -> None:
    frame, held = made(200), made(80, seed=9)
    for count in (1, 2):
        bundle = glia.fit(frame, target="sick", test=held, epochs=1, out=tmp_path / str(count), settings=SMALL)
        assert bundle.result["rows"]["test"] == 80
        assert bundle.result["test_opened"] == count


def test_an_unseen_label_in_the_test_file_is_refused_with_the_likely_one(tmp_path: Path) -> None:
    held = made(80, seed=9)
    held.loc[3, "sick"] = "yess"
    with pytest.raises(DataError, match="did you mean 'yes'"):
        glia.fit(made(), target="sick", test=held, epochs=1, out=tmp_path / "run")


def test_the_run_is_there_before_data_is_read_and_says_why_it_failed(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        glia.fit(tmp_path / "missing.csv", target="x", out=tmp_path / "run")
    kinds = [line.event.kind() for line in events(tmp_path / "run")]
    assert kinds[0] == "start"
    assert kinds[-1] == "error"


def test_the_budget_is_kept(tmp_path: Path) -> None:
    frame = made(2000)
    began = time.perf_counter()
    glia.fit(frame, target="sick", budget=10, out=tmp_path / "run")
    assert time.perf_counter() - began < 10 * 1.1 + 0.5


def test_group_and_time_columns_are_never_seen_by_the_network(tmp_path: Path) -> None:
    frame = made()
    frame["who"] = np.arange(200) // 4
    frame["when"] = pd.date_range("2024-01-01", periods=200).astype(str)
    by_group = glia.fit(frame, target="sick", group="who", epochs=1, out=tmp_path / "g", settings=SMALL)
    assert by_group.result["scores"]["test"]["accuracy"]["n"] < by_group.result["rows"]["test"]
    by_time = glia.fit(frame, target="sick", time="when", epochs=1, out=tmp_path / "t", settings=SMALL)
    assert "when" not in by_time.schema.columns
    assert "time" in by_time.result["reasons"]["split"]
