"""Jobs of the committed trial: rules that hold between their definitions, and what is refused."""

from dataclasses import replace

import narwhals as nw
import numpy as np
import pandas as pd
import pytest

import jobeval as je
from jobeval.endpoints.recurrence import derive_recurrence
from jobeval.endpoints.retention import derive_retention
from jobeval.errors import DataError
from jobeval.panel.build import build_panel
from jobeval.plan.endpoints import RecurrentEndpoint, RetentionEndpoint

LABEL = {"da": "x", "en": "x"}


def endpoint(**rules):
    return RetentionEndpoint(kind="retention", label=LABEL, **rules)


@pytest.fixture(scope="module")
def panel(committed_trial):
    return build_panel(committed_trial, "final")


@pytest.fixture(scope="module")
def plain(panel) -> pd.DataFrame:
    return derive_retention(panel, endpoint(max_gap_weeks=4))


def test_one_row_for_everyone_drawn(plain, panel, committed_trial):
    assert len(plain) == committed_trial.count("persons")
    assert plain["person_id"].is_monotonic_increasing
    assert plain.columns.tolist() == [
        "person_id", "started", "duration", "lost", "lost_to", "followed",
    ]  # fmt: skip
    has = plain["started"].notna()
    assert has.any() and plain["duration"].notna().equals(has)
    assert (plain["started"] + plain["duration"])[has].le(plain["followed"][has]).all()
    assert plain["lost_to"].notna().equals(plain["lost"])


@pytest.mark.parametrize("rule", [{"relapse_ends": True}, {"same_employer": True}])
def test_a_stricter_rule_keeps_no_job_longer(plain, panel, committed_trial, rule):
    strict = derive_retention(panel, endpoint(max_gap_weeks=4, **rule), committed_trial.hours)
    assert strict["started"].equals(plain["started"])
    longer = strict["duration"] - plain["duration"]
    assert (longer.dropna() <= 0).all() and (longer < 0).any()


def test_first_of_the_recurrent_starts_is_the_job_of_retention(plain, panel):
    again = RecurrentEndpoint(kind="recurrent_spells", label=LABEL, max_gap_weeks=4)
    rows = derive_recurrence(panel, again)
    assert not rows.duplicated(["person_id", "start"]).any()
    assert (rows.groupby("person_id")["start"].min() == 0).all()
    first = rows[rows["event"]].groupby("person_id")["stop"].min() - 1
    started = plain.set_index("person_id")["started"].dropna()
    np.testing.assert_array_equal(first.reindex(started.index), started)


def test_from_the_panel_to_the_estimates(plain, panel, committed_trial):
    persons = committed_trial.persons.collect("pandas").to_native()
    frame = plain.merge(persons, on="person_id")
    lottery = committed_trial.plan.lottery_columns
    columns = {"started": "started", "followed": "followed"}
    table = je.estimate_retention(frame, "duration", "lost", lottery, **columns, horizon_weeks=52)
    everyone = table.one(part="kept>=13, everyone")
    assert everyone.n_treatment + everyone.n_control == len(frame)
    assert everyone.std_error > 0
    eligible = frame["followed"] - frame["started"] >= 13
    assert table[0].n_treatment + table[0].n_control == eligible.sum()


def test_employers_must_be_known(panel, committed_trial):
    with pytest.raises(DataError, match="needs the employers"):
        derive_retention(panel, endpoint(same_employer=True))
    nameless = committed_trial.hours.drop("employer_id")
    with pytest.raises(DataError, match="Deliver hours with employer_id"):
        derive_retention(panel, endpoint(same_employer=True), nameless)


def test_where_states_are_not_observed_nobody_is_followed(panel):
    unseen = replace(panel, persons=panel.persons.with_columns(followed_weeks_state=nw.lit(0)))
    said = derive_retention(unseen, endpoint())
    assert len(said) and (said["followed"] == 0).all() and said["started"].isna().all()
    again = derive_recurrence(unseen, RecurrentEndpoint(kind="recurrent_spells", label=LABEL))
    assert again.empty and again.attrs["not_observed"] == len(said)
