"""How often the interval of the MVPF holds the truth, in simulated lotteries (slow)."""

import numpy as np
import pytest

from jobeval.economics.mvpf import mvpf_interval
from jobeval.inference.assignment import Assignment
from jobeval.inference.bootstrap import bootstrap_effects

TRIALS, DRAWS = 1_000, 800
ERROR = (0.95 * 0.05 / TRIALS) ** 0.5
STRATUM = np.repeat(np.arange(4), 80)
FACTOR = 1 + 0.2 * STRATUM
COST, WAGE, WORKS = 12_000.0, 20_000.0, np.array([0.2, 0.35])


def simulate(rng, assigned):
    """New persons: half of skewed earnings with many zeros each way, and the cost of the effort."""
    earned = (rng.random(320) < WORKS[assigned]) * rng.gamma(1.5, WAGE, size=320) * FACTOR
    paid = COST * assigned * rng.gamma(4, 0.25, size=320)
    return np.column_stack([earned / 2, paid - earned / 2])


def estimate(outcomes, assigned):
    differences = [
        outcomes[(code == STRATUM) & (assigned == 1)].mean(axis=0)
        - outcomes[(code == STRATUM) & (assigned == 0)].mean(axis=0)
        for code in range(4)
    ]
    return np.mean(differences, axis=0)


@pytest.mark.slow
def test_mvpf_intervals_hold_the_ratio_of_the_population():
    """Within 4 Monte-Carlo errors."""
    worth = np.diff(WORKS)[0] * 1.5 * WAGE * FACTOR.mean() / 2
    truth, held = worth / (COST - worth), 0
    rng = np.random.default_rng(11)
    for trial in range(TRIALS):
        assigned = np.concatenate([rng.permutation(np.repeat([0, 1], 40)) for _ in range(4)])
        outcomes = simulate(rng, assigned)
        lottery = Assignment(np.ones(320, bool), assigned, STRATUM, tuple("abcd"))
        drawn = bootstrap_effects(outcomes, lottery, draws=DRAWS, seed=trial)
        gained, paid = estimate(outcomes, assigned)
        low, high = mvpf_interval(drawn[:, 0], drawn[:, 1], (gained, paid))
        held += low <= truth <= high
    assert abs(held / TRIALS - 0.95) < 4 * ERROR, held / TRIALS
