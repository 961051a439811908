"""Faults that a hostile review of the effects found; each test failed before its mend."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import jobeval as je
from jobeval.regression.logit import fit_logit

PLAIN = je.Lottery(arm="arm", treatment="t", control="c")
STRATA = je.Lottery(arm="arm", treatment="t", control="c", strata="stratum")


def _frame(n: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    arm = np.resize(["t", "c"], n)
    hours = np.round(rng.gamma(2, 8, n) * (rng.random(n) < 0.7), 1)
    return pd.DataFrame(
        {
            "arm": arm,
            "stratum": np.resize(list("aabbb"), n),
            "age": rng.normal(40, 9, n),
            "hours": hours,
            "kept": np.where(rng.random(n) < 0.15, np.nan, hours),
            "started": ((arm == "t") & (rng.random(n) < 0.6)).astype(int),
            "flat": np.where(arm == "t", 7.0, 3.0),
        }
    )


def _variable_ratio_blocks() -> pd.DataFrame:
    """Pairs with an effect of 12, and blocks of one among ten with none: 2 over everyone."""
    pairs = [(block, arm, 12.0 * (arm == "t")) for block in range(100) for arm in "tc"]
    tens = [(block, arm, 0.0) for block in range(100, 200) for arm in "tccccccccc"]
    frame = pd.DataFrame(pairs + tens, columns=["stratum", "arm", "hours"])
    frame["hours"] += np.random.default_rng(0).normal(0, 0.1, len(frame))
    return frame.assign(any_hours=(frame["hours"] > 6).astype(int))


def test_ancova_in_small_blocks_of_unequal_ratio_is_about_everyone_drawn():
    effect = je.estimate_itt(_variable_ratio_blocks(), "hours", STRATA, adjustment="ancova")
    assert effect.estimate == pytest.approx(2, abs=0.05)
    assert any("strata differ in allocation" in note for note in effect.notes)


def test_mantel_haenszel_says_that_it_is_not_about_everyone_drawn():
    frame = _variable_ratio_blocks()
    effect = je.estimate_risk_difference(frame, "any_hours", STRATA, method="mantel-haenszel")
    assert effect.estimate > 0.3  # over everyone drawn it is 1/6
    assert any("not the average over everyone drawn" in note for note in effect.notes)


def test_firths_steps_do_not_swing_for_ever():
    rng = np.random.default_rng(0)
    design = np.column_stack([np.ones(32), np.arange(32) == 0, rng.normal(size=32)]).astype(float)
    for events in range(4, 28, 4):
        outcome = (np.arange(32) % 31 >= 31 - events).astype(float)
        fit = fit_logit(design, outcome, penalised=True)
        assert fit.converged
        # Firth 1993, eq. 3: the score that the answer sets to zero
        root = np.sqrt(fit.probability * (1 - fit.probability))
        leverage = np.square(np.linalg.qr(root[:, None] * design)[0]).sum(axis=1)
        score = design.T @ (outcome - fit.probability + leverage * (0.5 - fit.probability))
        assert np.abs(score).max() < 1e-8


@pytest.mark.parametrize("level", [0.05, 0.3])
@pytest.mark.parametrize("options", [{}, {"method": "manski", "limits": (0, 100)}])
def test_bounds_have_an_interval_at_any_level(level: float, options: dict[str, Any]):
    bounds = je.bound_attrition(_frame(), "kept", STRATA, conf_level=level, **options)
    assert bounds.interval.low <= bounds.lower.estimate
    assert bounds.interval.high >= bounds.upper.estimate


@pytest.mark.parametrize("limits", [5, (0,), (0, math.inf), (0, math.nan), ("a", "b"), (0, 1, 2)])
def test_limits_are_two_finite_numbers(limits: Any):
    with pytest.raises(ValueError, match="needs limits"):
        je.bound_attrition(_frame(), "kept", STRATA, method="manski", limits=limits)


def test_an_unknown_kind_of_bounds_is_named():
    with pytest.raises(ValueError, match="method None is unknown"):
        je.bound_attrition(_frame(), "kept", STRATA, method=None)  # type: ignore[arg-type]


def _estimates(found: Any) -> list[je.Estimate]:
    return [found] if isinstance(found, je.Estimate) else list(found)


FLAT: dict[str, Callable[[pd.DataFrame], Any]] = {
    "adjusted ratio": lambda f: je.estimate_margins(f, "flat", STRATA, covariates=["age"]),
    "sorted groups": lambda f: je.estimate_sorted_groups(
        f, "flat", PLAIN, covariates=["age"], seed=1, groups=2, splits=5
    ),
    "by the lottery": lambda f: je.estimate_itt(
        f, "flat", STRATA, inference="lottery", draws=99, seed=1
    ),
    "two-stage": lambda f: je.estimate_late(
        f, "flat", STRATA, treated="started", adjustment="ancova", covariates=["age"]
    ),
}


@pytest.mark.parametrize("name", FLAT)
def test_rounding_is_no_error_and_gives_no_p_value(name: str):
    for effect in _estimates(FLAT[name](_frame())):
        assert not effect.p_value < 1e-9, effect.part
        assert not effect.std_error < 1e-9, effect.part


def test_an_adjusted_ratio_without_an_error_says_why():
    table = je.estimate_margins(_frame(), "flat", STRATA, covariates=["age"])
    notes = table.one(part="ratio").notes
    assert any(note.startswith("not estimable") for note in notes)


def test_quantiles_of_lost_arms_are_refused():
    frame = _frame().assign(hours=np.nan)
    with pytest.raises(je.DesignError, match="do not hold both arms"):
        je.estimate_quantile_effects(frame, "hours", PLAIN)


def test_quantiles_of_one_person_an_arm_say_that_they_have_no_error():
    for effect in je.estimate_quantile_effects(_frame(2), "hours", PLAIN):
        assert math.isnan(effect.p_value)
        assert any(note.startswith("not estimable") for note in effect.notes)


def test_big_strata_without_variation_leave_degrees_of_freedom():
    flat = [("c", "big", 1.0), ("t", "big", 3.0)] * 4
    pairs = [("c", f"pair {k}", 0.0) for k in range(3)]
    pairs += [("t", f"pair {k}", float(k)) for k in range(3)]
    frame = pd.DataFrame(flat + pairs, columns=["arm", "stratum", "hours"])
    effect = je.estimate_itt(frame, "hours", STRATA)
    assert effect.df == 2  # of the three pairs: only they have an error
    assert 0 < effect.p_value < 1


@pytest.mark.parametrize("seed", [None, -1, 1.5, "a"])
def test_a_seed_is_a_whole_number_from_zero(seed: Any):
    frame = _frame()
    calls: list[Callable[[], Any]] = [
        lambda: je.randomisation_test(frame, "hours", PLAIN, draws=9, seed=seed),
        lambda: je.estimate_family(frame, ["hours"], PLAIN, draws=9, seed=seed),
        lambda: je.estimate_itt(frame, "hours", PLAIN, inference="lottery", draws=9, seed=seed),
        lambda: je.estimate_path(frame, ["hours"], PLAIN, seed=seed),
        lambda: je.estimate_sorted_groups(frame, "hours", PLAIN, covariates=["age"], seed=seed),
        lambda: je.estimate_variants(
            frame, PLAIN, [je.Variant(name="a", outcome="hours")], seed=seed
        ),
    ]
    for call in calls:
        with pytest.raises(ValueError, match="seed"):
            call()


@pytest.mark.parametrize(
    ("numbers", "level"),
    [((1, 0, 9, 9), 0.95), ((1, 1, 1, 1), 0.95), ((math.nan, 1, 9, 9), 0.95), ((1, 1, 9, 9), 2)],
)
def test_what_has_no_g_is_refused(numbers: tuple[Any, ...], level: float):
    with pytest.raises(ValueError, match=r"difference|conf_level|person"):
        je.hedges_g(*numbers, conf_level=level)


@pytest.mark.parametrize("numbers", [(0.1, 1, 500_000, 500_000), (50, 1, 2, 2), (100, 1, 500, 500)])
def test_g_has_an_interval_far_out(numbers: tuple[float, float, int, int]):
    found = je.hedges_g(*numbers, conf_level=0.99)
    assert found.interval.low < found.estimate < found.interval.high


@pytest.mark.parametrize("options", [{"power": 0.01}, {"n_strata": 0}, {"n_covariates": -1}])
def test_no_detectable_effect_below_zero(options: dict[str, Any]):
    with pytest.raises(ValueError, match=r"power|n_strata"):
        je.detectable_effect(10, 10, **options)


def test_an_index_leaves_out_who_knows_only_what_the_others_imply():
    rng = np.random.default_rng(3)
    one, two = rng.normal(size=(2, 400))
    frame = pd.DataFrame(
        {"arm": np.resize(["t", "c"], 400), "a": one, "b": two, "sum": one + two + 0.3 * one**2}
    )
    known = je.estimate_index(frame, ["a", "b", "sum"], PLAIN)
    assert any("below zero: 'sum'" in note for note in known.notes)
    frame.loc[:3, ["a", "b"]] = np.nan
    effect = je.estimate_index(frame, ["a", "b", "sum"], PLAIN)
    assert effect.n_treatment + effect.n_control == 396


def test_a_column_of_persons_is_no_column_of_arms_and_is_not_told():
    frame = _frame().assign(number=[f"secret{k}" for k in range(60)])
    with pytest.raises(je.DataError, match="60 different values") as caught:
        je.estimate_itt(frame, "hours", je.Lottery(arm="number", treatment="t", control="c"))
    assert "secret" not in str(caught.value)


def test_an_arm_of_another_type_is_told():
    frame = _frame().assign(arm=lambda f: (f["arm"] == "t").astype(int))
    with pytest.raises(je.DataError, match="write 1, which is int, and not '1'"):
        je.estimate_itt(frame, "hours", je.Lottery(arm="arm", treatment="1", control="0"))


def test_weeks_are_whole_and_none_is_missing_in_a_sum():
    frame = _frame()[["arm", "stratum"]].assign(
        w0=range(60), w1=lambda f: f["w0"] % 7, w2=lambda f: f["w0"] % 5
    )
    outcomes = ["w0", "w1", "w2"]
    with pytest.raises(ValueError, match="whole numbers"):
        je.estimate_path(frame, outcomes, PLAIN, weeks=[0.5, 1.5, 2.5])  # type: ignore[list-item]
    for weeks in ([0, 5, 9], [1, 2, 3]):
        with pytest.raises(ValueError, match="every week from week 0"):
            je.estimate_path(frame, outcomes, PLAIN, weeks=weeks, accumulate=True)
        assert len(je.estimate_path(frame, outcomes, PLAIN, weeks=weeks).curves) == 3
    assert je.estimate_path(frame, outcomes, PLAIN, weeks=[-1, 0, 1], accumulate=True)
    with pytest.raises(ValueError, match="fading_weeks"):
        je.estimate_path(frame, outcomes, PLAIN, fading_weeks=0)


@pytest.mark.parametrize("column", ["arm", "hours"])
def test_groups_are_not_made_after_the_draw(column: str):
    with pytest.raises(ValueError, match="known before"):
        je.estimate_subgroups(_frame(), "hours", PLAIN, column)
    with pytest.raises(ValueError, match="known before"):
        je.estimate_sites(_frame(), "hours", PLAIN, column)


def test_one_name_is_no_sequence_of_names():
    frame = _frame()
    with pytest.raises(ValueError, match="outcomes is a sequence"):
        je.estimate_index(frame, "hours", PLAIN)
    with pytest.raises(ValueError, match="less_is_better is a sequence"):
        je.estimate_index(frame, ["hours", "age"], PLAIN, less_is_better="age")
    with pytest.raises(ValueError, match="hypotheses is a sequence"):
        je.estimate_family(frame, "hours", PLAIN, seed=1)
