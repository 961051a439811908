"""When and where persons were drawn."""

import pandas as pd

from jobeval.results import CheckResult


def count_inflow(persons: pd.DataFrame, arms: tuple[str, str]) -> CheckResult:
    """Persons drawn by month and arm (``"inflow"``, informative).

    ``persons`` has one row a person with ``arm`` and ``randomised_on`` (dates).

    >>> drawn = pd.DataFrame({"arm": ["c", "t"],
    ...                       "randomised_on": pd.to_datetime(["2016-03-07", "2016-04-04"])})
    >>> count_inflow(drawn, ("c", "t")).table["month"].tolist()
    ['2016-03', '2016-04']
    """
    months = pd.to_datetime(persons["randomised_on"]).dt.strftime("%Y-%m")
    return _by_arm("inflow", "month", months, persons["arm"], arms)


def count_sites(persons: pd.DataFrame, arms: tuple[str, str]) -> CheckResult:
    """Persons drawn by site and arm (``"sites"``, informative), in alphabetical order."""
    return _by_arm("sites", "site", persons["site"].astype(str), persons["arm"], arms)


def _by_arm(
    name: str, column: str, keys: pd.Series, arm: pd.Series, arms: tuple[str, str]
) -> CheckResult:
    counts = pd.crosstab(keys.to_numpy(), arm.to_numpy()).reindex(columns=list(arms), fill_value=0)
    table = counts.rename_axis(index=column, columns=None).reset_index()
    sentence = f"{int(counts.to_numpy().sum())} persons in {len(counts)} rows ({column})."
    return CheckResult(name=name, passed=None, sentence=sentence, table=table)
