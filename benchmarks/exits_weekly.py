"""Curves, tests and means on the weekly grid against peers, in one run, in CPU seconds.

    python benchmarks/exits_weekly.py [persons …]

15 strata and weekly ties. Ours are timed twice: *arrays* is from integer arrays to results,
counting them included, as the panel's engine asks for them; *frame* is the whole front door,
from a pandas frame. Peers get what they like best: arrays and lists are made before the clock
starts.
They are asked for what they can do: lifelines has no stratified log-rank test, so there its
plain one is timed, and nobody else standardises curves to strata. R tells its own time
(``proc.time``, user + system), without starting and reading.
"""

import os
import sys
import warnings

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from exits.clock import Needs, Part, compare
from exits.peers import InR
from exits.trial import CAUSES, LOTTERY, SITES, Trial, draw_trial

import jobeval as je
from jobeval.exits.curves.survival import survival_curve_from_grid
from jobeval.exits.destinations.incidence import cumulative_incidence_from_grid
from jobeval.exits.means.rmst import rmst_from_grid
from jobeval.exits.ranks.logrank import logrank_test_from_grid

HORIZON = 52


def curves_and_test(trial: Trial) -> None:
    def arrays() -> None:
        grid = trial.grid()
        survival_curve_from_grid(grid, endpoint="exit")
        logrank_test_from_grid(grid, endpoint="exit")

    def frame() -> None:
        je.survival_curve(trial.frame, "week", "left", LOTTERY)
        je.logrank_test(trial.frame, "week", "left", LOTTERY)

    arms = [trial.frame[trial.arm == arm] for arm in (0, 1)]

    def lifelines() -> None:
        from lifelines import KaplanMeierFitter
        from lifelines.statistics import logrank_test

        for part in arms:
            KaplanMeierFitter().fit(part["week"], part["left"])
        one, two = arms
        logrank_test(one["week"], two["week"], one["left"], two["left"])

    def statsmodels() -> None:
        from statsmodels.duration.survfunc import SurvfuncRight, survdiff

        for part in arms:
            SurvfuncRight(part["week"], part["left"].astype(int))
        survdiff(trial.week, trial.left, trial.arm, strata=trial.site)

    week = trial.week.astype(float)
    seen, arm, site = (one.astype(np.int32) for one in (trial.left, trial.arm, trial.site))

    def rust() -> None:
        from survival.surv_analysis import survdiff, survfitkm

        survfitkm(week, seen, strata=arm, conf_type="log-log")
        survdiff(week, seen, arm, strata=site)

    compare(
        "Kaplan–Meier with intervals + log-rank",
        {"arrays": arrays, "frame": frame},
        {
            "lifelines": lifelines,
            "statsmodels": statsmodels,
            "survival (Rust)": Needs("survival", rust),
            "R survival": InR("curves", trial),
        },
    )


def incidence(trial: Trial) -> None:
    week = trial.week.astype(float)
    cause, of_arm = (one.astype(np.int32) for one in (trial.cause, trial.arm))

    def lifelines(part: Trial, codes: np.ndarray) -> None:
        from lifelines import AalenJohansenFitter

        for arm in (0, 1):
            here = part.arm == arm
            for code in (1, 2):
                fitter = AalenJohansenFitter(seed=1)
                fitter.fit(part.week[here], codes[here], event_of_interest=code)

    times = max(1, len(week) // 50_000)
    part = trial.head(len(week) // times)
    lone = part.cause.copy()
    for arm in (0, 1):
        lone[np.flatnonzero((part.arm == arm) & (part.left > 0))[0]] = 3

    def rust() -> None:
        from survival.surv_analysis import survfitaj

        survfitaj(week, cause, list(CAUSES), strata=of_arm)

    def comprisk() -> None:
        from comprisk import CumulativeIncidence

        CumulativeIncidence().fit(time=trial.week, event=trial.cause, group=trial.arm)

    compare(
        "Aalen–Johansen with variance, two causes",
        {
            "arrays": lambda: cumulative_incidence_from_grid(
                trial.grid(competing=True), endpoint="exit"
            ),
            "frame": lambda: je.cumulative_incidence(trial.frame, "week", "to", LOTTERY),
        },
        {
            "survival (Rust)": Needs("survival", rust),
            "comprisk": Needs("comprisk", comprisk),
            "lifelines": lambda: lifelines(trial, trial.cause),
            "lifelines, a lone exit": Part(
                lambda: lifelines(part, lone), times, f"{len(part.week):,} persons × {times}"
            ),
            "R survival": InR("incidence", trial),
        },
    )


def means(trial: Trial) -> None:
    arms = [trial.frame[trial.arm == arm] for arm in (0, 1)]

    def lifelines() -> None:
        from lifelines import KaplanMeierFitter
        from lifelines.utils import restricted_mean_survival_time

        for part in arms:
            curve = KaplanMeierFitter().fit(part["week"], part["left"])
            restricted_mean_survival_time(curve, t=HORIZON, return_variance=True)

    compare(
        "Difference of restricted means with error (lifelines': a wrong one)",
        {
            "arrays": lambda: rmst_from_grid(trial.grid(), endpoint="exit", horizon_weeks=HORIZON),
            "frame": lambda: je.estimate_rmst(
                trial.frame, "week", "left", LOTTERY, horizon_weeks=HORIZON
            ),
        },
        {"lifelines": lifelines, "R survival": InR("means", trial)},
    )


def main(sizes: list[int]) -> None:
    small = draw_trial(2_000, seed=2)
    je.survival_curve(small.frame, "week", "left", LOTTERY)
    for persons in sizes:
        print(f"\n{persons:,} persons, {SITES} strata; CPU seconds")
        trial = draw_trial(persons)
        for task in (curves_and_test, incidence, means):
            task(trial)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main([int(size) for size in sys.argv[1:]] or [50_000, 1_000_000])
