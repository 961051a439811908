"""Do the intervals for hours with many zeros and for missing outcomes cover 95 %?

Rule: |coverage − .95| ≤ 4 Monte-Carlo standard errors (.0195 at 2,000 trials). What covers
more by its nature is tested on the side where it could fail.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jobeval.effects.hours.margins import estimate_margins
from jobeval.effects.hours.quantiles import estimate_quantile_effects
from jobeval.effects.missing.bounds import bound_attrition
from jobeval.effects.missing.lee import lee_bounds
from jobeval.effects.missing.missing_weights import estimate_weighted_for_missing
from jobeval.plan.lottery import Lottery

pytestmark = pytest.mark.slow

TRIALS = 2_000
MARGIN = 4 * np.sqrt(0.95 * 0.05 / TRIALS)
STRATA = np.array([0.3, 0.5, 0.7])
SIZES = np.array([140, 100, 80])
COMPLETE = Lottery(arm="z", treatment=1, control=0)
STRATIFIED = Lottery(arm="z", treatment=1, control=0, strata="stratum")
CLUSTERED = Lottery(arm="z", treatment=1, control=0, clusters="office")


def hours(rng: np.random.Generator, stratum: np.ndarray, z: np.ndarray, jump: Any = 0) -> Any:
    """40 % zeros in the first stratum's controls, fewer elsewhere and under treatment."""
    working = rng.random(len(z)) < 0.6 + 0.05 * stratum + 0.1 * z + 0.05 * jump
    return working * np.clip(rng.gamma(4, 4.5, len(z)) + 2 * stratum + 3 * z + jump, 0.1, 80)


def complete(rng: np.random.Generator) -> pd.DataFrame:
    z = rng.permutation(np.arange(240) % 2)
    return pd.DataFrame({"z": z, "hours": hours(rng, np.zeros(240), z)})


def stratified(rng: np.random.Generator) -> pd.DataFrame:
    stratum = np.repeat([0, 1, 2], SIZES)
    z = np.concatenate([rng.permutation(n) < n * p for n, p in zip(SIZES, STRATA, strict=True)])
    return pd.DataFrame(
        {"z": z.astype(int), "stratum": stratum, "hours": hours(rng, stratum, z.astype(int))}
    )


def clustered(rng: np.random.Generator) -> pd.DataFrame:
    """24 offices of 10 to 20 persons; offices differ in both parts of the outcome."""
    office = np.repeat(np.arange(24), np.tile([10, 15, 20], 8))
    z = rng.permutation(np.arange(24) % 2)[office]
    jump = rng.normal(0, 1, 24)[office]
    outcome = hours(rng, np.zeros(len(z)), z, jump)
    return pd.DataFrame({"z": z, "office": office, "hours": outcome})


DESIGNS = {
    "complete": (complete, COMPLETE),
    "stratified": (stratified, STRATIFIED),
    "clustered": (clustered, CLUSTERED),
}


@cache
def population(design: str) -> tuple[np.ndarray, np.ndarray]:
    """Outcomes of two million persons under control and under treatment."""
    rng = np.random.default_rng(1)
    n = 2_000_000
    stratum = np.zeros(n)
    if design == "stratified":
        stratum = rng.choice(3, n, p=SIZES / SIZES.sum()).astype(float)
    jump = rng.normal(0, 1, n) if design == "clustered" else np.zeros(n)
    control, treated = (hours(rng, stratum, np.full(n, arm), jump) for arm in (0, 1))
    return control, treated


def truth(design: str, part: str) -> float:
    control, treated = population(design)
    share = [(y > 0).mean() for y in (control, treated)]
    mean = [y[y > 0].mean() for y in (control, treated)]
    match part.split("="):
        case ["ratio"]:
            return float(np.log(treated.mean() / control.mean()))
        case ["intensive"]:
            return float(mean[1] - mean[0])
        case ["through starting"]:
            return float((share[1] - share[0]) * sum(mean) / 2)
        case ["through hours"]:
            return float((mean[1] - mean[0]) * sum(share) / 2)
        case ["quantile", height]:
            return float(np.quantile(treated, float(height)) - np.quantile(control, float(height)))
        case _:
            raise ValueError(part)


def coverage(
    draw: Callable[[np.random.Generator], pd.DataFrame],
    intervals: Callable[[pd.DataFrame], dict[str, Any]],
    truths: dict[str, float],
) -> dict[str, float]:
    rng = np.random.default_rng(20171001)
    hits = dict.fromkeys(truths, 0)
    for _ in range(TRIALS):
        for name, (low, high) in intervals(draw(rng)).items():
            hits[name] += low <= truths[name] <= high
    return {name: count / TRIALS for name, count in hits.items()}


MARGINS = ("ratio", "intensive", "through starting", "through hours")


@pytest.mark.parametrize("design", DESIGNS)
def test_functions_of_means_cover(design: str) -> None:
    draw, lottery = DESIGNS[design]

    def intervals(frame: pd.DataFrame) -> dict[str, Any]:
        table = estimate_margins(frame, "hours", lottery, thresholds=(), winsorise=None)
        return {part: table.one(part=part).confidence_interval() for part in MARGINS}

    found = coverage(draw, intervals, {part: truth(design, part) for part in MARGINS})
    assert all(abs(share - 0.95) <= MARGIN for share in found.values()), found


