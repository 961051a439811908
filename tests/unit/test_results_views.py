"""What a result shows of itself, as text and as HTML."""

import math
from typing import Any

import numpy as np

from jobeval.results import (
    Curve,
    CurveTable,
    EffectTable,
    Estimate,
    HypothesisTest,
    RandomisationTest,
    TakeUp,
)

NOTE = "not estimable: a stratum of arm 'new' is not followed for 200 weeks; the largest is 77"


def estimate(**changes: Any) -> Estimate:
    given: dict[str, Any] = {
        "endpoint": "week", "estimand": "itt", "estimator": "restricted mean",
        "contrast": "new - old", "estimate": -1.5, "std_error": 0.5, "unit": "weeks",
        "n_treatment": 30, "n_control": 20,
    }  # fmt: skip
    return Estimate(**(given | changes))


def curve(arm: str, **changes: Any) -> Curve:
    given: dict[str, Any] = {
        "endpoint": "week", "measure": "survival", "arm": arm, "times": np.arange(4),
        "values": np.array([1.0, 0.75, 0.5, math.nan]), "at_risk": np.array([4, 4, 3, 0]),
    }  # fmt: skip
    return Curve(**(given | changes))


def hypothesis(**changes: Any) -> HypothesisTest:
    given: dict[str, Any] = {
        "name": "Gray", "endpoint": "week", "statistic": 4.0, "df": 1.0, "p_value": 0.0455,
        "part": "job",
    }  # fmt: skip
    return HypothesisTest(**(given | changes))


UNKNOWN: dict[str, Any] = {
    "estimate": math.nan,
    "std_error": math.nan,
    "notes": ("over 2 strata", NOTE),
}


class TestEstimates:
    def test_a_table_tells_its_estimates(self):
        shown = repr(EffectTable((estimate(part="job"), estimate(subgroup="north")))).splitlines()
        assert shown[0] == "EffectTable(2 estimates)"
        assert shown[1].startswith("  week job, new - old: -1.5 [-2.48, -0.52], p = 0.0027")
        assert shown[2].startswith("  week in north, new - old")

    def test_a_long_table_tells_its_first_ones(self):
        shown = repr(EffectTable((estimate(),) * 20)).splitlines()
        assert len(shown) == 10
        assert shown[-1] == "  … and 12 more"

    def test_one_and_none(self):
        assert repr(EffectTable((estimate(),))).startswith("EffectTable(1 estimate)\n")
        assert repr(EffectTable(())) == "EffectTable(0 estimates)"

    def test_what_is_unknown_says_why(self):
        assert NOTE in repr(estimate(**UNKNOWN))
        assert "over 2 strata" not in repr(estimate(**UNKNOWN))
        assert "not estimable" not in repr(estimate(notes=(NOTE,)))

    def test_notes_are_whole_in_html(self):
        whole = NOTE.partition("; ")[2]
        assert whole in estimate(**UNKNOWN)._repr_html_()

    def test_html_of_a_log_ratio_names_its_scale(self):
        assert "log_ratio" in estimate(scale="log_ratio", unit="hazard_ratio")._repr_html_()
        assert "<th>scale</th>" not in estimate()._repr_html_()


class TestTakeUp:
    def test_shown(self):
        take_up = TakeUp(
            first_stage=0.7, first_stage_std_error=0.02, f_statistic=1225.0, share_treatment=0.75,
            share_control=0.05, profile=(("age <30", 0.4, 0.3),),
        )  # fmt: skip
        assert "75.0% of treatment, 5.0% of control" in repr(take_up)
        assert "age &lt;30" in take_up._repr_html_()


class TestCurves:
    def test_a_table_tells_its_curves_and_tests(self):
        table = CurveTable((curve("old"), curve("new", cause="job")), (hypothesis(),))
        assert repr(table).splitlines() == [
            "CurveTable(2 curves)",
            "  week, survival, old, weeks 0–3: 0.5 in week 2",
            "  week, job, survival, new, weeks 0–3: 0.5 in week 2",
            "  HypothesisTest(Gray, week job: 4 on 1 df, p = 0.0455)",
        ]

    def test_no_known_value(self):
        unknown = curve("old", values=np.full(4, math.nan))
        assert repr(unknown) == "Curve(week, survival, old, weeks 0–3)"


class TestTests:
    def test_html_of_a_test(self):
        shown = hypothesis(notes=("a < b",))._repr_html_()
        assert "<td>Gray</td>" in shown
        assert "<td>job</td>" in shown
        assert "a &lt; b" in shown

    def test_what_is_unknown_says_why(self):
        unknown = hypothesis(statistic=math.nan, p_value=math.nan, notes=(NOTE,))
        assert NOTE in repr(unknown)

    def test_a_lottery_drawn_again(self):
        test = RandomisationTest(
            name="difference", endpoint="hours", contrast="new - old", statistic=2.0, estimate=1.25,
            p_value=0.05, p_value_greater=0.025, p_value_less=0.98, conf_low=0.0, conf_high=2.5,
            conf_level=0.95, draws=20, exact=True, n_treatment=3, n_control=3,
        )  # fmt: skip
        assert "hours, new - old: 1.25 [0, 2.5], p = 0.05, all 20 lotteries" in repr(test)
        assert "<td>1.25</td>" in test._repr_html_()
