"""Durations as they are read, the log-rank test and the hazard ratio at their edges."""

from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest

from jobeval import (
    DataError,
    DesignError,
    Lottery,
    cumulative_incidence,
    estimate_hazard_ratio,
    logrank_test,
    survival_curve,
)
from jobeval.exits.drawn.drawn_scores import lottery_moments, score_persons, score_units
from jobeval.exits.grid.durations import read_durations
from jobeval.exits.ranks.weighted_logrank import logrank, weekly_scores

PLAIN = Lottery(arm="arm", treatment="new", control="old")
SITES = Lottery(arm="arm", treatment="new", control="old", strata="site")


def trial(n=40, seed=1):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "arm": np.where(np.arange(n) % 2, "new", "old"),
            "site": np.where(np.arange(n) % 4 < 2, "north", "south"),
            "age": rng.integers(20, 60, n),
            "week": rng.integers(1, 12, n),
            "left": rng.random(n) < 0.7,
        }
    )


class TestReading:
    @pytest.mark.parametrize(
        ("column", "values", "words"),
        [
            ("week", [None, 1.0, None, 2.0], "missing for 2 persons"),
            ("week", [1.0, 2.5, 3.0, 4.5], "2 values are not whole weeks"),
            ("week", [1, -2, 3, 4], "1 values are negative"),
            ("week", [1.0, np.inf, 3.0, 4.0], "longer than"),
            ("week", ["1", "2", "3", "4"], "does not hold numbers"),
            ("left", [True, None, False, True], "missing for 1 persons"),
            ("left", [1, 2, 0, 1], "1 values are neither"),
            ("left", ["yes", "no", "no", "yes"], "4 values are neither"),
        ],
    )
    def test_broken_durations(self, column, values, words):
        frame = trial(4).assign(**{column: pd.Series(values)})
        with pytest.raises(DataError, match=words):
            survival_curve(frame, "week", "left", PLAIN)

    def test_both_columns_are_reported_at_once(self):
        frame = trial(4).assign(week=[1.5, 2, 3, 4], left=[3, 0, 1, 1])
        with pytest.raises(DataError) as caught:
            logrank_test(frame, "week", "left", PLAIN)
        assert [p.place for p in caught.value.problems] == ["column 'week'", "column 'left'"]

    @pytest.mark.parametrize("left", [[True, False], [1, 0], [1.0, 0.0]])
    def test_observed_as_truth_or_number(self, left):
        frame = trial(4).assign(left=left * 2)
        assert read_durations(frame, "week", "left", PLAIN).cause.tolist() == [1, 0, 1, 0]

    @pytest.mark.parametrize(
        ("to", "words"),
        [
            (["job", "", None, " "], "2 values are empty"),
            ([0, 1, 2, 1], "4 values are not texts"),
            (["job", 1, None, "job"], "1 values are not texts"),
        ],
    )
    def test_broken_destinations(self, to, words):
        frame = trial(4).assign(to=pd.Series(to))
        with pytest.raises(DataError, match=words):
            cumulative_incidence(frame, "week", "to", PLAIN)

    def test_missing_destinations_in_any_dress_are_censored(self):
        for missing in (None, np.nan, pd.NA):
            frame = trial(4).assign(to=pd.Series(["job", missing, "school", missing], dtype=object))
            curves = cumulative_incidence(frame, "week", "to", PLAIN)
            assert {curve.cause for curve in curves} == {"job", "school"}
        categories = trial(4).assign(to=pd.Categorical(["job", None, "school", None]))
        assert len(cumulative_incidence(categories, "week", "to", PLAIN)) == 4

    def test_an_unknown_column_gets_a_hint(self):
        with pytest.raises(DataError, match='did you mean "week"'):
            survival_curve(trial(), "weeks", "left", PLAIN)


class TestLogrank:
    def test_nothing_to_compare_is_nan_with_a_note(self):
        test = logrank_test(trial().assign(left=False), "week", "left", SITES)
        assert np.isnan([test.statistic, test.p_value]).all()
        assert "not estimable" in test.notes[0]

    def test_names(self):
        assert logrank_test(trial(), "week", "left", PLAIN).name == "log-rank"
        assert logrank_test(trial(), "week", "left", SITES).name == "stratified log-rank"

    def test_strata_add_up(self):
        frame = trial(80)
        parts = []
        for _, site in frame.groupby("site"):
            grid = read_durations(site, "week", "left", PLAIN).grid(PLAIN)
            parts.append(logrank(grid.at_risk, grid.leavers))
        difference = sum(part.observed - part.expected for part in parts)
        expected = difference**2 / sum(part.variance for part in parts)
        statistic = logrank_test(frame, "week", "left", SITES).statistic
        assert statistic == pytest.approx(expected, rel=1e-12)

    def test_variance_over_all_draws_of_clusters(self):
        """2 of 4 clusters in one stratum and 1 of 3 in the other: 18 equally likely lotteries."""
        rng = np.random.default_rng(3)
        cluster = np.repeat(np.arange(7), rng.integers(2, 6, 7))
        n = len(cluster)
        frame = pd.DataFrame(
            {"cluster": cluster, "site": np.where(cluster < 4, "a", "b"),
             "week": rng.integers(1, 8, n), "left": rng.random(n) < 0.7}
        )  # fmt: skip
        lottery = Lottery(arm="arm", treatment=1, control=0, strata="site", clusters="cluster")
        differences, variances = [], []
        for first, second in product(combinations(range(4), 2), combinations(range(4, 7), 1)):
            frame["arm"] = np.isin(cluster, first + second).astype(int)
            durations = read_durations(frame, "week", "left", lottery)
            grid, drawn = durations.grid(lottery), durations.assignment
            test = logrank(grid.at_risk, grid.leavers)
            same = np.ones((1, *grid.at_risk.shape[1:]))
            weekly = weekly_scores(grid.at_risk, grid.leavers, same)
            scores = score_persons(durations, weekly)
            moments = lottery_moments(score_units(drawn, scores))
            differences.append(float(test.difference[0]))
            assert scores[drawn.assigned == 1].sum() == pytest.approx(differences[-1])
            assert moments.difference[0] == pytest.approx(differences[-1])
            variances.append(moments.covariance[0, 0])
        assert np.mean(differences) == pytest.approx(0, abs=1e-12)
        np.testing.assert_allclose(variances, np.var(differences), rtol=1e-12)
        said = logrank_test(frame, "week", "left", lottery)
        assert said.statistic == pytest.approx(differences[-1] ** 2 / variances[-1])
        assert "7 clusters" in said.notes[0]


