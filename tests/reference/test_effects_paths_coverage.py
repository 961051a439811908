"""Do bands hold whole paths, and intervals single weeks, as often as they say?

Rule: |coverage − .95| ≤ 4 Monte-Carlo standard errors at 2,000 trials.
"""

import numpy as np
import pytest

from jobeval.effects.weekly.paths import PathOptions, estimate_path_from_blocks
from jobeval.plan.lottery import Lottery

TRIALS, WEEKS, N = 2_000, 26, 300
EFFECT = np.linspace(0, 3, WEEKS)
LOTTERY = Lottery(arm="arm", treatment=1, control=0, strata="site")
CLUSTERS = Lottery(arm="arm", treatment=1, control=0, clusters="office")
SHARES = np.array([0.25, 0.5, 0.65])


def assert_covers(hits: np.ndarray) -> None:
    margin = 4 * np.sqrt(0.95 * 0.05 / TRIALS)
    assert abs(hits.mean() - 0.95) <= margin, f"{hits.mean():.4f} is not .95 ± {margin:.4f}"


def hours(rng: np.random.Generator) -> np.ndarray:
    """Weekly hours, 40 % of them zero; persons differ and weeks hang together."""
    own = rng.normal(0, 1, (N, 1))
    steps = np.cumsum(rng.normal(0, 0.3, (N, WEEKS)), axis=1)
    return np.maximum(4 + 14 * (own + steps), 0)


def covered(
    values: np.ndarray, columns: dict[str, np.ndarray], lottery: Lottery
) -> tuple[bool, bool, bool]:
    found = estimate_path_from_blocks(
        values, columns, lottery, range(WEEKS), shown=PathOptions(accumulate=True)
    )
    effect, total = found.curves[2:]
    summed = np.cumsum(EFFECT)
    return (
        bool(((effect.band_low <= EFFECT) & (effect.band_high >= EFFECT)).all()),
        bool(effect.conf_low[-1] <= EFFECT[-1] <= effect.conf_high[-1]),
        bool(total.conf_low[-1] <= summed[-1] <= total.conf_high[-1]),
    )


@pytest.mark.slow
def test_bands_and_intervals_under_unequal_allocation() -> None:
    rng = np.random.default_rng(20170103)
    site = np.repeat([0, 1, 2], N // 3)
    hits: list[tuple[bool, bool, bool]] = []
    for _ in range(TRIALS):
        order = np.concatenate([rng.permutation(N // 3) for _ in range(3)])
        arm = (order < SHARES[site] * N / 3).astype(int)
        values = hours(rng) + 3 * site[:, None] + arm[:, None] * EFFECT
        hits.append(covered(values, {"arm": arm, "site": site}, LOTTERY))
    for kind in np.array(hits).T:
        assert_covers(kind)


@pytest.mark.slow
def test_bands_and_intervals_with_thirty_clusters() -> None:
    rng = np.random.default_rng(20170104)
    office = np.arange(N) % 30
    hits: list[tuple[bool, bool, bool]] = []
    for _ in range(TRIALS):
        arm = (rng.permutation(30) < 15)[office].astype(int)
        shared = rng.normal(0, 4, (30, 1))[office]
        values = hours(rng) + shared + arm[:, None] * EFFECT
        hits.append(covered(values, {"arm": arm, "office": office}, CLUSTERS))
    for kind in np.array(hits).T:
        assert_covers(kind)


@pytest.mark.slow
def test_pointwise_intervals_do_not_hold_the_path() -> None:
    """The check can fail: for all weeks at once, single weeks' intervals are too narrow."""
    rng = np.random.default_rng(20170105)
    site = np.zeros(N, dtype=int)
    misses = 0
    for _ in range(400):
        arm = rng.permutation(N) % 2
        values = hours(rng) + arm[:, None] * EFFECT
        columns = {"arm": arm, "site": site}
        effect = estimate_path_from_blocks(values, columns, LOTTERY, range(WEEKS)).curves[2]
        misses += not ((effect.conf_low <= EFFECT) & (effect.conf_high >= EFFECT)).all()
    assert misses / 400 > 0.1
