"""A Cox model of a data frame: read, coded and fitted, for all that is said of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jobeval.exits.grid.durations import Durations, read_durations
from jobeval.exits.hazards.cox_design import CoxDesign, build_design
from jobeval.exits.hazards.cox_errors import ErrorGroups, error_groups
from jobeval.exits.hazards.cox_fit import CoxFit, fit_partial_likelihood
from jobeval.exits.hazards.cox_options import CoxOptions
from jobeval.inference.covariates import covariate_names
from jobeval.plan.lottery import Lottery
from jobeval.plan.parts import Term

NO_EXIT = "not estimable: no exit was seen"
ONE_ARM = "not estimable: no exit with both arms at risk"
NO_MAXIMUM = "not estimable: the likelihood has no single maximum"
INFINITE = "not estimable (infinite): the likelihood is monotone in the treatment"


@dataclass(frozen=True, slots=True, eq=False)
class CoxModel:
    """Durations, columns, who counts as one, and the fit: ``None`` when no exit was seen."""

    durations: Durations
    design: CoxDesign
    groups: ErrorGroups
    fit: CoxFit | None

    @property
    def obstacle(self) -> str:
        """Why nothing can be said of the ratio over time, if so."""
        if self.fit is None:
            return NO_EXIT
        if not self.fit.converged or self.fit.infinite.any():
            return "not estimable: the model has no finite fit"
        return "" if self.fit.seen[0] else ONE_ARM


def read_model(
    frame: Any,
    duration: str,
    observed: str,
    lottery: Lottery,
    covariates: Sequence[str | Term],
    options: CoxOptions,
    *,
    entry: str | None = None,
    person: str | None = None,
) -> CoxModel:
    """Read a frame, code its columns and fit; arguments as for ``estimate_hazard_ratio``."""
    extra = covariate_names(covariates)
    durations = read_durations(
        frame, duration, observed, lottery, extra, entry=entry, person=person
    )
    groups = error_groups(durations, options)
    design = build_design(durations, covariates)
    return CoxModel(durations, design, groups, fit_design(durations, design, options))


def fit_design(durations: Durations, design: CoxDesign, options: CoxOptions) -> CoxFit | None:
    """The fit to arrays; ``None`` when no exit was seen."""
    left = durations.cause > 0
    if not left.any():
        return None
    return fit_partial_likelihood(
        design.x,
        durations.weeks,
        left,
        durations.assignment.stratum,
        entry=durations.entry,
        ties=options.ties,
        penalty=options.penalty,
    )
