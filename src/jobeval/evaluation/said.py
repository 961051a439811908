"""What an analysis of a plan may say."""

from jobeval.results import CheckResult, Curve, Estimate, HypothesisTest

Said = Estimate | Curve | HypothesisTest | CheckResult
