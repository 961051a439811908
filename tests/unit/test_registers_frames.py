"""Columns of any frame become arrays of one kind, whatever holds what is missing."""

import datetime as dt
import math
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest

from jobeval.registers.frames import read_columns

DAY = dt.date(2024, 1, 1)


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        (pd.Series(["a", None, np.nan, pd.NA], dtype=object), ["a", None, None, None]),
        (pd.Series(["a", pd.NA], dtype="string"), ["a", None]),
        (pd.Series(["a", None], dtype="category"), ["a", None]),
        (pd.Series([1, None], dtype="category"), [1, None]),
        (pd.Series([DAY, None], dtype=object), [DAY, None]),
        (pd.Series([pd.Timestamp(DAY), pd.NaT]), [pd.Timestamp(DAY), None]),
        (pd.Series([True, None], dtype=object), [True, None]),
        (pl.Series(["a", None]), ["a", None]),
        (pl.Series(["a", None], dtype=pl.Categorical), ["a", None]),
        (pl.Series([DAY, None]), [DAY, None]),
    ],
)
def test_texts_and_all_else_have_none_for_missing(series, expected):
    frame = series.to_frame("x") if isinstance(series, pd.Series) else pl.DataFrame({"x": series})
    found = read_columns(frame, ["x"])["x"]
    assert found.dtype == object
    assert found.tolist() == expected


@pytest.mark.parametrize(
    "series",
    [
        pd.Series([1.0, np.nan]),
        pd.Series([1.0, np.nan], dtype=np.float32),
        pd.Series([1, None], dtype="Int64"),
        pd.Series([1.0, None], dtype="Float64"),
        pd.Series([True, None], dtype="boolean"),
        pl.Series([1, None]),
        pl.Series([True, None]),
        pl.Series([1.0, math.nan]),
        pl.Series([Decimal("1.0"), None]),
    ],
)
def test_numbers_have_nan_for_missing(series):
    frame = series.to_frame("x") if isinstance(series, pd.Series) else pl.DataFrame({"x": series})
    found = read_columns(frame, ["x"])["x"]
    assert found.dtype == np.float64
    assert found[0] == 1
    assert math.isnan(found[1])


@pytest.mark.parametrize("values", [[1, 2], [True, False], [0.5, 1.0]])
def test_numbers_keep_their_kind_where_nothing_is_missing(values):
    found = read_columns(pd.DataFrame({"x": values}), ["x"])["x"]
    assert found.dtype == np.asarray(values).dtype
    assert found.tolist() == values


def test_a_frame_is_not_changed():
    frame = pd.DataFrame({"x": pd.Series(["a", np.nan], dtype=object)})
    assert read_columns(frame, ["x"])["x"].tolist() == ["a", None]
    assert math.isnan(frame["x"][1])
