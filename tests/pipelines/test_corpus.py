import json
from pathlib import Path

import datasets
import polars as pl
import pytest

from components.errors import UserError
from pipelines.cell import Data
from pipelines.corpus import Corpus, hub_corpus, read_corpus, stamp

WIKITEXT = "\n".join(
    [
        *(" ", " = Lobster = ", " ", " The lobster is = a = crustacean . ", " = 5 = ", " "),
        *(" = = Life = = ", " ", " It lives for @-@ ever . ", " ", " = 6 = ", " It ends . ", " "),
        *(" = Crab = ", " ", " The crab walks . ", ""),
    ]
)


def files(path: Path, **settings) -> Data:
    return Data("files", str(path), **settings)


def read(path: Path, root: Path, **settings) -> list[str]:
    return list(read_corpus(files(path, **settings), root / "data").documents)


def blank(corpus: Corpus) -> int:
    """How many documents are left out, once all are read."""
    for _ in (*corpus.documents, *(corpus.held_out or ())):
        pass
    return corpus.tally.blank


def message(path: Path, root: Path, **settings) -> str:
    with pytest.raises(UserError) as error:
        read(path, root, **settings)
    return str(error.value)


def written(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def rows(path: Path, *values: object) -> Path:
    return written(path, "".join(f"{json.dumps(value)}\n" for value in values))


def test_a_text_file_is_a_document(tmp_path):
    path = written(tmp_path / "a.txt", "One line.\n\nÉ, another.\n")
    assert read(path, tmp_path) == ["One line.\n\nÉ, another.\n"]


def test_every_text_file_of_a_folder_is_a_document(tmp_path):
    for name in ("b.txt", "a.txt", "deep/c.TXT", "what[1]*.txt"):
        written(tmp_path / "texts" / name, f"Text of {name}.")
    written(tmp_path / "texts" / "README.md", "not text to train on")
    written(tmp_path / "texts" / "empty.txt", "")
    found = read(tmp_path / "texts", tmp_path)
    assert found == [f"Text of {n}." for n in ("a.txt", "b.txt", "deep/c.TXT", "what[1]*.txt")]


def test_lines_and_paragraphs_are_documents_where_asked_for(tmp_path):
    path = written(tmp_path / "a.txt", "one\ntwo\n \n\nthree\n")
    assert read(path, tmp_path, documents="line") == ["one", "two", "three"]
    assert read(path, tmp_path, documents="paragraph") == ["one\ntwo", "three\n"]


def test_an_article_begins_at_its_title_alone(tmp_path):
    lobster, crab = read(written(tmp_path / "a.txt", WIKITEXT), tmp_path, documents="wikitext")
    assert lobster.split("\n")[1] == " = Lobster = "
    assert "for @-@ ever" in lobster
    assert crab == " = Crab = \n \n The crab walks . \n"


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_every_row_of_json_lines_is_a_document(tmp_path, name):
    path = rows(tmp_path / name, {"body": "one\ntwo", "n": 1}, {"body": "three", "n": 2})
    assert read(path, tmp_path, text_field="body") == ["one\ntwo", "three"]


def test_a_json_array_is_read_as_rows(tmp_path):
    path = written(tmp_path / "a.json", json.dumps([{"text": "one"}, {"text": "two"}]))
    assert read(path, tmp_path) == ["one", "two"]


def test_every_row_of_parquet_is_a_document(tmp_path):
    pl.DataFrame({"text": ["one", "two"], "n": [1, 2]}).write_parquet(tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet", tmp_path) == ["one", "two"]


def test_files_of_a_folder_may_have_other_fields_beside_the_text(tmp_path):
    rows(tmp_path / "in" / "a.jsonl", {"text": "one", "n": 1})
    rows(tmp_path / "in" / "b.jsonl", {"m": "x", "text": "two"})
    assert read(tmp_path / "in", tmp_path) == ["one", "two"]


def test_rows_can_be_cut_further(tmp_path):
    path = rows(tmp_path / "a.jsonl", {"text": "one\ntwo"}, {"text": "three"})
    assert read(path, tmp_path, documents="line") == ["one", "two", "three"]


def test_rows_that_are_lines_of_articles_are_joined(tmp_path):
    lines = [{"text": line} for line in WIKITEXT.split("\n")]
    path = rows(tmp_path / "a.jsonl", *lines)
    assert len(read(path, tmp_path, documents="wikitext")) == 2


def test_rows_that_are_lines_of_articles_are_no_documents(tmp_path):
    path = rows(tmp_path / "a.jsonl", *({"text": line} for line in WIKITEXT.split("\n")))
    said = message(path, tmp_path)
    assert "a row is not a document" in said
    assert "data.documents=wikitext" in said


@pytest.mark.parametrize("name", ["a.txt", "a.jsonl"])
def test_reading_leaves_nothing_behind(tmp_path, name):
    (tmp_path / "data").mkdir()
    read(written(tmp_path / name, '{"text": "Some text."}'), tmp_path)
    assert list((tmp_path / "data").iterdir()) == []


def test_a_missing_path_is_named_with_where_it_was_looked_for(tmp_path):
    said = message(Path("no/such.txt"), tmp_path)
    assert "there is no such file or folder" in said
    assert "data.path = no/such.txt" in said
    assert f"looked in {Path.cwd()}" in said


def test_files_without_a_path_says_which_setting_is_missing(tmp_path):
    with pytest.raises(UserError, match=r"data\.path = null(?s:.)*data\.path=FILE_OR_FOLDER"):
        read_corpus(Data("files"), tmp_path)


def test_an_unknown_kind_of_file_is_refused_with_the_known_ones(tmp_path):
    said = message(written(tmp_path / "a.pdf", "x"), tmp_path)
    assert "the file is of an unknown kind" in said
    assert ".txt, .jsonl, .json, .parquet" in said


def test_a_folder_without_text_is_refused(tmp_path):
    written(tmp_path / "in" / "a.pdf", "x")
    assert "the folder holds no text" in message(tmp_path / "in", tmp_path)


def test_a_folder_of_several_kinds_is_refused(tmp_path):
    written(tmp_path / "in" / "a.txt", "x")
    rows(tmp_path / "in" / "b.jsonl", {"text": "x"})
    assert "found .jsonl, .txt" in message(tmp_path / "in", tmp_path)


@pytest.mark.parametrize("name", ["a.txt", "a.jsonl", "a.parquet"])
def test_an_empty_file_is_refused(tmp_path, name):
    said = message(written(tmp_path / name, ""), tmp_path)
    assert "the file is empty" in said
    assert f"data.path = {tmp_path / name}" in said


def test_white_space_is_no_text(tmp_path):
    said = message(written(tmp_path / "a.txt", " \n\n\t\n"), tmp_path, documents="line")
    assert "there is no text" in said
    assert str(tmp_path / "a.txt") in said


def test_a_file_in_another_encoding_is_named_with_line_and_byte(tmp_path):
    written(tmp_path / "in" / "a.txt", "fine")
    written(tmp_path / "in" / "b.txt", "first\nsecond é".encode("latin1"))
    said = message(tmp_path / "in", tmp_path)
    assert "the file is not UTF-8 text" in said
    assert f"{tmp_path}/in/b.txt:2" in said
    assert "byte 13 is 0xe9" in said


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.jsonl", "JSON lines"), ("a.json", "JSON lines"), ("a.parquet", "Parquet")],
)
def test_a_damaged_file_is_named(tmp_path, name, kind):
    said = message(written(tmp_path / name, '{"text": "fine"}\n{"text": nu'), tmp_path)
    assert f"the file is not {kind}" in said
    assert f"{tmp_path}/{name}" in said


def test_json_lines_in_another_encoding_are_refused(tmp_path):
    path = written(tmp_path / "a.jsonl", '{"text": "é"}\n'.encode("latin1"))
    said = message(path, tmp_path)
    assert "the file is not UTF-8 text" in said
    assert f"{tmp_path}/a.jsonl:1" in said


def test_a_missing_field_is_named_with_the_fields_there_are(tmp_path):
    path = rows(tmp_path / "a.jsonl", {"body": "one", "title": "x"})
    said = message(path, tmp_path)
    assert f"{tmp_path}/a.jsonl   data.text_field = text" in said
    assert "fields: body, title" in said


@pytest.mark.parametrize("value", [3, ["x"], {"a": "x"}, True])
def test_a_field_that_is_not_text_is_refused(tmp_path, value):
    assert "expected text, found" in message(rows(tmp_path / "a.jsonl", {"text": value}), tmp_path)


def test_a_null_is_named_with_its_row(tmp_path):
    path = rows(tmp_path / "a.jsonl", {"text": "one"}, {"text": None}, {"text": "two"})
    assert "row 2 has null" in message(path, tmp_path)


@pytest.mark.parametrize(
    ("documents", "count"), [("file", 2), ("line", 4), ("paragraph", 2), ("wikitext", 2)]
)
def test_documents_without_text_are_counted(tmp_path, documents, count):
    for name, text in {"a": "one\n\n \ntwo\n", "b": "", "c": " \n"}.items():
        written(tmp_path / "texts" / f"{name}.txt", text)
    assert blank(read_corpus(files(tmp_path / "texts", documents=documents), tmp_path)) == count


def test_rows_without_text_are_counted(tmp_path):
    path = rows(tmp_path / "a.jsonl", {"text": "one"}, {"text": ""}, {"text": " "})
    assert blank(read_corpus(files(path), tmp_path)) == 2


def test_rows_without_text_of_a_dataset_are_counted_in_both_splits():
    splits = {"train": table("a", ""), "validation": table("v", " ")}
    assert blank(hub_corpus(splits, Data("hub", name="some/set"), "mit")) == 2


def test_the_source_says_what_was_read(tmp_path):
    path = written(tmp_path / "a.txt", "One.\nTwo.\n")
    found = read_corpus(files(path, documents="line"), tmp_path)
    assert found.source == f"Text of {path}, every line a document."
    assert found.licence == "not stated"


def test_a_changed_file_changes_the_stamp_and_a_read_one_does_not(tmp_path):
    path = written(tmp_path / "a.txt", "One.")
    before = stamp(files(tmp_path))
    path.read_text(encoding="utf-8")
    assert stamp(files(tmp_path)) == before
    written(path, "One. Two.")
    assert stamp(files(tmp_path)) != before


def table(*texts: str) -> datasets.IterableDataset:
    return datasets.Dataset.from_dict({"text": list(texts)}).to_iterable_dataset()


def test_a_dataset_is_validated_on_its_own_split_and_never_reads_its_test():
    splits = {"test": table("t"), "validation": table("v"), "train": table("a", "b")}
    found = hub_corpus(splits, Data("hub", name="some/set", config="raw"), "mit")
    assert (list(found.documents), list(found.held_out or ())) == (["a", "b"], ["v"])
    assert found.source == (
        "some/set raw of the Hugging Face hub, validated on its own validation split, "
        "every row a document."
    )
    assert found.licence == "mit"


def test_a_dataset_without_a_validation_split_leaves_the_split_to_us():
    assert hub_corpus({"train": table("a")}, Data("hub", name="some/set"), "mit").held_out is None


def test_a_dataset_without_a_train_split_is_refused_with_the_ones_it_has():
    with pytest.raises(UserError, match=r"no train split(?s:.)*data\.name = some/set(?s:.)*test"):
        hub_corpus({"test": table("a")}, Data("hub", name="some/set"), "mit")


def test_wikitext_of_the_hub_gives_articles():
    lines = WIKITEXT.splitlines(keepends=True)
    data = Data("hub", name="Salesforce/wikitext", documents="wikitext")
    found = hub_corpus(
        {"train": table(*("" if line == " \n" else line for line in lines))}, data, ""
    )
    assert len(list(found.documents)) == 2


def divided(folder: Path, kind: str) -> Path:
    """A folder with splits of its own, of one kind of file."""
    for split in ("train", "valid", "test"):
        text = f"Text to {split}.\n\nMore to {split}."
        if kind == "jsonl":
            rows(folder / f"{split}.jsonl", *({"text": part} for part in text.split("\n\n")))
        elif kind == "parquet":
            folder.mkdir(exist_ok=True)
            pl.DataFrame({"text": text.split("\n\n")}).write_parquet(folder / f"{split}.parquet")
        else:
            written(folder / f"wiki.{split}.{kind}", text)
    return folder


@pytest.mark.parametrize("kind", ["txt", "raw", "tokens", "jsonl", "parquet"])
def test_a_folder_is_validated_on_its_own_split_and_its_test_never_read(tmp_path, kind):
    folder = divided(tmp_path / "in", kind)
    found = read_corpus(files(folder, documents="paragraph"), tmp_path)
    assert list(found.documents) == ["Text to train.", "More to train."]
    assert list(found.held_out or ()) == ["Text to valid.", "More to valid."]
    assert found.source == (
        f"Text of {folder}, validated on its own validation split, every paragraph a document."
    )


def test_an_own_validation_split_without_text_is_refused(tmp_path):
    written(tmp_path / "in" / "train.txt", "some")
    written(tmp_path / "in" / "valid.txt", " \n")
    held_out = read_corpus(files(tmp_path / "in"), tmp_path).held_out
    with pytest.raises(UserError, match="there is no text"):
        list(held_out or ())


def test_a_corpus_is_read_as_it_is_asked_for(tmp_path):
    path = written(tmp_path / "a.txt", b"fine\n" * 100_000 + b"\xff")
    found = iter(read_corpus(files(path, documents="line"), tmp_path).documents)
    assert next(found) == "fine"
    with pytest.raises(UserError, match="the file is not UTF-8 text"):
        list(found)
