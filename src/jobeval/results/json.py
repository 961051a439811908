"""Results as JSON values: ``nan`` becomes ``null``, infinite numbers their names."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd


def plain(value: Any) -> Any:
    """Turn one value into what JSON can hold."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return value if math.isfinite(value) else ("inf" if value > 0 else "-inf")
    if isinstance(value, np.ndarray):
        return [plain(item) for item in value.tolist()]
    if isinstance(value, pd.DataFrame):
        return {
            "columns": [str(name) for name in value.columns],
            "rows": [[plain(item) for item in row] for row in value.itertuples(index=False)],
        }
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    return None if value is pd.NA else value


def html_table(frame: pd.DataFrame) -> str:
    return frame.to_html(index=False, escape=True, max_rows=12, float_format="{:.4g}".format)


def number(value: Any) -> float:
    return math.nan if value is None else float(value)
