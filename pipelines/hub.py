"""Datasets of the Hugging Face hub, and one error at once where it cannot be reached."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from components.errors import Problem, UserError
from pipelines.cell import Data

if TYPE_CHECKING:
    from datasets import Dataset

PATIENCE = 4.0
"""Seconds to wait for the hub's first answer."""

_CACHES = {"HF_HUB_CACHE": "hub", "HF_XET_CACHE": "xet", "HF_DATASETS_CACHE": "datasets"}


def fetch(data: Data, cache: Path) -> tuple[dict[str, "Dataset"], str]:
    """Download a dataset into `cache`, and return its splits and its licence.

    The hub is asked for the dataset's card first: `datasets` alone would retry for most of a minute
    before it says that there is no connection.

    Raises:
        UserError: no connection, no such dataset or configuration, no access.
    """
    for variable, folder in _CACHES.items():
        os.environ.setdefault(variable, str(cache.absolute() / folder))  # read when imported
    licence = _ask(_name(data))
    return _download(data, cache), licence


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


def _download(data: Data, cache: Path) -> dict[str, "Dataset"]:
    import datasets  # noqa: PLC0415 (slow to import)

    name = _name(data)
    try:
        found = datasets.load_dataset(name, data.config, cache_dir=str(cache / "datasets"))
    except ConnectionError as error:
        raise _refused(f"the hub cannot be reached: {error}", name) from error
    except (ValueError, RuntimeError, OSError, datasets.exceptions.DatasetsError) as error:
        reason = str(error).partition("\n")[0]
        hint = f"data.config = {data.config}"
        raise _refused(f"the dataset cannot be read: {reason}", name, hint) from error
    return dict(found)


def _refused(what: str, name: str, *hints: str) -> UserError:
    """Describe what is wrong with a dataset, and the way that needs no hub."""
    files = (
        "without the hub: fetch the text elsewhere as .txt, .jsonl or .parquet, then "
        "set.data.corpus=files set.data.path=FILE_OR_FOLDER"
    )
    return UserError(Problem(what, "", "data.name", name, (*hints, files)))
