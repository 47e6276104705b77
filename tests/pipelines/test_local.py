import gzip
from pathlib import Path

import polars as pl
import pytest

from components.errors import UserError
from pipelines.cell import Data
from pipelines.local import find, lines, read, text_files


def written(path: Path, text: str | bytes = "text") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def found(folder: Path, *names: str, **settings):
    """Where the files of a folder went: names to train on, names to validate on."""
    for name in names:
        written(folder / name)
    there = find(Data("files", str(folder), **{"documents": "line", **settings}))
    return tuple(
        files if files is None else [str(file.relative_to(folder)) for file in files]
        for files in (there.train, there.held_out)
    )


def message(path: Path, *names: str, **settings) -> str:
    with pytest.raises(UserError) as error:
        found(path, *names, **settings)
    return str(error.value)


def parts(path: Path, tmp_path: Path, **settings) -> list[str]:
    data = Data("files", str(path), **settings)
    return ["".join(unit) for unit in read(find(data).train, data, tmp_path / "data")]


def test_files_without_a_split_are_all_trained_on(tmp_path):
    assert found(tmp_path, "a.txt", "b/c.txt") == (["a.txt", "b/c.txt"], None)


def test_wikitext_is_found_by_its_names_and_its_test_left_alone(tmp_path):
    names = [f"wiki.{split}.tokens" for split in ("train", "valid", "test")]
    assert found(tmp_path, *names) == (["wiki.train.tokens"], ["wiki.valid.tokens"])


@pytest.mark.parametrize("word", ["validation", "valid", "val", "dev", "VALID"])
def test_a_split_is_named_by_a_word_of_the_file(tmp_path, word):
    names = "train-00000-of-2.jsonl", f"{word}-0.jsonl", "train_1.jsonl"
    train, held_out = found(tmp_path, *names)
    assert held_out == [f"{word}-0.jsonl"]
    assert train == ["train-00000-of-2.jsonl", "train_1.jsonl"]


def test_a_split_is_named_by_a_folder_unless_the_file_names_one(tmp_path):
    assert found(tmp_path, "train/a.txt", "dev/a.txt", "dev/deep/b.txt", "dev/train.txt") == (
        ["dev/train.txt", "train/a.txt"],
        ["dev/a.txt", "dev/deep/b.txt"],
    )


def test_a_test_split_is_not_trained_on(tmp_path):
    assert found(tmp_path, "train.txt", "test.txt") == (["train.txt"], None)


@pytest.mark.parametrize("names", [("train.txt", "a.txt"), ("dev.txt", "test.txt", "a.txt")])
def test_one_word_alone_divides_nothing(tmp_path, names):
    assert found(tmp_path, *names) == (sorted(names), None)


def test_a_part_of_a_word_names_no_split(tmp_path):
    assert found(tmp_path, "training.txt", "developer.txt", "validity.txt")[1] is None


def test_the_folder_that_is_given_names_no_split(tmp_path):
    assert found(tmp_path / "train", "a.txt", "test.txt")[0] == ["a.txt", "test.txt"]


def test_a_file_of_a_divided_folder_without_a_split_is_named(tmp_path):
    said = message(tmp_path, "train.txt", "valid.txt", "notes.txt")
    assert "only some files of the folder name a split" in said
    assert "train.txt is of the train split, but notes.txt names none" in said
    assert "train, validation, valid, val, dev, test" in said


@pytest.mark.parametrize("name", ["wiki.train.raw", "wiki.train.tokens"])
def test_a_file_of_wikitext_is_not_a_document(tmp_path, name):
    assert "set.data.documents=wikitext" in message(tmp_path, name, documents="file")


def test_photographs_and_token_files_are_no_text(tmp_path):
    assert "the folder holds no text" in message(tmp_path, "photo.raw", "train.tokens")


