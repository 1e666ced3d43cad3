"""Files of labeled words, a word a line."""

from __future__ import annotations

from pathlib import Path

import pytest

from glia.core.errors import DataError
from glia.sources import read


def test_a_word_a_line_becomes_a_text_a_row(tmp_path: Path) -> None:
    file = tmp_path / "ner.conll"
    file.write_text("-DOCSTART- -X- O\n\nEU NNP B-ORG\nrejects VBZ O\n\n\nPeter NNP B-PER\n# SYM O\n", "utf-8")
    table = read(file)
    assert list(table) == ["text", "tags"]
    assert table["text"].values.tolist() == ["EU rejects", "Peter #"]
    assert table["tags"].values.tolist() == ["B-ORG O", "B-PER O"]


def test_conll_u_gives_words_and_parts_of_speech(tmp_path: Path) -> None:
    rest = "\t_\t_\t_\t_\t_\t_"
    lines = ["# text = zum See", f"1-2\tzum\t_\t_{rest}", f"1\tzu\tzu\tADP{rest}", f"2\tdem\tder\tDET{rest}"]
    (tmp_path / "a.conllu").write_text("\n".join([*lines, f"3\tSee\tSee\tNOUN{rest}", ""]), "utf-8")
    table = read(tmp_path / "a.conllu")
    assert table["text"].values.tolist() == ["zu dem See"]
    assert table["tags"].values.tolist() == ["ADP DET NOUN"]


@pytest.mark.parametrize("lines", ["EU B-ORG\nrejects\n", "EU B-ORG\nrejects VBZ O\n"])
def test_a_line_with_other_fields_is_named(tmp_path: Path, lines: str) -> None:
    (tmp_path / "bad.bio").write_text(lines, "utf-8")
    with pytest.raises(DataError) as error:
        read(tmp_path / "bad.bio")
    assert (error.value.code, error.value.line) == ("ragged_rows", 2)
