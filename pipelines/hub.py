"""Datasets of the Hugging Face hub, streamed, and one error at once where it cannot be reached.

Rows are downloaded while they are read, so a dataset may be larger than memory. Nothing but the
token files is kept of them: other settings of the data download them again.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from components.errors import Problem, UserError
from pipelines import rows
from pipelines.cell import Data

if TYPE_CHECKING:
    from datasets import IterableDataset

PATIENCE = 4.0
"""Seconds to wait for the hub's first answer."""

_CACHES = {"HF_HUB_CACHE": "hub", "HF_XET_CACHE": "xet", "HF_DATASETS_CACHE": "datasets"}


def fetch(data: Data, cache: Path) -> tuple[dict[str, "IterableDataset"], str]:
    """Open a dataset, and return its splits and its licence; rows are downloaded as they are read.

    The hub is asked for the dataset's card first: `datasets` alone would retry for most of a minute
    before it says that there is no connection.

    Args:
        data: the dataset and its configuration.
        cache: folder for what `datasets` writes: cards and lists of files, no rows.

    Raises:
        UserError: no connection, no such dataset or configuration, no access.
    """
    for variable, folder in _CACHES.items():
        os.environ.setdefault(variable, str(cache.absolute() / folder))  # read when imported
    licence = _ask(_name(data))
    return _open(data, cache), licence


def texts(table: "IterableDataset", field: str, name: str) -> Iterator[str]:
    """Yield a column of text of a split of a dataset.

    Raises:
        UserError: a connection that broke off, or rows without text.
    """
    with _errors_of(name):
        yield from rows.texts(rows.batches(table), field, name)


def _name(data: Data) -> str:
    if data.name is not None:
        return data.name
    hint = "set.data.name=Salesforce/wikitext set.data.config=wikitext-103-raw-v1, for example"
    raise UserError(Problem("the corpus hub needs a name", "", "data.name", "null", (hint,)))


def _ask(name: str) -> str:
    """Return the licence that the card of a dataset states."""
    from huggingface_hub import HfApi, errors  # noqa: PLC0415 (only this corpus pays for it)

    try:
        card = HfApi().dataset_info(name, timeout=PATIENCE).card_data
    except errors.GatedRepoError as error:
        hint = f"accept its terms at https://huggingface.co/datasets/{name}, then: hf auth login"
        raise _refused(
            "the dataset is only for those who accepted its terms", name, hint
        ) from error
    except (errors.RepositoryNotFoundError, errors.HFValidationError) as error:
        hint = "expected a public name such as Salesforce/wikitext"
        raise _refused("the hub has no such dataset", name, hint) from error
    except (
        OSError,
        errors.HTTPError,  # type: ignore[attr-defined]  # of httpx or requests, by version
    ) as error:
        raise _refused(f"the hub cannot be reached: {error}", name) from error
    stated = card.get("license") if card is not None else None
    return ", ".join(stated) if isinstance(stated, list) else str(stated or "not stated")


def _open(data: Data, cache: Path) -> dict[str, "IterableDataset"]:
    import datasets  # noqa: PLC0415 (slow to import)

    name = _name(data)
    rows.silence()
    with _errors_of(name, f"data.config = {data.config}"):
        found = datasets.load_dataset(
            name, data.config, cache_dir=str(cache / "datasets"), streaming=True
        )
    return dict(found)


@contextmanager
def _errors_of(name: str, *hints: str) -> Iterator[None]:
    """Say for a reader what goes wrong while a dataset is opened or read."""
    from datasets.exceptions import DatasetsError  # noqa: PLC0415 (slow to import)
    from huggingface_hub.errors import HTTPError  # type: ignore[attr-defined]  # noqa: PLC0415

    try:
        yield
    except (ConnectionError, HTTPError) as error:
        raise _refused(f"the hub cannot be reached: {error}", name) from error
    except (ValueError, RuntimeError, OSError, DatasetsError) as error:
        reason = str(error).partition("\n")[0]
        raise _refused(f"the dataset cannot be read: {reason}", name, *hints) from error


def _refused(what: str, name: str, *hints: str) -> UserError:
    """Describe what is wrong with a dataset, and the way that needs no hub."""
    files = (
        "without the hub: fetch the text elsewhere as .txt, .jsonl, .json or .parquet, then "
        "set.data.corpus=files set.data.path=FILE_OR_FOLDER"
    )
    return UserError(Problem(what, "", "data.name", name, (*hints, files)))
