"""Exit analyses from a plan, as the front door answers them: exits delivered with the persons."""

import json

import numpy as np
import pandas as pd
import pytest

import jobeval as je
from jobeval.disclosure.gate import release
from jobeval.evaluation.result import Evaluation
from jobeval.plan.model import TrialPlan
from jobeval.reports import build_report, render_html


def label(text):
    return {"da": text, "en": text}


EXIT = {"kind": "delivered_exit", "duration": "weeks", "observed": "left", "label": label("Job")}
ANALYSES = [
    {"name": "curves", "estimator": "kaplan_meier", "at_weeks": [26]},
    {"name": "weeks", "estimator": "rmst", "horizon_weeks": 52},
    {"name": "ratio", "estimator": "rmst", "horizon_weeks": 52, "measure": "ratio"},
    {"name": "median", "estimator": "exit_quantiles", "probabilities": [0.25, 0.5]},
    {"name": "rank", "estimator": "logrank", "weights": [0.0, 1.0]},
    {"name": "cox", "estimator": "cox", "periods": [20, 52], "over_time": True},
    {"name": "takers", "estimator": "exit_late", "horizon_weeks": 52, "treated": "took"},
    {"name": "models", "estimator": "parametric", "distributions": ["weibull", "cloglog"]},
]
DESIGNS = {
    "persons": {"unit": "person", "strata": ["site"]},
    "clusters": {"unit": "cluster", "clusters": "office"},
}
LOTTERIES = {
    "persons": je.Lottery(arm="arm", treatment="t", control="c", strata=("site",)),
    "clusters": je.Lottery(arm="arm", treatment="t", control="c", clusters="office"),
}


def plan_of(design):
    values = {
        "name": "small", "title": label("A small trial"),
        "arms": [
            {"name": "c", "role": "control", "label": label("Ordinary")},
            {"name": "t", "role": "treatment", "label": label("Offer")},
        ],
        "lottery": DESIGNS[design], "follow_up": {"horizon_weeks": 104},
        "looks": {"final": {"cut_off": "2019-03-31"}}, "endpoints": {"job": EXIT},
        "resampling": {"draws": 199},
        "analyses": [{"endpoint": "job", **analysis} for analysis in ANALYSES],
    }  # fmt: skip
    return TrialPlan.model_validate_json(json.dumps(values))


@pytest.fixture(scope="module")
def persons():
    rng = np.random.default_rng(5)
    office = np.repeat(np.arange(60), 12)
    treated = office % 2
    weeks = 1 + rng.geometric(np.where(treated, 0.025, 0.018))
    took = np.where(treated, rng.random(720) < 0.8, rng.random(720) < 0.05)
    return pd.DataFrame({
        "person_id": [f"p{i:03d}" for i in range(720)], "arm": np.array(["c", "t"])[treated],
        "office": office.astype(str), "site": (office // 2 % 3).astype(str),
        "weeks": np.minimum(weeks, 60), "left": (weeks <= 60).astype(int), "took": took.astype(int),
    })  # fmt: skip


@pytest.fixture(scope="module", params=list(DESIGNS))
def told(request, persons):
    found = je.evaluate(je.Trial(plan=plan_of(request.param), persons=persons), "final")
    same = Evaluation.from_dict(json.loads(json.dumps(found.to_dict(), allow_nan=False)))
    return request.param, found, same


def test_every_analysis_answers(told):
    _, found, _ = told
    answered = {effect.analysis for effect in found.effects} | {t.analysis for t in found.tests}
    assert {a["name"] for a in ANALYSES} <= answered
    assert "models models" in found.checks


def test_answers_are_those_of_the_front_door(told, persons):
    design, found, _ = told
    event = (persons, "weeks", "left", LOTTERIES[design])
    by_name = {(e.analysis, e.part): e for e in found.effects}
    pairs = {
        ("weeks", ""): je.estimate_rmst(*event, horizon_weeks=52),
        ("ratio", ""): je.estimate_rmst(*event, horizon_weeks=52, measure="ratio"),
        ("median", "quantile=0.25"): je.estimate_quantile_difference(*event, probability=0.25),
        ("cox", ""): je.estimate_hazard_ratio(*event),
        ("takers", ""): je.estimate_late_rmst(*event, treated="took", horizon_weeks=52),
    }
    for key, alone in pairs.items():
        assert by_name[key].estimate == alone.estimate
        assert by_name[key].unit == alone.unit
        assert by_name[key].endpoint == "job"
    curves = je.survival_curve(*event)
    at = by_name["curves", "week=26"]
    assert at.estimate == pytest.approx(curves["t"].at(26) - curves["c"].at(26), abs=1e-12)
    (rank,) = (test for test in found.tests if test.analysis == "rank")
    assert rank.p_value == je.logrank_test(*event, weights=(0.0, 1.0)).p_value


def test_answers_survive_json_and_reach_the_report(told):
    _, found, same = told
    assert same.effects.to_frame().equals(found.effects.to_frame())
    released = release(same)
    for language in ("da", "en"):
        assert render_html(build_report(released, language)).startswith(b"<!")
