"""Take-up by hand: ratios, compliers, odd Anderson–Rubin sets, and what is refused."""

import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jobeval.effects.itt.itt import estimate_itt
from jobeval.effects.summary.variants import Variant, estimate_variants
from jobeval.effects.take_up.as_treated import estimate_as_treated
from jobeval.effects.take_up.late import estimate_late
from jobeval.errors import DataError, DesignError
from jobeval.inference.anderson_rubin import invert_anderson_rubin
from jobeval.inference.instrument import Effect, RatioFit
from jobeval.plan.lottery import Lottery
from jobeval.plan.parts import Term
from jobeval.results import Estimate

PERSONS = Lottery(arm="arm", treatment="jobfirst", control="ordinary")
STRATA = Lottery(arm="arm", treatment="jobfirst", control="ordinary", strata="site")


def trial(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({name: list(values) for name, values in columns.items()})


@pytest.fixture
def two_sided() -> pd.DataFrame:
    """Per arm of ten: 2 always-takers (20 hours), 3 never-takers (4), 5 compliers.

    The compliers have 8 hours without and 14 with taking part, and are 30 years old; the
    others are 50. Everyone but the compliers has the same hours either way.
    """
    kinds = np.array(["always"] * 2 + ["never"] * 3 + ["complier"] * 5)
    rows: list[dict[str, Any]] = []
    for arm in ("ordinary", "jobfirst"):
        for place, kind in enumerate(kinds):
            took = kind == "always" or (kind == "complier" and arm == "jobfirst")
            mean = {"always": 20, "never": 4, "complier": 14 if took else 8}[str(kind)]
            wobble = (place % 2) * 2 - 1 if kind == "complier" else 0
            rows.append({
                "arm": arm, "hours": mean + wobble + (place == 9), "started": took,
                "age": 30 if kind == "complier" else 50,
                "benefit": "cash" if kind != "never" else "sickness",
            })  # fmt: skip
    return pd.DataFrame(rows)


# --- numbers by hand ----------------------------------------------------------------------


def test_two_sided_by_hand(two_sided: pd.DataFrame) -> None:
    found = estimate_late(
        two_sided, "hours", PERSONS, treated="started", profile=["age", "benefit"]
    )
    assert found.estimate == pytest.approx(6, rel=1e-12)
    assert found.take_up is not None
    assert found.take_up.first_stage == pytest.approx(0.5, rel=1e-12)
    assert found.take_up.share_treatment == pytest.approx(0.7, rel=1e-12)
    assert found.take_up.share_control == pytest.approx(0.2, rel=1e-12)
    error = math.sqrt((0.7 * 0.3 + 0.2 * 0.8) / 9)
    assert found.take_up.first_stage_std_error == pytest.approx(error, rel=1e-12)
    assert found.take_up.f_statistic == pytest.approx((0.5 / error) ** 2, rel=1e-12)
    # five compliers an arm with wobbles +1 −1 +1 −1 +1 and one hour more for the last
    assert found.mean_control == pytest.approx(8 + 2 / 5, rel=1e-12)
    assert found.mean_treatment == pytest.approx(14 + 2 / 5, rel=1e-12)
    profile = {name: (own, everyone) for name, own, everyone in found.take_up.profile}
    assert profile["age"] == pytest.approx((30, 40), rel=1e-12)
    assert profile["benefit[cash]"] == pytest.approx((1, 0.7), rel=1e-12)
    assert profile["benefit[sickness]"] == pytest.approx((0, 0.3), rel=1e-12, abs=1e-12)
    assert any(note.startswith("two-sided") for note in found.notes)


def test_delta_method_by_hand(two_sided: pd.DataFrame) -> None:
    """var(W) = (var(a) − 2W cov(a, b) + W² var(b)) / b², from the arms' moments."""
    found = estimate_late(two_sided, "hours", PERSONS, treated="started", interval="wald")
    covariance = np.zeros((2, 2))
    for _, part in two_sided.astype({"started": float}).groupby("arm"):
        covariance += part[["hours", "started"]].cov().to_numpy() / len(part)
    direction = np.array([1.0, -6.0])
    assert found.std_error == pytest.approx(
        math.sqrt(direction @ covariance @ direction) / 0.5, rel=1e-11
    )
    low, high = found.confidence_interval()
    assert found.inference == ""
    assert high - 6 == pytest.approx(6 - low, rel=1e-12)


def test_strata_with_unequal_allocation_by_hand() -> None:
    """A: effect 4, take-up .5, 8 persons; B: effect 1, take-up 1, 24 persons.

    (4·8 + 1·24) / (.5·8 + 1·24) = 2: strata count by their compliers.
    """
    frame = trial(
        site=["A"] * 8 + ["B"] * 24,
        arm=["jobfirst"] * 4 + ["ordinary"] * 4 + ["jobfirst"] * 6 + ["ordinary"] * 18,
        started=[1, 1, 0, 0] + [0] * 4 + [1] * 6 + [0] * 18,
        hours=[9.0, 7, 5, 3, 1, 3, 1, 3] + [2.0, 4] * 3 + [1.0, 3] * 9,
    )
    found = estimate_late(frame, "hours", STRATA, treated="started")
    assert found.estimate == pytest.approx(2, rel=1e-12)
    assert found.estimator == "blocked Wald"
    assert any("everyone drawn" in note for note in found.notes)
    ancova = estimate_late(frame, "hours", STRATA, treated="started", adjustment="ancova")
    assert ancova.estimate == pytest.approx(2, rel=1e-12)
    assert any("inverse" in note for note in ancova.notes)
    assert any(note.startswith("one-sided") for note in found.notes)


def test_one_sided_compliers_are_who_took_part() -> None:
    """Nobody of control takes part: their profile is the plain mean of who did."""
    rng = np.random.default_rng(1)
    arm = np.repeat(["jobfirst", "ordinary"], 40)
    frame = trial(arm=arm, hours=rng.normal(size=80), age=rng.integers(20, 60, 80))
    frame["started"] = (arm == "jobfirst") & (frame["age"] > 35)
    found = estimate_late(frame, "hours", PERSONS, treated="started", profile=["age"])
    assert found.take_up is not None
    took = frame[frame["started"]]
    assert found.take_up.profile[0][1] == pytest.approx(took["age"].mean(), rel=1e-12)
    assert found.mean_treatment == pytest.approx(took["hours"].mean(), rel=1e-12)


@pytest.mark.parametrize("interval", ["anderson-rubin", "wald"])
@pytest.mark.parametrize(
    "lottery, options",
    [
        ({}, {}),
        ({}, {"vcov": "HC1"}),
        ({"strata": "site"}, {}),
        ({"strata": "pair"}, {}),
        ({"clusters": "office"}, {}),
        ({"clusters": "office"}, {"df": "imbens-kolesar"}),
        ({"strata": "site"}, {"adjustment": "ancova", "covariates": ["age"]}),
        ({"strata": "site"}, {"adjustment": "lin", "covariates": ["age"]}),
        ({}, {"weights": "weight"}),
    ],
)
def test_full_compliance_is_the_lottery(
    lottery: dict[str, Any], options: dict[str, Any], interval: Any
) -> None:
    rng = np.random.default_rng(7)
    arm = np.tile(["jobfirst", "ordinary"], 20)
    frame = trial(
        arm=arm, hours=rng.gamma(2, 9, 40), site=np.arange(40) // 20, pair=np.arange(40) // 2,
        office=np.where(arm == "jobfirst", 0, 10) + np.arange(40) // 8,
        age=rng.integers(20, 60, 40), weight=rng.uniform(1, 3, 40), started=arm == "jobfirst",
    )  # fmt: skip
    drawn = Lottery(arm="arm", treatment="jobfirst", control="ordinary", **lottery)
    itt = estimate_itt(frame, "hours", drawn, **options)
    late = estimate_late(frame, "hours", drawn, treated="started", interval=interval, **options)
    assert late.estimate == pytest.approx(itt.estimate, rel=1e-10)
    assert late.std_error == pytest.approx(itt.std_error, rel=1e-10)
    assert late.df == pytest.approx(itt.df, rel=1e-8)
    assert late.p_value == pytest.approx(itt.p_value, rel=1e-8)
    assert late.confidence_interval() == pytest.approx(itt.confidence_interval(), rel=1e-8)
    assert late.take_up is not None
    assert (late.take_up.first_stage_std_error, late.take_up.f_statistic) == (0, math.inf)
    assert any(note.startswith("full compliance") for note in late.notes)


def test_pairs_with_non_compliance_by_hand() -> None:
    """Three pairs: differences in hours 4, 6, 2 and in take-up 1, 1, 0; ratio 12 / 2."""
    frame = trial(
        arm=["jobfirst", "ordinary"] * 3, pair=[1, 1, 2, 2, 3, 3],
        hours=[6.0, 2, 7, 1, 3, 1], started=[1, 0, 1, 0, 0, 0],
    )  # fmt: skip
    pairs = Lottery(arm="arm", treatment="jobfirst", control="ordinary", strata="pair")
    found = estimate_late(frame, "hours", pairs, treated="started")
    left = np.array([4.0, 6, 2]) - 6 * np.array([1, 1, 0])
    assert found.estimate == pytest.approx(6, rel=1e-12)
    assert found.std_error == pytest.approx(left.std(ddof=1) / 3**0.5 / (2 / 3), rel=1e-12)
    assert found.df == 2
    assert any("pairs" in note for note in found.notes)


# --- Anderson–Rubin sets of every shape ---------------------------------------------------


def ratio(f: float, correlation: float) -> RatioFit:
    return RatioFit(
        effect=1.0, std_error=2.0, df=math.inf, first_stage=1.0, correlation=correlation,
        first_stage_std_error=1 / math.sqrt(f), intention_to_treat=Effect(1.0, 1.0, math.inf),
    )  # fmt: skip


@pytest.mark.parametrize("f", [0.01, 1.0, 3.0, 4.0, 30.0, 1e9])
@pytest.mark.parametrize("correlation", [-1.0, -0.9, 0.0, 0.4, 1.0])
def test_sets_solve_their_inequality(f: float, correlation: float) -> None:
    """(b t)² ≤ c² (V_uu − 2 t V_ud + t² V_dd), written out and tried point by point."""
    accepted = invert_anderson_rubin(ratio(f, correlation), 0.95)
    c, error = 1.959963984540054, 1 / math.sqrt(f)
    for t in np.linspace(-60, 60, 401):
        inside = accepted.hull.low <= 1 + t <= accepted.hull.high and not (
            accepted.hole is not None and accepted.hole.low < 1 + t < accepted.hole.high
        )
        variance = 4 - 2 * t * correlation * 2 * error + t**2 * error**2
        assert inside == (t**2 <= c**2 * variance), t


def test_a_half_line_where_the_first_stage_is_just_significant() -> None:
    """With g = 1 and correlation ρ the bound is c / 2ρ errors away: 1 + 2 · 1.96 / (2 · .5)."""
    c = 1.959963984540054
    for sign in (1, -1):
        fit = ratio(1.0, 0.5 * sign)
        exact = RatioFit(**{
            **{name: getattr(fit, name) for name in fit.__dataclass_fields__},
            "first_stage_std_error": 1 / c,
        })  # fmt: skip
        hull = invert_anderson_rubin(exact, 0.95).hull
        finite, other = (hull.high, hull.low) if sign > 0 else (hull.low, hull.high)
        assert finite == pytest.approx(1 + sign * 2 * c, rel=1e-6)
        assert abs(other) > 1e6


def test_a_weak_lottery_says_so() -> None:
    rng = np.random.default_rng(3)
    arm = np.tile(["jobfirst", "ordinary"], 50)
    frame = trial(arm=arm, hours=rng.normal(10, 3, 100), started=rng.integers(0, 2, 100))
    found = estimate_late(frame, "hours", PERSONS, treated="started")
    assert all(math.isinf(bound) for bound in found.confidence_interval())
    assert any("weak first stage" in note for note in found.notes)
    assert any("unbounded" in note or "not connected" in note for note in found.notes)
    assert found.p_value == pytest.approx(
        estimate_itt(frame, "hours", PERSONS).p_value, rel=0.01
    )  # Welch's degrees of freedom are those at the estimate


def test_an_unconnected_set_is_named() -> None:
    """The lottery moves hours but hardly take-up: no effect is rejected, big ones are not."""
    rng = np.random.default_rng(3)
    arm = np.tile(["jobfirst", "ordinary"], 50)
    frame = trial(arm=arm, hours=rng.normal(10, 3, 100) + 4 * (arm == "jobfirst"))
    frame["started"] = np.where(arm == "jobfirst", np.arange(100) % 20 < 9, np.arange(100) % 10 < 4)
    found = estimate_late(frame, "hours", PERSONS, treated="started")
    assert found.confidence_interval() == (-math.inf, math.inf)
    assert any("not connected" in note for note in found.notes)
    assert found.p_value < 0.001


# --- what cannot be estimated, and what is refused ----------------------------------------


@pytest.mark.parametrize("started", [[0] * 8, [1] * 8, [0, 0, 1, 1] * 2])
def test_no_first_stage_is_nan_with_a_reason(started: list[int]) -> None:
    frame = trial(
        arm=["jobfirst"] * 4 + ["ordinary"] * 4, hours=range(8), started=started, x=[1] * 8
    )
    found = estimate_late(frame, "hours", PERSONS, treated="started", profile=["x"])
    numbers = (found.estimate, found.std_error, found.p_value, found.mean_control)
    assert all(math.isnan(number) for number in (*numbers, *found.confidence_interval()))
    assert "not estimable: the lottery did not move take-up" in found.notes
    assert found.take_up is not None and found.take_up.first_stage == 0
    assert math.isnan(found.take_up.profile[0][1])


def test_a_constant_outcome_has_no_error(two_sided: pd.DataFrame) -> None:
    found = estimate_late(two_sided.assign(hours=3.0), "hours", PERSONS, treated="started")
    assert math.isnan(found.std_error) and math.isnan(found.p_value)
    assert any(note.startswith("not estimable") for note in found.notes)


def test_an_outcome_that_is_take_up_has_no_error(two_sided: pd.DataFrame) -> None:
    frame = two_sided.assign(hours=5.0 * two_sided["started"])
    found = estimate_late(frame, "hours", PERSONS, treated="started")
    assert found.estimate == pytest.approx(5)
    assert math.isnan(found.std_error)


def test_missing_outcomes_keep_persons_together(two_sided: pd.DataFrame) -> None:
    rows = two_sided.assign(hours=two_sided["hours"].where(np.arange(20) % 7 != 3))
    other = pd.DataFrame({"arm": ["third"] * 3, "hours": [1.0] * 3, "started": [None] * 3})
    found = estimate_late(
        pd.concat([other, rows]).astype({"started": object}).assign(
            started=lambda f: f["started"].astype(float)
        ),
        "hours", PERSONS, treated="started",
    )  # fmt: skip
    alone = estimate_late(rows.dropna(), "hours", PERSONS, treated="started")
    assert found.estimate == alone.estimate and found.std_error == alone.std_error
    assert any("outcome missing" in note for note in found.notes)


@pytest.mark.parametrize(
    "values, rule",
    [
        ([None, None, *[1.0] * 18], "is missing for 2 persons"),
        ([0.25, *[1.0] * 19], "is neither 0 nor 1 for 1 persons"),
        (["yes"] * 20, "is not a column of 0 and 1"),
    ],
)
def test_take_up_must_be_known(two_sided: pd.DataFrame, values: list[Any], rule: str) -> None:
    with pytest.raises(DataError, match=rule) as caught:
        estimate_late(two_sided.assign(started=values), "hours", PERSONS, treated="started")
    assert "0.25" not in str(caught.value) and "yes" not in str(caught.value)


@pytest.mark.parametrize(
    "options, words",
    [
        ({"interval": "wold"}, 'did you mean "wald"'),
        ({"treated": "hours"}, "not take-up"),
        ({"treated": "arm"}, "not take-up"),
        ({"covariates": ["started"], "adjustment": "ancova"}, "not take-up"),
        ({"profile": ["hours"]}, "belongs to no profile"),
        ({"profile": "age"}, "sequence"),
        ({"small_sample": False, "vcov": "HC2"}, "small_sample=False"),
        ({"conf_level": 95}, "conf_level"),
        ({"adjustment": "ancovva"}, "ancova"),
    ],
)
def test_options_that_make_no_sense(
    two_sided: pd.DataFrame, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        estimate_late(two_sided, "hours", PERSONS, **{"treated": "started", **options})


def test_the_profile_counts_the_unknown_apart(two_sided: pd.DataFrame) -> None:
    frame = two_sided.assign(
        age=two_sided["age"].where(np.arange(20) % 10 != 0),
        benefit=two_sided["benefit"].where(np.arange(20) % 10 != 5),
    )
    terms = [
        Term(column="age", type="number", unknown="indicator"),
        Term(column="benefit", type="category", unknown="indicator"),
    ]
    found = estimate_late(frame, "hours", PERSONS, treated="started", profile=terms)
    assert found.take_up is not None
    rows = {name: row for name, *row in found.take_up.profile}
    assert rows["age"][1] == pytest.approx((10 * 30 + 8 * 50) / 18)
    assert rows["benefit[unknown]"] == pytest.approx([0.2, 0.1])
    with pytest.raises(DataError, match="missing for 2 persons"):
        estimate_late(frame, "hours", PERSONS, treated="started", profile=["age"])


def test_errors_name_their_small_sample_convention(two_sided: pd.DataFrame) -> None:
    def note(**options: Any) -> str:
        found = estimate_late(two_sided, "hours", PERSONS, treated="started", **options)
        return next(n for n in found.notes if n.startswith("standard error"))

    assert note().endswith("by leverage; t")
    assert note(vcov="HC1").endswith("n/(n − k); t")
    assert note(small_sample=False) == "standard error HC0, without a small-sample factor; normal"


def test_a_result_survives_json(two_sided: pd.DataFrame) -> None:
    found = estimate_late(two_sided, "hours", PERSONS, treated="started", profile=["age"])
    assert Estimate.from_dict(json.loads(json.dumps(found.to_dict()))) == found
    assert "Wald" in repr(found)


# --- comparisons that are not causal ------------------------------------------------------


def test_as_treated_by_hand(two_sided: pd.DataFrame) -> None:
    """9 took part: 4 × 20 + 5 × 14.4; 11 did not: 6 × 4 + 5 × 8.4."""
    found = estimate_as_treated(two_sided, "hours", PERSONS, treated="started")
    assert found.mean_treatment == pytest.approx(152 / 9)
    assert found.mean_control == pytest.approx(66 / 11)
    assert found.estimate == pytest.approx(152 / 9 - 6)
    assert (found.n_treatment, found.n_control) == (9, 11)
    assert "not causal" in found.estimand and found.notes[0].startswith("not causal")
    assert found.analysis_set == "as_treated"


def test_per_protocol_by_hand(two_sided: pd.DataFrame) -> None:
    """Who did as drawn: 2 × 20 + 5 × 14.4 of 7 against 3 × 4 + 5 × 8.4 of 8."""
    variant = Variant(name="a", outcome="hours", analysis_set="per_protocol", treated="started")
    [found] = estimate_variants(two_sided, PERSONS, [variant])
    assert found.estimate == pytest.approx(112 / 7 - 54 / 8)
    assert found.analysis_set == "per_protocol" and "not causal" in found.estimand


def test_as_treated_keeps_strata_and_clusters() -> None:
    rng = np.random.default_rng(5)
    arm = np.repeat(["jobfirst", "ordinary"], 40)
    frame = trial(
        arm=arm, hours=rng.normal(size=80), site=np.arange(80) % 2, office=np.arange(80) // 8,
        started=(arm == "jobfirst") & (np.arange(80) % 3 > 0),
    )  # fmt: skip
    strata = estimate_as_treated(frame, "hours", STRATA, treated="started")
    d = frame["started"].to_numpy(float)
    design = np.column_stack([np.ones(80), d, frame["site"]])
    slope = np.linalg.lstsq(design, frame["hours"].to_numpy(), rcond=None)[0][1]
    assert strata.estimate == pytest.approx(slope, rel=1e-10)
    offices = Lottery(arm="arm", treatment="jobfirst", control="ordinary", clusters="office")
    clusters = estimate_as_treated(frame, "hours", offices, treated="started")
    assert clusters.n_clusters == 10 and clusters.df < 10


def test_as_treated_refuses_one_group(two_sided: pd.DataFrame) -> None:
    with pytest.raises(DesignError, match="fewer than two"):
        estimate_as_treated(two_sided.assign(started=0), "hours", PERSONS, treated="started")
