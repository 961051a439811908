"""The engine of one trial: DuckDB in this process, in memory, and without network."""

from collections.abc import Mapping
from typing import Any

import duckdb


def connect() -> duckdb.DuckDBPyConnection:
    """A new engine; nothing is downloaded, and objects of pandas are taken as text."""
    con = duckdb.connect(":memory:")
    con.execute("SET autoinstall_known_extensions = false")
    con.execute("SET autoload_known_extensions = false")
    con.execute("SET pandas_analyze_sample = 0")
    return con


def quoted(name: str) -> str:
    """A name as an identifier of SQL.

    >>> quoted('a"b')
    '"a""b"'
    """
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as a literal of SQL.

    >>> literal("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def fetch_row(
    con: duckdb.DuckDBPyConnection, query: str, values: Mapping[str, Any] | None = None
) -> tuple[Any, ...]:
    """The one row of a query, with the result closed behind it."""
    return con.execute(query, values).fetchall()[0]


def fetch_count(con: duckdb.DuckDBPyConnection, query: str) -> int:
    """The one number of a query; 0 for NULL."""
    return int(fetch_row(con, query)[0] or 0)


def table_names(con: duckdb.DuckDBPyConnection) -> set[str]:
    """The tables of the engine."""
    return {name for (name,) in con.execute("SHOW TABLES").fetchall()}
