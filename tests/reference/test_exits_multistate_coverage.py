"""Histories drawn from a known truth: two sites with unequal allocation, and not Markov.

Who has worked before starts to work again, and stops, at other rates; so the state alone does
not tell what comes next. The truth is that of the chain in which "benefit after work" is a state
of its own.
"""

import numpy as np
import pytest

from jobeval import Lottery
from jobeval.exits.histories.histories import Histories, build_histories
from jobeval.exits.histories.landmark import transition_probabilities_from_histories
from jobeval.exits.histories.occupancy import occupancy_from_histories
from jobeval.exits.histories.occupancy_weeks import occupancy_weeks_from_histories
from jobeval.exits.histories.transitions import transition_rates_from_histories

LOTTERY = Lottery(arm="arm", treatment=1, control=0, strata="site")
SHARE_TREATED = np.array([0.3, 0.7])
START = np.array([0.03, 0.06])
"""Chance of a first job, by site; half as much again for the treated, and threefold the next."""
STOP = np.array([0.06, 0.04])
WEEKS, WEEK, HORIZON, LANDMARK = 40, 20, 26, 10
SEEN_AS = np.array([0, 1, 0])  # never worked, works, has worked


def steps(site: int, arm: int) -> np.ndarray:
    start = START[site] * (1 + 0.5 * arm)
    stop = STOP[site]
    return np.array([[1 - start, start, 0], [0, 1 - stop, stop], [0, 3 * start, 1 - 3 * start]])


def chain(arm: int) -> np.ndarray:
    """Shares of the three states by week, sites of equal size."""
    paths = []
    for site in (0, 1):
        path = [np.array([1.0, 0.0, 0.0])]
        for _ in range(WEEKS - 1):
            path.append(path[-1] @ steps(site, arm))
        paths.append(path)
    return np.mean(paths, axis=0)


WORK = {arm: chain(arm)[:, 1] for arm in (0, 1)}


def still_at_work(arm: int) -> float:
    """The chance of work in ``WEEK`` of who works in ``LANDMARK``, among the persons drawn."""
    share = SHARE_TREATED if arm else 1 - SHARE_TREATED
    here, both = 0.0, 0.0
    for site in (0, 1):
        step = steps(site, arm)
        now = np.linalg.matrix_power(step, LANDMARK)[0, 1] * share[site]
        here += now
        both += now * np.linalg.matrix_power(step, WEEK - LANDMARK)[1, 1]
    return both / here


def draw(rng: np.random.Generator, per_site: int) -> Histories:
    """Followed for 28 to 40 weeks, by the day of the draw."""
    site = np.repeat([0, 1], per_site)
    arm = np.concatenate(
        [rng.permutation(np.arange(per_site) < share * per_site) for share in SHARE_TREATED]
    ).astype(int)
    start, stop = START[site] * (1 + 0.5 * arm), STOP[site]
    state, states = np.zeros(2 * per_site, dtype=int), []
    for _ in range(WEEKS):
        states.append(SEEN_AS[state])
        chance = np.choose(state, [start, stop, 3 * start])
        state = np.where(rng.random(2 * per_site) < chance, np.choose(state, [1, 2, 1]), state)
    seen = np.array(states, dtype=np.uint8).T
    seen[np.arange(WEEKS) >= rng.integers(28, WEEKS + 1, 2 * per_site)[:, None]] = 255
    return build_histories(seen, ("benefit", "work"), {"arm": arm, "site": site}, LOTTERY)


def covered(histories: Histories) -> list[bool]:
    curves = occupancy_from_histories(histories, band=True)
    difference = curves.one(arm="1 - 0", cause="work")
    truth, week = WORK[1] - WORK[0], 35
    hits = [
        bool(c.conf_low[week] < WORK[int(c.arm)][week] < c.conf_high[week])
        for c in (curves.one(arm=str(arm), cause="work") for arm in (0, 1))
    ]
    hits.append(bool(difference.conf_low[week] < truth[week] < difference.conf_high[week]))
    inside = (difference.band_low <= truth) & (truth <= difference.band_high)
    hits.append(bool((inside | np.isnan(difference.band_low))[5:].all()))
    weeks = occupancy_weeks_from_histories(histories, horizon_weeks=HORIZON).one(part="work")
    low, high = weeks.confidence_interval()
    hits.append(low < truth[:HORIZON].sum() < high)
    still = transition_probabilities_from_histories(
        histories, from_state="work", landmark_week=LANDMARK
    )
    for arm in (0, 1):
        curve, at = still.one(arm=str(arm), cause="work"), WEEK - LANDMARK
        hits.append(bool(curve.conf_low[at] < still_at_work(arm) < curve.conf_high[at]))
    stops = transition_rates_from_histories(histories).one(part="work -> benefit")
    low, high = stops.confidence_interval()
    hits.append(low < 0 < high)
    return hits


def test_a_large_trial_finds_the_truth():
    histories = draw(np.random.default_rng(3), per_site=20_000)
    curves = occupancy_from_histories(histories)
    for arm in (0, 1):
        curve = curves.one(arm=str(arm), cause="work")
        assert (np.abs(curve.values - WORK[arm])[1:] < 4.5 * curve.std_error[1:]).all()
    effect = occupancy_weeks_from_histories(histories, horizon_weeks=HORIZON).one(part="work")
    truth = (WORK[1] - WORK[0])[:HORIZON].sum()
    assert abs(effect.estimate - truth) < 4 * effect.std_error < 0.5
    plain = occupancy_from_histories(histories, standardise=False).one(arm="1", cause="work")
    assert abs(plain.values[WEEK] - WORK[1][WEEK]) > 10 * plain.std_error[WEEK]


def test_only_the_landmark_finds_transition_probabilities():
    histories = draw(np.random.default_rng(4), per_site=20_000)
    question = {"from_state": "work", "landmark_week": LANDMARK}
    for arm in (0, 1):
        landmark, markov = (
            transition_probabilities_from_histories(histories, method=method, **question).one(
                arm=str(arm), cause="work"
            )
            for method in ("landmark", "aalen-johansen")
        )
        at, truth = WEEK - LANDMARK, still_at_work(arm)
        assert abs(landmark.values[at] - truth) < 4 * landmark.std_error[at]
        assert abs(markov.values[at] - truth) > 4 * markov.std_error[at]


@pytest.mark.slow
def test_intervals_cover():
    rng, trials = np.random.default_rng(5), 2000
    hits = np.array([covered(draw(rng, per_site=800)) for _ in range(trials)])
    assert (np.abs(hits.mean(axis=0) - 0.95) <= 4 * np.sqrt(0.95 * 0.05 / trials)).all()
