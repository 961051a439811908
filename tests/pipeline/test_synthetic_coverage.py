"""How often intervals cover the planted truth when the lottery is drawn again."""

import numpy as np
import pytest

from jobeval.effects.itt.itt import estimate_itt
from jobeval.synthetic.jobfirst import ARMS, simulate_jobfirst
from jobeval.synthetic.people import simulate_lottery
from jobeval.synthetic.potential import potential_outcomes
from jobeval.synthetic.streams import Streams

DRAWS = 200


@pytest.mark.slow
@pytest.mark.parametrize("group", ["all", "kontanthjaelp"])
@pytest.mark.parametrize("endpoint", ["any_hours", "mean_hours"])
def test_intervals_of_the_primary_effects_cover_over_redrawn_lotteries(endpoint, group):
    """Outcomes of a redrawn trial are those of the drawn world, so registers need not be read.

    That registers and endpoints give these outcomes is tested in test_synthetic_committed.py.
    The bound is three Monte Carlo standard errors below 95 %; Neyman's error is conservative,
    so coverage may exceed it.
    """
    trial = simulate_jobfirst()
    control, treated = potential_outcomes(trial)[endpoint, "final"]
    rows = np.ones(len(control), bool) if group == "all" else trial.lives.people.benefit_type == 0
    truth = (treated - control)[rows].mean()
    lottery = trial.plan.lottery_columns
    frame, covered, errors = trial.persons.copy(), 0, []
    for draw in range(DRAWS):
        assigned = simulate_lottery(trial.lives.people, Streams(10_000 + draw))
        frame["arm"] = np.array(ARMS)[assigned]
        frame["outcome"] = np.where(assigned == 1, treated, control)
        estimate = estimate_itt(frame[rows], "outcome", lottery)
        low, high = estimate.confidence_interval()
        covered += low <= truth <= high
        errors.append((estimate.estimate - truth) / estimate.std_error)
    assert covered / DRAWS > 0.95 - 3 * np.sqrt(0.95 * 0.05 / DRAWS)
    assert abs(np.mean(errors)) < 3.5 / np.sqrt(DRAWS)  # unbiased
    assert 0.8 < np.std(errors) < 1.15
