"""Regressions of exits on the weekly grid against peers, in one run, in CPU seconds.

    python benchmarks/exits_models.py [persons of Cox …]

Cox with six covariates (the arm among them), Efron's ties and 15 strata, plain and with errors
summed over 600 offices that were drawn as a whole; Fine & Gray at 50,000 persons; complementary
log-log with a free weekly baseline at 2,408, and what it holds in memory for longer follow-up.
*arrays* is from integer arrays to coefficients and errors, *frame* the front door from a pandas
frame. A generalised linear model on person-weeks is timed on a fourth of the persons and
multiplied by four: its rows grow with persons, its columns are weeks; the weeks in which nobody
leaves are left out for it. crr of cmprsk is timed on a tenth of the persons and multiplied by
ten, which flatters it.
"""

import os
import sys
import tracemalloc
import warnings

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from exits.clock import Needs, Part, compare, cpu_seconds
from exits.peers import InR
from exits.trial import COVARIATES, LOTTERY, OF_OFFICES, SITES, Trial, draw_trial

import jobeval as je
from jobeval.exits.destinations.fine_gray import fit_subdistribution
from jobeval.exits.hazards.cox_fit import CoxFit, fit_partial_likelihood
from jobeval.exits.models.discrete_time import fit_weekly_hazards

SMALL, MIDDLE = 2_408, 50_000
UNSTRATIFIED = je.Lottery(arm="arm", treatment=1, control=0)


def fit_cox(trial: Trial) -> CoxFit:
    return fit_partial_likelihood(trial.x, trial.week, trial.left > 0, trial.site)


def columns(trial: Trial, *more: str) -> pd.DataFrame:
    return trial.frame[["week", "left", "arm", "site", *COVARIATES, *more]]


def cox(trial: Trial) -> None:
    week, seen = trial.week.astype(float), trial.left.astype(np.int32)
    rows, strata = np.ascontiguousarray(trial.x), trial.site.astype(np.int32)

    def lifelines() -> None:
        from lifelines import CoxPHFitter

        CoxPHFitter().fit(columns(trial), "week", "left", strata=["site"])

    def statsmodels() -> None:
        from statsmodels.duration.hazard_regression import PHReg

        PHReg(week, rows, status=seen, strata=trial.site, ties="efron").fit()

    def rust() -> None:
        from survival.regression import coxph_fit_raw

        coxph_fit_raw(week, seen, rows, strata=strata)

    compare(
        "Cox, six covariates, Efron",
        {
            "arrays": lambda: fit_cox(trial),
            "frame": lambda: je.estimate_hazard_ratio(
                trial.frame, "week", "left", LOTTERY, covariates=COVARIATES
            ),
        },
        {
            "survival (Rust), bare": Needs("survival", rust),
            "lifelines": lifelines,
            "statsmodels": statsmodels,
            "R survival": InR("cox", trial),
        },
    )


