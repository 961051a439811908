"""Fidelity of places: the matrix job centre × element, the score of each, and its trend."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student

from jobeval.delivery.fidelity import mean_scores
from jobeval.errors import DataError, Problem, did_you_mean
from jobeval.inference.proportions import wilson_interval
from jobeval.registers.frames import read_columns
from jobeval.results import CheckResult

Floats = NDArray[np.float64]
Groups = list[tuple[str, NDArray[np.bool_]]]
EVERYWHERE = ""
"""The name of all sites together."""

SHARE = ("count", "of", "share", "conf_low", "conf_high")
MATRIX = ("site", "element", *SHARE, "threshold", "verdict")
SCORES = ("site", "persons", "score", "conf_low", "conf_high")
TREND = ("cohort", "element", *SHARE)


def score_fidelity(
    frame: Any,
    elements: Sequence[str],
    *,
    site: str,
    thresholds: float | Mapping[str, float],
    conf_level: float = 0.95,
) -> CheckResult:
    """How many of each site's persons got each core element, against thresholds.

    Parameters
    ----------
    frame
        One row a person; any frame that narwhals takes.
    elements
        Columns that are 1 for who got the element, 0 for who did not, and missing for who
        cannot be judged, who is then not counted.
    site
        Column of the site; nobody's is missing or an empty text.
    thresholds
        The share that should get an element: one number, or one for each element; each
        between 0 and 1.
    conf_level
        Of the intervals of Wilson (1927).

    Returns
    -------
    CheckResult
        ``"fidelity"``, informative. ``table`` has one row a site and element, those of all
        sites together (``site`` is ``""``) first: ``count``, ``of``, ``share``,
        ``conf_low``, ``conf_high``, ``threshold`` and ``verdict``: ``"above"`` or ``"below"``
        where the interval lies on that side of the threshold, else ``"uncertain"``.
        ``values`` holds ``score``, the mean over persons of the share of their judged elements
        that they got, with ``conf_low`` and ``conf_high``. This tells what was done, and
        nothing of an effect.

    Raises
    ------
    DataError
        For every column that is not there, holds other values than 0, 1 and missing, or no
        site; for every threshold that is missing or not between 0 and 1.
    ValueError
        A text where a sequence of columns belongs, or ``conf_level`` outside 0 to 1.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"centre": ["A"] * 10 + ["B"] * 10,
    ...                       "tried_company": [1] * 10 + [1] * 2 + [0] * 7 + [None]})
    >>> matrix = score_fidelity(frame, ["tried_company"], site="centre", thresholds=0.6).table
    >>> matrix[["site", "count", "of", "verdict"]].to_numpy().tolist()
    [['', 12, 19, 'uncertain'], ['A', 10, 10, 'above'], ['B', 2, 9, 'below']]
    """
    if isinstance(elements, str):
        raise ValueError(f'elements is a sequence of columns, such as ["{elements}"]')
    names = tuple(dict.fromkeys(elements))
    columns = read_columns(frame, (site, *names))
    given = thresholds if isinstance(thresholds, Mapping) else dict.fromkeys(names, thresholds)
    wrong = [*_find_wrong_columns(columns, site, names), *_find_wrong_thresholds(given, names)]
    if wrong:
        raise DataError("score_fidelity", wrong)
    levels = np.array([given[name] for name in names], dtype=float)
    scores = np.column_stack([columns[name].astype(float) for name in names])
    sites = columns[site].astype(str)
    mean = tabulate_scores(scores, sites, conf_level).iloc[0]
    return CheckResult(
        name="fidelity",
        passed=None,
        sentence=f"{len(scores)} persons, {len(set(sites))} sites, {len(names)} elements.",
        values={key: float(mean[key]) for key in ("score", "conf_low", "conf_high")},
        table=tabulate_matrix(scores, sites, names, levels, conf_level),
    )


def tabulate_matrix(
    scores: Floats,
    sites: NDArray[Any] | None,
    names: Sequence[str],
    thresholds: Floats,
    conf_level: float = 0.95,
) -> pd.DataFrame:
    """Columns ``MATRIX``: one row a site and element, all sites together first.

    Parameters
    ----------
    scores
        Shape ``(n, elements)``: 1, 0, or ``nan`` for who cannot be judged.
    sites
        Shape ``(n,)``; ``None`` where the trial has none.
    names, thresholds
        Of the elements, each of length ``elements``.
    """
    parts = [
        _shares(scores[rows], names, conf_level).assign(site=site, threshold=thresholds)
        for site, rows in split_sites(sites, len(scores))
    ]
    table = pd.concat(parts, ignore_index=True)
    table["verdict"] = np.select(
        [table["conf_low"] >= table["threshold"], table["conf_high"] < table["threshold"]],
        ["above", "below"],
        "uncertain",
    )
    return table[list(MATRIX)]


def tabulate_scores(
    scores: Floats, sites: NDArray[Any] | None, conf_level: float = 0.95
) -> pd.DataFrame:
    """Columns ``SCORES``: the mean score of each site, all sites together first.

    ``persons`` counts those with a judged element. The interval is that of a mean (t), cut
    at 0 and 1; ``nan`` where the scores do not vary or only one person has one.
    """
    means = mean_scores(scores)
    rows = [
        (site, *_mean(means[rows], conf_level)) for site, rows in split_sites(sites, len(scores))
    ]
    return pd.DataFrame(rows, columns=list(SCORES))


def tabulate_trend(
    scores: Floats, cohorts: NDArray[Any], names: Sequence[str], conf_level: float = 0.95
) -> pd.DataFrame:
    """Columns ``TREND``: one row a cohort and element, in order of the cohorts.

    The row with element ``""`` holds the cohort's mean score as ``share``, of ``of`` persons
    with a judged element; its ``count`` is the sum of their scores.
    """
    parts: list[pd.DataFrame] = []
    for cohort, rows in _groups(cohorts):
        means = mean_scores(scores[rows])
        persons, *told = _mean(means, conf_level)
        whole = pd.DataFrame([("", np.nansum(means), persons, *told)], columns=["element", *SHARE])
        shares = _shares(scores[rows], names, conf_level).astype({"count": float})
        parts.append(pd.concat([whole, shares], ignore_index=True).assign(cohort=cohort))
    if not parts:
        return pd.DataFrame(columns=list(TREND))
    return pd.concat(parts, ignore_index=True)[list(TREND)]


def _shares(scores: Floats, names: Sequence[str], conf_level: float) -> pd.DataFrame:
    """One row an element: who got it of those who can be judged."""
    count = np.nansum(scores, axis=0).astype(np.int64)
    of = np.sum(~np.isnan(scores), axis=0)
    low, high = wilson_interval(count, of, conf_level)
    share = count / np.where(of > 0, of, np.nan)
    columns = zip(SHARE, (count, of, share, low, high), strict=True)
    return pd.DataFrame({"element": list(names)} | dict(columns))


def _mean(means: Floats, conf_level: float) -> tuple[int, float, float, float]:
    """Number of known values, their mean, and its interval."""
    known = means[~np.isnan(means)]
    n = len(known)
    if n == 0:
        return 0, np.nan, np.nan, np.nan
    mean = float(known.mean())
    if n == 1 or np.ptp(known) == 0:
        return n, mean, np.nan, np.nan
    half = float(student.ppf((1 + conf_level) / 2, n - 1) * known.std(ddof=1) / np.sqrt(n))
    return n, mean, max(mean - half, 0.0), min(mean + half, 1.0)


def _groups(labels: NDArray[Any]) -> Groups:
    texts = labels.astype(str)
    return [(str(label), texts == label) for label in np.unique(texts)]


def split_sites(sites: NDArray[Any] | None, n: int) -> Groups:
    """All of ``n`` persons under the name ``""``, then those of each site in ascending order."""
    everyone = [(EVERYWHERE, np.ones(n, dtype=bool))]
    return everyone if sites is None else everyone + _groups(sites)


def _find_wrong_thresholds(given: Mapping[str, Any], names: tuple[str, ...]) -> Iterator[Problem]:
    if not names:
        yield Problem("elements", "no element is named.", "Name at least one column.")
    for name in names:
        if name not in given:
            yield Problem(f"thresholds[{name!r}]", "is missing.", "Give each element one.")
    for name, level in given.items():
        if name not in names:
            hint = did_you_mean(name, names)
            yield Problem(f"thresholds[{name!r}]", "is not among the elements.", hint)
        elif not (isinstance(level, float | np.floating) and 0 < level < 1):
            rule = "is no number between 0 and 1."
            yield Problem(f"thresholds[{name!r}]", rule, "Give a share, such as 0.8.")


def _find_wrong_columns(
    columns: Mapping[str, NDArray[Any]], site: str, names: Sequence[str]
) -> Iterator[Problem]:
    yield from find_wrong_marks({name: columns[name] for name in names})
    sites = columns[site]
    missing = int(np.sum(pd.isna(sites) | (sites.astype(str) == EVERYWHERE)))
    if missing:
        rule = f"{missing} rows have no site."
        yield Problem(f"column {site!r}", rule, "Deliver it for everyone.")


def find_wrong_marks(columns: Mapping[str, NDArray[Any]]) -> Iterator[Problem]:
    """A problem for each column that holds anything but 0, 1 and missing."""
    for name, values in columns.items():
        known = values[~pd.isna(values)]
        wrong = int(np.sum(~np.isin(known.astype(object), [0, 1])))
        if wrong:
            rule = f"{wrong} rows hold neither 0 nor 1."
            mend = "Code who got the element as 1, who did not as 0, and leave the others blank."
            yield Problem(f"column {name!r}", rule, mend)
