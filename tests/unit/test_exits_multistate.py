"""Multi-state histories by hand, and what is said of inputs that will not do."""

import json

import numpy as np
import pandas as pd
import pytest

from jobeval import (
    DataError,
    DesignError,
    Lottery,
    estimate_occupancy,
    estimate_occupancy_weeks,
    estimate_transition_probabilities,
    estimate_transition_rates,
    tabulate_transitions,
)
from jobeval.exits.histories.histories import build_histories, read_histories
from jobeval.exits.histories.occupancy import occupancy_from_histories
from jobeval.exits.histories.occupancy_weeks import occupancy_weeks_from_histories
from jobeval.exits.histories.sequences import SequenceGroups, group_sequences

PLAIN = Lottery(arm="arm", treatment="t", control="c")
COLUMNS = ("id", "start", "stop", "state")


def spells(*rows) -> pd.DataFrame:
    """Rows ``(id, arm, start, stop, state)``."""
    return pd.DataFrame(rows, columns=["id", "arm", "start", "stop", "state"])


def paths(*texts, arms, **options):
    """A letter a week: b(enefit), w(ork), p(ension); a dot where not observed."""
    codes = {"b": 0, "w": 1, "p": 2, ".": 255}
    states = np.array([[codes[letter] for letter in text] for text in texts], dtype=np.uint8)
    labels = ("benefit", "work", "pension")
    columns = {"arm": np.array(list(arms), dtype=object)}
    return build_histories(states, labels, columns, PLAIN, **options)


HAND = ("bbww", "bwbb", "bb..", "bw..", "bbbb", "bbbb")
"""Four treated, two of them seen for two weeks only, and two controls."""


def test_aalen_johansen_by_hand():
    """In week 1, 2 of 4 start to work. Then 1 of 1 on benefit starts and 1 of 1 stops."""
    curves = occupancy_from_histories(paths(*HAND, arms="ttttcc"))
    work = curves.one(arm="t", cause="work")
    assert work.values.tolist() == [0, 0.5, 0.5, 0.5]
    assert work.at_risk.tolist() == [4, 4, 2, 2] and work.events.tolist() == [0, 2, 1, 1]
    assert work.std_error[1] == pytest.approx((0.5 * 0.5 / 4) ** 0.5)
    assert curves.one(arm="t - c", cause="work").values.tolist() == [0, 0.5, 0.5, 0.5]
    observed = occupancy_from_histories(paths(*HAND, arms="ttttcc"), method="observed")
    assert observed.one(arm="t", cause="work").std_error[2] == pytest.approx((0.25 / 2) ** 0.5)


def test_expected_weeks_by_hand():
    effects = occupancy_weeks_from_histories(paths(*HAND, arms="ttttcc"), horizon_weeks=3)
    work = effects.one(part="work")
    assert (work.estimate, work.mean_control, work.mean_treatment) == (1.0, 0.0, 1.0)
    assert (work.n_apart_treatment, work.n_apart_control) == (1, 0)
    assert np.isnan(work.std_error) and "no interval" in " ".join(work.notes)
    assert work.unit == "weeks" and work.horizon_weeks == 3


def test_a_share_in_a_state_that_nobody_is_seen_in_any_more_rests_there():
    """One of 30 treated starts to work and is not seen again."""
    treated = ["bw.."] + ["bbbb"] * 29
    histories = paths(*treated, "bbbb", "bwwb", arms="t" * 30 + "cc")
    curve = occupancy_from_histories(histories).one(arm="t", cause="work")
    assert curve.values == pytest.approx([0, 1 / 30, 1 / 30, 1 / 30])
    assert any("up to 0.033 of arm 't' rests" in note for note in curve.notes)
    closed = paths(*treated, "bbbb", "bbww", arms="t" * 30 + "cc", absorbing=("work",))
    assert not occupancy_from_histories(closed).one(arm="t", cause="work").notes


