# ruff: noqa: E501 — tables of made-up numbers read best a row a line
"""An evaluation made up from formulas, so that reports can be tested without any data.

Nothing here is estimated: the numbers only look like those of a JobFirst trial.
"""

import datetime as dt
import math
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from fabricated_money import fabricate_money
from fabricated_programme import fabricate_programme
from jobeval.evaluation import Evaluation
from jobeval.plan.model import TrialPlan
from jobeval.plan.parts import STATES
from jobeval.results import (
    CheckResult,
    Curve,
    CurveTable,
    EffectTable,
    Estimate,
    Flow,
    FlowStep,
    HypothesisTest,
)

PLAN = Path(__file__).parents[1] / "src" / "jobeval" / "synthetic" / "jobfirst.toml"
SITES = ("Jobcenter B", "Jobcenter C", "Jobcenter D", "Jobcenter E", "Jobcenter Vallensbæk/Ishøj")
N_CONTROL, N_TREATMENT = 1187, 1221
ARMS = ("control", "jobfirst")
DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


def read_fabricated_plan() -> TrialPlan:
    """The plan of the synthetic JobFirst trial."""
    return TrialPlan.model_validate(tomllib.loads(PLAN.read_text(encoding="utf-8")))


def fabricate_evaluation(look: str = "final") -> Evaluation:
    """A complete evaluation of one look."""
    plan = read_fabricated_plan()
    weeks = {"midterm": 39, "final": 104}[look]
    return Evaluation(
        plan=plan,
        look=look,  # type: ignore[arg-type]
        cut_off=plan.looks[look].cut_off,  # type: ignore[index]
        data_digest=DIGEST,
        effects=EffectTable(tuple(_effects(look))),
        curves=CurveTable((*_paths(weeks), *_exits(weeks), *_states(weeks))),
        tests=_tests(),
        checks=_checks(weeks, look) | fabricate_programme(SITES, _elements(plan)),
        flow=_flow(look),
        notes=("hours: 6.1% of the hours are imputed.", "benefits: 3 rows lie after the cut-off."),
    )


def _elements(plan: TrialPlan) -> tuple[str, ...]:
    """The core elements of the method."""
    assert plan.fidelity is not None
    return tuple(element.name for element in plan.fidelity.elements)


def _effect(
    analysis: str, endpoint: str, unit: str, point: float, error: float, **more: object
) -> Estimate:
    values: dict[str, object] = {
        "estimand": "itt", "estimator": "blocked difference", "contrast": "jobfirst - control",
        "n_treatment": N_TREATMENT, "n_control": N_CONTROL, "df": 2378.0, "horizon_weeks": 104,
    }  # fmt: skip
    control = more.pop("control", 0.1)
    values.update(mean_control=control, mean_treatment=control + point, **more)  # type: ignore[operator]
    if unit != "share":  # a share tells itself on how many it rests
        values.update(n_apart_treatment=160, n_apart_control=120)
    return Estimate(
        analysis=analysis, endpoint=endpoint, unit=unit, estimate=point, std_error=error, **values
    )  # type: ignore[arg-type]


def _effects(look: str) -> list[Estimate]:
    k, r = "benefit_type=kontanthjaelp", "benefit_type=ressourceforloeb"
    half = {"n_treatment": 640, "n_control": 611, "subgroup": k}
    rest = {"n_treatment": 581, "n_control": 576, "subgroup": r}
    effects = [
        _effect("any_hours_itt", "any_hours", "share", 0.0452, 0.0142, control=0.1108, p_value_adjusted=0.003),
        _effect("any_hours_itt", "any_hours", "share", 0.0807, 0.0203, control=0.1203, **half),
        _effect("any_hours_itt", "any_hours", "share", 0.0041, 0.0177, control=0.0992, **rest),
        _effect("mean_hours_itt", "mean_hours", "hours_per_week", 0.541, 0.172, control=1.114, p_value_adjusted=0.003),
        _effect("mean_hours_itt", "mean_hours", "hours_per_week", 0.913, 0.248, control=1.362, **half),
        _effect("mean_hours_itt", "mean_hours", "hours_per_week", 0.132, 0.214, control=0.851, **rest),
        _effect("any_hours_adjusted", "any_hours", "share", 0.0461, 0.0138, control=0.1108, estimator="Lin"),
        _effect("mean_hours_adjusted", "mean_hours", "hours_per_week", 0.55, 0.168, control=1.114, estimator="Lin"),
        _effect("mean_hours_ancova", "mean_hours", "hours_per_week", 0.552, 0.167, control=1.114, estimator="ANCOVA"),
        _effect("any_hours_without_benefit_itt", "any_hours_without_benefit", "share", 0.0221, 0.0095, control=0.0432),
        _effect("weeks_employed_itt", "weeks_employed", "weeks", 1.84, 0.62, control=3.91),
        _effect("weeks_disability_pension_itt", "weeks_disability_pension", "weeks", 0.71, 0.41, control=4.12),
        _effect("ten_hours_itt", "ten_hours", "share", 0.031, 0.0124, control=0.0711),
    ]  # fmt: skip
    for i, site in enumerate(SITES):
        size = {"n_treatment": 60 + 9 * i, "n_control": 55 + 7 * i, "subgroup": f"site={site}"}
        control = 0.03 if i == 1 else 0.14  # the second has too few with the outcome
        raw = _effect("any_hours_itt", "any_hours", "share", 0.01 + 0.02 * i, 0.05, control=control, **size)  # fmt: skip
        effects += [raw, replace(raw, estimator="empirical Bayes", estimate=0.045 + 0.002 * (i - 2),
                                 std_error=0.014, df=math.inf)]  # fmt: skip
    ratio = {"unit": "hazard_ratio", "scale": "log_ratio", "df": math.inf, "control": math.nan}
    effects.append(_effect("exit_to_employment_cox", "first_destination", point=0.31, error=0.11, estimator="Cox (Efron)", **ratio))  # type: ignore[arg-type]  # fmt: skip
    return effects


