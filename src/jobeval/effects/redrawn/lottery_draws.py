"""One analysis under the real lottery and under the lottery drawn again."""

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from jobeval.effects.itt.adjusters import read_adjusters
from jobeval.effects.itt.analysed import Analysed, Columns, read_analysed, require_both_arms
from jobeval.effects.itt.options import IttOptions
from jobeval.effects.itt.weighting import choose_weights
from jobeval.errors import DesignError, did_you_mean
from jobeval.inference.blocks import Progress
from jobeval.inference.drawn_sample import Weighing
from jobeval.inference.inversion import invert_test, probe_columns, shifted_test
from jobeval.inference.redraw import SEED, require_seed
from jobeval.inference.redrawn import Alternative, Redrawn
from jobeval.inference.statistics import Statistic, redraw_statistics
from jobeval.plan.lottery import Lottery
from jobeval.results import Interval

Floats = NDArray[np.float64]
Named = Literal["studentised", "difference"]

_COARSE = 1e-3
"""Bounds of a function's interval are found to this share of a standard error."""


@dataclass(frozen=True, slots=True)
class DrawingOptions:
    """How often, from where and on how many threads the lottery is drawn again.

    >>> DrawingOptions().draws
    10000
    """

    statistic: Named | Statistic = "studentised"
    draws: int = 10_000
    seed: int = SEED
    workers: int = 2
    progress: Progress | None = None
    checkpoint: Path | None = None


@dataclass(frozen=True, slots=True, eq=False)
class PreparedDraws:
    """One analysis over everyone drawn (``N``): ``nan`` where a person is left out."""

    data: Analysed
    options: IttOptions
    outcome: Floats
    covariates: Floats
    weighing: Weighing
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class DrawnEffect:
    """The re-drawn statistic (first column), its interval, and notes on both.

    Where ``testable`` is false there is no p-value, and a note says why.
    """

    redrawn: Redrawn
    interval: Interval
    notes: tuple[str, ...]
    testable: bool = True

    @property
    def statistic(self) -> float:
        return float(self.redrawn.observed[0]) if self.testable else math.nan

    @property
    def std_error(self) -> float:
        """The robust standard error; ``nan`` where it is zero."""
        return float(self.redrawn.std_error[0]) or math.nan

    def p_value(self, alternative: Alternative = "two-sided") -> float:
        return float(self.redrawn.p_values(alternative)[0]) if self.testable else math.nan


