import fcntl
import gzip
import json
import os
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from threading import Event, Thread

import polars as pl
import pytest

from components.errors import UserError
from pipelines import store
from pipelines.cell import Data
from pipelines.prepare import Prepared, prepare, prepared, request
from pipelines.tokens import document_bytes, read_split, read_tokenizer
from tests.copies import copied, environment

SHARED = (
    "This paragraph stands in more than one of the documents, word for word and letter by letter."
)


def articles(count: int = 40) -> list[str]:
    """Documents of three paragraphs; every second ends with the same one."""
    return [
        "\n\n".join(
            [
                f"Article {n}",
                f"Article {n} tells of lobster {n}, which is {n} cm long and lives for {n} years.",
                f"In summer number {n} it walks {n} miles along the sea, and back {n} times.",
                SHARED
                if n % 2 == 0
                else f"Lobster {n} is not known to have met any other lobster.",
            ]
        )
        for n in range(count)
    ]


def corpus(folder: Path, texts: list[str], **settings) -> Data:
    folder.mkdir(parents=True, exist_ok=True)
    lines = "".join(f"{json.dumps({'text': text})}\n" for text in texts)
    (folder / "text.jsonl").write_text(lines, encoding="utf-8")
    return Data("files", str(folder / "text.jsonl"), **{"validation_tokens": 600, **settings})


def quiet(line: str) -> None:
    assert line.startswith("data: ")


def documents(made: Prepared, split: str) -> list[str]:
    tokenizer, found = read_tokenizer(made.folder), read_split(made.folder, split)
    return [tokenizer.decode(found.tokens[a:b]) for a, b in pairwise(found.starts)]


@pytest.fixture(params=["byte", "bpe"])
def data(request, tmp_path) -> Data:
    return corpus(tmp_path / "in", articles(), tokenizer=request.param, vocabulary=400)


def test_validation_text_never_occurs_in_training_text(data, tmp_path):
    made = prepare(data, tmp_path / "data", quiet)
    held_out = [text for text in documents(made, "validation") for text in text.split("\n\n")[1:]]
    training = documents(made, "train")
    assert SHARED in held_out
    assert training
    assert not [part for part in held_out if any(part in text for text in training)]


def test_what_was_left_out_is_counted(tmp_path):
    texts = articles()
    made = prepare(corpus(tmp_path, [*texts, *texts[:3], " ", ""]), tmp_path / "data", quiet)
    sizes = made.facts["train"]["documents"], made.facts["validation"]["documents"]
    shared = made.facts["left_out"]["shared_paragraphs"]
    assert made.facts["left_out"]["duplicates"] == 3
    assert made.facts["left_out"]["blank"] == 2
    assert shared == 20 - sum(SHARED in text for text in documents(made, "validation"))
    assert sum(sizes) + shared == len(texts)


def test_every_kept_document_comes_back_unchanged(data, tmp_path):
    made = prepare(data, tmp_path / "data", quiet)
    found = [*documents(made, "train"), *documents(made, "validation")]
    assert set(found) <= set(articles())
    assert len(set(found)) == len(found)


def test_facts_agree_with_the_files(data, tmp_path):
    made = prepare(data, tmp_path / "data", quiet)
    for split in ("train", "validation"):
        found = read_split(made.folder, split)
        assert made.facts[split]["tokens"] == len(found.tokens)
        assert made.facts[split]["documents"] == len(found.starts) - 1
        assert made.facts[split]["bytes"] == sum(len(t.encode()) for t in documents(made, split))
    assert made.facts["validation"]["bytes"] == document_bytes(made.folder).sum()
    assert made.facts["vocabulary"] == read_tokenizer(made.folder).vocabulary == made.vocabulary
    assert made.folder == tmp_path / "data" / made.digest


def test_facts_name_what_a_report_needs(data, tmp_path):
    assert set(prepare(data, tmp_path / "data", quiet).facts) == {
        *("source", "licence", "licences", "corpus", "tokenizer", "vocabulary", "end_of_document"),
        *("train", "validation", "left_out", "digest", "text_digest"),
    }


def test_equal_text_of_two_sources_is_kept_once_and_each_source_named(tmp_path):
    root = tmp_path / "data"
    asked = [corpus(tmp_path / name, articles()) for name in ("one", "two")]
    made = [prepare(each, root, quiet) for each in asked]
    again = [prepared(each, root) for each in asked]
    assert made[0].folder == made[1].folder
    assert again == made
    for each, found in zip(asked, made, strict=True):
        assert str(each.path) in found.facts["source"]


def test_two_preparations_give_the_same_bytes(data, tmp_path):
    one, other = (prepare(data, tmp_path / name, quiet) for name in "12")
    assert one.digest == other.digest
    for path in one.folder.iterdir():
        assert path.read_bytes() == (other.folder / path.name).read_bytes()


