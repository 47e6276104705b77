import subprocess
import sys
import time

import pytest

from components.errors import UserError
from pipelines.cell import Data
from pipelines.corpus import read_corpus
from pipelines.hub import _download


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


def test_the_splits_of_a_dataset_are_named(tmp_path):
    for split in ("train", "validation"):
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / f"{split}.txt").write_text(f"text to {split}\n", encoding="utf-8")
    found = _download(Data("hub", name=str(tmp_path / "in")), tmp_path / "cache")
    assert {name: table["text"][0] for name, table in found.items()} == {
        "train": "text to train",
        "validation": "text to validation",
    }


def test_an_unknown_configuration_is_refused(tmp_path):
    (tmp_path / "train.txt").write_text("text", encoding="utf-8")
    with pytest.raises(UserError, match=r"cannot be read: BuilderConfig 'no' not found(?s:.)*= no"):
        _download(Data("hub", name=str(tmp_path), config="no"), tmp_path / "cache")
