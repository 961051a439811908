"""Tests by the lottery itself, drawn again as it drew."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jobeval.effects.itt.analysed import Columns
from jobeval.effects.itt.itt import columns_needed, estimator_name
from jobeval.effects.itt.options import Adjustment, IttOptions, validate_options
from jobeval.effects.redrawn.lottery_draws import (
    DrawingOptions,
    Named,
    PreparedDraws,
    prepare_draws,
    redraw_effect,
    validate_drawing,
)
from jobeval.inference.blocks import Progress
from jobeval.inference.redraw import SEED
from jobeval.inference.statistics import Statistic
from jobeval.plan.lottery import Lottery
from jobeval.plan.parts import Term
from jobeval.registers.frames import read_columns
from jobeval.results import RandomisationTest


def randomisation_test(
    frame: Any,
    outcome: str,
    lottery: Lottery,
    *,
    covariates: Sequence[str | Term] = (),
    adjustment: Adjustment = "none",
    statistic: Named | Statistic = "studentised",
    draws: int = 10_000,
    seed: int = SEED,
    conf_level: float = 0.95,
    workers: int = 2,
    progress: Progress | None = None,
    checkpoint: Path | None = None,
) -> RandomisationTest:
    """Test that the lottery changed nobody's outcome, by drawing it again.

    Parameters
    ----------
    frame, outcome, lottery, covariates, adjustment, conf_level
        As for ``estimate_itt``, whose estimate it is. Strata of two (pairs) are allowed.
    statistic
        ``"studentised"`` (default): the estimate over its standard error, both found anew in
        each draw, so that the test also holds for an average effect of zero in large trials
        (Wu & Ding 2021, JASA 116). ``"difference"``: the estimate. Or a function of outcome
        and assignment (1 is treatment; arrays of shape ``(n,)`` in the order of the frame,
        the persons analysed) that answers one number, zero when nothing was changed.
    draws
        Re-drawn lotteries. Where there are at most so many possible ones, all are used and
        the p-values are exact; else they are ``(1 + hits) / (1 + draws)``.
    seed
        Origin of the random stream; draw ``i`` depends on it and on the lottery only.
    workers
        Threads. The result has the same bits for any number.
    progress
        Called with ``(done, total, text)``.
    checkpoint
        Folder of finished blocks, from which an interrupted run goes on. Not for a function.

    Returns
    -------
    RandomisationTest
        The two-sided p-value compares absolute values, and ties are hits. The interval holds
        the constant effects that are not rejected, so it holds 0 exactly when
        ``p_value > 1 − conf_level``.

    Raises
    ------
    DataError, DesignError
        When the data do not allow the analysis; the message says how to mend it.
    ValueError
        When the options contradict each other.

    Notes
    -----
    Fixed counts are drawn within strata, of persons or of clusters. A probability that varies
    within strata is drawn person by person (or cluster by cluster), independently. Persons
    whose outcome is missing take part in the draws and are then left out: the hypothesis is
    that the lottery changed neither outcomes nor whether they are known.

    Examples
    --------
    >>> import pandas as pd
    >>> from jobeval import Lottery
    >>> frame = pd.DataFrame({"arm": list("tccccct"), "hours": [15, 15, 20, 20, 10, 15, 30]})
    >>> lottery = Lottery(arm="arm", treatment="t", control="c")
    >>> test = randomisation_test(frame, "hours", lottery, statistic="difference")
    >>> test.exact, test.draws, round(test.p_value * 21, 9)  # Gerber & Green 2012, table 2.2
    (True, 21, 8.0)
    >>> round(test.conf_low, 6), round(test.conf_high, 6)
    (-5.0, 20.0)
    """
    drawing = validate_drawing(statistic, draws, seed, workers, progress, checkpoint)
    options = _validate(outcome, lottery, covariates, adjustment, conf_level, statistic)
    columns = read_columns(frame, columns_needed(outcome, lottery, options))
    return randomisation_test_from_columns(columns, outcome, lottery, options, drawing)


def randomisation_test_from_columns(
    columns: Columns, outcome: str, lottery: Lottery, options: IttOptions, drawing: DrawingOptions
) -> RandomisationTest:
    """``randomisation_test`` on columns that have been read."""
    prepared = prepare_draws(columns, outcome, lottery, options)
    found = redraw_effect(prepared, drawing)
    redrawn, assigned = found.redrawn, prepared.data.assignment.assigned
    return RandomisationTest(
        name=_name(prepared, drawing.statistic),
        endpoint=outcome,
        contrast=lottery.contrast,
        statistic=found.statistic,
        estimate=math.nan if callable(drawing.statistic) else float(redrawn.estimate[0]),
        p_value=found.p_value(),
        p_value_greater=found.p_value("greater"),
        p_value_less=found.p_value("less"),
        conf_low=found.interval.low,
        conf_high=found.interval.high,
        conf_level=options.conf_level,
        draws=redrawn.draws,
        exact=redrawn.exact,
        n_treatment=int(assigned.sum()),
        n_control=int((1 - assigned).sum()),
        notes=(*prepared.notes, *found.notes),
    )


def _validate(
    outcome: str,
    lottery: Lottery,
    covariates: Sequence[str | Term],
    adjustment: Adjustment,
    conf_level: float,
    statistic: Named | Statistic,
) -> IttOptions:
    if callable(statistic) and (covariates or adjustment != "none"):
        raise ValueError("a function is taken as it is: leave out covariates and adjustment")
    return validate_options(outcome, lottery, covariates, adjustment, None, conf_level)


def _name(prepared: PreparedDraws, statistic: Named | Statistic) -> str:
    if callable(statistic):
        return getattr(statistic, "__name__", type(statistic).__name__)
    estimator = estimator_name(prepared.data.assignment.n_strata, prepared.options.adjustment)
    return f"{estimator}, studentised" if statistic == "studentised" else estimator
