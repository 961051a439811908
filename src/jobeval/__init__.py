"""jobeval evaluates randomised labour-market trials, as the lottery drew.

The public names below are the front door; everything behind them may move.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

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
    "read_plan": "plan.read",
    "Trial": "registers.trial",
    "read_trial": "registers.trial",
    "simulate_jobfirst": "synthetic.jobfirst",
    "estimate_itt": "effects.itt",
    "survival_curve": "exits.kaplan_meier",
    "logrank_test": "exits.logrank",
    "estimate_hazard_ratio": "exits.cox",
    "cumulative_incidence": "exits.aalen_johansen",
    "Evaluation": "evaluation.result",
    "evaluate": "evaluation.evaluate",
    "release": "disclosure.gate",
    "ReleasedEvaluation": "disclosure.gate",
    "JobevalError": "errors",
    "PlanError": "errors",
    "DataError": "errors",
    "DesignError": "errors",
    "DisclosureError": "errors",
}

__version__ = "0.1.0"
__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that ``import jobeval`` stays quick."""
    if name not in _HOMES:
        raise AttributeError(f"module 'jobeval' has no attribute {name!r}")
    value = getattr(import_module(f"jobeval.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
