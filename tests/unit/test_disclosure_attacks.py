"""Attacks by subtraction, on notes, and on outcomes and exits that few persons have."""

import dataclasses
import json
import math
import re

import numpy as np
import pandas as pd
import pytest

import jobeval as je
from jobeval.disclosure.complement import hide_more
from jobeval.disclosure.gate import release
from jobeval.disclosure.notes import release_wordings, round_numbers
from jobeval.evaluation import Evaluation
from jobeval.plan.lottery import Lottery
from jobeval.results import CurveTable, EffectTable, Estimate, HypothesisTest

ARMS = ("control", "treatment")
LOTTERY = Lottery(arm="arm", treatment="treatment", control="control")


def effect(subgroup: str = "", n: int = 60, apart: tuple[int, int] = (20, 20), **more) -> Estimate:
    values = {
        "endpoint": "mean_hours", "estimand": "itt", "estimator": "difference in means",
        "contrast": "jobfirst - control", "estimate": 0.33, "std_error": 0.1,
        "unit": "hours_per_week", "analysis": "mean_hours_itt",
        "mean_treatment": 0.8, "mean_control": 0.47,
        "n_apart_treatment": apart[1], "n_apart_control": apart[0],
    }  # fmt: skip
    values.update(more)
    return Estimate(subgroup=subgroup, n_treatment=n, n_control=n, **values)  # type: ignore[arg-type]


def with_effects(evaluation: Evaluation, *effects: Estimate) -> Evaluation:
    return dataclasses.replace(evaluation, effects=EffectTable(effects))


def hidden_of(evaluation: Evaluation) -> list[str]:
    return sorted({e.subgroup for e in release(evaluation).effects if e.suppressed})


def persons(values: dict[str, list[float]]) -> pd.DataFrame:
    rows = [(arm, value) for arm in ARMS for value in values[arm]]
    return pd.DataFrame(rows, columns=["arm", "hours"])


def hours_path(**employed: tuple[int, ...]) -> CurveTable:
    """The path of 60 persons an arm, of whom so many have 10 or 11 hours in each week."""
    frame = pd.DataFrame({"arm": np.repeat(ARMS, 60)})
    weeks = [f"w{week}" for week in range(len(employed["control"]))]
    for week, name in enumerate(weeks):
        hours = [(np.arange(60) < employed[arm][week]) * (10 + np.arange(60) % 2) for arm in ARMS]
        frame[name] = np.concatenate(hours).astype(float)
    return je.estimate_path(frame, weeks, LOTTERY, endpoint="mean_hours", unit="hours_per_week")


# --- notes -------------------------------------------------------------------------------------


def test_notes_of_effects_hold_no_number_and_no_difference_of_two_tells_one(fabricated):
    everyone = "outcome missing and left out: 15 of 408 in the treatment arm, 9 of 392 in the"
    group = "outcome missing and left out: 12 of 257 in the treatment arm, 3 of 244 in the"
    tau = "between-site variance by Paule and Mandel: 0.003161"
    one = "not estimable: 1 of 30 strata have one person only in an arm"
    notes = ((everyone, tau), (group, "a new note: 3 of 7"), (one,))
    raw = [effect(f"site={i}" if i else "", notes=n) for i, n in enumerate(notes)]
    released = release(with_effects(fabricated, *raw)).effects
    assert released.estimates[0].notes[0] == "persons without the outcome are left out"
    assert not [n for e in released for n in e.notes if re.search(r"\d", n)]
    assert released.estimates[1].notes == ("persons without the outcome are left out",)


def test_no_note_of_a_small_trial_holds_a_number_that_is_not_rounded(small_evaluation):
    released = release(small_evaluation)
    assert not [n for e in released.effects for n in e.notes if re.search(r"\d", n)]
    for note in released.notes:
        for number in re.findall(r"\d+", note):
            assert int(number) % 5 == 0


@pytest.mark.parametrize("text", ["3.", "1,", "3-4", "3%", "(3)", "3/120", "4 rows", "of 2", "3rd"])
def test_small_numbers_are_found_whatever_stands_beside_them(text):
    shown = round_numbers(text, 5, 5)
    assert not re.search(r"(?<!fewer than )[1-9]", shown.replace("120", ""))


def test_names_thresholds_and_zero_stay_and_counts_are_rounded():
    text = "hours_52.x1: 0 of 1,487 persons (p < 0.001)"
    assert round_numbers(text, 5, 5) == "hours_52.x1: 0 of 1485 persons (p < 0.001)"
    assert release_wordings(["something with 3 persons"]) == ()