def test_the_order_and_number_of_files_change_nothing(data, tmp_path):
    texts = articles()
    one = prepare(data, tmp_path / "1", quiet)
    folder = tmp_path / "parts"
    corpus(folder / "b", texts[:7])
    corpus(folder / "a", texts[:6:-1])
    other = prepare(replace(data, path=str(folder)), tmp_path / "2", quiet)
    assert one.digest == other.digest
    assert one.facts["text_digest"] == other.facts["text_digest"]


@pytest.mark.parametrize(
    "change", [{"tokenizer": "bpe", "vocabulary": 300}, {"validation_tokens": 900}]
)
def test_other_settings_give_other_data(tmp_path, change):
    data = corpus(tmp_path, articles())
    one, other = (
        prepare(each, tmp_path / "data", quiet) for each in (data, replace(data, **change))
    )
    assert one.digest != other.digest


def test_prepared_finds_what_prepare_made(data, tmp_path):
    assert prepared(data, tmp_path / "data") is None
    made = prepare(data, tmp_path / "data", quiet)
    assert prepared(data, tmp_path / "data") == made


def test_what_is_there_is_not_made_again(data, tmp_path):
    made = prepare(data, tmp_path / "data", quiet)
    lines: list[str] = []
    assert prepare(data, tmp_path / "data", lines.append) == made
    assert lines == []


def test_settings_that_do_not_matter_are_not_asked_for(tmp_path):
    byte = corpus(tmp_path, articles())
    assert request(byte) == request(replace(byte, vocabulary=9999))
    assert request(Data()) == request(Data(path="x", documents="line"))
    assert request(Data(tokenizer="bpe")) != request(Data(tokenizer="bpe", vocabulary=9999))


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return copied(tmp_path_factory.mktemp("prepare"))


