"""Why courses ended."""

import pandas as pd

from jobeval.monitoring.contracts.frames import FOREVER
from jobeval.monitoring.plan import MonitorPlan
from jobeval.monitoring.status import split_suppliers


def tabulate_ended(plan: MonitorPlan, courses: pd.DataFrame) -> pd.DataFrame:
    """One row a supplier and reason, most first; ``"unknown"`` where none was told."""
    ended = (courses["end"] < FOREVER).to_numpy()
    rows = [
        (supplier, reason, count)
        for supplier, inside in split_suppliers(plan, courses)
        for reason, count in count_texts(courses.loc[inside & ended, "reason"])
    ]
    return pd.DataFrame(rows, columns=["supplier", "reason", "count"])


def count_texts(texts: "pd.Series[str]") -> list[tuple[str, int]]:
    """Each text and how often it stands there, most first, else by the alphabet.

    >>> count_texts(pd.Series(["b", "a", "a", "c"]))
    [('a', 2), ('b', 1), ('c', 1)]
    """
    counts = {str(text): int(n) for text, n in texts.value_counts().items()}
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
