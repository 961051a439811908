"""The wild cluster bootstrap: what it promises, and inputs that it refuses."""

import math

import numpy as np
import pytest

from jobeval.errors import DesignError
from jobeval.inference.wild_bootstrap import wild_cluster_test


def trial(groups: int = 8, outcomes: int = 3, seed: int = 1) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(groups), 6)
    design = np.column_stack([np.ones(len(cluster)), cluster % 2, rng.normal(size=len(cluster))])
    shared = rng.normal(size=(groups, outcomes))[cluster]
    return design, shared + rng.normal(size=(len(cluster), outcomes)), cluster


def test_many_outcomes_as_one_by_one() -> None:
    design, outcomes, cluster = trial()
    together = wild_cluster_test(design, outcomes, cluster, 1)
    for place, outcome in enumerate(outcomes.T):
        alone = wild_cluster_test(design, outcome, cluster, 1)
        for field in ("estimate", "std_error", "p_value", "conf_low", "conf_high"):
            expected = getattr(alone, field)[0]
            assert getattr(together, field)[place] == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("weights", ["rademacher", "webb"])
@pytest.mark.parametrize("level", [0.8, 0.9])
def test_interval_and_p_value_agree(weights: str, level: float) -> None:
    design, outcomes, cluster = trial(groups=10, outcomes=40, seed=2)
    found = wild_cluster_test(
        design, outcomes, cluster, 1, weights=weights, draws=999, conf_level=level
    )
    covers = (found.conf_low <= 0) & (found.conf_high >= 0)
    assert (covers == (found.p_value > 1 - level)).all()
    assert 0 < covers.mean() < 1


def test_rows_cluster_names_units_and_sign() -> None:
    design, outcomes, cluster = trial()
    base = wild_cluster_test(design, outcomes, cluster, 1, weights="rademacher")
    order = np.random.default_rng(3).permutation(len(cluster))
    names = np.array(list("hgfedcba"))[cluster]
    again = wild_cluster_test(
        design[order], -2 * outcomes[order] + 5, names[order], 1, weights="rademacher"
    )
    assert again.estimate == pytest.approx(-2 * base.estimate)
    assert again.p_value == pytest.approx(base.p_value)
    assert again.conf_low == pytest.approx(-2 * base.conf_high, rel=1e-6)


def test_a_seed_says_all() -> None:
    design, outcomes, cluster = trial(groups=20)
    p = [
        wild_cluster_test(design, outcomes, cluster, 1, draws=5_000, seed=seed).p_value
        for seed in (1, 1, 2)
    ]
    assert (p[0] == p[1]).all() and (p[0] != p[2]).any()


def test_random_draws_come_near_all_draws() -> None:
    design, outcomes, cluster = trial(groups=14)
    every = wild_cluster_test(design, outcomes, cluster, 1, draws=2**14)
    some = wild_cluster_test(design, outcomes, cluster, 1, draws=2**14 - 1)
    assert every.exact and not some.exact
    noise = 4 * np.sqrt(every.p_value * (1 - every.p_value) / 2**14)
    assert (np.abs(every.p_value - some.p_value) <= noise + 2 / 2**14).all()


def test_default_weights() -> None:
    assert wild_cluster_test(*trial(groups=11), 1, draws=99).weights == "webb"
    assert wild_cluster_test(*trial(groups=12), 1, draws=99).weights == "rademacher"


def test_five_clusters_of_signs_never_reject_at_5_percent() -> None:
    """The smallest p-value is 2 / 32: the interval is the whole line."""
    found = wild_cluster_test(*trial(groups=5), 1, weights="rademacher")
    assert (found.p_value >= 2 / 32).all()
    assert np.isneginf(found.conf_low).all() and np.isposinf(found.conf_high).all()


def test_an_outcome_that_does_not_vary_has_no_p_value() -> None:
    design, outcomes, cluster = trial()
    outcomes[:, 1] = 7.0
    found = wild_cluster_test(design, outcomes, cluster, 1)
    assert math.isnan(found.p_value[1]) and math.isnan(found.conf_low[1])
    assert math.isnan(found.std_error[1])
    assert np.isfinite(found.p_value[[0, 2]]).all()


def test_what_is_not_identified_is_refused() -> None:
    design, outcomes, cluster = trial()
    with pytest.raises(DesignError, match="combinations of others"):
        wild_cluster_test(np.column_stack([design, design[:, 1]]), outcomes, cluster, 1)
    with pytest.raises(DesignError, match="one cluster only"):
        wild_cluster_test(design, outcomes, np.zeros(len(cluster)), 1)
    with pytest.raises(DesignError, match="3 coefficients for 3 persons"):
        wild_cluster_test(design[:3], outcomes[:3], cluster[[0, 6, 12]], 1)


def test_wrong_options_are_refused() -> None:
    design, outcomes, cluster = trial()
    with pytest.raises(ValueError, match="one row a person"):
        wild_cluster_test(design, outcomes[1:], cluster, 1)
    with pytest.raises(ValueError, match="must be finite"):
        wild_cluster_test(design, np.full_like(outcomes, np.nan), cluster, 1)
    with pytest.raises(ValueError, match="weights 'web' is unknown"):
        wild_cluster_test(design, outcomes, cluster, 1, weights="web")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="draws must be at least 1"):
        wild_cluster_test(design, outcomes, cluster, 1, draws=0)
    with pytest.raises(ValueError, match="conf_level"):
        wild_cluster_test(design, outcomes, cluster, 1, conf_level=95)
