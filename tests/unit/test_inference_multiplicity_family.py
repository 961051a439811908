"""Families over outcomes, arms and subgroups, from one joint re-draw of the lottery."""

import math

import numpy as np
import pandas as pd
import pytest

import jobeval as je
from jobeval.effects.itt.itt import estimate_itt
from jobeval.effects.redrawn.families import estimate_family
from jobeval.effects.redrawn.family_draws import Hypothesis
from jobeval.effects.redrawn.randomisation import randomisation_test
from jobeval.errors import DataError, DesignError
from jobeval.inference.multiplicity import adjust_p_values
from jobeval.inference.redraw import redraw_arms
from jobeval.inference.step_down import max_t_quantile, step_down_max_t

OUTCOMES = ["hours_52", "hours_104", "weeks"]


def draw_trial(n: int = 120, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(n, 3)), columns=OUTCOMES)
    frame["hours_104"] += frame["hours_52"]
    frame["site"] = np.arange(n) % 3
    frame["age"] = rng.normal(size=n)
    frame["benefit"] = np.where(rng.random(n) < 0.5, "cash", "sickness")
    frame["arm"] = np.array(["a", "b", "c"])[rng.permutation(np.arange(n) // 3 % 3)]
    frame["hours_52"] += 0.8 * (frame["arm"] == "b")
    return frame


TWO = je.Lottery(arm="arm", treatment="b", control="a", strata="site")


def test_two_arms_are_those_of_estimate_itt_and_randomisation_test() -> None:
    frame = draw_trial()
    frame.loc[::7, "weeks"] = np.nan
    options = {"covariates": ["age"], "adjustment": "ancova"}
    family = estimate_family(frame, OUTCOMES, TWO, draws=400, seed=3, **options)
    for effect in family:
        alone = estimate_itt(frame, effect.endpoint, TWO, **options)
        test = randomisation_test(frame, effect.endpoint, TWO, draws=400, seed=3, **options)
        assert effect.estimate == pytest.approx(alone.estimate)
        assert effect.std_error == pytest.approx(alone.std_error)
        assert effect.p_value == test.p_value
        assert effect.p_value_adjusted >= effect.p_value
        assert (effect.n_treatment, effect.n_control) == (alone.n_treatment, alone.n_control)
        assert effect.inference == "lottery"
    assert any("missing" in note for note in family[2].notes)


def test_subgroups_are_levels_in_the_draws_of_everyone() -> None:
    frame = draw_trial(n=300)
    parts = [Hypothesis("weeks", subgroup="benefit", level=x) for x in ("cash", "sickness")]
    family = estimate_family(frame, ["weeks", *parts], TWO, draws=300, seed=3)
    cash = frame.assign(weeks=frame["weeks"].where(frame["benefit"] == "cash"))
    alone = randomisation_test(cash, "weeks", TWO, draws=300, seed=3)
    assert family[1].subgroup == "benefit=cash"
    assert family[1].p_value == alone.p_value
    assert family[1].estimate == pytest.approx(
        estimate_itt(frame[frame["benefit"] == "cash"], "weeks", TWO).estimate
    )
    assert family[0].n_treatment == family[1].n_treatment + family[2].n_treatment


def test_numbers_are_levels_too() -> None:
    frame = draw_trial()
    lottery = je.Lottery(arm="arm", treatment="b", control="a")
    for level in (1, 1.0, "1"):
        hypothesis = Hypothesis("weeks", subgroup="site", level=level)
        assert estimate_family(frame, [hypothesis], lottery, draws=20, seed=1)[0].n_control > 0


def welch(frame: pd.DataFrame, arm: np.ndarray, outcome: str, treatment: int) -> float:
    one, none = (frame.loc[arm == code, outcome] for code in (treatment, 0))
    error = math.sqrt(one.var() / len(one) + none.var() / len(none))
    return (one.mean() - none.mean()) / error


def test_several_arms_by_hand() -> None:
    """All arms drawn together; Welch's t of each pair in each draw; step-down over all."""
    frame, lottery = draw_trial(n=45), je.Lottery(arm="arm", treatment="b", control="a")
    hypotheses = [Hypothesis(o, treatment=arm) for arm in ("b", "c") for o in OUTCOMES[:2]]
    found = estimate_family(frame, hypotheses, lottery, draws=60, seed=5)
    codes = frame["arm"].map({"a": 0, "b": 1, "c": 2}).to_numpy()
    rows = np.concatenate([*redraw_arms(codes, 60, np.random.SeedSequence(5))])
    family = np.array(
        [
            [welch(frame, row, o, arm) for arm in (1, 2) for o in OUTCOMES[:2]]
            for row in [codes, *rows]
        ]
    )
    assert [e.statistic for e in found] == pytest.approx(family[0].tolist())
    adjusted = step_down_max_t(family[0], family[1:])
    assert [e.p_value_adjusted for e in found] == pytest.approx(adjusted.tolist())
    reach = max_t_quantile(family[1:])
    assert found[2].confidence_interval().high == pytest.approx(
        found[2].estimate + reach * found[2].std_error
    )
    assert [e.contrast for e in found] == ["b - a"] * 2 + ["c - a"] * 2


@pytest.mark.parametrize("adjustment", ["none", "ancova", "lin"])
def test_several_arms_in_strata_are_those_of_estimate_itt(adjustment) -> None:
    frame = draw_trial()
    frame.loc[::9, "weeks"] = np.nan
    options = {} if adjustment == "none" else {"covariates": ["age"], "adjustment": adjustment}
    hypotheses = [Hypothesis("weeks", treatment=arm) for arm in ("b", "c")]
    found = estimate_family(frame, hypotheses, TWO, draws=10, seed=5, **options)
    for effect, arm in zip(found, ("b", "c"), strict=True):
        lottery = je.Lottery(arm="arm", treatment=arm, control="a", strata="site")
        alone = estimate_itt(frame, "weeks", lottery, **options)
        assert effect.estimate == pytest.approx(alone.estimate)
        assert effect.std_error == pytest.approx(alone.std_error)


def test_several_arms_in_clusters() -> None:
    frame = draw_trial()
    frame["cluster"] = np.arange(len(frame)) // 5
    frame["arm"] = np.array(["a", "b", "c"])[frame["cluster"] % 3]
    lottery = je.Lottery(arm="arm", treatment="b", control="a", clusters="cluster")
    hypotheses = [Hypothesis("weeks", treatment=arm) for arm in ("b", "c")]
    found = estimate_family(frame, hypotheses, lottery, draws=99, seed=5)
    assert [e.n_clusters for e in found] == [16, 16]
    assert all(0 < e.p_value <= e.p_value_adjusted <= 1 for e in found)


@pytest.mark.parametrize("arms", [("b",), ("b", "c")])
def test_order_and_workers_do_not_matter(arms: tuple[str, ...]) -> None:
    frame = draw_trial()
    family = [Hypothesis(o, treatment=arm) for arm in arms for o in OUTCOMES]
    first = estimate_family(frame, family, TWO, draws=50, seed=2, workers=1)
    again = estimate_family(frame, family[::-1], TWO, draws=50, seed=2, workers=2)
    assert [e.to_dict() for e in first] == [e.to_dict() for e in again][::-1]


def test_interval_agrees_with_the_smallest_adjusted_p_value() -> None:
    """Step-down's first step is single-step: the largest |t| decides both."""
    for seed in range(8):
        found = estimate_family(draw_trial(seed=seed), OUTCOMES, TWO, draws=199, seed=1)
        first = max(found, key=lambda e: abs(e.statistic))
        low, high = first.confidence_interval()
        assert (low <= 0 <= high) == (first.p_value_adjusted > 0.05)


@pytest.mark.parametrize("method", ["holm", "westfall-young", "benjamini-hochberg", "sharpened-q"])
def test_any_method(method: str) -> None:
    found = estimate_family(draw_trial(), OUTCOMES, TWO, method=method, draws=199, seed=1)
    raw = [e.p_value for e in found]
    adjusted = [e.p_value_adjusted for e in found]
    if method == "westfall-young":
        assert all(p >= own for p, own in zip(adjusted, raw, strict=True))
    else:
        assert adjusted == pytest.approx(adjust_p_values(raw, method).tolist())


def test_what_is_not_estimable_does_not_count() -> None:
    frame = draw_trial().assign(constant=1.0)
    found = estimate_family(frame, ["constant", "weeks"], TWO, draws=99, seed=1)
    assert math.isnan(found[0].p_value_adjusted)
    assert any(note.startswith("not estimable") for note in found[0].notes)
    assert found[1].p_value_adjusted == found[1].p_value
    alone = estimate_family(frame, ["constant"], TWO, draws=99, seed=1)
    assert math.isnan(alone[0].p_value)


def test_draws_that_leave_a_subgroup_in_one_arm_are_told() -> None:
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({"arm": ["a", "b"] * 20, "weeks": rng.normal(size=40)})
    frame["small"] = np.where(np.arange(40) < 6, "yes", "no")
    lottery = je.Lottery(arm="arm", treatment="b", control="a")
    family = [Hypothesis("weeks", subgroup="small", level="yes"), "weeks"]
    found = estimate_family(frame, family, lottery, draws=400, seed=1)
    assert any("cannot be computed and counts as none" in note for note in found[0].notes)
    assert 0 < found[1].p_value_adjusted <= 1


def test_progress_and_checkpoint(tmp_path) -> None:
    frame, seen = draw_trial(), []
    frame.loc[::7, "weeks"] = np.nan
    args = {"covariates": ["age"], "adjustment": "ancova", "draws": 150, "seed": 1}
    first = estimate_family(
        frame, OUTCOMES, TWO, progress=lambda *told: seen.append(told[:2]),
        checkpoint=tmp_path, **args,
    )  # fmt: skip
    assert seen == [(150, 300), (300, 300)]
    again = estimate_family(frame, OUTCOMES, TWO, checkpoint=tmp_path, **args)
    assert [e.to_dict() for e in first] == [e.to_dict() for e in again]


def test_wrong_families_are_refused() -> None:
    frame = draw_trial()
    with pytest.raises(ValueError, match="family is empty"):
        estimate_family(frame, [], TWO, seed=1)
    with pytest.raises(ValueError, match="stand twice in the family, on weeks"):
        estimate_family(frame, ["weeks", "weeks"], TWO, seed=1)
    with pytest.raises(ValueError, match="'romano' is unknown"):
        estimate_family(frame, ["weeks"], TWO, method="romano", seed=1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="draws must be at least 1"):
        estimate_family(frame, ["weeks"], TWO, draws=0, seed=1)
    with pytest.raises(DataError, match="has nobody with 'benefit=cahs'"):
        estimate_family(frame, [Hypothesis("weeks", "benefit", "cahs")], TWO, seed=1)
    with pytest.raises(DataError, match="nobody is in the treatment arm 'd'"):
        estimate_family(frame, [Hypothesis("weeks", treatment="d")], TWO, seed=1)


def test_several_arms_with_varying_probability_are_refused() -> None:
    frame = draw_trial()
    frame["p"] = np.where(frame["age"] > 0, 0.3, 0.4)
    lottery = je.Lottery(arm="arm", treatment="b", control="a", probability="p")
    family = [Hypothesis("weeks", treatment=arm) for arm in ("b", "c")]
    with pytest.raises(DesignError, match="one arm at a time"):
        estimate_family(frame, family, lottery, draws=10, seed=1)
