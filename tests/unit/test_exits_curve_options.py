"""Options of survival curves, their differences and those of their quantiles."""

import math

import numpy as np
import pandas as pd
import pytest

from jobeval import Lottery
from jobeval.errors import DesignError
from jobeval.exits.curves.quantile_difference import (
    distances,
    estimate_quantile_difference,
    invert_shift,
    quantile_difference_from_grid,
)
from jobeval.exits.curves.survival import survival_curve
from jobeval.exits.curves.survival_difference import estimate_survival_difference
from jobeval.exits.grid.counting import count_exits

PLAIN = Lottery(arm="arm", treatment="new", control="old")
SITES = Lottery(arm="arm", treatment="new", control="old", strata="site")
OFFICES = Lottery(arm="arm", treatment="new", control="old", clusters="office")


def persons(weeks_new, weeks_old, censored=()) -> pd.DataFrame:
    """Everybody leaves in the week told, except the ``censored`` weeks."""
    weeks = [*weeks_new, *weeks_old]
    return pd.DataFrame(
        {
            "arm": ["new"] * len(weeks_new) + ["old"] * len(weeks_old),
            "site": ["n" if place % 2 else "s" for place in range(len(weeks))],
            "office": [place // 2 for place in range(len(weeks))],
            "age": [20 + place % 7 for place in range(len(weeks))],
            "week": weeks,
            "left": [week not in censored for week in weeks],
        }
    )


TRIAL = persons(range(1, 21), range(3, 23))


class TestOptions:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"interval": "loglog"}, 'interval .*did you mean "log-log"'),
            ({"band": "hall-welner"}, 'band .*did you mean "hall-wellner"'),
            ({"measure": "hazard"}, "measure"),
            ({"measure": "cumulative_hazard", "interval": "log-log"}, '"log" or "linear"'),
            ({"conf_level": 95}, "conf_level"),
            ({"seed": -1}, "seed"),
        ],
    )
    def test_what_is_not_known_is_refused(self, options, message):
        with pytest.raises(ValueError, match=message):
            survival_curve(TRIAL, "week", "left", PLAIN, **options)

    @pytest.mark.parametrize(
        ("options", "message"),
        [({"band": "hall-wellner"}, "sup-t"), ({"horizon_weeks": -1}, "horizon_weeks")],
    )
    def test_of_differences(self, options, message):
        with pytest.raises(ValueError, match=message):
            estimate_survival_difference(TRIAL, "week", "left", PLAIN, **options)

    @pytest.mark.parametrize(
        ("lottery", "covariates"), [(SITES, ()), (OFFICES, ()), (PLAIN, ["age"])]
    )
    def test_hall_wellner_is_for_one_group_drawn_one_by_one(self, lottery, covariates):
        options = {"covariates": covariates}
        with pytest.raises(DesignError, match='band="equal-precision"'):
            survival_curve(TRIAL, "week", "left", lottery, band="hall-wellner", **options)
        curve = survival_curve(TRIAL, "week", "left", lottery, band="equal-precision", **options)
        assert any("sup-t band from week" in note for note in curve["new"].notes)

    def test_more_covariates_than_persons_carry(self):
        frame = TRIAL.assign(**{f"x{place}": np.arange(40) ** place % 7 for place in range(2, 8)})
        names = [f"x{place}" for place in range(2, 8)]
        with pytest.raises(DesignError, match=r"20 persons for 6 .* at most 4"):
            survival_curve(frame, "week", "left", PLAIN, covariates=names)
        with pytest.raises(DesignError, match="10 clusters"):
            survival_curve(frame, "week", "left", OFFICES, covariates=names)

    def test_a_constant_covariate_is_dropped_with_a_note(self):
        frame = TRIAL.assign(constant=1)
        plain = survival_curve(frame, "week", "left", PLAIN)["new"]
        curve = survival_curve(frame, "week", "left", PLAIN, covariates=["constant"])["new"]
        np.testing.assert_array_equal(curve.values, plain.values)
        assert any("'constant' does not vary" in note for note in curve.notes)


