"""jobeval evaluates randomised labour-market trials, as the lottery drew.

The public names below are the front door; everything behind them may move.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jobeval.disclosure.gate import ReleasedEvaluation as ReleasedEvaluation
    from jobeval.disclosure.gate import release as release
    from jobeval.effects.itt import estimate_itt as estimate_itt
    from jobeval.errors import DataError as DataError
    from jobeval.errors import DesignError as DesignError
    from jobeval.errors import DisclosureError as DisclosureError
    from jobeval.errors import JobevalError as JobevalError
    from jobeval.errors import PlanError as PlanError
    from jobeval.evaluation.evaluate import evaluate as evaluate
    from jobeval.evaluation.result import Evaluation as Evaluation
    from jobeval.exits.aalen_johansen import cumulative_incidence as cumulative_incidence
    from jobeval.exits.cox import estimate_hazard_ratio as estimate_hazard_ratio
    from jobeval.exits.kaplan_meier import survival_curve as survival_curve
    from jobeval.exits.logrank import logrank_test as logrank_test
    from jobeval.plan.lottery import Lottery as Lottery
    from jobeval.plan.model import TrialPlan as TrialPlan
    from jobeval.plan.read import read_plan as read_plan
    from jobeval.registers.trial import Trial as Trial
    from jobeval.registers.trial import read_trial as read_trial
    from jobeval.results import CheckResult as CheckResult
    from jobeval.results import Curve as Curve
    from jobeval.results import CurveTable as CurveTable
    from jobeval.results import EffectTable as EffectTable
    from jobeval.results import Estimate as Estimate
    from jobeval.results import Flow as Flow
    from jobeval.results import HypothesisTest as HypothesisTest
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


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that ``import jobeval`` stays quick."""
    if name not in _HOMES:
        raise AttributeError(f"module 'jobeval' has no attribute {name!r}")
    value = getattr(import_module(f"jobeval.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