def validate_drawing(
    statistic: Named | Statistic,
    draws: int,
    seed: int,
    workers: int,
    progress: Progress | None,
    checkpoint: Path | None,
) -> DrawingOptions:
    """Return the options, or raise ``ValueError`` for what makes no sense."""
    if not callable(statistic) and statistic not in get_args(Named):
        hint = did_you_mean(str(statistic), get_args(Named))
        raise ValueError(f"statistic {statistic!r} is unknown; {hint}")
    if callable(statistic) and checkpoint is not None:
        raise ValueError("checkpoint is for named statistics: a function cannot be told apart")
    for name, value in (("draws", draws), ("workers", workers)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, not {value}")
    require_seed(seed)
    return DrawingOptions(statistic, draws, seed, workers, progress, checkpoint)


def prepare_draws(
    columns: Columns, outcome: str, lottery: Lottery, options: IttOptions
) -> PreparedDraws:
    """Read one analysis; the persons left out keep their place in the lottery.

    Raises
    ------
    DesignError
        When the persons cannot be compared, or weigh by sampling weights.
    """
    if options.weights is not None:
        raise DesignError(
            'inference="lottery" knows no sampling weights. Mend: leave weights out, or use '
            'inference="model" or, for clusters, "wild".'
        )
    data = read_analysed(columns, outcome, lottery, options)
    require_both_arms(data)
    covariates, notes = np.empty((len(data.outcome), 0)), ()
    if options.adjustment != "none":
        adjusters = read_adjusters(data, options.adjustment)
        covariates = adjusters.values[:, data.assignment.n_strata - 1 :]
        notes = adjusters.notes
    weights, weight_notes = choose_weights(data, options)
    weighing: Weighing = "none"
    if weights is not None:
        weighing = "probability" if data.assignment.probability_varies else "allocation"
    known = data.assignment.rows[data.drawn.rows]
    return PreparedDraws(
        data=data,
        options=options,
        outcome=_spread(data.outcome[:, None], known)[:, 0],
        covariates=_spread(covariates, known),
        weighing=weighing,
        notes=(*data.notes, *data.covariates.notes, *notes, *weight_notes),
    )


def _spread(values: Floats, known: NDArray[np.bool_]) -> Floats:
    """Values of the known among everyone, ``nan`` for the others."""
    everyone = np.full((len(known), values.shape[1]), np.nan)
    everyone[known] = values
    return everyone


def redraw_effect(prepared: PreparedDraws, drawing: DrawingOptions) -> DrawnEffect:
    """Draw the lottery again for one outcome, and invert the test."""
    if callable(drawing.statistic):
        return _redraw_function(prepared, drawing, drawing.statistic)
    probes, scale = probe_columns(prepared.outcome, prepared.data.drawn.assigned)
    probed = _statistics(prepared, drawing, probes)
    redrawn = replace(
        probed,
        **{
            name: getattr(probed, name)[..., :1]
            for name in ("estimate", "std_error", "drawn_estimate", "drawn_std_error")
        },
    )
    reason = _not_estimable(prepared.data.outcome, redrawn)
    if reason:
        return DrawnEffect(redrawn, Interval(math.nan, math.nan), (reason,), testable=False)
    test = shifted_test(probed, scale)
    interval = invert_test(test.p_value, test.estimate, test.step, prepared.options.conf_level)
    return DrawnEffect(redrawn, interval, _notes(redrawn))


def _redraw_function(
    prepared: PreparedDraws, drawing: DrawingOptions, statistic: Statistic
) -> DrawnEffect:
    """A function of outcome and arm: its interval needs all draws for each effect tried."""
    drawn = prepared.data.drawn.assigned
    redrawn = _statistics(prepared, drawing, prepared.outcome[:, None])
    named = replace(drawing, statistic="studentised", draws=1, progress=None)
    plain = _statistics(prepared, named, prepared.outcome[:, None])

    def p_value(effect: float) -> float:
        shifted = (prepared.outcome - effect * drawn)[:, None]
        return float(_statistics(prepared, replace(drawing, progress=None), shifted).p_values()[0])

    centre, step = float(plain.estimate[0]), float(plain.std_error[0])
    interval = invert_test(p_value, centre, step, prepared.options.conf_level, _COARSE)
    notes = _notes(redrawn)
    if math.isnan(interval.low):
        notes += ("the statistic gives no interval: it rejects the difference in means too",)
    return DrawnEffect(redrawn, interval, notes)


def _statistics(prepared: PreparedDraws, drawing: DrawingOptions, outcomes: Floats) -> Redrawn:
    statistic = drawing.statistic
    return redraw_statistics(
        outcomes,
        prepared.data.drawn,
        covariates=prepared.covariates,
        form=statistic if callable(statistic) else prepared.options.adjustment,
        weighing=prepared.weighing,
        studentised=statistic == "studentised",
        draws=drawing.draws,
        seed=drawing.seed,
        workers=drawing.workers,
        progress=drawing.progress,
        checkpoint=drawing.checkpoint,
    )


def _not_estimable(outcome: Floats, redrawn: Redrawn) -> str:
    """Why there is no test, or nothing."""
    if np.ptp(outcome) == 0:
        return "not estimable: the outcome is the same for everyone"
    if not redrawn.studentised:
        return ""
    if math.isnan(redrawn.std_error[0]):
        return 'not estimable: no standard error; statistic="difference" needs none'
    if redrawn.std_error[0] == 0:
        return (
            "not estimable: the outcome does not vary within the arms; "
            'statistic="difference" allows that'
        )
    return ""


def _notes(redrawn: Redrawn) -> tuple[str, ...]:
    failed = int(np.isnan(redrawn.drawn[:, 0]).sum())
    if not failed:
        return ()
    return (
        f"in {failed} of {redrawn.draws} draws the statistic cannot be computed; "
        "they count as at least as extreme",
    )
