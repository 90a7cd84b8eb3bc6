"""Rows as they are compared and bound: what tells two files apart, and that no value is taken for a blank."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import date

import pandas as pd
import pyarrow as pa
import pytest
from sqlalchemy import BigInteger, Boolean, Column, Date, Engine, MetaData, String, Table, select

from due_regard.register import reading, writing
from due_regard.register.loading import bulk
from due_regard.register.loading.encoding import ContentDigest, hash_rows, make_arrow_column

Columns = dict[str, pa.Array]
ROWS: Columns = {
    "text": pa.array(["ab", "c", None, "", "é"]),
    "on": pa.array([date(2026, 1, 5), None, date(1970, 1, 1), date(2026, 1, 5), None]),
    "yes": pa.array([True, False, None, True, False]),
    "n": pa.array([0, 1, None, -1, 0]),
}
CHANGES: dict[str, Columns] = {
    "a letter moves to the next cell": {"text": pa.array(["a", "bc", None, "", "é"])},
    "a blank becomes an empty text": {"text": pa.array(["ab", "c", "", "", "é"])},
    "an empty text becomes a blank": {"text": pa.array(["ab", "c", None, None, "é"])},
    "a blank day becomes the first day of 1970": {
        "on": pa.array([date(2026, 1, 5), date(1970, 1, 1), date(1970, 1, 1)])
    },
    "a blank becomes a no": {"yes": pa.array([True, False, False, True, False])},
    "a yes becomes a no": {"yes": pa.array([False, False, None, True, False])},
    "a blank becomes a nought": {"n": pa.array([0, 1, 0, -1, 0])},
    "two cells change places": {"n": pa.array([1, 0, None, -1, 0])},
}


def digest(columns: Columns, *cuts: int) -> str:
    """The digest of the rows, added in chunks that end at `cuts`."""
    found, bounds = ContentDigest(columns), [0, *cuts, len(columns["text"])]
    for start, end in itertools.pairwise(bounds):
        found.add((name, values.slice(start, end - start)) for name, values in columns.items())
    return found.hexdigest()


@pytest.mark.parametrize("cuts", [(1,), (2, 4), (1, 2, 3, 4)])
def test_a_digest_is_of_the_rows_and_not_of_their_chunks(cuts: tuple[int, ...]) -> None:
    assert digest(ROWS, *cuts) == digest(ROWS)


def test_a_digest_is_of_the_text_and_not_of_its_layout() -> None:
    assert digest(ROWS | {"text": ROWS["text"].cast(pa.large_string())}) == digest(ROWS)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_digest_sees_every_change(change: Columns) -> None:
    assert digest(ROWS | change) != digest(ROWS)


def test_a_digest_names_its_columns() -> None:
    renamed = {("other" if name == "n" else name): values for name, values in ROWS.items()}
    assert digest(renamed) != digest(ROWS)


def test_rows_hash_alike_alone_and_together() -> None:
    whole = hash_rows(ROWS.items(), 5)
    alone = [hash_rows([(name, values.slice(n, 1)) for name, values in ROWS.items()], 1)[0] for n in range(5)]
    assert list(whole) == alone
    assert len(set(alone)) == 5


def test_a_hash_of_a_row_never_changes() -> None:
    """Registers keep these for years: a new way of hashing would make every row look corrected."""
    hashes = hash_rows([("outcome", pa.array(["upheld", None])), ("n", pa.array([1, 2]))], 2)
    assert [f"{value:016x}" for value in hashes] == ["3087d7cb518546d1", "3d0a5533dd7f8f05"]


@pytest.fixture
def written(register: Engine) -> Iterator[Callable[[Columns], pd.DataFrame]]:
    """Writes columns into a table of the register and gives back what is there, as Python objects."""
    table = Table(
        "tried",
        MetaData(),
        Column("text", String),
        Column("on", Date),
        Column("yes", Boolean),
        Column("n", BigInteger),
        Column("same", String),
    )

    def write(columns: Columns) -> pd.DataFrame:
        with writing(register, "sample_landlord") as connection:
            table.create(connection)
            bulk.insert_rows(connection, table, columns, {"same": "it's"})
        with reading(register) as connection:
            return pd.DataFrame(connection.execute(select(table)).all(), dtype=object)

    yield write
    with writing(register, "sample_landlord") as connection:
        table.drop(connection)


def test_no_value_is_taken_for_a_blank(written: Callable[[Columns], pd.DataFrame]) -> None:
    columns: Columns = {
        "text": pa.array(["0", "", None, "0.0", "NULL"]),
        "on": ROWS["on"],
        "yes": ROWS["yes"],
        "n": pa.array([0, None, -1, 1, None]),
    }
    found = written(columns)
    assert {name: list(found[name].where(found[name].notna(), None)) for name in columns} == {
        name: values.to_pylist() for name, values in columns.items()
    }
    assert set(found["same"]) == {"it's"}


def test_canonical_dtypes_become_the_same_arrays() -> None:
    frame = pd.DataFrame({"on": pd.to_datetime(["2026-01-05", None]).astype("datetime64[s]"), "text": ["a", None]})
    assert make_arrow_column(frame["on"]).to_pylist() == [date(2026, 1, 5), None]
    assert make_arrow_column(frame["text"].astype("str")).to_pylist() == ["a", None]
