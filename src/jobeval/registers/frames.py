"""Any data frame that narwhals takes, column by column, as NumPy arrays."""

from collections.abc import Iterable
from typing import Any

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.errors import DataError, Problem, did_you_mean
from jobeval.registers.engine import quoted


def read_columns(frame: Any, names: Iterable[str]) -> dict[str, NDArray[Any]]:
    """Read the named columns of a data frame as arrays of one length.

    Parameters
    ----------
    frame
        pandas, Polars, PyArrow, DuckDB relation or any other frame that narwhals takes,
        eager or lazy. It is not changed.
    names
        Columns to read. Names are keys, never expressions.

    Returns
    -------
    dict of arrays of shape ``(n,)``: numbers and booleans as float64 where values are
    missing (``nan``), texts and everything else as objects with ``None`` for missing.

    Raises
    ------
    DataError
        For every column that is not there, with the nearest name that is.

    Examples
    --------
    >>> import pandas as pd
    >>> read_columns(pd.DataFrame({"hours": [0.0, 37.0]}), ["hours"])["hours"].tolist()
    [0.0, 37.0]
    """
    names = list(dict.fromkeys(names))
    try:
        native = nw.from_native(frame)
        known = native.collect_schema().names()
    except nw.exceptions.DuplicateError:
        problem = Problem("columns", "some names occur twice.", "Give each column its own name.")
        raise DataError("data frame", [problem]) from None
    problems = [
        Problem(f"column {name!r}", "is not in the data frame.", did_you_mean(name, known))
        for name in names
        if name not in known
    ]
    if problems:
        raise DataError("data frame", problems)
    if isinstance(native, nw.LazyFrame):
        selected = native.select(*names)
        # Polars needs PyArrow to become pandas, DuckDB and Spark do not
        native = selected.collect(None if selected.implementation.is_polars() else "pandas")
    return {name: _as_array(native[name]) for name in names}


def _as_array(series: nw.Series[Any]) -> NDArray[Any]:
    held = np.asarray(series.to_numpy())
    if series.dtype.is_numeric() or series.dtype == nw.Boolean:
        if series.null_count() == 0:
            return held
        known = held if held.dtype.kind == "f" else np.where(pd.isna(held), np.nan, held)
        return known.astype(np.float64, copy=False)
    if held.dtype != object:  # such as dates, which are to stay Python's own
        held = np.empty(len(series), dtype=object)
        held[:] = series.to_list()
    missing = np.asarray(pd.isna(held), dtype=bool)
    if missing.any():
        held = held.copy()
        held[missing] = None
    return held


def store_pandas(con: duckdb.DuckDBPyConnection, table: str, frame: pd.DataFrame) -> None:
    """Copy a pandas frame into the table ``raw_<table>``; objects become text."""
    con.register("incoming", frame)
    try:
        con.execute(f'CREATE OR REPLACE TABLE "raw_{table}" AS FROM incoming')
    finally:
        con.unregister("incoming")


def store_frame(con: duckdb.DuckDBPyConnection, table: str, frame: Any) -> None:
    """Copy any frame that narwhals takes into the table ``raw_<table>``.

    pandas frames are scanned in place, DuckDB relations are copied with their types, and
    everything else goes column by column.
    """
    if isinstance(frame, duckdb.DuckDBPyRelation):
        _store_relation(con, table, frame)
        return
    native: Any = nw.from_native(frame)
    if isinstance(native.to_native(), duckdb.DuckDBPyRelation):
        _store_relation(con, table, native.to_native())
        return
    eager = native.collect() if isinstance(native, nw.LazyFrame) else native
    held: Any = eager.to_native()
    if not isinstance(held, pd.DataFrame):
        held = pd.DataFrame({name: _as_values(eager[name]) for name in eager.columns})
    store_pandas(con, table, held)


def _as_values(series: nw.Series[Any]) -> Any:
    if series.dtype.is_numeric() and series.null_count() == 0:
        return series.to_numpy()
    if series.dtype.is_integer():
        return pd.array(series.to_list(), dtype="Int64")
    return pd.Series(series.to_list(), dtype=float if series.dtype.is_float() else object)


def _store_relation(
    con: duckdb.DuckDBPyConnection, table: str, relation: duckdb.DuckDBPyRelation
) -> None:
    """Relations of another connection cannot be joined: copy the values, keep the types."""
    types = zip(relation.columns, relation.types, strict=True)
    columns = ", ".join(f"CAST({quoted(name)} AS {kind}) AS {quoted(name)}" for name, kind in types)
    con.register("incoming", relation.df())
    try:
        con.execute(f'CREATE OR REPLACE TABLE "raw_{table}" AS SELECT {columns} FROM incoming')
    finally:
        con.unregister("incoming")
