"""Families of tests: the worked example of 1995, and what has no p-value."""

import math

import numpy as np
import pytest

from jobeval.inference.multiplicity import adjust_p_values
from jobeval.inference.redrawn import Redrawn
from jobeval.inference.step_down import step_down_max_t, step_down_min_p
from jobeval.results import EffectTable, Estimate

BH_1995 = [.0001, .0004, .0019, .0095, .0201, .0278, .0298, .0344, .0459, .3240, .4262, .5719,
           .6528, .7590, 1]  # fmt: skip


@pytest.mark.parametrize(
    "method, rejected", [("bonferroni", 3), ("benjamini-hochberg", 4), ("sharpened-q", 8)]
)
def test_benjamini_hochberg_1995(method: str, rejected: int) -> None:
    assert (adjust_p_values(BH_1995, method) <= 0.05).sum() == rejected


def test_holm_by_hand() -> None:
    found = adjust_p_values([0.01, 0.04, 0.03, 0.005])
    assert found == pytest.approx([0.03, 0.06, 0.06, 0.02])


@pytest.mark.parametrize("method", ["holm", "bonferroni", "benjamini-hochberg"])
def test_adjusted_is_never_below_raw(method: str) -> None:
    p = np.random.default_rng(1).uniform(size=50) ** 3
    adjusted = adjust_p_values(p, method)
    assert (adjusted >= p).all()
    assert (adjusted <= 1).all()


def anderson_2008(p_values: np.ndarray) -> np.ndarray:
    """The sharpened q-values as Anderson's program finds them: q from 1 down in steps of .001."""
    m = len(p_values)
    rank = np.argsort(np.argsort(p_values, kind="stable"), kind="stable") + 1
    found = np.ones(m)
    for q in np.arange(1000, -1, -1) / 1000:
        level = q / (1 + q)
        first = rank[p_values <= level * rank / m].max(initial=0)
        level = np.inf if first == m else level * m / (m - first)
        found[rank <= rank[p_values <= level * rank / m].max(initial=0)] = q
    return found


@pytest.mark.parametrize("seed", range(40))
def test_sharpened_q_as_anderson_finds_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    p = rng.uniform(size=rng.integers(1, 25)) ** rng.choice([1, 2, 4])
    above = anderson_2008(p) - adjust_p_values(p, "sharpened-q")
    assert (above >= -1e-12).all() and (above <= 0.001 + 1e-12).all()  # his grid rounds up


def test_sharpened_q_by_hand() -> None:
    """Of (.01, .02), stage one rejects both from q/(1+q) = .02 on: then stage two all."""
    assert adjust_p_values([0.01, 0.02], "sharpened-q") == pytest.approx([0.02 / 0.98] * 2)
    assert adjust_p_values([0.3], "sharpened-q") == pytest.approx([0.3 / 0.7])
    assert adjust_p_values([0.9], "sharpened-q").tolist() == [1.0]


def redrawn(observed: list[float], seed: int = 1) -> Redrawn:
    drawn = np.random.default_rng(seed).normal(size=(500, len(observed)))
    return Redrawn(
        estimate=np.array(observed),
        std_error=np.ones(len(observed)),
        drawn_estimate=drawn,
        drawn_std_error=np.ones_like(drawn),
        studentised=True,
        exact=False,
    )


@pytest.mark.parametrize(
    "method, kernel", [("romano-wolf", step_down_max_t), ("westfall-young", step_down_min_p)]
)
def test_methods_of_the_lottery(method: str, kernel) -> None:
    draws = redrawn([2.5, 1.0, 3.0])
    found = adjust_p_values([0.01, math.nan, 0.001], method, redrawn=draws)
    expected = kernel(np.array([2.5, 3.0]), draws.drawn[:, [0, 2]])
    assert found.tolist() == pytest.approx([expected[0], math.nan, expected[1]], nan_ok=True)
    raw = draws.p_values()
    assert (found[[0, 2]] >= raw[[0, 2]]).all()


@pytest.mark.parametrize("method", ["romano-wolf", "westfall-young"])
def test_methods_of_the_lottery_need_draws(method: str) -> None:
    with pytest.raises(ValueError, match="redrawn=, use estimate_family"):
        adjust_p_values([0.1, 0.2], method)
    with pytest.raises(ValueError, match="holds 3 tests and the family 2"):
        adjust_p_values([0.1, 0.2], method, redrawn=redrawn([1.0, 2.0, 3.0]))


def test_draws_are_of_no_use_to_holm() -> None:
    with pytest.raises(ValueError, match="leave out redrawn"):
        adjust_p_values([0.1, 0.2], "holm", redrawn=redrawn([1.0, 2.0]))


def test_nan_is_no_test() -> None:
    found = adjust_p_values([0.01, math.nan, 0.04], "bonferroni")
    assert found.tolist() == pytest.approx([0.02, math.nan, 0.08], nan_ok=True)
    assert np.isnan(adjust_p_values([math.nan])).all()
    assert adjust_p_values([]).shape == (0,)


@pytest.mark.parametrize("p", [[1.1], [-0.1, math.nan]])
def test_what_is_no_p_value_is_refused(p: list[float]) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        adjust_p_values(p)


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(ValueError, match="'hochberg' is unknown"):
        adjust_p_values([0.1], "hochberg")  # type: ignore[arg-type]


def effect(std_error: float) -> Estimate:
    return Estimate(
        endpoint="hours",
        estimand="itt",
        estimator="ANCOVA",
        contrast="b - a",
        estimate=2.0,
        std_error=std_error,
        n_treatment=5,
        n_control=5,
    )


def test_effects_of_one_family() -> None:
    table = adjust_p_values(EffectTable((effect(1.0), effect(math.nan), effect(0.5))))
    first, gap, last = table
    assert last.p_value_adjusted == pytest.approx(2 * last.p_value)
    assert first.p_value_adjusted == pytest.approx(first.p_value)
    assert math.isnan(gap.p_value_adjusted)
    assert gap.notes == ("has no p-value and takes no part in its family of tests",)
    assert first.notes == ()
