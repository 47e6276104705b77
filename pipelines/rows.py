"""Rows of tables, JSONL, Parquet or a dataset of the hub: streamed, and checked batch by batch."""

import logging
from collections.abc import Iterable, Iterator
from glob import escape
from io import StringIO
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components.errors import Problem, UserError
from pipelines.cell import Data
from pipelines.documents import TITLE, Lines

if TYPE_CHECKING:
    from datasets import IterableDataset

BATCH = 64
"""Rows that are in memory at once."""

Batch = Any
"""Rows as a table of pyarrow, which has no type information."""

_BUFFER = 1 << 20


def parquet(file: Path, field: str) -> Iterator[Batch]:
    """Yield the rows of a Parquet file, a page of it in memory however its rows are grouped.

    Args:
        file: what to read.
        field: the only column that is read, where there is one of this name.
    """
    import pyarrow.parquet  # type: ignore[import-untyped]  # it has none  # noqa: PLC0415 (slow)

    with pyarrow.parquet.ParquetFile(file, buffer_size=_BUFFER, pre_buffer=False) as table:
        columns = [field] if field in table.schema_arrow.names else None
        yield from table.iter_batches(BATCH, columns=columns)


def json(file: Path, cache: str) -> Iterator[Batch]:
    """Yield the rows of a file of JSON lines, compressed or not, about 10 MB of it in memory.

    Args:
        file: what to read; one that holds an array is read whole.
        cache: folder for what `datasets` writes.
    """
    import datasets  # noqa: PLC0415 (slow to import)

    silence()
    named = [escape(str(file))]  # a * or [ in a name is no pattern
    table = datasets.load_dataset(
        "json", data_files=named, split="train", cache_dir=cache, streaming=True
    )
    return batches(table)


def batches(table: "IterableDataset") -> Iterator[Batch]:
    """Yield the rows of a dataset."""
    return iter(table.with_format("arrow").iter(batch_size=BATCH))


def silence() -> None:
    """Let `datasets` write nothing on the terminal: what goes wrong is said by the caller."""
    import datasets  # noqa: PLC0415 (slow to import)

    datasets.disable_progress_bars()
    datasets.logging.set_verbosity(logging.CRITICAL)


def texts(table: Iterable[Batch], field: str, place: str) -> Iterator[str]:
    """Yield a column of text, refusing one that is missing, of another type, or null somewhere.

    Args:
        table: rows in batches.
        field: the column.
        place: the file or dataset, for messages.
    """
    before = 0
    for batch in table:
        _refuse_other_than_text(batch.schema, field, place)
        values = batch.column(field).to_pylist()
        if None in values:
            hint = f"row {before + values.index(None) + 1} has null, or lacks it"
            what = "the field is not text in every row"
            raise UserError(Problem(what, place, "data.text_field", field, (hint,)))
        yield from values
        before += len(values)


def units(rows: Iterable[str], data: Data, place: str) -> Iterator[Lines]:
    """Return each row as a unit of text; where articles are asked for, rows are their lines.

    Raises:
        UserError: rows that are lines of articles are taken for documents.
    """
    if data.documents == "wikitext":
        ended = (row if row.endswith("\n") else f"{row}\n" for row in rows)
        yield chain.from_iterable(StringIO(row) for row in ended)
        return
    for row in rows:
        if data.documents == "file" and TITLE.fullmatch(row.strip("\n")):
            raise _line_of_an_article(data, place)
        yield StringIO(row)


def _refuse_other_than_text(schema: Any, field: str, place: str) -> None:
    from pyarrow import types  # noqa: PLC0415 (slow to import)

    if field not in schema.names:
        expected = f"fields: {', '.join(schema.names)}; choose one: set.data.text_field=NAME"
        what = "the rows have no such field"
        raise UserError(Problem(what, place, "data.text_field", field, (expected,)))
    kind = schema.field(field).type
    value = kind.value_type if types.is_dictionary(kind) else kind
    if not (types.is_string(value) or types.is_large_string(value)):
        what = "the field is not text in every row"
        hint = f"expected text, found {kind}"
        raise UserError(Problem(what, place, "data.text_field", field, (hint,)))


def _line_of_an_article(data: Data, place: str) -> UserError:
    hints = (
        "some rows are headings such as ` = Title = `: the rows are lines of articles",
        "for articles: set.data.documents=wikitext; for lines: set.data.documents=line",
    )
    what = "a row is not a document"
    return UserError(Problem(what, place, "data.documents", data.documents, hints))