def asked_in(project):
    """What a process in a copy of the repository takes for the request of the default data."""
    imports = "from pipelines.cell import Data; from pipelines.prepare import request"
    command = [sys.executable, "-c", f"{imports}; print(request(Data()))"]
    done = subprocess.run(
        command, cwd=project, env=environment(), capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.parametrize(
    ("file", "old", "new", "is_noticed"),
    [
        ("split.py", "def hold_out", "# a comment\ndef hold_out", False),
        ("split.py", '"""', '"""Said otherwise. ', False),
        ("train.py", "training.clip", "2 * training.clip", False),
        ("split.py", "PASSAGE = 13", "PASSAGE = 8", True),
        ("documents.py", "line.splitlines()", "[line]", True),
        ("embedded.py", "SHORTEST = 200", "SHORTEST = 100", True),
    ],
)
def test_only_an_edit_of_the_code_that_makes_the_data_is_noticed(
    project, file, old, new, is_noticed
):
    path = project / "pipelines" / file
    before, text = asked_in(project), path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    after = asked_in(project)
    path.write_text(text, encoding="utf-8")
    assert (before != after) == is_noticed


def test_a_changed_file_is_noticed(data, tmp_path):
    made = prepare(data, tmp_path / "data", quiet)
    corpus(tmp_path / "in", articles(50))
    assert prepared(data, tmp_path / "data") is None
    assert prepare(data, tmp_path / "data", quiet).digest != made.digest


def test_a_file_that_is_gone_is_noticed(data, tmp_path):
    prepare(data, tmp_path / "data", quiet)
    Path(data.path or "").unlink()
    assert prepared(data, tmp_path / "data") is None
    with pytest.raises(UserError, match="there is no such file"):
        prepare(data, tmp_path / "data", quiet)


@pytest.mark.parametrize("gone", ["facts.json", "train.tokens", "validation.bytes.npy"])
def test_a_folder_without_all_its_files_is_made_again(data, tmp_path, gone):
    made = prepare(data, tmp_path / "data", quiet)
    (made.folder / gone).unlink()
    assert prepared(data, tmp_path / "data") is None
    assert prepare(data, tmp_path / "data", quiet) == made
    assert (made.folder / gone).exists()


def test_a_token_file_that_was_cut_short_is_made_again(data, tmp_path):
    made = prepare(data, tmp_path / "data", quiet)
    with (made.folder / "train.tokens").open("r+b") as file:
        file.truncate(10)
    assert prepared(data, tmp_path / "data") is None
    assert prepare(data, tmp_path / "data", quiet) == made


class StoppedError(Exception):
    """Stands for a kill in the middle."""


@pytest.mark.parametrize("at", [1, 2, 3])
def test_an_interrupted_preparation_is_redone(data, tmp_path, at):
    lines: list[str] = []

    def stop(line: str) -> None:
        lines.append(line)
        if len(lines) == at:
            raise StoppedError

    (tmp_path / "data" / ".preparing").mkdir(parents=True)
    (tmp_path / "data" / ".preparing" / "old.tokens").write_bytes(b"half")
    with pytest.raises(StoppedError):
        prepare(data, tmp_path / "data", stop)
    assert prepared(data, tmp_path / "data") is None
    made = prepare(data, tmp_path / "data", quiet)
    assert documents(made, "train")
    assert not (tmp_path / "data" / ".preparing").exists()
    assert not (made.folder / "old.tokens").exists()


def test_a_second_process_waits_for_the_first(data, tmp_path):
    (tmp_path / "data").mkdir()
    waits = Event()
    made: list[Prepared] = []
    lines: list[str] = []

    def told(line: str) -> None:
        lines.append(line)
        waits.set()

    with (tmp_path / "data" / "prepare.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        thread = Thread(target=lambda: made.append(prepare(data, tmp_path / "data", told)))
        thread.start()
        assert waits.wait(60)
        assert lines == ["data: waiting for another process that prepares data"]
        assert not made
    thread.join(60)
    assert made == [prepared(data, tmp_path / "data")]


PREPARE = """
import sys
from pathlib import Path
from pipelines.cell import Data
from pipelines.prepare import prepare
data = Data("files", sys.argv[1], validation_tokens=600)
print(prepare(data, Path(sys.argv[2]), lambda line: print(line, file=sys.stderr)).digest)
"""


def test_two_processes_at_once_prepare_once(tmp_path):
    data = corpus(tmp_path, articles())
    command = [sys.executable, "-c", PREPARE, str(data.path), str(tmp_path / "data")]
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [each.communicate(timeout=120) for each in both]
    assert [each.returncode for each in both] == [0, 0]
    assert said[0][0] == said[1][0]
    assert "".join(stderr for _, stderr in said).count("data: reading") == 1


@pytest.mark.parametrize("size", [65536, 256])
def test_a_vocabulary_that_cannot_be_is_refused_before_anything_is_read(tmp_path, size):
    data = Data("files", "not/there.txt", tokenizer="bpe", vocabulary=size)
    with pytest.raises(UserError, match=r"data\.vocabulary"):
        prepare(data, tmp_path / "data", quiet)
    assert not (tmp_path / "data").exists()


def test_prepared_imports_nothing_slow(tmp_path):
    data = corpus(tmp_path, articles())
    prepare(data, tmp_path / "data", quiet)
    code = (
        "import sys; from pathlib import Path; from pipelines.cell import Data;"
        "from pipelines.prepare import prepared;"
        "data = Data('files', sys.argv[1], validation_tokens=600);"
        "assert prepared(data, Path(sys.argv[2])) is not None; prepared(Data(), Path(sys.argv[2]));"
        "print({'torch', 'datasets', 'tokenizers', 'pandas', 'pyarrow'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(data.path), str(tmp_path / "data")],
        capture_output=True,
        text=True,
        check=True,
        env=dict(os.environ),
    )
    assert done.stdout == "set()\n"


def parted(folder: Path, kind: str) -> str:
    """A corpus of one kind of files, in several, with a validation split of its own."""
    folder.mkdir()
    texts = articles()
    for name, part in {"valid": texts[:9], "train-1": texts[9:20], "train-2": texts[20:]}.items():
        if kind == "parquet":
            pl.DataFrame({"text": part}).write_parquet(folder / f"{name}.parquet")
        elif kind == "raw":
            text = "\n".join(f" = Title = \n \n{text}\n \n" for text in part)
            (folder / f"{name}.txt").write_text(f"\n{text}", encoding="utf-8")
        else:
            lines = "".join(f"{json.dumps({'text': text})}\n" for text in part)
            with gzip.open(folder / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
                file.write(lines)
    return str(folder)


@pytest.mark.parametrize("tokenizer", ["byte", "bpe"])
@pytest.mark.parametrize("kind", ["parquet", "jsonl.gz", "raw"])
def test_every_document_of_a_divided_folder_keeps_its_bounds(tmp_path, tokenizer, kind):
    data = Data(
        *("files", parted(tmp_path / "in", kind)),
        documents="wikitext" if kind == "raw" else "file",
        tokenizer=tokenizer,
        vocabulary=300,
        validation_tokens=10**6,
    )
    made = prepare(data, tmp_path / "data", quiet)
    held_out = documents(made, "validation")
    found = [text.replace(" = Title = ", "").strip() for text in held_out]
    assert sorted(found) == sorted(articles()[:9])
    assert [len(text.encode()) for text in held_out] == document_bytes(made.folder).tolist()
    assert all(sum(part in text for part in articles()) == 1 for text in documents(made, "train"))


def test_text_larger_than_what_is_sorted_at_once_gives_the_same_data(data, tmp_path, monkeypatch):
    at_once = prepare(data, tmp_path / "1", quiet)
    monkeypatch.setattr(store, "RUN", 2000)
    monkeypatch.setattr(store, "WIDEST", 3)
    in_runs = prepare(data, tmp_path / "2", quiet)
    assert in_runs.digest == at_once.digest
    assert in_runs.facts == at_once.facts


def test_nothing_is_left_beside_the_data(data, tmp_path):
    (tmp_path / "data" / ".reading").mkdir(parents=True)
    (tmp_path / "data" / ".reading" / "documents.3").write_bytes(b"of a killed process")
    made = prepare(data, tmp_path / "data", quiet)
    assert {path.name for path in (tmp_path / "data").iterdir()} == {
        *("index", "prepare.lock", made.digest)
    }