def cox_of_offices(trial: Trial) -> None:
    """The errors of lifelines are of another tie method. It and R are timed on a part."""
    week, seen = trial.week.astype(float), trial.left.astype(np.int32)
    rows, strata = np.ascontiguousarray(trial.x), trial.site.astype(np.int32)
    office = trial.office.astype(np.int32)
    times = max(1, len(week) // MIDDLE)
    part, why = trial.head(len(week) // times), f"{len(week) // times:,} persons × {times}"

    def lifelines() -> None:
        from lifelines import CoxPHFitter

        fitter = CoxPHFitter()
        of_offices = columns(part, "office")
        fitter.fit(of_offices, "week", "left", strata=["site"], cluster_col="office", robust=True)

    def rust() -> None:
        from survival.regression import coxph_fit

        coxph_fit(week, seen, rows, strata=strata, cluster=office)

    alone = cpu_seconds(lambda: fit_cox(trial))
    ours = compare(
        "Cox, the same with errors summed over offices",
        {
            "arrays": lambda: fit_cox(trial).robust_vcov(trial.office),
            "frame": lambda: je.estimate_hazard_ratio(
                trial.frame, "week", "left", OF_OFFICES, covariates=COVARIATES
            ),
        },
        {
            "survival (Rust)": Needs("survival", rust),
            "lifelines": Part(lifelines, times, why),
            "R survival": Part(InR("cox_offices", part), times, why),
        },
    )
    print(f"  arrays: {ours['arrays'] / alone:.2f} × the fit alone")


def fine_gray(trial: Trial) -> None:
    """``comprisk`` and ``crr`` have one baseline and one weight for all, and so have we here."""
    nobody = np.zeros(len(trial.week), dtype=np.int64)

    def comprisk() -> None:
        from comprisk import FineGrayRegression

        FineGrayRegression().fit(trial.x, time=trial.week, event=trial.cause)

    def frame() -> None:
        je.estimate_subdistribution_hazard_ratio(
            trial.frame,
            "week",
            "to",
            UNSTRATIFIED,
            cause="job",
            covariates=COVARIATES,
            robust=False,
        )

    tenth = trial.head(len(trial.week) // 10)
    compare(
        f"Fine–Gray, six covariates, {len(trial.week):,} persons, without strata",
        {
            "arrays": lambda: fit_subdistribution(trial.x, trial.week, trial.cause, nobody, nobody),
            "frame": frame,
        },
        {
            "comprisk": Needs("comprisk", comprisk),
            "R finegray + coxph": InR("finegray", trial),
            "R cmprsk crr": Part(InR("crr", tenth), 10, "a tenth of the persons × 10"),
        },
    )


def cloglog(trial: Trial) -> None:
    fourth = trial.head(len(trial.week) // 4)

    def statsmodels() -> None:
        import statsmodels.api as sm

        left, x = person_weeks(fourth)
        sm.GLM(left, x, family=sm.families.Binomial(sm.families.links.CLogLog())).fit()

    compare(
        f"Complementary log-log, free weekly baseline, {len(trial.week):,} persons, without strata",
        {
            "arrays": lambda: fit_weeks(trial),
            "frame": lambda: je.fit_parametric(
                trial.frame,
                "week",
                "left",
                UNSTRATIFIED,
                distribution="cloglog",
                covariates=COVARIATES,
            ),
        },
        {
            "statsmodels GLM": Part(statsmodels, 4, "a fourth of the persons × 4"),
            "R glm": Part(InR("cloglog", fourth), 4, "a fourth of the persons × 4"),
        },
    )
    peaks = {weeks: peak(draw_trial(SMALL, follow_weeks=weeks)) for weeks in (104, 208, 416)}
    print("  held at most: " + ", ".join(f"{peaks[w]:.1f} MB for {w} weeks" for w in peaks))


def fit_weeks(trial: Trial) -> None:
    one, nobody = np.ones(len(trial.week)), np.zeros(len(trial.week), dtype=np.int64)
    fit_weekly_hazards(trial.x, trial.week, trial.left > 0, one, nobody)


def person_weeks(trial: Trial) -> tuple[np.ndarray, np.ndarray]:
    """Exits, and covariates beside an indicator for each week in which somebody leaves."""
    person = np.repeat(np.arange(len(trial.week)), trial.week)
    first = np.cumsum(trial.week) - trial.week
    week = np.arange(len(person)) - first[person] + 1
    left = trial.left[person] * (week == trial.week[person])
    known = np.unique(trial.week[trial.left > 0])
    kept = np.isin(week, known)
    indicators = (week[kept, None] == known).astype(float)
    return left[kept].astype(float), np.hstack([trial.x[person[kept]], indicators])


def peak(trial: Trial) -> float:
    """Megabytes beyond what was there before."""
    tracemalloc.start()
    fit_weeks(trial)
    most = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    return most


def main(sizes: list[int]) -> None:
    fit_cox(draw_trial(1_000))
    for persons in sizes:
        print(f"\n{persons:,} persons, {SITES} strata; CPU seconds")
        trial = draw_trial(persons)
        cox(trial)
        cox_of_offices(trial)
    fine_gray(draw_trial(MIDDLE))
    cloglog(draw_trial(SMALL))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main([int(size) for size in sys.argv[1:]] or [50_000, 1_000_000])
