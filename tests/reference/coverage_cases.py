"""What each row of ``coverage.toml`` runs: one trial in, whether each interval holds the truth.

A test stands in as its acceptance region: it "holds" where it does not reject a true hypothesis.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

import numpy as np
from simulated_trials import (
    AREA_LOTTERIES,
    GAIN,
    LIMITS,
    LOTTERIES,
    PATH,
    PLACE_LOTTERIES,
    QUANTILES,
    SHIFT,
    SLOPE,
    SPILLS,
    TAU,
    WEEKS,
    Trial,
    draw_areas,
    draw_places,
    draw_trial,
    draw_weeks,
    truths,
)

import jobeval as je
from jobeval.plan.lottery import Lottery

Held = dict[str, float]
Run = Callable[[Any, Lottery, str, int], Held]
Draw = Callable[[np.random.Generator, str], Trial]
RARELY = 0.05
AGE: dict[str, Any] = {"covariates": ["age"]}
ENDS = ("lower", "upper")
OUTCOMES = ("shifted", "second", "third")


@dataclass(frozen=True, slots=True)
class Case:
    """``run(frame, lottery, design, seed)`` on trials of ``draw``."""

    run: Run
    draw: Draw = draw_trial
    lotteries: Any = None
    trials: int = 2_000

    def lottery(self, design: str) -> Lottery:
        return (self.lotteries or LOTTERIES)[design]


def holds(effect: Any, truth: float) -> float:
    return within(*effect.confidence_interval(), truth)


def within(low: float, high: float, truth: float) -> float:
    """``nan`` where the effect was not estimable: such a trial does not count."""
    return math.nan if math.isnan(low) else float(low <= truth <= high)


def itt(**options: Any) -> Case:
    def run(frame: Any, lottery: Lottery, design: str, seed: int) -> Held:
        effect = je.estimate_itt(frame, "hours", lottery, **options)
        return {"": holds(effect, truths(design)["hours"])}

    return Case(run)


def wild(frame: Any, lottery: Lottery, design: str, seed: int) -> Held:
    """Re-drawn lotteries and signs test the same effect on everyone."""
    effect = je.estimate_itt(frame, "shifted", lottery, inference="wild", draws=999, seed=seed)
    return {"": holds(effect, SHIFT)}


def randomisation(frame: Any, lottery: Lottery, design: str, seed: int) -> Held:
    drawn: dict[str, Any] = {"draws": 199, "seed": seed, "workers": 1}
    test = je.randomisation_test(frame, "shifted", lottery, **drawn)
    plain = je.randomisation_test(
        _without_effect(frame), "shifted", lottery, statistic="difference", **drawn
    )
    return {
        "interval": within(test.conf_low, test.conf_high, SHIFT),
        "size": plain.p_value > 0.05,
    }


def _without_effect(frame: Any) -> Any:
    changed = {name: frame[name] - SHIFT * frame["arm"] for name in OUTCOMES}
    return {**frame, **changed} if isinstance(frame, dict) else frame.assign(**changed)


def family(method: str) -> Case:
    def run(frame: Any, lottery: Lottery, design: str, seed: int) -> Held:
        drawn: dict[str, Any] = {"method": method, "draws": 199, "seed": seed, "workers": 1}
        null = je.estimate_family(_without_effect(frame), OUTCOMES, lottery, **drawn)
        held = {"size": all(effect.p_value_adjusted > 0.05 for effect in null)}
        if method == "romano-wolf":
            table = je.estimate_family(frame, OUTCOMES, lottery, **drawn)
            held["intervals"] = min(holds(effect, SHIFT) for effect in table)
        return held

    return Case(run)


def late(**options: Any) -> Case:
    def run(frame: Any, lottery: Lottery, design: str, seed: int) -> Held:
        effect = je.estimate_late(frame, "earned", lottery, treated="started", **options)
        truth = truths(design)["earned"]
        wald = replace(effect, inference="")  # as with interval="wald", at half the time
        return {"anderson-rubin": holds(effect, truth), "wald": holds(wald, truth)}

    return Case(run)


def risk(**options: Any) -> Case:
    truth = "log ratio of risks" if options.get("measure") == "ratio" else "works"

    def run(frame: Any, lottery: Lottery, design: str, seed: int) -> Held:
        effect = je.estimate_risk_difference(frame, "works", lottery, **options)
        return {"": holds(effect, truths(design)[truth])}

    return Case(run)


def margins(frame: Any, lottery: Lottery, design: str, seed: int) -> Held:
    table = je.estimate_margins(frame, "paid", lottery, thresholds=(20,))
    return {effect.part: holds(effect, truths(design)[effect.part]) for effect in table}


def quantiles(frame: Any, lottery: Lottery, design: str, seed: int) -> Held:
    table = je.estimate_quantile_effects(frame, "paid", lottery, quantiles=QUANTILES)
    return {effect.part: holds(effect, truths(design)[effect.part]) for effect in table}


def lee(**options: Any) -> Case:
    """Each end of the range, the least favourable effects."""

    def run(frame: Any, lottery: Lottery, design: str, seed: int) -> Held:
        interval = je.bound_attrition(frame, "kept", lottery, **options).interval
        return {end: within(*interval, truths(design)[f"lee {end}"]) for end in ENDS}

    return Case(run)


def manski(frame: Any, lottery: Lottery, design: str, seed: int) -> Held:
    found = je.bound_attrition(frame, "kept", lottery, method="manski", limits=LIMITS)
    return {end: within(*found.interval, truths(design)[f"manski {end}"]) for end in ENDS}


def missing_weights(frame: Any, lottery: Lottery, design: str, seed: int) -> Held:
    effect = je.estimate_weighted_for_missing(frame, "reached", lottery, **AGE)
    return {"": holds(effect, truths(design)["hours"])}


def index(frame: Any, lottery: Lottery, design: str, seed: int) -> Held:
    effect = je.estimate_index(frame, ["shifted"], lottery)
    return {"": holds(effect, SHIFT / truths(design)["deviation"])}


def size(frame: Any, lottery: Lottery, design: str, seed: int) -> Held:
    effect = je.estimate_standardised_effect(frame, "shifted", lottery)
    return {"": holds(effect, SHIFT / truths(design)["deviation"])}


def subgroups(frame: Any, lottery: Lottery, design: str, seed: int) -> Held:
    found = je.estimate_subgroups(frame, "hours", lottery, "group")
    return {"": found.interaction.p_value > 0.05}


def sorted_groups(frame: Any, lottery: Lottery, design: str, seed: int) -> Held:
    table = je.estimate_sorted_groups(
        frame, "shifted", lottery, **AGE, seed=seed, groups=2, splits=5
    )
    return {"": holds(table.one(part="group 2 - group 1"), 0.0)}


def path(frame: Any, lottery: Lottery, design: str, seed: int) -> Held:
    found = je.estimate_path(frame, WEEKS, lottery)
    effect = found["1 - 0"]
    fading = next(test for test in found.tests if test.name == "fading")
    within = (effect.band_low <= PATH) & (effect.band_high >= PATH)
    return {
        "week": bool(effect.conf_low[-1] <= PATH[-1] <= effect.conf_high[-1]),
        "band": bool(within.all()),
        "fading": fading.p_value > 0.05,
    }


def sites(frame: Any, lottery: Lottery, design: str, seed: int) -> Held:
    found = je.estimate_sites(frame, "sited", lottery, "site")
    true = np.array([frame["true"][24 * int(e.subgroup.removeprefix("site="))] for e in found.raw])
    one_more = GAIN + np.hypot(TAU, SLOPE) * np.random.default_rng(seed).normal()
    with patch(
        "jobeval.effects.groups.fidelity.read_site_effects", lambda *_: found.raw
    ):  # once is dear
        slope = je.estimate_fidelity(frame, "sited", lottery, "site", "fidelity")
    shrunken = [holds(e, t) for e, t in zip(found.shrunken, true, strict=True)]
    return {
        "pooled": holds(found.pooled, GAIN),
        "prediction": holds(found.prediction, one_more),
        "shrunken": float(np.mean(shrunken)),
        "fidelity": holds(slope, SLOPE),
    }


def spillover(frame: Any, lottery: Lottery, design: str, seed: int) -> Held:
    table = je.estimate_spillover(frame, "spilled", lottery, group="area", saturation="saturation")
    return {part: holds(table.one(part=part), truth) for part, truth in SPILLS.items()}


CASES = {
    "itt": itt(),
    "ancova": itt(**AGE, adjustment="ancova"),
    "lin": itt(**AGE, adjustment="lin"),
    "late": late(),
    "late-2sls": late(**AGE, adjustment="ancova"),
    "newcombe": risk(),
    "newcombe-ratio": risk(measure="ratio"),
    "mantel-haenszel": risk(method="mantel-haenszel"),
    "g-computation": risk(method="g-computation", **AGE),
    "margins": Case(margins),
    "quantiles": Case(quantiles),
    "lee": lee(),
    "lee-tightened": lee(covariates=["group"]),
    "manski": Case(manski),
    "missing-weights": Case(missing_weights),
    "index": Case(index),
    "hedges-g": Case(size),
    "subgroups": Case(subgroups),
    "sites": Case(sites, draw_places, PLACE_LOTTERIES),
    "spillover": Case(spillover, draw_areas, AREA_LOTTERIES),
    "sorted-groups": Case(sorted_groups, trials=400),
    "path": Case(path, draw_weeks),
    "randomisation": Case(randomisation),
    "wild": Case(wild),
    "romano-wolf": family("romano-wolf"),
    "westfall-young": family("westfall-young"),
}
DESIGNS = tuple(LOTTERIES)


def coverage(case: Case, design: str, trials: int) -> dict[str, float]:
    """The share of trials in which each part holds the truth; trial ``i`` has stream ``i``.

    At most ``RARELY`` of them may be without an answer.
    """
    found: list[Held] = []
    for seed in range(trials):
        rng = np.random.default_rng([20170501, seed])
        trial = case.draw(rng, design)
        found.append(case.run(trial, case.lottery(design), design, seed))
    table = {part: np.array([held[part] for held in found], dtype=float) for part in found[0]}
    assert all(np.isnan(column).mean() <= RARELY for column in table.values())
    return {part: float(np.nanmean(column)) for part, column in table.items()}
