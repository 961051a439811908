"""Persons in each state per stratum × arm × week, counted in the engine.

Counts are all that the shares of states need where persons were drawn at even odds, so that
what follows does not grow with the number of persons. Cells without persons have no row.
"""

from __future__ import annotations

from collections.abc import Sequence

import narwhals as nw
import pandas as pd

from jobeval.endpoints.weekly import observed_weeks
from jobeval.panel.build import Panel
from jobeval.panel.engine import collect_frame


def count_states(panel: Panel, strata_columns: Sequence[str] = ()) -> pd.DataFrame:
    """Persons in each state: the strata columns, ``arm``, ``week``, ``state`` and ``n``."""
    keys = [*dict.fromkeys([*strata_columns, "arm"]), "week", "state"]
    weeks = observed_weeks(panel, nw.col("followed_weeks_state"), *keys[:-2])
    return collect_frame(weeks.group_by(*keys).agg(n=nw.len()), *keys)
