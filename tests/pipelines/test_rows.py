import json
from hashlib import blake2b
from itertools import islice

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.errors import UserError
from pipelines import rows
from pipelines.cell import Data


def values(*texts: object, kind: pa.DataType | None = None) -> list[pa.Table]:
    return [pa.table({"text": pa.array(texts, kind)})]


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int8(), pa.string())]
)
def test_every_kind_of_text_is_read(kind):
    column = pa.array(["a", "b"]).cast(kind)
    assert list(rows.texts([pa.table({"text": column})], "text", "here")) == ["a", "b"]


@pytest.mark.parametrize("value", [1, 1.5, b"x", ["x"], {"a": "x"}, True, None])
def test_another_kind_is_refused(value):
    with pytest.raises(UserError, match=r"here(?s:.)*data\.text_field = text(?s:.)*expected text"):
        list(rows.texts(values(value), "text", "here"))


def test_a_null_is_named_with_its_row_in_all_of_the_file():
    table = [*values(*"ab"), *values("c", None)]
    with pytest.raises(UserError, match="row 4 has null"):
        list(rows.texts(table, "text", "here"))


def test_a_missing_field_is_refused_with_those_there_are():
    with pytest.raises(UserError, match=r"no such field(?s:.)*fields: text"):
        list(rows.texts(values("a"), "body", "here"))


@pytest.mark.parametrize("group", [7, 1000, 10**6])
def test_parquet_comes_in_small_batches_however_it_is_grouped(tmp_path, group):
    frame = pl.DataFrame({"text": [f"row {n}" for n in range(3000)], "other": range(3000)})
    frame.write_parquet(tmp_path / "a.parquet", row_group_size=group)
    found = list(rows.parquet(tmp_path / "a.parquet", "text"))
    assert max(batch.num_rows for batch in found) <= rows.BATCH
    assert {name for batch in found for name in batch.schema.names} == {"text"}
    assert list(rows.texts(found, "text", "here")) == frame["text"].to_list()


def test_parquet_is_read_a_page_at_a_time(tmp_path):
    # digests cannot be compressed: of other text, all would be a page or two
    texts = [blake2b(b"%d %d" % (n, m)).hexdigest() for n in range(40_000) for m in range(5)]
    pq.write_table(pa.table({"text": texts}), tmp_path / "a.parquet", row_group_size=10**6)
    before = pa.total_allocated_bytes()
    table = rows.parquet(tmp_path / "a.parquet", "text")
    held = [pa.total_allocated_bytes() - before for _ in table]
    assert len(held) * rows.BATCH >= len(texts)
    assert max(held) < 5_000_000 < len(texts) * 128


def test_json_lines_come_in_small_batches(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps({"text": f"row {n}"}) + "\n" for n in range(200)))
    found = list(rows.json(path, str(tmp_path / "cache")))
    assert [batch.num_rows for batch in found] == [64, 64, 64, 8]


def test_lines_of_a_damaged_file_come_before_its_damage(tmp_path):
    path = tmp_path / "a.jsonl"
    line = json.dumps({"text": "x" * 1000}) + "\n"
    path.write_text(line * 12_000 + "{")
    table = rows.json(path, str(tmp_path / "cache"))
    assert len(list(islice(rows.texts(table, "text", "here"), 100))) == 100


def test_rows_are_units_and_lines_of_one_where_articles_are_asked_for():
    found = list(rows.units(["a\nb", "c"], Data(documents="line"), "here"))
    assert [list(unit) for unit in found] == [["a\n", "b"], ["c"]]
    (joined,) = rows.units(["a\nb", "c\n"], Data(documents="wikitext"), "here")
    assert list(joined) == ["a\n", "b\n", "c\n"]


def test_a_heading_is_no_document():
    with pytest.raises(UserError, match="a row is not a document"):
        list(rows.units(["text", " = Title = \n"], Data(), "here"))
