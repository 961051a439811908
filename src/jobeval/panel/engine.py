"""The few native hooks: what narwhals has no portable word for.

Everything else in ``panel`` and ``endpoints`` is one narwhals expression for all engines.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals as nw
import pandas as pd


def build_table(like: nw.LazyFrame[Any], columns: Mapping[str, Sequence[Any]]) -> nw.LazyFrame[Any]:
    """A small table of constants in the engine of ``like``.

    Parameters
    ----------
    like
        Any frame of the engine in which the table shall live.
    columns
        Column name → values: integers, booleans or code words, all of one length.
        At least one row. ``None`` is null.
    """
    if like.implementation.is_duckdb():
        return nw.from_native(_duckdb_values(like.to_native(), columns))
    backend = like.implementation
    if backend.is_polars():
        return nw.from_dict(dict(columns), backend=backend).lazy()
    raise NotImplementedError(f"no table of constants on {backend}: use DuckDB or Polars")


def _duckdb_values(native: Any, columns: Mapping[str, Sequence[Any]]) -> Any:
    """Unnest literal lists on the connection that ``native`` belongs to."""
    parts = ", ".join(f'unnest({_literal(v)}) AS "{name}"' for name, v in columns.items())
    return native.query("jobeval_engine", f"SELECT {parts}")


def _literal(values: Sequence[Any]) -> str:
    words = ("NULL" if v is None else f"'{v}'" if isinstance(v, str) else str(v) for v in values)
    return "[" + ", ".join(words) + "]"


def materialise(frame: nw.LazyFrame[Any], name: str) -> nw.LazyFrame[Any]:
    """Compute a lazy frame once and keep the rows in its engine.

    Parameters
    ----------
    frame
        What is to be computed.
    name
        Name of the temporary table (DuckDB); a table of that name is replaced. It must
        be an identifier made by jobeval, never a user's text.

    Returns
    -------
    Lazy frame over the stored rows.
    """
    if not name.isidentifier():
        raise ValueError(f"{name!r} is not an identifier")
    if frame.implementation.is_duckdb():
        native: Any = frame.to_native()
        native.query("jobeval_engine", f"CREATE OR REPLACE TEMP TABLE {name} AS FROM jobeval_engine")
        return nw.from_native(native.query("jobeval_engine", f"FROM {name}"))
    return frame.collect(frame.implementation).lazy()


def collect_frame(frame: nw.LazyFrame[Any], *order: str) -> pd.DataFrame:
    """Compute a lazy frame into pandas, sorted by ``order``."""
    ordered = frame.sort(*order) if order else frame
    if ordered.implementation.is_duckdb():
        return ordered.collect("pandas").to_native()
    return pd.DataFrame(ordered.collect().to_dict(as_series=False))
