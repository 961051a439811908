"""Gray's test: whether the arms go to one destination alike, others competing."""

import math
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobeval.errors import DesignError, did_you_mean
from jobeval.exits.drawn.drawn_cells import DRAWS, Inference, validate_inference
from jobeval.exits.drawn.drawn_counts import (
    DrawnCounts,
    draw_cluster_counts,
    draw_counts,
    grid_table,
)
from jobeval.exits.grid.durations import Durations, read_destinations
from jobeval.exits.grid.grid import ExitGrid, cluster_counts
from jobeval.exits.ranks.gray_statistic import gray
from jobeval.inference.redraw import SEED
from jobeval.inference.redrawn import p_values
from jobeval.plan.lottery import Lottery
from jobeval.results import HypothesisTest

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


class _Asked(NamedTuple):
    cause: str
    rho: float
    inference: Inference
    draws: int
    seed: int


def gray_test(
    frame: Any,
    duration: str,
    destination: str,
    lottery: Lottery,
    *,
    cause: str,
    rho: float = 0.0,
    inference: Inference = "model",
    draws: int = DRAWS,
    seed: int = SEED,
) -> HypothesisTest:
    """Test whether the cumulative incidence of a destination is the same in both arms.

    Unlike a log-rank test of the exits to one destination, it compares the shares that end up
    there, so that others who leave elsewhere count.

    Parameters
    ----------
    frame, duration, destination, lottery
        As for ``cumulative_incidence``. Strata of the lottery stratify the test.
    cause
        The destination that is compared.
    rho
        Weeks weigh ``(1 − F(t−))^ρ`` with the incidence of both arms; above 0 for differences
        that come early.
    inference
        ``"model"``: Gray's variance and chi-square. ``"lottery"``: the lottery drawn again,
        persons or clusters, which tests that it changed nothing. The statistic is Gray's in
        both, found anew in each draw.
    draws
        Re-drawn lotteries. Where there are at most so many possible ones, all are used and
        the p-value is exact; else it is ``(1 + hits) / (1 + draws)``.
    seed
        Origin of the random stream.

    Returns
    -------
    HypothesisTest
        Chi-square with one degree of freedom; ``part`` is the cause. ``nan`` with a note when
        nobody left to it while both arms were at risk.

    Raises
    ------
    DataError
        As ``cumulative_incidence``.
    DesignError
        For ``inference="model"`` when clusters were drawn: its variance is that of persons.

    References
    ----------
    Gray (1988), Annals of Statistics 16, 1141–1154; ``cuminc`` of R's cmprsk.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"arm": list("tttccc"), "week": [1, 2, 3, 1, 2, 3],
    ...     "to": ["job", "job", None, "pension", None, "job"]})
    >>> lottery = Lottery(arm="arm", treatment="t", control="c")
    >>> test = gray_test(frame, "week", "to", lottery, cause="job", inference="lottery")
    >>> test.exact, test.draws, test.part
    (True, 20, 'job')
    """
    asked = _validate(_Asked(cause, rho, inference, draws, seed))
    if lottery.clusters and inference == "model":
        raise DesignError(
            "Gray's variance takes persons as drawn one by one, and clusters were drawn. "
            'Mend: use inference="lottery".'
        )
    durations = read_destinations(frame, duration, destination, lottery)
    grid = durations.grid(lottery)
    cluster = durations.assignment.cluster
    drawn = None if cluster is None else _draw_clusters(durations, cluster, grid, asked)
    return _test(grid, duration, asked, drawn)


def gray_test_from_grid(
    grid: ExitGrid,
    *,
    endpoint: str,
    cause: str,
    rho: float = 0.0,
    inference: Inference = "model",
    draws: int = DRAWS,
    seed: int = SEED,
) -> HypothesisTest:
    """``gray_test`` from the counts of two arms, control first.

    ``DesignError`` when somebody entered late: Gray's test follows everybody from the start.
    """
    return _test(grid, endpoint, _validate(_Asked(cause, rho, inference, draws, seed)), None)


def _validate(asked: _Asked) -> _Asked:
    validate_inference(asked.inference, asked.draws, asked.seed)
    if not (asked.rho >= 0 and math.isfinite(asked.rho)):
        raise ValueError(f"rho must be a number from 0 on, not {asked.rho!r}")
    return asked


def _draw_clusters(
    durations: Durations, cluster: Counts, grid: ExitGrid, asked: _Asked
) -> DrawnCounts:
    drawn, (_, _, weeks, causes) = durations.assignment, grid.events.shape
    own, _ = cluster_counts(cluster, durations.weeks, durations.cause, weeks, causes)
    first = np.unique(cluster, return_index=True)[1]
    return draw_cluster_counts(
        own, drawn.assigned[first], drawn.stratum[first], asked.draws, asked.seed
    )


def _test(
    grid: ExitGrid, endpoint: str, asked: _Asked, drawn: DrawnCounts | None
) -> HypothesisTest:
    if grid.entries.any():
        raise DesignError(
            "Gray's test follows everybody from the draw on, and some entered late. Mend: "
            "compare log-rank tests of the exits to the destination with entry=."
        )
    named, table = _name(grid, endpoint, asked), grid_table(grid)
    if asked.cause not in grid.causes:
        hint = f" ({did_you_mean(asked.cause, grid.causes)})" if grid.causes else ""
        return replace(named, notes=(f"not estimable: nobody left to {asked.cause!r}{hint}",))
    code = grid.causes.index(asked.cause) + 1
    statistic = float(gray(table, code, asked.rho).statistic)
    if math.isnan(statistic):
        note = f"not estimable: nobody left to {asked.cause!r} while both arms were at risk"
        return replace(named, notes=(note,))
    if asked.inference == "lottery":
        drawn = drawn or draw_counts(table, asked.draws, asked.seed)
        return _by_lottery(named, statistic, drawn, code, asked.rho)
    from scipy.special import chdtrc

    return replace(named, statistic=statistic, p_value=float(chdtrc(1, statistic)))


def _name(grid: ExitGrid, endpoint: str, asked: _Asked) -> HypothesisTest:
    """The test of which nothing is known yet."""
    place = [k for k, cause in enumerate(grid.causes) if cause == asked.cause]
    exits = grid.events[..., place].sum(axis=(1, 2, 3)).tolist()
    return HypothesisTest(
        name="stratified Gray" if len(grid.strata) > 1 else "Gray",
        endpoint=endpoint,
        statistic=math.nan,
        df=1.0,
        p_value=math.nan,
        part=asked.cause,
        inference="lottery" if asked.inference == "lottery" else "",
        n_apart_treatment=exits[1],
        n_apart_control=exits[0],
    )


def _by_lottery(
    named: HypothesisTest, statistic: float, drawn: DrawnCounts, cause: int, rho: float
) -> HypothesisTest:
    statistics = np.concatenate([gray(block, cause, rho).statistic for block in drawn])
    failed = int(np.isnan(statistics).sum())
    notes = (f"in {failed} draws the statistic cannot be computed; they count as hits",)
    p_value = p_values(np.array([statistic]), statistics[:, None], drawn.drawn.exact)
    return replace(
        named,
        statistic=statistic,
        p_value=float(p_value[0]),
        draws=drawn.drawn.total,
        exact=drawn.drawn.exact,
        notes=(*named.notes, *(notes if failed else ())),
    )
