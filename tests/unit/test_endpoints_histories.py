"""Histories from the panel: the same persons in the same states as its counts."""

import numpy as np
import pytest

from jobeval.endpoints.counts import count_states
from jobeval.endpoints.histories import (
    UNSEEN,
    Relapse,
    collect_histories,
    mark_relapse,
    stay_in,
)
from jobeval.exits.histories.histories import build_histories
from jobeval.exits.histories.occupancy import occupancy_from_histories
from jobeval.panel.build import build_panel
from jobeval.panel.engine import collect_frame
from jobeval.plan.lottery import Lottery

GROUPS = {
    "benefit": ["benefit", "sickness_benefit", "placement", "wage_subsidy"],
    "some_hours": ["benefit_with_hours"],
    "work": ["employment", "flexjob"],
}


@pytest.fixture(scope="module")
def panel(committed_trial):
    return build_panel(committed_trial, "final")


def test_groups_count_as_the_states_do(panel):
    found = collect_histories(panel, GROUPS)
    assert found.labels == ("benefit", "some_hours", "work", "other_states")
    counts = count_states(panel)
    named = {state: name for name, group in GROUPS.items() for state in group}
    counts["group"] = counts["state"].map(named).fillna("other_states")
    expected = counts.groupby(["week", "group"])["n"].sum().unstack(fill_value=0)
    for code, label in enumerate(found.labels):
        assert (found.states == code).sum(axis=0).tolist() == expected[label].tolist()
    assert ((found.states != UNSEEN).sum(axis=0) == expected.sum(axis=1)).all()


def test_rows_are_those_of_the_persons_asked_for(panel):
    whole = collect_histories(panel, GROUPS)
    some = collect_histories(panel, GROUPS, person_ids=whole.person_ids[3:90:7].tolist())
    assert (some.states == whole.states[3:90:7]).all()


def test_relapse_is_benefit_after_work(panel):
    plain = collect_histories(panel, GROUPS)
    relapse = Relapse(after="work", into=("benefit", "some_hours"))
    found = collect_histories(panel, GROUPS, relapse=relapse)
    assert found.labels[-1] == "relapse"
    been = np.logical_or.accumulate(plain.states == 2, axis=1)
    back = been & np.isin(plain.states, [0, 1])
    assert back.any() and ((found.states == 4) == back).all()
    assert (found.states[~back] == plain.states[~back]).all()


def test_a_relapse_may_ask_for_several_weeks_of_work():
    states = np.array([[1, 0, 1, 1, 0], [0, 1, 0, 1, 255]], dtype=np.uint8)
    assert mark_relapse(states, 1, [0], 2, least_weeks=2).tolist() == [
        [1, 0, 1, 1, 2],
        [0, 1, 0, 1, 255],
    ]
    assert stay_in(states, 1).tolist() == [[1, 1, 1, 1, 1], [0, 1, 1, 1, 255]]


def test_panel_to_curves(panel, committed_trial):
    plan = committed_trial.plan
    found = collect_histories(
        panel,
        GROUPS | {"pension": ["disability_pension"]},
        relapse=Relapse(after="work", into=("benefit",)),
        absorbing=("pension",),
    )
    persons = collect_frame(panel.persons, "person_id")
    assert (persons["person_id"].to_numpy(str) == found.person_ids).all()
    lottery = Lottery(
        arm="arm", treatment=plan.treatment.name, control=plan.control.name,
        strata=plan.lottery.strata,
    )  # fmt: skip
    columns = {name: persons[name].to_numpy(object) for name in lottery.columns}
    histories = build_histories(
        found.states, found.labels, columns, lottery, absorbing=("pension",)
    ).until(20)
    curves = occupancy_from_histories(histories)
    assert len(curves) == 3 * len(found.labels)
    total = np.sum([c.values for c in curves.where(arm=plan.treatment.name)], axis=0)
    assert np.allclose(total, 1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"groups": {"work": ["employmnt"]}}, 'did you mean "employment"'),
        ({"groups": {"a": ["benefit"], "b": ["benefit"]}}, "stands in two groups"),
        ({"groups": {"other_states": ["benefit"]}}, "another name"),
        ({"relapse": Relapse(after="wrk", into=("benefit",))}, 'did you mean "work"'),
        ({"relapse": Relapse(after="work", into=("benefit",), name="work")}, "another name"),
        ({"relapse": Relapse(after="work", into=("work",))}, "leads out of a group"),
        ({"absorbing": ("pension",)}, "no group 'pension'"),
    ],
)
def test_groups_that_will_not_do(panel, options, message):
    with pytest.raises(ValueError, match=message):
        collect_histories(panel, **{"groups": GROUPS, **options})
