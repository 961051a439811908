"""The gate on curves, weeks, ways, jobs and models: what must not be told, and what may be."""

import dataclasses
import itertools
import math
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from jobeval.disclosure.gate import release
from jobeval.disclosure.notes import is_known, release_wordings
from jobeval.disclosure.released import SUPPRESSED
from jobeval.disclosure.rules import round_count
from jobeval.evaluation import Evaluation
from jobeval.results import CheckResult, Curve, CurveTable, EffectTable, Estimate, HypothesisTest

CONTRAST = "jobfirst - control"


def effect(part: str, apart: tuple[int, int], **more) -> Estimate:
    values = {
        "endpoint": "first_destination", "estimand": "itt", "contrast": CONTRAST, "unit": "weeks",
        "estimator": "area under Aalen–Johansen", "analysis": "destination_weeks",
        "estimate": 0.5, "std_error": 0.2, "n_treatment": 600, "n_control": 600,
        "mean_treatment": 2.5, "mean_control": 2.0,
        "n_apart_treatment": apart[0], "n_apart_control": apart[1],
    }  # fmt: skip
    return Estimate(part=part, **{**values, **more})


def share(part: str, having: tuple[int, int], **more) -> Estimate:
    means = {"mean_treatment": having[0] / 600, "mean_control": having[1] / 600}
    apart = tuple(min(n, 600 - n) for n in having)
    return effect(part, apart, unit="share", estimator="difference of curves", **means, **more)


def with_effects(evaluation: Evaluation, *effects: Estimate) -> Evaluation:
    return dataclasses.replace(evaluation, effects=EffectTable(effects))


def hidden_parts(evaluation: Evaluation) -> list[str]:
    return [e.part for e in release(evaluation).effects if e.suppressed]


def curve(events, n: int = 100, **more) -> Curve:
    """Exits of ``n`` persons, by week from 0 on."""
    events = np.array(events)
    gone = np.cumsum(events)
    values = {
        "endpoint": "exit_to_employment", "measure": "survival", "arm": "control",
        "times": np.arange(len(events)), "events": events, "at_risk": n - gone + events,
        "values": 1 - gone / n, "unit": "share",
    }  # fmt: skip
    return Curve(**{**values, **more})  # type: ignore[arg-type]


def released_curves(evaluation: Evaluation, *curves: Curve):
    return release(dataclasses.replace(evaluation, curves=CurveTable(curves))).curves


# --- curves ------------------------------------------------------------------------------------


def starts(events, first, n: int = 100) -> Curve:
    events = np.array(events)
    at_risk = np.where(np.arange(len(events)) == 0, 0, n)
    return curve(
        events, n, measure="mean_cumulative", unit="events", values=np.cumsum(events) / n,
        at_risk=at_risk, first_events=np.array(first), endpoint="job_starts",
    )  # fmt: skip


def test_the_number_of_starts_steps_where_enough_persons_start(fabricated):
    [shown] = released_curves(fabricated, starts([0, 3, 3, 4, 2], [0, 3, 2, 4, 1]))
    assert shown.times == (0, 2, 4)
    assert shown.values == (0.0, 0.05, 0.1)  # 6 and 12 starts on the grid of five
    assert shown.risk_counts == (100,)


@pytest.mark.parametrize("first", [[0, 2, 0, 0, 0, 0], []])
def test_many_starts_of_two_persons_make_no_step(fabricated, first):
    """Twelve starts, six each: five events alone would be one person's."""
    [shown] = released_curves(fabricated, starts([0, 2, 2, 2, 2, 4], first))
    assert shown.times == (0, 5)
    assert math.isnan(shown.values[-1])


def test_more_than_one_start_a_person_is_not_cut_to_one(fabricated):
    [shown] = released_curves(fabricated, starts([0, 100, 100], [0, 60, 40]))
    assert shown.values == (0.0, 1.0, 2.0)


def test_a_curve_with_late_entries_begins_when_enough_are_at_risk(fabricated):
    late = curve(
        [0, 2, 4, 5], at_risk=np.array([0, 6, 40, 60]), values=np.array([1, 0.7, 0.6, 0.5])
    )
    [shown] = released_curves(fabricated, late)
    assert shown.times == (0, 2, 3)


def test_compliers_curves_may_leave_0_to_1_and_their_weekly_difference_stays_inside(fabricated):
    below = curve(
        [0, 5, 5], measure="complier_incidence", values=np.array([0, -0.08, 0.04]),
        conf_low=np.array([0, -0.2, -0.1]), conf_high=np.array([0, 0.02, 0.2]),
    )  # fmt: skip
    shown = released_curves(fabricated, below, dataclasses.replace(below, arm=CONTRAST))
    assert [c.arm for c in shown] == ["control"]
    assert shown[0].values == (0.0, -0.1, 0.05)
    assert shown[0].conf_low == (0.0, -0.22, -0.09)


