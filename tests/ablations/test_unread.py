"""Which corpus reads which setting of the data, against how text is prepared."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from ablations.cells import cells
from ablations.grid import read_grid
from ablations.unread import PROBES, READ_BY, TEXT, reads
from components.catalogue import read_catalogue
from components.errors import UserError
from pipelines.cell import Data
from pipelines.prepare import request
from pipelines.probes import TASKS
from tests.ablations.broken_grids import extra, grid

CATALOGUE = read_catalogue()

CORPORA = get_args(get_type_hints(Data)["corpus"])
OTHER: dict[str, Any] = {
    "path": "elsewhere",
    "name": "a/b",
    "config": "c",
    "text_field": "body",
    "documents": "line",
    "tokenizer": "bpe",
    "vocabulary": 512,
    "validation_tokens": 128,
    "probe_length": 40,
    "probe_items": 3,
    "probe_symbols": 16,
    "probe_documents": 64,
}
"""Another value of each field than the default."""


def test_every_field_and_every_corpus_is_in_the_table() -> None:
    assert list(READ_BY) == [each.name for each in fields(Data)]
    assert (*TEXT, *PROBES) == CORPORA
    assert set(PROBES) == set(TASKS)


@pytest.mark.parametrize("corpus", [each for each in CORPORA if each not in ("files", "hub")])
@pytest.mark.parametrize("field", OTHER)
def test_a_field_is_read_exactly_if_other_text_is_asked_for_with_it(
    corpus: Any, field: str
) -> None:
    data = Data(
        corpus, tokenizer="bpe" if corpus == "embedded" and field != "tokenizer" else "byte"
    )
    changed = replace(data, **{field: OTHER[field]})
    assert reads(data, field) == (request(changed) != request(data))


def test_a_preset_may_say_what_its_own_corpus_reads(tmp_path: Path) -> None:
    path = tmp_path / "question.yaml"
    path.write_text(grid(), encoding="utf-8")
    overrides = ["preset=pythia-14m", "set.data.corpus=embedded"]
    found = read_grid(str(path), overrides, CATALOGUE)
    assert cells(found, CATALOGUE)[0].data.name == "Salesforce/wikitext"


def test_what_one_variant_reads_may_stand_for_all(tmp_path: Path) -> None:
    path = tmp_path / "question.yaml"
    text = "question: Q\nset: {data.path: text}\nbaseline: {data.corpus: embedded}\n"
    path.write_text(f"{text}axes: {{data.corpus: [embedded, files]}}\n", encoding="utf-8")
    assert len(cells(read_grid(str(path), ["seeds=1"], CATALOGUE), CATALOGUE)) == 2


def test_where_the_command_line_chooses_the_corpus_the_file_speaks_of_its_own(
    tmp_path: Path,
) -> None:
    path = tmp_path / "question.yaml"
    path.write_text(extra("set: {data.corpus: files, data.path: a}"), encoding="utf-8")
    found = read_grid(str(path), ["set.data.corpus=recall"], CATALOGUE)
    assert cells(found, CATALOGUE)[0].data.path == "a"
    with pytest.raises(UserError, match=r"the corpus recall does not read data\.path"):
        read_grid(str(path), ["set.data.corpus=recall", "set.data.path=b"], CATALOGUE)


def test_what_is_null_is_not_said(tmp_path: Path) -> None:
    path = tmp_path / "question.yaml"
    path.write_text(extra("set: {data.path: null}"), encoding="utf-8")
    assert read_grid(str(path), (), CATALOGUE).warnings == ()


def test_a_vocabulary_is_read_where_it_is_trained(tmp_path: Path) -> None:
    path = tmp_path / "question.yaml"
    path.write_text(extra("set: {data.tokenizer: bpe, data.vocabulary: 512}"), encoding="utf-8")
    assert cells(read_grid(str(path), (), CATALOGUE), CATALOGUE)[0].data.vocabulary == 512
