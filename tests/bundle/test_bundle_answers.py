"""What a bundle answers: the same as the network it was made of, everywhere."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from tests.bundle.bundle_making import READOUTS, TARGETS, columns, made, table

from glia.bundle import bundle as room
from glia.bundle.bundle import load
from glia.core.errors import DataError, UsageError
from glia.core.net import Net
from glia.core.values import Batch
from glia.nets import nets
from glia.nets.blocks.foreign import Foreign
from glia.nets.blocks.inputs import flat_width
from glia.objectives import objectives

OBJECTIVES = ["classify", "multilabel", "regress"]


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_bundle_answers_bit_for_bit_as_the_network_it_was_made_of(tmp_path, objective):
    folder, network = made(tmp_path / "bundle", objective)
    bundle = load(folder)
    raw = table(objective)
    batch = Batch.of(bundle.schema.encode(raw))
    call = objectives.get(objective)().offers()["predict"].call
    with torch.inference_mode():
        wanted = call({"net": network.eval()}, batch).numpy()
    wanted = bundle.schema.decode(wanted) if objective == "regress" else wanted
    np.testing.assert_array_equal(bundle.outputs(raw), wanted)
    assert {"readout": objective, **bundle.readout.state()} == {**bundle.readout.state(), **READOUTS[objective]}


@pytest.mark.parametrize("net", [name for name in nets.names() if nets.get(name).takes == Net.takes])
def test_every_network_of_tables_survives_the_round_trip(tmp_path, net):
    folder, network = made(tmp_path / "bundle", net=net)
    found = load(folder).module.state_dict()
    for name, value in network.state_dict().items():
        assert torch.equal(found[name], value), name


def test_opening_a_bundle_draws_no_random_number(tmp_path):
    folder, _ = made(tmp_path / "bundle")
    torch.manual_seed(3)
    wanted = torch.rand(1)
    torch.manual_seed(3)
    load(folder)
    assert torch.equal(torch.rand(1), wanted)


def test_predictions_agree_across_processes_threads_and_batch_sizes(tmp_path, monkeypatch):
    folder, _ = made(tmp_path / "bundle", net="tabm")
    bundle = load(folder)
    wanted = bundle.answer(table("classify")).probability
    monkeypatch.setattr(room, "ROWS_AT_ONCE", 7)
    np.testing.assert_allclose(bundle.answer(table("classify")).probability, wanted, rtol=0, atol=1e-5)
    program = textwrap.dedent(
        f"""
        import sys, json, torch
        sys.path.insert(0, {str(__file__).rsplit("/", 1)[0]!r})
        torch.set_num_threads(2)
        from bundle_making import table
        from glia.bundle.bundle import load
        print(json.dumps(load({str(folder)!r}).answer(table("classify")).probability.tolist()))
        """
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    np.testing.assert_allclose(np.array(json.loads(said)), wanted, rtol=0, atol=1e-5)


def test_the_callers_autocast_and_mode_change_nothing(tmp_path):
    bundle = load(made(tmp_path / "bundle")[0])
    wanted = bundle.outputs(table("classify"))
    bundle.module.train()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        np.testing.assert_array_equal(bundle.outputs(table("classify")), wanted)


def test_what_comes_in_as_a_frame_goes_out_as_one(tmp_path):
    bundle = load(made(tmp_path / "bundle")[0])
    rows = columns()
    frame = pd.DataFrame(rows, index=[f"r{i}" for i in range(60)])
    out = bundle.predict(frame)
    assert list(out) == ["prediction", "probability_<script>alert(1)</script>", "probability_no"]
    assert list(out.index) == list(frame.index)
    other = bundle.predict(pl.DataFrame({name: values.tolist() for name, values in rows.items()}))
    assert isinstance(other, pl.DataFrame)
    assert other["prediction"].to_list() == out["prediction"].tolist()
    assert bundle.predict(pl.DataFrame(rows).lazy()).equals(other)
    plain = bundle.predict(rows)
    assert isinstance(plain, dict)
    assert plain["prediction"].tolist() == out["prediction"].tolist()


def test_a_file_is_answered_row_by_row(tmp_path):
    bundle = load(made(tmp_path / "bundle")[0])
    pd.DataFrame(columns()).to_csv(tmp_path / "rows.csv", index=False)
    answers = bundle.predict(tmp_path / "rows.csv")
    np.testing.assert_allclose(
        answers["probability_no"], bundle.predict(columns())["probability_no"], rtol=0, atol=1e-5
    )


def test_numbers_come_with_intervals_in_the_units_of_the_table(tmp_path):
    bundle = load(made(tmp_path / "bundle", "regress")[0])
    out = bundle.predict(pd.DataFrame(columns()))
    assert list(out) == ["prediction", "low", "high"]
    assert 50_000 < out["prediction"].mean() < 350_000
    np.testing.assert_allclose(out["high"] - out["low"], 5.0)


def test_labels_that_are_independent_have_columns_of_their_own(tmp_path):
    bundle = load(made(tmp_path / "bundle", "multilabel")[0])
    out = bundle.predict(pd.DataFrame(columns()))
    assert list(out) == ["prediction_first", "probability_first", "prediction_second", "probability_second"]
    assert set(out["prediction_first"].unique()) <= {True, False}


def test_no_rows_give_no_answers(tmp_path):
    bundle = load(made(tmp_path / "bundle")[0])
    out, _ = bundle.predicted(table("classify").take(np.arange(0)))
    assert list(out) == ["prediction", "probability_<script>alert(1)</script>", "probability_no"]
    assert not any(map(len, out.values()))


def test_a_missing_column_is_named(tmp_path):
    bundle = load(made(tmp_path / "bundle")[0])
    with pytest.raises(DataError, match="'kind'"):
        bundle.predict(pd.DataFrame(columns()).drop(columns="kind"))


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_an_evaluation_gives_scores_with_intervals(tmp_path, objective):
    bundle = load(made(tmp_path / "bundle", objective)[0])
    found = bundle.evaluate(columns())
    (metric,) = found["scores"]
    assert found["scores"][metric]["low"] <= found["scores"][metric]["value"] <= found["scores"][metric]["high"]
    assert found["scores"][metric]["n"] == found["rows"] == 60
    assert json.dumps(found)


def test_an_evaluation_needs_the_target(tmp_path):
    bundle = load(made(tmp_path / "bundle")[0])
    rows = columns()
    del rows["label"]
    with pytest.raises(DataError, match="'label'"):
        bundle.evaluate(rows)


def test_a_file_without_a_header_has_the_names_of_the_fit(tmp_path):
    names = ["x", "kind", "label"]
    recipe = {"data": {"names": names, "target": ["label"]}}
    bundle = load(made(tmp_path / "bundle", recipe=recipe)[0])
    frame = pd.DataFrame(columns())[names]
    frame.to_csv(tmp_path / "with.csv", header=False, index=False)
    frame[names[:2]].to_csv(tmp_path / "without.csv", header=False, index=False)
    frame.to_csv(tmp_path / "named.csv", index=False)
    wanted = bundle.predict(frame)["prediction"].tolist()
    for file in ("with.csv", "without.csv", "named.csv"):
        assert bundle.predict(tmp_path / file)["prediction"].tolist() == wanted, file


def test_a_bundle_shows_itself_without_scripts(tmp_path):
    bundle = load(made(tmp_path / "bundle")[0])
    html = bundle._repr_html_()
    assert "Cannot tell" in html
    assert "<script" not in html
    assert "mlp" in repr(bundle)
    assert bundle.offers == ("predict",)
    assert bundle.scores["test"]


class Own(torch.nn.Module):
    """A module as a person might bring it."""

    def __init__(self, width: int, out: int = 2) -> None:
        super().__init__()
        self.first = torch.nn.Linear(width, 4)
        self.last = torch.nn.Linear(4, out)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(torch.relu(self.first(x)))


def test_a_module_of_ones_own_is_opened_with_the_module(tmp_path):
    own: list[Own] = []

    def wrapped(role):
        own.append(Own(flat_width(role.inputs)))
        return Foreign(own[0], role.inputs)

    folder, _ = made(tmp_path / "bundle", module=wrapped, foreign=True, net_name="module", net_options={})
    wanted = own[0].state_dict()
    with pytest.raises(UsageError, match="net=module"):
        load(folder)
    other = Own(own[0].first.in_features)
    bundle = load(folder, other)
    assert bundle.module is other
    assert set(other.state_dict()) == {"first.weight", "first.bias", "last.weight", "last.bias"}
    assert all(torch.equal(other.state_dict()[name], value) for name, value in wanted.items())
    assert len(bundle.predict(columns())["prediction"]) == 60
    with pytest.raises(UsageError, match=r"last\.weight"):
        load(folder, Own(own[0].first.in_features, 3))


def test_a_bundle_of_ours_wants_no_module(tmp_path):
    folder, _ = made(tmp_path / "bundle")
    with pytest.raises(UsageError, match="without net="):
        load(folder, Own(2))


def test_targets_are_those_of_the_table():
    assert set(TARGETS) == set(OBJECTIVES)
