"""Expected weeks by state: by hand, by all lotteries, and what cannot be estimated."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from jobeval import DataError, DesignError, Lottery, estimate_rmst, estimate_state_weeks
from jobeval.exits.destinations.state_weeks import state_weeks_from_grid
from jobeval.exits.grid.durations import read_destinations
from jobeval.exits.grid.grid import build_grid

PLAIN = Lottery(arm="arm", treatment="new", control="old")
SITES = Lottery(arm="arm", treatment="new", control="old", strata="site")
VILLAGES = Lottery(arm="arm", treatment="new", control="old", clusters="village")


def trial(rows) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["arm", "week", "to"])
    frame["to"] = frame["to"].where(frame["to"].notna(), None)
    return frame


SMALL = trial(
    [("new", 1, "job"), ("new", 1, "job"), ("new", 3, None), ("new", 4, "school"),
     ("old", 2, "job"), ("old", 3, "school"), ("old", 4, None), ("old", 4, None)]
)  # fmt: skip


class TestByHand:
    """Four weeks; nobody is censored before week 3, so weeks are means over persons but there."""

    table = estimate_state_weeks(SMALL, "week", "to", PLAIN, horizon_weeks=4)

    def test_weeks(self):
        """New: two of four in a job for 3 weeks. Old: one of four for 2, one at school for 1."""
        job, school, stay = self.table
        assert (job.mean_treatment, job.mean_control) == (1.5, 0.5)
        assert (school.mean_treatment, school.mean_control) == (0, 0.25)
        assert (stay.mean_treatment, stay.mean_control) == (2.5, 3.25)
        assert [e.estimate for e in self.table] == [1.0, -0.25, -0.75]

    def test_error(self):
        """Binomial: 3² · ½ · ½ / 4 and 2² · ¼ · ¾ / 4; an arm without an exit has no error."""
        job, school, stay = self.table
        assert job.std_error == pytest.approx(np.sqrt(9 / 16 + 3 / 16))
        assert np.isnan(school.std_error)
        assert "standard error not estimable: the weeks of an arm do not vary" in school.notes
        # new: 3, 3 lost weeks and 0, 0; old: 2, 1, 0, 0 with variance 11/16
        assert stay.std_error == pytest.approx(np.sqrt(9 / 16 + 11 / 64))

    def test_labels(self):
        assert [e.part for e in self.table] == ["job", "school", "remaining"]
        for effect in self.table:
            assert (effect.unit, effect.horizon_weeks, effect.endpoint) == ("weeks", 4, "week")
            assert (effect.n_treatment, effect.n_control) == (4, 4)
            assert effect.contrast == PLAIN.contrast
        assert [(e.n_apart_treatment, e.n_apart_control) for e in self.table] == [
            (2, 1), (0, 1), (2, 2)
        ]  # fmt: skip

    def test_beyond_the_last_week_all_have_left(self):
        frame = trial([(arm, week, "job") for arm in ("new", "old") for week in (1, 2)])
        job, stay = estimate_state_weeks(frame, "week", "to", PLAIN, horizon_weeks=10)
        assert (job.mean_control, stay.mean_control) == (8.5, 1.5)


def test_beyond_follow_up_nothing_is_known():
    table = estimate_state_weeks(SMALL, "week", "to", PLAIN, horizon_weeks=6)
    for effect in table:
        assert np.isnan(effect.estimate) and np.isnan(effect.p_value)
        assert any("largest usable horizon is 5" in note for note in effect.notes)


def test_nobody_left():
    frame = trial([("new", 3, None), ("old", 3, None)] * 3)
    (stay,) = estimate_state_weeks(frame, "week", "to", PLAIN, horizon_weeks=3)
    assert (stay.part, stay.estimate, stay.mean_control) == ("remaining", 0, 3)
    assert np.isnan(stay.std_error) and np.isnan(stay.p_value)


class TestLottery:
    def test_all_lotteries_by_brute_force(self):
        """Eight persons: 70 ways to draw four, each computed as a trial of its own."""
        to = ["job", "job", None, "school", "job", "school", None, "job"]
        frame = SMALL.assign(week=[1, 1, 4, 3, 2, 3, 4, 2], to=to)
        drawn = estimate_state_weeks(
            frame, "week", "to", PLAIN, horizon_weeks=4, inference="lottery"
        )
        statistics = []
        for chosen in combinations(range(8), 4):
            again = frame.assign(arm=np.where(np.isin(range(8), chosen), "new", "old"))
            table = estimate_state_weeks(again, "week", "to", PLAIN, horizon_weeks=4)
            statistics.append([e.estimate / e.std_error for e in table])
        for effect, values in zip(drawn, np.array(statistics).T, strict=True):
            seen = abs(effect.estimate / effect.std_error)
            hits = (np.isnan(values) | (np.abs(values) >= seen * (1 - 1e-9))).mean()
            assert effect.given_p_value == pytest.approx(hits)
            assert effect.inference == "lottery"

    def test_persons_and_counts_draw_alike(self):
        """Late entries of nobody change nothing, but make each draw be computed from persons."""
        rng = np.random.default_rng(4)
        to = rng.choice(np.array(["job", "school", None], dtype=object), 40)
        rows = zip(["new", "old"] * 20, rng.integers(1, 6, 40), to, strict=True)
        frame = trial(list(rows)).assign(entry=0)
        options = {"horizon_weeks": 4, "inference": "lottery", "draws": 300}
        one = estimate_state_weeks(frame, "week", "to", PLAIN, **options)
        other = estimate_state_weeks(frame, "week", "to", PLAIN, entry="entry", **options)
        for first, second in zip(one, other, strict=True):
            assert first.estimate == pytest.approx(second.estimate)
            assert first.given_p_value == pytest.approx(second.given_p_value, abs=0.12)

    def test_the_remaining_are_drawn_as_restricted_means(self):
        frame = SMALL.assign(left=SMALL["to"].notna())
        *_, stay = estimate_state_weeks(
            SMALL, "week", "to", PLAIN, horizon_weeks=4, inference="lottery"
        )
        mean = estimate_rmst(frame, "week", "left", PLAIN, horizon_weeks=4, inference="lottery")
        assert stay.given_p_value == mean.given_p_value
        assert stay.given_interval == pytest.approx(mean.given_interval)

    def test_strata_are_drawn_within(self):
        frame = pd.concat([SMALL.assign(site="n"), SMALL.assign(site="s")], ignore_index=True)
        frame.loc[8:, "week"] = [2, 1, 4, 3, 1, 3, 4, 4]
        table = estimate_state_weeks(
            frame, "week", "to", SITES, horizon_weeks=4, inference="lottery", draws=400
        )
        grid = read_destinations(frame, "week", "to", SITES).grid(SITES)
        counts = state_weeks_from_grid(
            grid, endpoint="week", horizon_weeks=4, inference="lottery", draws=400
        )
        pd.testing.assert_frame_equal(table.to_frame(), counts.to_frame())
        assert all("standardised over 2 strata" in e.notes for e in table)

    def test_late_entries_cannot_be_drawn_from_counts(self):
        grid = read_destinations(SMALL.assign(e=0), "week", "to", PLAIN, entry="e").grid(PLAIN)
        with pytest.raises(DesignError, match="entered late"):
            state_weeks_from_grid(grid, endpoint="w", horizon_weeks=3, inference="lottery")


def test_clusters_of_persons_are_their_sums():
    """Each person twice in a village of their own: the same means, the same error but G/(G−1)."""
    frame = SMALL.assign(to=["job", "job", None, "job", "job", "job", None, None])
    plain = estimate_state_weeks(frame, "week", "to", PLAIN, horizon_weeks=4)
    doubled = pd.concat([frame, frame]).assign(village=[*range(8)] * 2)
    summed = estimate_state_weeks(doubled, "week", "to", VILLAGES, horizon_weeks=4)
    for one, other in zip(plain, summed, strict=True):
        assert other.estimate == pytest.approx(one.estimate)
        assert other.std_error == pytest.approx(one.std_error * np.sqrt(4 / 3))
        assert other.n_clusters == 8
        assert 3 <= other.df <= 6


def test_a_stratum_without_persons_falls_away():
    labels = {"arms": ("old", "new"), "causes": ("job",)}
    rng = np.random.default_rng(1)
    weeks, cause, arm = rng.integers(1, 5, 40), rng.integers(0, 2, 40), np.arange(40) % 2
    stratum = np.arange(40) // 20 * 2
    with_gap, without = (
        build_grid(weeks, cause, arm, codes, strata=names, **labels)
        for codes, names in ((stratum, ("a", "b", "c")), (stratum // 2, ("a", "c")))
    )
    options = {"endpoint": "w", "horizon_weeks": 3, "inference": "lottery", "draws": 100}
    one, other = (state_weeks_from_grid(grid, **options) for grid in (with_gap, without))
    pd.testing.assert_frame_equal(one.to_frame(), other.to_frame())
    assert np.isfinite([e.estimate for e in one]).all()


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"horizon_weeks": 0}, "horizon_weeks"),
        ({"horizon_weeks": 2.5}, "horizon_weeks"),
        ({"horizon_weeks": 3, "inference": "lotery"}, 'did you mean "lottery"'),
        ({"horizon_weeks": 3, "draws": 0}, "draws"),
        ({"horizon_weeks": 3, "seed": -1}, "seed"),
        ({"horizon_weeks": 3, "conf_level": 1.0}, "conf_level"),
    ],
)
def test_options_that_make_no_sense(options, match):
    with pytest.raises(ValueError, match=match):
        estimate_state_weeks(SMALL, "week", "to", PLAIN, **options)


def test_a_destination_may_not_have_the_name_of_the_others():
    frame = SMALL.assign(to=SMALL["to"].replace("job", "remaining"))
    with pytest.raises(DataError, match="remaining"):
        estimate_state_weeks(frame, "week", "to", PLAIN, horizon_weeks=3)
