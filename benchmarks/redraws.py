"""10,000 re-drawn lotteries of a trial of 2,408 persons in 15 strata, for 20 outcomes at once.

The statistic is the ANCOVA coefficient with six covariates, plain and studentised by HC2
(then with the step-down adjusted p-values of the family). Ratios in CPU seconds of one run,
linear algebra and jobeval on one thread, against

- the bare matrix product of that shape: (10,000 × 2,408) @ (2,408 × 26);
- a loop of statsmodels OLS fits, on arrays that are ready: 50 draws of one outcome, timed and
  multiplied to 10,000 draws and 20 outcomes;
- ritest-python and pyfixest's ritest: one outcome, timed at 1,000 and 500 draws (the second without
  strata in the draws, which it does not know), and multiplied likewise.

R's ri2 is not measured. A peer that is not installed is left out.

    python benchmarks/redraws.py
"""

import importlib.util
import os
import time
import warnings
from collections.abc import Callable

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd

from jobeval.inference.assignment import Assignment
from jobeval.inference.redrawn import Redrawn
from jobeval.inference.statistics import redraw_statistics
from jobeval.inference.step_down import step_down_max_t, step_down_min_p

PERSONS, STRATA, COVARIATES, OUTCOMES, DRAWS = 2_408, 15, 6, 20, 10_000
SEED = 20160301


def draw_trial() -> tuple[np.ndarray, np.ndarray, Assignment]:
    """Outcomes, covariates and a stratified lottery, half treated in every stratum."""
    rng = np.random.default_rng(SEED)
    stratum = np.sort(np.arange(PERSONS) % STRATA)
    keys = rng.random(PERSONS)
    assigned = np.zeros(PERSONS, dtype=np.int64)
    for code in range(STRATA):
        members = np.flatnonzero(stratum == code)
        assigned[members[np.argsort(keys[members])[: len(members) // 2]]] = 1
    covariates = rng.normal(size=(PERSONS, COVARIATES))
    outcomes = covariates[:, :1] + rng.normal(size=(PERSONS, OUTCOMES))
    everyone = np.ones(PERSONS, dtype=bool)
    labels = tuple(str(code) for code in range(STRATA))
    return outcomes, covariates, Assignment(everyone, assigned, stratum, labels)


def redraw(trial: tuple[np.ndarray, np.ndarray, Assignment], studentised: bool) -> Redrawn:
    outcomes, covariates, assignment = trial
    return redraw_statistics(
        outcomes, assignment, covariates=covariates, form="ancova", studentised=studentised,
        draws=DRAWS, seed=SEED, workers=1,
    )  # fmt: skip


def redraw_and_adjust(trial: tuple[np.ndarray, np.ndarray, Assignment]) -> None:
    redrawn = redraw(trial, studentised=True)
    for step_down in (step_down_max_t, step_down_min_p):
        step_down(redrawn.observed, redrawn.drawn)


def statsmodels_loop(trial: tuple[np.ndarray, np.ndarray, Assignment], draws: int) -> None:
    import statsmodels.api as sm

    outcomes, covariates, lottery = trial
    dummies = lottery.stratum[:, None] == np.arange(STRATA)
    design = np.hstack([lottery.assigned[:, None], covariates, dummies]).astype(float)
    rng = np.random.default_rng(1)
    for _ in range(draws):
        for code in range(STRATA):
            rows = dummies[:, code]
            design[rows, 0] = rng.permutation(design[rows, 0])
        sm.OLS(outcomes[:, 0], design).fit().params[0]


def as_frame(trial: tuple[np.ndarray, np.ndarray, Assignment]) -> tuple[pd.DataFrame, str]:
    outcomes, covariates, lottery = trial
    names = [f"x{index}" for index in range(COVARIATES)]
    frame = pd.DataFrame(covariates, columns=names)
    frame["y"], frame["z"], frame["s"] = outcomes[:, 0], lottery.assigned, lottery.stratum
    return frame, " + ".join(names)


def ritest_python(trial: tuple[np.ndarray, np.ndarray, Assignment], draws: int) -> None:
    from ritest import ritest

    frame, names = as_frame(trial)
    ritest(
        df=frame, permute_var="z", formula=f"y ~ z + {names} + C(s)", stat="z", strata="s",
        reps=draws, ci_mode="none", n_jobs=1, seed=1,
    )  # fmt: skip


def pyfixest_ritest(trial: tuple[np.ndarray, np.ndarray, Assignment], draws: int) -> None:
    import pyfixest

    frame, names = as_frame(trial)
    fit = pyfixest.feols(f"y ~ z + {names} + C(s)", data=frame)
    fit.ritest("z=0", reps=draws, rng=np.random.default_rng(1))


PEERS: dict[str, tuple[str, Callable[..., None], int]] = {
    "statsmodels loop": ("statsmodels", statsmodels_loop, 50),
    "ritest-python": ("ritest", ritest_python, 1_000),
    "pyfixest ritest": ("pyfixest", pyfixest_ritest, 500),
}


def cpu_seconds(task: Callable[[], object], rounds: int) -> float:
    """The best of a few rounds: other work on the machine only ever adds."""
    seconds: list[float] = []
    for _ in range(rounds):
        start = time.process_time()
        task()
        seconds.append(time.process_time() - start)
    return min(seconds)


def peer_seconds(task: Callable[..., None], trial: object, draws: int) -> float:
    """Seconds of all draws and outcomes: what 2 × draws take beyond draws, multiplied."""
    task(trial, 10)
    once = cpu_seconds(lambda: task(trial, draws), rounds=2)
    twice = cpu_seconds(lambda: task(trial, 2 * draws), rounds=2)
    return (twice - once) * DRAWS / draws * OUTCOMES


def main() -> None:
    trial = draw_trial()
    rng = np.random.default_rng(1)
    left, right = rng.random((DRAWS, PERSONS)), rng.random((PERSONS, COVARIATES + OUTCOMES))
    bare = cpu_seconds(lambda: left @ right, rounds=7)
    plain = cpu_seconds(lambda: redraw(trial, studentised=False), rounds=7)
    robust = cpu_seconds(lambda: redraw_and_adjust(trial), rounds=7)
    print(f"{DRAWS:,} lotteries of {PERSONS:,} persons, {OUTCOMES} outcomes; CPU seconds")
    print(f"bare matrix product        {bare:9.3f}")
    print(f"jobeval, plain             {plain:9.3f}  ({plain / bare:.1f} × the bare product)")
    print(f"jobeval, HC2 and step-down {robust:9.3f}  ({robust / plain:.1f} × plain)")
    for name, (module, task, draws) in PEERS.items():
        if importlib.util.find_spec(module) is None:
            print(f"{name:26} not installed, not measured")
            continue
        seconds = peer_seconds(task, trial, draws)
        print(f"{name:26} {seconds:9.1f}  (extrapolated; {seconds / plain:,.0f} × jobeval, plain)")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