def test_too_large_a_share_that_rests_ends_the_curve():
    treated = ["bw.."] * 2 + ["bbbb"] * 10
    histories = paths(*treated, "bbbb", "bwwb", arms="t" * 12 + "cc")
    curves = occupancy_from_histories(histories)
    curve = curves.one(arm="t", cause="benefit")
    assert np.isnan(curve.values).tolist() == [False, False, True, True]
    assert any("unknown from week 2 on" in note for note in curve.notes)
    assert np.isnan(curves.one(arm="t - c", cause="work").values[2:]).all()
    effects = occupancy_weeks_from_histories(histories, horizon_weeks=4)
    assert all(np.isnan(effect.estimate) for effect in effects)
    assert "known for 2 of 4 weeks" in effects[0].notes[0]


def test_a_horizon_beyond_the_follow_up_is_not_estimable():
    effects = occupancy_weeks_from_histories(paths(*HAND, arms="ttttcc"), horizon_weeks=9)
    assert all(np.isnan(effect.estimate) for effect in effects)
    assert "known for 4 of 9 weeks" in effects[0].notes[0]


def test_landmark_by_hand():
    """Of the treated who work in week 1, one is back in week 2; the other is not seen then."""
    frame = spells(
        (1, "t", 0, 1, "b"), (1, "t", 1, 2, "w"), (1, "t", 2, 4, "b"), (2, "t", 0, 1, "b"),
        (2, "t", 1, 2, "w"), (3, "t", 0, 4, "b"), (4, "c", 0, 1, "b"), (4, "c", 1, 4, "w"),
    )  # fmt: skip
    curves = estimate_transition_probabilities(
        frame, *COLUMNS, PLAIN, from_state="w", landmark_week=1
    )
    back = curves.one(arm="t", cause="b")
    assert back.times.tolist() == [1, 2, 3] and back.values.tolist() == [0, 1, 1]
    assert back.at_risk.tolist() == [2, 1, 1] and back.subgroup == "w@1"
    assert not curves.where(arm="t - c").curves and "not causal" in back.notes[0]
    start = estimate_transition_probabilities(
        frame, *COLUMNS, PLAIN, from_state="b", landmark_week=0
    )
    assert start.one(arm="t - c", cause="w").values[1] == pytest.approx(2 / 3 - 1)
    with pytest.raises(DesignError, match="Nobody of an arm is in state 'w' in week 0"):
        estimate_transition_probabilities(frame, *COLUMNS, PLAIN, from_state="w", landmark_week=0)


def test_non_markov_moves_need_the_landmark():
    """Who came to work late leaves at once, who was there from the start never does."""
    early, late = "wwww", "bwbb"
    histories = paths(*[early] * 3, *[late] * 3, *[early] * 3, *[late] * 3, arms="t" * 6 + "c" * 6)
    columns = {"from_state": "benefit", "landmark_week": 0}
    from jobeval.exits.histories.landmark import (
        transition_probabilities_from_histories as probabilities,
    )

    landmark = probabilities(histories, **columns).one(arm="t", cause="benefit")
    markov = probabilities(histories, method="aalen-johansen", **columns)
    assert landmark.values.tolist() == [1, 0, 1, 1]
    assert markov.one(arm="t", cause="benefit").values.tolist() == [1, 0, 0.5, 0.5]
    occupancy = occupancy_from_histories(histories).one(arm="t", cause="benefit")
    assert occupancy.values.tolist() == [0.5, 0, 0.5, 0.5]


