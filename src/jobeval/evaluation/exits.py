"""Survival analyses that a plan asks for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pandas as pd

from jobeval.evaluation.effects import pool_strata, unobserved
from jobeval.evaluation.look import DESTINATION, DURATION, OBSERVED, TrialAtLook
from jobeval.exits.aalen_johansen import cumulative_incidence
from jobeval.exits.cox import estimate_hazard_ratio
from jobeval.exits.kaplan_meier import survival_curve
from jobeval.exits.logrank import logrank_test
from jobeval.plan.analyses import ExitAnalysis
from jobeval.plan.lottery import Lottery
from jobeval.results import Curve, Estimate, HypothesisTest

Said = Estimate | Curve | HypothesisTest


def estimate_exits(analysis: ExitAnalysis, at_look: TrialAtLook) -> Iterable[Said]:
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
        for said in _estimate(analysis, part, lottery):
            named: Any = said
            yield replace(named, endpoint=analysis.endpoint, subgroup=subgroup)


def _estimate(analysis: ExitAnalysis, frame: pd.DataFrame, lottery: Lottery) -> Iterable[Said]:
    match analysis.estimator:
        case "kaplan_meier":
            return survival_curve(frame, DURATION, OBSERVED, lottery)
        case "aalen_johansen":
            return cumulative_incidence(frame, DURATION, DESTINATION, lottery)
        case "logrank":
            return [logrank_test(frame, DURATION, OBSERVED, lottery)]
        case "cox":
            return [
                estimate_hazard_ratio(
                    frame, DURATION, OBSERVED, lottery,
                    covariates=analysis.covariates, ties=analysis.ties,
                )
            ]  # fmt: skip


def parts_of(frame: pd.DataFrame, column: str) -> list[tuple[str, pd.DataFrame]]:
    """The rows of each level of a column, by its name, in sorted order."""
    levels = sorted(frame[column].dropna().unique())
    return [(f"{column}={level}", frame[frame[column] == level]) for level in levels]
