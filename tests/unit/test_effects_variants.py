"""The sensitivity table: each variant is what the estimators say, and none drops out."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from jobeval.effects.itt.itt import estimate_itt
from jobeval.effects.summary.variants import Variant, estimate_variants
from jobeval.errors import DataError
from jobeval.plan.lottery import Lottery
from jobeval.results import EffectTable, Estimate

LOTTERY = Lottery(arm="arm", treatment="new", control="old", strata="site")


def draw() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    n = 120
    site = np.repeat([0, 1, 2], n // 3)
    arm = np.where(np.arange(n) % 40 < 14 + 4 * site, "new", "old")
    hours = np.maximum(rng.normal(6, 12, n) + 3 * (arm == "new"), 0).round(1)
    return pd.DataFrame({
        "arm": arm, "site": site, "hours": hours, "any": (hours > 0) * 1.0,
        "reported": np.where(rng.random(n) < 0.1, np.nan, hours), "age": rng.integers(20, 60, n),
        "started": np.where(arm == "new", rng.random(n) < 0.7, rng.random(n) < 0.1) * 1,
        "word": "x", "office": np.char.add(arm, (np.arange(n) % 10).astype(str)),
    })  # fmt: skip


def run(*variants: Variant, frame: pd.DataFrame | None = None, **options: Any) -> EffectTable:
    return estimate_variants(draw() if frame is None else frame, LOTTERY, variants, **options)


def numbers(effect: Estimate) -> tuple[float, float, float, float]:
    return effect.estimate, effect.std_error, effect.df, effect.p_value


def test_each_variant_is_the_estimate_it_names() -> None:
    frame = draw()
    table = run(
        Variant(name="raw", outcome="hours"),
        Variant(
            name="adjusted", outcome="hours", covariates=("age",), adjustment="lin", vcov="HC3"
        ),
        Variant(name="any", outcome="any"),
        Variant(name="reported", outcome="reported"),
        Variant(name="unstratified", outcome="hours", strata=()),
        Variant(name="lottery", outcome="hours", inference="lottery"),
        draws=200,
        seed=3,
        conf_level=0.9,
    )
    pooled = Lottery(arm="arm", treatment="new", control="old")
    alone = [
        estimate_itt(frame, "hours", LOTTERY),
        estimate_itt(frame, "hours", LOTTERY, covariates=["age"], adjustment="lin", vcov="HC3"),
        estimate_itt(frame, "any", LOTTERY),
        estimate_itt(frame, "reported", LOTTERY),
        estimate_itt(frame, "hours", pooled),
        estimate_itt(frame, "hours", LOTTERY, inference="lottery", draws=200, seed=3),
    ]
    for effect, other in zip(table, alone, strict=True):
        assert numbers(effect) == numbers(other)
        assert effect.conf_level == 0.9
    assert [e.part for e in table] == [
        "raw",
        "adjusted",
        "any",
        "reported",
        "unstratified",
        "lottery",
    ]
    assert table[4].notes[0] == "the strata of the lottery are left out"
    assert table[5].inference == "lottery" and {e.analysis_set for e in table} == {"randomised"}


def test_winsorised_values_are_capped_for_both_arms() -> None:
    frame = draw()
    effect = run(Variant(name="capped", outcome="hours", winsorise=0.9))[0]
    cap = np.sort(frame["hours"].to_numpy())[107]  # the smallest that 90 % do not exceed
    capped = frame.assign(hours=np.minimum(frame["hours"], cap))
    assert numbers(effect) == numbers(estimate_itt(capped, "hours", LOTTERY))
    assert "0.9 quantile" in effect.notes[0]
    other = pd.concat([frame, frame.assign(arm="third", hours=1e6)])
    assert run(Variant(name="capped", outcome="hours", winsorise=0.9), frame=other)[0] == effect


def test_per_protocol_says_that_it_is_not_causal() -> None:
    frame = draw()
    variant = Variant(
        name="as told", outcome="hours", analysis_set="per_protocol", treated="started"
    )
    effect = run(variant)[0]
    kept = frame[(frame["arm"] == "new") == (frame["started"] == 1)]
    assert numbers(effect) == numbers(estimate_itt(kept, "hours", LOTTERY))
    assert effect.analysis_set == "per_protocol"
    assert effect.estimand == "per protocol (not causal)"
    assert effect.notes[0].startswith("not causal")
    assert effect.n_treatment + effect.n_control == len(kept) < len(frame)


@pytest.mark.parametrize(
    "variant, reason",
    [
        (Variant(name="x", outcome="houts"), "did you mean"),
        (Variant(name="x", outcome="word"), "not a column of numbers"),
        (Variant(name="x", outcome="word", winsorise=0.9), "not a column of numbers"),
        (Variant(name="x", outcome="lost"), "do not hold both arms"),
        (Variant(name="x", outcome="lost", inference="lottery"), "both arms"),
        (Variant(name="x", outcome="hours", analysis_set="per_protocol", treated="age"), "0 nor 1"),
    ],
)
def test_a_failed_variant_stays_with_its_reason(variant: Variant, reason: str) -> None:
    frame = draw()
    frame["lost"] = frame["hours"].where((frame["site"] > 0) | (frame["arm"] == "old"))
    table = run(Variant(name="raw", outcome="hours"), variant, frame=frame, draws=50)
    assert np.isfinite(table[0].estimate)
    failed = table[1]
    assert np.isnan([failed.estimate, failed.std_error, failed.p_value]).all()
    assert failed.part == "x" and failed.n_treatment == (frame["arm"] == "new").sum()
    if reason == "did you mean":
        reason = "is not in the data frame"
    assert failed.notes[-1].startswith("not estimable: ") and reason in failed.notes[-1]


def test_wrong_variants_are_refused() -> None:
    for wrong, message in (
        ({"inference": "lotery"}, 'did you mean "lottery"'),
        ({"analysis_set": "per-protocol"}, "per_protocol"),
        ({"treated": "started"}, "treated belongs to"),
        ({"winsorise": 99}, "between 0 and 1"),
        ({"inference": "lottery", "vcov": "HC3"}, "no vcov"),
    ):
        with pytest.raises(ValueError, match=message):
            Variant(name="x", outcome="hours", **wrong)
    for variants, message in (
        ([], "no variant"),
        ([Variant(name="x", outcome="hours")] * 2, "two variants are named 'x'"),
        ([Variant(name="x", outcome="hours", vcov="CR2")], "variant 'x': vcov"),
        ([Variant(name="x", outcome="hours", covariates=("age",))], "variant 'x': covariates"),
    ):
        with pytest.raises(ValueError, match=message):
            run(*variants)
    with pytest.raises(DataError, match="arm"):
        run(Variant(name="x", outcome="hours"), frame=draw().drop(columns="arm"))