def test_transition_rates_by_hand():
    frame = spells(
        (1, "t", 0, 2, "b"), (1, "t", 2, 3, "w"), (1, "t", 3, 5, "b"), (2, "t", 0, 5, "b"),
        (3, "c", 0, 4, "b"), (3, "c", 4, 6, "w"), (4, "c", 0, 5, "b"),
    )  # fmt: skip
    table = tabulate_transitions(frame, *COLUMNS, PLAIN).set_index(["from_state", "to_state"])
    row = table.loc[("b", "w")]
    assert (row["moves_treatment"], row["weeks_at_risk_treatment"]) == (1, 2 + 1 + 4)
    assert (row["moves_control"], row["weeks_at_risk_control"]) == (1, 4 + 4)
    assert row["rate_treatment"] == pytest.approx(100 / 7)
    assert row["rate_ratio"] == pytest.approx(8 / 7)
    back = estimate_transition_rates(frame, *COLUMNS, PLAIN).one(part="w -> b")
    assert np.isnan(back.estimate) and "not estimable" in back.notes[-1]
    assert (back.n_treatment, back.n_control, back.n_apart_treatment) == (1, 1, 1)
    # log(1 / 7) has the influence (d_i − y_i / 7) / 1 = ±4/7; log(1 / 8) has ±1/2
    effect = estimate_transition_rates(frame, *COLUMNS, PLAIN).one(part="b -> w")
    assert effect.std_error == pytest.approx((2 * (4 / 7) ** 2 + 2 * 0.5**2) ** 0.5)


def test_nobody_moves():
    frame = spells((1, "t", 0, 2, "b"), (2, "c", 0, 2, "b"))
    assert tabulate_transitions(frame, *COLUMNS, PLAIN).empty
    assert len(estimate_transition_rates(frame, *COLUMNS, PLAIN)) == 0
    curves = estimate_occupancy(frame, *COLUMNS, PLAIN, states=("b", "w"), band=True)
    assert curves.one(arm="t", cause="w").values.tolist() == [0, 0]
    assert np.isnan(curves.one(arm="t - c", cause="w").band_low).all()


def test_late_entrants_count_from_the_week_after_they_came():
    histories = paths("bbw", ".bw", "bbb", ".wb", arms="ttcc")
    control = occupancy_from_histories(histories).one(arm="c", cause="benefit")
    assert control.values.tolist() == [1, 1, 1] and control.at_risk.tolist() == [1, 2, 2]
    nobody_first = paths(".bw", ".bw", "bbb", "bbb", arms="ttcc")
    assert np.isnan(occupancy_from_histories(nobody_first).one(arm="t", cause="work").values).all()


GOOD = ((1, "t", 0, 2, "b"), (1, "t", 2, 3, "w"), (2, "c", 0, 3, "b"))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ((1, "t", 1, 3, "b"), "1 persons are in two states in one week"),
        ((1, "t", 5, 6, "b"), "1 persons are in no state between two spells"),
        ((1, "t", 4, 4, "b"), "1 spells do not stop after their start"),
        ((1, "t", 3.5, 4, "b"), "1 values are not whole weeks"),
        ((1, "t", -1, 4, "b"), "1 values are negative"),
        ((1, "t", 3, 1e6, "b"), "1 values lie beyond"),
        ((1, "t", 3, None, "b"), "is missing in 1 rows"),
        ((None, "t", 3, 4, "b"), "is missing in 1 rows"),
        ((1, "t", 3, 4, None), "is missing in 1 rows"),
        ((1, "t", 3, 4, " "), "1 spells are in a state that is not a text"),
        ((1, "c", 3, 4, "b"), "differs between the rows of 1 persons"),
        ((3, "x", "soon", 4, "b"), "does not hold numbers"),
    ],
)
def test_spells_that_will_not_do(row, message):
    with pytest.raises(DataError, match=message):
        estimate_occupancy(spells(*GOOD, row), *COLUMNS, PLAIN)


def test_several_problems_are_told_at_once():
    with pytest.raises(DataError) as told:
        estimate_occupancy(spells(*GOOD, (1, "t", -1, 0.5, None)), *COLUMNS, PLAIN)
    assert len(told.value.problems) == 3


