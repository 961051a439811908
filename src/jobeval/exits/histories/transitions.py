"""How often persons move between states, by arm: counts, person-weeks and rates."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.endpoints.histories import UNSEEN
from jobeval.exits.histories.histories import Histories, read_histories
from jobeval.exits.histories.transition_grid import count_transitions
from jobeval.plan.lottery import Lottery
from jobeval.results import EffectTable, Estimate

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
PER_WEEKS = 100
NOT_CAUSAL = (
    "not causal when the state is entered after the draw: a rate compares those who are in it"
)

COLUMNS = (
    "from_state", "to_state", "moves_control", "moves_treatment", "weeks_at_risk_control",
    "weeks_at_risk_treatment", "rate_control", "rate_treatment", "persons_control",
    "persons_treatment", "rate_ratio", "conf_low", "conf_high",
)  # fmt: skip


class Moves(NamedTuple):
    """What ``n`` persons did in one state, and how often they left it for another.

    ``weeks`` and ``moves`` have shape ``(n,)``: weeks at risk, and moves.
    """

    weeks: Counts
    moves: Counts


class RateRatio(NamedTuple):
    """Logarithm of a ratio of rates and its standard error; ``nan`` where not estimable."""

    estimate: float
    std_error: float


def count_moves(states: NDArray[np.uint8], origin: int, target: int) -> Moves:
    """Weeks at risk in ``origin`` and moves to ``target`` of each person.

    >>> count_moves(np.array([[0, 0, 1, 0, 1], [0, 0, 255, 255, 255]], dtype=np.uint8), 0, 1)
    Moves(weeks=array([3, 1]), moves=array([2, 0]))
    """
    leaves = (states[:, :-1] == origin) & (states[:, 1:] != UNSEEN)
    return Moves(leaves.sum(axis=1), (leaves & (states[:, 1:] == target)).sum(axis=1))


def stratified_rate_ratio(
    found: Moves, assigned: Counts, stratum: Counts, cluster: Counts | None = None
) -> RateRatio:
    """``A / B`` with ``A = Σ_s D₁ Y₀ / Y`` and ``B = Σ_s D₀ Y₁ / Y`` over strata.

    Mantel–Haenszel for rates (Rothman, Greenland & Lash 2008, chapter 15); the plain ratio when
    there is one stratum. The error is that of the infinitesimal jackknife over persons or
    clusters within arm × stratum, for the moves of one person are not independent.

    >>> found = Moves(np.array([10, 10, 20, 20]), np.array([1, 2, 2, 1]))
    >>> ratio = stratified_rate_ratio(found, np.array([0, 0, 1, 1]), np.zeros(4, dtype=int))
    >>> round(ratio.estimate, 4), round(ratio.std_error**2, 4)  # log ½; (½ / 3)² · 4
    (-0.6931, 0.1111)
    """
    cell = 2 * stratum + assigned
    d, y = (
        _sum(values, cell, int(cell.max(initial=-1)) + 1) for values in (found.moves, found.weeks)
    )
    total = np.maximum(y.sum(axis=1, keepdims=True), 1)
    crossed = d * y[:, ::-1] / total
    b, a = crossed.sum(axis=0)
    if not (a > 0 and b > 0):
        return RateRatio(math.nan, math.nan)
    by_move = y[:, ::-1] / total * np.array([-1 / b, 1 / a])
    by_week = (d / [b, a]).sum(axis=1, keepdims=True) * y[:, ::-1] / total**2 * np.array([1, -1])
    own = by_move.ravel()[cell] * found.moves + by_week.ravel()[cell] * found.weeks
    if cluster is not None:
        own, cell = np.bincount(cluster, own), cell[np.unique(cluster, return_index=True)[1]]
    mean = np.bincount(cell, own) / np.maximum(np.bincount(cell), 1)
    return RateRatio(math.log(a / b), float(np.sqrt(((own - mean[cell]) ** 2).sum())))


def _sum(values: Counts, cell: Counts, n_cells: int) -> Floats:
    """Sums by stratum × arm, shape ``(S, 2)``."""
    sums = np.bincount(cell, values, minlength=n_cells + n_cells % 2)
    return sums.astype(np.float64).reshape(-1, 2)


def estimate_transition_rates(
    frame: Any,
    person: str,
    start: str,
    stop: str,
    state: str,
    lottery: Lottery,
    *,
    states: Sequence[str] | None = None,
    gap_state: str | None = None,
    absorbing: Collection[str] = (),
    horizon_weeks: int | None = None,
    conf_level: float = 0.95,
) -> EffectTable:
    """How many times more often the treatment arm moves from one state to another.

    Parameters
    ----------
    frame, person, start, stop, state, lottery, states, gap_state, absorbing
        As in ``estimate_occupancy``.
    horizon_weeks
        Moves in this many weeks since randomisation; in all when left out.
    conf_level
        Level of the intervals of the ratios.

    Returns
    -------
    EffectTable
        A log rate ratio for each pair of states (``part`` such as ``"benefit -> work"``) between
        which anybody moves, by Mantel & Haenszel over the strata of the lottery, with errors
        over persons or clusters. ``mean_treatment`` and ``mean_control`` are moves per 100
        person-weeks at risk, ``n_treatment`` and ``n_control`` the persons ever at risk, and
        ``n_apart_*`` those who ever made the move. ``nan`` with a note where nobody of an arm
        made it.

    Raises
    ------
    DataError, DesignError
        As ``estimate_occupancy``.

    Examples
    --------
    >>> import pandas as pd
    >>> spells = pd.DataFrame({"id": [1, 1, 2, 2, 3, 3, 4], "arm": list("ttttccc"),
    ...     "from": [0, 1, 0, 2, 0, 3, 0], "to": [1, 5, 2, 5, 3, 5, 5],
    ...     "state": ["benefit", "work"] * 3 + ["benefit"]})
    >>> (effect,) = estimate_transition_rates(spells, "id", "from", "to", "state",
    ...     Lottery(arm="arm", treatment="t", control="c"))
    >>> effect.part, round(effect.mean_treatment, 2), round(effect.mean_control, 2)
    ('benefit -> work', 66.67, 14.29)
    >>> round(effect.ratio, 4)
    4.6667
    """
    histories = read_histories(
        frame, person=person, start=start, stop=stop, state=state, lottery=lottery,
        states=states, gap_state=gap_state, absorbing=absorbing,
    )  # fmt: skip
    return transition_rates_from_histories(
        histories.until(horizon_weeks), endpoint=state, conf_level=conf_level
    )


def transition_rates_from_histories(
    histories: Histories, *, endpoint: str = "state", conf_level: float = 0.95
) -> EffectTable:
    """As ``estimate_transition_rates``, from histories that were read or collected before."""
    return EffectTable(
        tuple(_compare(histories, move, endpoint, conf_level).effect for move in _pairs(histories))
    )


def tabulate_transitions(
    frame: Any,
    person: str,
    start: str,
    stop: str,
    state: str,
    lottery: Lottery,
    *,
    states: Sequence[str] | None = None,
    gap_state: str | None = None,
    absorbing: Collection[str] = (),
    horizon_weeks: int | None = None,
    conf_level: float = 0.95,
) -> pd.DataFrame:
    """Moves between states by arm: counts, weeks at risk, rates and their ratio.

    Parameters
    ----------
    frame, person, start, stop, state, lottery, states, gap_state, absorbing
        As in ``estimate_occupancy``.
    horizon_weeks, conf_level
        As in ``estimate_transition_rates``.

    Returns
    -------
    pandas.DataFrame
        One row for each pair of states between which anybody moves: ``from_state``,
        ``to_state``; ``moves_…``, ``weeks_at_risk_…``, ``rate_…`` (per 100 person-weeks) and
        ``persons_…`` (who made the move) with ``control`` and ``treatment``; ``rate_ratio``,
        ``conf_low``, ``conf_high`` as in ``estimate_transition_rates``.

    Examples
    --------
    >>> import pandas as pd
    >>> spells = pd.DataFrame({"id": [1, 1, 2], "arm": list("ttc"), "from": [0, 1, 0],
    ...     "to": [1, 5, 4], "state": ["benefit", "work", "benefit"]})
    >>> table = tabulate_transitions(spells, "id", "from", "to", "state",
    ...     Lottery(arm="arm", treatment="t", control="c"))
    >>> table[["moves_control", "weeks_at_risk_control", "moves_treatment"]].values.tolist()
    [[0, 3, 1]]
    """
    histories = read_histories(
        frame, person=person, start=start, stop=stop, state=state, lottery=lottery,
        states=states, gap_state=gap_state, absorbing=absorbing,
    )  # fmt: skip
    return transition_table(histories.until(horizon_weeks), conf_level=conf_level)


def transition_table(histories: Histories, *, conf_level: float = 0.95) -> pd.DataFrame:
    """As ``tabulate_transitions``, from histories that were read or collected before."""
    rows = [_compare(histories, move, "state", conf_level).row for move in _pairs(histories)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


class _Compared(NamedTuple):
    effect: Estimate
    row: tuple[Any, ...]


def _pairs(histories: Histories) -> list[tuple[int, int]]:
    """Pairs of states between which anybody moves."""
    pooled = np.zeros(len(histories.states), dtype=np.int64)
    counted = count_transitions(histories.states, pooled, 1, len(histories.labels))
    moves = counted.moves[0].sum(axis=0)
    np.fill_diagonal(moves, 0)
    return [(int(origin), int(target)) for origin, target in np.argwhere(moves)]


def _compare(
    histories: Histories, move: tuple[int, int], endpoint: str, conf_level: float
) -> _Compared:
    drawn, (origin, target) = histories.assignment, move
    found = count_moves(histories.states, origin, target)
    ratio = stratified_rate_ratio(found, drawn.assigned, drawn.stratum, drawn.cluster)
    moves, weeks, movers, persons = (
        np.bincount(drawn.assigned, values, minlength=2).astype(int).tolist()
        for values in (found.moves, found.weeks, found.moves > 0, found.weeks > 0)
    )
    rates = [PER_WEEKS * m / w if w else math.nan for m, w in zip(moves, weeks, strict=True)]
    names = histories.labels[origin], histories.labels[target]
    effect = Estimate(
        endpoint=endpoint,
        estimand="rate_ratio",
        estimator="Mantel–Haenszel rate ratio" if drawn.n_strata > 1 else "rate ratio",
        contrast=histories.lottery.contrast,
        part=" -> ".join(names),
        estimate=ratio.estimate,
        std_error=ratio.std_error if ratio.std_error > 0 else math.nan,
        scale="log_ratio",
        unit="rate_ratio",
        conf_level=conf_level,
        mean_treatment=rates[1],
        mean_control=rates[0],
        n_treatment=persons[1],
        n_control=persons[0],
        n_clusters=drawn.n_clusters,
        n_apart_treatment=movers[1],
        n_apart_control=movers[0],
        notes=(NOT_CAUSAL, *_ratio_notes(ratio)),
    )
    row = (*names, *moves, *weeks, *rates, *movers, effect.ratio, *effect.ratio_interval())
    return _Compared(effect, row)


def _ratio_notes(ratio: RateRatio) -> list[str]:
    if math.isnan(ratio.estimate):
        return ["not estimable: nobody of an arm made the move where the other was at risk"]
    return [] if ratio.std_error > 0 else ["no interval: nothing tells how the rates vary"]
