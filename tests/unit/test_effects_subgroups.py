"""Effects in the levels of a column, and the one test that they are the same."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import stdtr

from jobeval.effects.groups.interaction import welch_f_test
from jobeval.effects.groups.subgroups import estimate_subgroups
from jobeval.effects.itt.itt import estimate_itt
from jobeval.errors import DataError
from jobeval.plan.lottery import Lottery

PERSONS = Lottery(arm="arm", treatment="jobfirst", control="ordinary")
CLUSTERS = Lottery(arm="arm", treatment="jobfirst", control="ordinary", clusters="office")


@pytest.fixture
def trial() -> pd.DataFrame:
    """Two sites, 10 persons with 6 treated and 30 with 6 treated."""
    arm = ["jobfirst"] * 6 + ["ordinary"] * 4 + ["jobfirst"] * 6 + ["ordinary"] * 24
    site = ["A"] * 10 + ["B"] * 30
    hours = [10.0, 12] * 3 + [4.0, 6] * 2 + [20.0, 24] * 3 + [20.0, 22] * 12
    frame = pd.DataFrame({"arm": arm, "site": site, "hours": hours})
    return frame.assign(
        age=30 + np.arange(40) * 7 % 23,
        office=np.where(frame["arm"] == "jobfirst", 0, 10) + np.arange(40) // 2 % 4,
        benefit=np.where(np.arange(40) % 3 == 0, "cash", "resource"),
    )


def test_subgroups_equal_the_parts(trial: pd.DataFrame) -> None:
    table = estimate_subgroups(trial, "hours", PERSONS, "site").effects
    assert [effect.subgroup for effect in table] == ["site=A", "site=B"]
    assert [effect.estimate for effect in table] == pytest.approx([6, 1])
    part = estimate_itt(trial[trial["site"] == "B"], "hours", PERSONS)
    assert table[1].std_error == part.std_error


def test_numbered_subgroups_stand_in_their_order(trial: pd.DataFrame) -> None:
    given = trial.assign(age_group=np.where(trial["site"] == "A", 100.0, 20.0))
    table = estimate_subgroups(given, "hours", PERSONS, "age_group").effects
    assert [effect.subgroup for effect in table] == ["age_group=20", "age_group=100"]


def test_the_p_values_of_the_levels_are_adjusted_together(trial: pd.DataFrame) -> None:
    table = estimate_subgroups(trial, "hours", PERSONS, "site").effects
    raw = sorted(effect.p_value for effect in table)
    held = sorted(effect.p_value_adjusted for effect in table)
    assert held == pytest.approx([min(2 * raw[0], 1), max(2 * raw[0], raw[1])])
    table = estimate_subgroups(trial, "hours", PERSONS, "site", method="bonferroni").effects
    assert [e.p_value_adjusted for e in table] == pytest.approx(
        [min(2 * e.p_value, 1) for e in table]
    )


def test_two_levels_are_welchs_t_squared(trial: pd.DataFrame) -> None:
    """Effects 6 and 1; variances 1.2/6 + 4/3/4 and 4.8/6 + 24/23/24 by hand."""
    found = estimate_subgroups(trial, "hours", PERSONS, "site")
    first, second = 1.2 / 6 + 4 / 3 / 4, 4.8 / 6 + 1 / 23
    assert found.interaction.statistic == pytest.approx(25 / (first + second), rel=1e-12)
    assert found.interaction.df == 1
    df = (first + second) ** 2 / (first**2 / found.effects[0].df + second**2 / found.effects[1].df)
    assert f"{df:.4g}" in found.interaction.notes[0]
    tail = 2 * stdtr(df, -((25 / (first + second)) ** 0.5))
    assert found.interaction.p_value == pytest.approx(tail, rel=1e-9)


def test_equal_effects_and_far_apart_ones(trial: pd.DataFrame) -> None:
    alike = trial.assign(twin=np.arange(40) // 2 % 2)
    treated = alike["arm"] == "jobfirst"
    alike["hours"] = 3.0 * treated + np.arange(40) % 2
    assert estimate_subgroups(alike, "hours", PERSONS, "twin").interaction.p_value > 0.5
    apart = alike.assign(hours=alike["hours"] + 30 * treated * alike["twin"])
    assert estimate_subgroups(apart, "hours", PERSONS, "twin").interaction.p_value < 1e-6


def test_welch_f_is_the_anova_of_welch() -> None:
    """Three groups' means: statsmodels' unequal-variance ANOVA."""
    from statsmodels.stats.oneway import anova_oneway

    rng = np.random.default_rng(3)
    groups = [rng.normal(size, size, 5 + 4 * size) for size in (1, 2, 3)]
    other = anova_oneway(groups, use_var="unequal")
    found = welch_f_test(
        np.array([g.mean() for g in groups]),
        np.array([g.std(ddof=1) / len(g) ** 0.5 for g in groups]),
        np.array([len(g) - 1.0 for g in groups]),
    )
    assert found.statistic == pytest.approx(other.statistic, rel=1e-12)
    assert found.df_denominator == pytest.approx(other.df_denom, rel=1e-12)
    assert found.p_value == pytest.approx(other.pvalue, rel=1e-9)


def test_a_subgroup_without_both_arms_is_nan_with_a_note(trial: pd.DataFrame) -> None:
    given = trial.assign(rare=np.where(np.arange(40) > 37, "yes", "no"))
    found = estimate_subgroups(
        given, "hours", PERSONS, "rare", covariates=["age"], adjustment="ancova"
    )
    rare = found.effects.one(subgroup="rare=yes")
    assert np.isnan([rare.estimate, rare.std_error, rare.p_value, rare.p_value_adjusted]).all()
    assert (rare.n_treatment, rare.n_control, rare.estimator) == (0, 2, "ANCOVA")
    assert "nobody is in the treatment arm" in rare.notes[0]
    assert np.isfinite(found.effects.one(subgroup="rare=no").std_error)
    assert np.isnan(found.interaction.p_value)
    assert "fewer than two levels" in found.interaction.notes[-1]


def test_a_missing_subgroup_is_refused(trial: pd.DataFrame) -> None:
    given = trial.assign(benefit=trial["benefit"].where(trial["site"] == "B"))
    with pytest.raises(DataError, match="missing for 10 persons"):
        estimate_subgroups(given, "hours", PERSONS, "benefit")


def test_an_unknown_method_is_refused(trial: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="did you mean"):
        estimate_subgroups(trial, "hours", PERSONS, "site", method="hom")  # type: ignore[arg-type]


def test_clusters_that_span_levels_are_joint(trial: pd.DataFrame) -> None:
    found = estimate_subgroups(trial, "hours", CLUSTERS, "benefit")
    assert 0 < found.interaction.p_value <= 1
    plain = estimate_subgroups(trial, "hours", PERSONS, "benefit")
    assert found.interaction.statistic != plain.interaction.statistic
    assert [e.estimate for e in found.effects] == pytest.approx([e.estimate for e in plain.effects])


@pytest.mark.parametrize("vcov", ["CR0", "CR1"])
def test_other_cluster_errors_have_clusters_less_one(trial: pd.DataFrame, vcov: str) -> None:
    found = estimate_subgroups(trial, "hours", CLUSTERS, "benefit", vcov=vcov)  # type: ignore[arg-type]
    assert found.interaction.notes[-1] == "F with 1 and 7 degrees of freedom"


def test_swapped_arms_and_renamed_levels_leave_the_test(trial: pd.DataFrame) -> None:
    swapped = Lottery(arm="arm", treatment="ordinary", control="jobfirst", clusters="office")
    renamed = trial.assign(benefit=trial["benefit"].map({"cash": "z", "resource": "a"}))
    one = estimate_subgroups(trial, "hours", CLUSTERS, "benefit").interaction
    for other in (
        estimate_subgroups(trial, "hours", swapped, "benefit").interaction,
        estimate_subgroups(renamed, "hours", CLUSTERS, "benefit").interaction,
    ):
        assert other.statistic == pytest.approx(one.statistic, rel=1e-9)
        assert other.p_value == pytest.approx(one.p_value, rel=1e-9)


def test_the_view_shows_adjusted_values_and_the_test(trial: pd.DataFrame) -> None:
    shown = estimate_subgroups(trial, "hours", PERSONS, "site")._repr_html_()
    assert "p_value_adjusted" in shown
    assert "interaction with site" in shown
