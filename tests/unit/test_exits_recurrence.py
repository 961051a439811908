"""Events that recur: hand calculations and wrong inputs."""

import math

import numpy as np
import pandas as pd
import pytest

import jobeval as je
from jobeval import Lottery
from jobeval.errors import DataError, DesignError
from jobeval.exits.curves.contrast import curve_difference
from jobeval.exits.jobs.event_rows import EventRows
from jobeval.exits.jobs.mean_cumulative import mean_and_variance

PLAIN = Lottery(arm="arm", treatment="new", control="old")
SITES = Lottery(arm="arm", treatment="new", control="old", strata="site")
OFFICES = Lottery(arm="arm", treatment="new", control="old", clusters="office")
ROWS = {"entry": "start", "person": "id"}


def rows(spec) -> pd.DataFrame:
    """Persons as (arm, site, events, end)."""
    said = []
    for number, (arm, site, events, end) in enumerate(spec):
        stops = [*events, *([end] if end not in events else [])]
        starts = [0, *stops[:-1]]
        said += [
            (number, arm, site, start, stop, stop in events)
            for start, stop in zip(starts, stops, strict=True)
        ]
    return pd.DataFrame(said, columns=["id", "arm", "site", "start", "stop", "event"])


FRAME = rows(
    [
        ("new", "n", [2, 5], 8),
        ("new", "n", [], 8),
        ("new", "s", [4], 4),
        ("old", "n", [5], 8),
        ("old", "s", [], 3),
        ("old", "s", [], 8),
    ]
)


def mean(frame, lottery=PLAIN, **options):
    return je.mean_cumulative_events(frame, "stop", "event", lottery, **ROWS, **options)


def rate(frame, lottery=PLAIN, **options):
    return je.estimate_recurrence(frame, "stop", "event", lottery, **ROWS, **options)


class TestMeanCumulative:
    def test_by_hand(self):
        """New: 3 at risk in week 2 and 4, 2 in week 5. Old: 2 at risk in week 5."""
        new, old = mean(FRAME)["new"], mean(FRAME)["old"]
        steps = [0, 0, 1 / 3, 1 / 3, 2 / 3, 7 / 6, 7 / 6, 7 / 6, 7 / 6]
        assert new.values.tolist() == pytest.approx(steps)
        assert old.values.tolist() == pytest.approx([0] * 5 + [1 / 2] * 4)
        assert new.at_risk.tolist() == [0, 3, 3, 3, 3, 2, 2, 2, 2]
        assert new.events.tolist() == [0, 0, 1, 0, 1, 1, 0, 0, 0]
        # week 2: influences (1 − 1/3)/3 and twice (0 − 1/3)/3
        assert new.std_error[2] == pytest.approx(math.sqrt((4 + 1 + 1) / 81))

    def test_the_interval_is_on_the_log_scale(self):
        curve = mean(FRAME, conf_level=0.9)["new"]
        factor = math.exp(1.6448536269514722 * curve.std_error[2] / (1 / 3))
        assert curve.conf_low[2] == pytest.approx(1 / 3 / factor)
        assert curve.conf_high[2] == pytest.approx(1 / 3 * factor)
        assert math.isnan(curve.conf_low[0])

    def test_standardised_to_the_persons_of_the_strata(self):
        """Half of the six persons are of each site; rows do not count twice."""
        curve = mean(FRAME, SITES)["new"]
        assert curve.at(4) == pytest.approx((1 / 2 + 1) / 2)  # 1 of 2 in the north, 1 of 1
        assert math.isnan(curve.at(5))  # nobody of the new arm is left in the south
        assert "standardised over 2 strata" in curve.notes
        assert any("unknown from week 5 on" in note for note in curve.notes)

    def test_death_ends_the_events(self):
        """The person of 4 weeks dies, so that of 3 persons 1/3 can have no more events."""
        dead = FRAME["id"].eq(2) & FRAME["stop"].eq(4)
        curve = mean(FRAME.assign(dead=dead), terminal="dead")["new"]
        assert curve.at(4) == pytest.approx(2 / 3)  # in its week the event still counts
        assert curve.at(5) == pytest.approx(2 / 3 + 2 / 3 * 1 / 2)

    def test_all_dead_is_known(self):
        frame = FRAME.assign(dead=FRAME.groupby("id")["stop"].transform("max") == FRAME["stop"])
        frame = frame[frame["id"] != 5]
        frame.loc[frame["arm"] == "old", "dead"] &= frame["stop"] == 3
        curve = mean(frame, terminal="dead")["new"]
        assert not np.isnan(curve.values).any()

    def test_differences_have_an_interval(self):
        curves = mean(FRAME)
        curve = curve_difference(curves["new"], curves["old"], PLAIN.contrast)
        assert curve.at(8) == pytest.approx(7 / 6 - 1 / 2)

    def test_clusters_of_persons(self):
        frame = FRAME.assign(office=FRAME["id"])
        for arm in ("new", "old"):
            one, other = mean(frame, OFFICES)[arm], mean(frame)[arm]
            np.testing.assert_allclose(one.std_error, other.std_error)
        assert any("6 clusters, too few" in note for note in one.notes)

    def test_blocks_of_persons_add_up(self, monkeypatch):
        frame = FRAME[FRAME["arm"] == "new"]
        arrays = EventRows(
            frame["stop"].to_numpy(), frame["start"].to_numpy(), frame["event"].to_numpy(int),
            np.zeros(len(frame), dtype=int), frame["id"].to_numpy(), 9,
        )  # fmt: skip
        whole = mean_and_variance(arrays)[1]
        monkeypatch.setattr("jobeval.exits.jobs.event_rows.CELLS", 9)
        assert len(list(arrays.blocks())) == 3
        np.testing.assert_allclose(mean_and_variance(arrays)[1], whole)


