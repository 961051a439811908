"""Exit analyses of a plan: what fits which endpoint, and what is told when it does not."""

import json

import pytest
from pydantic import ValidationError

from jobeval.plan.analyses import Analysis
from jobeval.plan.exit_analyses import OccupancyAnalysis, horizon_at
from jobeval.plan.model import TrialPlan


def label(text):
    return {"da": text, "en": text}


ENDPOINTS = {
    "job": {"kind": "first_exit", "label": label("Job")},
    "first": {
        "kind": "first_exit", "destinations": ["employment", "education"], "label": label("First"),
    },
    "kept": {"kind": "retention", "label": label("Kept")},
    "starts": {"kind": "recurrent_spells", "label": label("Starts")},
    "delivered": {
        "kind": "delivered_exit", "duration": "weeks", "observed": "left", "label": label("Left"),
    },
    "hours": {"kind": "delivered_outcome", "column": "hours", "unit": "weeks", "label": label("H")},
}  # fmt: skip
GROUPS = [
    {"name": "benefit", "label": label("Benefit"), "states": ["benefit"]},
    {"name": "work", "label": label("Work"), "states": ["employment"]},
]


def plan_of(**analysis):
    values = {
        "name": "small", "title": label("Small"),
        "arms": [
            {"name": "c", "role": "control", "label": label("Control")},
            {"name": "t", "role": "treatment", "label": label("Treatment")},
        ],
        "lottery": {"unit": "person"}, "follow_up": {"horizon_weeks": 104},
        "looks": {"midterm": {"cut_off": "2017-12-31"}, "final": {"cut_off": "2019-03-31"}},
        "endpoints": ENDPOINTS, "analyses": [{"name": "it", **analysis}],
    }  # fmt: skip
    return TrialPlan.model_validate_json(json.dumps(values))


FAULTS = [
    ({"endpoint": "hours", "estimator": "rmst", "horizon_weeks": 52}, "go with exits"),
    ({"endpoint": "job", "estimator": "blocked"}, "survival estimators go with exits"),
    ({"endpoint": "job", "estimator": "retention"}, 'needs kind = "retention"'),
    ({"endpoint": "kept", "estimator": "recurrence"}, 'needs kind = "recurrent_spells"'),
    ({"endpoint": "kept", "estimator": "kaplan_meier"}, "go with exits"),
    ({"endpoint": "first", "estimator": "gray"}, 'needs the destination that it is about, "cause"'),
    ({"endpoint": "first", "estimator": "fine_gray"}, '"cause"'),
    ({"endpoint": "first", "estimator": "gray", "cause": "flexjob"}, "not a destination"),
    ({"endpoint": "delivered", "estimator": "gray", "cause": "flexjob"}, "one destination only"),
    (
        {"endpoint": "first", "estimator": "state_weeks", "cause": "employment",
         "horizon_weeks": 52},
        "every destination is shown",
    ),
    (
        {"endpoint": "first", "estimator": "rmst", "cause": "employment", "horizon_weeks": 52},
        "overstates the exits",
    ),
    ({"endpoint": "job", "estimator": "rmst", "horizon_weeks": 105}, "is not from 1 to"),
    ({"endpoint": "job", "estimator": "rmst", "horizon_weeks": 102},
     "less the 3 weeks that confirm an exit"),
    ({"endpoint": "job", "estimator": "rmst", "horizon_weeks": 0}, "is not from 1 to"),
    (
        {"endpoint": "job", "estimator": "rmst", "horizon_weeks": {"final": 52}},
        "names no horizon for 'midterm'",
    ),
    ({"estimator": "occupancy", "groups": GROUPS, "horizon_weeks": 500}, "is not from 1 to"),
    ({"endpoint": "job", "estimator": "rmst", "horizon_weeks": 52, "adjustment": "pseudo"},
     '"adjustment" needs "covariates"'),
    ({"endpoint": "job", "estimator": "cox", "periods": [26, 13]}, "must be rising weeks"),
    ({"endpoint": "job", "estimator": "cox", "periods": [0, 13]}, "must be rising weeks, from 1"),
    ({"endpoint": "kept", "estimator": "retention", "kept_weeks": [26, 13]}, "must be rising"),
    ({"endpoint": "job", "estimator": "logrank", "weights": [-1.0, 0.0]}, "greater than or equal"),
    (
        {"endpoint": "job", "estimator": "kaplan_meier", "band": "hall-wellner",
         "covariates": [{"column": "age"}]},
        'band = "equal-precision"',
    ),
    ({"estimator": "occupancy", "groups": [*GROUPS, GROUPS[0]], "horizon_weeks": 52},
     "stands in two groups"),
    (
        {"estimator": "occupancy", "groups": GROUPS, "horizon_weeks": 52,
         "relapse": {"label": label("Back"), "after": "jobs", "into": ["benefit"]}},
        "which is not there",
    ),
    (
        {"estimator": "occupancy", "groups": GROUPS, "horizon_weeks": 52,
         "relapse": {"label": label("Back"), "after": "work", "into": ["work"]}},
        "leads out of a group",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("analysis", "message"), FAULTS)
def test_a_fault_is_told(analysis, message):
    with pytest.raises(ValidationError) as caught:
        plan_of(**analysis)
    assert message in str(caught.value)


FITTING = [
    {"endpoint": "job", "estimator": "kaplan_meier", "band": "hall-wellner", "at_weeks": [26]},
    {"endpoint": "job", "estimator": "logrank", "weights": [1.0, 0.0], "inference": "lottery"},
    {"endpoint": "job", "estimator": "logrank", "weights": "max-combo"},
    {"endpoint": "job", "estimator": "cox", "ties": "exact", "periods": [26, 52]},
    {"endpoint": "delivered", "estimator": "rmst", "horizon_weeks": {"midterm": 26, "final": 52}},
    {"endpoint": "job", "estimator": "exit_quantiles", "probabilities": [0.25, 0.5]},
    {"endpoint": "first", "estimator": "gray", "cause": "education"},
    {"endpoint": "first", "estimator": "fine_gray", "cause": "employment", "ties": "efron"},
    {"endpoint": "first", "estimator": "state_weeks", "horizon_weeks": 52},
    {"endpoint": "job", "estimator": "exit_late", "horizon_weeks": 52},
    {"endpoint": "job", "estimator": "parametric", "distributions": ["weibull", "logit"]},
    {"endpoint": "kept", "estimator": "retention", "kept_weeks": [13]},
    {"endpoint": "starts", "estimator": "recurrence", "method": "andersen-gill"},
    {"estimator": "occupancy", "groups": GROUPS, "horizon_weeks": 52,
     "relapse": {"label": label("Back"), "after": "work", "into": ["benefit"]}},
]  # fmt: skip


@pytest.mark.parametrize("analysis", FITTING, ids=lambda a: a["estimator"])
def test_what_fits_is_read(analysis):
    read: Analysis = plan_of(**analysis).analyses[0]
    assert read.estimator == analysis["estimator"]
    assert read.endpoints_needed == ((analysis["endpoint"],) if "endpoint" in analysis else ())


def test_a_horizon_may_differ_between_looks():
    analysis = plan_of(
        estimator="occupancy", groups=GROUPS, horizon_weeks={"midterm": 26, "final": 52}
    ).analyses[0]
    assert isinstance(analysis, OccupancyAnalysis)
    assert [horizon_at(analysis.horizon_weeks, look) for look in ("midterm", "final")] == [26, 52]
