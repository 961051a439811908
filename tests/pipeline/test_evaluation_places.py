"""Job centres side by side: from the plan to the checks, and the planted job centre found."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import jobeval as je
from jobeval.delivery.marks import mark_indicators
from jobeval.errors import DataError, PlanError
from jobeval.evaluation.effort import read_effort
from jobeval.evaluation.look import read_look
from jobeval.evaluation.places import COLUMNS, compare_sites
from jobeval.plan.model import TrialPlan
from jobeval.plan.place_analyses import Indicator, PlacesAnalysis

FIRST = "Jobcenter Vallensbæk/Ishøj"
PLACED = {"hours_in_course_places": "hours_in_course",
          "hours_after_placement_places": "hours_after_13_weeks"}  # fmt: skip
HOURS = {"kind": "delivered_outcome", "column": "hours", "unit": "hours_per_week",
         "label": {"da": "Timer", "en": "Hours"}}  # fmt: skip
PLACES = {"name": "side", "estimator": "places", "endpoint": "hours", "population": "treatment"}

ITT = {"name": "itt", "endpoint": "hours", "estimator": "difference"}
INDICATOR = {"name": "side", "estimator": "places", "indicator": "tried_company"}


@pytest.fixture(scope="module")
def told(committed_trial):
    """The checks of the committed trial at its final look, by name."""
    at_look = read_look(committed_trial, "final")
    due = [a for a in at_look.due if isinstance(a, PlacesAnalysis)]
    return {check.name: check for a in due for check in compare_sites(a, at_look)}


class TestCommittedTrial:
    @pytest.mark.parametrize("name", ["any_hours_places", *PLACED])
    def test_the_first_job_centre_is_above_the_average(self, told, name):
        rows = told[f"places {name}"].table.set_index("site")
        assert len(rows) == 15
        assert rows.loc[FIRST, "verdict"] == rows.loc[FIRST, "verdict_adjusted"] == "above"
        assert (rows.drop(index=FIRST)["verdict"] != "above").all()
        assert 0 < rows.loc[FIRST, "shrunken"] < rows.loc[FIRST, "difference"]
        assert rows.loc[FIRST, "shrunken_low"] > 0

    @pytest.mark.parametrize("name, planted", PLACED.items())
    def test_planted_counts(self, told, committed_folder, name, planted):
        truth = json.loads(Path(committed_folder / "truth.json").read_text())["indicators"]
        rows = told[f"places {name}"].table.set_index("site")
        counts = rows["observed"] * rows["n"]
        first, elsewhere = truth[FIRST][planted], truth["elsewhere"][planted]
        assert (round(counts[FIRST]), rows.loc[FIRST, "n"]) == (first["count"], first["of"])
        others = rows.drop(index=FIRST)["n"].sum(), round(counts.drop(FIRST).sum())
        assert others == (elsewhere["of"], elsewhere["count"])

    def test_columns_and_values(self, told):
        check = told["places hours_in_course_places"]
        assert tuple(check.table.columns) == COLUMNS
        assert check.values["share"] == 1.0
        assert check.values["n_sites"] == 15
        assert check.values["by_chance"] == pytest.approx(0.75)
        assert check.values["average"] == pytest.approx(
            (check.table["observed"] * check.table["n"]).sum() / check.table["n"].sum()
        )
        assert "no difference is an effect" in check.sentence

    def test_funnel(self, told):
        check = told["funnel hours_in_course_places"]
        assert list(check.table.columns) == ["n", "low95", "high95", "low998", "high998"]
        assert check.values["average"] == told["places hours_in_course_places"].values["average"]
        own = told["places hours_in_course_places"].table.set_index("site").loc[FIRST]
        high = np.interp(own["n"], check.table["n"], check.table["high998"])
        assert own["others"] + own["difference"] > high


def plan_of(*analyses, **more):
    arms = [{"name": n, "role": r, "label": {"da": n, "en": n}}
            for n, r in (("c", "control"), ("t", "treatment"))]  # fmt: skip
    values = {
        "name": "small", "title": {"da": "Lille", "en": "Small"}, "arms": arms,
        "lottery": {"unit": "person"}, "follow_up": {"horizon_weeks": 104},
        "looks": {"final": {"cut_off": "2019-03-31"}}, "endpoints": {"hours": HOURS},
        "sites": {}, "analyses": list(analyses), **more,
    }  # fmt: skip
    return TrialPlan.model_validate_json(json.dumps(values))


def persons(n=160):
    rng = np.random.default_rng(4)
    site = np.arange(n) // 2 % 4
    return pd.DataFrame({
        "person_id": [f"p{i:04d}" for i in range(n)], "arm": np.where(np.arange(n) % 2, "t", "c"),
        "site": [f"site {s}" for s in site], "age": rng.integers(30, 60, n).astype(float),
        "hours": rng.normal(10 + 6.0 * (site == 1), 3, n),
    })  # fmt: skip


def checks_of(plan, frame):
    found = je.evaluate(je.Trial(plan=plan, persons=frame), "final")
    return found.checks


class TestDeliveredOutcomes:
    def test_it_is_the_front_doors_answer_on_the_treatment_arm(self):
        frame = persons()
        asked = {**PLACES, "covariates": [{"column": "age"}]}
        check = checks_of(plan_of(ITT, asked), frame)["places side"]
        treated = frame[frame["arm"] == "t"]
        expected = je.compare_places(treated, "hours", "site", covariates=["age"])
        expected = expected.table.rename(columns={"place": "site"})
        pd.testing.assert_frame_equal(check.table, expected[list(COLUMNS)])
        assert check.values["share"] == 0.0
        assert check.table["verdict"].tolist()[1] == "above"

    def test_one_site_is_told_and_stops_nothing(self):
        checks = checks_of(plan_of(ITT, PLACES), persons().assign(site="only"))
        assert checks["places side"].sentence.startswith("not estimable: 1 of 'site'")
        assert checks["places side"].table.empty
        assert np.isnan(checks["places side"].values["average"])
        assert "funnel side" not in checks

    def test_nobody_knows_who_started(self):
        with pytest.raises(DataError, match="who started is not known"):
            checks_of(plan_of(ITT, {**PLACES, "population": "participants"}), persons())

    def test_missing_case_mix(self):
        frame = persons().assign(age=lambda p: p["age"].where(p["age"] > 35))
        with pytest.raises(DataError, match=r"analyses\.side.*\n.*covariate 'age': is missing"):
            checks_of(plan_of(ITT, {**PLACES, "covariates": [{"column": "age"}]}), frame)

    def test_no_outcomes(self):
        with pytest.raises(DataError, match=r"endpoints\.hours"):
            checks_of(plan_of(PLACES), persons().assign(hours=np.nan))


class TestPlan:
    @pytest.mark.parametrize("asked, more, rule", [
        ({**PLACES, "indicator": "adjusted"}, {}, 'either an "endpoint" or an "indicator"'),
        ({"name": "side", "estimator": "places"}, {}, 'either an "endpoint" or an "indicator"'),
        ({**PLACES, "endpoint": "work"}, {}, "'work' is not declared"),
        (PLACES, {"sites": None}, "declares no [sites]"),
        (INDICATOR, {}, "needs the table [programme]"),
        ({**PLACES, "population": "control"}, {}, "population"),
        ({**PLACES, "covariates": [{"column": "hours"}]}, {}, "column of endpoints.hours"),
    ])  # fmt: skip
    def test_contradictions(self, asked, more, rule):
        with pytest.raises((PlanError, ValueError)) as error:
            plan_of(asked, **more)
        assert rule in str(error.value)

    def test_what_it_reads(self):
        plan = plan_of(PLACES, {**INDICATOR, "name": "too"}, programme={})
        assert [a.endpoints_needed for a in plan.analyses] == [("hours",), ()]

    def test_the_plan_knows_every_indicator(self, committed_trial):
        programme = committed_trial.plan.programme
        marks = mark_indicators(read_effort(read_look(committed_trial, "midterm")), programme)
        assert set(Indicator.__args__) == set(marks)
