"""Every estimator of exits, through the front door, under every relation it must keep.

``CASES`` says how each estimator is called, by which lotteries, and which changes of the data it
does not follow, with the reason. ``CHANGES`` turn two trials that have the same answer, but for
a factor, into two others; any of them may follow on each other, so that a test draws some.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import jobeval as je

NAN = math.nan
HORIZON = 5
LONGEST = 7
STATES = ("benefit", "work", "relapse")


class Answer(NamedTuple):
    """One number of a result; a ``ratio`` is on the log scale, a ``level`` is of one arm."""

    name: str
    estimate: float
    std_error: float = NAN
    p_value: float = NAN
    low: float = NAN
    high: float = NAN
    notes: tuple[str, ...] = ()
    ratio: bool = False
    level: bool = False

    @property
    def numbers(self) -> tuple[float, ...]:
        return self[1:6]

    def turned(self, sign: int) -> "Answer":
        """As it must be when the arms are swapped (``sign`` -1) and answers are differences."""
        if sign > 0 or self.level:
            return self
        return self._replace(estimate=-self.estimate, low=-self.high, high=-self.low)

    def times(self, factor: float) -> "Answer":
        if self.ratio:
            return self
        estimate, low, high = (factor * x for x in (self.estimate, self.low, self.high))
        return self._replace(
            estimate=estimate, low=low, high=high, std_error=factor * self.std_error
        )


def told(effect: je.Estimate) -> list[Answer]:
    name = " ".join((effect.subgroup, effect.part)).strip()
    low, high = effect.confidence_interval()
    return [
        Answer(name, effect.estimate, effect.std_error, effect.p_value, low, high, effect.notes,
               effect.scale == "log_ratio")
    ]  # fmt: skip


def every(table: Any) -> list[Answer]:
    return [answer for effect in table for answer in told(effect)]


def of_test(test: je.HypothesisTest) -> list[Answer]:
    return [Answer(test.part, test.statistic, NAN, test.p_value, notes=test.notes, level=True)]


def modelled(model: Any) -> list[Answer]:
    return told(model.effect)


def in_periods(found: Any) -> list[Answer]:
    return [*every(found.effects), *of_test(found.equality)]


def drawn(table: je.CurveTable) -> list[Answer]:
    """All weeks of all curves; those of an arm are named by its place, not by its label."""
    arms = [curve.arm for curve in table.curves]
    answers: list[Answer] = []
    for curve in table.curves:
        contrast = " - " in curve.arm
        arm = "difference" if contrast else f"arm {arms.index(curve.arm) > 0}"
        rows = zip(
            curve.times, curve.values, curve.std_error, curve.conf_low, curve.conf_high, strict=True
        )
        answers += [
            Answer(f"{arm} {curve.cause} {week}", value, error, NAN, low, high, curve.notes,
                   level=not contrast)
            for week, value, error, low, high in rows
        ]  # fmt: skip
    return answers


@dataclass(frozen=True)
class Case:
    """How an estimator is called, and what it does not keep: name of a change → reason."""

    name: str
    call: Callable[..., list[Answer]]
    designs: str
    covariates: tuple[str, ...] = ()
    scales: bool = False  # with the unit of time
    arms_apart: bool = False  # answers of arms, whose names change places when they are swapped
    excused: dict[str, str] = field(default_factory=dict)

    def on(self, trial: "Trial", **options: Any) -> list[Answer]:
        return self.call(trial.frame, trial.lottery, **options)


@dataclass(frozen=True)
class Trial:
    """Persons, the lottery that drew them, and a number for what a change does at random."""

    frame: Any
    lottery: je.Lottery
    seed: int
    unit: int = 1

    def drawn(self, **lottery: Any) -> "Trial":
        return replace(self, lottery=replace(self.lottery, **lottery))

    def assign(self, **columns: Any) -> "Trial":
        return replace(self, frame=self.frame.assign(**columns))


COLUMNS: dict[str, dict[str, Any]] = {
    "complete": {},
    "strata": {"strata": "site"},
    "clusters": {"clusters": "office"},
    "offices": {"strata": "site", "clusters": "office"},
    "tiny": {"strata": "site"},
}


@st.composite
def trials(draw: st.DrawFn, design: str) -> Trial:
    """Unequal arms in each stratum; ties; censoring from none to half; a column for each call."""
    seed = draw(st.integers(0, 2**31 - 1))
    censored = draw(st.sampled_from([0.0, 0.25, 0.5]))
    rng = np.random.default_rng(seed)
    strata = 2 if "strata" in COLUMNS[design] else 1
    sizes = {"tiny": (2, 2)}.get(design, (14, 22))
    cells = [
        (site, arm, size)
        for site in range(strata)
        for arm, size in zip(("new", "old"), sizes, strict=True)
    ]
    rows = [(f"s{site}", arm, k % 5) for site, arm, size in cells for k in range(size)]
    frame = pd.DataFrame(rows, columns=["site", "arm", "office"])
    n = len(frame)
    turn = frame.groupby(["site", "arm"]).cumcount()
    week = rng.integers(1, LONGEST, n)
    week = np.where(turn < 2, [LONGEST - 1, LONGEST][0] + turn, week)  # followed to the horizon
    left = (rng.random(n) >= censored).astype(int)
    left = np.where(turn == 0, 1, left)
    to = np.where(left == 1, np.where(rng.random(n) < 0.6, "job", "pension"), None)
    took = np.where(frame["arm"].eq("new"), turn % 4 != 0, turn % 5 == 1).astype(int)
    frame = frame.assign(
        office=frame["arm"] + frame["site"] + frame["office"].astype(str), id=np.arange(n),
        week=week, left=left, to=to.astype(object), took=took, age=rng.integers(20, 60, n),
        benefit=rng.choice(["cash", "sickness", "resource"], n),
        begun=np.where(left == 1, np.minimum(week, 4), np.nan).astype(float), followed=30.0,
        kept=np.where(left == 1, rng.integers(1, 20, n), np.nan).astype(float),
        lost=np.where(left == 1, rng.integers(0, 2, n), np.nan).astype(float), zero=0,
    )  # fmt: skip
    frame["kept"] = np.where(frame["lost"] == 0, 30 - frame["begun"], frame["kept"])
    lottery = je.Lottery(arm="arm", treatment="new", control="old", **COLUMNS[design])
    return Trial(frame, lottery, seed)


def exits(estimate: Callable[..., Any], shown: Callable[[Any], list[Answer]],
          told_by: str = "left", **fixed: Any) -> Callable[..., list[Answer]]:  # fmt: skip
    """``estimate(frame, duration, observed, lottery, **options)`` with its columns filled in."""

    def call(frame: Any, lottery: je.Lottery, *, unit: int = 1, **options: Any) -> list[Answer]:
        given = {**fixed, **options}
        if "horizon_weeks" in given:
            given["horizon_weeks"] *= unit
        return shown(estimate(frame, "week", told_by, lottery, **given))

    return call


def retained(frame: Any, lottery: je.Lottery, **options: Any) -> list[Answer]:
    return every(
        je.estimate_retention(
            frame, "kept", "lost", lottery, started="begun", followed="followed", weeks=(3, 9)
        )
    )


def spells(frame: pd.DataFrame) -> pd.DataFrame:
    """Benefit up to the exit, work after it, for those who left to a job."""
    working = frame[frame["to"].eq("job")]
    return pd.concat(
        [
            frame.assign(start=0, stop=frame["week"] + 1, state="benefit"),
            working.assign(start=working["week"] + 1, stop=LONGEST + 3, state="work"),
        ]
    )


def histories(estimate: Callable[..., Any], shown: Callable[[Any], list[Answer]],
              **fixed: Any) -> Callable[..., list[Answer]]:  # fmt: skip
    def call(frame: pd.DataFrame, lottery: je.Lottery, **options: Any) -> list[Answer]:
        told_in = spells(frame)
        return shown(estimate(told_in, "id", "start", "stop", "state", lottery, **fixed, **options))

    return call


def recurring(estimate: Callable[..., Any], shown: Callable[[Any], list[Answer]],
              **fixed: Any) -> Callable[..., list[Answer]]:  # fmt: skip
    """One row from week 0 to the first event, and one from there on for those who had it."""

    def call(frame: pd.DataFrame, lottery: je.Lottery, **options: Any) -> list[Answer]:
        again = frame[frame["left"].eq(1) & frame["age"].mod(2).eq(0)]
        more = again.assign(zero=again["week"], week=again["week"] + 1 + again["age"] % 3)
        rows = pd.concat([frame, more.assign(left=(again["age"] % 3 > 0).astype(int))])
        return shown(estimate(rows, "week", "left", lottery, entry="zero", person="id", **fixed,
                              **options))  # fmt: skip

    return call


ALL = "complete strata clusters offices"
PERSONS = "complete strata"
AGE: dict[str, Any] = {"covariates": ("age",)}
BOTH: dict[str, Any] = {"covariates": ("age", "benefit")}
LOTTERY: dict[str, Any] = {"inference": "lottery", "draws": 199}
NO_CLUSTERS = {"doubled": "knows no clusters, so that everybody twice is twice as many"}
WEEKLY = {"days": "its model is of weekly hazards"}
OWN_HISTORIES = {"days": "spells are made of the weeks", "zeros": "spells are made of the weeks",
                 "polars": "spells are made by pandas", "dtypes": "spells are made by pandas",
                 "doubled": "a person has one history",
                 "recoded": "events are made by age"}  # fmt: skip
SLOPES = {"doubled": "slopes cost degrees of freedom, which are counted by persons"}
ZEROS = {"zeros": "one more person drawn belongs to the persons over whom curves stand"}

CASES = [
    Case("survival", exits(je.survival_curve, drawn), ALL, arms_apart=True,
         excused=ZEROS),
    Case("hazard", exits(je.survival_curve, drawn, measure="cumulative_hazard"), ALL,
         arms_apart=True, excused=ZEROS),
    Case("difference", exits(je.estimate_survival_difference, drawn, band=None), ALL,
         excused=ZEROS),
    Case("difference adjusted", exits(je.estimate_survival_difference, drawn, band=None, **AGE),
         PERSONS, ("age",), excused=ZEROS),
    Case("quantiles", exits(je.estimate_quantile_difference, told), ALL, scales=True,
         excused=ZEROS),
    Case("logrank", exits(je.logrank_test, of_test), ALL, excused={}),
    Case("logrank weighted", exits(je.logrank_test, of_test, weights=(0, 1)), ALL),
    Case("max-combo", exits(je.logrank_test, of_test, weights="max-combo"), ALL),
    Case("logrank adjusted", exits(je.logrank_test, of_test, **BOTH), PERSONS,
         BOTH["covariates"], excused=ZEROS | NO_CLUSTERS),
    Case("logrank lottery", exits(je.logrank_test, of_test, **LOTTERY), "tiny",
         excused=ZEROS | NO_CLUSTERS),
    Case("adjusted ratio", exits(je.estimate_adjusted_hazard_ratio, told, **AGE), PERSONS,
         ("age",), excused=ZEROS | NO_CLUSTERS),
    Case("gray", exits(je.gray_test, of_test, "to", cause="job"), ALL),
    Case("gray lottery", exits(je.gray_test, of_test, "to", cause="job", **LOTTERY), "tiny",
         excused=ZEROS | NO_CLUSTERS),
    *(Case(f"cox {ties}", exits(je.estimate_hazard_ratio, told, ties=ties, **BOTH), ALL,
           BOTH["covariates"],
           excused={"doubled": "ties are twice as many"} if ties == "efron" else {})
      for ties in ("efron", "breslow")),
    Case("cox exact", exits(je.estimate_hazard_ratio, told, ties="exact"), PERSONS,
         excused=NO_CLUSTERS),
    Case("firth", exits(je.estimate_hazard_ratio, told, penalty="firth"), PERSONS,
         excused=NO_CLUSTERS),
    Case("ratio in periods",
         exits(je.estimate_piecewise_hazard_ratios, in_periods, periods=(0, 3), ties="breslow"),
         ALL, excused={"days": "periods are named by their weeks"}),
    Case("proportional hazards", exits(je.proportional_hazards_test, of_test, transform="rank"),
         PERSONS, excused=NO_CLUSTERS),
    *(Case(f"rmst {measure}",
           exits(je.estimate_rmst, told, horizon_weeks=HORIZON, measure=measure), ALL,
           scales=measure == "difference", excused=ZEROS)
      for measure in ("difference", "ratio", "lost_ratio")),
    Case("rmst adjusted", exits(je.estimate_rmst, told, horizon_weeks=HORIZON, **BOTH), ALL,
         BOTH["covariates"], scales=True, excused=ZEROS | SLOPES),
    Case("rmst weighted",
         exits(je.estimate_rmst, told, horizon_weeks=HORIZON, adjustment="weighting", **AGE),
         ALL, ("age",), excused=ZEROS | {"days": "who is seen to the last week but one"}),
    Case("rmst lottery", exits(je.estimate_rmst, told, horizon_weeks=HORIZON, **LOTTERY), "tiny",
         excused=ZEROS | NO_CLUSTERS),
    Case("late rmst", exits(je.estimate_late_rmst, told, treated="took", horizon_weeks=HORIZON),
         ALL, scales=True, excused=ZEROS),
    Case("compliers",
         exits(je.estimate_complier_incidence, drawn, treated="took", horizon_weeks=HORIZON),
         ALL, arms_apart=True, excused=ZEROS),
    Case("incidence", exits(je.cumulative_incidence, drawn, "to"), ALL, arms_apart=True,
         excused=ZEROS),
    Case("incidence difference",
         exits(je.estimate_incidence_difference, drawn, "to", band=None), ALL,
         excused=ZEROS),
    Case("fine-gray",
         exits(je.estimate_subdistribution_hazard_ratio, told, "to", cause="job", **AGE), ALL,
         ("age",), excused=ZEROS | {"doubled": "censoring is learned from persons"}),
    Case("cause by cause",
         exits(je.estimate_cause_specific_hazard_ratios, every, "to", ties="breslow"), ALL),
    Case("state weeks", exits(je.estimate_state_weeks, every, "to", horizon_weeks=HORIZON), ALL,
         scales=True, excused=ZEROS),
    Case("state weeks lottery",
         exits(je.estimate_state_weeks, every, "to", horizon_weeks=HORIZON, **LOTTERY), "tiny",
         excused=ZEROS | NO_CLUSTERS),
    *(Case(f"fit {name}", exits(je.fit_parametric, modelled, distribution=name), ALL,
           excused=ZEROS if name in ("cloglog", "logit") else
           {"zeros": "who was followed for no time tells a density nothing, but breaks it"})
      for name in ("exponential", "weibull", "log-normal", "log-logistic")),
    *(Case(f"fit {name}", exits(je.fit_parametric, modelled, distribution=name), ALL,
           excused=ZEROS | WEEKLY)
      for name in ("piecewise-exponential", "cloglog", "logit")),
    Case("retention", retained, ALL,
         excused={"days": "has its own weeks", "zeros": "drawn, and without a job"}),
    Case("recurrence", recurring(je.estimate_recurrence, told, ties="breslow"), ALL,
         excused=OWN_HISTORIES),
    Case("mean events", recurring(je.mean_cumulative_events, drawn), ALL, arms_apart=True,
         excused=OWN_HISTORIES | ZEROS),
    Case("occupancy", histories(je.estimate_occupancy, drawn), ALL, arms_apart=True,
         excused=OWN_HISTORIES),
    Case("occupancy weeks",
         histories(je.estimate_occupancy_weeks, every, horizon_weeks=HORIZON), ALL,
         excused=OWN_HISTORIES),
    Case("rates", histories(je.estimate_transition_rates, every), ALL, excused=OWN_HISTORIES),
]  # fmt: skip


@dataclass(frozen=True)
class Pair:
    """Two trials; the answer on ``two`` is that on ``one``, turned and multiplied."""

    one: Trial
    two: Trial
    sign: int = 1
    factor: int = 1
    covariates: tuple[str, ...] = ()  # named on ``two`` only
    options: dict[str, Any] = field(default_factory=dict)

    def second(self, **columns: Any) -> "Pair":
        return replace(self, two=self.two.assign(**columns))

    def both(self, **lottery: Any) -> "Pair":
        return replace(self, one=self.one.drawn(**lottery), two=self.two.drawn(**lottery))


def swapped(case: Case, pair: Pair) -> Pair:
    """The sign of effects flips, the p-value stays; take-up turns round with the arms."""
    if case.arms_apart:
        return pair
    own = pair.two.lottery
    two = pair.two.drawn(treatment=own.control, control=own.treatment)
    late = case.name == "late rmst"
    return replace(pair, two=two, sign=pair.sign if late else -pair.sign)


def reordered(case: Case, pair: Pair) -> Pair:
    other = pair.two.frame.sample(frac=1, random_state=pair.one.seed)
    return replace(pair, two=replace(pair.two, frame=other))


def renamed(case: Case, pair: Pair) -> Pair:
    """Other names of strata, clusters and persons, in another order of the alphabet."""
    frame = pair.two.frame
    codes = {name: pd.factorize(frame[name])[0] for name in ("site", "office", "id")}
    return pair.second(**{name: [f"Å{999 - k}" for k in code] for name, code in codes.items()})


def numbered(case: Case, pair: Pair) -> Pair:
    """Arms by numbers, the treatment before the control."""
    pair = pair.second(arm=pair.two.frame["arm"].map({"new": 1, "old": 2}))
    own, names = pair.two.lottery, {"new": 1, "old": 2}
    arms = {"treatment": names[str(own.treatment)], "control": names[str(own.control)]}
    return replace(pair, two=pair.two.drawn(**arms))


def doubled(case: Case, pair: Pair) -> Pair:
    """Everyone twice, in the cluster of old: nothing new is known."""
    if not pair.one.lottery.clusters:
        pair = pair.both(clusters="id")
    return replace(pair, two=replace(pair.two, frame=pd.concat([pair.two.frame] * 2)))


def one_stratum(case: Case, pair: Pair) -> Pair:
    pair = pair.both(strata=()).second(only="everyone")
    return replace(pair, two=pair.two.drawn(strata=("only",)))


def recoded(case: Case, pair: Pair) -> Pair:
    """Another reference level and another unit of the covariates."""
    levels = {"cash": "z", "sickness": "y", "resource": "x"}
    frame = pair.two.frame
    return pair.second(benefit=frame["benefit"].map(levels), age=1000 - 365.25 * frame["age"])


def constant_covariate(case: Case, pair: Pair) -> Pair:
    """It is left out, with a notice."""
    return replace(pair.second(flat=7), covariates=("flat",) if case.covariates else ())


def days(case: Case, pair: Pair) -> Pair:
    """All in days: what is in weeks is seven times as large, all else stays."""
    if not case.scales and case.name.startswith(("survival", "hazard", "diff", "inc", "compl")):
        return pair
    factor = 7 if case.scales else 1
    two = replace(pair.two, unit=7).assign(week=7 * pair.two.frame["week"])
    return replace(pair, two=two, factor=factor)


def zeros(case: Case, pair: Pair) -> Pair:
    """Persons of both arms who were not followed at all change no test and no hazard."""
    if pair.two.lottery.clusters:
        return pair  # the new persons would be clusters that were drawn, too
    frame = pair.two.frame
    more = frame.groupby(["site", "arm"]).head(1).assign(week=0, left=0, to=None)
    more = more.assign(id=10_000 + np.arange(len(more)))
    return replace(pair, two=replace(pair.two, frame=pd.concat([frame, more])))


def dtypes(case: Case, pair: Pair) -> Pair:
    """Small, nullable and plain Python numbers, and categories."""
    frame = pair.two.frame
    return pair.second(
        week=frame["week"].astype(["int16", "Int64", "float64"][pair.one.seed % 3]),
        left=frame["left"].astype(["bool", "boolean", "int8"][pair.one.seed % 3]),
        to=frame["to"].astype(["category", "string", "object"][pair.one.seed % 3]),
        site=frame["site"].astype("category"),
        took=frame["took"].astype("Int8"),
    )


def polars(case: Case, pair: Pair) -> Pair:
    frame = pair.two.frame
    columns = {name: frame[name].astype(object).where(frame[name].notna(), None) for name in frame}
    held = pl.DataFrame({name: column.tolist() for name, column in columns.items()}, strict=False)
    return replace(pair, two=replace(pair.two, frame=held))


CHANGES = (
    swapped, reordered, renamed, numbered, doubled, one_stratum, recoded, constant_covariate, days,
    zeros, dtypes, polars,
)  # fmt: skip


def answers(case: Case, pair: Pair) -> tuple[list[Answer], list[Answer]]:
    options: dict[str, Any] = {}
    if pair.covariates:
        options["covariates"] = (*case.covariates, *pair.covariates)
    one = case.on(pair.one)
    unit = {"unit": pair.two.unit} if pair.two.unit > 1 else {}
    two = case.on(pair.two, **options, **unit)
    return [answer.turned(pair.sign).times(pair.factor) for answer in one], two


def assert_same(one: list[Answer], two: list[Answer], rel: float = 2e-5) -> None:
    found = {answer.name: answer for answer in two}
    assert sorted(found) == sorted(answer.name for answer in one)
    for answer in one:
        size = max((abs(x) for x in answer[1:3] if math.isfinite(x)), default=1.0)
        assert found[answer.name].numbers == pytest.approx(
            answer.numbers, rel=rel, abs=1e-6 * size + 1e-8, nan_ok=True
        ), answer.name


def hold(case: Case, trial: Trial, changes: tuple[Callable[[Case, Pair], Pair], ...]) -> None:
    pair = Pair(trial, trial)
    for change in changes:
        pair = change(case, pair)
    try:
        own = case.on(pair.one)
    except je.DesignError:
        with pytest.raises(je.DesignError):
            answers(case, replace(pair, one=pair.two))
        return
    assert own
    agree(own)
    expected, found = answers(case, pair)
    assert_same(expected, found)
    if pair.covariates and not all(math.isnan(answer.estimate) for answer in found):
        assert any("'flat' does not vary" in note for answer in found for note in answer.notes)


def agree(found: list[Answer]) -> None:
    """The interval leaves out 0 where the p-value rejects it, unless it is a hull without ends."""
    for answer in found:
        if answer.high - answer.low < math.inf and not (
            math.isnan(answer.p_value + answer.low) or abs(answer.p_value - 0.05) < 1e-6
        ):
            assert (answer.low > 0 or answer.high < 0) == (answer.p_value < 0.05), answer.name


def relations(case: Case, examples: int, **options: Any) -> None:
    """Draw trials by all lotteries of the case, and changes of them."""
    designs = case.designs.split()
    allowed = [change for change in CHANGES if change.__name__ not in case.excused]

    @settings(
        max_examples=examples * len(designs),
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate),
        **options,
    )
    @given(
        st.sampled_from(designs).flatmap(trials),
        st.tuples(*(st.sampled_from([change, None]) for change in allowed)),
    )
    def holds(trial: Trial, changes: Any) -> None:
        hold(case, trial, tuple(change for change in changes if change))

    holds()


@pytest.mark.parametrize(
    "name", ["difference adjusted", "logrank adjusted", "adjusted ratio", "rmst adjusted"]
)
@pytest.mark.parametrize("lottery", ["complete", "strata"])
def test_a_level_that_one_arm_lacks_may_be_the_reference(name: str, lottery: str) -> None:
    """The slopes of that arm are not determined; what is told must not hang on the coding."""
    rng = np.random.default_rng(8)
    arm, n = np.repeat(["new", "old"], [40, 60]), 100
    benefit = np.where(arm == "old", rng.choice(["a", "b", "c"], n), rng.choice(["a", "c"], n))
    week = rng.integers(1, LONGEST, n) + (benefit == "b")
    frame = pd.DataFrame(
        {"arm": arm, "site": np.arange(n) % 2, "benefit": benefit, "week": week,
         "left": rng.random(n) < 0.8, "age": rng.integers(20, 60, n)}
    )  # fmt: skip
    drawn_by = je.Lottery(arm="arm", treatment="new", control="old", **COLUMNS[lottery])
    case = next(case for case in CASES if case.name == name)
    recoded = frame.assign(benefit=frame["benefit"].map({"a": "z", "b": "x", "c": "y"}))
    one, two = (case.call(f, drawn_by, **BOTH) for f in (frame, recoded))
    assert not all(math.isnan(answer.estimate) for answer in one)
    assert_same(one, two)


@pytest.mark.parametrize(
    "call",
    [
        lambda *given, **how: je.logrank_test(*given, **how).p_value,
        lambda *given, **how: je.estimate_rmst(*given, horizon_weeks=12, **how).p_value,
        lambda *given, **how: je.gray_test(*given, cause="job", **how).p_value,
        lambda *given, **how: je.estimate_state_weeks(*given, horizon_weeks=12, **how)[0].p_value,
    ],
    ids=["logrank", "rmst", "gray", "state weeks"],
)
def test_a_drawn_p_value_counts_the_lottery_that_was_drawn(call, request):
    """Phipson & Smyth (2010): no draw is as extreme, and yet the p-value is not 0."""
    frame = pd.DataFrame({"arm": ["new", "old"] * 20, "week": [1, 9] * 20, "left": 1, "to": "job"})
    frame["week"] += np.arange(40) // 2 % 3
    told_by = "to" if request.node.callspec.id in ("gray", "state weeks") else "left"
    lottery = je.Lottery(arm="arm", treatment="new", control="old")
    p_value = call(frame, "week", told_by, lottery, inference="lottery", draws=199)
    assert p_value == pytest.approx(1 / 200)


every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@every_case
def test_relations(case: Case) -> None:
    relations(case, examples=2, derandomize=True)


@pytest.mark.slow
@every_case
def test_relations_on_many_trials(case: Case) -> None:
    relations(case, examples=20)