@pytest.mark.parametrize(("left", "shown"), [((20, 4), 0), ((20, 5), 1)])
def test_the_ratio_over_the_weeks_goes_with_the_ratio_of_all_weeks(fabricated, left, shown):
    smooth = curve(np.ones(40, dtype=int), measure="log_hazard_ratio", arm=CONTRAST)
    ratio = effect("", left, unit="hazard_ratio", scale="log_ratio", endpoint=smooth.endpoint)
    case = with_effects(fabricated, ratio)
    assert len(released_curves(case, smooth)) == shown


def test_smooth_curves_stand_on_few_weeks_and_few_decimals(fabricated):
    model = curve(
        np.ones(40, dtype=int), measure="implied_survival", values=np.linspace(1, 0.61234, 40)
    )
    [shown] = released_curves(fabricated, model)
    assert shown.times == (0, 13, 26, 39)
    assert shown.values[-1] == 0.61


def occupied(counts: dict[str, int], n: int) -> list[Curve]:
    return [
        curve([count], n, endpoint="ways", measure="occupancy", cause=state,
              values=np.array([count / n]), at_risk=np.array([n]))
        for state, count in counts.items()
    ]  # fmt: skip


@pytest.mark.parametrize("few", [1, 2, 3, 4])
@pytest.mark.parametrize("others", [30, 31, 32, 33, 34])
def test_the_states_that_are_shown_do_not_tell_how_many_are_in_the_hidden_one(
    fabricated, few, others
):
    """Each count of 1 to 4 remains possible, whatever the rounding of the other two."""
    n = 100
    counts = {"benefit": n - others - few, "work": others, "relapse": few}
    shown = {c.cause: c for c in released_curves(fabricated, *occupied(counts, n))}
    assert shown["relapse"].suppressed == (True,)
    rounded = [round(shown[state].values[0] * n) for state in ("benefit", "work")]
    possible = {
        n - a - b
        for a, b in itertools.product(range(n + 1), repeat=2)
        if [round_count(a, 5), round_count(b, 5)] == rounded
    }
    assert {1, 2, 3, 4} <= possible


# --- parts that add up, or lie within one another ------------------------------------------------


def test_a_hidden_state_takes_the_smallest_other_along_for_the_weeks_add_up(fabricated):
    states = {"work": (80, 40), "pension": (3, 9), "education": (11, 19), "remaining": (90, 90)}
    raw = [effect(name, apart) for name, apart in states.items()]
    other = [
        effect(name, apart, analysis="other") for name, apart in states.items() if apart[0] > 4
    ]
    assert hidden_parts(with_effects(fabricated, *raw, *other)) == ["pension", "education"]


def test_two_hidden_states_that_are_few_together_take_a_third_along(fabricated):
    states = {"work": (80, 40), "pension": (1, 9), "education": (2, 9), "flexjob": (30, 30)}
    raw = [effect(name, n, estimator="expected weeks (cohort)") for name, n in states.items()]
    assert hidden_parts(with_effects(fabricated, *raw)) == ["pension", "education", "flexjob"]


def test_a_state_that_another_analysis_tells_is_not_the_one_to_go(fabricated):
    """Weeks in work are weeks until work as well: to hide one of the two tells all the same."""
    states = {"pension": (3, 9), "work": (11, 11), "education": (20, 19), "remaining": (90, 90)}
    raw = [
        effect(name, apart, estimate=0.1 * place)
        for place, (name, apart) in enumerate(states.items(), start=1)
    ]
    until = effect("", (11, 11), analysis="weeks_to_work", estimate=-0.2)
    assert hidden_parts(with_effects(fabricated, *raw, until)) == ["pension", "education"]


def periods(apart: dict[str, tuple[int, int]]) -> list[Estimate]:
    names = {"unit": "hazard_ratio", "scale": "log_ratio", "estimator": "Cox (Efron)"}
    return [effect(part, n, **names) for part, n in {"": (60, 40), **apart}.items()]