def test_one_file_of_a_divided_folder_is_read_alone(tmp_path):
    path = written(tmp_path / "wiki.valid.raw", "a\nb")
    written(tmp_path / "wiki.train.raw")
    assert parts(path, tmp_path, documents="line") == ["a\nb"]


def test_an_empty_validation_split_is_named(tmp_path):
    written(tmp_path / "valid.txt", "")
    with pytest.raises(UserError, match=r"every text file is empty(?s:.)*valid.txt"):
        find(Data("files", str(written(tmp_path / "train.txt").parent)))


def test_empty_files_are_counted(tmp_path):
    for name in "abc":
        written(tmp_path / f"{name}.txt", "" if name == "b" else "text")
    assert find(Data("files", str(tmp_path))).empty == 1


@pytest.mark.parametrize("name", ["a.txt.gz", "wiki.train.raw.gz"])
def test_compressed_text_is_read(tmp_path, name):
    path = written(tmp_path / name, gzip.compress("é\r\nb".encode()))
    assert parts(path, tmp_path, documents="line") == ["é\nb"]


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.json.gz"])
def test_compressed_json_lines_are_read(tmp_path, name):
    path = written(tmp_path / name, gzip.compress(b'{"text": "one"}\n{"text": "two"}\n'))
    assert parts(path, tmp_path) == ["one", "two"]


@pytest.mark.parametrize("name", ["a.txt.gz", "a.jsonl.gz"])
@pytest.mark.parametrize("content", [b"no gzip", gzip.compress(b'{"text": "x"}\n' * 9999)[:-30]])
def test_a_damaged_compressed_file_is_named(tmp_path, name, content):
    path = written(tmp_path / name, content)
    with pytest.raises(UserError, match=rf"not gzip, or was cut short\n  {path}"):
        parts(path, tmp_path)


def test_compressed_text_in_another_encoding_is_named_with_line_and_byte(tmp_path):
    path = written(tmp_path / "a.txt.gz", gzip.compress(b"one\n\xe9"))
    with pytest.raises(UserError, match=rf"not UTF-8 text\n  {path}:2\n  byte 4 is 0xe9"):
        parts(path, tmp_path)


def test_a_character_cut_off_at_the_end_is_named(tmp_path):
    path = written(tmp_path / "a.txt", "one\né".encode()[:-1])
    with pytest.raises(UserError, match="byte 4 is 0xc3: unexpected end of data"):
        parts(path, tmp_path)


def test_a_damaged_page_of_parquet_is_said(tmp_path):
    path = tmp_path / "a.parquet"
    pl.DataFrame({"text": [f"row {n}" for n in range(5000)]}).write_parquet(path)
    content = path.read_bytes()
    path.write_bytes(content[:200] + bytes(len(content) // 2) + content[200 + len(content) // 2 :])
    with pytest.raises(UserError, match=rf"(cannot be read|not Parquet)\n  {path}"):
        parts(path, tmp_path)


def test_a_file_that_went_away_is_said(tmp_path):
    path = tmp_path / "gone.txt"
    with pytest.raises(UserError, match=rf"the file cannot be read\n  {path}"):
        list(lines(path))


def test_line_breaks_of_other_systems_become_one(tmp_path):
    assert list(lines(written(tmp_path / "a.txt", "a\r\nb\rc\n"))) == ["a\n", "b\n", "c\n"]


def test_a_line_is_read_when_it_is_asked_for(tmp_path):
    path = written(tmp_path / "a.txt", b"fine\n" * 10**5 + b"\xff")
    assert next(lines(path)) == "fine\n"


def test_a_single_file_is_itself_and_a_folder_its_text_sorted(tmp_path):
    for name in ("b.txt", "a.parquet", "c.JSONL.GZ", "d.md", "e.parquet.gz"):
        written(tmp_path / name)
    assert text_files(tmp_path / "d.md") == [tmp_path / "d.md"]
    assert [file.name for file in text_files(tmp_path)] == ["a.parquet", "b.txt", "c.JSONL.GZ"]
