"""Every estimator of effects, through the front door, under every relation it must keep.

``CASES`` says how each estimator is called, by which lotteries, and which changes of the data it
does not follow, with the reason. ``CHANGES`` turn two trials that have the same answer, but for
a factor, into two others; any of them may follow on each other, so that a test draws some.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import pandas as pd
import pytest
from effects_trials import WEEKS, Trial, trials
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import jobeval as je

NAN = math.nan
AFFINE = ((-3.0, 50.0), (0.01, 0.0))
UNIT = ((4.333, 0.0), (0.01, 0.0))
LABELS = ("site", "office", "area")
OUTCOMES = ("hours", "followed", *WEEKS)


class Answer(NamedTuple):
    """One number of a result; ``pure`` when it has no unit of the outcome."""

    name: str
    estimate: float
    std_error: float
    p_value: float
    low: float
    high: float
    adjusted: float = NAN
    pure: bool = False
    notes: tuple[str, ...] = ()

    def times(self, factor: float) -> "Answer":
        """The answer after outcomes were multiplied, or arms swapped (``factor`` -1)."""
        size = math.copysign(1, factor) if self.pure else factor
        low, high = sorted((size * self.low, size * self.high))
        name = self.name.translate(OPPOSITE) if factor < 0 else self.name
        return self._replace(
            name=name, estimate=size * self.estimate, std_error=abs(size) * self.std_error,
            low=low, high=high,
        )  # fmt: skip

    @property
    def numbers(self) -> tuple[float, ...]:
        return self[1:7]


OPPOSITE = str.maketrans("<>", "><")
"""Names of lower bounds and alternatives hold ``<``, of upper ones ``>``."""


def told(effect: je.Estimate) -> Answer:
    name = " ".join((effect.endpoint, effect.subgroup, effect.part)).strip()
    name = name.replace(">", "≥").replace("lower", "<").replace("upper", ">")
    pure = effect.scale == "log_ratio" or effect.unit in ("share", "SD")
    return Answer(
        name, effect.estimate, effect.std_error, effect.p_value, *effect.confidence_interval(),
        effect.p_value_adjusted, pure, effect.notes,
    )  # fmt: skip


def p_of(test: je.HypothesisTest) -> Answer:
    return Answer(test.name, NAN, NAN, test.p_value, NAN, NAN)


def one(effect: je.Estimate) -> list[Answer]:
    return [told(effect)]


def every(table: Any) -> list[Answer]:
    return [told(effect) for effect in table]


def bounds(found: je.Bounds) -> list[Answer]:
    both = Answer("range", NAN, NAN, NAN, *found.interval, notes=found.notes)
    return [*every(found.table), both]


def by_lottery(test: je.RandomisationTest) -> list[Answer]:
    two = Answer("two-sided", test.estimate, NAN, test.p_value, test.conf_low, test.conf_high)
    sides = {">": test.p_value_greater, "<": test.p_value_less}
    return [two, *(Answer(side, NAN, NAN, p, NAN, NAN) for side, p in sides.items())]


def by_level(found: Any) -> list[Answer]:
    return [*every(found.effects), p_of(found.interaction)]


def by_site(found: Any) -> list[Answer]:
    tau = Answer("tau", NAN, found.tau, NAN, NAN, NAN)
    shrunken = [answer._replace(name=f"{answer.name} shrunken") for answer in every(found.shrunken)]
    parts = every((*found.raw, found.pooled, found.prediction))
    return [*parts, *shrunken, tau, p_of(found.heterogeneity)]


def by_week(found: je.CurveTable) -> list[Answer]:
    path = found.curves[2]
    rows = zip(path.values, path.std_error, path.conf_low, path.conf_high, strict=True)
    bands = zip(path.band_low, path.band_high, strict=True)
    return [
        *(Answer(f"week {w}", e, s, NAN, low, high) for w, (e, s, low, high) in enumerate(rows)),
        *(Answer(f"band {w}", NAN, NAN, NAN, *band) for w, band in enumerate(bands)),
        *(p_of(test)._replace(notes=path.notes) for test in found.tests),
    ]


@dataclass(frozen=True)
class Case:
    """How an estimator is called, and what it does not keep: name of a change → reason."""

    name: str
    call: Callable[..., list[Answer]]
    designs: str
    covariates: tuple[str, ...] = ()
    units: tuple[tuple[float, float], ...] = AFFINE
    outcomes: tuple[str, ...] = OUTCOMES
    sign: int = -1  # of the effect when the arms are swapped
    excused: dict[str, str] = field(default_factory=dict)

    def on(self, trial: Trial, *covariates: str, **options: Any) -> list[Answer]:
        if self.covariates:
            options["covariates"] = (*self.covariates, *covariates)
        return self.call(trial.frame, trial.lottery, **options)


def calling(estimate: Callable[..., Any], shown: Callable[[Any], list[Answer]], *columns: Any,
            **fixed: Any) -> Callable[..., list[Answer]]:  # fmt: skip
    """``estimate(frame, outcome, lottery, *others, **options)`` with its columns filled in."""
    outcome, *others = columns or ("hours",)

    def call(frame: pd.DataFrame, lottery: je.Lottery, **options: Any) -> list[Answer]:
        return shown(estimate(frame, outcome, lottery, *others, **fixed, **options))

    return call


def itt(**fixed: Any) -> Callable[..., list[Answer]]:
    return calling(je.estimate_itt, one, **fixed)


def late(**fixed: Any) -> Callable[..., list[Answer]]:
    return calling(je.estimate_late, one, treated="started", **fixed)


def risk(**fixed: Any) -> Callable[..., list[Answer]]:
    return calling(je.estimate_risk_difference, one, "any_hours", **fixed)


def bound_manski(frame: pd.DataFrame, lottery: je.Lottery, **options: Any) -> list[Answer]:
    limits = (frame["followed"].min(), frame["followed"].max())
    return bounds(
        je.bound_attrition(frame, "followed", lottery, method="manski", limits=limits, **options)
    )


def vary(frame: pd.DataFrame, lottery: je.Lottery, **options: Any) -> list[Answer]:
    variants = [
        je.Variant(name="raw", outcome="hours"),
        je.Variant(name="lin", outcome="hours", adjustment="lin", covariates=("age",)),
        je.Variant(name="pooled", outcome="hours", strata=()),
        je.Variant(name="drawn", outcome="hours", inference="lottery"),
    ]
    return every(je.estimate_variants(frame, lottery, variants, **options))


ALL = "complete strata pairs clusters offices odds"
NO_PAIRS = "complete strata clusters offices odds"
PERSONS = "complete strata"
EXACT = "tiny few"
BOTH = ("age", "benefit")
AS_THEY_COME = "the splits are random, and follow arms and rows as they come"
BY_A_PERSON = {"doubled": "it weighs by inverse allocation where that differs by a person or more"}
NOT_CLUSTERS = {"doubled": "the estimator refuses drawn clusters"}
RISK: dict[str, Any] = {"outcomes": ("any_hours",), "units": ((-1.0, 1.0),)}
NO_RATIO = {"unit": "the ratio of the shares without hours is another number"}

CASES = [
    Case("itt", itt(), ALL),
    Case("itt CR3", itt(vcov="CR3"), "clusters offices"),
    Case("itt CR0", itt(vcov="CR0"), "clusters offices"),
    Case("itt HC3", itt(vcov="HC3"), PERSONS, excused={"doubled": "HC3 knows no clusters"}),
    Case("itt weights", itt(weights="weight"), NO_PAIRS),
    Case("itt superpopulation", itt(population="superpopulation"), "complete strata offices"),
    Case("itt ancova", itt(adjustment="ancova"), "complete clusters odds", BOTH),
    Case("itt ancova in strata", itt(adjustment="ancova"), "strata pairs offices", BOTH,
         excused=BY_A_PERSON),
    Case("itt lin", itt(adjustment="lin"), NO_PAIRS, BOTH),
    Case("itt lottery", itt(inference="lottery", seed=1), EXACT),
    Case("itt wild", itt(inference="wild", seed=1), "few"),
    Case("arms", calling(je.estimate_arms, every, treatments=["third"]), ALL,
         excused={"swapped": "the third arm has another control then; one arm is an itt"}),
    Case("late", late(), ALL, sign=1),
    Case("late wald", late(interval="wald"), ALL, sign=1),
    Case("late 2sls", late(adjustment="ancova"), "complete clusters odds", BOTH, sign=1),
    Case("late 2sls in strata", late(adjustment="ancova"), "strata offices", BOTH, sign=1,
         excused=BY_A_PERSON),
    Case("late lin", late(adjustment="lin"), NO_PAIRS, ("age",), sign=1),
    Case("late large sample", late(small_sample=False), NO_PAIRS, sign=1),
    Case("as treated", calling(je.estimate_as_treated, one, treated="started"), NO_PAIRS, sign=1),
    *(Case(f"risk {measure} {name}", risk(measure=measure, **options), PERSONS, covariates, **RISK,
           excused=NOT_CLUSTERS | (NO_RATIO if measure == "ratio" else {}))
      for measure in ("difference", "ratio")
      for name, covariates, options in (
          ("newcombe", (), {}),
          ("newcombe mh", (), {"stratum_weights": "mantel-haenszel"}),
          ("mantel-haenszel", (), {"method": "mantel-haenszel"}),
          ("ge", BOTH, {"method": "g-computation", "std_error": "ge"}),
          ("ye", BOTH, {"method": "g-computation", "std_error": "ye"}))),
    Case("margins", calling(je.estimate_margins, every, thresholds=(0,)), NO_PAIRS, units=UNIT),
    Case("margins adjusted", calling(je.estimate_margins, every, thresholds=(0,)),
         "complete strata offices", ("age",), units=UNIT),
    Case("quantiles", calling(je.estimate_quantile_effects, every), NO_PAIRS, units=UNIT),
    *(Case(f"randomisation {statistic}",
           calling(je.randomisation_test, by_lottery, statistic=statistic), EXACT)
      for statistic in ("studentised", "difference")),
    Case("lee", calling(je.bound_attrition, bounds, "followed"), NO_PAIRS),
    Case("lee tightened", calling(je.bound_attrition, bounds, "followed"), "complete clusters",
         ("benefit",)),
    Case("manski", bound_manski, NO_PAIRS),
    Case("weighted for missing", calling(je.estimate_weighted_for_missing, one, "followed"),
         NO_PAIRS, ("age",)),
    Case("subgroups", calling(je.estimate_subgroups, by_level, "hours", "place"),
         "strata offices"),
    Case("sites", calling(je.estimate_sites, by_site, "hours", "place"), NO_PAIRS),
    Case("fidelity", calling(je.estimate_fidelity, one, "hours", "place", {0: 1, 1: 3, 2: 4}),
         NO_PAIRS),
    Case("sorted groups",
         calling(je.estimate_sorted_groups, every, seed=1, groups=2, splits=5), "complete",
         ("age",), units=UNIT, sign=1,
         excused=dict.fromkeys(("swapped", "reordered", "doubled"), AS_THEY_COME)
         | {"agree": "bounds and p-values are medians over the splits, each of its own"}),
    Case("path", calling(je.estimate_path, by_week, WEEKS), ALL),
    Case("path lin", calling(je.estimate_path, by_week, WEEKS, adjustment="lin"), NO_PAIRS,
         ("age",)),
    Case("spillover", calling(je.estimate_spillover, every, group="area", saturation="offered"),
         "areas", excused={"swapped": "pure control has one arm only"}),
    Case("index", calling(je.estimate_index, one, WEEKS), ALL, units=((2.0, 5.0),),
         excused={"swapped": "its unit is the standard deviation of the control arm",
                  "doubled": "its deviation and covariance count persons, by n - 1"}),
    Case("standardised", calling(je.estimate_standardised_effect, one), PERSONS,
         excused=NOT_CLUSTERS),
    Case("family", calling(je.estimate_family, every, ["hours", "w0"], seed=1), EXACT,
         excused={"agree": "the intervals hold together, the p-values are adjusted beside them"}),
    Case("variants", vary, EXACT),
]  # fmt: skip


def assert_same(one: list[Answer], two: list[Answer], rel: float = 1e-6) -> None:
    found = {answer.name: answer for answer in two}
    assert sorted(found) == sorted(answer.name for answer in one)
    for answer in one:
        size = max((abs(x) for x in answer[1:3] if math.isfinite(x)), default=1.0)
        assert found[answer.name].numbers == pytest.approx(
            answer.numbers, rel=rel, abs=1e-7 * size + 1e-10, nan_ok=True
        ), answer.name


@dataclass(frozen=True)
class Pair:
    """Two trials; the answer on ``two`` is ``factor`` times that on ``one``."""

    one: Trial
    two: Trial
    factor: float = 1.0
    covariates: tuple[str, ...] = ()  # named on ``two`` only

    def both(self, **lottery: Any) -> "Pair":
        return replace(self, one=self.one.drawn(**lottery), two=self.two.drawn(**lottery))

    def second(self, **columns: Any) -> "Pair":
        return replace(self, two=self.two.assign(**columns))


def swapped(case: Case, pair: Pair) -> Pair:
    """The sign flips (a ratio inverts, bounds change places), the p-value stays."""
    return replace(pair, two=pair.two.swapped, factor=case.sign * pair.factor)


def reordered(case: Case, pair: Pair) -> Pair:
    other = pair.two.frame.sample(frac=1, random_state=pair.one.seed)
    return replace(pair, two=replace(pair.two, frame=other))


def renamed(case: Case, pair: Pair) -> Pair:
    """Other names of strata and clusters, in another order of the alphabet."""
    frame = pair.two.frame
    codes = {name: pd.factorize(frame[name])[0] for name in LABELS if name in frame}
    return pair.second(**{name: [f"Å{99 - k}" for k in code] for name, code in codes.items()})


def rearmed(case: Case, pair: Pair) -> Pair:
    """Other names of the arms, in another order of the alphabet."""
    names = {"new": "Anden", "old": "Ørsted", "third": "third"}
    pair = pair.second(arm=pair.two.frame["arm"].map(names))
    own = pair.two.lottery
    arms = {"treatment": names[own.treatment], "control": names[own.control]}
    return replace(pair, two=pair.two.drawn(**arms))


def unit(case: Case, pair: Pair) -> Pair:
    """Outcomes are multiplied and shifted: the effect is multiplied."""
    factor, shift = case.units[pair.one.seed % len(case.units)]
    names = [name for name in case.outcomes if name in pair.two.frame]
    changed = {name: factor * pair.two.frame[name] + shift for name in names}
    return replace(pair.second(**changed), factor=factor * pair.factor)


def doubled(case: Case, pair: Pair) -> Pair:
    """Everyone twice, in the cluster of old: nothing new is known."""
    if "area" not in pair.one.frame and not pair.one.lottery.clusters:
        pair = pair.both(clusters="id")
    return replace(pair, two=replace(pair.two, frame=pd.concat([pair.two.frame] * 2)))


def one_stratum(case: Case, pair: Pair) -> Pair:
    pair = pair.both(strata=()).second(only="everyone")
    return replace(pair, two=pair.two.drawn(strata=("only",)))


def recoded(case: Case, pair: Pair) -> Pair:
    """Another reference level and another unit of the covariates."""
    if "age" not in pair.two.frame:
        return pair
    levels = {"cash": "z", "sickness": "y", "resource": "x"}
    frame = pair.two.frame
    return pair.second(benefit=frame["benefit"].map(levels), age=1000 - 365.25 * frame["age"])


def constant_covariate(case: Case, pair: Pair) -> Pair:
    """It is left out, with a notice."""
    return replace(pair.second(flat=7), covariates=("flat",) if case.covariates else ())


CHANGES = (
    swapped, reordered, renamed, rearmed, unit, doubled, one_stratum, recoded, constant_covariate,
)  # fmt: skip


def hold(case: Case, trial: Trial, changes: tuple[Callable[[Case, Pair], Pair], ...]) -> None:
    pair = Pair(trial, trial)
    for change in changes:
        pair = change(case, pair)
    try:
        own = case.on(pair.one)
    except je.DesignError:
        with pytest.raises(je.DesignError):
            case.on(pair.two, *pair.covariates)
        return
    found = case.on(pair.two, *pair.covariates)
    assert_same([answer.times(pair.factor) for answer in own], found)
    if pair.covariates and not all(math.isnan(answer.estimate) for answer in found):
        assert any("'flat' does not vary" in note for answer in found for note in answer.notes)


def agree(case: Case, trial: Trial, level: float) -> None:
    """The interval leaves out 0 where the p-value rejects it; adjusting raises p-values."""
    try:
        answers = case.on(trial, conf_level=level)
    except je.DesignError:
        return
    for answer in answers:
        assert not answer.adjusted < answer.p_value
        if math.isnan(answer.p_value + answer.low) or abs(answer.p_value + level - 1) < 1e-6:
            continue
        if "agree" not in case.excused:
            outside = answer.low > 0 or answer.high < 0
            assert outside == (answer.p_value < 1 - level), answer.name


def relations(case: Case, examples: int, **options: Any) -> None:
    """Draw trials by all lotteries of the case, and changes of them."""
    designs = case.designs.split()
    allowed = [change for change in CHANGES if change.__name__ not in case.excused]

    @settings(
        max_examples=examples * len(designs),
        deadline=None,
        suppress_health_check=list(HealthCheck),
        **options,
    )
    @given(
        st.sampled_from(designs).flatmap(trials),
        st.tuples(*(st.sampled_from([change, None]) for change in allowed)),
        st.sampled_from([0.5, 0.8, 0.95]),
    )
    def holds(trial: Trial, changes: Any, level: float) -> None:
        hold(case, trial, tuple(change for change in changes if change))
        agree(case, trial, level)

    holds()


every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@every_case
def test_relations(case: Case) -> None:
    relations(case, examples=2, derandomize=True)


@pytest.mark.slow
@every_case
def test_relations_on_many_trials(case: Case) -> None:
    relations(case, examples=20)
