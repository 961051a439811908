"""Jobs kept: hand calculations and wrong inputs."""

import math

import numpy as np
import pandas as pd
import polars as pl
import pytest

import jobeval as je
from jobeval import Lottery
from jobeval.errors import DataError, DesignError
from jobeval.exits.grid.within_strata import compare_within_strata

PLAIN = Lottery(arm="arm", treatment="new", control="old")
SITES = Lottery(arm="arm", treatment="new", control="old", strata="site")
OFFICES = Lottery(arm="arm", treatment="new", control="old", clusters="office")
NEVER = (None, None, None)
COLUMNS = {"started": "started", "followed": "followed"}


def trial(rows) -> pd.DataFrame:
    """Rows (arm, site, started, kept, lost, followed)."""
    frame = pd.DataFrame(rows, columns=["arm", "site", "started", "kept", "lost", "followed"])
    return frame.astype({"started": float, "kept": float})


def retention(frame, lottery=PLAIN, **options):
    return je.estimate_retention(frame, "kept", "lost", lottery, **COLUMNS, **options)


# Kept at least 4 weeks: new 3 of 4 eligible, old 1 of 3; of everyone by week 10, 3 of 6, 1 of 5.
FRAME = trial(
    [
        ("new", "n", 0, 4, True, 12),  # kept in week 4, lost in the week after
        ("new", "n", 2, 10, False, 12),  # kept in week 6
        ("new", "s", 6, 4, True, 12),  # kept in week 10
        ("new", "s", 3, 3, True, 12),  # lost in week 7
        ("new", "s", 10, 2, False, 12),  # not old enough
        ("new", "n", *NEVER, 12),
        ("old", "n", 1, 1, True, 12),
        ("old", "n", 5, 7, False, 12),  # kept in week 9
        ("old", "s", 8, 2, True, 12),  # lost in week 11
        ("old", "s", *NEVER, 12),
        ("old", "s", *NEVER, 12),
    ]
)


class TestByHand:
    def test_among_starters_who_are_old_enough(self):
        effect = retention(FRAME, weeks=[4]).one(estimand="among_starters")
        assert (effect.n_treatment, effect.n_control) == (4, 3)
        assert effect.mean_treatment == pytest.approx(3 / 4)
        assert effect.mean_control == pytest.approx(1 / 3)
        assert effect.estimate == pytest.approx(3 / 4 - 1 / 3)
        # Welch: Σ (y − ȳ)² / (n (n − 1)) in each arm
        assert effect.std_error == pytest.approx(math.sqrt(0.75 / 12 + (2 / 3) / 6))
        assert (effect.n_apart_treatment, effect.n_apart_control) == (1, 1)
        assert effect.part == "kept>=4, starters"
        assert any(note.startswith("not causal") for note in effect.notes)

    def test_everyone_drawn_without_censoring_is_a_difference_of_shares(self):
        effect = retention(FRAME, weeks=[4], horizon_weeks=10).one(estimand="itt")
        assert (effect.n_treatment, effect.n_control) == (6, 5)
        assert (effect.mean_treatment, effect.mean_control) == pytest.approx((3 / 6, 1 / 5))
        assert effect.std_error == pytest.approx(math.sqrt(0.5 * 0.5 / 6 + 0.2 * 0.8 / 5))
        assert (effect.n_apart_treatment, effect.n_apart_control) == (3, 1)
        assert (effect.part, effect.horizon_weeks) == ("kept>=4, everyone", 10)

    @pytest.mark.parametrize(
        ("horizon", "kept"), [(4, 1), (5, 1), (6, 2), (9, 2), (10, 3), (12, 3)]
    )
    def test_a_job_is_kept_w_weeks_after_its_start(self, horizon, kept):
        effect = retention(FRAME, weeks=[4], horizon_weeks=horizon).one(estimand="itt")
        assert effect.mean_treatment == pytest.approx(kept / 6)

    def test_censored_before_the_horizon(self):
        """Two of four followed for 3 weeks only; of the other two, one keeps its job."""
        frame = trial(
            [("new", "n", *NEVER, 3)] * 2
            + [("new", "n", 2, 3, True, 9), ("new", "n", *NEVER, 9)]
            + [("old", "n", *NEVER, 9)] * 2
        )
        effect = retention(frame, weeks=[3], horizon_weeks=9).one(estimand="itt")
        assert effect.mean_treatment == pytest.approx(1 / 2)  # at week 5 one of two at risk

    def test_a_loss_before_is_a_competing_exit_and_no_censoring(self):
        """All followed: had losses been censored, the share would be more than 1 in 3."""
        frame = trial(
            [("new", "n", 0, 2, True, 9), ("new", "n", 4, 3, True, 9), ("new", "n", *NEVER, 9)]
            + [("old", "n", *NEVER, 9)] * 2
        )
        effect = retention(frame, weeks=[3]).one(estimand="itt")
        assert effect.mean_treatment == pytest.approx(1 / 3)

    def test_the_horizon_is_the_last_week_known_in_both_arms(self):
        frame = trial(
            [
                ("new", "n", 2, 10, False, 12),
                ("new", "n", *NEVER, 9),
                ("old", "n", 1, 13, False, 14),
                ("old", "n", *NEVER, 11),
            ]
        )
        horizons = [e.horizon_weeks for e in retention(frame, weeks=[3, 4]).where(estimand="itt")]
        # the new arm's job is kept after 5 or 6 weeks, so that nobody is at risk after week 9
        assert horizons == [9, 9]

    def test_curves_show_both(self):
        curves = je.retention_curves(FRAME, "kept", "lost", PLAIN, **COLUMNS, weeks=[4])
        kept = curves.one(measure="survival", arm="new")
        # 5 starters: one censored after 2 weeks, lost after 3, 4 and 4 (seen in the week after)
        assert kept.values.tolist() == pytest.approx([1, 1, 1, 1, 3 / 4, 1 / 4] + [1 / 4] * 5)
        assert "weeks since the start of the job" in kept.notes
        of_everyone = curves.one(cause="kept>=4", arm="new")
        assert [of_everyone.at(w) for w in (3, 4, 6, 10)] == pytest.approx([0, 1 / 6, 2 / 6, 3 / 6])

    def test_the_curve_of_kept_jobs_agrees_with_the_share_of_the_eligible(self):
        whole = FRAME[~((FRAME["arm"] == "new") & (FRAME["started"] == 10))]
        curve = je.retention_curves(whole, "kept", "lost", PLAIN, **COLUMNS, weeks=[4])
        share = retention(whole, weeks=[4]).one(estimand="among_starters").mean_treatment
        assert curve.one(measure="survival", arm="new").at(4) == pytest.approx(share)


