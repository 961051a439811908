"""What an analysis says: frozen values with raw numbers, no formatting.

Everything here survives a round trip through JSON (``to_dict`` and ``from_dict``);
``nan`` becomes ``null`` and infinite degrees of freedom become ``"inf"``.
"""

from jobeval.results.check import CheckResult, Flow, FlowStep
from jobeval.results.comparison import DurationComparison
from jobeval.results.curve import Curve, CurveTable, Measure
from jobeval.results.estimate import (
    OVER_SITES,
    Bounds,
    EffectTable,
    Estimate,
    Interval,
    Scale,
    TakeUp,
    with_adjusted_p,
)
from jobeval.results.json import html_table
from jobeval.results.model import Coefficient, DurationModel
from jobeval.results.places import PlaceComparison
from jobeval.results.test import HypothesisTest, RandomisationTest

__all__ = [
    "OVER_SITES",
    "Bounds",
    "CheckResult",
    "Coefficient",
    "Curve",
    "CurveTable",
    "DurationComparison",
    "DurationModel",
    "EffectTable",
    "Estimate",
    "Flow",
    "FlowStep",
    "HypothesisTest",
    "Interval",
    "Measure",
    "PlaceComparison",
    "RandomisationTest",
    "Scale",
    "TakeUp",
    "html_table",
    "with_adjusted_p",
]