# --- few persons with a value --------------------------------------------------------------------


def test_one_person_with_hours_is_counted_and_hidden(fabricated):
    """One treated person with 20 hours among 60: the mean would give that person's hours."""
    frame = persons({"treatment": [20.0] + [0.0] * 59, "control": [0.0] * 45 + [10.0] * 15})
    found = je.estimate_itt(frame, "hours", LOTTERY)
    assert (found.n_apart_treatment, found.n_apart_control) == (1, 15)
    assert Estimate.from_dict(json.loads(json.dumps(found.to_dict()))) == found
    named = dataclasses.replace(found, unit="hours_per_week", analysis="a")
    shown = release(with_effects(fabricated, named)).effects.estimates[0]
    assert shown.suppressed
    assert math.isnan(shown.estimate)


def test_all_but_a_few_at_the_same_value_is_as_telling_as_few_above_nothing():
    frame = persons({"treatment": [52.0] * 58 + [3.0] * 2, "control": [0.0] * 30 + [5.0] * 30})
    assert je.estimate_itt(frame, "hours", LOTTERY).n_apart_treatment == 2


@pytest.mark.parametrize("apart", [(0, 20), (20, 0), (1, 20), (20, 4), (None, 20), (None, None)])
def test_an_effect_that_rests_on_few_or_nobody_knows_how_many_is_hidden(fabricated, apart):
    assert release(with_effects(fabricated, effect(apart=apart))).effects.estimates[0].suppressed
    assert (
        not release(with_effects(fabricated, effect(apart=(5, 5)))).effects.estimates[0].suppressed
    )


@pytest.mark.parametrize("count", [0, 1, 4])
def test_a_week_in_which_few_have_hours_is_hidden_in_the_mean_path(fabricated, count):
    path = hours_path(control=(30, 30), treatment=(30, count))
    assert path["treatment"].events.tolist() == [30, count]
    curves = release(dataclasses.replace(fabricated, curves=path)).curves
    hidden = {curve.arm: curve.suppressed for curve in curves}
    assert hidden == {
        "control": (False, False),
        "treatment": (False, True),
        "treatment - control": (False, True),
    }


def test_mean_and_share_path_of_one_quantity_are_hidden_in_the_same_weeks(small_evaluation):
    curves = release(small_evaluation).curves
    share = {(c.arm, c.subgroup): c for c in curves if c.endpoint == "any_hours"}
    for curve in curves:
        if curve.endpoint == "mean_hours":
            of_share = share[curve.arm, curve.subgroup].suppressed
            assert all(
                mean or not few for mean, few in zip(curve.suppressed, of_share, strict=True)
            )


# --- few exits -----------------------------------------------------------------------------------


def exits(treated: int, control: int) -> pd.DataFrame:
    left = {"treatment": treated, "control": control}
    rows = [(arm, 5 + i if i < left[arm] else 90, int(i < left[arm])) for arm in ARMS
            for i in range(100)]  # fmt: skip
    return pd.DataFrame(rows, columns=["arm", "week", "left"])


@pytest.mark.parametrize(("treated", "control"), [(3, 2), (0, 20), (20, 4), (1, 0)])
def test_rates_and_tests_of_few_exits_are_hidden(fabricated, treated, control):
    frame = exits(treated, control)
    cox = je.estimate_hazard_ratio(frame, "week", "left", LOTTERY)
    test = je.logrank_test(frame, "week", "left", LOTTERY)
    assert (cox.n_apart_treatment, cox.n_apart_control) == (treated, control)
    assert (test.n_apart_treatment, test.n_apart_control) == (treated, control)
    assert HypothesisTest.from_dict(test.to_dict()) == test
    case = dataclasses.replace(with_effects(fabricated, cox), tests=(test,))
    shown = release(case)
    assert shown.effects.estimates[0].suppressed
    assert shown.effects.estimates[0].notes == ()
    assert shown.tests[0].suppressed
    assert math.isnan(shown.tests[0].statistic)
    assert math.isnan(shown.tests[0].p_value)


def test_rates_and_tests_of_enough_exits_are_shown(fabricated):
    frame = exits(12, 9)
    cox = je.estimate_hazard_ratio(frame, "week", "left", LOTTERY)
    test = je.logrank_test(frame, "week", "left", LOTTERY)
    shown = release(dataclasses.replace(with_effects(fabricated, cox), tests=(test,)))
    assert shown.effects.estimates[0].estimable
    assert shown.tests[0].p_value > 0


