"""Test statistics of many outcomes under the real lottery and under re-drawn ones."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from jobeval.inference.assignment import Assignment
from jobeval.inference.blocks import Progress, digest_of, run_blocks
from jobeval.inference.drawn_ancova import drawn_ancova
from jobeval.inference.drawn_least_squares import drawn_least_squares
from jobeval.inference.drawn_means import drawn_means
from jobeval.inference.drawn_sample import (
    DrawnSample,
    Kernel,
    PairKernel,
    Weighing,
    take_sample,
)
from jobeval.inference.enumeration import choose_lotteries
from jobeval.inference.redraw import TILE, Urn, fill_urn
from jobeval.inference.redrawn import Redrawn
from jobeval.inference.scratch import Scratch

Floats = NDArray[np.float64]
Form = Literal["none", "ancova", "lin"]
Statistic = Callable[[NDArray[np.float64], NDArray[np.int64]], float]

_SCRATCH = Scratch()


def redraw_statistics(
    outcomes: Floats,
    assignment: Assignment,
    *,
    covariates: Floats | None = None,
    form: Form | Statistic = "none",
    weighing: Weighing = "none",
    studentised: bool = True,
    draws: int = 10_000,
    seed: int,
    workers: int = 2,
    progress: Progress | None = None,
    checkpoint: Path | None = None,
) -> Redrawn:
    """Compute the statistics of ``m`` outcomes in the same re-drawn lotteries.

    Parameters
    ----------
    outcomes
        Shape ``(n, m)``. A missing value (``nan``) leaves the person out of that outcome;
        the lottery is that of all ``n`` persons.
    assignment
        The real lottery of the ``n`` persons.
    covariates
        Shape ``(n, p)``, neither strata nor a constant among them, linearly independent of
        each other and of the strata; finite where an outcome is known.
    form
        ``"none"``: the (blocked) difference in means. ``"ancova"``, ``"lin"``: with
        covariates, their interactions built anew in each draw. Or a function of outcome and
        assignment, arrays of shape ``(n,)`` in the order given, that answers one number.
    weighing
        As ``estimate_itt`` weighs: ``"allocation"`` (ANCOVA under unequal allocation) or
        ``"probability"`` (which varies within strata); each draw by its own weights.
    studentised
        Divide by a robust standard error, re-estimated in each draw (Wu & Ding 2021): HC2
        for persons, CR1 for clusters. A function is taken as it is.
    draws
        Re-drawn lotteries. Where there are at most so many possible ones, all are used.
    seed
        Origin of the random stream.
    workers, progress, checkpoint
        See ``run_blocks``. The same bits for any number of workers, and after a stop.

    Returns
    -------
    Redrawn

    Examples
    --------
    >>> assigned = np.array([1, 0, 0, 0, 0, 0, 1])
    >>> lottery = Assignment(np.ones(7, bool), assigned, np.zeros(7, int), ("all",))
    >>> hours = np.array([[15.0], [15], [20], [20], [10], [15], [30]])
    >>> redrawn = redraw_statistics(hours, lottery, studentised=False, seed=1)
    >>> redrawn.exact, redrawn.draws, redrawn.p_values() * 21  # Gerber & Green 2012, table 2.2
    (True, 21, array([8.]))
    """
    urn = fill_urn(assignment)
    lotteries = choose_lotteries(urn, draws, seed)
    covariates = np.empty((len(outcomes), 0)) if covariates is None else covariates
    kernel = build_kernel(outcomes, covariates, assignment, urn, form, weighing, studentised)
    robust = kernel
    if not studentised:
        robust = build_kernel(outcomes, covariates, assignment, urn, form, weighing, True)
    estimate, std_error = (part[0] for part in robust(urn.assigned[None].astype(float)))
    digest = digest_of(
        [outcomes, covariates, urn.assigned, urn.starts, urn.unit, urn.probability, estimate],
        [_name(form), weighing, studentised, seed, lotteries.exact],
    )

    def tile(start: int) -> Floats:
        arms = _SCRATCH.array("tile", (TILE, urn.size))
        lotteries.tile(start, arms)
        return np.hstack(kernel(arms))

    drawn = run_blocks(
        lambda start, stop: run_tiles(tile, start, stop),
        lotteries.total,
        digest=digest,
        workers=workers,
        progress=progress,
        checkpoint=checkpoint,
    )
    m = outcomes.shape[1]
    return Redrawn(
        estimate=estimate,
        std_error=std_error,
        drawn_estimate=drawn[:, :m],
        drawn_std_error=drawn[:, m:],
        studentised=studentised and not callable(form),
        exact=lotteries.exact,
    )


def build_kernel(
    outcomes: Floats,
    covariates: Floats,
    assignment: Assignment,
    urn: Urn,
    form: Form | Statistic,
    weighing: Weighing,
    studentised: bool,
) -> Kernel:
    """One kernel for all outcomes; those with the same persons known are computed together."""
    missing = np.isnan(outcomes)
    groups: dict[bytes, list[int]] = {}
    for column in order_columns(outcomes):
        groups.setdefault(missing[:, column].tobytes(), []).append(column)
    parts: list[tuple[list[int], Kernel]] = []
    for columns in groups.values():
        known = ~missing[:, columns[0]]
        sample = take_sample(outcomes[:, columns], covariates, assignment, urn, known)
        parts.append((columns, sample_kernel(sample, form, weighing, studentised)))

    def kernel(tile: Floats) -> tuple[Floats, Floats]:
        estimate = np.empty((len(tile), outcomes.shape[1]))
        std_error = np.empty_like(estimate)
        for columns, part in parts:
            estimate[:, columns], std_error[:, columns] = part(tile)
        return estimate, std_error

    return kernel


def order_columns(outcomes: Floats) -> list[int]:
    """The columns in an order of their values, whatever the order in which they are given.

    Sums of a matrix product may depend on the place of a column in their last bit.
    """
    values = [column.tobytes() for column in outcomes.T]
    return sorted(range(len(values)), key=values.__getitem__)


def sample_kernel(
    sample: DrawnSample, form: Form | Statistic, weighing: Weighing, studentised: bool
) -> Kernel:
    if callable(form):
        return _drawn_callable(sample, form)
    if form == "ancova" and weighing == "none" and not sample.clustered:
        return drawn_ancova(sample, studentised)
    return pair_kernel(sample, form, weighing, studentised)


def pair_kernel(
    sample: DrawnSample, form: Form, weighing: Weighing, studentised: bool
) -> PairKernel:
    """A kernel for a lottery of two arms, or for two arms of several."""
    if form == "none" or (form == "lin" and not sample.covariates.shape[1]):
        return drawn_means(sample, weighing, studentised)  # Lin with strata alone
    return drawn_least_squares(sample, form, weighing, studentised)


def _drawn_callable(sample: DrawnSample, statistic: Statistic) -> Kernel:
    order = np.argsort(sample.place)
    outcomes = sample.outcomes[order]

    def kernel(tile: Floats) -> tuple[Floats, Floats]:
        drawn = sample.persons_drawn(tile)[:, order].astype(np.int64)
        values = [[float(statistic(y, row)) for y in outcomes.T] for row in drawn]
        estimate = np.array(values)
        return estimate, np.full_like(estimate, np.nan)

    return kernel


def run_tiles(tile: Callable[[int], Floats], start: int, stop: int) -> Floats:
    """Draws ``start`` to ``stop − 1`` from tiles of ``TILE`` draws, one row a draw.

    A draw is always computed in the same place of the same whole tile: the sums of a matrix
    product may depend on its shape in their last bit.
    """
    firsts = range(start - start % TILE, stop, TILE)
    rows = np.concatenate([tile(first) for first in firsts])
    return rows[start - firsts[0] : stop - firsts[0]]


def _name(form: Form | Statistic) -> str:
    return getattr(form, "__qualname__", type(form).__name__) if callable(form) else form
