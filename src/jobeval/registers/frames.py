"""Any data frame that narwhals takes, column by column, as NumPy arrays."""

from collections.abc import Iterable
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from jobeval.errors import DataError, Problem, did_you_mean


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
    eager = selected.collect("pandas") if isinstance(selected, nw.LazyFrame) else selected
    return {name: _as_array(eager[name]) for name in names}


def _as_array(series: nw.Series[Any]) -> NDArray[Any]:
    dtype = series.dtype
    if dtype.is_numeric() or dtype == nw.Boolean:
        if series.null_count() == 0:
            return np.asarray(series.to_numpy())
        values = series.to_list()
        return np.array([np.nan if v is None else float(v) for v in values], dtype=float)
    values = [None if v is None or v != v else v for v in series.to_list()]
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array