def _path(endpoint: str, unit: str, arm: str, values: np.ndarray, half: float, n: int) -> Curve:
    weeks = np.arange(len(values))
    return Curve(
        endpoint=endpoint, measure="share" if unit == "share" else "mean", arm=arm, times=weeks,
        values=values, at_risk=np.full(len(weeks), n), conf_low=values - half,
        events=np.full(len(weeks), 0 if unit == "share" else 60),
        conf_high=values + half, unit=unit,
    )  # fmt: skip


def _paths(weeks: int) -> list[Curve]:
    t = np.arange(weeks)
    rise = 1 - np.exp(-t / 30)
    curves: list[Curve] = []
    for endpoint, unit, low, gain, half in (
        ("any_hours", "share", 0.02, 0.07, 0.012),
        ("mean_hours", "hours_per_week", 0.2, 1.1, 0.16),
    ):
        control, treated = low + gain * rise, low + gain * rise * (1 + 0.5 * np.minimum(t / 52, 1))
        gap = treated - control
        curves += [
            _path(endpoint, unit, "control", control, half, N_CONTROL),
            _path(endpoint, unit, "jobfirst", treated, half, N_TREATMENT),
            _path(endpoint, unit, "jobfirst - control", gap, 1.4 * half, N_CONTROL + N_TREATMENT),
        ]
    return curves


def _exit_curve(arm: str, n: int, rates: dict[str, float], weeks: int) -> list[Curve]:
    """One arm's survival and cumulative incidences from whole persons."""
    at_risk, left = [], {cause: [] for cause in rates}
    remaining, owed = n, dict.fromkeys(rates, 0.0)
    for _ in range(weeks):
        at_risk.append(remaining)
        for cause, rate in rates.items():
            owed[cause] += rate * remaining
            gone = math.floor(owed[cause])
            owed[cause] -= gone
            remaining -= gone
            left[cause].append(gone)
    times = np.arange(1, weeks + 1)
    shared = {"arm": arm, "times": times, "at_risk": np.array(at_risk)}
    curves = []
    for cause, gone in left.items():
        values = np.cumsum(gone) / n
        error = np.sqrt(values * (1 - values) / n)
        curves.append(Curve(endpoint="first_destination", measure="cumulative_incidence", cause=cause,
            values=values, events=np.array(gone), conf_low=values - 1.96 * error,
            conf_high=values + 1.96 * error, **shared))  # fmt: skip
    first = next(iter(rates))
    values = 1 - np.cumsum(left[first]) / n
    error = np.sqrt(values * (1 - values) / n)
    curves.append(Curve(endpoint="exit_to_employment", measure="survival", values=values,
        events=np.array(left[first]), conf_low=values - 1.96 * error,
        conf_high=values + 1.96 * error, **shared))  # fmt: skip
    return curves


def _exits(weeks: int) -> list[Curve]:
    slow = {"employment": 0.0011, "flexjob": 0.0006, "education": 0.0003,
            "disability_pension": 0.0007, "out_of_population": 0.00002}  # fmt: skip
    fast = {**slow, "employment": 0.0017, "disability_pension": 0.0009}
    return [
        *_exit_curve("control", N_CONTROL, slow, weeks),
        *_exit_curve("jobfirst", N_TREATMENT, fast, weeks),
    ]


