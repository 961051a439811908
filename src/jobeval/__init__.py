"""jobeval evaluates randomised labour-market trials, as the lottery drew.

The public names below are the front door; everything behind them may move.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jobeval.delivery.fidelity_tables import score_fidelity as score_fidelity
    from jobeval.delivery.indicators import count_indicators as count_indicators
    from jobeval.delivery.places import compare_places as compare_places
    from jobeval.disclosure.gate import ReleasedEvaluation as ReleasedEvaluation
    from jobeval.disclosure.gate import release as release
    from jobeval.disclosure.monitoring import ReleasedMonitor as ReleasedMonitor
    from jobeval.disclosure.monitoring import release_monitor as release_monitor
    from jobeval.economics.accounts import CostBenefit as CostBenefit
    from jobeval.economics.accounts import cost_benefit as cost_benefit
    from jobeval.economics.mvpf import mvpf as mvpf
    from jobeval.effects.groups.fidelity import estimate_fidelity as estimate_fidelity
    from jobeval.effects.groups.sites import estimate_sites as estimate_sites
    from jobeval.effects.groups.sorted_groups import (
        estimate_sorted_groups as estimate_sorted_groups,
    )
    from jobeval.effects.groups.subgroups import estimate_subgroups as estimate_subgroups
    from jobeval.effects.hours.margins import estimate_margins as estimate_margins
    from jobeval.effects.hours.quantiles import (
        estimate_quantile_effects as estimate_quantile_effects,
    )
    from jobeval.effects.itt.arms import estimate_arms as estimate_arms
    from jobeval.effects.itt.itt import estimate_itt as estimate_itt
    from jobeval.effects.missing.bounds import bound_attrition as bound_attrition
    from jobeval.effects.missing.missing_weights import (
        estimate_weighted_for_missing as estimate_weighted_for_missing,
    )
    from jobeval.effects.redrawn.families import estimate_family as estimate_family
    from jobeval.effects.redrawn.family_draws import Hypothesis as Hypothesis
    from jobeval.effects.redrawn.randomisation import randomisation_test as randomisation_test
    from jobeval.effects.shares.risk import estimate_risk_difference as estimate_risk_difference
    from jobeval.effects.shares.risk import mantel_haenszel_test as mantel_haenszel_test
    from jobeval.effects.spillover.spillover import estimate_spillover as estimate_spillover
    from jobeval.effects.summary.detectable import detectable_effect as detectable_effect
    from jobeval.effects.summary.detectable import (
        detectable_effect_clusters as detectable_effect_clusters,
    )
    from jobeval.effects.summary.detectable import (
        tabulate_detectable_effects as tabulate_detectable_effects,
    )
    from jobeval.effects.summary.index import estimate_index as estimate_index
    from jobeval.effects.summary.sizes import (
        estimate_standardised_effect as estimate_standardised_effect,
    )
    from jobeval.effects.summary.sizes import hedges_g as hedges_g
    from jobeval.effects.summary.variants import Variant as Variant
    from jobeval.effects.summary.variants import estimate_variants as estimate_variants
    from jobeval.effects.take_up.as_treated import estimate_as_treated as estimate_as_treated
    from jobeval.effects.take_up.late import estimate_late as estimate_late
    from jobeval.effects.weekly.paths import estimate_path as estimate_path
    from jobeval.errors import DataError as DataError
    from jobeval.errors import DesignError as DesignError
    from jobeval.errors import DisclosureError as DisclosureError
    from jobeval.errors import JobevalError as JobevalError
    from jobeval.errors import PlanError as PlanError
    from jobeval.evaluation.evaluate import evaluate as evaluate
    from jobeval.evaluation.result import Evaluation as Evaluation
    from jobeval.exits.curves.quantile_difference import (
        estimate_quantile_difference as estimate_quantile_difference,
    )
    from jobeval.exits.curves.quantiles import survival_quantile as survival_quantile
    from jobeval.exits.curves.survival import survival_curve as survival_curve
    from jobeval.exits.curves.survival_difference import (
        estimate_survival_difference as estimate_survival_difference,
    )
    from jobeval.exits.destinations.cause_specific import (
        estimate_cause_specific_hazard_ratios as estimate_cause_specific_hazard_ratios,
    )
    from jobeval.exits.destinations.incidence import cumulative_incidence as cumulative_incidence
    from jobeval.exits.destinations.incidence import (
        estimate_incidence_difference as estimate_incidence_difference,
    )
    from jobeval.exits.destinations.state_weeks import estimate_state_weeks as estimate_state_weeks
    from jobeval.exits.destinations.subdistribution import (
        estimate_subdistribution_hazard_ratio as estimate_subdistribution_hazard_ratio,
    )
    from jobeval.exits.destinations.subdistribution import fit_fine_gray as fit_fine_gray
    from jobeval.exits.grid.counting import count_exits as count_exits
    from jobeval.exits.grid.grid import ExitGrid as ExitGrid
    from jobeval.exits.hazards.cox import estimate_hazard_ratio as estimate_hazard_ratio
    from jobeval.exits.hazards.cox import fit_cox as fit_cox
    from jobeval.exits.hazards.hazard_ratio_over_time import (
        hazard_ratio_over_time as hazard_ratio_over_time,
    )
    from jobeval.exits.hazards.piecewise_hazards import (
        estimate_piecewise_hazard_ratios as estimate_piecewise_hazard_ratios,
    )
    from jobeval.exits.hazards.proportional_hazards import (
        proportional_hazards_test as proportional_hazards_test,
    )
    from jobeval.exits.hazards.proportional_hazards import (
        proportional_hazards_tests as proportional_hazards_tests,
    )
    from jobeval.exits.histories.landmark import (
        estimate_transition_probabilities as estimate_transition_probabilities,
    )
    from jobeval.exits.histories.occupancy import estimate_occupancy as estimate_occupancy
    from jobeval.exits.histories.occupancy_weeks import (
        estimate_occupancy_weeks as estimate_occupancy_weeks,
    )
    from jobeval.exits.histories.transitions import (
        estimate_transition_rates as estimate_transition_rates,
    )
    from jobeval.exits.histories.transitions import tabulate_transitions as tabulate_transitions
    from jobeval.exits.jobs.mean_cumulative import mean_cumulative_events as mean_cumulative_events
    from jobeval.exits.jobs.recurrence import estimate_recurrence as estimate_recurrence
    from jobeval.exits.jobs.retention import estimate_retention as estimate_retention
    from jobeval.exits.jobs.retention_curves import retention_curves as retention_curves
    from jobeval.exits.means.rmst import estimate_rmst as estimate_rmst
    from jobeval.exits.models.compare_models import compare_durations as compare_durations
    from jobeval.exits.models.parametric import fit_parametric as fit_parametric
    from jobeval.exits.ranks.adjusted_hazard_ratio import (
        estimate_adjusted_hazard_ratio as estimate_adjusted_hazard_ratio,
    )
    from jobeval.exits.ranks.gray import gray_test as gray_test
    from jobeval.exits.ranks.logrank import logrank_test as logrank_test
    from jobeval.exits.take_up.complier_curves import (
        estimate_complier_incidence as estimate_complier_incidence,
    )
    from jobeval.exits.take_up.late_rmst import estimate_late_rmst as estimate_late_rmst
    from jobeval.inference.multiplicity import adjust_p_values as adjust_p_values
    from jobeval.monitoring.contracts.forecast import (
        forecast_liabilities as forecast_liabilities,
    )
    from jobeval.monitoring.contracts.ledger import build_ledger as build_ledger
    from jobeval.monitoring.contracts.terms import ContractTerms as ContractTerms
    from jobeval.monitoring.hand_over import link_cohorts as link_cohorts
    from jobeval.monitoring.monitor import monitor as monitor
    from jobeval.monitoring.monitor import read_monitor as read_monitor
    from jobeval.monitoring.plan import MonitorPlan as MonitorPlan
    from jobeval.monitoring.plan import read_monitor_plan as read_monitor_plan
    from jobeval.monitoring.result import MonitorResult as MonitorResult
    from jobeval.plan.lottery import Lottery as Lottery
    from jobeval.plan.model import TrialPlan as TrialPlan
    from jobeval.plan.parts import Term as Term
    from jobeval.plan.read import read_plan as read_plan
    from jobeval.registers.trial import Trial as Trial
    from jobeval.registers.trial import read_trial as read_trial
    from jobeval.results import Bounds as Bounds
    from jobeval.results import CheckResult as CheckResult
    from jobeval.results import Curve as Curve
    from jobeval.results import CurveTable as CurveTable
    from jobeval.results import EffectTable as EffectTable
    from jobeval.results import Estimate as Estimate
    from jobeval.results import Flow as Flow
    from jobeval.results import HypothesisTest as HypothesisTest
    from jobeval.results import PlaceComparison as PlaceComparison
    from jobeval.results import RandomisationTest as RandomisationTest
    from jobeval.results import TakeUp as TakeUp
    from jobeval.synthetic.jobfirst import simulate_jobfirst as simulate_jobfirst

_HOMES = {
    "Lottery": "plan.lottery",
    "Estimate": "results",
    "EffectTable": "results",
    "Curve": "results",
    "CurveTable": "results",
    "HypothesisTest": "results",
    "CheckResult": "results",
    "Flow": "results",
    "TrialPlan": "plan.model",
    "Term": "plan.parts",
    "read_plan": "plan.read",
    "Trial": "registers.trial",
    "read_trial": "registers.trial",
    "simulate_jobfirst": "synthetic.jobfirst",
    "estimate_itt": "effects.itt.itt",
    "adjust_p_values": "inference.multiplicity",
    "estimate_family": "effects.redrawn.families",
    "Hypothesis": "effects.redrawn.family_draws",
    "estimate_late": "effects.take_up.late",
    "estimate_as_treated": "effects.take_up.as_treated",
    "estimate_risk_difference": "effects.shares.risk",
    "estimate_margins": "effects.hours.margins",
    "estimate_quantile_effects": "effects.hours.quantiles",
    "randomisation_test": "effects.redrawn.randomisation",
    "bound_attrition": "effects.missing.bounds",
    "estimate_subgroups": "effects.groups.subgroups",
    "estimate_sites": "effects.groups.sites",
    "estimate_fidelity": "effects.groups.fidelity",
    "estimate_sorted_groups": "effects.groups.sorted_groups",
    "estimate_path": "effects.weekly.paths",
    "estimate_spillover": "effects.spillover.spillover",
    "estimate_index": "effects.summary.index",
    "estimate_arms": "effects.itt.arms",
    "estimate_variants": "effects.summary.variants",
    "Variant": "effects.summary.variants",
    "Bounds": "results",
    "RandomisationTest": "results",
    "TakeUp": "results",
    "estimate_standardised_effect": "effects.summary.sizes",
    "estimate_weighted_for_missing": "effects.missing.missing_weights",
    "detectable_effect": "effects.summary.detectable",
    "detectable_effect_clusters": "effects.summary.detectable",
    "tabulate_detectable_effects": "effects.summary.detectable",
    "mantel_haenszel_test": "effects.shares.risk",
    "hedges_g": "effects.summary.sizes",
    "survival_curve": "exits.curves.survival",
    "survival_quantile": "exits.curves.quantiles",
    "estimate_survival_difference": "exits.curves.survival_difference",
    "estimate_quantile_difference": "exits.curves.quantile_difference",
    "count_exits": "exits.grid.counting",
    "ExitGrid": "exits.grid.grid",
    "logrank_test": "exits.ranks.logrank",
    "gray_test": "exits.ranks.gray",
    "estimate_adjusted_hazard_ratio": "exits.ranks.adjusted_hazard_ratio",
    "estimate_retention": "exits.jobs.retention",
    "retention_curves": "exits.jobs.retention_curves",
    "estimate_recurrence": "exits.jobs.recurrence",
    "mean_cumulative_events": "exits.jobs.mean_cumulative",
    "estimate_hazard_ratio": "exits.hazards.cox",
    "fit_cox": "exits.hazards.cox",
    "proportional_hazards_test": "exits.hazards.proportional_hazards",
    "proportional_hazards_tests": "exits.hazards.proportional_hazards",
    "hazard_ratio_over_time": "exits.hazards.hazard_ratio_over_time",
    "estimate_piecewise_hazard_ratios": "exits.hazards.piecewise_hazards",
    "estimate_rmst": "exits.means.rmst",
    "estimate_late_rmst": "exits.take_up.late_rmst",
    "estimate_complier_incidence": "exits.take_up.complier_curves",
    "cumulative_incidence": "exits.destinations.incidence",
    "fit_fine_gray": "exits.destinations.subdistribution",
    "estimate_subdistribution_hazard_ratio": "exits.destinations.subdistribution",
    "estimate_state_weeks": "exits.destinations.state_weeks",
    "estimate_cause_specific_hazard_ratios": "exits.destinations.cause_specific",
    "estimate_incidence_difference": "exits.destinations.incidence",
    "estimate_occupancy": "exits.histories.occupancy",
    "estimate_occupancy_weeks": "exits.histories.occupancy_weeks",
    "estimate_transition_probabilities": "exits.histories.landmark",
    "estimate_transition_rates": "exits.histories.transitions",
    "tabulate_transitions": "exits.histories.transitions",
    "fit_parametric": "exits.models.parametric",
    "compare_durations": "exits.models.compare_models",
    "score_fidelity": "delivery.fidelity_tables",
    "count_indicators": "delivery.indicators",
    "compare_places": "delivery.places",
    "PlaceComparison": "results",
    "cost_benefit": "economics.accounts",
    "CostBenefit": "economics.accounts",
    "mvpf": "economics.mvpf",
    "Evaluation": "evaluation.result",
    "evaluate": "evaluation.evaluate",
    "ContractTerms": "monitoring.contracts.terms",
    "build_ledger": "monitoring.contracts.ledger",
    "forecast_liabilities": "monitoring.contracts.forecast",
    "link_cohorts": "monitoring.hand_over",
    "MonitorPlan": "monitoring.plan",
    "MonitorResult": "monitoring.result",
    "monitor": "monitoring.monitor",
    "read_monitor": "monitoring.monitor",
    "read_monitor_plan": "monitoring.plan",
    "release": "disclosure.gate",
    "ReleasedEvaluation": "disclosure.gate",
    "release_monitor": "disclosure.monitoring",
    "ReleasedMonitor": "disclosure.monitoring",
    "JobevalError": "errors",
    "PlanError": "errors",
    "DataError": "errors",
    "DesignError": "errors",
    "DisclosureError": "errors",
}

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that ``import jobeval`` stays quick."""
    if name not in _HOMES:
        raise AttributeError(f"module 'jobeval' has no attribute {name!r}")
    value = getattr(import_module(f"jobeval.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
