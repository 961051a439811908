"""Places side by side: cases by hand, what is refused, and how a comparison shows itself."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student

import jobeval as je
from jobeval.delivery.places_adjusted import adjust_means, expected_covariance, robust_errors
from jobeval.delivery.places_expected import expect_outcomes
from jobeval.delivery.places_funnel import funnel_of_shares, funnel_sizes
from jobeval.delivery.places_others import weigh_others

NONE = np.empty((6, 0))


def shares(**counts):
    """Persons of places given as name = (successes, persons)."""
    rows = [(name, float(i < k)) for name, (k, n) in counts.items() for i in range(n)]
    return pd.DataFrame(rows, columns=["site", "work"])


def hours(**values):
    rows = [(name, float(value)) for name, own in values.items() for value in own]
    return pd.DataFrame(rows, columns=["site", "hours"])


class TestTwoPlaces:
    def test_means_are_a_two_sample_difference(self):
        """HC2 is Welch's error; the degrees of freedom take equal variances as given."""
        a, b = np.array([1.0, 2, 6]), np.array([4.0, 4, 9, 11])
        row = je.compare_places(hours(a=a, b=b), "hours", "site").table.iloc[1]
        parts = [x.var(ddof=1) / len(x) for x in (a, b)]
        df = (1 / 3 + 1 / 4) ** 2 / (1 / (9 * 2) + 1 / (16 * 3))
        half = student.ppf(0.975, df) * math.sqrt(sum(parts))
        assert row["difference"] == pytest.approx(7.0 - 3.0)
        assert row["conf_low"] == pytest.approx(4.0 - half)
        assert row["conf_high"] == pytest.approx(4.0 + half)
        assert row["p_value"] == pytest.approx(2 * student.sf(4 / math.sqrt(sum(parts)), df))

    def test_the_two_are_each_others_mirror(self):
        found = je.compare_places(shares(a=(3, 12), b=(9, 15)), "work", "site").table
        one, other = found.iloc[0], found.iloc[1]
        assert one["difference"] == pytest.approx(-other["difference"])
        assert one["conf_low"] == pytest.approx(-other["conf_high"])
        assert one["shrunken"] == pytest.approx(-other["shrunken"])


class TestWithoutCovariates:
    @pytest.fixture
    def found(self):
        return je.compare_places(shares(a=(2, 10), b=(6, 10), c=(6, 30)), "work", "site")

    def test_others_are_all_other_persons(self, found):
        assert found.table["others"].tolist() == pytest.approx([12 / 40, 8 / 40, 8 / 20])
        assert found.table["observed"].tolist() == pytest.approx([0.2, 0.6, 0.2])
        assert found.table["difference"].tolist() == pytest.approx([-0.1, 0.4, -0.2])

    def test_everybody_is_expected_alike(self, found):
        assert found.average == pytest.approx(14 / 50)
        assert found.table["expected"].tolist() == pytest.approx([14 / 50] * 3)

    def test_overdispersion_is_pearsons(self, found):
        p = 14 / 50
        z = [(2 - 10 * p) ** 2 / 10, (6 - 10 * p) ** 2 / 10, (6 - 30 * p) ** 2 / 30]
        assert found.overdispersion == pytest.approx(sum(z) / (p * (1 - p)) / 3)

    def test_by_chance(self, found):
        assert found.by_chance == pytest.approx(0.15)
        assert found.named("above") == ("b",)

    def test_apart_from_the_commonest_outcome(self, found):
        assert found.table["n_apart"].tolist() == [2, 4, 6]


class TestCaseMix:
    """Two kinds of persons; in each place a kind does as in the other."""

    @pytest.fixture
    def frame(self):
        rows = [("a", "old", 1, 10, 40), ("a", "young", 1, 15, 30),
                ("b", "old", 1, 5, 20), ("b", "young", 1, 40, 80)]  # fmt: skip
        people = [(s, kind, float(i < k)) for s, kind, _, k, n in rows for i in range(n)]
        return pd.DataFrame(people, columns=["site", "kind", "work"])

    def test_places_that_differ_by_their_persons_only(self, frame):
        found = je.compare_places(frame, "work", "site", covariates=["kind"])
        assert found.table["observed"].tolist() == pytest.approx([25 / 70, 45 / 100])
        assert found.table["expected"].tolist() == pytest.approx([25 / 70, 45 / 100])
        assert found.table["difference"].tolist() == pytest.approx([0, 0], abs=1e-12)
        assert found.table["shrunken"].tolist() == pytest.approx([0, 0], abs=1e-12)
        assert found.covariates == ("kind",)

    def test_raw_they_differ(self, frame):
        found = je.compare_places(frame, "work", "site")
        assert found.table["difference"].iloc[1] == pytest.approx(45 / 100 - 25 / 70)

    def test_what_belongs_to_a_place_cannot_be_adjusted_for(self, frame):
        frame["rural"] = (frame["site"] == "a").astype(float)
        found = je.compare_places(frame, "work", "site", covariates=["rural"])
        assert any("'rural' adds nothing within places" in note for note in found.notes)
        assert found.table["difference"].iloc[1] == pytest.approx(45 / 100 - 25 / 70)
        assert found.table["expected"].iloc[1] == pytest.approx(45 / 100)

    def test_a_perfect_split_keeps_the_sum(self):
        kind = np.array([0.0, 0, 0, 1, 1, 1])[:, None]
        outcome = np.array([0.0, 0, 1, 1, 1, 1])
        expected = expect_outcomes(outcome, kind, share=True)
        assert expected.sum() == pytest.approx(4)
        assert ((expected > 0) & (expected < 1)).all()


