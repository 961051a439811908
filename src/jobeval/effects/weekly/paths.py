"""Outcomes week by week since randomisation: paths of effects with simultaneous bands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobeval.effects.itt.analysed import Columns, read_analysed
from jobeval.effects.itt.itt import columns_needed
from jobeval.effects.itt.options import (
    Adjustment,
    IttOptions,
    validate_options,
)
from jobeval.effects.weekly.path_curves import PathOptions, draw_path
from jobeval.effects.weekly.periods import Period, PeriodBlocks, read_periods
from jobeval.effects.weekly.weekly import Blocks, RowBlocks
from jobeval.effects.weekly.weekly_effects import estimate_weekly_effects
from jobeval.errors import DataError, Problem
from jobeval.inference.covariates import covariate_names
from jobeval.inference.redraw import require_seed
from jobeval.plan.lottery import Lottery
from jobeval.plan.parts import Term
from jobeval.registers.frames import read_columns
from jobeval.regression.least_squares import Vcov
from jobeval.results import CurveTable

Floats = NDArray[np.float64]
OUTCOME = "weekly outcome"
FEW_CLUSTERS = ("fewer than 10 clusters: confirm by re-drawing the lottery",)


def estimate_path(
    frame: Any,
    outcomes: Sequence[str],
    lottery: Lottery,
    *,
    weeks: Sequence[int] | None = None,
    covariates: Sequence[str | Term] = (),
    adjustment: Adjustment = "none",
    weights: str | None = None,
    vcov: Vcov | None = None,
    period: Period = "week",
    accumulate: bool = False,
    fading_weeks: int | None = None,
    endpoint: str = "outcome",
    unit: str = "",
    conf_level: float = 0.95,
    seed: int = 0,
) -> CurveTable:
    """Estimate the means of both arms and the effect, week by week.

    Parameters
    ----------
    frame
        One row a person; any data frame that narwhals takes.
    outcomes
        One column of numbers a week, ascending; missing where a person is not observed.
    lottery, covariates, adjustment, weights, vcov
        As for ``estimate_itt``.
    weeks
        Weeks since randomisation of the outcomes; by default 0, 1, 2, …
    period
        ``"week"``; ``"month"`` for means over months of ``52/12`` weeks, starting with week 0;
        or week → number of a period. A person counts in a period when observed in all of it.
    accumulate
        Whether to add a curve of measure ``"accumulated"``: the sum of the effects from week 0
        on. Then pick the effect by ``one(arm=…, measure=…)``.
    fading_weeks
        Length of the two periods that the test of fading compares; ``None`` for a third of
        the weeks from week 0 on.
    endpoint, unit
        What the curves carry. The measure is ``"share"`` where that is the unit, else
        ``"mean"``; the accumulated unit of a share is weeks, of hours a week hours.
    conf_level
        Level of the pointwise intervals and of the bands.
    seed
        Of the simulation behind the bands.

    Returns
    -------
    CurveTable
        Control, treatment (never adjusted for covariates) and ``"treatment - control"``, which
        is in each week the effect of ``estimate_itt`` on the persons observed then. Intervals
        are pointwise; ``band_low`` and ``band_high`` of the effect hold for all weeks from
        week 0 on at once (sup-t, Montiel Olea & Plagborg-Møller 2019), at t quantiles of each
        week's degrees of freedom that leave as much in the tails as the critical value does
        in the normal's. ``at_risk`` counts the persons observed, ``events`` those whose
        outcome is not 0. Its ``tests``: whether there is an effect in any week, and whether it
        fades (``fading_test``). A week in which the effect is not estimable, or a stratum is
        down to one person in an arm, is ``nan``; from week 0 on, the first such week ends
        the curves, because what remains would be another population. Where nothing varies the
        interval is ``nan``. Notes say so.

    Raises
    ------
    DataError, ValueError
        As ``estimate_itt``.

    Notes
    -----
    The covariance of two weeks sums the products of scores over the persons, or clusters,
    observed in both. All weeks in which the same persons are observed share one
    factorisation.

    Examples
    --------
    >>> import pandas as pd
    >>> from jobeval import Lottery
    >>> frame = pd.DataFrame({"arm": list("ctctctct"), "w0": [0, 0, 0, 0, 1, 2, 0, 0],
    ...     "w1": [0, 4, 2, 6, 1, 9, 3, 5]})
    >>> path = estimate_path(frame, ["w0", "w1"], Lottery(arm="arm", treatment="t", control="c"))
    >>> effect = path["t - c"]
    >>> effect.values.tolist(), bool((effect.band_low < effect.conf_low).all())
    ([0.25, 4.5], True)
    """
    outcomes = _validate_outcomes(outcomes, weeks)
    options = validate_options(
        OUTCOME, lottery, covariates, adjustment, vcov, conf_level, weights=weights
    )
    _validate_covariates_apart(outcomes, options)
    require_seed(seed)
    shown = PathOptions(
        period=period, accumulate=accumulate, fading_weeks=fading_weeks, endpoint=endpoint,
        unit=unit, seed=seed,
    )  # fmt: skip
    needed = columns_needed(outcomes[0], lottery, options)
    columns = read_columns(frame, tuple(dict.fromkeys((*outcomes, *needed))))
    _require_numbers(columns, outcomes)
    numbers = np.arange(len(outcomes)) if weeks is None else _whole_weeks(weeks)
    _validate_shown(numbers, shown)
    blocks = _ColumnBlocks([columns[name] for name in outcomes])
    return estimate_path_from_blocks(blocks, columns, lottery, numbers, options, shown)


def estimate_path_from_blocks(
    blocks: Blocks,
    columns: Columns,
    lottery: Lottery,
    weeks: Sequence[int] | NDArray[np.int64],
    options: IttOptions | None = None,
    shown: PathOptions | None = None,
    arms: tuple[str, str] | None = None,
) -> CurveTable:
    """``estimate_path`` on person × week that comes in blocks of rows.

    Parameters
    ----------
    blocks
        Blocks of rows, shape ``(b, T)``, in the order of the rows of ``columns``; ``nan`` is not
        observed. They are iterated three to five times, so not a generator. An array is
        taken as one (``weekly.RowBlocks`` makes blocks of it, or of a memory map).
    columns
        The lottery's columns, covariates and weights, arrays of shape ``(N,)``.
    weeks
        Shape ``(T,)``, ascending; week 0 is the week of randomisation.
    options, shown
        What to estimate (as validated for ``estimate_itt``) and what to show of it.
    arms
        The names of control and treatment; by default the lottery's.

    Notes
    -----
    Memory grows with persons only by the design (persons × covariates) and one bit a week;
    with clusters by clusters × weeks. Where persons are observed for different lengths of
    time and covariates, weights or clusters count, one design is kept for each length.

    Examples
    --------
    >>> from jobeval import Lottery
    >>> arm = np.array(list("ctctctct"), dtype=object)
    >>> weekly = np.array([[0.0, 4, 2, 6, 1, 9, 3, 5]]).T
    >>> path = estimate_path_from_blocks(
    ...     weekly, {"arm": arm}, Lottery(arm="arm", treatment="t", control="c"), [1])
    >>> path["t - c"].values.tolist()
    [4.5]
    """
    if isinstance(blocks, Iterator):
        raise ValueError("blocks are read several times: give a list or an array, no generator")
    blocks = RowBlocks(blocks) if isinstance(blocks, np.ndarray) else blocks
    options, shown = options or IttOptions(), shown or PathOptions()
    zeros = np.zeros(len(columns[lottery.arm]))
    persons = read_analysed({**columns, OUTCOME: zeros}, OUTCOME, lottery, options)
    periods = read_periods(weeks, shown.period)
    averaged = PeriodBlocks(blocks, periods, persons.assignment.rows)
    found = estimate_weekly_effects(averaged, persons, options, len(periods.weeks))
    return draw_path(
        found,
        periods,
        shown,
        arms=arms or (str(lottery.control), str(lottery.treatment)),
        conf_level=options.conf_level,
        notes=(
            *persons.notes,
            *persons.covariates.notes,
            *found.notes,
            *periods.notes,
            *(FEW_CLUSTERS if (persons.assignment.n_clusters or 10) < 10 else ()),
        ),
    )


def _validate_outcomes(outcomes: Sequence[str], weeks: Sequence[int] | None) -> tuple[str, ...]:
    if isinstance(outcomes, str) or not len(outcomes):
        raise ValueError('outcomes is a sequence of columns, such as ["week_0", "week_1"]')
    if len(set(outcomes)) < len(outcomes):
        raise ValueError("an outcome is named twice")
    if weeks is not None and len(weeks) != len(outcomes):
        raise ValueError(f"{len(weeks)} weeks for {len(outcomes)} outcomes")
    return tuple(outcomes)


def _whole_weeks(weeks: Sequence[int]) -> NDArray[np.int64]:
    numbers = np.asarray(weeks, dtype=np.int64)
    if (numbers != np.asarray(weeks)).any():
        raise ValueError("weeks are whole numbers, ascending")
    return numbers


def _validate_shown(weeks: NDArray[np.int64], shown: PathOptions) -> None:
    if shown.fading_weeks is not None and shown.fading_weeks < 1:
        raise ValueError(f"fading_weeks must be at least 1, not {shown.fading_weeks}")
    after = weeks[weeks >= 0]
    if shown.accumulate and (after != np.arange(len(after))).any():
        raise ValueError("accumulate adds up every week from week 0 on: name an outcome for each")


def _validate_covariates_apart(outcomes: Sequence[str], options: IttOptions) -> None:
    both = sorted(set(outcomes) & set(covariate_names(options.covariates)))
    if both:
        raise ValueError(f"{both[0]!r} is an outcome and can be no covariate")


def _require_numbers(columns: Columns, outcomes: Sequence[str]) -> None:
    problems = [
        Problem(f"outcome {name!r}", "is not a column of numbers.", "Deliver it as numbers.")
        for name in outcomes
        if columns[name].dtype.kind not in "biuf"
    ]
    if problems:
        raise DataError("weekly outcomes", problems)


@dataclass(frozen=True, slots=True, eq=False)
class _ColumnBlocks:
    """Columns of one length as blocks of rows."""

    columns: list[NDArray[Any]]
    rows: int = 1024

    def __iter__(self) -> Iterator[Floats]:
        for start in range(0, len(self.columns[0]), self.rows):
            part = slice(start, start + self.rows)
            yield np.column_stack([column[part].astype(float) for column in self.columns])