def test_the_log_does_not_tell_how_many_exits_were_thinned_away(fabricated):
    def log_with(events: int) -> list[tuple[str, int]]:
        at_risk = np.full(20, 200)
        curve = dataclasses.replace(
            next(c for c in fabricated.curves if c.measure == "survival"),
            times=np.arange(20), values=np.ones(20), at_risk=at_risk, std_error=np.full(20, 0.1),
            conf_low=np.ones(20), conf_high=np.ones(20),
            band_low=np.ones(20), band_high=np.ones(20),
            events=(np.arange(20) < events).astype(np.int64),
        )  # fmt: skip
        log = release(dataclasses.replace(fabricated, curves=CurveTable((curve,)))).log
        return [(entry.rule, entry.cells) for entry in log if entry.what.startswith("curves")]

    assert len({tuple(log_with(n)) for n in (1, 2, 3, 4)}) == 1


# --- subtraction ---------------------------------------------------------------------------------


def test_a_hidden_level_of_two_takes_the_other_along(fabricated):
    """The total and the other level would give it back."""
    raw = (effect(), effect("g=a", 40), effect("g=b", 20, (3, 9)))
    assert hidden_of(with_effects(fabricated, *raw)) == ["g=a", "g=b"]


def test_a_hidden_level_of_many_takes_the_smallest_other_along(fabricated):
    raw = [effect(), *(effect(f"g={x}", n) for x, n in zip("abc", (40, 30, 50), strict=True))]
    case = with_effects(fabricated, *raw, effect("g=d", 90, (9, 2)))
    assert hidden_of(case) == ["g=b", "g=d"]
    assert ("effects: mean_hours_itt", "complementary") in {
        (entry.what, entry.rule) for entry in release(case).log
    }


def test_levels_that_are_few_together_too_take_another_along(fabricated):
    """The total less the others would give the hidden two as one group of 3 + 2."""
    few = (effect("g=a", 30, (9, 1)), effect("g=b", 30, (9, 2)))
    raw = (effect(), *few, effect("g=c", 40), effect("g=d", 50))
    assert hidden_of(with_effects(fabricated, *raw)) == ["g=a", "g=b", "g=c"]


def test_other_columns_and_other_analyses_are_left_alone(fabricated):
    raw = (effect(), effect("g=a", apart=(1, 9)), effect("g=b"), effect("h=a"), effect("h=b"),
           effect("g=a", analysis="other"), effect("g=b", analysis="other"))  # fmt: skip
    shown = release(with_effects(fabricated, *raw)).effects
    assert [e.suppressed for e in shown] == [False, True, True, False, False, False, False]


def test_shrunken_sites_and_their_test_do_not_tell_a_hidden_site(fabricated):
    """Their common mean, variance and Q are three equations more: three sites are hidden."""

    def sites(names: str) -> Evaluation:
        raw = [effect(f"site={x}", 40 + i, (9, 1 if x == "a" else 9)) for i, x in enumerate(names)]
        shrunken = [dataclasses.replace(e, estimator="empirical Bayes") for e in raw]
        q = HypothesisTest(name="Cochran's Q", endpoint="mean_hours", statistic=3.0, df=2.0,
                           p_value=0.2, analysis="mean_hours_itt")  # fmt: skip
        case = with_effects(fabricated, effect(), *raw, *shrunken)
        return dataclasses.replace(case, tests=(q,))

    assert hidden_of(sites("abcde")) == ["site=a", "site=b", "site=c"]
    assert not release(sites("abcde")).tests[0].suppressed
    assert release(sites("abc")).tests[0].suppressed


def test_hidden_test_of_a_group_takes_the_other_along(fabricated):
    def test_of(subgroup: str, apart: int) -> HypothesisTest:
        return HypothesisTest(name="log-rank", endpoint="exit", statistic=2.0, df=1.0, p_value=0.2,
                              analysis="exit_logrank", subgroup=subgroup,
                              n_apart_treatment=apart, n_apart_control=9)  # fmt: skip

    tests = (test_of("", 12), test_of("g=a", 10), test_of("g=b", 2))
    shown = release(dataclasses.replace(fabricated, tests=tests)).tests
    assert [test.suppressed for test in shown] == [False, True, True]


