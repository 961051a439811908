"""The few native hooks: what narwhals has no portable word for.

Everything else in ``panel`` and ``endpoints`` is one narwhals expression for all engines.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals as nw
import pandas as pd
from pandas.api.types import is_extension_array_dtype


def build_table(like: nw.LazyFrame[Any], columns: Mapping[str, Sequence[Any]]) -> nw.LazyFrame[Any]:
    """A small table of constants in the engine of ``like``.

    Parameters
    ----------
    like
        Any frame of the engine in which the table shall live.
    columns
        Column name → values: integers, booleans or code words of jobeval's own, all of one
        length and at least one. ``None`` is null.
    """
    backend = like.implementation
    if backend.is_duckdb():
        parts = ", ".join(f'unnest({_literal(v)}) AS "{name}"' for name, v in columns.items())
        return materialise(nw.from_native(like.to_native().query("constants", f"SELECT {parts}")))
    if backend.is_polars():
        return nw.from_dict(dict(columns), backend=backend).lazy()
    raise NotImplementedError(f"no table of constants on {backend}: use DuckDB or Polars")


def _literal(values: Sequence[Any]) -> str:
    words = ("NULL" if v is None else f"'{v}'" if isinstance(v, str) else str(v) for v in values)
    return "[" + ", ".join(words) + "]"


def materialise(frame: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Compute a lazy frame once and keep the rows in its engine, as long as the result lives."""
    if frame.implementation.is_duckdb():
        native: Any = frame.to_native()
        rows = native.materialize() if hasattr(native, "materialize") else native.execute()
        return nw.from_native(rows)
    return frame.collect(frame.implementation).lazy()


def collect_frame(frame: nw.LazyFrame[Any], *order: str) -> pd.DataFrame:
    """Compute a lazy frame into pandas, sorted by ``order``.

    Numbers and flags come as NumPy columns: as float64 with ``nan`` where some are missing.
    """
    ordered = frame.sort(*order) if order else frame
    if ordered.implementation.is_duckdb():
        collected: pd.DataFrame = ordered.collect("pandas").to_native()
    else:
        collected = pd.DataFrame(ordered.collect().to_dict(as_series=False))
    masked = {
        name: "float64" if collected[name].isna().any() else dtype.numpy_dtype
        for name, dtype in collected.dtypes.items()
        if is_extension_array_dtype(dtype) and dtype.kind in "biuf"
    }
    return collected.astype(masked)