def test_states_gaps_and_absorbing_states():
    gap = spells(*GOOD, (1, "t", 5, 6, "b"))
    read = {"person": "id", "start": "start", "stop": "stop", "state": "state", "lottery": PLAIN}
    filled = read_histories(gap, gap_state="self", **read)
    assert filled.labels == ("b", "self", "w")
    assert filled.states.tolist() == [[0, 0, 2, 1, 1, 0], [0, 0, 0, 255, 255, 255]]
    with pytest.raises(DataError, match="1 spells are in a state that is not among those named"):
        read_histories(spells(*GOOD), states=("b", "work"), **read)
    with pytest.raises(ValueError, match="no state 'worked': did you mean \"work\""):
        read_histories(spells(*GOOD), states=("b", "work"), gap_state="worked", **read)
    with pytest.raises(ValueError, match="no state 'x'"):
        read_histories(spells(*GOOD), absorbing=("x",), **read)
    with pytest.raises(DataError, match="1 persons leave a state that is declared absorbing"):
        read_histories(spells(*GOOD), absorbing=("b",), **read)
    with pytest.raises(ValueError, match="each once"):
        read_histories(spells(*GOOD), states=("b", "w", "w"), **read)


def test_arrays_that_will_not_do():
    with pytest.raises(DataError, match="1 persons are observed with breaks"):
        paths("b.b", "bbb", "bbb", arms="tcc")
    columns = {"arm": np.array(["t", "c"], dtype=object)}
    with pytest.raises(ValueError, match="uint8 codes below 2"):
        build_histories(np.array([[0], [2]], dtype=np.uint8), ("b", "w"), columns, PLAIN)


def test_options_that_will_not_do():
    frame = spells(*GOOD)
    with pytest.raises(ValueError, match='did you mean "observed"'):
        estimate_occupancy(frame, *COLUMNS, PLAIN, method="observd")
    with pytest.raises(ValueError, match="whole number from 1"):
        estimate_occupancy_weeks(frame, *COLUMNS, PLAIN, horizon_weeks=0)
    with pytest.raises(ValueError, match="conf_level"):
        estimate_occupancy(frame, *COLUMNS, PLAIN, conf_level=95)
    ways = {"from_state": "b", "landmark_week": 0}
    with pytest.raises(ValueError, match='did you mean "landmark"'):
        estimate_transition_probabilities(frame, *COLUMNS, PLAIN, method="landmrk", **ways)
    with pytest.raises(ValueError, match="no state 'bb'"):
        estimate_transition_probabilities(frame, *COLUMNS, PLAIN, **{**ways, "from_state": "bb"})
    with pytest.raises(ValueError, match=r"must lie in 0 … 2"):
        estimate_transition_probabilities(frame, *COLUMNS, PLAIN, **{**ways, "landmark_week": 3})


def test_odds_that_vary_within_strata_are_refused():
    lottery = Lottery(arm="arm", treatment="t", control="c", probability="odds")
    frame = spells(*GOOD).assign(odds=[0.5, 0.5, 0.4])
    with pytest.raises(DesignError, match="differs within the strata"):
        estimate_occupancy(frame, *COLUMNS, lottery)


def test_groups_of_sequences():
    """The early workers first, then the late one, then those who never work."""
    histories = paths("bbb", "bbw", "bww", "bwb", "bw.", "bbb", "bbb", arms="tttttcc")
    groups = group_sequences(histories, 2, by="work", horizon_weeks=3)
    assert groups.sizes.tolist() == [2, 2, 2] and groups.left_out == (0, 1)
    assert groups.arms == ("c", "t") and groups.arm.tolist() == [0, 1, 1]
    frame = groups.to_frame().query("arm == 't' and week == 2")
    assert frame["state"].tolist() == ["benefit", "benefit"] and frame["count"].tolist() == [1, 1]
    assert groups.to_frame().query("arm == 't' and group == 0 and week == 1")["count"].item() == 2
    stored = json.loads(json.dumps(groups.to_dict()))
    assert SequenceGroups.from_dict(stored).to_frame().equals(groups.to_frame())
    with pytest.raises(DesignError, match="Arm 'c' has fewer than 3 persons"):
        group_sequences(histories, 3, by="work", horizon_weeks=3)
    with pytest.raises(DesignError, match="fewer than 1 persons who are observed for 9 weeks"):
        group_sequences(histories, 1, by="work", horizon_weeks=9)
    with pytest.raises(ValueError, match="at least 1"):
        group_sequences(histories, 0, by="work", horizon_weeks=3)