class TestStrata:
    # nobody is helped: in the north all starters keep the job, in the south none, and the
    # north has three quarters of the new arm and a quarter of the old
    UNEQUAL = trial(
        [("new", "north", 0, 20, False, 20)] * 6
        + [("old", "north", 0, 20, False, 20)] * 2
        + [("new", "south", 0, 1, True, 20)] * 2
        + [("old", "south", 0, 1, True, 20)] * 6
    )

    def test_unequal_odds_do_not_pass_for_an_effect(self):
        assert retention(self.UNEQUAL, PLAIN, weeks=[13])[0].estimate == pytest.approx(0.5)
        for effect in retention(self.UNEQUAL, SITES, weeks=[13]):
            assert effect.estimate == pytest.approx(0, abs=1e-12)
        everyone = retention(self.UNEQUAL, SITES, weeks=[13]).one(estimand="itt")
        assert everyone.mean_control == pytest.approx(0.5)
        assert "standardised over 2 strata" in everyone.notes

    def test_weights_by_hand(self):
        """Strata of 2 + 2 and 1 + 3: weights 1 and 3/4."""
        means = compare_within_strata(
            np.array([1.0, 0, 0, 0, 1, 1, 0, 0]), np.array([1, 1, 0, 0, 1, 0, 0, 0]),
            np.repeat([0, 1], 4),
        )  # fmt: skip
        assert means.treatment == pytest.approx((1 * 0.5 + 0.75 * 1) / 1.75)
        assert means.control == pytest.approx((0 + 0.75 / 3) / 1.75)

    def test_a_stratum_without_an_arm_weighs_nothing(self):
        more = pd.concat([FRAME, trial([("new", "far", 0, 12, False, 12)] * 2)])
        both = pd.concat([more, trial([("old", "far", *NEVER, 12)] * 2)])
        alone, joined = (
            retention(frame, SITES, weeks=[4]).one(estimand="among_starters")
            for frame in (FRAME, both)
        )
        assert joined.estimate == pytest.approx(alone.estimate)
        assert joined.n_treatment == alone.n_treatment + 2


def test_persons_as_clusters_need_no_clusters():
    """Residuals summed over clusters of one person are HC0: HC2 less n/(n − 1) in each arm."""
    rng = np.random.default_rng(3)
    y, arm = rng.integers(0, 2, 30).astype(float), np.arange(30) % 2
    one = compare_within_strata(y, arm, np.zeros(30, dtype=int), np.arange(30))
    other = compare_within_strata(y, arm, np.zeros(30, dtype=int))
    assert one.std_error == pytest.approx(other.std_error * math.sqrt(14 / 15))