class TestBand:
    def test_nobody_leaves(self):
        frame = persons([5] * 6, [5] * 6, censored={5})
        curve = survival_curve(frame, "week", "left", PLAIN, band="equal-precision")["new"]
        assert np.isnan(curve.band_low).all()
        assert any("no equal-precision band" in note for note in curve.notes)
        (difference,) = estimate_survival_difference(frame, "week", "left", PLAIN)
        assert np.isnan(difference.band_low).all()

    def test_one_week_with_exits_needs_no_wider_band(self):
        frame = persons([2] * 10 + [5] * 10, [2] * 5 + [5] * 15, censored={5})
        for band in ("equal-precision", "hall-wellner"):
            curve = survival_curve(frame, "week", "left", PLAIN, band=band, interval="linear")[
                "new"
            ]
            np.testing.assert_allclose(curve.band_low[2:], curve.conf_low[2:], rtol=1e-5)

    def test_the_test_of_a_difference_has_no_answer_without_exits_in_an_arm(self):
        frame = persons([5] * 6, [2] * 6, censored={5})
        (test,) = estimate_survival_difference(frame, "week", "left", PLAIN).tests
        assert math.isnan(test.p_value)
        assert "not estimable" in test.notes[0]

    def test_the_horizon_ends_band_and_test(self):
        table = estimate_survival_difference(TRIAL, "week", "left", PLAIN, horizon_weeks=10)
        (curve,), (test,) = table, table.tests
        assert np.flatnonzero(~np.isnan(curve.band_low)).tolist() == list(range(3, 11))
        assert test.df == 8
        assert test.notes == ("weeks 3 to 10",)
        assert not np.isnan(curve.conf_low[11:19]).any()
        without = estimate_survival_difference(TRIAL, "week", "left", PLAIN, band=None)
        assert not without.tests
        assert np.isnan(without.curves[0].band_low).all()


def test_hazard_of_a_mixture_of_strata():
    """Half are in each site; −log of the mean of exp(−H) by hand."""
    frame = pd.DataFrame(
        {"arm": ["new", "old"] * 8, "site": ["n"] * 8 + ["s"] * 8,
         "week": [1, 1, 1, 1, 2, 2, 2, 2, 1, 1, 2, 2, 2, 2, 2, 2],
         "left": [True] * 4 + [False] * 4 + [True] * 2 + [False] * 6}
    )  # fmt: skip
    curves = survival_curve(frame, "week", "left", SITES, measure="cumulative_hazard")
    by_hand = -math.log((math.exp(-0.5) + math.exp(-0.25)) / 2)
    assert curves["new"].values.tolist() == pytest.approx([0, by_hand, by_hand])
    shares = np.array([math.exp(-0.5), math.exp(-0.25)])
    shares /= shares.sum()
    variance = shares**2 @ [0.5 * 0.5 / 4, 0.25 * 0.75 / 4]
    assert curves["new"].std_error[1] == pytest.approx(math.sqrt(variance))


