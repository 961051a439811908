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
    native = nw.from_native(frame)
    known = native.collect_schema().names()
    problems = [
        Problem(f"column {name!r}", "is not in the data frame.", did_you_mean(name, known))
        for name in names
        if name not in known
    ]
    if problems:
        raise DataError("data frame", problems)
    selected = native.select(*names)
    if isinstance(selected, nw.LazyFrame):
        # Polars needs PyArrow to become pandas, DuckDB and Spark do not
        selected = selected.collect(None if selected.implementation.is_polars() else "pandas")
    return {name: _as_array(selected[name]) for name in names}


def _as_array(series: nw.Series[Any]) -> NDArray[Any]:
    dtype = series.dtype
    if dtype.is_numeric() or dtype == nw.Boolean:
        if series.null_count() == 0:
            return np.asarray(series.to_numpy())
        values = series.to_list()
        return np.array([np.nan if _is_missing(v) else float(v) for v in values], dtype=float)
    values = [None if _is_missing(v) else v for v in series.to_list()]
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def _is_missing(value: Any) -> bool:
    """``None``, ``nan``, ``NaT`` and the ``NA`` of pandas, which may not be compared."""
    return value is None or value is pd.NA or value != value


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
