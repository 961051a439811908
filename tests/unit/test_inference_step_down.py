"""Step-down in the re-drawn lottery, against its definition written out test by test."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobeval.inference.step_down import max_t_quantile, step_down_max_t, step_down_min_p

METHODS = [step_down_max_t, step_down_min_p]


def by_definition(scores: list[list[float]]) -> list[float]:
    """Scores of all lotteries, the real one first; large ones speak up. For every test: the
    share of lotteries in which any test at most as extreme as it reaches it, made monotone."""
    own, m = scores[0], len(scores[0])
    order = sorted(range(m), key=lambda j: -own[j])
    adjusted, before = [0.0] * m, 0.0
    for position, j in enumerate(order):
        hits = sum(max(row[k] for k in order[position:]) >= own[j] for row in scores)
        before = max(before, hits / len(scores))
        adjusted[j] = before
    return adjusted


def random_family(rows: int, m: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(rows, m)) @ rng.normal(size=(m, m)) + rng.normal(size=m)


@settings(max_examples=60, deadline=None)
@given(rows=st.integers(2, 12), m=st.integers(1, 5), seed=st.integers(0, 10_000))
def test_definition(rows: int, m: int, seed: int) -> None:
    family = random_family(rows, m, seed)
    scores = np.abs(family).tolist()
    found = step_down_max_t(family[0], family[1:])
    assert found == pytest.approx(by_definition(scores))
    rarity = [[sum(other[j] < row[j] for other in scores) for j in range(m)] for row in scores]
    assert step_down_min_p(family[0], family[1:]) == pytest.approx(by_definition(rarity))
    # all lotteries, the real one among them, are the same as a real one beside its draws
    assert step_down_max_t(family[0], family, exact=True) == pytest.approx(found)


@pytest.mark.parametrize("adjust", METHODS)
@settings(max_examples=40, deadline=None)
@given(m=st.integers(1, 6), seed=st.integers(0, 10_000))
def test_never_below_raw_monotone_and_without_order(adjust, m: int, seed: int) -> None:
    family = random_family(200, m, seed)
    observed, drawn = family[0], family[1:]
    found = adjust(observed, drawn)
    raw = np.array([adjust(observed[[j]], drawn[:, [j]])[0] for j in range(m)])
    assert (found >= raw).all() and (found <= 1).all()
    order = np.argsort(-np.abs(observed) if adjust is step_down_max_t else raw, kind="stable")
    assert (np.diff(found[order]) >= 0).all()
    shuffled = np.random.default_rng(seed).permutation(m)
    assert adjust(observed[shuffled], -drawn[:, shuffled]) == pytest.approx(found[shuffled])


@pytest.mark.parametrize("adjust", METHODS)
def test_tests_that_are_one_test_need_no_adjustment(adjust) -> None:
    column = np.random.default_rng(1).normal(size=(500, 1))
    found = adjust(np.full(6, 2.0), np.repeat(column, 6, axis=1))
    assert found == pytest.approx(adjust(np.array([2.0]), column)[0])


@pytest.mark.parametrize("adjust", METHODS)
def test_independent_tests_have_sidaks_value(adjust) -> None:
    m, draws = 5, 200_000
    drawn = np.random.default_rng(2).normal(size=(draws, m))
    found = adjust(np.array([2.8, 0.1, 0.2, 0.3, 0.4]), drawn)[0]
    alone = adjust(np.array([2.8]), drawn[:, :1])[0]
    assert found == pytest.approx(1 - (1 - alone) ** m, abs=4 * np.sqrt(0.025 / draws))


@pytest.mark.parametrize("adjust", METHODS)
def test_what_is_no_test_does_not_count(adjust) -> None:
    family = random_family(100, 4, 3)
    observed, drawn = family[0].copy(), family[1:]
    observed[2] = np.nan
    found, kept = adjust(observed, drawn), [0, 1, 3]
    assert np.isnan(found[2])
    assert found[kept] == pytest.approx(adjust(observed[kept], drawn[:, kept]))
    assert np.isnan(adjust(np.array([np.nan]), drawn[:, :1])).all()
    assert adjust(np.empty(0), np.empty((3, 0))).shape == (0,)


@pytest.mark.parametrize("adjust", METHODS)
def test_ties_but_for_rounding_are_hits(adjust) -> None:
    assert adjust(np.array([0.1 + 0.2]), np.array([[0.3], [-0.3], [0.0]])) == pytest.approx(0.75)


def test_a_draw_without_a_statistic_is_a_hit() -> None:
    drawn = np.array([[np.nan, 0.0], [0.0, 0.0], [0.0, 0.0]])
    assert step_down_max_t(np.array([5.0, 4.0]), drawn) == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize("m, value", [(2, 2.2365), (5, 2.5688), (10, 2.7996), (20, 3.0160)])
def test_quantile_of_independent_tests(m: int, value: float) -> None:
    drawn = np.random.default_rng(4).normal(size=(100_000, m))
    chance = (np.abs(drawn).max(axis=1) > value).mean()
    assert chance == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 100_000))
    assert max_t_quantile(drawn) == pytest.approx(value, abs=0.03)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.integers(1, 60),
    exact=st.booleans(),
    level=st.sampled_from([0.5, 0.9, 0.95]),
    seed=st.integers(0, 10_000),
)
def test_intervals_agree_with_single_step(rows: int, exact: bool, level: float, seed: int) -> None:
    family = random_family(rows + 1, 3, seed)
    observed, drawn = family[0], family if exact else family[1:]
    largest = np.abs(drawn).max(axis=1)
    hits = (largest[:, None] >= np.abs(observed)).sum(axis=0)
    single_step = hits / len(drawn) if exact else (1 + hits) / (1 + len(drawn))
    reach = max_t_quantile(drawn, level, exact=exact)
    assert ((np.abs(observed) > reach) == (single_step <= 1 - level + 1e-12)).all()


def test_wrong_shapes_and_levels_are_refused() -> None:
    with pytest.raises(ValueError, match=r"give \(m,\) and \(R, m\)"):
        step_down_max_t(np.zeros(2), np.zeros((5, 3)))
    with pytest.raises(ValueError, match="no draws"):
        step_down_min_p(np.zeros(2), np.zeros((0, 2)))
    with pytest.raises(ValueError, match="conf_level"):
        max_t_quantile(np.zeros((5, 2)), 95)
