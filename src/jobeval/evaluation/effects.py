"""Effects that a plan asks for: one function a kind of analysis."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobeval.effects.groups.fidelity import estimate_fidelity
from jobeval.effects.groups.sites import SiteEffects, estimate_sites
from jobeval.effects.groups.sorted_groups import estimate_sorted_groups
from jobeval.effects.groups.subgroups import estimate_subgroups
from jobeval.effects.hours.margins import estimate_margins
from jobeval.effects.hours.quantiles import estimate_quantile_effects
from jobeval.effects.itt.itt import estimate_itt
from jobeval.effects.missing.bounds import bound_attrition
from jobeval.effects.missing.missing_weights import estimate_weighted_for_missing
from jobeval.effects.shares.risk import estimate_risk_difference
from jobeval.effects.spillover.spillover import estimate_spillover
from jobeval.effects.summary.index import estimate_index
from jobeval.effects.summary.variants import Variant, estimate_variants
from jobeval.effects.take_up.late import estimate_late
from jobeval.errors import DataError, Problem
from jobeval.evaluation.fidelity import index_sites
from jobeval.evaluation.look import TrialAtLook
from jobeval.plan import analyses as plan
from jobeval.plan.fidelity import FIDELITY_INDEX
from jobeval.plan.lottery import Lottery
from jobeval.results import Bounds, Estimate, HypothesisTest, Interval

Said = Iterable[Estimate | HypothesisTest]
TOOK_PART = "took part"


def estimate_effects(analysis: plan.EffectAnalysis, at_look: TrialAtLook) -> Said:
    """The effect on everyone, in subgroups and in sites, with tests that they are the same."""
    frame, outcome = frame_of(at_look, analysis.endpoint)
    lottery, options = lottery_of(analysis, at_look), itt_options(analysis)
    resampling = at_look.plan.resampling
    yield estimate_itt(
        frame, outcome, lottery, **options, weights=analysis.weights,
        inference=analysis.inference, draws=resampling.draws, seed=resampling.seed,
    )  # fmt: skip
    for column in analysis.subgroups:
        found = estimate_subgroups(frame, outcome, lottery, column, **options)
        yield from found.effects
        yield replace(found.interaction, subgroup=column)
    if analysis.by_site and at_look.plan.sites is not None:
        sites = estimate_sites(frame, outcome, lottery, at_look.plan.sites.column)
        yield from (*sites.raw, *sites.shrunken, sites.pooled, sites.prediction, _tau_of(sites))
        yield sites.heterogeneity


def _tau_of(sites: SiteEffects) -> Estimate:
    """The standard deviation of the true effects between sites, with its Q-profile interval."""
    low, high = (math.sqrt(bound) for bound in sites.tau_squared_interval)
    return replace(
        sites.pooled,
        part="tau",
        estimand="standard deviation of the effects between sites",
        estimate=sites.tau,
        std_error=math.nan,
        inference="Q-profile",
        given_interval=Interval(low, high),
    )


def estimate_take_up(analysis: plan.TakeUpAnalysis, at_look: TrialAtLook) -> Said:
    """The effect on those who take part because of the lottery."""
    frame, outcome = frame_of(at_look, analysis.endpoint)
    treated = analysis.treated or TOOK_PART
    if analysis.treated is None:
        frame[treated] = took_part(at_look)
    yield estimate_late(
        frame, outcome, at_look.plan.lottery_columns, treated=treated,
        covariates=analysis.covariates, adjustment="ancova" if analysis.covariates else "none",
        interval=analysis.interval, profile=analysis.profile,
    )  # fmt: skip


def estimate_risks(analysis: plan.RiskAnalysis, at_look: TrialAtLook) -> Said:
    """A difference or a ratio of shares."""
    frame, outcome = frame_of(at_look, analysis.endpoint)
    yield estimate_risk_difference(
        frame, outcome, at_look.plan.lottery_columns,
        measure="ratio" if analysis.estimator == "risk_ratio" else "difference",
        method=analysis.method, covariates=analysis.covariates, std_error=analysis.std_error,
    )  # fmt: skip


def estimate_hours_margins(analysis: plan.MarginsAnalysis, at_look: TrialAtLook) -> Said:
    """Mean, ratio of means, margins and thresholds of hours."""
    frame, outcome = frame_of(at_look, analysis.endpoint)
    yield from estimate_margins(
        frame, outcome, at_look.plan.lottery_columns,
        thresholds=analysis.thresholds, winsorise=analysis.winsorise,
    )  # fmt: skip


def estimate_quantiles(analysis: plan.QuantileAnalysis, at_look: TrialAtLook) -> Said:
    """Effects on quantiles."""
    frame, outcome = frame_of(at_look, analysis.endpoint)
    yield from estimate_quantile_effects(
        frame, outcome, at_look.plan.lottery_columns,
        quantiles=analysis.quantiles,
    )  # fmt: skip


def bound_missing(analysis: plan.BoundsAnalysis, at_look: TrialAtLook) -> Said:
    """The range of the effect where outcomes are missing."""
    frame, outcome = frame_of(at_look, analysis.endpoint)
    lottery = at_look.plan.lottery_columns
    bounds = bound_attrition(
        frame, outcome, lottery, method=analysis.method,
        covariates=analysis.covariates, limits=analysis.limits,
    )  # fmt: skip
    fewest = _fewest_missing(at_look, analysis.endpoint, analysis.method)
    for bound in (*bounds.table, _between(bounds)):
        yield _resting_on(bound, fewest)
    if analysis.weighted:
        weighted = estimate_weighted_for_missing(
            frame, outcome, lottery, covariates=analysis.weighted
        )
        yield replace(weighted, part="weighted")


def _fewest_missing(at_look: TrialAtLook, endpoint: str, method: str) -> float:
    """The fewest persons whom bounds tell of: missing in an arm, or trimmed by Lee's."""
    missing = at_look.outcome(endpoint)["value"].isna().to_numpy()
    assigned = at_look.assignment.assigned
    counts = np.bincount(assigned, missing, 2)
    sizes = np.bincount(assigned, minlength=2)
    trimmed = np.abs(np.diff(counts / sizes)) * sizes if method == "lee" else counts
    told = np.concatenate([counts, trimmed])
    return float(np.min(told, initial=np.inf, where=told > 1e-9))


