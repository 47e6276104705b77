import subprocess
import sys
import time

import datasets
import pytest
from huggingface_hub.errors import HTTPError  # of httpx or requests, by version

from components.errors import UserError
from pipelines.cell import Data
from pipelines.corpus import read_corpus
from pipelines.hub import _open, texts


def test_hub_without_a_name_says_which_setting_is_missing(tmp_path):
    with pytest.raises(UserError, match=r"data\.name = null(?s:.)*data\.name=Salesforce/wikitext"):
        read_corpus(Data("hub"), tmp_path)


ASK_THE_HUB = """
import sys
from pathlib import Path
from components.errors import UserError
from pipelines.cell import Data
from pipelines.corpus import read_corpus
try:
    read_corpus(Data("hub", name="Salesforce/wikitext"), Path(sys.argv[1]))
except UserError as error:
    print(error)
from huggingface_hub import constants
print(constants.HF_HUB_CACHE)
"""


@pytest.mark.parametrize(
    "offline", [{"HF_HUB_OFFLINE": "1"}, {"HF_ENDPOINT": "http://127.0.0.1:9"}]
)
def test_without_a_connection_one_error_comes_at_once_and_names_the_way_by_files(tmp_path, offline):
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", ASK_THE_HUB, str(tmp_path / "data")],
        env={"HOME": str(tmp_path), **offline},
        capture_output=True,
        text=True,
        check=True,
    )
    assert time.monotonic() - began < 5
    assert done.stdout.startswith("error: the hub cannot be reached")
    assert "data.name = Salesforce/wikitext" in done.stdout
    assert "set.data.corpus=files set.data.path=" in done.stdout
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == str(tmp_path / "data" / "cache" / "hub")
    assert not (tmp_path / ".cache").exists()


def test_the_splits_of_a_dataset_are_named_and_streamed(tmp_path):
    for split in ("train", "validation"):
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / f"{split}.txt").write_text(f"text to {split}\n", encoding="utf-8")
    found = _open(Data("hub", name=str(tmp_path / "in")), tmp_path / "cache")
    assert all(isinstance(table, datasets.IterableDataset) for table in found.values())
    assert {name: list(texts(table, "text", "in")) for name, table in found.items()} == {
        "train": ["text to train"],
        "validation": ["text to validation"],
    }


@pytest.mark.parametrize("name", ["train.jsonl", "train.jsonl.gz", "train.parquet"])
def test_rows_of_a_dataset_are_not_kept_on_the_disk(tmp_path, name):
    rows = datasets.Dataset.from_dict({"text": [f"row {n}" for n in range(200)]})
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / name
    rows.to_parquet(path) if name.endswith("parquet") else rows.to_json(path, compression="infer")
    found = _open(Data("hub", name=str(tmp_path / "in")), tmp_path / "cache")
    assert list(texts(found["train"], "text", "in")) == rows["text"][:]
    assert not list(tmp_path.rglob("*.arrow"))


def test_an_unknown_configuration_is_refused(tmp_path):
    (tmp_path / "train.txt").write_text("text", encoding="utf-8")
    with pytest.raises(UserError, match=r"cannot be read: BuilderConfig 'no' not found(?s:.)*= no"):
        _open(Data("hub", name=str(tmp_path), config="no"), tmp_path / "cache")


@pytest.mark.parametrize("error", [ConnectionError("gone"), HTTPError("gone")])
def test_a_connection_that_breaks_off_is_said_with_the_way_by_files(error):
    def rows():
        yield {"text": "the first"}
        raise error

    table = datasets.IterableDataset.from_generator(rows)
    with pytest.raises(UserError) as caught:
        list(texts(table, "text", "some/set"))
    message = str(caught.value)
    assert message.startswith("error: the hub cannot be reached: gone")
    assert "data.name = some/set" in message
    assert "set.data.corpus=files set.data.path=" in message


def test_a_damaged_file_of_a_dataset_is_said(tmp_path):
    (tmp_path / "train.jsonl").write_text('{"text": "fine"}\n{"text": nu', encoding="utf-8")
    found = _open(Data("hub", name=str(tmp_path)), tmp_path / "cache")
    with pytest.raises(UserError, match=r"the dataset cannot be read: JSON parse error"):
        list(texts(found["train"], "text", "some/set"))