def test_weekly_contrasts_of_groups_do_not_tell_a_hidden_one(fabricated):
    def path(subgroup: str, treated: int) -> list:
        found = hours_path(control=(30,), treatment=(treated,))
        return [dataclasses.replace(curve, subgroup=subgroup) for curve in found]

    curves = CurveTable((*path("", 33), *path("g=a", 31), *path("g=b", 2)))
    shown = release(dataclasses.replace(fabricated, curves=curves)).curves
    hidden = {(c.subgroup, c.arm) for c in shown if c.suppressed[0]}
    arms = ("treatment", "treatment - control")
    assert hidden == {(level, arm) for level in ("g=a", "g=b") for arm in arms}


def test_contrasts_of_states_are_withheld_for_they_add_up_to_nothing(small_evaluation):
    curves = release(small_evaluation).curves
    assert not [c for c in curves if c.measure == "state_share" and " - " in c.arm]


def test_no_level_alone_is_hidden_in_a_small_trial(small_evaluation):
    levels: dict[tuple[str, str], dict[str, bool]] = {}
    for e in release(small_evaluation).effects:
        if e.subgroup:
            column = levels.setdefault((e.analysis, e.subgroup.partition("=")[0]), {})
            column[e.subgroup] = column.get(e.subgroup, False) or e.suppressed
    assert levels
    assert all(sum(hidden.values()) != 1 for hidden in levels.values())


def test_hide_more_ends_when_nothing_is_left():
    hidden = hide_more(np.array([True, False]), np.array([5.0, 6.0]), np.zeros((2, 2)), 5)
    assert hidden.all()
    assert not hide_more(np.zeros(2, bool), np.ones(2), np.zeros((2, 2)), 5).any()


# --- p-values and statistics over several --------------------------------------------------------


def test_an_adjusted_p_value_does_not_give_the_hidden_p_value_of_its_family(fabricated):
    """Holm: the adjusted p-value of one of two is twice the p-value of the other."""
    analyses = [a for a in fabricated.plan.due_at("final") if getattr(a, "family", None)]
    family = [a.name for a in analyses if a.family == analyses[0].family]
    assert len(family) > 1
    shown, hidden = (
        effect(analysis=name, p_value_adjusted=0.02, apart=apart)
        for name, apart in zip(family, ((9, 9), (9, 2)), strict=False)
    )
    first, second = release(with_effects(fabricated, shown, hidden)).effects
    assert second.suppressed
    assert first.estimable
    assert math.isnan(first.p_value_adjusted)


def test_the_test_of_attrition_does_not_tell_few_missing(fabricated):
    """The table hides 0 against 3 missing; the p-value would tell it."""
    assert "p_value" in fabricated.checks["attrition"].values
    assert math.isnan(release(fabricated).checks["attrition"].number("p_value"))


def test_the_largest_difference_is_one_that_is_shown(fabricated):
    check = fabricated.checks["balance"]
    table = check.table.copy()
    table.loc[1, ["mean_control", "standardised_difference"]] = [2 / 1187, 0.873]
    rare = dataclasses.replace(check, table=table, values={**check.values, "largest": 0.873})
    case = dataclasses.replace(fabricated, checks={"balance": rare})
    assert release(case).checks["balance"].number("largest") == 0.04


def test_all_but_a_few_is_hidden_in_delivery_tables(fabricated):
    checks = dict(fabricated.checks)
    take_up = checks["take_up"].table.copy()
    take_up.loc[1, "started"] = take_up.loc[1, "persons"] - 2
    kinds = checks["intensity"].table.copy()
    kinds.loc[1, "share"] = 1 - 3 / 1221
    checks["take_up"] = dataclasses.replace(checks["take_up"], table=take_up)
    checks["intensity"] = dataclasses.replace(checks["intensity"], table=kinds)
    shown = release(dataclasses.replace(fabricated, checks=checks)).checks
    assert shown["take_up"].table.column("share")[1] is je.disclosure.released.SUPPRESSED
    assert shown["intensity"].table.column("share")[1] is je.disclosure.released.SUPPRESSED


def test_the_longest_follow_up_is_not_that_of_a_single_person(fabricated):
    """Three persons drawn first are followed 40 weeks longer than all others."""
    check = fabricated.checks["follow_up"]
    alone = pd.DataFrame({"week": np.arange(112, 152), "control": 0, "jobfirst": 3})
    table = pd.concat([check.table, alone], ignore_index=True)
    longer = dataclasses.replace(check, table=table, values={**check.values, "max_weeks": 152.0})
    case = dataclasses.replace(fabricated, checks={"follow_up": longer})
    assert release(case).checks["follow_up"].number("max_weeks") == 112
