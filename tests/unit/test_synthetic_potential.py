"""The two worlds of a person, worked by hand."""

import numpy as np
import pytest

from jobeval.plan.endpoints import ExitEndpoint, WindowEndpoint
from jobeval.plan.parts import Label
from jobeval.synthetic.people import simulate_people
from jobeval.synthetic.potential import STATES, World, measure_endpoint, measure_exit
from jobeval.synthetic.spells import build_spells, join_spells
from jobeval.synthetic.streams import Streams
from jobeval.synthetic.truth import JobFirstTruth

LABEL = Label(da="x", en="x")
LETTERS = {"b": "other", "o": "out_of_population", "p": "disability_pension", "j": "employment"}


def world(weeks: str, hours: list[float] | None = None) -> World:
    """One person: a letter a week."""
    state = np.array([[STATES.index(LETTERS[letter]) for letter in weeks]], dtype=np.int8)
    values = np.array([hours or [20.0 * (letter == "j") for letter in weeks]])
    return World(values, state != STATES.index("employment"), state)


def window(kind, start=0, stop=8, **more) -> WindowEndpoint:
    return WindowEndpoint(label=LABEL, kind=kind, window_weeks=(start, stop), **more)


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        (window("any_hours"), 1.0),
        (window("any_hours", 0, 2), 0.0),
        (window("any_hours", min_hours_per_week=21.0), 0.0),
        (window("any_hours", min_hours_per_week=20.0), 1.0),
        (window("mean_hours"), 20.0 * 5 / 8),
        (window("mean_hours", 4, 8), 20.0 * 3 / 4),
        (window("weeks_in_state", states=("employment",)), 5.0),
        (window("longest_spell", states=("employment",)), 3.0),
        (window("longest_spell", 0, 7, states=("employment",)), 2.0),
    ],
)
def test_window_endpoints(endpoint, expected):
    value = measure_endpoint(world("bbjjbjjj"), endpoint, "final")
    assert value.tolist() == [expected]


def test_ten_hours_a_week_are_43_33_hours_a_month_in_the_register():
    for monthly, expected in ((43.33, 1.0), (43.32, 0.0)):
        weekly = world("j", [monthly * 12 / 52])
        endpoint = window("any_hours", 0, 1, min_hours_per_week=10.0)
        assert measure_endpoint(weekly, endpoint, "final").tolist() == [expected]


def test_hours_beside_a_benefit_do_not_count_without_benefit():
    beside = world("bbjj", [0.0, 5.0, 20.0, 20.0])
    assert measure_endpoint(beside, window("mean_hours", 0, 4), "final") == 45 / 4
    assert measure_endpoint(beside, window("mean_hours_without_benefit", 0, 4), "final") == 10.0


@pytest.mark.parametrize(
    ("weeks", "duration", "destination"),
    [
        ("bbjjjjbb", 3, "employment"),
        ("bjjjbjjjj", 6, "employment"),  # three weeks are no exit, four are
        ("bjjjbjjj", 5, None),  # the last run cannot be confirmed: censored at 8 - 3
        ("bbbpbbbb", 4, "disability_pension"),  # counts from its first week
        ("bbbbbbpp", 5, None),  # after the last week in which a run could be confirmed
        ("jjjjpppp", 1, "employment"),
        ("bjjjpppp", 5, "disability_pension"),
    ],
)
def test_first_exit(weeks, duration, destination):
    endpoint = ExitEndpoint(
        label=LABEL, kind="first_exit", destinations=("employment", "disability_pension")
    )
    waited, where = measure_exit(world(weeks), endpoint)
    assert waited.tolist() == [duration]
    assert [None if k == 0 else STATES[k] for k in where] == [destination]


def test_a_spell_exists_in_the_world_that_was_lived():
    yes, no = np.array([True, True]), np.array([False, False])
    always = build_spells(np.array([1, 2]), np.array([4, 2]), yes, yes, code=1)
    helped = build_spells(np.array([5, 5]), np.array([9, 8]), no, yes, code=2)
    spells = join_spells([always, helped])
    assert always.person.tolist() == [0]  # the empty spell is left out
    assert spells.lived(np.array([0, 1])).facts["code"].tolist() == [1, 2]
    assert spells.cut(np.array([3, 5])).end.tolist() == [3]


def test_people_do_not_depend_on_the_truth_that_is_planted():
    one = simulate_people(600, 4, Streams(1), JobFirstTruth())
    two = simulate_people(600, 4, Streams(1), JobFirstTruth(effect_kontanthjaelp=0.0))
    assert np.array_equal(one.birth_year, two.birth_year)
