"""Persons drawn again within the lottery's cells: centre, variance, units, seeds."""

import numpy as np
import pytest

from jobeval.inference.assignment import Assignment
from jobeval.inference.bootstrap import bootstrap_effects


def lottery(assigned, stratum=None, cluster=None, probability=None):
    assigned = np.asarray(assigned)
    stratum = np.zeros(len(assigned), int) if stratum is None else np.asarray(stratum)
    labels = tuple(str(code) for code in range(stratum.max() + 1))
    rows = np.ones(len(assigned), bool)
    return Assignment(rows, assigned, stratum, labels, cluster, probability)


def test_variance_is_that_of_the_blocked_difference():
    rng = np.random.default_rng(4)
    stratum = np.repeat([0, 1], [10, 14])  # small cells, where the usual bootstrap is too narrow
    assigned = np.tile([0, 1], 12)
    outcome = rng.gamma(1.0, size=24) + stratum
    drawn = bootstrap_effects(outcome[:, None], lottery(assigned, stratum), draws=40_000, seed=1)
    variance = 0.0
    for code, share in ((0, 10 / 24), (1, 14 / 24)):
        for arm in (0, 1):
            own = outcome[(stratum == code) & (assigned == arm)]
            variance += share**2 * own.var(ddof=1) / len(own)
    assert drawn.var() == pytest.approx(variance, rel=0.03)  # Monte-Carlo error 0.7 %
    by_hand = sum(
        share * (outcome[(stratum == c) & (assigned == 1)].mean()
                 - outcome[(stratum == c) & (assigned == 0)].mean())
        for c, share in ((0, 10 / 24), (1, 14 / 24))
    )  # fmt: skip
    assert drawn.mean() == pytest.approx(by_hand, abs=0.01)


def test_outcomes_are_drawn_together():
    rng = np.random.default_rng(5)
    outcome = rng.normal(size=40)
    both = np.column_stack([outcome, 3 - 2 * outcome])
    drawn = bootstrap_effects(both, lottery(np.tile([0, 1], 20)), draws=50, seed=2)
    np.testing.assert_allclose(drawn[:, 1], -2 * drawn[:, 0])


def test_clusters_are_drawn_as_a_whole():
    cluster = np.repeat(np.arange(12), 5)
    assigned = (cluster % 2).astype(int)
    outcome = np.random.default_rng(6).normal(size=12)[cluster]  # the same within a cluster
    drawn = bootstrap_effects(
        outcome[:, None], lottery(assigned, cluster=cluster), draws=40_000, seed=3
    )
    means = outcome[::5]
    expected = means[::2].var(ddof=1) / 6 + means[1::2].var(ddof=1) / 6
    assert drawn.var() == pytest.approx(expected, rel=0.03)


def test_persons_weigh_by_the_inverse_of_a_probability_that_varies():
    assigned = np.array([1, 1, 1, 0, 0, 0])
    probability = np.array([0.5, 0.25, 0.25, 0.5, 0.5, 0.5])
    outcome = np.array([1.0, 4, 4, 0, 0, 0])
    [[effect]] = bootstrap_effects(
        np.array([[2.0], [2], [2], [0], [0], [0]]),
        lottery(assigned, probability=probability), draws=1, seed=1,
    )  # fmt: skip
    assert effect == 2.0
    drawn = bootstrap_effects(
        outcome[:, None], lottery(assigned, probability=probability), draws=4_000, seed=1
    )
    weighted = (2 * 1 + 4 * 4 + 4 * 4) / 10  # 3.4, where the plain mean is 3
    assert abs(drawn.mean() - weighted) < abs(drawn.mean() - 3.0)


def test_a_cell_of_one_stays():
    drawn = bootstrap_effects(np.array([[7.0], [1.0]]), lottery([1, 0]), draws=3, seed=1)
    assert drawn.ravel().tolist() == [6, 6, 6]


def test_draws_come_from_the_seed():
    outcome, drawn_to = np.arange(20.0)[:, None], lottery(np.tile([0, 1], 10))
    one, same, other = (bootstrap_effects(outcome, drawn_to, draws=5, seed=s) for s in (1, 1, 2))
    assert (one == same).all()
    assert not (one == other).all()
    with pytest.raises(ValueError, match="seed"):
        bootstrap_effects(outcome, drawn_to, draws=5, seed=-1)
