"""The wild cluster bootstrap against wildboottest, brute force, and its size with few clusters."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from wild_bootstrap_oracle import draw_clusters

from jobeval.inference.wild_bootstrap import wild_cluster_test

HERE = Path(__file__).parent


def answers(weights: str) -> list[dict]:
    stored = json.loads((HERE / "wild_bootstrap_oracle.json").read_text("utf-8"))["answers"]
    return [answer for answer in stored if answer["weights"] == weights]


@pytest.mark.parametrize("frozen", answers("rademacher"), ids=str)
def test_all_sign_vectors_as_wildboottest(frozen: dict) -> None:
    found = wild_cluster_test(
        *draw_clusters(frozen["groups"]),
        1,
        weights="rademacher",
        impose_null=frozen["impose_null"],
    )
    assert found.exact and found.draws == 2 ** frozen["groups"]
    assert found.estimate[0] == pytest.approx(frozen["estimate"], rel=1e-10)
    assert found.std_error[0] == pytest.approx(frozen["std_error"], rel=1e-10)
    # v = ±1 give the observed t again: hits here, left to rounding there
    assert -1e-12 <= found.p_value[0] - frozen["p_value"] <= 2 / found.draws + 1e-12


@pytest.mark.parametrize("frozen", answers("webb"), ids=str)
def test_webb_as_wildboottest(frozen: dict) -> None:
    found = wild_cluster_test(
        *draw_clusters(frozen["groups"]), 1, weights="webb", impose_null=frozen["impose_null"]
    )
    p = frozen["p_value"]
    noise = 4 * np.sqrt(2 * p * (1 - p) / 99_999)  # both are 99,999 random draws
    assert found.p_value[0] == pytest.approx(p, abs=noise)


def brute_force(design, outcome, cluster, points, impose_null, value):
    """The p-value of one value of the coefficient by refitting every bootstrap sample."""
    n, k = design.shape
    groups = cluster.max() + 1
    bread = np.linalg.inv(design.T @ design)

    def fit(y):
        coef = bread @ design.T @ y
        scores = np.array(
            [design[cluster == g].T @ (y - design @ coef)[cluster == g] for g in range(groups)]
        )
        vcov = bread @ scores.T @ scores @ bread * groups / (groups - 1) * (n - 1) / (n - k)
        return coef, np.sqrt(vcov[1, 1])

    coef, error = fit(outcome)
    others, centre = np.delete(design, 1, axis=1), coef[1]
    fitted = design @ coef
    if impose_null:
        left = outcome - value * design[:, 1]
        fitted = others @ np.linalg.lstsq(others, left, rcond=None)[0] + value * design[:, 1]
        centre = value
    observed, hits = abs(coef[1] - value) / error, []
    for vector in itertools.product(points, repeat=groups):
        drawn, drawn_error = fit(fitted + (outcome - fitted) * np.array(vector)[cluster])
        hits.append(abs(drawn[1] - centre) / drawn_error >= observed * (1 - 1e-9))
    return np.mean(hits)


WEBB = [sign * np.sqrt(size) for sign in (1, -1) for size in (1.5, 1.0, 0.5)]


@pytest.mark.parametrize("impose_null", [True, False])
@pytest.mark.parametrize("groups, weights, points", [(6, "rademacher", (1, -1)), (3, "webb", WEBB)])
def test_brute_force(groups: int, weights: str, points: tuple, impose_null: bool) -> None:
    design, outcome, cluster = draw_clusters(groups)
    level = 0.5
    found = wild_cluster_test(
        design,
        outcome,
        cluster,
        1,
        weights=weights,
        impose_null=impose_null,
        conf_level=level,
    )
    assert found.exact

    def p_value(value: float) -> float:
        return brute_force(design, outcome, cluster, points, impose_null, value)

    assert found.p_value[0] == pytest.approx(p_value(0.0), abs=1e-12)
    width = found.conf_high[0] - found.conf_low[0]
    for bound, outward in ((found.conf_low[0], -1), (found.conf_high[0], 1)):
        assert p_value(bound + outward * 1e-6 * width) <= 1 - level
        assert p_value(bound - outward * 1e-6 * width) > 1 - level


def test_clustered_example() -> None:
    """y = cos 0 … 9, tan 1 … 10; x = sin 1 … 10, sin 2 … 11: Stata's CR1 .1814501834."""
    outcome = np.concatenate([np.cos(np.arange(10)), np.tan(np.arange(1, 11))])
    x = np.concatenate([np.sin(np.arange(1, 11)), np.sin(np.arange(2, 12))])
    cluster = np.tile([2, 1, 3, 2, 2, 3, 3, 1, 1, 2], 2)
    found = wild_cluster_test(np.column_stack([np.ones(20), x]), outcome, cluster, 1)
    assert found.estimate[0] == pytest.approx(0.3241183110, abs=1e-10)
    assert found.std_error[0] == pytest.approx(0.1814501834, abs=1e-10)
    assert found.weights == "webb" and found.draws == 6**3


def rejections(trials: int, groups: int, treated: int, seed: int) -> float:
    """Share of trials without an effect that are rejected at 5 %, 20 persons a cluster."""
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(groups), 20)
    design = np.column_stack([np.ones(len(cluster)), cluster < treated])
    outcomes = rng.normal(size=(groups, trials))[cluster] + rng.normal(size=(len(cluster), trials))
    found = wild_cluster_test(design, outcomes, cluster, 1, weights="rademacher", draws=4_999)
    return float((found.p_value <= 0.05).mean())


@pytest.mark.slow
@pytest.mark.parametrize("groups, treated", [(12, 6), (10, 5), (20, 10), (15, 3)])
def test_size_with_few_clusters(groups: int, treated: int) -> None:
    assert abs(rejections(2_000, groups, treated, seed=7) - 0.05) <= 4 * np.sqrt(
        0.05 * 0.95 / 2_000
    )


@pytest.mark.slow
def test_two_treated_clusters_are_an_exception() -> None:
    """The restricted bootstrap then hardly ever rejects (MacKinnon & Webb 2017)."""
    assert rejections(2_000, 15, 2, seed=7) < 0.02
