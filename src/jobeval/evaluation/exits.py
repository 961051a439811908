"""Survival analyses that a plan asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import pandas as pd

from jobeval.evaluation.at_weeks import estimates_at
from jobeval.evaluation.effects import TOOK_PART, pool_strata, took_part, unobserved
from jobeval.evaluation.look import DESTINATION, DURATION, OBSERVED, TrialAtLook
from jobeval.evaluation.said import Said
from jobeval.exits.curves.quantile_difference import estimate_quantile_difference
from jobeval.exits.curves.survival import survival_curve
from jobeval.exits.curves.survival_difference import estimate_survival_difference
from jobeval.exits.destinations.incidence import cumulative_incidence, estimate_incidence_difference
from jobeval.exits.destinations.state_weeks import estimate_state_weeks
from jobeval.exits.destinations.subdistribution import estimate_subdistribution_hazard_ratio
from jobeval.exits.hazards.cox import estimate_hazard_ratio
from jobeval.exits.hazards.hazard_ratio_over_time import hazard_ratio_over_time
from jobeval.exits.hazards.piecewise_hazards import estimate_piecewise_hazard_ratios
from jobeval.exits.hazards.proportional_hazards import proportional_hazards_test
from jobeval.exits.means.rmst import estimate_rmst
from jobeval.exits.models.compare_models import compare_durations
from jobeval.exits.ranks.gray import gray_test
from jobeval.exits.ranks.logrank import logrank_test
from jobeval.exits.take_up.complier_curves import estimate_complier_incidence
from jobeval.exits.take_up.late_rmst import estimate_late_rmst
from jobeval.plan import exit_analyses as plan
from jobeval.plan.lottery import Lottery
from jobeval.results import CheckResult


class Exits(NamedTuple):
    """What an estimator of exits reads: persons with their exit, and how they were drawn."""

    frame: pd.DataFrame
    lottery: Lottery
    at_look: TrialAtLook

    @property
    def event(self) -> tuple[pd.DataFrame, str, str, Lottery]:
        """The leading arguments of an estimator of one event."""
        return self.frame, DURATION, OBSERVED, self.lottery

    @property
    def destinations(self) -> tuple[pd.DataFrame, str, str, Lottery]:
        """The leading arguments of an estimator of competing exits."""
        return self.frame, DURATION, DESTINATION, self.lottery

    @property
    def drawn(self) -> dict[str, Any]:
        """How often the lottery is drawn again, and from which seed."""
        resampling = self.at_look.plan.resampling
        return {"draws": resampling.draws, "seed": resampling.seed}

    def horizon(self, horizon: plan.Horizon) -> int:
        """The horizon of this look."""
        return plan.horizon_at(horizon, self.at_look.look)


def estimate_exits(analysis: plan.ExitAnalysis, at_look: TrialAtLook) -> Iterable[Said]:
    """One survival analysis, for everyone and in subgroups."""
    exits = at_look.exits(analysis.endpoint)
    if exits.empty:
        raise unobserved(analysis.endpoint, at_look)
    left = exits[DESTINATION].notna()
    observed = left if analysis.cause is None else exits[DESTINATION] == analysis.cause
    frame = exits.assign(**{OBSERVED: observed})
    lottery = pool_strata(at_look.plan.lottery_columns, analysis.strata)
    groups = [part for column in analysis.subgroups for part in parts_of(frame, column)]
    for subgroup, part in [("", frame), *groups]:
        for said in ESTIMATORS[type(analysis)](analysis, Exits(part, lottery, at_look)):
            yield name_exit(said, analysis.endpoint, subgroup)


def name_exit(said: Said, endpoint: str, subgroup: str = "") -> Said:
    """What was said under the plan's name of the endpoint; tables name their analysis alone."""
    if isinstance(said, CheckResult):
        return said
    named: Any = said
    return replace(named, endpoint=endpoint, subgroup=subgroup)


def parts_of(frame: pd.DataFrame, column: str) -> list[tuple[str, pd.DataFrame]]:
    """The rows of each level of a column, by its name, in sorted order."""
    levels = sorted(frame[column].dropna().unique())
    return [(f"{column}={level}", frame[frame[column] == level]) for level in levels]


def _curves(analysis: plan.CurveAnalysis, exits: Exits) -> Iterator[Said]:
    adjusted: dict[str, Any] = {"covariates": analysis.covariates, "seed": exits.drawn["seed"]}
    curves = survival_curve(*exits.event, **adjusted, band=analysis.band)
    yield from curves
    if analysis.at_weeks:
        difference = estimate_survival_difference(*exits.event, **adjusted)
        yield from estimates_at(difference, curves, analysis.at_weeks)


def _logrank(analysis: plan.LogRankAnalysis, exits: Exits) -> Iterator[Said]:
    yield logrank_test(
        *exits.event, weights=analysis.weights, covariates=analysis.covariates,
        inference=analysis.inference, **exits.drawn,
    )  # fmt: skip


