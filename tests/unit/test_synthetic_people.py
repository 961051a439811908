"""Random numbers, persons and the lottery of a synthetic trial."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobeval.errors import DesignError
from jobeval.synthetic.people import People, simulate_lottery, simulate_people
from jobeval.synthetic.streams import Streams, part, pick, spread
from jobeval.synthetic.truth import JobFirstTruth


def people_of(n_persons=1200, n_sites=6, seed=3) -> People:
    return simulate_people(n_persons, n_sites, Streams(seed), JobFirstTruth())


def test_streams_of_two_purposes_are_unrelated_and_blocks_differ():
    streams = Streams(5)
    one, two = streams.uniform("age", 20_000), streams.uniform("sex", 20_000)
    assert abs(np.corrcoef(one, two)[0, 1]) < 0.03
    assert not np.array_equal(one, streams.uniform("age", 20_000, block=1))
    assert not np.array_equal(one, Streams(6).uniform("age", 20_000))


def test_first_numbers_of_a_stream_do_not_depend_on_how_many_are_drawn():
    assert np.array_equal(Streams(1).uniform("a", 5), Streams(1).uniform("a", 50)[:5])


@given(st.lists(st.floats(0.01, 10), min_size=1, max_size=6), st.integers(0, 2**30))
def test_pick_and_spread_hit_their_shares(weights, seed):
    u = (np.arange(4000) + 0.5) / 4000
    shares = np.bincount(pick(u, weights), minlength=len(weights)) / 4000
    assert np.allclose(shares, np.array(weights) / sum(weights), atol=1 / 2000)
    bins = [(10 * k, 10 * k + 5, w) for k, w in enumerate(weights)]
    drawn = spread(u, bins)
    assert np.array_equal(drawn // 10, pick(u, weights))
    assert (drawn % 10 < 5).all()


def test_later_digits_are_uniform_within_a_tail_of_the_first():
    u = np.random.default_rng(1).random(200_000)
    tail = part(u[u < 0.05], 1)
    counts = np.bincount((tail * 10).astype(int), minlength=10)
    assert ((counts - len(tail) / 10) ** 2 / (len(tail) / 10)).sum() < 30  # chi2, df 9


def test_the_lottery_draws_the_planned_number_in_each_stratum():
    people = people_of()
    drawn = simulate_lottery(people, Streams(9))
    for stratum in np.unique(people.stratum):
        rows = people.stratum == stratum
        expected = rows.sum() * people.probability[rows][0]
        assert abs(drawn[rows].sum() - expected) < 1


def test_everyone_has_the_stated_probability():
    """Over many lotteries each person is drawn as often as ``probability`` says."""
    people = people_of(n_persons=240, n_sites=4)
    draws = np.mean([simulate_lottery(people, Streams(k)) for k in range(4000)], axis=0)
    error = np.sqrt(people.probability * (1 - people.probability) / 4000)
    z = (draws - people.probability) / error
    assert np.abs(z).max() < 4.5
    assert 0.8 < (z**2).mean() < 1.2


def test_persons_are_independent_of_the_order_of_the_draw():
    people = people_of(n_persons=6000, n_sites=6)
    assert (np.diff(people.randomised_day) >= 0).all()
    half = np.arange(people.size) < people.size // 2
    for site in range(6):
        share = (people.site[half] == site).mean() - (people.site[~half] == site).mean()
        assert abs(share) < 0.05
    assert set((people.randomised_day + 3) % 7) == set(range(5))  # working days only


@pytest.mark.parametrize(("n_persons", "n_sites"), [(60, 15), (10, 1)])
def test_too_few_persons_for_the_strata_are_refused_with_a_mend(n_persons, n_sites):
    with pytest.raises(DesignError, match=f"take at least {60 * n_sites} persons"):
        people_of(n_persons, n_sites)


@pytest.mark.parametrize(
    ("field", "value"), [("take_up", 1.2), ("death", -0.1), ("first_site", 4.0), ("take_up", 0.05)]
)
def test_parameters_out_of_bounds_are_refused_by_name(field, value):
    with pytest.raises(ValueError, match=field):
        JobFirstTruth(**{field: value})
