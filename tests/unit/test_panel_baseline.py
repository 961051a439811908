"""Baseline covariates on persons worked by hand; drawn on Wednesday 9 March 2016."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from jobeval.panel.baseline import derive_baseline, months_of
from jobeval.panel.engine import collect_frame
from jobeval.plan.model import TrialPlan
from jobeval.registers.trial import Trial

LABEL = {"da": "x", "en": "x"}
DRAWN = dt.date(2016, 3, 9)


def make_plan() -> TrialPlan:
    return TrialPlan.model_validate(
        {
            "name": "baseline",
            "title": LABEL,
            "arms": [
                {"name": "control", "role": "control", "label": LABEL},
                {"name": "treatment", "role": "treatment", "label": LABEL},
            ],
            "lottery": {},
            "follow_up": {"horizon_weeks": 52},
            "looks": {"final": {"cut_off": dt.date(2017, 12, 31)}},
            "endpoints": {"work": {"kind": "any_hours", "label": LABEL, "window_weeks": [0, 26]}},
            "analyses": [{"name": "s", "estimator": "state_shares", "looks": ["final"]}],
        }
    )


PERSONS = {
    "steady": DRAWN,
    "mixed": DRAWN,
    "abroad": DRAWN,
    "early": dt.date(2013, 6, 5),
    "idle": DRAWN,
}
BENEFITS = [
    ("steady", "2012-12-31", "2017-12-25", 730),
    # the week of the draw itself is not before it
    ("mixed", "2016-03-07", "2017-12-25", 730),
    # 10 weeks of kontanthjælp; two of them overlap sickness; 3 weeks beyond the year
    ("mixed", "2015-06-01", "2015-08-10", 733),
    ("mixed", "2015-07-27", "2015-08-24", 890),
    ("mixed", "2015-02-09", "2015-03-30", 735),
    ("mixed", "2015-10-05", "2015-10-12", 121),
    ("abroad", "2014-03-03", "2014-06-02", 997),
    ("early", "2013-01-07", "2013-06-03", 810),
]
HOURS = [
    ("steady", "2013-01", 0.0, 0),
    ("steady", "2017-12", 0.0, 0),
    # March 2016 holds the draw, and is not over before it
    ("mixed", "2016-03", 150.0, 0),
    ("mixed", "2016-01", 26.0, 0),
    ("mixed", "2016-01", 26.0, 0),
    ("mixed", "2016-02", 100.0, 1),
    ("mixed", "2015-02", 78.0, 0),
    ("idle", "2013-02", 100.0, 0),
    ("early", "2013-05", 80.0, 0),
]


@pytest.fixture(scope="module")
def baseline() -> pd.DataFrame:
    persons = pd.DataFrame(
        {
            "person_id": list(PERSONS),
            "arm": ["control", "treatment", "control", "treatment", "control"],
            "randomised_on": pd.to_datetime(list(PERSONS.values())),
            "birth_year": [1970, 1980, 1990, 1965, 1960],
        }
    )
    benefits = pd.DataFrame(BENEFITS, columns=["person_id", "start", "end", "code"])
    benefits[["start", "end"]] = benefits[["start", "end"]].apply(pd.to_datetime)
    hours = pd.DataFrame(HOURS, columns=["person_id", "month", "hours", "supported"])
    hours["employer_id"] = [f"job {index}" for index in range(len(hours))]
    trial = Trial(plan=make_plan(), persons=persons, benefits=benefits, hours=hours)
    return collect_frame(derive_baseline(trial), "person_id").set_index("person_id")


def test_weeks_on_benefit(baseline: pd.DataFrame) -> None:
    steady = baseline.loc["steady"]
    assert steady["weeks_kontanthjaelp_52"] == 52
    assert steady["weeks_any_benefit_156"] == 156
    assert steady["weeks_sygedagpenge_52"] == 0


def test_a_week_counts_once_and_windows_end_before_the_draw(baseline: pd.DataFrame) -> None:
    # The year before is 9 March 2015 to 6 March 2016.
    mixed = baseline.loc["mixed"]
    assert mixed["weeks_kontanthjaelp_52"] == 10 + 3
    assert mixed["weeks_kontanthjaelp_156"] == 10 + 7
    assert mixed["weeks_sygedagpenge_52"] == 4
    assert mixed["weeks_any_benefit_52"] == 12 + 3


def test_unknown_is_not_zero(baseline: pd.DataFrame) -> None:
    abroad, early = baseline.loc["abroad"], baseline.loc["early"]
    assert abroad["weeks_any_benefit_52"] == 0
    assert np.isnan(abroad["weeks_any_benefit_156"])
    assert np.isnan(early["weeks_ressourceforloeb_52"])
    assert np.isnan(early["hours_per_week_52"])
    assert np.isnan(early["any_hours_52"])
    assert np.isnan(early["weeks_since_last_job"])


def test_hours_of_whole_months_before_the_draw(baseline: pd.DataFrame) -> None:
    mixed = baseline.loc["mixed"]
    # March 2015 to February 2016 hold 52 ordinary hours; 36 months hold 130.
    assert mixed["hours_per_week_52"] == pytest.approx(1.0)
    assert mixed["hours_per_week_156"] == pytest.approx(130 / 156)
    assert mixed["any_hours_52"] == 1
    assert baseline.loc["steady", "hours_per_week_52"] == 0
    assert baseline.loc["steady", "any_hours_156"] == 0


def test_last_job(baseline: pd.DataFrame) -> None:
    # January 2016 ended one month, 4 whole weeks, before March.
    assert baseline.loc["mixed", "weeks_since_last_job"] == 4
    assert baseline.loc["steady", "weeks_since_last_job"] == 156
    assert baseline.loc["idle", "weeks_since_last_job"] == 156
    assert baseline.loc["idle", "any_hours_156"] == 0


def test_age_in_the_year_of_the_draw(baseline: pd.DataFrame) -> None:
    assert baseline["age"].to_dict() == {
        "abroad": 26, "early": 48, "idle": 56, "mixed": 36, "steady": 46
    }  # fmt: skip


def test_months_that_stand_for_weeks() -> None:
    assert [months_of(weeks) for weeks in (1, 13, 26, 52, 104)] == [1, 3, 6, 12, 24]