def _states(weeks: int) -> list[Curve]:
    t = np.arange(weeks) / 104
    curves = []
    for arm, n, boost in (("control", N_CONTROL, 1.0), ("jobfirst", N_TREATMENT, 1.5)):
        shares = {
            "employment": 0.005 + 0.05 * boost * t,
            "benefit_with_hours": 0.02 + 0.05 * boost * t,
            "placement": 0.10 * boost * np.exp(-3 * t),
            "disability_pension": 0.06 * t,
            "flexjob": 0.04 * t,
            "education": 0.012 + 0 * t,
            "sickness_benefit": 0.03 + 0 * t,
            "out_of_population": 0.01 * t,
            "wage_subsidy": 0.008 + 0 * t,
            "self_supporting": 0.02 + 0.01 * t,
        }
        shares["benefit"] = 1 - sum(shares.values())
        curves += [
            Curve(endpoint="states", measure="state_share", arm=arm, cause=state, times=np.arange(weeks),
                  values=np.round(shares[state] * n) / n, at_risk=np.full(weeks, n), unit="share")
            for state in STATES
        ]  # fmt: skip
    return curves


def _tests() -> tuple[HypothesisTest, ...]:
    return (
        HypothesisTest(name="stratified log-rank", endpoint="exit_to_employment", statistic=9.41,
                       df=1, p_value=0.00216, analysis="exit_to_employment_logrank",
                       n_apart_treatment=190, n_apart_control=130),
        HypothesisTest(name="Cochran's Q", endpoint="any_hours", statistic=4.2, df=4,
                       p_value=0.38, analysis="any_hours_itt"),
    )  # fmt: skip


def _checks(weeks: int, look: str) -> dict[str, CheckResult]:
    def check(
        name: str, passed: bool | None, table: dict[str, list], **values: float
    ) -> CheckResult:
        return CheckResult(
            name=name, passed=passed, sentence="", values=values, table=pd.DataFrame(table)
        )

    months = [f"2016-{m:02d}" for m in range(3, 13)] + ["2017-01"]
    covariates = ["age", "sex: kvinde", "origin: ikke-vestlig", "barriers", "hours_per_week_52",
                  "weeks_kontanthjaelp_156", "weeks_ressourceforloeb_156"]  # fmt: skip
    kinds = ("contact", "mentor", "snusepraktik", "virksomhedspraktik")
    found = [
        check("allocation", True, {"arm": list(ARMS), "persons": [N_CONTROL, N_TREATMENT],
              "expected": [1190.2, 1217.8]}, chi2=0.017, df=1, p_value=0.896),
        check("balance", True, {"covariate": covariates,
              "mean_treatment": [43.21, 0.524, 0.213, 2.31, 0.114, 121.3, 48.2],
              "mean_control": [43.02, 0.531, 0.198, 2.29, 0.127, 119.8, 50.1],
              "standardised_difference": [0.021, -0.014, 0.038, 0.02, -0.017, 0.027, -0.031]},
              statistic=4.9, df=7, p_value=0.67),
        check("attrition", None, {"endpoint": ["any_hours"] * 2 + ["mean_hours"] * 2, "arm": list(ARMS) * 2,
              "persons": [N_CONTROL, N_TREATMENT] * 2, "observed": [N_CONTROL, N_TREATMENT - 3] * 2,
              "not_observed": [0, 3] * 2, "out_of_population": [0, 0] * 2}, p_value=0.25),
        check("follow_up", None, {"week": list(range(weeks + 8)),
              "control": [N_CONTROL - max(0, 60 * (w - weeks)) for w in range(weeks + 8)],
              "jobfirst": [N_TREATMENT - max(0, 61 * (w - weeks)) for w in range(weeks + 8)]},
              common_weeks=float(weeks), max_weeks=float(weeks + 8)),
        check("take_up", None, {"arm": list(ARMS), "persons": [N_CONTROL, N_TREATMENT], "started": [29, 1003]},
              share_treatment=1003 / N_TREATMENT, share_control=29 / N_CONTROL, difference=0.797),
        check("inflow", None, {"month": months, "control": [110] * 10 + [87], "jobfirst": [112] * 10 + [101]}),
        check("sites", None, {"site": list(SITES), "control": [240, 3, 236, 250, 458], "jobfirst": [250] * 4 + [221]}),
        check("intensity", None, {"kind": [k for k in kinds for _ in ARMS], "arm": list(ARMS) * 4,
              "persons": [N_CONTROL, N_TREATMENT] * 4, "with_activity": [1100, 1180, 300, 610, 2, 700, 350, 820],
              "share": [1100 / N_CONTROL, 1180 / N_TREATMENT, 300 / N_CONTROL, 610 / N_TREATMENT,
                        2 / N_CONTROL, 700 / N_TREATMENT, 350 / N_CONTROL, 820 / N_TREATMENT]}),
    ]  # fmt: skip
    found += fabricate_money() if look == "final" else []
    return {item.name: item for item in found}


def _flow(look: str) -> Flow:
    steps = {"drawn": (1187, 1221), "eligible": (1184, 1221), "started": (29, 1003),
             "in_placement": (350, 820), "past_13_weeks": (310, 705 if look == "final" else 611),
             "analysed": (1184, 1218)}  # fmt: skip
    return Flow(tuple(FlowStep(name, dict(zip(ARMS, n, strict=True))) for name, n in steps.items()))


CUT_OFF = dt.date(2019, 3, 31)
