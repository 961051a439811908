"""The lottery of job exits drawn 10,000 times again, against loops, in CPU seconds of one run.

    python benchmarks/exits_draws.py [persons …]

The stratified log-rank test and the difference of restricted means, whose standard error is
computed anew in each draw. *arrays* is from integer arrays, *frame* the front door from a
pandas frame. Loops over R, statsmodels and lifelines (whose test knows no strata) are timed on
a few draws and multiplied; coin makes all 10,000 draws, and is asked only of small trials.
"""

import os
import sys
import warnings

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from exits.clock import Part, Peer, compare
from exits.peers import InR
from exits.trial import LOTTERY, SITES, Trial, draw_trial

import jobeval as je
from jobeval.exits.means.rmst import rmst_from_grid
from jobeval.exits.ranks.logrank import logrank_test_from_grid

DRAWS, HORIZON = 10_000, 52


def logranks(trial: Trial, draws: int) -> float:
    rng = np.random.default_rng(1)
    place = np.argsort(trial.site, kind="stable")

    def redraw() -> np.ndarray:
        arm = np.empty_like(trial.arm)
        arm[place] = trial.arm[np.lexsort((rng.random(len(arm)), trial.site))]
        return arm

    def lifelines() -> None:
        from lifelines.statistics import logrank_test

        for _ in range(draws):
            treated = redraw() == 1
            logrank_test(
                trial.week[treated], trial.week[~treated], trial.left[treated], trial.left[~treated]
            )

    def statsmodels() -> None:
        from statsmodels.duration.survfunc import survdiff

        for _ in range(draws):
            survdiff(trial.week, trial.left, redraw(), strata=trial.site)

    few, why = DRAWS / draws, f"{draws} draws × {DRAWS // draws:,}"
    peers: dict[str, Peer] = {
        "R survival, loop": Part(InR("logranks", trial, draws), few, why),
        "statsmodels, loop": Part(statsmodels, few, why),
        "lifelines, loop": Part(lifelines, few, why),
    }
    if len(trial.week) <= 10_000:
        peers["R coin"] = InR("coin", trial, DRAWS)
    ours = compare(
        f"Stratified log-rank, {DRAWS:,} draws of the lottery",
        {
            "arrays": lambda: logrank_test_from_grid(
                trial.grid(), endpoint="exit", inference="lottery", draws=DRAWS
            ),
            "frame": lambda: je.logrank_test(
                trial.frame, "week", "left", LOTTERY, inference="lottery", draws=DRAWS
            ),
        },
        peers,
    )
    return ours["frame"]


def means(trial: Trial, draws: int) -> float:
    loop = InR("mean_draws", trial, draws)
    ours = compare(
        f"Restricted means, studentised, {DRAWS:,} draws of the lottery",
        {
            "arrays": lambda: rmst_from_grid(
                trial.grid(), endpoint="exit", horizon_weeks=HORIZON, inference="lottery"
            ),
            "frame": lambda: je.estimate_rmst(
                trial.frame, "week", "left", LOTTERY, horizon_weeks=HORIZON, inference="lottery"
            ),
        },
        {"R survival, loop": Part(loop, DRAWS / draws, f"{draws} draws × {DRAWS // draws:,}")},
    )
    return ours["frame"]


def main(sizes: list[int]) -> None:
    spent: dict[str, list[float]] = {"log-rank": [], "restricted means": []}
    for persons in sizes:
        print(f"\n{persons:,} persons, {SITES} strata; CPU seconds")
        trial, draws = draw_trial(persons), max(1, min(50, 500_000 // persons))
        spent["log-rank"].append(logranks(trial, draws))
        spent["restricted means"].append(means(trial, draws))
    for name, seconds in spent.items():
        print(f"\n{name}: the largest trial takes {seconds[-1] / seconds[0]:.1f} × the smallest")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main([int(size) for size in sys.argv[1:]] or [2_408, 1_000_000])
