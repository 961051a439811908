"""Tests of exits by the lottery drawn again, their draws, and their edges."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chisquare, multivariate_hypergeom, norm

import jobeval as je
from jobeval.exits.drawn import drawn_cells, drawn_stratum
from jobeval.exits.drawn.drawn_cells import Cells, redraw_cells
from jobeval.exits.drawn.drawn_counts import draw_cluster_counts, draw_counts
from jobeval.exits.drawn.drawn_scores import ScoredCells, lottery_moments, redraw_scores
from jobeval.exits.drawn.drawn_stratum import draw_stratum, match_sums
from jobeval.exits.grid.durations import read_durations
from jobeval.exits.grid.grid import build_grid
from jobeval.exits.ranks.gray import gray_test_from_grid
from jobeval.exits.ranks.logrank import logrank_test_from_grid
from jobeval.exits.ranks.max_combo import largest_normal_tail
from jobeval.inference.bands import largest_normal

PLAIN = je.Lottery(arm="arm", treatment="new", control="old")
SITES = je.Lottery(arm="arm", treatment="new", control="old", strata="site")
CLUSTERS = je.Lottery(arm="arm", treatment="new", control="old", strata="site", clusters="cluster")


def trial(n=60, seed=1):
    rng = np.random.default_rng(seed)
    cause = rng.integers(0, 3, n)
    return pd.DataFrame(
        {
            "arm": np.where(np.arange(n) // 2 % 5 < 2, "new", "old"),
            "site": np.where(np.arange(n) < n // 2, "north", "south"),
            "cluster": np.arange(n) // 2,
            "age": rng.integers(20, 60, n),
            "week": rng.integers(1, 12, n),
            "left": cause > 0,
            "to": np.array([None, "job", "pension"], dtype=object)[cause],
        }
    )


class TestByHand:
    """Three of each arm; weeks 1, 1 (censored), 6 | 6, 8 (censored), 9; d/n = 1/6, 2/4, 1/1.

    Scores d − H: 5/6, −1/6, 1/3 | 1/3, −2/3, −2/3. Over the treated they add up to 1.
    """

    frame = pd.DataFrame(
        {"arm": list("tttccc"), "week": [1, 1, 6, 6, 8, 9], "left": [1, 0, 1, 1, 0, 1]}
    )
    lottery = je.Lottery(arm="arm", treatment="t", control="c")
    scores = np.array([5 / 6, -1 / 6, 1 / 3, 1 / 3, -2 / 3, -2 / 3])

    def test_p_value(self):
        sums = [self.scores[list(three)].sum() for three in itertools.combinations(range(6), 3)]
        hits = sum(abs(one) >= 1 - 1e-9 for one in sums)
        test = je.logrank_test(self.frame, "week", "left", self.lottery, inference="lottery")
        assert (test.exact, test.draws) == (True, 20)
        assert test.p_value == hits / 20

    def test_statistic(self):
        """1² over 3 · 3 / (6 · 5) · Σ a²."""
        variance = 0.3 * (self.scores**2).sum()
        test = je.logrank_test(self.frame, "week", "left", self.lottery, inference="lottery")
        assert test.statistic == pytest.approx(1 / variance, rel=1e-12)


class TestDraws:
    persons = np.array([3, 1, 4, 2])

    def chances(self, treated):
        ways = [w for w in itertools.product(*(range(p + 1) for p in self.persons))
                if sum(w) == treated]  # fmt: skip
        return {way: multivariate_hypergeom.pmf(way, self.persons, treated) for way in ways}

    @pytest.mark.parametrize("group", [2, 40])
    @pytest.mark.parametrize("draws", [20_000, 25])
    def test_multivariate_hypergeometric(self, monkeypatch, group, draws):
        """Every outcome, also where draws are too few to be filled by offered vectors."""
        monkeypatch.setattr(drawn_stratum, "GROUP", group)
        rng = np.random.default_rng(5)
        drawn = [draw_stratum(self.persons, 4, draws, rng).T for _ in range(20_000 // draws)]
        ways, counts = np.unique(np.concatenate(drawn), axis=0, return_counts=True)
        chances = self.chances(4)
        found = dict(zip(map(tuple, ways.tolist()), counts, strict=True))
        seen = [found.get(way, 0) for way in chances]
        assert sum(seen) == 20_000
        assert chisquare(seen, 20_000 * np.array(list(chances.values()))).pvalue > 1e-3

    def test_by_halves(self):
        rng = np.random.default_rng(6)
        totals = np.full(20_000, 4)
        drawn = drawn_stratum.fill_by_halves(self.persons, totals, rng)
        ways, counts = np.unique(drawn.T, axis=0, return_counts=True)
        chances = self.chances(4)
        expected = [20_000 * chances[tuple(way)] for way in ways.tolist()]
        assert chisquare(counts, expected).pvalue > 1e-3

    def test_large_cells(self):
        """Moments of 3 cells of thousands: n₁/n, and p q (n − n₁)/(n − 1) for each."""
        persons, treated, draws = np.array([40_000, 7_000, 13_000]), 25_000, 40_000
        drawn = draw_stratum(persons, treated, draws, np.random.default_rng(7))
        assert set(drawn.sum(axis=0).tolist()) == {treated}
        law = multivariate_hypergeom(persons, treated)
        covariance = law.cov()
        error = np.sqrt(np.diag(covariance) / draws)
        assert (np.abs(drawn.mean(axis=1) - law.mean()) < 4 * error).all()
        np.testing.assert_allclose(np.cov(drawn), covariance, rtol=0, atol=0.03 * covariance.max())

    @pytest.mark.parametrize("treated", [0, 10])
    def test_an_arm_alone(self, treated):
        drawn = draw_stratum(self.persons, treated, 3, np.random.default_rng(1))
        assert drawn.T.tolist() == [(self.persons if treated else self.persons * 0).tolist()] * 3
        sums = draw_stratum(
            self.persons, treated, 3, np.random.default_rng(1), scores=np.ones((4, 1))
        )
        assert sums.tolist() == [[treated] * 3]

    def test_places_are_paired_once(self):
        rng = np.random.default_rng(2)
        wanted, offered = rng.integers(0, 9, 50), rng.integers(3, 15, 70)
        one, other = match_sums(wanted, offered)
        assert (wanted[one] == offered[other]).all()
        assert len(set(one.tolist())) == len(one)
        assert len(set(other.tolist())) == len(other)
        for value in range(15):
            pairs = min((wanted == value).sum(), (offered == value).sum())
            assert (wanted[one] == value).sum() == pairs

    def cells(self, per_cell=30):
        rng = np.random.default_rng(3)
        persons = rng.integers(1, per_cell, 24)
        treated = rng.binomial(persons, np.repeat([0.2, 0.5, 0.7], 8))
        return Cells(persons, treated, np.repeat([0, 1, 2], 8))

    @pytest.mark.parametrize("per_cell", [2, 30])
    @pytest.mark.parametrize("lanes", [64, 16_384])
    def test_sums_are_those_of_the_counts(self, monkeypatch, per_cell, lanes):
        monkeypatch.setattr(drawn_cells, "LANES", lanes)
        scores = np.random.default_rng(4).normal(size=(24, 2))
        drawn = redraw_cells(self.cells(per_cell), 200, seed=9)
        assert isinstance(drawn, drawn_cells.DrawnUnits) == (per_cell == 2)
        counts = np.concatenate(list(drawn.counts()))
        assert counts.shape == (200, 24)
        np.testing.assert_allclose(drawn.sums(scores), counts @ scores, atol=1e-9)
        starts = self.cells(per_cell).starts
        treated = np.add.reduceat(counts, starts, axis=1)
        assert (treated == self.cells(per_cell).sizes[1]).all()
        assert (counts <= self.cells(per_cell).persons).all()

    @pytest.mark.parametrize("per_cell", [2, 30])
    def test_the_seed_alone_decides(self, per_cell):
        scores = np.random.default_rng(4).normal(size=(24, 1))
        one, same, other = (
            redraw_cells(self.cells(per_cell), 300, seed=seed).sums(scores) for seed in (1, 1, 2)
        )
        np.testing.assert_array_equal(one, same)
        assert (one != other).any()

    @pytest.mark.parametrize("per_cell", [2, 30])
    def test_moments_in_closed_form(self, per_cell):
        """Three strata with different shares: mean and covariance within 4 errors."""
        scores = np.random.default_rng(4).normal(size=(24, 2))
        cells = self.cells(per_cell)
        moments = lottery_moments(ScoredCells(cells, scores))
        expected = cells.treated @ scores - moments.difference
        drawn = redraw_cells(cells, 20_000, seed=3).sums(scores)
        error = np.sqrt(np.diag(moments.covariance) / 20_000)
        assert (np.abs(drawn.mean(axis=0) - expected) < 4 * error).all()
        ratio = drawn.var(axis=0) / np.diag(moments.covariance)
        assert (np.abs(ratio - 1) < 4 * math.sqrt(2 / 20_000)).all()
        correlation = np.corrcoef(drawn.T)[0, 1]
        known = moments.covariance[0, 1] / np.sqrt(np.diag(moments.covariance).prod())
        assert correlation == pytest.approx(known, abs=0.03)

    def test_tables_of_counts(self):
        rng = np.random.default_rng(8)
        table = rng.integers(0, 9, (2, 3, 5, 2))
        blocks = list(draw_counts(table, 130, seed=1))
        assert sum(len(block) for block in blocks) == 130
        for block in blocks:
            assert (block >= 0).all()
            assert (block.sum(axis=1) == table.sum(axis=0)).all()
            assert (block.sum(axis=(3, 4)) == table.sum(axis=(2, 3))).all()

    def test_tables_of_clusters(self):
        """Two of three clusters, and one of two in the other stratum: six lotteries."""
        own = np.random.default_rng(8).integers(0, 9, (5, 4))
        stratum, assigned = np.array([1, 0, 1, 0, 0]), np.array([0, 1, 1, 0, 1])
        drawn = draw_cluster_counts(own, assigned, stratum, 100, seed=1)
        found = np.concatenate(list(drawn))
        expected = [
            [own[list(two)].sum(axis=0), own[one]]
            for two in itertools.combinations([1, 3, 4], 2) for one in (0, 2)
        ]  # fmt: skip
        assert drawn.drawn.exact
        assert sorted(found[:, 1].tolist()) == sorted(np.array(expected).tolist())
        whole = [own[[1, 3, 4]].sum(axis=0), own[[0, 2]].sum(axis=0)]
        assert (found.sum(axis=1) == np.array(whole)).all()


class TestLargest:
    @pytest.mark.parametrize("value", [0.5, 1.96, 4.0, 8.0])
    def test_independent_and_equal(self, value):
        one = 2 * norm.sf(value)
        assert largest_normal_tail(value, np.ones((4, 4))) == pytest.approx(one, rel=1e-9)
        for size in (2, 3):
            expected = -math.expm1(size * math.log1p(-one))
            found = largest_normal_tail(value, np.eye(size))
            assert found == pytest.approx(expected, rel=2e-5)

    def test_correlated(self):
        """Against simulation (Adler, Blanchet & Liu 2012), for a singular correlation."""
        loads = np.random.default_rng(1).normal(size=(4, 3))
        loads[0] = loads[1] + loads[2]
        covariance = loads @ loads.T
        error = np.sqrt(np.diag(covariance))
        for value in (2.0, 4.0):
            drawn = largest_normal(covariance, draws=400_000).tail(value)
            found = largest_normal_tail(value, covariance / np.outer(error, error))
            assert found == pytest.approx(drawn, rel=5e-3)

    def test_four_dimensions_are_refused(self):
        with pytest.raises(ValueError, match="three dimensions"):
            largest_normal_tail(2.0, np.eye(4))


class TestOptions:
    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"weights": "maxcombo"}, 'did you mean "max-combo"'),
            ({"weights": (1,)}, "pair of numbers"),
            ({"weights": (1, -1)}, "pair of numbers"),
            ({"weights": (1, math.nan)}, "pair of numbers"),
            ({"weights": (1, math.inf)}, "pair of numbers"),
            ({"weights": ("a", "b")}, "pair of numbers"),
            ({"weights": 1.0}, "pair of numbers"),
            ({"weights": (1, 0), "covariates": ["age"]}, "leave out weights or covariates"),
            ({"inference": "lotery"}, 'did you mean "lottery"'),
            ({"inference": "lottery", "draws": 0}, "draws must be at least 1"),
            ({"inference": "lottery", "seed": -1}, "seed"),
        ],
    )
    def test_of_the_logrank_test(self, options, words):
        with pytest.raises(ValueError, match=words):
            je.logrank_test(trial(), "week", "left", PLAIN, **options)

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"rho": -1}, "rho"),
            ({"rho": math.nan}, "rho"),
            ({"inference": "wild"}, "unknown"),
            ({"draws": 0}, "draws"),
        ],
    )
    def test_of_gray(self, options, words):
        with pytest.raises(ValueError, match=words):
            je.gray_test(trial(), "week", "to", PLAIN, cause="job", **options)

    def test_names(self):
        def name(lottery, **options):
            return je.logrank_test(trial(), "week", "left", lottery, **options).name

        assert name(PLAIN, weights=(0, 1)) == "log-rank, weights (0, 1)"
        assert name(SITES, weights="max-combo") == "stratified max-combo log-rank"
        assert name(SITES, covariates=["age"]) == "stratified covariate-adjusted log-rank"
        assert je.gray_test(trial(), "week", "to", SITES, cause="job").name == "stratified Gray"

    def test_what_a_test_says(self):
        test = je.logrank_test(
            trial(), "week", "left", SITES, weights="max-combo", inference="lottery", draws=50
        )
        assert (test.inference, test.draws, test.exact) == ("lottery", 50, False)
        assert math.isnan(test.df)
        assert "df" not in repr(test)
        assert je.HypothesisTest.from_dict(test.to_dict()).to_dict() == test.to_dict()
        seen = trial().query("left").groupby("arm").size()
        assert (test.n_apart_treatment, test.n_apart_control) == (seen["new"], seen["old"])
        assert 1 / 51 <= test.p_value <= 1


class TestNothingToCompare:
    @pytest.mark.parametrize("inference", ["model", "lottery"])
    @pytest.mark.parametrize("options", [{}, {"weights": "max-combo"}, {"covariates": ["age"]}])
    def test_no_exit(self, inference, options):
        test = je.logrank_test(
            trial().assign(left=False), "week", "left", SITES, inference=inference, **options
        )
        assert np.isnan([test.statistic, test.p_value]).all()
        assert test.notes[-1].startswith("not estimable")

    def test_too_many_covariates(self):
        frame = trial(12).assign(**{f"x{k}": np.random.default_rng(k).normal(size=12)
                                    for k in range(5)})  # fmt: skip
        test = je.logrank_test(frame, "week", "left", PLAIN, covariates=[f"x{k}" for k in range(5)])
        assert math.isnan(test.statistic)
        assert test.notes == ("not estimable: too few exits for so many covariates",)

    @pytest.mark.parametrize("inference", ["model", "lottery"])
    def test_weights_that_are_zero(self, inference):
        """All leave in one week: before it everybody stays, so late weights are 0."""
        frame = trial().assign(week=5)
        late = je.logrank_test(frame, "week", "left", SITES, weights=(0, 1), inference=inference)
        assert math.isnan(late.p_value)
        combo = je.logrank_test(
            frame, "week", "left", SITES, weights="max-combo", inference=inference, draws=99
        )
        plain = je.logrank_test(frame, "week", "left", SITES, inference=inference, draws=99)
        assert combo.statistic == pytest.approx(math.sqrt(plain.statistic), rel=1e-9)
        assert combo.p_value == pytest.approx(plain.p_value, rel=1e-6)

    def test_gray(self):
        test = je.gray_test(trial(), "week", "to", PLAIN, cause="jobs")
        assert math.isnan(test.statistic)
        assert 'did you mean "job"' in test.notes[0]
        none = je.gray_test(trial().assign(to=None), "week", "to", PLAIN, cause="job")
        assert none.notes == ("not estimable: nobody left to 'job'",)
        frame = pd.DataFrame(
            {"arm": ["new", "new", "old", "old"], "week": [5, 6, 2, 2],
             "to": ["job", "job", None, None]}
        )  # fmt: skip
        apart = je.gray_test(frame, "week", "to", PLAIN, cause="job", inference="lottery")
        assert math.isnan(apart.p_value)
        assert "while both arms were at risk" in apart.notes[0]

    def test_adjusted_ratio(self):
        def estimate(frame):
            return je.estimate_adjusted_hazard_ratio(
                frame, "week", "left", PLAIN, covariates=["age"]
            )

        none = estimate(trial().assign(left=False))
        assert math.isnan(none.estimate)
        assert none.notes == ("not estimable: no exit was seen",)
        one = estimate(trial().assign(left=lambda f: f["arm"] == "old"))
        assert np.isnan([one.estimate, one.std_error]).all()
        assert one.notes[0].startswith("not estimable (infinite)")
        frame = pd.DataFrame(
            {"arm": ["new", "new", "old", "old"], "week": [5, 6, 2, 2], "left": [1, 1, 0, 0],
             "age": [1, 2, 4, 3]}
        )  # fmt: skip
        assert estimate(frame).notes == ("not estimable: no exit with both arms at risk",)

    def test_a_stratum_with_one_arm_adds_nothing(self):
        """Counts may hold one; a frame is refused before."""
        rng = np.random.default_rng(3)
        weeks, cause = rng.integers(1, 6, 90), rng.integers(0, 2, 90)
        stratum = np.repeat([0, 1, 2], 30)
        arm = np.where(stratum == 1, 1, rng.integers(0, 2, 90))
        labels = {"arms": ("old", "new"), "causes": ("job",)}
        grid = build_grid(weeks, cause, arm, stratum, strata=("a", "b", "c"), **labels)
        kept = stratum != 1
        codes = np.where(stratum == 2, 1, 0)[kept]
        part = build_grid(weeks[kept], cause[kept], arm[kept], codes, strata=("a", "c"), **labels)
        for options in ({}, {"inference": "lottery", "draws": 4000}):
            one, other = (
                logrank_test_from_grid(g, endpoint="week", **options) for g in (grid, part)
            )
            assert one.statistic == pytest.approx(other.statistic, rel=1e-9)
            assert one.p_value == pytest.approx(other.p_value, abs=0.05)
            one, other = (
                gray_test_from_grid(g, endpoint="week", cause="job", **options)
                for g in (grid, part)
            )
            assert one.statistic == pytest.approx(other.statistic, rel=1e-9)


class TestDesigns:
    def test_clusters_are_drawn_as_a_whole(self):
        """Everything that is drawn has the scores of its persons."""
        frame = trial()
        for options in ({}, {"weights": (1, 1)}, {"covariates": ["age"]}):
            model = je.logrank_test(frame, "week", "left", CLUSTERS, **options)
            drawn = je.logrank_test(
                frame, "week", "left", CLUSTERS, inference="lottery", draws=20_000, **options
            )
            assert drawn.statistic == pytest.approx(model.statistic, rel=1e-9)
            assert drawn.p_value == pytest.approx(model.p_value, abs=0.03)
            assert "30 clusters" in model.notes[-1]

    def test_clusters_of_one_person_are_persons(self):
        frame = trial(14).assign(cluster=range(14))
        one, other = (
            je.logrank_test(frame, "week", "left", lottery, inference="lottery")
            for lottery in (CLUSTERS, SITES)
        )
        assert one.exact
        assert (one.draws, one.p_value) == (other.draws, other.p_value)
        one, other = (
            je.gray_test(frame, "week", "to", lottery, cause="job", inference="lottery")
            for lottery in (CLUSTERS, SITES)
        )
        assert (one.draws, one.p_value) == (other.draws, other.p_value)

    def test_gray_over_clusters(self):
        with pytest.raises(je.DesignError, match='inference="lottery"'):
            je.gray_test(trial(), "week", "to", CLUSTERS, cause="job")
        test = je.gray_test(
            trial(), "week", "to", CLUSTERS, cause="job", inference="lottery", draws=300
        )
        assert 0 < test.p_value <= 1

    def test_an_adjusted_ratio_has_no_clusters(self):
        with pytest.raises(je.DesignError, match="estimate_hazard_ratio"):
            je.estimate_adjusted_hazard_ratio(trial(), "week", "left", CLUSTERS, covariates=["age"])

    def test_counts_do_not_tell_who_entered_late(self):
        frame = trial().assign(entry=lambda f: f["week"] - 1)
        durations = read_durations(frame, "week", "left", SITES, entry="entry")
        with pytest.raises(je.DesignError, match="entered late"):
            logrank_test_from_grid(durations.grid(SITES), endpoint="week", inference="lottery")
        with pytest.raises(je.DesignError, match="entered late"):
            gray_test_from_grid(durations.grid(SITES), endpoint="week", cause="")

    def test_odds_that_vary_within_strata_are_refused(self):
        frame = trial().assign(chance=lambda f: np.where(f["age"] > 40, 0.3, 0.6))
        lottery = je.Lottery(
            arm="arm", treatment="new", control="old", strata="site", probability="chance"
        )
        with pytest.raises(je.DesignError, match="strata"):
            je.logrank_test(frame, "week", "left", lottery, inference="lottery")

    def test_covariates_foretell_exits_and_the_test_gains(self):
        """An effect hidden by chance in the covariate comes out."""
        rng = np.random.default_rng(1)
        n = 400
        arm = np.where(np.arange(n) % 2, "new", "old")
        x = rng.normal(size=n) - 0.15 * (arm == "new")
        hazard = 0.1 * np.exp(1.5 * x + 0.5 * (arm == "new"))
        frame = pd.DataFrame(
            {"arm": arm, "x": x, "week": np.ceil(rng.exponential(1 / hazard)).clip(max=30),
             "site": np.where(rng.random(n) < 0.5, "a", "b")}
        )  # fmt: skip
        frame["left"] = frame["week"] < 30
        plain = je.logrank_test(frame, "week", "left", SITES)
        adjusted = je.logrank_test(frame, "week", "left", SITES, covariates=["x"])
        drawn = je.logrank_test(
            frame, "week", "left", SITES, covariates=["x"], inference="lottery", draws=2000
        )
        assert adjusted.p_value < plain.p_value
        assert drawn.p_value == pytest.approx(adjusted.p_value, abs=0.02)
        collinear = je.logrank_test(
            frame.assign(y=lambda f: 3 * f["x"] - 1), "week", "left", SITES, covariates=["x", "y"]
        )
        assert collinear.statistic == pytest.approx(adjusted.statistic, rel=1e-9)
        assert "'y' adds nothing" in collinear.notes[0]


def test_constant_scores_are_no_test():
    cells = Cells(np.array([5, 3]), np.array([2, 1]), np.array([0, 1]))
    assert math.isnan(redraw_scores(ScoredCells(cells, np.array([[0.1], [0.3]])), 10, 1).p_value)