def _hazard_ratios(analysis: plan.CoxAnalysis, exits: Exits) -> Iterator[Said]:
    options: dict[str, Any] = {"covariates": analysis.covariates, "ties": analysis.ties}
    yield estimate_hazard_ratio(*exits.event, **options, penalty=analysis.penalty)
    if analysis.periods:
        ratios = estimate_piecewise_hazard_ratios(
            *exits.event, **options, periods=(0, *analysis.periods)
        )
        yield from ratios.effects
        yield ratios.equality
    if analysis.over_time:
        yield proportional_hazards_test(*exits.event, **options)
        yield hazard_ratio_over_time(*exits.event, **options, seed=exits.drawn["seed"])


def _mean_weeks(analysis: plan.MeanWeeksAnalysis, exits: Exits) -> Iterator[Said]:
    yield estimate_rmst(
        *exits.event, horizon_weeks=exits.horizon(analysis.horizon_weeks),
        measure=analysis.measure, covariates=analysis.covariates,
        adjustment=analysis.adjustment or "pseudo", inference=analysis.inference, **exits.drawn,
    )  # fmt: skip


def _quantiles(analysis: plan.ExitQuantilesAnalysis, exits: Exits) -> Iterator[Said]:
    for probability in analysis.probabilities:
        effect = estimate_quantile_difference(*exits.event, probability=probability)
        yield replace(effect, part=f"quantile={probability:g}")


def _incidence(analysis: plan.IncidenceAnalysis, exits: Exits) -> Iterator[Said]:
    curves = cumulative_incidence(*exits.destinations)
    yield from curves
    if analysis.at_weeks:
        difference = estimate_incidence_difference(*exits.destinations, band=None)
        yield from estimates_at(difference, curves, analysis.at_weeks)


def _gray(analysis: plan.GrayAnalysis, exits: Exits) -> Iterator[Said]:
    yield gray_test(
        *exits.destinations, cause=str(analysis.cause), inference=analysis.inference,
        **exits.drawn,
    )  # fmt: skip


def _subdistribution(analysis: plan.FineGrayAnalysis, exits: Exits) -> Iterator[Said]:
    yield estimate_subdistribution_hazard_ratio(
        *exits.destinations, cause=str(analysis.cause), covariates=analysis.covariates,
        ties=analysis.ties,
    )  # fmt: skip


def _state_weeks(analysis: plan.StateWeeksAnalysis, exits: Exits) -> Iterable[Said]:
    return estimate_state_weeks(
        *exits.destinations, horizon_weeks=exits.horizon(analysis.horizon_weeks),
        inference=analysis.inference, **exits.drawn,
    )  # fmt: skip


def _takers(analysis: plan.ExitTakeUpAnalysis, exits: Exits) -> Iterator[Said]:
    frame, duration, observed, lottery = exits.event
    treated = analysis.treated or TOOK_PART
    if analysis.treated is None:
        started = pd.Series(took_part(exits.at_look), index=exits.at_look.persons["person_id"])
        frame = frame.assign(**{treated: started.loc[frame["person_id"]].to_numpy()})
    event = (frame, duration, observed, lottery)
    horizon = exits.horizon(analysis.horizon_weeks)
    yield estimate_late_rmst(*event, treated=treated, horizon_weeks=horizon)
    yield from estimate_complier_incidence(
        *event, treated=treated, horizon_weeks=horizon, seed=exits.drawn["seed"]
    )


def _models(analysis: plan.ParametricAnalysis, exits: Exits) -> Iterator[Said]:
    found = compare_durations(
        *exits.event, distributions=analysis.distributions, covariates=analysis.covariates
    )
    for name, model in zip(found.distributions, found.models, strict=True):
        yield replace(model.effect, part=name)
    yield from (replace(c, measure="implied_survival") for c in found.curves if c.cause)
    table = found.to_frame()
    best = f"{found.best} has the lowest AIC" if found.best else "no model could be fitted"
    yield CheckResult(name=f"models {analysis.name}", passed=None, sentence=f"{best}.", table=table)


ESTIMATORS: dict[type[plan.ExitAnalysis], Callable[[Any, Exits], Iterable[Said]]] = {
    plan.CurveAnalysis: _curves,
    plan.LogRankAnalysis: _logrank,
    plan.CoxAnalysis: _hazard_ratios,
    plan.MeanWeeksAnalysis: _mean_weeks,
    plan.ExitQuantilesAnalysis: _quantiles,
    plan.IncidenceAnalysis: _incidence,
    plan.GrayAnalysis: _gray,
    plan.FineGrayAnalysis: _subdistribution,
    plan.StateWeeksAnalysis: _state_weeks,
    plan.ExitTakeUpAnalysis: _takers,
    plan.ParametricAnalysis: _models,
}