def test_a_hidden_period_takes_another_and_the_test_over_all_along(fabricated):
    """The ratio of all weeks is the weighted mean of those of the periods."""
    test = HypothesisTest(
        name="equal hazard ratios in all periods", endpoint="e", statistic=2.0, df=2.0, p_value=0.4,
        analysis="destination_weeks",
    )  # fmt: skip
    few = periods({"weeks 1–26": (30, 3), "weeks 27–52": (20, 20), "weeks 53–104": (10, 17)})
    case = dataclasses.replace(with_effects(fabricated, *few), tests=(test,))
    assert hidden_parts(case) == ["weeks 1–26", "weeks 53–104"]
    assert release(case).tests[0].suppressed
    enough = periods({"weeks 1–26": (30, 20), "weeks 27–52": (30, 20)})
    case = dataclasses.replace(with_effects(fabricated, *enough), tests=(test,))
    assert release(case).tests[0].p_value == 0.4


@pytest.mark.parametrize(
    ("parts", "hidden"),
    [
        ({"week=26": (570, 580), "week=52": (567, 560)}, ["week=26"]),
        ({"week=26": (570, 580), "week=52": (565, 560)}, []),
        ({"week=26": (570, 580), "week=52": (570, 560)}, []),
        ({"work week=26": (30, 20), "pension week=26": (31, 21)}, []),
        ({"kept>=13, everyone": (52, 27), "kept>=26, everyone": (37, 24)}, ["kept>=26, everyone"]),
        ({"hours>0": (302, 90), "hours>=10": (298, 80)}, ["hours>=10"]),
    ],
)
def test_parts_within_one_another_are_told_apart_by_enough_persons(fabricated, parts, hidden):
    """Who left by week 52 and not by week 26 must be five, or nobody."""
    raw = [share(part, having) for part, having in parts.items()]
    assert hidden_parts(with_effects(fabricated, *raw)) == hidden


def test_a_part_hidden_in_one_group_is_hidden_in_the_other(fabricated):
    raw = [
        share(part, having, subgroup=group)
        for group, parts in {
            "": {"week=26": (40, 40), "week=52": (60, 60)},
            "g=a": {"week=26": (20, 20), "week=52": (23, 30)},
            "g=b": {"week=26": (20, 20), "week=52": (37, 30)},
        }.items()
        for part, having in parts.items()
    ]
    hidden = [(e.subgroup, e.part) for e in release(with_effects(fabricated, *raw)).effects
              if e.suppressed]  # fmt: skip
    assert hidden == [("g=a", "week=26"), ("g=b", "week=26")]


def test_the_level_after_some_weeks_is_no_finer_than_the_curve(fabricated):
    raw = [share(f"week={week}", (500 - 7 * week, 497 - 8 * week)) for week in (13, 26, 39)]
    for shown in release(with_effects(fabricated, *raw)).effects:
        assert shown.mean_control == pytest.approx(round_count(shown.mean_control * 600, 5) / 600,
                                                   abs=6e-4)  # fmt: skip


def test_rates_of_moving_rest_on_those_who_moved(fabricated):
    rates = {"unit": "rate_ratio", "scale": "log_ratio", "estimator": "rate ratio"}
    raw = [effect("work -> relapse", (8, 4), **rates), effect("relapse -> work", (8, 5), **rates)]
    few, enough = release(with_effects(fabricated, *raw)).effects
    assert few.suppressed
    assert math.isnan(few.mean_control)
    assert (enough.mean_control, enough.mean_treatment) == (2.0, 2.5)


# --- tests --------------------------------------------------------------------------------------


def gray(part: str, subgroup: str, apart: int) -> HypothesisTest:
    return HypothesisTest(
        name="stratified Gray", endpoint="first_destination", statistic=2.0, df=1.0, p_value=0.15,
        analysis="gray", part=part, subgroup=subgroup, inference="lottery", draws=10_000,
        n_apart_treatment=apart, n_apart_control=9,
    )  # fmt: skip


def test_a_test_keeps_its_part_and_how_it_was_found(fabricated):
    [shown] = release(dataclasses.replace(fabricated, tests=(gray("flexjob", "", 9),))).tests
    assert (shown.part, shown.inference, shown.draws) == ("flexjob", "lottery", 10_000)
    assert not shown.exact


def test_a_hidden_test_of_one_destination_is_not_told_by_the_other_group(fabricated):
    cells = itertools.product(("flexjob", "work"), (("", 9), ("g=a", 2), ("g=b", 7)))
    tests = tuple(gray(part, group, n if part == "flexjob" else 9) for part, (group, n) in cells)
    shown = release(dataclasses.replace(fabricated, tests=tests)).tests
    hidden = [(t.part, t.subgroup) for t in shown if t.suppressed]
    assert hidden == [("flexjob", "g=a"), ("flexjob", "g=b")]


# --- checks -------------------------------------------------------------------------------------


