"""What an estimate carries in an evaluation: the plan's names, units and horizons."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from jobeval.evaluation.look import TrialAtLook
from jobeval.plan import analyses as plan
from jobeval.plan.endpoints import DeliveredOutcome, Endpoint, WindowEndpoint
from jobeval.plan.exit_analyses import ON_THE_GRID
from jobeval.plan.parts import LookName
from jobeval.results import Estimate

UNITS: dict[str, str] = {
    "any_hours": "share",
    "any_hours_without_benefit": "share",
    "mean_hours": "hours_per_week",
    "mean_hours_without_benefit": "hours_per_week",
    "weeks_in_state": "weeks",
    "longest_spell": "weeks",
}
SHARE_PARTS = ("extensive", "hours>")


def name_effect(analysis: Any, effect: Estimate, at_look: TrialAtLook) -> Estimate:
    """The estimate under the plan's names, with the unit and horizon of its endpoint."""
    endpoint = getattr(analysis, "endpoint", analysis.name)
    return replace(
        effect, analysis=analysis.name, endpoint=endpoint, **_scale(analysis, effect, at_look)
    )


def inestimable(analysis: Any, at_look: TrialAtLook, reason: str) -> Estimate:
    """An effect that the lottery and the data do not allow, with the reason."""
    sizes = at_look.assignment.stratum_sizes().sum(axis=0)
    effect = Estimate(
        endpoint="",
        estimand="itt",
        estimator=analysis.estimator,
        contrast=at_look.plan.lottery_columns.contrast,
        estimate=math.nan,
        std_error=math.nan,
        n_treatment=int(sizes[1]),
        n_control=int(sizes[0]),
        notes=(f"not estimable: {reason}",),
    )
    return name_effect(analysis, effect, at_look)


def _scale(analysis: Any, effect: Estimate, at_look: TrialAtLook) -> Mapping[str, Any]:
    if isinstance(analysis, plan.IndexAnalysis):
        return {"unit": "control_sd"}
    if isinstance(analysis, ON_THE_GRID):
        return {}  # they know their unit and horizon
    name = analysis.endpoint
    if isinstance(analysis, plan.SensitivityAnalysis):
        named = {item.name: item.endpoint for item in analysis.variants}
        name = named.get(effect.part) or name
    scale = scale_of(at_look.plan.endpoints[name], at_look.look)
    if effect.scale == "log_ratio":
        return {**scale, "unit": "ratio"}
    if isinstance(analysis, plan.MarginsAnalysis) and effect.part.startswith(SHARE_PARTS):
        return {**scale, "unit": "share"}
    return scale


def scale_of(endpoint: Endpoint, look: LookName) -> dict[str, Any]:
    """Unit and horizon of an outcome."""
    if isinstance(endpoint, DeliveredOutcome):
        unit = endpoint.unit if isinstance(endpoint.unit, str) else endpoint.unit.en
        return {"unit": unit, "horizon_weeks": endpoint.horizon_weeks}
    assert isinstance(endpoint, WindowEndpoint)
    return {"unit": UNITS[endpoint.kind], "horizon_weeks": endpoint.window(look)[1]}