class TestKernels:
    PLACE = np.array([0, 0, 0, 1, 1, 2])
    OUTCOME = np.array([1.0, 2, 6, 5, 5, 4])

    def test_means_average_to_that_of_all(self):
        age = np.array([3.0, 1, 2, 5, 4, 9])[:, None]
        adjusted = adjust_means(self.OUTCOME, self.PLACE, age)
        assert adjusted.means @ adjusted.sizes / 6 == pytest.approx(self.OUTCOME.mean())

    def test_places_alike_take_the_variance_within_all(self):
        adjusted = adjust_means(self.OUTCOME, self.PLACE, NONE)
        robust = robust_errors(adjusted, self.OUTCOME, self.PLACE)
        assert adjusted.variance == pytest.approx(14 / 3)  # 14 + 0 + 0 on 6 − 3
        assert robust.alike.tolist() == [False, True, True]
        expected = [14 / 2 / 3, 14 / 3 / 2, 14 / 3]
        assert np.diag(robust.covariance) == pytest.approx(expected)

    def test_covariance_of_known_variances(self):
        adjusted = adjust_means(self.OUTCOME, self.PLACE, NONE)
        found = expected_covariance(adjusted, np.array([1.0, 2, 3, 4, 6, 5]))
        assert found == pytest.approx(np.diag([6 / 9, 10 / 4, 5.0]))

    def test_each_row_of_others_adds_up_to_one(self):
        weights = weigh_others(np.array([3, 2, 1]))
        assert weights.sum(axis=1) == pytest.approx(np.ones(3))
        assert np.diag(weights).tolist() == [0, 0, 0]


class TestFunnel:
    def test_limits_by_hand(self):
        """Three coins: P(R = 0) = P(R = 3) = 1/8."""
        low95, high95, low998, high998 = funnel_of_shares(np.array([3]), 0.5)[0]
        assert (low95, low998) == (0, 0)  # (0 − 0.8) / 3 is below 0
        assert high95 == pytest.approx((3 - 0.025 * 8) / 3)
        assert high998 == pytest.approx((3 - 0.001 * 8) / 3)

    def test_limits_close_in_on_the_average(self):
        limits = funnel_of_shares(np.array([10, 100, 1000, 10000]), 0.12)
        assert (np.diff(limits[:, 1]) < 0).all()
        assert (np.diff(limits[:, 0]) >= 0).all()
        assert (limits[:, 2] <= limits[:, 0]).all()
        assert (limits[:, 1] <= limits[:, 3]).all()

    @pytest.mark.parametrize("sizes, end", [([7], 10), ([12, 77], 80), ([30, 1001], 2000)])
    def test_ends_are_round(self, sizes, end):
        grid = funnel_sizes(np.array(sizes))
        assert (grid[0], grid[-1]) == (5, end)
        assert (np.diff(grid) > 0).all()

    def test_it_is_about_the_average(self):
        found = je.compare_places(shares(a=(30, 100), b=(30, 100)), "work", "site")
        assert list(found.funnel) == ["n", "low95", "high95", "low998", "high998"]
        assert (found.funnel["low95"] < 0.3).all()
        assert (found.funnel["high95"] > 0.3).all()


class TestSmallPlaces:
    def test_nobody_in_work_is_no_certainty(self):
        found = je.compare_places(shares(a=(0, 8), b=(20, 100)), "work", "site").table.iloc[0]
        assert found["conf_low"] < -0.2 < found["conf_high"]
        assert found["verdict"] == "uncertain"  # chance gives none of eight in one case of six

    def test_one_person(self):
        found = je.compare_places(shares(a=(1, 1), b=(20, 100)), "work", "site").table.iloc[0]
        assert found["difference"] == pytest.approx(0.8)
        assert found["verdict"] == found["verdict_adjusted"] == "uncertain"
        assert 0 <= found["shrunken"] < found["difference"]

    def test_below_five_nothing_is_said(self):
        four, five = (
            je.compare_places(shares(a=(n, n), b=(10, 100)), "work", "site") for n in (4, 5)
        )
        assert (four.named("above"), five.named("above")) == ((), ("a",))

    def test_places_that_are_all_alike(self):
        """The variance of no difference is 0, and not a little below."""
        for n in range(3, 40):
            found = je.compare_places(shares(a=(n, 3 * n), b=(7, 21), c=(11, 33)), "work", "site")
            numbers = found.table.select_dtypes("number")
            assert np.isfinite(numbers).all(None)
            assert found.table["shrunken"].tolist() == pytest.approx([0, 0, 0], abs=1e-12)

    def test_hours_alike_are_told_of(self):
        frame = hours(a=[0] * 8, b=[0, 0, 3, 9, 20, 0], c=[1, 4, 0, 30])
        found = je.compare_places(frame, "hours", "site")
        assert np.isfinite(found.table.drop(columns=["place"]).select_dtypes("number")).all(None)
        assert any("in 1 places all persons have the same outcome" in n for n in found.notes)


