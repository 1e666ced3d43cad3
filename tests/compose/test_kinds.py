"""Pictures, texts, series and sounds go the same way as tables: fitted, judged, sealed, opened and asked again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import glia
from glia.core.errors import DataError, UsageError
from glia.verbs.adapt import adapt

QUICK = {"judge.yardsticks": "false", "plan.threads": 1}


def squares(rows: int = 160, seed: int = 0) -> dict[str, np.ndarray]:
    """Return bright or dark squares on noise, 12 x 12, with their label and a number beside them."""
    draw = np.random.default_rng(seed)
    bright = draw.integers(0, 2, rows)
    pictures = draw.integers(90, 120, (rows, 12, 12)).astype(np.uint8)
    pictures[:, 3:9, 3:9] = np.where(bright == 1, 230, 20)[:, None, None]
    return {
        "image": pictures,
        "label": np.array(["dark", "bright"], dtype=object)[bright],
        "size": draw.normal(size=rows),
    }


def waves(steps: int = 400) -> dict[str, Any]:
    when = np.datetime64("2020-01-01") + np.arange(steps).astype("timedelta64[h]")
    return {"when": when.astype("datetime64[us]"), "load": np.sin(np.arange(steps) * 2 * np.pi / 24) + 5}


@pytest.mark.parametrize("net", ["cnn", "resnet", "vit", "multimodal"])
def test_a_column_of_pictures_is_classified_beside_a_number(tmp_path: Path, net: str) -> None:
    words = {"net": net, "epochs": 6, "out": tmp_path / "run", "settings": {**QUICK, "train.batch_size": 16}}
    bundle = glia.fit(squares(), target="label", **words)
    assert bundle.result["scores"]["test"]["accuracy"]["value"] > 0.8
    again = glia.load(tmp_path / "run").predict(squares(8, seed=1))
    assert set(again) == {"prediction", "probability_bright", "probability_dark"}
    assert [one["kind"] for one in bundle.result["columns"]] == ["image", "category", "number"]


def test_pictures_are_set_beside_their_own_yardsticks_and_shown_in_the_report(tmp_path: Path) -> None:
    found = squares()
    found["label"][::7] = "dark"  # some labels are wrong, so that there are mistakes to show
    bundle = glia.fit(found, target="label", net="lenet", epochs=2, out=tmp_path / "run", settings={"plan.threads": 1})
    assert {"constant", "pixels", "nearest"} <= set(bundle.result["yardsticks"])
    page = (tmp_path / "run" / "bundle" / "report.html").read_text("utf-8")
    assert "data:image/png;base64," in page
    assert "worst mistakes" in page


def test_pictures_are_given_back(tmp_path: Path) -> None:
    bundle = glia.fit({"image": squares()["image"]}, task="reconstruct", epochs=3, out=tmp_path / "run", settings=QUICK)
    assert bundle.result["scores"]["test"]["psnr"]["value"] > 5
    assert {"embed", "predict", "score"} <= set(bundle.offers)


def test_cleaning_is_judged_on_noisy_pictures_beside_leaving_them_alone(tmp_path: Path) -> None:
    rows = {"image": squares(240)["image"]}
    words = {
        "task": "reconstruct",
        "epochs": 12,
        "settings": {"plan.threads": 1, "objective.noise": 0.2, "net.width": 6},
    }
    result = glia.fit(rows, out=tmp_path / "run", **words).result
    assert result["net"] == "unet"
    left = result["yardsticks"]["as_it_is"]["psnr"]["value"]
    assert 13.5 < left < 15.5, "a fifth of full brightness is 14 dB below it"
    assert result["scores"]["test"]["psnr"]["value"] > left + 3
    words["settings"] = {"plan.threads": 1}
    plain = glia.fit(rows, out=tmp_path / "plain", **words | {"epochs": 1}).result
    assert plain["net"] == "autoencoder"
    assert set(plain["yardsticks"]) == set(result["yardsticks"]) - {"as_it_is"}
    assert plain["yardsticks"]["pca_error"]["psnr"]["value"] > result["yardsticks"]["pca_error"]["psnr"]["value"] + 1


def test_strange_pictures_are_told_from_ordinary_ones(tmp_path: Path) -> None:
    ordinary = squares(200)["image"]
    strange = np.concatenate([ordinary[:20], np.random.default_rng(1).integers(0, 255, (20, 12, 12)).astype(np.uint8)])
    test = {"image": strange, "odd": np.repeat([0, 1], 20)}
    train = {"image": ordinary, "odd": np.zeros(200, int)}
    words = {"task": "anomaly", "target": "odd", "test": test, "epochs": 20, "out": tmp_path / "run"}
    bundle = glia.fit(train, settings=QUICK, **words)
    assert bundle.result["scores"]["test"]["roc_auc"]["value"] > 0.95
    assert set(bundle.predict({"image": strange})) == {"prediction", "score"}


def test_series_are_forecast_and_the_bundle_says_what_comes_next(tmp_path: Path) -> None:
    words = {"task": "forecast", "time": "when", "horizon": 12, "lookback": 48, "epochs": 60, "out": tmp_path / "run"}
    bundle = glia.fit(waves(), settings={"plan.threads": 1}, **words)
    assert bundle.result["scores"]["test"]["mse_scaled"]["value"] < 0.5
    assert {"seasonal_naive", "ridge_window"} <= set(bundle.result["yardsticks"])
    after = glia.load(tmp_path / "run").predict(waves(200))
    assert len(after["prediction"]) == 12
    assert after["time"][0] == np.datetime64("2020-01-09T08:00")
    assert set(bundle.evaluate(waves(300))["scores"]) == set(bundle.result["scores"]["test"])


def test_a_text_is_learned_and_goes_on(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("the cat sat on the mat.\nthe dog lay under the tree, and slept.\n" * 300, "utf-8")
    words = {"task": "generate", "lookback": 16, "out": tmp_path / "run"}
    small = {**QUICK, "net.width": 16, "net.depth": 1, "net.heads": 2, "train.steps": 200}
    bundle = glia.fit(corpus, settings=small, **words)
    assert bundle.result["scores"]["test"]["bits_per_character"]["value"] < 3


def test_long_texts_are_classified(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    mood = draw.integers(0, 2, 200)
    words = [["awful", "dull", "boring"], ["lovely", "bright", "charming"]]
    days = ["monday", "tuesday", "friday", "sunday"]
    text = [
        f"film {draw.integers(100)} was a {draw.choice(words[one])} thing to sit through on a rainy {draw.choice(days)}"
        for one in mood
    ]
    table = {"review": np.array(text, dtype=object), "mood": np.array(["bad", "good"], dtype=object)[mood]}
    for net, epochs in (("bag", 6), ("textcnn", 6), ("gru", 20)):
        bundle = glia.fit(table, target="mood", net=net, epochs=epochs, out=tmp_path / net, settings=QUICK)
        assert bundle.result["scores"]["test"]["accuracy"]["value"] > 0.9, net


def test_what_was_learned_is_taken_elsewhere_and_set_beside_nothing(tmp_path: Path) -> None:
    glia.fit(squares(), target="label", net="cnn", epochs=4, out=tmp_path / "first", settings=QUICK)
    few = squares(60, seed=5)
    for tune in ("head", "thaw", "lora", "all"):
        bundle = adapt(tmp_path / "first", few, "label", tune=tune, epochs=2, out=tmp_path / tune)
        assert "from_nothing" in bundle.result["yardsticks"]
        assert bundle.result["net"] == "cnn"
        assert set(bundle.module.state_dict()) == set(glia.load(tmp_path / "first").module.state_dict())
    with pytest.raises(UsageError, match="name and shape"):
        adapt(tmp_path / "first", few, "label", epochs=1, settings=["net.name=lenet"], out=tmp_path / "other")


def test_files_that_cannot_be_read_stop_the_run_unless_somebody_said_how_many_may(tmp_path: Path) -> None:
    from PIL import Image

    found = squares(40)
    for row, (picture, label) in enumerate(zip(found["image"], found["label"], strict=True)):
        (tmp_path / "photos" / label).mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(tmp_path / "photos" / label / f"{row}.png")
    (tmp_path / "photos" / "dark" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nno")
    words = {"net": "lenet", "epochs": 1, "settings": QUICK}
    with pytest.raises(DataError, match=r"broken\.png.*--skip-bad"):
        glia.fit(tmp_path / "photos", out=tmp_path / "run", **words)
    bundle = glia.fit(tmp_path / "photos", skip_bad=1, out=tmp_path / "other", **words)
    (left,) = [one for one in bundle.result["findings"] if one["code"] == "bad_files"]
    assert left["evidence"]["files"] == [str(tmp_path / "photos" / "dark" / "broken.png")]
    assert "broken.png" in (bundle.folder / "report.html").read_text()


def test_a_mask_that_does_not_cover_its_picture_is_named_and_can_be_left_out(tmp_path: Path) -> None:
    from PIL import Image

    draw = np.random.default_rng(0)
    for folder in ("pictures", "masks"):
        (tmp_path / "both" / folder).mkdir(parents=True)
    for row in range(24):
        mask = (draw.random((16, 16)) > 0.5).astype(np.uint8)
        Image.fromarray(mask * 200).save(tmp_path / "both" / "pictures" / f"{row}.png")
        Image.fromarray(mask if row != 7 else mask[:8]).save(tmp_path / "both" / "masks" / f"{row}.png")
    settings = {"net.width": 4, "net.depth": 1, "judge.yardsticks": "false"}
    with pytest.raises(DataError, match=r"masks.7\.png.*16 x 8 pixels, its picture 16 x 16.*--skip-bad 1"):
        glia.fit(tmp_path / "both", epochs=1, settings=settings, out=tmp_path / "run")
    bundle = glia.fit(tmp_path / "both", epochs=1, settings=settings, skip_bad=1, out=tmp_path / "other")
    assert sum(bundle.result["rows"][part] for part in ("train", "valid", "test")) == 23


def people(rows: int = 160, seed: int = 0) -> dict[str, np.ndarray]:
    """Return sentences in which a capital letter, or a word before it, tells persons and places apart."""
    draw = np.random.default_rng(seed)
    texts, tags = [], []
    for _ in range(rows):
        name, place = draw.choice(["Anna", "Paul", "Olga", "Ines"]), draw.choice(["Rome", "Oslo", "Lima"])
        some = [("yesterday", "O")] * int(draw.integers(0, 4))
        more = [("met", "O"), (name, "B-PER"), ("Stone", "I-PER"), ("in", "O"), (place, "B-LOC")]
        stone = [("a", "O"), ("Stone", "O")] if draw.random() < 0.5 else []
        words = [*some, *stone, *more]
        texts.append(" ".join(word for word, _ in words))
        tags.append(" ".join(tag for _, tag in words))
    return {"text": np.array(texts, dtype=object), "tags": np.array(tags, dtype=object)}


@pytest.mark.parametrize("net", ["lstm", "gru", "rnn", "transformer"])
def test_every_word_gets_its_label(tmp_path: Path, net: str) -> None:
    words = {"task": "tag", "target": "tags", "net": net, "epochs": 6, "out": tmp_path / "run"}
    small = {"plan.threads": 1, "train.batch_size": 16, "train.lr": 0.01 if net != "transformer" else 0.003}
    bundle = glia.fit(people(), settings=small, **words)
    scores = bundle.result["scores"]["test"]
    assert set(scores) == {"token_accuracy", "token_f1", "entity_f1"}
    assert scores["entity_f1"]["value"] > 0.95
    assert bundle.result["yardsticks"]["usual_tag"]["entity_f1"]["value"] < 0.95
    assert "each is asked for its label" in bundle.result["columns"][0]["reason"]
    again = glia.load(tmp_path / "run")
    said = again.predict({"text": ["met Anna Stone in Rome", "a Stone", "yesterday met Hugo Stone in Bonn"]})
    assert [len(text.split()) for text in said["prediction"]] == [5, 2, 6]
    assert said["prediction"][:2].tolist() == ["O B-PER I-PER O B-LOC", "O O"]
    assert set(again.evaluate(people(20, seed=1))["scores"]) == set(scores)


def test_labels_of_words_are_refused_by_a_network_that_answers_for_the_whole_text(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="lstm, gru, rnn or transformer"):
        glia.fit(people(), task="tag", target="tags", net="bag", epochs=1, out=tmp_path / "run", settings=QUICK)


def test_a_file_with_a_word_a_line_goes_the_whole_way(tmp_path: Path) -> None:
    found = people(600)
    texts = [zip(text.split(), tags.split(), strict=True) for text, tags in zip(*found.values(), strict=True)]
    lines = ["\n".join(f"{word} {tag}" for word, tag in text) for text in texts]
    lines.append("\n".join(["yesterday O"] * 30))  # in a slice of its own, longer than the others
    (tmp_path / "people.conll").write_text("\n\n".join(lines) + "\n", "utf-8")
    words = {"target": "tags", "epochs": 1, "out": tmp_path / "run", "settings": {"plan.threads": 1}}
    bundle = glia.fit(tmp_path / "people.conll", task="tag", **words)
    assert bundle.result["net"] == "lstm"
    assert (tmp_path / "run" / "bundle" / "report.html").exists()
    said = bundle.predict(tmp_path / "people.conll")["prediction"]
    assert len(said) == 601
    assert len(said[-1].split()) == 30


def test_short_sentences_are_translated(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    words = {"ein": "a", "der": "the", "Hund": "dog", "Vogel": "bird", "schläft": "sleeps", "singt": "sings"}
    german = [" ".join(draw.choice(some) for some in np.array(list(words)).reshape(3, 2)) for _ in range(120)]
    english = [" ".join(words[word] for word in text.split()) for text in german]
    table = {"de": np.array(german, dtype=object), "en": np.array(english, dtype=object)}
    small = {**QUICK, "net.width": 32, "net.depth": 1, "net.heads": 2, "train.batch_size": 16, "train.lr": 0.01}
    bundle = glia.fit(table, task="translate", target="en", epochs=40, out=tmp_path / "run", settings=small)
    assert [one["kind"] for one in bundle.result["columns"]] == ["prose", "prose"]
    assert bundle.result["scores"]["test"]["chrf"]["value"] > 50
