"""The subdistribution hazard ratio of treatment: Fine & Gray's model, as the lottery drew."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from jobeval.errors import DesignError, did_you_mean, require_one_of
from jobeval.exits.curves.curves import FEW_CLUSTERS
from jobeval.exits.destinations.fine_gray import (
    CENSORED,
    COMPETING,
    EXIT,
    FineGrayFit,
    fit_subdistribution,
)
from jobeval.exits.grid.durations import Durations, read_destinations
from jobeval.exits.grid.grid import ExitGrid
from jobeval.exits.hazards.cox_arrange import SplitTies
from jobeval.exits.hazards.cox_design import TREATMENT, build_design
from jobeval.exits.hazards.cox_errors import standard_errors
from jobeval.inference.covariates import covariate_names
from jobeval.inference.intervals import normal_quantile
from jobeval.plan.lottery import Lottery
from jobeval.plan.parts import Term
from jobeval.results import Coefficient, DurationModel, Estimate

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
Censoring = Literal["pooled", "arm", "stratum"]
WEIGHTS: dict[Censoring, str] = {
    "pooled": "from everybody",
    "arm": "within arms",
    "stratum": "within strata",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FineGrayOptions:
    """What ``fit_fine_gray`` is asked for; it says what they mean."""

    cause: str
    ties: SplitTies = "breslow"
    censoring: Censoring | None = None
    robust: bool = True
    conf_level: float = 0.95


def estimate_subdistribution_hazard_ratio(
    frame: Any,
    duration: str,
    destination: str,
    lottery: Lottery,
    *,
    cause: str,
    covariates: Sequence[str | Term] = (),
    ties: SplitTies = "breslow",
    censoring: Censoring | None = None,
    robust: bool = True,
    conf_level: float = 0.95,
) -> Estimate:
    """By how much the treatment arm's hazard of a destination differs, others staying at risk.

    The subdistribution hazard belongs to the cumulative incidence itself: a ratio above 1 means
    that a larger share of the treatment arm ends there, whether they go there faster or other
    destinations take fewer of them. It is not the rate among those who could still go there;
    that is the cause-specific ``estimate_hazard_ratio``.

    Parameters
    ----------
    frame, duration, destination, lottery
        As in ``cumulative_incidence``. Each stratum has its own baseline hazard.
    cause
        The destination that is asked about.
    covariates
        Baseline columns to adjust for: names, or ``Term`` to say how they are coded. The
        ratio is then conditional on them. What does not vary within strata, or is a
        combination of others, is dropped with a note.
    ties
        ``"breslow"``: weights and ties as ``crr`` of R's cmprsk has them. ``"efron"``: as
        ``finegray`` and ``coxph`` of R's survival, with exits before censorings. On weekly
        data they differ in the third digit.
    censoring
        Among whom the chance of not being censored is the same, and estimated by
        Kaplan–Meier: ``"pooled"``, ``"arm"`` or ``"stratum"``. Left out, it is the stratum where
        the lottery has strata (they are often drawn and followed at different times; within
        them the lottery makes it the same in both arms), and else everybody. Take
        ``"pooled"`` for many strata of a few persons (Zhou et al. 2011).
    robust
        Whether the standard error is Fine & Gray's, with the estimation of the weights, summed
        over clusters when they were drawn; ``False`` for the inverse of the information, which
        takes persons as independent and the weights as known.
    conf_level
        Level of the interval.

    Returns
    -------
    Estimate
        On the log scale (``scale="log_ratio"``), ``part`` being the cause, with a normal
        reference. ``nan`` with a note when nobody left for it, or the ratio is infinite.
        ``n_apart_treatment`` and ``n_apart_control`` are the persons who left for it.

    Raises
    ------
    DataError
        For missing or broken durations, destinations or covariates, and a lottery that cannot
        be read.
    DesignError
        When the covariates tell the arm of everybody.

    References
    ----------
    Fine & Gray (1999), JASA 94, 496–509; Zhou, Latouche, Rocha & Fine (2011), Biometrics 67,
    661–670, for strata.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"arm": list("tttccc"), "week": [1, 2, 4, 1, 2, 3],
    ...     "to": ["job", "job", None, "pension", None, "job"]})
    >>> effect = estimate_subdistribution_hazard_ratio(frame, "week", "to",
    ...     Lottery(arm="arm", treatment="t", control="c"), cause="job")
    >>> round(effect.estimate, 4), round(effect.std_error, 4)
    (1.0245, 0.9763)
    """
    model = fit_fine_gray(
        frame,
        duration,
        destination,
        lottery,
        cause=cause,
        covariates=covariates,
        ties=ties,
        censoring=censoring,
        robust=robust,
        conf_level=conf_level,
    )
    return model.effect


def fit_fine_gray(
    frame: Any,
    duration: str,
    destination: str,
    lottery: Lottery,
    *,
    cause: str,
    covariates: Sequence[str | Term] = (),
    ties: SplitTies = "breslow",
    censoring: Censoring | None = None,
    robust: bool = True,
    conf_level: float = 0.95,
) -> DurationModel:
    """Fit Fine & Gray's model and keep all of it: coefficients and log likelihoods.

    Parameters
    ----------
    frame, duration, destination, lottery, cause, covariates, ties, censoring, robust, conf_level
        As for ``estimate_subdistribution_hazard_ratio``, whose answer is ``effect``.

    Returns
    -------
    DurationModel
        Log subdistribution hazard ratios and their standard errors, ``"treatment"`` first. What
        goes to infinity is ``nan`` with a note. ``n_exits`` are those to the cause.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"arm": list("tttccc"), "week": [1, 2, 4, 1, 2, 3],
    ...     "to": ["job", "job", None, "pension", None, "job"]})
    >>> fit_fine_gray(frame, "week", "to", Lottery(arm="arm", treatment="t", control="c"),
    ...     cause="job")
    DurationModel(Fine–Gray (Breslow), week: 1 coefficients, log likelihood -4.04126, 3 exits of 6)
    """
    options = validate_fine_gray(
        cause=cause, ties=ties, censoring=censoring, robust=robust, conf_level=conf_level
    )
    extra = covariate_names(covariates)
    durations = read_destinations(frame, duration, destination, lottery, extra)
    design = build_design(durations, covariates)
    if len(design.names) == 1 and durations.assignment.cluster is None:
        rows = _rows_of_grid(durations.grid(lottery), cause)
    else:
        rows = _rows_of_persons(durations, design.x, cause)
    return _fit(rows, design.names, options, _Labels(duration, lottery.contrast, design.notes))


def subdistribution_hazard_ratio_from_grid(
    grid: ExitGrid,
    *,
    endpoint: str,
    cause: str,
    ties: SplitTies = "breslow",
    censoring: Censoring | None = None,
    robust: bool = True,
    conf_level: float = 0.95,
) -> Estimate:
    """``estimate_subdistribution_hazard_ratio`` from counts of control and treatment alone.

    ``DesignError`` for late entries.
    """
    options = validate_fine_gray(
        cause=cause, ties=ties, censoring=censoring, robust=robust, conf_level=conf_level
    )
    if grid.entries.any():
        raise DesignError(
            "Fine & Gray's weights are for persons who are all followed from the draw on. Mend: "
            "estimate_hazard_ratio of the one destination takes late entries."
        )
    rows = _rows_of_grid(grid, cause)
    labels = _Labels(endpoint, f"{grid.arms[1]} - {grid.arms[0]}", ())
    return _fit(rows, (TREATMENT,), options, labels).effect


def validate_fine_gray(
    *,
    cause: str,
    ties: SplitTies = "breslow",
    censoring: Censoring | None = None,
    robust: bool = True,
    conf_level: float = 0.95,
) -> FineGrayOptions:
    """Return the options, or raise ``ValueError`` for what makes no sense."""
    require_one_of("ties", ties, get_args(SplitTies))
    if censoring is not None:
        require_one_of("censoring", censoring, get_args(Censoring))
    normal_quantile(conf_level)
    return FineGrayOptions(
        cause=cause, ties=ties, censoring=censoring, robust=robust, conf_level=conf_level
    )


class _Rows(NamedTuple):
    """Persons, or counts of those who are alike, in ``m`` rows."""

    x: Floats  # (m, p), treatment first
    weeks: Counts
    kind: Counts
    stratum: Counts
    counts: Counts
    causes: tuple[str, ...]
    cluster: Counts | None = None

    @property
    def assigned(self) -> Counts:
        return self.x[:, 0].astype(np.int64)

    @property
    def n_clusters(self) -> int | None:
        return None if self.cluster is None else int(self.cluster.max()) + 1

    def by_arm(self, among: NDArray[np.bool_]) -> list[int]:
        """Persons of some rows: control, treatment."""
        sizes = np.bincount(self.assigned, weights=self.counts * among, minlength=2)
        return sizes.astype(np.int64).tolist()


class _Labels(NamedTuple):
    endpoint: str
    contrast: str
    notes: tuple[str, ...]


def _rows_of_persons(durations: Durations, x: Floats, cause: str) -> _Rows:
    drawn, kinds = durations.assignment, _kinds(durations.causes, cause)
    return _Rows(
        x, durations.weeks, kinds[durations.cause], drawn.stratum,
        np.ones(len(x), dtype=np.int64), durations.causes, drawn.cluster,
    )  # fmt: skip


def _rows_of_grid(grid: ExitGrid, cause: str) -> _Rows:
    table = np.concatenate([grid.censored[..., None], grid.events], axis=-1)
    arm, stratum, week, went = np.nonzero(table)
    kinds = _kinds(grid.causes, cause)
    return _Rows(
        arm[:, None].astype(np.float64), week, kinds[went], stratum,
        table[arm, stratum, week, went], grid.causes,
    )  # fmt: skip


def _kinds(causes: tuple[str, ...], cause: str) -> Counts:
    """What a code of ``Durations.cause`` means here."""
    return np.array([CENSORED, *(EXIT if name == cause else COMPETING for name in causes)])


def _fit(
    rows: _Rows, names: tuple[str, ...], options: FineGrayOptions, labels: _Labels
) -> DurationModel:
    stratified = len(np.unique(rows.stratum)) > 1
    censoring = options.censoring or ("stratum" if stratified else "pooled")
    fit = None
    if (rows.kind == EXIT).any():
        group = {"pooled": rows.stratum * 0, "arm": rows.assigned, "stratum": rows.stratum}
        fit = fit_subdistribution(
            rows.x, rows.weeks, rows.kind, rows.stratum, group[censoring],
            counts=rows.counts, ties=options.ties,
        )  # fmt: skip
    coefficients = _coefficients(fit, names, rows.cluster, options.robust)
    notes = (
        *labels.notes,
        *_fit_notes(fit, names, rows.causes, options.cause),
        *_unknown_error(coefficients[0]),
        *_error_notes(options.robust, rows.n_clusters),
        *([f"weights for censoring: {WEIGHTS[censoring]}"] if stratified else []),
    )
    effect = _effect(rows, coefficients[0], options, labels._replace(notes=notes))
    return DurationModel(
        model=effect.estimator,
        effect=effect,
        coefficients=coefficients,
        loglik=math.nan if fit is None else fit.loglik,
        loglik_null=math.nan if fit is None else fit.loglik_null,
        n_parameters=len(names),
        n=int(rows.counts.sum()),
        n_exits=sum(rows.by_arm(rows.kind == EXIT)),
        notes=notes,
    )


def _effect(
    rows: _Rows, treatment: Coefficient, options: FineGrayOptions, labels: _Labels
) -> Estimate:
    n_control, n_treatment = rows.by_arm(rows.counts > 0)
    apart_control, apart_treatment = rows.by_arm(rows.kind == EXIT)
    return Estimate(
        endpoint=labels.endpoint,
        estimand="itt",
        estimator=f"Fine–Gray ({options.ties.capitalize()})",
        contrast=labels.contrast,
        part=options.cause,
        estimate=treatment.estimate,
        std_error=treatment.std_error,
        scale="log_ratio",
        unit="hazard_ratio",
        conf_level=options.conf_level,
        n_treatment=n_treatment,
        n_control=n_control,
        n_clusters=rows.n_clusters,
        n_apart_treatment=apart_treatment,
        n_apart_control=apart_control,
        notes=labels.notes,
    )


def _coefficients(
    fit: FineGrayFit | None, names: tuple[str, ...], cluster: Counts | None, robust: bool
) -> tuple[Coefficient, ...]:
    if fit is None:
        return tuple(Coefficient(name, math.nan, math.nan) for name in names)
    vcov = fit.robust_vcov(cluster) if robust else fit.vcov
    errors = standard_errors(vcov, fit.vcov)
    return tuple(Coefficient(*row) for row in zip(names, fit.coef.tolist(), errors, strict=True))


def _fit_notes(
    fit: FineGrayFit | None, names: tuple[str, ...], causes: tuple[str, ...], cause: str
) -> list[str]:
    if fit is None:
        hint = f" ({did_you_mean(cause, causes)})" if causes else ""
        return [f"not estimable: nobody left to {cause!r}{hint}"]
    if not fit.converged:
        return ["not estimable: the likelihood has no single maximum"]
    if fit.infinite[0]:
        return ["not estimable (infinite): the likelihood is monotone in the treatment"]
    return [
        f"coefficient of covariate {name!r} is infinite"
        for name, infinite in zip(names, fit.infinite, strict=True)
        if infinite
    ]


def _unknown_error(treatment: Coefficient) -> list[str]:
    unknown = math.isfinite(treatment.estimate) and math.isnan(treatment.std_error)
    return ["standard error not estimable"] if unknown else []


def _error_notes(robust: bool, n_clusters: int | None) -> list[str]:
    if not robust:
        persons = ", as if persons were independent" if n_clusters else ""
        return [f"standard error of the model{persons}: the weights are taken as known"]
    if n_clusters is None:
        return ["robust standard error (Fine–Gray)"]
    few = ", too few for a normal reference" if n_clusters < FEW_CLUSTERS else ""
    return [f"robust standard error (Fine–Gray) over {n_clusters} clusters{few}"]
