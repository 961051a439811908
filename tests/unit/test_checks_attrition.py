"""Attrition graded against the boundaries, and its pattern by covariates."""

import numpy as np
import pytest

from jobeval.checks.attrition import check_attrition, check_attrition_pattern
from jobeval.checks.attrition_boundaries import CAUTIOUS, OPTIMISTIC, grade_attrition
from jobeval.inference.assignment import Assignment

ARMS = ("control", "treatment")


def lottery(assigned: np.ndarray, stratum: np.ndarray | None = None) -> Assignment:
    stratum = np.zeros(len(assigned), int) if stratum is None else stratum
    labels = tuple(str(code) for code in range(stratum.max() + 1))
    return Assignment(np.ones(len(assigned), bool), assigned, stratum, labels)


def statuses(observed: np.ndarray) -> np.ndarray:
    return np.where(observed, "observed", "not_observed").astype(object)


def test_the_table_falls_after_its_top_and_the_optimistic_one_lies_above() -> None:
    cautious, optimistic = np.array(CAUTIOUS), np.array(OPTIMISTIC)
    assert len(cautious) == len(optimistic) == 58
    assert (optimistic > cautious).all()
    for table in (cautious, optimistic):
        top = int(table.argmax())
        assert (np.diff(table[: top + 1]) >= 0).all() and (np.diff(table[top:]) <= 0).all()


def test_the_table_follows_the_model_of_bias_behind_it() -> None:
    """Deke & Chiang 2017: the bias of a normal outcome, of which arm a's being observed takes
    ``αₐ``, is ``α₁λ(p₁) − α₀λ(p₀)`` with ``λ(p) = φ(Φ⁻¹(p))/p``. One pair of α must give .05
    along the whole boundary; a slip in the table would stand out.
    """
    from scipy.stats import norm

    for table, alpha in ((CAUTIOUS, (0.4085, 0.3538)), (OPTIMISTIC, (0.2491, 0.2044))):
        overall = np.arange(8, 57) / 100
        gap = np.array(table[8:57]) / 100
        seen = [1 - overall - gap / 2, 1 - overall + gap / 2]
        bias = [a * norm.pdf(norm.ppf(p)) / p for a, p in zip(alpha, seen, strict=True)]
        assert np.abs(bias[0] - bias[1] - 0.05).max() < 0.0006


@pytest.mark.parametrize(
    "overall, differential, level",
    [(0.10, 0.063, 2), (0.10, 0.064, 1), (0.10, -0.109, 1), (0.10, 0.11, 0),
     (0.0, 0.0, 2), (0.57, 0.001, 1), (0.58, 0.0, 0)],
)  # fmt: skip
def test_grades(overall: float, differential: float, level: int) -> None:
    assert grade_attrition(overall, differential).level == level


def test_the_worst_endpoint_is_graded() -> None:
    """Of 100 an arm: hours lack 10 against 10, jobs 10 against 30, which is high."""
    assigned = np.repeat([0, 1], 100)
    hours = np.tile(np.arange(100) >= 10, 2)
    jobs = np.concatenate([np.arange(100) >= 10, np.arange(100) >= 30])
    found = check_attrition(
        lottery(assigned), {"hours": statuses(hours), "jobs": statuses(jobs)}, ARMS
    )
    assert found.values["overall_attrition"] == pytest.approx(0.2)
    assert found.values["differential_attrition"] == pytest.approx(0.2)
    assert found.values["boundary_cautious"] == pytest.approx(0.054)
    assert found.values["grade"] == 0
    assert "high" in found.sentence
    mild = check_attrition(lottery(assigned), {"hours": statuses(hours)}, ARMS)
    assert mild.values["grade"] == 2 and "cautious" in mild.sentence


def test_unequal_allocation_is_no_differential_attrition() -> None:
    """Half are missing in stratum 0 and none in 1, in both arms; shares of treatment differ."""
    stratum = np.repeat([0, 1], 100)
    assigned = np.concatenate([np.arange(100) < 20, np.arange(100) < 80]).astype(int)
    observed = (stratum == 1) | (np.arange(200) % 2 == 0)
    found = check_attrition(lottery(assigned, stratum), {"hours": statuses(observed)}, ARMS)
    assert found.values["differential_attrition"] == 0
    assert found.values["grade"] == 2


def test_the_pattern_test_holds_its_level() -> None:
    """Missing depends on age and stratum, alike in both arms."""
    rng = np.random.default_rng(4)
    alarms = 0
    for _ in range(200):
        stratum = np.repeat([0, 1], [60, 90])
        assigned = np.concatenate([rng.permutation(60) < 20, rng.permutation(90) < 60]).astype(int)
        age = rng.normal(0, 1, 150)
        observed = rng.random(150) < 1 / (1 + np.exp(-1 - age - stratum))
        found = check_attrition_pattern(
            lottery(assigned, stratum), observed, ("age",), age[:, None], draws=199
        )
        alarms += found.passed is False
    assert alarms / 200 <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 200)


def test_no_pattern_without_missing() -> None:
    found = check_attrition_pattern(
        lottery(np.array([0, 1, 0, 1])), np.ones(4, bool), ("age",), np.arange(4.0)[:, None]
    )
    assert found.passed is None
