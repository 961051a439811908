"""Survival on the weekly grid against its peers, in one run, in CPU seconds.

    python benchmarks/exits_weekly.py [persons]

Draws a trial with 15 strata, weekly ties and six covariates, and times for each task the
whole call from data frame to result, the best of a few rounds: ours, then the peer's. Peers are
asked for what they can do: lifelines has no stratified log-rank test, so there its plain
one is timed. Set OPENBLAS_NUM_THREADS=1 to compare single threads.
"""

import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from lifelines import AalenJohansenFitter, CoxPHFitter, KaplanMeierFitter
from lifelines.statistics import logrank_test as lifelines_logrank
from statsmodels.duration.hazard_regression import PHReg
from statsmodels.duration.survfunc import SurvfuncRight, survdiff

import jobeval as je

LOTTERY = je.Lottery(arm="arm", treatment=1, control=0, strata="site")
COVARIATES = [f"x{index}" for index in range(5)]


def draw(persons: int, seed: int = 1) -> pd.DataFrame:
    """A trial of two years with a job and a pension as exits."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(persons, 5)), columns=COVARIATES)
    frame["arm"], frame["site"] = rng.integers(0, 2, persons), rng.integers(0, 15, persons)
    hazard = 0.012 * np.exp(0.2 * frame["arm"] + 0.2 * frame["x0"] + 0.02 * frame["site"])
    exit = np.ceil(rng.exponential(1 / hazard)).astype(int)
    follow = rng.integers(52, 105, persons)
    frame["week"], frame["left"] = np.minimum(exit, follow), exit <= follow
    cause = np.where(frame["left"], rng.integers(1, 3, persons), 0)
    frame["cause"], frame["to"] = cause, np.array([None, "job", "pension"], dtype=object)[cause]
    return frame


def curves_and_test(frame: pd.DataFrame) -> None:
    je.survival_curve(frame, "week", "left", LOTTERY)
    je.logrank_test(frame, "week", "left", LOTTERY)


def lifelines_curves_and_test(frame: pd.DataFrame) -> None:
    parts = [frame[frame["arm"] == arm] for arm in (0, 1)]
    for part in parts:
        KaplanMeierFitter().fit(part["week"], part["left"])
    one, two = parts
    lifelines_logrank(one["week"], two["week"], one["left"], two["left"])


def statsmodels_curves_and_test(frame: pd.DataFrame) -> None:
    for arm in (0, 1):
        part = frame[frame["arm"] == arm]
        SurvfuncRight(part["week"], part["left"].astype(int))
    survdiff(frame["week"], frame["left"].astype(int), frame["arm"], strata=frame["site"])


def hazard_ratio(frame: pd.DataFrame) -> None:
    je.estimate_hazard_ratio(frame, "week", "left", LOTTERY, covariates=COVARIATES)


def lifelines_hazard_ratio(frame: pd.DataFrame) -> None:
    columns = frame[["week", "left", "arm", "site", *COVARIATES]]
    CoxPHFitter().fit(columns, "week", "left", strata=["site"])


def statsmodels_hazard_ratio(frame: pd.DataFrame) -> None:
    x = frame[["arm", *COVARIATES]]
    left = frame["left"].astype(int)
    PHReg(frame["week"], x, status=left, strata=frame["site"], ties="efron").fit()


def incidence(frame: pd.DataFrame) -> None:
    je.cumulative_incidence(frame, "week", "to", LOTTERY)


def lifelines_incidence(frame: pd.DataFrame) -> None:
    for arm in (0, 1):
        part = frame[frame["arm"] == arm]
        for cause in (1, 2):
            AalenJohansenFitter(seed=1).fit(part["week"], part["cause"], event_of_interest=cause)


def cpu_seconds(task: Callable[[Any], None], frame: pd.DataFrame, rounds: int) -> float:
    seconds: list[float] = []
    for _ in range(rounds):
        start = time.process_time()
        task(frame)
        seconds.append(time.process_time() - start)
    return min(seconds)


TASKS = {
    "Kaplan–Meier + log-rank": (
        curves_and_test,
        {"lifelines": lifelines_curves_and_test, "statsmodels": statsmodels_curves_and_test},
    ),
    "Cox, 6 covariates, Efron": (
        hazard_ratio,
        {"lifelines": lifelines_hazard_ratio, "statsmodels": statsmodels_hazard_ratio},
    ),
    "Aalen–Johansen + SE": (incidence, {"lifelines": lifelines_incidence}),
}


def main(persons: int) -> None:
    frame = draw(persons)
    print(f"{persons:,} persons, 15 strata; CPU seconds from data frame to result")
    for name, (ours, peers) in TASKS.items():
        ours(frame.head(1000))
        mine = cpu_seconds(ours, frame, rounds=5)
        line = f"{name:26} jobeval {mine:8.4f}"
        for peer, task in peers.items():
            task(frame.head(1000))
            seconds = cpu_seconds(task, frame, rounds=2)
            line += f" | {peer} {seconds:8.4f} ({seconds / mine:.1f} times)"
        print(line)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000)