@pytest.mark.parametrize("design", DESIGNS)
def test_quantile_effects_cover(design: str) -> None:
    """At .5, .75 and .9; control has 40 % zeros, so .5 is near their edge.

    At .1 both quantiles are 0 in truth, and the interval is [0, 0] in all trials.
    """
    draw, lottery = DESIGNS[design]
    heights = (0.1, 0.5, 0.75, 0.9)

    def intervals(frame: pd.DataFrame) -> dict[str, Any]:
        table = estimate_quantile_effects(frame, "hours", lottery, quantiles=heights)
        return {effect.part: effect.confidence_interval() for effect in table}

    parts = [f"quantile={height:g}" for height in heights]
    found = coverage(draw, intervals, {part: truth(design, part) for part in parts})
    assert found.pop("quantile=0.1") == 1
    assert all(share >= 0.95 - MARGIN for share in found.values()), found
    assert all(share <= 0.985 for share in found.values()), found


# --- missing outcomes ---------------------------------------------------------------------


def with_missing(rng: np.random.Generator, frame: pd.DataFrame) -> pd.DataFrame:
    """Treatment keeps more in sight (85 against 70 %); who has many hours is seen more often."""
    latent = rng.random(len(frame)) + 0.004 * (frame["hours"] - 12)
    seen = latent > 0.3 - 0.15 * frame["z"]
    old = rng.random(len(frame)) < 0.4
    return frame.assign(hours=frame["hours"].where(seen), old=np.where(old, "old", "young"))


@cache
def lee_truth(design: str) -> tuple[float, float]:
    control, treated = population(design)
    n = len(control)
    frame = pd.DataFrame({"z": np.repeat([0, 1], n), "hours": np.concatenate([control, treated])})
    seen = with_missing(np.random.default_rng(2), frame)["hours"].to_numpy()
    known = ~np.isnan(seen)
    bounds = lee_bounds(
        np.where(known, seen, 0), known, frame["z"].to_numpy(), np.full(2 * n, 1 / n)
    )
    return bounds[0].estimate, bounds[1].estimate


@pytest.mark.parametrize("tightened", [False, True])
@pytest.mark.parametrize("design", DESIGNS)
def test_lee_bounds_cover_their_ends(design: str, tightened: bool) -> None:
    """Each end of the range, the least favourable effects. ``old`` tells nothing of hours or
    attrition, so that trimming within its cells moves the bounds by chance alone.
    """
    draw, lottery = DESIGNS[design]
    options = {"covariates": ["old"]} if tightened else {}
    ends = dict(zip(("lower", "upper"), lee_truth(design), strict=True))
    second = np.random.default_rng(3)

    def intervals(frame: pd.DataFrame) -> dict[str, Any]:
        found = bound_attrition(with_missing(second, frame), "hours", lottery, **options)
        return dict.fromkeys(ends, found.interval)

    found = coverage(draw, intervals, ends)
    assert all(abs(share - 0.95) <= MARGIN for share in found.values()), found


@pytest.mark.parametrize("design", DESIGNS)
def test_manski_covers_its_ends(design: str) -> None:
    draw, lottery = DESIGNS[design]
    control, treated = population(design)
    n = len(control)
    frame = pd.DataFrame({"z": np.repeat([0, 1], n), "hours": np.concatenate([control, treated])})
    seen = with_missing(np.random.default_rng(2), frame)["hours"].to_numpy().reshape(2, n)
    at = {limit: np.where(np.isnan(seen), limit, seen).mean(axis=1) for limit in (0.0, 90.0)}
    ends = {"lower": at[0.0][1] - at[90.0][0], "upper": at[90.0][1] - at[0.0][0]}
    second = np.random.default_rng(3)

    def intervals(frame: pd.DataFrame) -> dict[str, Any]:
        missing = with_missing(second, frame)
        found = bound_attrition(missing, "hours", lottery, method="manski", limits=(0, 90))
        return dict.fromkeys(ends, found.interval)

    found = coverage(draw, intervals, ends)
    assert all(abs(share - 0.95) <= MARGIN for share in found.values()), found


@pytest.mark.parametrize("design", DESIGNS)
def test_weights_for_missing_cover_when_missing_depends_on_covariates(design: str) -> None:
    draw, lottery = DESIGNS[design]
    control, treated = population(design)
    second = np.random.default_rng(4)

    def intervals(frame: pd.DataFrame) -> dict[str, Any]:
        age = second.normal(0, 1, len(frame))
        shifted = frame["hours"] + 6 * age
        seen = second.random(len(frame)) < 1 / (1 + np.exp(-1 - age - 0.5 * frame["z"]))
        known = frame.assign(hours=shifted.where(seen), age=age)
        effect = estimate_weighted_for_missing(known, "hours", lottery, covariates=["age"])
        return {"effect": effect.confidence_interval()}

    found = coverage(draw, intervals, {"effect": treated.mean() - control.mean()})
    assert abs(found["effect"] - 0.95) <= MARGIN, found