class TestHazardRatio:
    def test_an_arm_that_never_leaves_is_infinite_and_said_so(self):
        frame = trial().assign(left=lambda f: f["arm"] == "old")
        for ties in ("efron", "breslow"):
            effect = estimate_hazard_ratio(frame, "week", "left", PLAIN, ties=ties)
            assert np.isnan([effect.estimate, effect.std_error, effect.p_value]).all()
            assert effect.notes[0].startswith("not estimable (infinite)")

    def test_everyone_in_one_arm_before_anyone_in_the_other(self):
        frame = trial().assign(left=True)
        frame.loc[frame["arm"] == "new", "week"] += 100
        effect = estimate_hazard_ratio(frame, "week", "left", PLAIN, covariates=["age"])
        assert np.isnan(effect.estimate)
        assert any("infinite" in note for note in effect.notes)

    def test_an_infinite_covariate_leaves_the_treatment_alone(self):
        frame = trial(200).assign(rare=lambda f: (f.index < 6).astype(int))
        frame.loc[frame["rare"] == 1, "left"] = False
        effect = estimate_hazard_ratio(frame, "week", "left", PLAIN, covariates=["rare"])
        # those with rare = 1 then have no weight at all
        without = estimate_hazard_ratio(frame[frame["rare"] == 0], "week", "left", PLAIN)
        assert effect.estimate == pytest.approx(without.estimate, abs=1e-5)
        assert effect.std_error == pytest.approx(without.std_error, rel=1e-5)
        assert "coefficient of covariate 'rare' is infinite" in effect.notes
        robust = estimate_hazard_ratio(
            frame, "week", "left", PLAIN, covariates=["rare"], robust=True
        )
        assert np.isfinite(robust.std_error) or "standard error not estimable" in robust.notes

    def test_no_exit(self):
        effect = estimate_hazard_ratio(trial().assign(left=False), "week", "left", SITES)
        assert np.isnan(effect.estimate)
        assert effect.notes == ("not estimable: no exit was seen",)

    def test_no_exit_with_both_arms_at_risk(self):
        frame = pd.DataFrame(
            {"arm": ["new", "new", "old", "old"], "week": [5, 6, 2, 2], "left": [1, 1, 0, 0]}
        )
        effect = estimate_hazard_ratio(frame, "week", "left", PLAIN)
        assert np.isnan(effect.estimate)
        assert "not estimable" in effect.notes[0]

    def test_covariates_that_add_nothing_are_dropped_with_a_note(self):
        frame = trial().assign(double=lambda f: 2 * f["age"] + 1, same=1)
        effect = estimate_hazard_ratio(
            frame, "week", "left", SITES, covariates=["same", "age", "double", "site"]
        )
        alone = estimate_hazard_ratio(frame, "week", "left", SITES, covariates=["age"])
        assert effect.estimate == pytest.approx(alone.estimate, rel=1e-12)
        dropped = [note.split("'")[1] for note in effect.notes]
        assert dropped == ["same", "double", "site[south]"]

    def test_covariates_that_tell_the_arm_are_refused(self):
        frame = trial().assign(sent=lambda f: (f["arm"] == "new").astype(int))
        with pytest.raises(DesignError, match="arm"):
            estimate_hazard_ratio(frame, "week", "left", PLAIN, covariates=["sent"])

    def test_missing_covariates_are_refused(self):
        frame = trial().assign(age=np.nan)
        with pytest.raises(DataError, match="missing for 40 persons"):
            estimate_hazard_ratio(frame, "week", "left", PLAIN, covariates=["age"])

    def test_ties_are_named(self):
        with pytest.raises(ValueError, match="efron"):
            estimate_hazard_ratio(trial(), "week", "left", PLAIN, ties="efrn")  # type: ignore[arg-type]

    def test_large_covariates_do_not_overflow(self):
        frame = trial().assign(income=lambda f: f["age"] * 1e6)
        one = estimate_hazard_ratio(frame, "week", "left", PLAIN, covariates=["income"])
        other = estimate_hazard_ratio(frame, "week", "left", PLAIN, covariates=["age"])
        assert one.estimate == pytest.approx(other.estimate, rel=1e-9)

    def test_few_clusters_are_named(self):
        frame = trial().assign(cluster=lambda f: f["arm"] + (f.index % 8 // 2).astype(str))
        lottery = Lottery(arm="arm", treatment="new", control="old", clusters="cluster")
        effect = estimate_hazard_ratio(frame, "week", "left", lottery)
        assert effect.n_clusters == 8
        assert "8 clusters, too few" in effect.notes[0]
