"""The report: one file that needs nothing, runs nothing, and says the verdict first."""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64encode
from html.parser import HTMLParser

import pytest
from tests.report.report_samples import classified, regressed

from glia.report.draw_dots import shared_scale
from glia.report.limits import limits
from glia.report.markup import Html, tag
from glia.report.page import render, snippet
from glia.report.scale import fitting, tick_text
from glia.report.section_verdict import mood

VOID = {"meta", "br", "hr", "col"}
EVIL = "</style></title><script>alert('x')</script><img src=x onerror=alert(1)>\"'&\x00\u202e\udcff"


class Reader(HTMLParser):
    """Notes every element and complains about what is not closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, name, attributes):
        self.seen.append((name, dict(attributes)))
        if name not in VOID:
            self.open.append(name)

    def handle_endtag(self, name):
        assert self.open.pop() == name

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.text += data


def page(sample) -> str:
    return render(sample.pop("result"), **sample)


@pytest.mark.parametrize("sample", [classified, regressed])
def test_a_report_is_well_formed_and_small(sample):
    text = page(sample())
    Reader(text)
    assert len(text.encode()) < 300_000


@pytest.mark.parametrize("sample", [classified, regressed])
def test_a_report_fetches_and_runs_nothing(sample):
    text = page(sample())
    for name, attributes in Reader(text).seen:
        assert name not in ("script", "link", "img", "iframe", "object", "form", "a", "image", "use"), name
        for key in attributes:
            assert not key.startswith("on"), key
            assert key not in ("src", "href", "xlink:href", "style", "action"), key
    assert "url(" not in text
    assert "@import" not in text


def test_the_policy_knows_the_one_style_sheet_by_its_hash():
    text = page(classified())
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL).group(1)
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    meta = [attributes for name, attributes in Reader(text).seen if name == "meta"]
    (policy,) = [one["content"] for one in meta if "http-equiv" in one]
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'")


def test_the_verdict_comes_first_and_everything_else_has_its_place():
    text = page(classified())
    sections = ["verdict", "scores", "errors", "training", "data", "making", "reproduce", "limits"]
    places = [text.index(f'id="{name}"') for name in sections]
    assert places == sorted(places)
    said = Reader(text).text
    for words in (
        "cannot be told apart",
        "0.873",
        "0.868 to 0.878",
        "hist gradient boosting",
        "24 rows occur twice",
        "every row has its own value",
        "glia fit data/adult.csv --target income",
        "have been looked at 3 times",
        "Class unsure has 12 test rows",
        "weights kept (step 3,900)",
    ):
        assert words in said, words


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [
        (0.1, 0.2, "better"),
        (-0.2, -0.1, "worse"),
        (-0.1, 0.1, "open"),
        (0, 0.1, "open"),
        (None, None, "open"),
    ],
)
def test_the_verdict_is_colored_by_where_the_interval_lies(low, high, wanted):
    assert mood({"verdict": {"low": low, "high": high}}) == wanted


@pytest.mark.parametrize("key", list(classified()["result"]))
def test_a_missing_key_leaves_its_part_out(key):
    sample = classified()
    del sample["result"][key]
    Reader(page(sample))


@pytest.mark.parametrize("key", ["curves", "history", "columns", "recipe"])
def test_a_missing_document_leaves_its_section_out(key):
    sample = classified()
    del sample[key]
    Reader(page(sample))


def test_nothing_at_all_is_a_page_too():
    Reader(render({}))
    Reader(render({"verdict": None, "scores": {}, "rows": {}, "plan": {}}))
    Reader(snippet({}))


def poisoned(value):
    """Return a document with every text replaced by something hostile."""
    if isinstance(value, dict):
        return {key: poisoned(one) for key, one in value.items()}
    if isinstance(value, list):
        return [poisoned(one) for one in value]
    return EVIL if isinstance(value, str) else value


def test_files_that_were_left_out_are_all_named_whole():
    sample = classified()
    files = [f"{'a/long/way/' * 8}{number}.png" for number in range(30)]
    finding = {
        "code": "bad_files",
        "severity": "warning",
        "text": "30 files cannot be read",
        "evidence": {"files": files},
    }
    sample["result"]["findings"].append(finding)
    text = Reader(page(sample)).text
    assert all(file in text for file in files)


def test_hostile_texts_stay_texts():
    sample = poisoned(classified())
    result = sample.pop("result")
    result["yardsticks"] = {EVIL: result["yardsticks"]["linear"]}
    result["scores"]["test"] |= {EVIL: {"value": 1.0, "low": 0.0, "high": 2.0, "n": 3}}
    result["rows"] |= {EVIL: 10}
    result["plan"] |= {EVIL: EVIL}
    for one in result["findings"]:
        one["evidence"] = {EVIL: {EVIL: [EVIL]}}
    for text in (render(result, **sample), snippet(result)):
        names = {name for name, _ in Reader(text).seen}
        assert "script" not in names
        assert "img" not in names
        assert "\x00" not in text
        assert "\u202e" not in text
        assert text.encode()


@pytest.mark.parametrize("value", [None, float("inf"), 1e300, -1e300, 0, 5e-324, True, "text"])
def test_any_number_can_be_drawn(value):
    sample = classified()
    for score in (
        sample["result"]["scores"]["test"]["accuracy"],
        sample["result"]["yardsticks"]["linear"]["accuracy"],
    ):
        score.update(value=value, low=value, high=value)
    sample["history"] = [{"step": i, "loss": value, "lr": 1, "valid": {"loss": value}} for i in range(3)]
    sample["curves"]["observed"] = sample["curves"]["predicted"] = [value] * 3
    sample["curves"]["reliability"]["stated"][0] = value
    Reader(page(sample))


def test_ten_thousand_classes_and_columns_stay_readable():
    sample = classified()
    names = [f"class {i}" for i in range(10_000)]
    sample["curves"]["per_class"] = [{"class": n, "precision": 0.5, "recall": 0.5, "f1": 0.5, "n": 3} for n in names]
    sample["curves"]["confusion"] = {"classes": names[:400], "counts": [[1] * 400] * 400}
    sample["columns"] = [{"name": n, "kind": "number", "role": "input", "reason": "r" * 50} for n in names]
    sample["history"] = sample["history"][:-1] * 400
    text = page(sample)
    Reader(text)
    assert len(text.encode()) < 300_000


def test_a_reading_that_is_no_number_is_a_gap_and_is_told():
    sample = classified()
    assert "no finite numbers: 1" in page(sample)
    history = [{"step": i, "loss": None if i == 5 else 1.0 / (i + 1)} for i in range(10)]
    text = render(classified()["result"], history=history)
    assert text.count("<polyline") == 2


def test_markup_is_never_made_by_text():
    assert tag("p", "<b>", Html("<i></i>"), None, ["&"]) == "<p>&lt;b&gt;<i></i>&amp;</p>"
    assert tag("p", title='"><script>', hidden=True, lang=None) == '<p title="&quot;&gt;&lt;script&gt;" hidden></p>'


@pytest.mark.parametrize("values", [[0, 1], [0.8716, 0.8741], [5, 5], [-3, 8], [1e6, 3e6], [1e-9, 2e-9], [0], []])
def test_ticks_are_round_and_hold_everything(values):
    scale = fitting(values)
    assert all(scale.low <= value <= scale.high for value in values)
    assert 2 <= len(scale.ticks) <= 9
    labels = [tick_text(tick, scale) for tick in scale.ticks]
    assert len(set(labels)) == len(labels)


def test_an_axis_of_shares_ends_at_one():
    scale = shared_scale([{"value": 0.95, "low": 0.5, "high": 0.99}])
    assert scale.high == 1
    assert scale.ticks[-1] == 1
    assert shared_scale([{"value": 1.5, "low": 0.5, "high": 2}]).high >= 2


def test_limits_are_made_of_the_results_own_numbers():
    said = " ".join(limits({"rows": {"test": 40}, "split": {"unit": "patient"}, "test_opened": 7}, {}))
    assert "40 test rows" in said
    assert "values of patient never seen" in said
    assert "7 times" in said


def test_the_same_run_gives_the_same_page():
    assert page(classified()) == page(json.loads(json.dumps(classified())))
