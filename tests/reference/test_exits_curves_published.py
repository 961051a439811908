"""Published and outside numbers of bands, intervals and quantiles, on data of peers' packages."""

import numpy as np
import pandas as pd
import pytest
from lifelines import KaplanMeierFitter, datasets
from scipy import stats
from survival import datasets as r_datasets

from jobeval import Lottery, survival_curve
from jobeval.exits.curves.bridge import equal_precision_value, hall_wellner_value
from jobeval.exits.curves.quantiles import survival_quantile


def everybody_twice(frame: pd.DataFrame) -> pd.DataFrame:
    """The same persons as both arms, to see one curve."""
    return pd.concat([frame.assign(arm="one"), frame.assign(arm="other")], ignore_index=True)


BOTH = Lottery(arm="arm", treatment="one", control="other")


class TestCriticalValues:
    """Klein & Moeschberger (2003), appendix C, whose tables come from approximations.

    Nair's follow from the formula for rare crossings, ``4 φ(x) / x + φ(x) (x − 1/x) log(…)``,
    which puts the chance up to a thirtieth too high.
    """

    @pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.99, 0.999])
    def test_hall_wellner_over_everything_is_kolmogorovs(self, level):
        value = hall_wellner_value(1e-4, 1 - 1e-4, level)
        assert value == pytest.approx(stats.kstwobign.ppf(level), rel=1e-8)

    @pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
    @pytest.mark.parametrize(("low", "high"), [(0.1, 0.9), (0.02, 0.98), (0.1, 0.6)])
    def test_nairs_against_the_formula_for_rare_crossings(self, low, high, level):
        x = equal_precision_value(low, high, level)
        density = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
        span = np.log(high * (1 - low) / (low * (1 - high)))
        assert density * (4 / x + (x - 1 / x) * span) == pytest.approx(1 - level, rel=0.035)

    @pytest.mark.parametrize(("low", "high"), [(0.02, 0.5), (0.3, 0.7)])
    def test_against_bridges_drawn_step_by_step(self, low, high):
        """A bridge seen at 4,000 steps strays a little less far than the whole one."""
        rng = np.random.default_rng(8)
        time = np.linspace(0, 1, 4001)[1:]
        inside = (time >= low) & (time <= high)
        walks = np.cumsum(rng.standard_normal((4000, 4000), dtype=np.float32), axis=1)
        walks = walks / np.float32(np.sqrt(4000))
        bridges = (walks - walks[:, -1:] * time.astype(np.float32))[:, inside]
        at = time[inside]
        for value, scale in (
            (hall_wellner_value(low, high, 0.9), 1),
            (equal_precision_value(low, high, 0.9), np.sqrt(at * (1 - at))),
        ):
            stays = (np.abs(bridges) <= value * scale).all(axis=1).mean()
            assert 0.9 - 4 * 0.0047 < stays < 0.9 + 4 * 0.0047 + 0.012


class TestLung:
    """North Central Cancer Treatment Group; time in days."""

    frame = datasets.load_lung()
    whole = everybody_twice(frame)
    sexes = Lottery(arm="sex", treatment=2, control=1)
    at = (180, 310, 363)

    def bands(self, **options):
        curve = survival_curve(self.whole, "time", "status", BOTH, **options)["one"]
        return np.array([[curve.band_low[day], curve.band_high[day]] for day in self.at])

    def test_linear_hall_wellner_band(self):
        """km.ci 0.5-6 reads 1.3581 from the table; it differs in the sixth digit."""
        km_ci = [(0.631506, 0.811835), (0.399077, 0.590972), (0.314722, 0.516163)]
        mine = self.bands(band="hall-wellner", interval="linear")
        np.testing.assert_allclose(mine, km_ci, atol=3e-6)

    def test_transformed_hall_wellner_band(self):
        """km.ci's "loghall" is the log-log transformation."""
        km_ci = [(0.619760, 0.800601), (0.396008, 0.586405), (0.314235, 0.513477)]
        mine = self.bands(band="hall-wellner", interval="log-log")
        np.testing.assert_allclose(mine, km_ci, atol=3e-6)

    def test_equal_precision_band(self):
        """km.ci interpolates its table crosswise and gets a value a few per cent too small or
        large; ours is the exact one times the standard error."""
        options = {"band": "equal-precision", "interval": "linear"}
        curve = survival_curve(self.whole, "time", "status", BOTH, **options)["one"]
        n, variance = len(self.frame), (curve.std_error / curve.values) ** 2
        last = int(np.flatnonzero(~np.isnan(curve.band_low))[-1])
        time = n * variance / (1 + n * variance)
        value = equal_precision_value(time[curve.std_error > 0][0], time[last], 0.95)
        half = value * curve.std_error[list(self.at)]
        np.testing.assert_allclose(np.diff(self.bands(**options)).ravel(), 2 * half, rtol=1e-12)
        km_ci = [(0.625464, 0.817877), (0.381326, 0.608722), (0.299831, 0.531054)]
        np.testing.assert_allclose(np.diff(self.bands(**options)), np.diff(km_ci), rtol=0.05)

    def test_medians_with_intervals_on_the_log_scale(self):
        """The documentation of R's survival: 310 (285, 363); 270 (212, 310), 426 (348, 550)."""
        whole = survival_curve(self.whole, "time", "status", BOTH, interval="log")
        assert tuple(survival_quantile(whole["one"])) == (310, 285, 363)
        by_sex = survival_curve(self.frame, "time", "status", self.sexes, interval="log")
        assert tuple(survival_quantile(by_sex["1"])) == (270, 212, 310)
        assert tuple(survival_quantile(by_sex["2"])) == (426, 348, 550)


def test_aml():
    """Miller (1981), in the documentation of R's survival."""
    frame = pd.DataFrame(r_datasets.load_aml())
    groups = Lottery(arm="x", treatment="Maintained", control="Nonmaintained")
    curve = survival_curve(frame, "time", "status", groups)["Maintained"]
    expected = [0.909091, 0.818182, 0.715909, 0.613636, 0.490909, 0.368182, 0.184091]
    at = np.flatnonzero(curve.events)
    np.testing.assert_allclose(curve.values[at], expected, atol=5.1e-7)


def test_rossi():
    """Survival in weeks 20, 40 and 52 by financial aid (Rossi, Berk & Lenihan 1980)."""
    aid = Lottery(arm="fin", treatment=1, control=0)
    curves = survival_curve(datasets.load_rossi(), "week", "arrest", aid)
    at = [20, 40, 52]
    np.testing.assert_allclose(curves["0"].values[at], [0.902778, 0.773148, 0.694444], atol=5.1e-7)
    np.testing.assert_allclose(curves["1"].values[at], [0.912037, 0.833333, 0.777778], atol=5.1e-7)


def test_median_where_survival_is_exactly_one_half():
    """The middle of the flat stretch, as R; lifelines 0.30 gives its beginning."""
    frame = pd.DataFrame({"week": [1, 2, 7, 9], "left": True})
    curve = survival_curve(everybody_twice(frame), "week", "left", BOTH)["one"]
    assert survival_quantile(curve).weeks == 4.5
    peer = KaplanMeierFitter().fit(frame["week"], frame["left"])
    assert peer.median_survival_time_ == 2
