"""Endpoints that were delivered with the persons, not derived from registers."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.errors import DataError, Problem, did_you_mean
from jobeval.plan.endpoints import DeliveredExit, DeliveredOutcome


def read_delivered_outcome(persons: pd.DataFrame, endpoint: DeliveredOutcome) -> pd.DataFrame:
    """``person_id, value, status`` of a delivered outcome; blank is not observed.

    >>> plan = DeliveredOutcome.model_validate({"kind": "delivered_outcome", "column": "re78",
    ...     "unit": {"da": "dollar", "en": "dollars"}, "label": {"da": "Løn", "en": "Earnings"}})
    >>> persons = pd.DataFrame({"person_id": ["a", "b"], "re78": [9.9, float("nan")]})
    >>> read_delivered_outcome(persons, plan)["status"].tolist()
    ['observed', 'not_observed']
    """
    value = _numbers(persons, endpoint.column)
    outside = int(((value < 0) | (value > 1)).sum())
    if endpoint.unit == "share" and outside:
        rule = f"is declared as a share and lies outside 0 to 1 for {outside} persons."
        mend = "Deliver 0 and 1 (or proportions), or declare another unit."
        raise DataError("persons", [Problem(f"column {endpoint.column!r}", rule, mend)])
    status = np.where(np.isnan(value), "not_observed", "observed")
    return pd.DataFrame({"person_id": persons["person_id"], "value": value, "status": status})


def read_delivered_exit(persons: pd.DataFrame, endpoint: DeliveredExit) -> pd.DataFrame:
    """``person_id``, ``duration`` (weeks) and ``destination`` (``"exit"``, ``None`` = censored).

    Persons without a duration are not followed and are left out.
    """
    duration = _numbers(persons, endpoint.duration)
    observed = _numbers(persons, endpoint.observed)
    followed = ~np.isnan(duration)
    problems = [
        Problem(f"column {column!r}", rule)
        for column, rule, wrong in (
            (endpoint.duration, "must be whole weeks.", followed & (duration % 1 != 0)),
            (endpoint.observed, "must be 1 (exit) or 0.", followed & ~np.isin(observed, (0, 1))),
        )
        if wrong.any()
    ]
    if problems:
        raise DataError("persons", problems)
    return pd.DataFrame(
        {
            "person_id": persons["person_id"],
            "duration": np.where(followed, duration, 0).astype(np.int64),
            "destination": pd.Series(observed == 1, persons.index).map({True: "exit", False: None}),
        }
    )[followed]


def _numbers(persons: pd.DataFrame, column: str) -> NDArray[Any]:
    if column not in persons.columns:
        hint = did_you_mean(column, [str(name) for name in persons.columns])
        rule = "is named by the plan but was not delivered."
        raise DataError("persons", [Problem(f"column {column!r}", rule, hint)])
    try:
        return persons[column].to_numpy(dtype=float)
    except (TypeError, ValueError):
        raise DataError("persons", [Problem(f"column {column!r}", "must be a number.")]) from None
