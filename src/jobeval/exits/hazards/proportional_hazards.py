"""Whether the hazard ratio holds over the weeks: test and curve by Schoenfeld's residuals."""

import math
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Literal, get_args

import numpy as np

from jobeval.errors import DesignError, require_one_of
from jobeval.exits.grid.grid import ExitGrid
from jobeval.exits.hazards.cox_arrange import Floats, SplitTies
from jobeval.exits.hazards.cox_design import TREATMENT
from jobeval.exits.hazards.cox_errors import sizes_by_arm
from jobeval.exits.hazards.cox_model import CoxModel, read_model
from jobeval.exits.hazards.cox_options import CoxOptions
from jobeval.exits.hazards.cox_time import added_over_time
from jobeval.plan.lottery import Lottery
from jobeval.plan.parts import Term
from jobeval.results import HypothesisTest

Transform = Literal["km", "identity", "log", "rank"]
GLOBAL = "global"


def proportional_hazards_test(
    frame: Any,
    duration: str,
    observed: str,
    lottery: Lottery,
    *,
    covariates: Sequence[str | Term] = (),
    ties: SplitTies = "efron",
    entry: str | None = None,
    person: str | None = None,
    robust: bool | None = None,
    transform: Transform = "km",
    part: str = TREATMENT,
) -> HypothesisTest:
    """Test whether the log hazard ratio of treatment is the same in all weeks.

    Parameters
    ----------
    frame, duration, observed, lottery, covariates, ties, entry, person, robust
        As for ``estimate_hazard_ratio``; ``ties`` is ``"efron"`` or ``"breslow"``.
    transform
        The function of the week that is tested against: ``"km"``, one minus the share still
        there just before, of everyone; ``"identity"``, the week; ``"log"`` of the week, with
        no exit in week 0; or its ``"rank"`` among all durations.
    part
        ``"treatment"``, the name of a covariate, or ``"global"`` for all at once.

    Returns
    -------
    HypothesisTest
        Chi-square: the score test of the coefficients of ``x · g(week)`` added to the model,
        as in ``cox.zph`` of R's survival from 3.0 on. With clusters its variance is summed over
        them. ``nan`` with a note where the model has no finite fit, or all exits lie in one week.

    Raises
    ------
    DataError, DesignError
        As ``estimate_hazard_ratio``.

    References
    ----------
    Grambsch & Therneau (1994, Biometrika 81), sections 2 and 3; without the approximation of
    their equation 6, that the covariates vary as much in all weeks.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"arm": list("tttccc"), "week": [1, 1, 6, 6, 8, 9],
    ...     "left": [1, 0, 1, 1, 0, 1]})
    >>> lottery = Lottery(arm="arm", treatment="t", control="c")
    >>> test = proportional_hazards_test(frame, "week", "left", lottery, transform="identity")
    >>> test.part, test.df
    ('treatment', 1.0)
    """
    tests = proportional_hazards_tests(
        frame,
        duration,
        observed,
        lottery,
        covariates=covariates,
        ties=ties,
        entry=entry,
        person=person,
        robust=robust,
        transform=transform,
    )
    require_one_of("part", part, [test.part for test in tests])
    return next(test for test in tests if test.part == part)


def proportional_hazards_tests(
    frame: Any,
    duration: str,
    observed: str,
    lottery: Lottery,
    *,
    covariates: Sequence[str | Term] = (),
    ties: SplitTies = "efron",
    entry: str | None = None,
    person: str | None = None,
    robust: bool | None = None,
    transform: Transform = "km",
) -> tuple[HypothesisTest, ...]:
    """All tests of ``proportional_hazards_test``: treatment, every covariate, ``"global"`` last."""
    from scipy.special import chdtrc

    require_one_of("ties", ties, get_args(SplitTies))
    require_one_of("transform", transform, get_args(Transform))
    options = CoxOptions(ties, robust)
    model = read_model(
        frame, duration, observed, lottery, covariates, options, entry=entry, person=person
    )
    weeks = transformed_weeks(model.durations.grid(lottery), transform)
    sizes = sizes_by_arm(model.durations)
    tests: list[HypothesisTest] = []
    for part in (*dict.fromkeys(model.design.terms), GLOBAL):
        statistic, df, notes = _score_test(model, weeks, part)
        test = HypothesisTest(
            name=f"proportional hazards ({transform})",
            endpoint=duration,
            statistic=statistic,
            df=float(df),
            p_value=float(chdtrc(df, statistic)),
            part=part,
            n_apart_treatment=sizes["n_apart_treatment"],
            n_apart_control=sizes["n_apart_control"],
            notes=(*model.design.notes, *notes),
        )
        tests.append(test)
    return tuple(tests)


def transformed_weeks(grid: ExitGrid, transform: Transform) -> Floats:
    """The function of every week, shape ``(T,)``.

    >>> from jobeval.exits.grid.grid import build_grid
    >>> zero = np.zeros(3, dtype=int)
    >>> grid = build_grid(np.array([1, 2, 2]), np.array([1, 0, 1]), zero, zero,
    ...     arms=("all",), strata=("all",), causes=("job",))
    >>> transformed_weeks(grid, "km").round(3).tolist(), transformed_weeks(grid, "rank").tolist()
    ([0.0, 0.0, 0.333], [0.5, 1.0, 2.5])
    """
    at_risk, leavers = grid.at_risk.sum(axis=(0, 1)), grid.leavers.sum(axis=(0, 1))
    if transform == "km":
        there = np.cumprod(1 - leavers / np.maximum(at_risk, 1))
        return 1 - np.concatenate([[1.0], there[:-1]])
    if transform == "rank":
        ending = leavers + grid.censored.sum(axis=(0, 1))
        return np.cumsum(ending) - ending + (ending + 1) / 2
    if transform == "identity":
        return grid.weeks.astype(np.float64)
    if leavers[0]:
        raise DesignError(
            f"{leavers[0]} exits lie in week 0, which has no logarithm. "
            'Mend: transform="km" or "identity".'
        )
    return np.log(np.maximum(grid.weeks, 1))


def _score_test(model: CoxModel, weeks: Floats, part: str) -> tuple[float, int, tuple[str, ...]]:
    """Statistic, degrees of freedom and notes of one part."""
    fit, groups, terms = model.fit, model.groups, np.array(model.design.terms)
    if fit is None or model.obstacle:
        df = len(terms) if part == GLOBAL else int((terms == part).sum())
        return math.nan, df, (model.obstacle,)
    terms = terms[fit.seen]
    columns = np.arange(len(terms)) if part == GLOBAL else np.flatnonzero(terms == part)
    cells = fit.model.likelihood.cells
    g = weeks[cells.weeks]
    g = g - np.average(g, weights=cells.deaths)
    if np.ptp(g) <= 1e-12 * np.ptp(weeks):
        return math.nan, len(columns), ("not estimable: all exits lie in one week",)
    added = added_over_time(
        fit.model, np.tile(g, (len(columns), 1)), columns, robust=groups.robust, groups=groups.codes
    )
    with suppress(np.linalg.LinAlgError):
        spread = added.spread[-len(columns) :, -len(columns) :]
        statistic = float(added.score @ np.linalg.solve(spread, added.score))
        return statistic, len(columns), groups.notes
    return math.nan, len(columns), ("not estimable: too few exits to tell",)
