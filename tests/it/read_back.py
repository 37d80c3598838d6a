"""Reads exports with pandas, pyarrow and DuckDB, and compares them with the JSON lines.

Arguments: a folder with articles.jsonl, articles.csv, bom.csv, articles.parquet and partitions/.
"""

import json
import sys
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

folder = Path(sys.argv[1])
wanted = {row["id"]: row for row in map(json.loads, (folder / "articles.jsonl").open(encoding="utf-8"))}
assert len(wanted) > 60


def utc(text):
    return None if text is None else pd.Timestamp(text)


def null(value):
    return None if not isinstance(value, (list, dict)) and pd.isna(value) else value


def unguarded(text):
    """What a text was before an apostrophe kept it from being a formula."""
    rest = text.lstrip("'")
    is_formula = rest.lstrip()[:1] in tuple("=+-@＝＋－＠") or rest[:1] in tuple("\t\r\n")
    return text[1:] if rest != text and rest and is_formula else text


TEXTS = ["url", "title", "author", "source", "category", "published", "published_precision", "language", "permalink"]
TIMES = ["first_seen", "last_seen", "gone_since", "published_from", "published_to"]


def check_row(row, want, lists):
    for name in TEXTS:
        assert null(row[name]) == want[name], (want["id"], name, row[name], want[name])
    for name in TIMES:
        assert null(row[name]) == utc(want[name]), (want["id"], name, row[name], want[name])
    assert null(row["views"]) == want["views"]
    assert row["body"] == want["body"]
    assert list(lists(row["tags"])) == want["tags"]
    assert list(lists(row["aliases"])) == want["aliases"]
    assert row["digest"] == want["capture"]["digest"]


# Parquet, by pyarrow: types, compression, nested lists.
file = pq.ParquetFile(folder / "articles.parquet")
schema = file.schema_arrow
for name, kind in [
    ("id", pa.int64()),
    ("title", pa.string()),
    ("views", pa.int64()),
    ("published_approximate", pa.bool_()),
    ("first_seen", pa.timestamp("ms", tz="UTC")),
    ("published_from", pa.timestamp("ms", tz="UTC")),
]:
    assert schema.field(name).type == kind, (name, schema.field(name))
assert pa.types.is_list(schema.field("tags").type) and schema.field("tags").type.value_type == pa.string()
assert not schema.field("title").nullable and schema.field("author").nullable
assert file.metadata.created_by.startswith("jianbao "), file.metadata.created_by
assert file.metadata.row_group(0).column(0).compression == "ZSTD"
rows = {row["id"]: row for row in file.read().to_pylist()}
assert rows.keys() == wanted.keys()
for key, row in rows.items():
    check_row(row, wanted[key], lambda value: value)
    assert row["related"] == wanted[key]["related"], (row["related"], wanted[key]["related"])
    assert row["images"] == wanted[key]["images"]
    assert (row["markdown"] or row["body"].replace("\n", "\n\n")) == wanted[key]["markdown"]
    assert json.loads(row["origins"]) == wanted[key]["origins"]

# Parquet, by pandas.
frame = pd.read_parquet(folder / "articles.parquet")
assert len(frame) == len(wanted) and str(frame["first_seen"].dtype).startswith("datetime64[ms, UTC")
for row in frame.to_dict("records"):
    check_row(row, wanted[row["id"]], lambda value: value)

# Partitions, by pyarrow and DuckDB.
table = ds.dataset(folder / "partitions", partitioning="hive").to_table()
assert table.num_rows == len(wanted)
for row in table.to_pylist():
    want = wanted[row["id"]]
    month = want["published"][:7] if want["published"] and len(want["published"]) >= 7 else None
    assert (row["site"], row["month"]) == (want["site"], month), (row["site"], row["month"], want["published"])
db = duckdb.connect()
by_month = db.sql(
    f"SELECT site, month, count(*) FROM read_parquet('{folder}/partitions/**/*.parquet', hive_partitioning = true,"
    " hive_types = {'month': VARCHAR}) GROUP BY ALL"
).fetchall()
assert sum(count for *_, count in by_month) == len(wanted)
assert any(month is None for _, month, _ in by_month) and any(month == "2023-02" for _, month, _ in by_month), by_month

# Parquet and CSV, by DuckDB.
for source, text in [
    (f"read_parquet('{folder}/articles.parquet')", str),
    (f"read_csv('{folder}/articles.csv')", unguarded),
]:
    found = db.sql(f"SELECT id, title, published, body, views FROM {source}").fetchall()
    assert len(found) == len(wanted), source
    for key, title, published, body, views in found:
        want = wanted[key]
        assert text(title) == want["title"], (source, title, want["title"])
        assert text(body) == want["body"], source
        assert views == want["views"], source

# CSV, by pandas; every text as it stands.
for name in ["articles.csv", "bom.csv"]:
    frame = pd.read_csv(folder / name, dtype=str, keep_default_na=False)
    assert frame.columns[0] == "id" and len(frame) == len(wanted), name
    for row in frame.to_dict("records"):
        want = wanted[int(row["id"])]
        for column in ["title", "author", "url", "published", "body"]:
            assert unguarded(row[column]) == (want[column] or ""), (name, column, row[column])
        assert json.loads(row["tags"]) == want["tags"]
        for value in row.values():
            assert value[:1] not in tuple("=+-@\t\r"), value
assert (folder / "bom.csv").read_bytes().startswith(b"\xef\xbb\xbfid,")

# JSON lines, by pandas and DuckDB.
frame = pd.read_json(folder / "articles.jsonl", lines=True)
assert len(frame) == len(wanted)
assert db.sql(f"SELECT count(*) FROM read_json('{folder}/articles.jsonl')").fetchall()[0][0] == len(wanted)
print(f"{len(wanted)} articles read back")