class TestRateRatio:
    def test_counts_of_persons(self):
        effect = rate(FRAME)
        assert (effect.n_treatment, effect.n_control) == (3, 3)
        assert (effect.n_apart_treatment, effect.n_apart_control) == (2, 1)
        assert (effect.scale, effect.unit) == ("log_ratio", "rate_ratio")
        assert effect.estimator == "Lin–Wei–Yang–Ying (Efron)"

    def test_methods_differ_in_their_error_only(self):
        lwyy, model = rate(FRAME), rate(FRAME, method="andersen-gill")
        assert model.estimate == lwyy.estimate
        assert model.std_error != lwyy.std_error
        assert any("earlier events tell nothing" in note for note in model.notes)

    def test_nothing_seen(self):
        effect = rate(FRAME.assign(event=False))
        assert math.isnan(effect.estimate) and math.isnan(effect.p_value)
        assert "not estimable: no event was seen" in effect.notes

    def test_events_in_one_arm_only(self):
        effect = rate(FRAME.assign(event=FRAME["event"] & (FRAME["arm"] == "new")))
        assert math.isnan(effect.estimate)
        assert any(note.startswith("not estimable (infinite): one arm") for note in effect.notes)

    def test_clusters_are_refused_by_the_model(self):
        frame = FRAME.assign(office=FRAME["id"])
        with pytest.raises(DesignError, match='use "lwyy"'):
            rate(frame, OFFICES, method="andersen-gill")
        assert rate(frame, OFFICES).std_error == pytest.approx(rate(frame).std_error)
        assert rate(frame, OFFICES).n_clusters == 6


def changed(**cells):
    frame = FRAME.astype({"start": float, "stop": float}).assign(dead=False)
    for name, (row, value) in cells.items():
        frame.loc[row, name] = value
    return frame


BROKEN = [
    (changed(start=(1, 1.0)), "overlap an earlier row"),
    (changed(start=(1, 5.0)), "not below the end"),
    (changed(stop=(1, np.nan)), "is missing for 1 persons"),
    (changed(arm=(1, "old")), "change their arm between rows"),
    (changed(site=(1, "s")), "change their stratum between rows"),
    (changed(dead=(0, True)), "terminal events have rows of their person after them"),
]


@pytest.mark.parametrize(("frame", "rule"), BROKEN, ids=[rule for _, rule in BROKEN])
def test_broken_rows_are_refused(frame, rule):
    with pytest.raises(DataError, match=rule):
        mean(frame, SITES, terminal="dead")
    if "terminal" not in rule:
        with pytest.raises(DataError, match=rule):
            rate(frame, SITES)


@pytest.mark.parametrize(
    ("options", "said"),
    [({"method": "lwy"}, "lwyy"), ({"ties": "exact"}, "efron"), ({"conf_level": 2}, "conf_level")],
)
def test_wrong_options(options, said):
    with pytest.raises(ValueError, match=said):
        rate(FRAME, **options)