def _resting_on(bound: Estimate, fewest: float) -> Estimate:
    treatment, control = (
        min(count or 0, math.ceil(fewest)) if math.isfinite(fewest) else count
        for count in (bound.n_apart_treatment, bound.n_apart_control)
    )
    return replace(bound, n_apart_treatment=treatment, n_apart_control=control)


def _between(bounds: Bounds) -> Estimate:
    """The interval that covers the effect wherever it lies between the bounds; no point."""
    return replace(
        bounds.lower,
        part="interval",
        estimate=math.nan,
        std_error=math.nan,
        mean_treatment=math.nan,
        inference="Imbens-Manski",
        given_interval=bounds.interval,
    )


def relate_fidelity(analysis: plan.FidelityAnalysis, at_look: TrialAtLook) -> Said:
    """The slope of the sites' effects on their fidelity."""
    frame, outcome = frame_of(at_look, analysis.endpoint)
    assert at_look.plan.sites is not None
    site = at_look.plan.sites.column
    if analysis.fidelity == FIDELITY_INDEX and at_look.plan.fidelity is not None:
        frame[analysis.fidelity] = frame[site].astype(str).map(index_sites(at_look))
    elif analysis.fidelity not in frame:
        place, rule = f"analyses.{analysis.name}.fidelity", "persons have no column of this name."
        mend = f'Deliver it; "{FIDELITY_INDEX}" is computed where the plan has [fidelity].'
        raise DataError("persons", [Problem(place, rule, mend)])
    yield estimate_fidelity(
        frame, outcome, at_look.plan.lottery_columns, site,
        analysis.fidelity,
    )  # fmt: skip


def sort_groups(analysis: plan.SortedGroupsAnalysis, at_look: TrialAtLook) -> Said:
    """Effects in groups sorted by their predicted effect."""
    frame, outcome = frame_of(at_look, analysis.endpoint)
    yield from estimate_sorted_groups(
        frame, outcome, at_look.plan.lottery_columns, covariates=analysis.covariates,
        groups=analysis.groups, splits=analysis.splits, seed=at_look.plan.resampling.seed,
    )  # fmt: skip


def estimate_spillovers(analysis: plan.SpilloverAnalysis, at_look: TrialAtLook) -> Said:
    """Direct effect, spillover and total effect."""
    frame, outcome = frame_of(at_look, analysis.endpoint)
    yield from estimate_spillover(
        frame, outcome, at_look.plan.lottery_columns,
        group=analysis.group, saturation=analysis.saturation,
    )  # fmt: skip