def with_check(evaluation: Evaluation, name: str, table: dict[str, list]) -> Evaluation:
    check = CheckResult(name=name, passed=None, sentence="", table=pd.DataFrame(table))
    return dataclasses.replace(evaluation, checks={name: check})


def models(evaluation: Evaluation, apart: tuple[int, int]) -> Evaluation:
    table = {"distribution": ["weibull"], "loglik": [-1057.4], "aic": [2174.99232],
             "distance_control": [0.0039], "distance_treatment": [math.nan]}  # fmt: skip
    fitted = effect("weibull", apart, unit="time_ratio", scale="log_ratio", analysis="models")
    return with_check(with_effects(evaluation, fitted), "models models", table)


def test_models_are_told_at_few_digits(fabricated):
    table = release(models(fabricated, (30, 20))).checks["models models"].table
    assert table.rows == (("weibull", 2175.0, 0.004, None),)


def test_the_fit_of_models_that_rest_on_few_is_not_told(fabricated):
    assert len(release(models(fabricated, (30, 4))).checks["models models"].table) == 0


def test_groups_of_histories_tell_the_commonest_state_alone(fabricated):
    """Whether one person, three, or nobody is elsewhere looks the same."""
    table = {"arm": ["control"] * 4, "group": [0, 0, 0, 1], "week": [0, 1, 2, 0],
             "state": ["benefit", "work", "work", "benefit"], "count": [28, 27, 4, 9],
             "share": [1.0, 0.96, 0.14, 1.0], "n": [28, 28, 28, 9]}  # fmt: skip
    shown = release(with_check(fabricated, "sequences ways", table)).checks["sequences ways"]
    assert shown.table.columns == ("arm", "group", "week", "state")
    assert shown.table.column("state") == ("benefit", "work", SUPPRESSED, SUPPRESSED)
    assert shown.values == {"group_size": 10.0}


# --- notes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("note", "wordings"),
    [
        ("standardised over 30 strata", ("standardised over the strata of the lottery",)),
        ("3 strata in which nobody left say nothing", ("strata in which nobody left say nothing",)),
        (
            "robust standard error (Lin–Wei) over 7 clusters, too few for a normal reference",
            ("robust standard error (Lin–Wei)", "few clusters: confirm by re-drawing the lottery"),
        ),
        (
            "not causal when the state is entered after the draw: a rate compares those in it",
            ("not causal when the state is entered after the draw: a rate compares those who are "
             "in it",),
        ),
        ("sup-t band from week 3 to week 101, critical value 2.8 (from the covariance)", ()),
        ("3 persons did something new", ()),
    ],
)  # fmt: skip
def test_notes_are_told_without_numbers(note, wordings):
    assert release_wordings([note]) == wordings


# --- a whole small trial ------------------------------------------------------------------------


def test_every_note_of_a_trial_has_a_wording_or_stays_inside_knowingly(small_evaluation):
    assert not {n for e in small_evaluation.effects for n in e.notes if not is_known(n)}


def test_no_state_of_a_sum_is_hidden_alone(small_evaluation):
    groups: dict[tuple[str, str], list[bool]] = {}
    for e in release(small_evaluation).effects:
        if e.estimator.startswith(("area under", "expected weeks")):
            groups.setdefault((e.analysis, e.subgroup), []).append(e.suppressed)
    assert groups
    assert all(sum(hidden) != 1 for hidden in groups.values())


def test_each_step_of_an_exit_curve_is_of_enough_persons(small_evaluation):
    raw = {(c.endpoint, c.measure, c.arm, c.cause, c.subgroup): c for c in small_evaluation.curves}
    steps = 0
    for shown in release(small_evaluation).curves:
        source = raw.get((shown.endpoint, shown.measure, shown.arm, shown.cause, shown.subgroup))
        if source is None or not shown.risk_times:
            continue
        persons = source.first_events if shown.measure == "mean_cumulative" else source.events
        pairs = zip(shown.times[1:], itertools.pairwise(shown.values), strict=True)
        moved = [
            week for week, (before, value) in pairs if value != before and not math.isnan(value)
        ]
        for after, until in itertools.pairwise([0, *moved]):
            inside = (source.times > after) & (source.times <= until)
            assert persons[inside].sum() >= 5
            steps += 1
    assert steps > 0


def test_arms_of_the_ways_are_counted_alike_in_curves_and_weeks(small_evaluation):
    """No weekly difference of states or exits leaves, by whatever name."""
    shown = release(small_evaluation).curves
    measures = Counter(c.measure for c in shown if " - " in c.arm)
    assert set(measures) <= {"share", "mean", "accumulated", "log_hazard_ratio"}
