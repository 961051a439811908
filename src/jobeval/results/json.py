"""Results as JSON values: ``nan`` becomes ``null``, infinite numbers their names."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
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
    """The frame as HTML, at most twelve rows of it; texts such as notes are not cut."""
    with pd.option_context("display.max_colwidth", None):
        return frame.to_html(index=False, escape=True, max_rows=12, float_format="{:.4g}".format)


def listed(head: str, lines: Sequence[str], most: int = 8) -> str:
    """A head and a line for each item, as a table's ``repr``; of many the first ones.

    >>> print(listed("Table(3 rows)", ["a", "b", "c"], most=2))
    Table(3 rows)
      a
      b
      … and 1 more
    """
    more = [f"… and {len(lines) - most} more"] if len(lines) > most else []
    return "\n  ".join([head, *lines[:most], *more])


def counted(n: int, noun: str) -> str:
    """
    >>> counted(1, "curve"), counted(2, "curve")
    ('1 curve', '2 curves')
    """
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def why_not(value: float, notes: Sequence[str]) -> str:
    """What a ``repr`` says of a value that could not be estimated: the note that tells why.

    >>> why_not(math.nan, ["over strata", "not estimable: no exit"])
    '; not estimable: no exit'
    """
    why = [note for note in notes if note.startswith("not estimable")]
    return f"; {why[0]}" if why and math.isnan(value) else ""


def number(value: Any) -> float:
    return math.nan if value is None else float(value)