class TestWrongInputs:
    FRAME = shares(a=(3, 12), b=(9, 15))

    def test_one_place(self):
        with pytest.raises(je.DesignError, match="1 of 'site' have persons"):
            je.compare_places(shares(a=(3, 12)), "work", "site")

    def test_one_place_with_known_outcomes(self):
        frame = self.FRAME.assign(work=self.FRAME["work"].where(self.FRAME["site"] == "a"))
        with pytest.raises(je.DesignError, match="takes two"):
            je.compare_places(frame, "work", "site")

    def test_no_known_outcome(self):
        with pytest.raises(je.DesignError, match="0 of 'site'"):
            je.compare_places(self.FRAME.assign(work=np.nan), "work", "site")

    @pytest.mark.parametrize("values", [{"a": [0] * 4, "b": [0] * 5}, {"a": [5] * 4, "b": [7] * 5}])
    def test_nothing_varies_within_places(self, values):
        with pytest.raises(je.DesignError, match="do not vary within"):
            je.compare_places(hours(**values), "hours", "site")

    @pytest.mark.parametrize("outcome", ["work", "hours"])
    def test_case_mix_that_tells_the_outcome(self, outcome):
        frame = self.FRAME.assign(hours=np.arange(27.0), same=lambda f: 2 * f[outcome] + 1)
        with pytest.raises(je.DesignError, match="tell every outcome"):
            je.compare_places(frame, outcome, "site", covariates=["same"])

    @pytest.mark.parametrize("outcome", ["work", "hours"])
    def test_more_case_mix_than_persons(self, outcome):
        few = self.FRAME.iloc[::3].assign(hours=np.arange(9.0) ** 2)
        many = pd.DataFrame(np.random.default_rng(1).normal(size=(9, 8)), few.index).add_prefix("x")
        with pytest.raises(je.DesignError, match="name fewer covariates"):
            je.compare_places(few.join(many), outcome, "site", covariates=list(many))

    def test_all_problems_at_once(self):
        frame = self.FRAME.assign(work="yes", age=np.nan, site=[None, *self.FRAME["site"][1:]])
        with pytest.raises(je.DataError) as error:
            je.compare_places(frame, "work", "site", covariates=["age", "site"])
        said = str(error.value)
        assert "outcome 'work': holds text" in said
        assert "place 'site': is missing for 1 persons" in said
        assert "covariate 'age': is missing for 27 persons" in said
        assert "covariate 'site': is the place itself" in said

    def test_infinite(self):
        frame = self.FRAME.assign(work=np.inf)
        with pytest.raises(je.DataError, match="infinite"):
            je.compare_places(frame, "work", "site")

    def test_unknown_column(self):
        with pytest.raises(je.DataError, match='did you mean "site"'):
            je.compare_places(self.FRAME, "work", "sites")

    def test_level(self):
        with pytest.raises(ValueError, match="conf_level"):
            je.compare_places(self.FRAME, "work", "site", conf_level=95)


class TestComparison:
    @pytest.fixture
    def found(self):
        frame = shares(a=(2, 30), b=(16, 30), c=(6, 30), d=(0, 1))
        frame.loc[0, "work"] = np.nan
        return je.compare_places(frame, "work", "site")

    def test_missing_outcomes_are_left_out(self, found):
        assert found.n_missing == 1
        assert found.table["n"].tolist() == [29, 30, 30, 1]
        assert "1 persons without a known outcome are left out" in found.notes

    def test_json_there_and_back(self, found):
        same = je.PlaceComparison.from_dict(json.loads(json.dumps(found.to_dict())))
        pd.testing.assert_frame_equal(same.table, found.table)
        pd.testing.assert_frame_equal(same.funnel, found.funnel)
        assert same.to_dict() == found.to_dict()
        assert repr(same) == repr(found)

    def test_shown(self, found):
        assert repr(found) == (
            "PlaceComparison(work in 4 of site: average 0.2556, 1 above and 1 below the others, "
            "0.2 expected by chance)"
        )
        assert "<td>b</td>" in found._repr_html_()

    def test_all_together_no_more_stand_out(self, found):
        assert set(found.named("above", adjusted=True)) <= set(found.named("above"))
        assert (found.table["p_value_adjusted"] >= found.table["p_value"]).all()

    def test_places_that_are_numbers(self):
        frame = pd.DataFrame({"site": [2, 2, 10, 10, 2, 10], "hours": [1.0, 2, 5, 7, 4, 3]})
        assert je.compare_places(frame, "hours", "site").table["place"].tolist() == ["2", "10"]
