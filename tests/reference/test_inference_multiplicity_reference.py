"""Step-down and simultaneous intervals against R's multcomp, and the familywise error."""

import json
from pathlib import Path

import numpy as np
import pytest

from jobeval.inference.step_down import max_t_quantile, step_down_max_t, step_down_min_p

DRAWS = 200_000


def test_multcomp() -> None:
    """Draws from the multivariate t of a regression in the place of a lottery.

    The four contrasts are linearly dependent; "free" step-down takes no account of that, and
    neither does this one. Tolerance: 4 standard errors of the draws.
    """
    stored = Path(__file__).parent / "multiplicity_oracle.json"
    oracle = json.loads(stored.read_text("utf-8"))
    rng = np.random.default_rng(1)
    values, vectors = np.linalg.eigh(np.array(oracle["correlation"]))
    root = vectors * np.sqrt(np.maximum(values, 0))
    normal = rng.normal(size=(DRAWS, len(values))) @ root.T
    drawn = normal / np.sqrt(rng.chisquare(oracle["df"], DRAWS) / oracle["df"])[:, None]
    free = np.array(oracle["free"])
    noise = 4 * np.sqrt(free * (1 - free) / DRAWS)
    found = step_down_max_t(np.array(oracle["t"]), drawn)
    assert (np.abs(found - free) <= noise + 5e-4).all()
    assert max_t_quantile(drawn) == pytest.approx(oracle["critical_value"], abs=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("adjust", [step_down_max_t, step_down_min_p])
@pytest.mark.parametrize("false_nulls", [0, 3])
def test_familywise_error(adjust, false_nulls: int) -> None:
    """6 correlated outcomes of 60 persons, skewed; 999 lotteries each; at 5 % over true nulls."""
    rng = np.random.default_rng(5)
    trials, n, m = 2_000, 60, 6
    drawn = np.argsort(rng.random((999, n)), axis=1) < n // 2
    wrong = 0
    for _ in range(trials):
        outcomes = np.exp(0.7 * rng.normal(size=(n, m)) + 0.7 * rng.normal(size=(n, 1)))
        real = np.argsort(rng.random(n)) < n // 2
        outcomes[np.ix_(real, np.arange(false_nulls))] += 1.5
        family = welch_t(np.vstack([real, drawn]).astype(float), outcomes)
        wrong += bool((adjust(family[0], family[1:])[false_nulls:] <= 0.05).any())
    margin = 4 * np.sqrt(0.05 * 0.95 / trials)
    assert wrong / trials <= 0.05 + margin
    assert wrong / trials >= (0.05 - margin if not false_nulls else 0.01)


def welch_t(drawn: np.ndarray, outcomes: np.ndarray) -> np.ndarray:
    means, variances = [], []
    for share in (drawn, 1 - drawn):
        size = share.sum(axis=1, keepdims=True)
        mean = share @ outcomes / size
        means.append(mean)
        variances.append((share @ outcomes**2 - size * mean**2) / (size - 1) / size)
    return (means[0] - means[1]) / np.sqrt(variances[0] + variances[1])