def index_effects(analysis: plan.IndexAnalysis, at_look: TrialAtLook) -> Said:
    """The effect on an index of several endpoints."""
    frame = at_look.persons.copy()
    columns = {name: outcome_column(name) for name in analysis.endpoints}
    for name, column in columns.items():
        frame[column] = at_look.outcome(name)["value"].to_numpy()
    yield estimate_index(
        frame, tuple(columns.values()), at_look.plan.lottery_columns,
        less_is_better=tuple(columns[name] for name in analysis.less_is_better),
    )  # fmt: skip


def vary(analysis: plan.SensitivityAnalysis, at_look: TrialAtLook) -> Said:
    """The same question in all declared ways."""
    frame = at_look.persons.copy()
    for name in analysis.endpoints_needed:
        frame[outcome_column(name)] = at_look.outcome(name)["value"].to_numpy()
    treated = None
    if any(variant.analysis_set == "per_protocol" for variant in analysis.variants):
        treated = TOOK_PART
        frame[treated] = took_part(at_look)
    resampling = at_look.plan.resampling
    yield from estimate_variants(
        frame, at_look.plan.lottery_columns,
        [_variant(item, analysis.endpoint, treated) for item in analysis.variants],
        draws=resampling.draws, seed=resampling.seed,
    )  # fmt: skip


def took_part(at_look: TrialAtLook) -> NDArray[np.int64]:
    """Who had started by the cut-off, in the order of ``persons``."""
    if at_look.started is None:
        rule = "who started is not known: persons hold no started_on."
        raise DataError("take-up", [Problem("persons", rule, 'Deliver it, or name "treated".')])
    return at_look.started.astype(np.int64)


def _variant(item: plan.Variant, endpoint: str, treated: str | None) -> Variant:
    return Variant(
        name=item.name,
        outcome=outcome_column(item.endpoint or endpoint),
        covariates=item.covariates,
        adjustment=adjustment_of(item.estimator),
        vcov=item.vcov,
        inference=item.inference,
        analysis_set=item.analysis_set,
        treated=treated if item.analysis_set == "per_protocol" else None,
        winsorise=item.winsorise,
        weights=item.weights,
        strata=() if item.estimator == "difference" else None,
    )


def frame_of(at_look: TrialAtLook, endpoint: str) -> tuple[pd.DataFrame, str]:
    """The persons with the values of an endpoint, and the name of their column."""
    values = at_look.outcome(endpoint)["value"]
    if values.isna().all():
        raise unobserved(endpoint, at_look)
    column = outcome_column(endpoint)
    return at_look.persons.assign(**{column: values.to_numpy()}), column


def outcome_column(endpoint: str) -> str:
    """A name that no column of persons has: theirs hold no space."""
    return f"outcome {endpoint}"


def unobserved(endpoint: str, at_look: TrialAtLook) -> DataError:
    """What to say when nobody has an outcome."""
    rule = f"no person is observed over the whole window at the {at_look.look} look."
    mend = "Deliver every register that it needs, to the end of the window, or plan a shorter one."
    return DataError("outcome", [Problem(f"endpoints.{endpoint}", rule, mend)])


def adjustment_of(estimator: plan.EffectEstimator) -> Any:
    """The adjustment of ``estimate_itt`` that an estimator of the plan means."""
    return estimator if estimator in {"ancova", "lin"} else "none"


def itt_options(analysis: plan.EffectAnalysis) -> dict[str, Any]:
    """The options that an effect, its subgroups and its families share."""
    return {
        "covariates": analysis.covariates,
        "adjustment": adjustment_of(analysis.estimator),
        "vcov": analysis.vcov,
    }


def lottery_of(analysis: plan.EffectAnalysis, at_look: TrialAtLook) -> Lottery:
    """The lottery with the strata of the analysis."""
    strata = () if analysis.estimator == "difference" else analysis.strata
    return pool_strata(at_look.plan.lottery_columns, strata)


def pool_strata(lottery: Lottery, strata: tuple[str, ...] | None) -> Lottery:
    """The lottery with the strata that an analysis declares; its own where it declares none."""
    return lottery if strata is None else replace(lottery, strata=strata)