def test_clusters_are_told():
    frame = pd.concat([FRAME] * 2, ignore_index=True)
    frame["office"] = frame["arm"] + (frame.index % 4).astype(str)
    for effect in retention(frame, OFFICES, weeks=[4]):
        assert effect.n_clusters == 8
        assert any("clusters, too few" in note for note in effect.notes)


class TestNotEstimable:
    def test_a_horizon_before_a_job_can_be_kept(self):
        effect = retention(FRAME, weeks=[4], horizon_weeks=3).one(estimand="itt")
        assert math.isnan(effect.estimate) and math.isnan(effect.p_value)
        assert any("nobody can have kept a job 4 weeks" in note for note in effect.notes)

    def test_a_horizon_beyond_the_follow_up(self):
        effect = retention(FRAME, weeks=[4], horizon_weeks=13).one(estimand="itt")
        assert math.isnan(effect.estimate)
        assert any("followed to week 13" in note for note in effect.notes)

    def test_a_horizon_beyond_the_follow_up_when_all_is_told(self):
        frame = trial([("new", "n", 0, 4, True, 12), ("old", "n", 0, 2, True, 12)])
        effect = retention(frame, weeks=[3], horizon_weeks=30).one(estimand="itt")
        assert effect.estimate == pytest.approx(1)

    def test_no_eligible_starter(self):
        effect = retention(FRAME, weeks=[13], horizon_weeks=12).one(estimand="among_starters")
        assert (effect.n_treatment, effect.n_control) == (0, 0)
        assert math.isnan(effect.estimate) and math.isnan(effect.p_value)
        assert any(note.startswith("not estimable") for note in effect.notes)

    def test_nobody_started(self):
        frame = trial([(arm, "n", *NEVER, 30) for arm in ("new", "old")] * 3)
        starters, everyone = retention(frame, weeks=[4])
        assert math.isnan(starters.estimate)
        assert everyone.estimate == 0 and math.isnan(everyone.p_value)
        assert any("no job was kept" in note for note in everyone.notes)
        assert not je.retention_curves(frame, "kept", "lost", PLAIN, **COLUMNS).where(
            measure="survival"
        )

    def test_all_starters_keep_it(self):
        frame = trial([(arm, "n", 0, 30, False, 30) for arm in ("new", "old")] * 3)
        effect = retention(frame, weeks=[13]).one(estimand="among_starters")
        assert effect.estimate == 0 and math.isnan(effect.p_value)
        assert "standard error not estimable" in effect.notes


def test_polars_knows_missing_flags():
    values = {name: [None if v != v else v for v in FRAME[name].tolist()] for name in FRAME}
    told = [retention(frame, weeks=[4]) for frame in (pl.DataFrame(values), FRAME)]
    assert told[0].to_dict() == told[1].to_dict()


BROKEN = [
    ({"kept": 0.0}, "kept the job for less than one week"),
    ({"kept": 2.5}, "not whole weeks"),
    ({"started": -1.0}, "are negative"),
    ({"followed": 4.0}, "losses lie after the end of follow-up"),
    ({"lost": False}, "jobs that are not lost do not end with the follow-up"),
    ({"lost": None}, "is missing for 1 persons"),
    ({"kept": None}, "is missing for 1 persons"),
    ({"started": None}, "have a duration and no start"),
    ({"started": None, "kept": None}, "lost a job and have no start"),
    ({"followed": None}, "is missing for 1 persons"),
]


@pytest.mark.parametrize(("change", "rule"), BROKEN, ids=[rule for _, rule in BROKEN])
def test_what_contradicts_itself_is_refused(change, rule):
    frame = FRAME.copy()
    for name, value in change.items():
        if value is None and name == "lost":
            frame[name] = frame[name].astype(object)
        frame.loc[0, name] = value
    with pytest.raises(DataError, match=rule):
        retention(frame)


@pytest.mark.parametrize(
    "options",
    [{"weeks": []}, {"weeks": [0]}, {"weeks": [26, 13]}, {"weeks": [4, 4]}, {"weeks": [1.5]},
     {"weeks": [True]}, {"horizon_weeks": 0}, {"horizon_weeks": 2.5}, {"conf_level": 95}],
)  # fmt: skip
def test_wrong_options(options):
    with pytest.raises(ValueError, match="must"):
        retention(FRAME, **options)


def test_odds_that_vary_within_strata_are_refused():
    frame = FRAME.assign(p=np.where(FRAME.index % 2, 0.4, 0.6))
    with pytest.raises(DesignError, match="Mend"):
        retention(frame, Lottery(arm="arm", treatment="new", control="old", probability="p"))
