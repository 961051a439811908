"""The mean number of events a person, by weeks since randomisation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobeval.exits.curves.curves import FEW_CLUSTERS, end_notes
from jobeval.exits.grid.durations import read_durations
from jobeval.exits.jobs.event_rows import EventCounts, EventRows, event_rows, persons_of
from jobeval.inference.intervals import normal_quantile
from jobeval.plan.lottery import Lottery
from jobeval.results import Curve, CurveTable

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


def mean_cumulative(at_risk: Counts, events: Counts, terminal: Counts | None = None) -> Floats:
    """``μ(t) = Σ_{u ≤ t} S(u−) dN(u) / Y(u)``, along the last axis.

    Parameters
    ----------
    at_risk, events, terminal
        Shape ``(…, T)``: persons under observation in a week, events, and terminal events, after
        which nobody has events any more. Within a week, events come first.

    Returns
    -------
    array
        Nelson's estimate (Lawless & Nadeau 1995), and with terminal events that of Ghosh & Lin
        (2000), where ``S`` is their Kaplan–Meier estimate. ``nan`` from the week
        on, after week 0, in which nobody is under observation although not everybody has met
        the terminal event.

    Examples
    --------
    >>> mean_cumulative(np.array([0, 4, 4, 2]), np.array([0, 2, 1, 1])).tolist()
    [0.0, 0.5, 0.75, 1.25]
    """
    n = np.maximum(at_risk, 1)
    gone = np.zeros_like(events) if terminal is None else terminal
    before = _before(1 - gone / n)
    mean = np.cumsum(before * events / n, axis=-1)
    unknown = (at_risk == 0) & (before > 0) & (np.arange(at_risk.shape[-1]) > 0)
    return np.where(np.logical_or.accumulate(unknown, axis=-1), np.nan, mean)


def mean_cumulative_influence(total: EventCounts, own: EventCounts) -> Floats:
    """What ``G`` persons or clusters add to the mean of one arm and stratum, shape ``(G, T)``.

    With ``m = dN_g − Y_g dN / Y`` a group's events beyond expectation and ``m_D`` its terminal
    ones, ``Σ_{u ≤ t} S(u−) m(u) / Y(u) − Σ_{u ≤ t} (μ(t) − μ(u)) m_D(u) / (Y(u) − dD(u))``: the
    derivative by the weight of the group. Its squares add up to the robust variance of Lawless &
    Nadeau (1995), and with terminal events to that of Ghosh & Lin (2000).

    Parameters
    ----------
    total
        Each of shape ``(T,)``: everyone.
    own
        Each of shape ``(G, T)``: the groups' own.
    """
    n = np.maximum(total.at_risk, 1)
    before = _before(1 - total.terminal / n)
    mean = np.cumsum(before * total.events / n)
    direct = (before / n) * (own.events - own.at_risk * (total.events / n))
    lost = own.terminal - own.at_risk * (total.terminal / n)
    lost = lost / np.maximum(n - total.terminal, 1)
    drift = mean * np.cumsum(lost, axis=1) - np.cumsum(lost * mean, axis=1)
    return np.cumsum(direct, axis=1) - drift


def _before(stay: Floats) -> Floats:
    """``S(u−)`` from the shares that stay in each week, along the last axis."""
    shifted = np.ones_like(stay)
    np.cumprod(stay[..., :-1], axis=-1, out=shifted[..., 1:])
    return shifted


def mean_and_variance(rows: EventRows) -> tuple[Floats, Floats]:
    """Mean number of events and its robust variance of one arm and stratum, shape ``(T,)``."""
    total = rows.total
    mean, variance = mean_cumulative(*total), np.zeros(rows.n_weeks)
    for own in rows.blocks():
        variance += (mean_cumulative_influence(total, own) ** 2).sum(axis=0)
    return mean, np.where(np.isnan(mean), np.nan, variance)


def mean_cumulative_events(
    frame: Any,
    duration: str,
    observed: str,
    lottery: Lottery,
    *,
    entry: str,
    person: str,
    terminal: str | None = None,
    conf_level: float = 0.95,
    standardise: bool | None = None,
) -> CurveTable:
    """The mean number of events a person, such as starts of a job, for each arm.

    Parameters
    ----------
    frame
        Any frame that narwhals takes, one row from each event of a person to the next, such as
        ``derive_recurrence`` gives beside the lottery. Persons of other arms are left out.
    duration
        Column of whole weeks since randomisation in which the row ends.
    observed
        Column of true/false or 1/0: whether it ends with an event.
    lottery
        The names of the lottery's columns.
    entry
        Column of whole weeks since randomisation after which the row begins.
    person
        Column of persons' ids.
    terminal
        Column of true/false or 1/0: whether the row ends with what ends all events, such as
        death. Left out, nobody is lost but by the end of follow-up.
    conf_level
        Level of the pointwise intervals, ``μ exp(± z se / μ)``.
    standardise
        As in ``survival_curve``: left out, the curves are weighted means over the strata
        exactly when the lottery has strata.

    Returns
    -------
    CurveTable
        ``measure="mean_cumulative"``, unit ``"events"``, control and treatment. ``std_error`` is
        robust: it allows for events of a person that hang together, or those of a cluster
        when clusters were drawn. ``at_risk``, ``events`` and ``first_events`` are plain counts.

    Raises
    ------
    DataError
        For rows of a person that overlap or change their arm or stratum, rows after a terminal
        event, broken weeks, and a lottery that cannot be read.

    References
    ----------
    Nelson (1988); Lawless & Nadeau (1995); Ghosh & Lin (2000).

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"id": [1, 1, 2, 3, 4], "arm": list("tttcc"), "from": [0, 2, 0, 0, 0],
    ...     "to": [2, 4, 4, 4, 3], "job": [1, 1, 0, 0, 1]})
    >>> curves = mean_cumulative_events(frame, "to", "job",
    ...     Lottery(arm="arm", treatment="t", control="c"), entry="from", person="id")
    >>> curves["t"].values.tolist()
    [0.0, 0.0, 0.5, 0.5, 1.0]
    """
    normal_quantile(conf_level)
    extra = () if terminal is None else (terminal,)
    durations = read_durations(
        frame, duration, observed, lottery, extra, entry=entry, person=person
    )
    drawn, rows = durations.assignment, event_rows(durations, terminal)
    stratum = drawn.stratum
    if not (bool(lottery.strata) if standardise is None else standardise):
        stratum = np.zeros_like(stratum)
    persons = persons_of(durations)
    weights = _weights(persons, stratum)
    curves: list[Curve] = []
    for arm, name in enumerate((str(lottery.control), str(lottery.treatment))):
        mine = drawn.assigned == arm
        parts = [mean_and_variance(rows.within(mine & (stratum == s))) for s in range(len(weights))]
        values = weights @ np.stack([mean for mean, _ in parts])
        std_error = np.sqrt(weights**2 @ np.stack([variance for _, variance in parts]))
        notes = (*_notes(len(weights), drawn.n_clusters),
                 *end_notes(np.arange(rows.n_weeks), values, name, len(weights)))  # fmt: skip
        own = rows.within(mine)
        curve = _curve(duration, name, values, std_error, own.total, conf_level, notes)
        curves.append(replace(curve, first_events=own.first(persons[mine])))
    return CurveTable(tuple(curves))


def _curve(
    endpoint: str,
    arm: str,
    values: Floats,
    std_error: Floats,
    total: EventCounts,
    conf_level: float,
    notes: tuple[str, ...],
) -> Curve:
    known = (values > 0) & (std_error > 0)
    spread = np.divide(std_error, values, out=np.full_like(values, np.nan), where=known)
    factor = np.exp(normal_quantile(conf_level) * spread)
    return Curve(
        endpoint=endpoint,
        measure="mean_cumulative",
        arm=arm,
        times=np.arange(len(values)),
        values=values,
        at_risk=total.at_risk,
        events=total.events,
        std_error=std_error,
        conf_low=values / factor,
        conf_high=values * factor,
        unit="events",
        conf_level=conf_level,
        notes=notes,
    )


def _weights(person: Counts, stratum: Counts) -> Floats:
    """The share of each stratum among the persons of both arms."""
    first = np.unique(person, return_index=True)[1]
    sizes = np.bincount(stratum[first])
    return sizes / sizes.sum()


def _notes(strata: int, clusters: int | None) -> list[str]:
    notes = [f"standardised over {strata} strata"] if strata > 1 else []
    if clusters is None:
        return [*notes, "standard errors allow for several events of a person"]
    few = ", too few for a normal reference" if clusters < FEW_CLUSTERS else ""
    return [*notes, f"standard errors summed over {clusters} clusters{few}"]