class TestQuantileDifference:
    def test_by_hand(self):
        """Everyone leaves: medians at S = 1/2 exactly are the middle of the flat stretch."""
        effect = estimate_quantile_difference(TRIAL, "week", "left", PLAIN)
        assert (effect.mean_treatment, effect.mean_control) == (10.5, 12.5)
        assert (effect.estimate, effect.unit, effect.part) == (-2, "weeks", "quantile=0.5")
        low, high = effect.confidence_interval()
        assert low < -2 < high
        assert effect.p_value > 0.05
        assert math.isnan(effect.std_error)

    def test_inversion_written_out(self):
        """Every pair of weeks: is there one at the difference that neither arm rules out?"""
        rng = np.random.default_rng(5)
        survival = np.sort(rng.random((2, 12)), axis=1)[:, ::-1]
        errors = rng.uniform(0.03, 0.1, (2, 12))
        z = [distances(*arm, 0.5) for arm in zip(survival, errors, strict=True)]
        kept = [
            second - first
            for first in range(12)
            for second in range(12)
            if z[0][first] ** 2 + z[1][second] ** 2 <= 1.959963984540054**2
        ]
        assert not np.isfinite(z[0][12]) or z[0][12] > 1.96  # both reach one half
        shift = invert_shift(survival, errors, 0.5, 0.95)
        assert (shift.low, shift.high) == (min(kept), max(kept))

    def test_distances_by_hand(self):
        """Week 1 has not yet lost half; week 2 has; in week 3 it was lost already before."""
        survival, error = np.array([1, 0.6, 0.4]), np.array([0, 0.1, 0.1])
        z = distances(survival, error, 0.5)
        scale = [abs(s * math.log(s)) / 0.1 for s in (0.6, 0.4)]
        above, below = (
            abs(math.log(math.log(s) / math.log(0.5))) * k
            for s, k in zip((0.6, 0.4), scale, strict=True)
        )
        assert z.tolist() == pytest.approx([math.inf, above, 0, below])

    def test_interval_and_p_value_agree(self):
        for shift in range(0, 20, 2):
            frame = persons(range(1, 31), range(1 + shift, 31 + shift))
            effect = estimate_quantile_difference(frame, "week", "left", PLAIN)
            low, high = effect.confidence_interval()
            assert (low <= 0 <= high) == (effect.p_value >= 0.05)

    def test_swapped_arms(self):
        swapped = Lottery(arm="arm", treatment="old", control="new")
        one, other = (
            estimate_quantile_difference(TRIAL, "week", "left", lottery)
            for lottery in (PLAIN, swapped)
        )
        assert one.estimate == -other.estimate
        assert one.confidence_interval().low == -other.confidence_interval().high
        assert one.p_value == other.p_value

    def test_not_reached(self):
        frame = persons([*range(1, 9), *[30] * 22], range(1, 31), censored={30})
        effect = estimate_quantile_difference(frame, "week", "left", PLAIN)
        assert math.isnan(effect.estimate)
        assert math.isnan(effect.mean_treatment)
        assert any("'new' does not lose a share of 0.5" in note for note in effect.notes)
        low, high = effect.confidence_interval()
        assert high == math.inf
        assert low > 0  # so few have left that the median is later, whenever it is
        quarter = estimate_quantile_difference(frame, "week", "left", PLAIN, probability=0.25)
        assert quarter.estimate == 0

    def test_nothing_is_known_when_neither_arm_gets_there(self):
        frame = persons([2, *[9] * 19], [3, *[9] * 19], censored={9})
        effect = estimate_quantile_difference(frame, "week", "left", PLAIN)
        assert effect.confidence_interval() == (-math.inf, math.inf)
        assert math.isnan(effect.p_value)

    def test_an_arm_followed_too_briefly_may_lose_half_at_any_later_week(self):
        frame = persons([1, 2, 3, *[4] * 17], range(1, 21), censored={4})
        effect = estimate_quantile_difference(frame, "week", "left", PLAIN)
        assert effect.confidence_interval().high == math.inf

    def test_from_counts_and_over_strata(self):
        door = estimate_quantile_difference(TRIAL, "week", "left", SITES)
        grid = count_exits(TRIAL, "week", "left", SITES)
        assert repr(quantile_difference_from_grid(grid, endpoint="week")) == repr(door)
        assert "standardised over 2 strata" in door.notes

    def test_clusters(self):
        effect = estimate_quantile_difference(TRIAL, "week", "left", OFFICES)
        assert effect.n_clusters == 20
        assert any("summed over 20 clusters" in note for note in effect.notes)

    @pytest.mark.parametrize("probability", [0, 1, 1.5])
    def test_probabilities(self, probability):
        with pytest.raises(ValueError, match="probability"):
            estimate_quantile_difference(TRIAL, "week", "left", PLAIN, probability=probability)
