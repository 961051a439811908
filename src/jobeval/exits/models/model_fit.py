"""A chosen model fitted to a sample, and what is to be said of it."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobeval.errors import DataError, Problem
from jobeval.exits.curves.curves import FEW_CLUSTERS
from jobeval.exits.models.aft import AftFit, fit_aft
from jobeval.exits.models.discrete_time import WeeklyFit, fit_weekly_hazards
from jobeval.exits.models.model_choice import ModelChoice
from jobeval.exits.models.model_sample import ModelColumns, Sample, lay_out
from jobeval.results import Coefficient, DurationModel, Estimate

Floats = NDArray[np.float64]
CHUNK = 20_000
"""Persons whose survival curves are held at once."""


@dataclass(frozen=True, slots=True, eq=False)
class FittedModel:
    """A fit beside what it was fitted to."""

    choice: ModelChoice
    sample: Sample
    columns: ModelColumns
    fit: AftFit | WeeklyFit
    loglik_null: float

    @property
    def names(self) -> tuple[str, ...]:
        """Of the coefficients, in the order of the fit."""
        if isinstance(self.fit, WeeklyFit):
            return (*self.fit.names, *self.columns.names)
        scale = ("log_scale",) if len(self.fit.coef) > len(self.columns.names) + 1 else ()
        return ("intercept", *self.columns.names, *scale)

    @property
    def estimable(self) -> bool:
        """Whether the likelihood has a maximum, be it in the limit of a coefficient."""
        return self.fit.converged

    def coefficients(self) -> tuple[Coefficient, ...]:
        """Treatment first, then covariates and strata, then the baseline."""
        unit, fit, names = self.sample.unit, self.fit, self.names
        vcov = fit.vcov if unit is None else fit.robust_vcov(unit[self.columns.kept])
        with np.errstate(invalid="ignore"):
            error = np.sqrt(np.diag(vcov))
        own = [names.index(name) for name in self.columns.names]
        order = own + [k for k in range(len(names)) if k not in own]
        return tuple(Coefficient(names[k], float(fit.coef[k]), float(error[k])) for k in order)

    def survival(self, arm: int, weeks: NDArray[np.int64]) -> Floats:
        """Survival if everybody drawn were in this arm, after each week, shape ``(T,)``."""
        sample, columns = self.sample, self.columns
        rows = np.flatnonzero(sample.weight > 0)
        total = np.zeros(len(weeks))
        for start in range(0, len(rows), CHUNK):
            own = rows[start : start + CHUNK]
            x = columns.x[own]
            x[:, 0] = arm
            curves = self.fit.survival(x, columns.stratum[own], weeks)
            total += sample.weight[own] @ np.where(columns.kept[own, None], curves, 1.0)
        return total / sample.weight[rows].sum()


def fit_model(choice: ModelChoice, sample: Sample, duration: str) -> FittedModel | None:
    """The fit; ``None`` when nobody left.

    Raises
    ------
    DataError
        For exits in week 0, which have no probability in a model of continuous time.
    """
    now = int((sample.weight * (sample.left & (sample.weeks == 0))).sum())
    if now and not choice.takes_week_0:
        rule = f"{now} exits in week 0 have no probability in the {choice.label} model."
        mend = 'Count the week of the draw as week 1, or take "cloglog" or "logit".'
        raise DataError("durations", [Problem(f"column {duration!r}", rule, mend)])
    if not sample.left.any():
        return None
    columns = lay_out(sample, choice)
    fit = _fit_columns(choice, sample, columns, columns.x.shape[1], sample.unit is not None)
    null = _fit_columns(choice, sample, columns, 0, False)
    return FittedModel(choice, sample, columns, fit, null.loglik)


def _fit_columns(
    choice: ModelChoice, sample: Sample, columns: ModelColumns, p: int, influence: bool
) -> AftFit | WeeklyFit:
    """The model with the first ``p`` columns, on the rows that count."""
    kept = columns.kept
    x, weeks, left = columns.x[kept, :p], sample.weeks[kept], sample.left[kept]
    rows = (x, weeks, left, sample.weight[kept])
    if choice.shape is not None:
        return fit_aft(
            *rows,
            choice.shape,
            free_scale=choice.distribution != "exponential",
            grouped=choice.grouped,
            influence=influence,
        )
    return fit_weekly_hazards(
        *rows,
        columns.stratum[kept],
        link=choice.link,
        baseline=choice.baseline,
        breaks=choice.last_weeks(int(weeks.max())),
        influence=influence,
    )


def describe_model(
    choice: ModelChoice,
    sample: Sample,
    fitted: FittedModel | None,
    *,
    endpoint: str,
    contrast: str,
    conf_level: float,
    n_clusters: int | None = None,
) -> DurationModel:
    """The model as a result, the coefficient of treatment named as an effect."""
    (n_control, n_treatment), exits = sample.persons(), sample.exits()
    rows = (Coefficient("treatment", math.nan, math.nan),)
    rows = rows if fitted is None else fitted.coefficients()
    notes = (*_fit_notes(fitted, rows[0]), *_how_notes(choice, sample, n_clusters))
    notes = notes if fitted is None else (*fitted.columns.notes, *notes)
    effect = Estimate(
        endpoint=endpoint,
        estimand="itt",
        estimator=choice.label,
        contrast=contrast,
        estimate=rows[0].estimate,
        std_error=rows[0].std_error,
        scale="log_ratio",
        unit=choice.unit,
        conf_level=conf_level,
        n_treatment=n_treatment,
        n_control=n_control,
        n_clusters=n_clusters,
        n_apart_treatment=exits[1],
        n_apart_control=exits[0],
        notes=notes,
    )
    return DurationModel(
        model=choice.label,
        effect=effect,
        coefficients=rows,
        loglik=math.nan if fitted is None else fitted.fit.loglik,
        loglik_null=math.nan if fitted is None else fitted.loglik_null,
        n_parameters=0 if fitted is None else fitted.fit.n_parameters,
        n=n_treatment + n_control,
        n_exits=sum(exits),
        notes=notes,
    )


def _fit_notes(fitted: FittedModel | None, treatment: Coefficient) -> list[str]:
    if fitted is None:
        return ["not estimable: no exit was seen"]
    fit, names = fitted.fit, fitted.names
    if not fit.converged:
        return ["not estimable: the likelihood has no single maximum"]
    gone = [name for name, lost in zip(names, fit.infinite, strict=True) if lost]
    if "treatment" in gone:
        return ["not estimable (infinite): the likelihood is monotone in the treatment"]
    notes = [f"coefficient of {name!r} is infinite" for name in gone]
    unknown = not treatment.std_error > 0
    return [*notes, "standard error not estimable"] if unknown else notes


def _how_notes(choice: ModelChoice, sample: Sample, n_clusters: int | None) -> list[str]:
    notes = ["exits are known by the week (grouped likelihood)"] if choice.grouped else []
    if sample.unit is None:
        ignored = ["standard error of the model, as if persons were independent"]
        return notes if n_clusters is None else [*notes, *ignored]
    if n_clusters is None:
        return [*notes, "robust standard error (sandwich)"]
    few = ", too few for a normal reference" if n_clusters < FEW_CLUSTERS else ""
    return [*notes, f"robust standard error (sandwich) over {n_clusters} clusters{few}"]
