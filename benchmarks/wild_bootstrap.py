"""Wild cluster bootstrap and families of tests against pyfixest, in one run, in CPU seconds.

    OPENBLAS_NUM_THREADS=1 python benchmarks/wild_bootstrap.py

Wild bootstrap: 2,408 persons, 15 clusters, 6 covariates; ours takes all 32,768 vectors of signs
for 20 outcomes, with intervals by inversion; pyfixest (through wildboottest) draws 9,999 for one
outcome and gives a p-value. Romano–Wolf: the whole way from the data frame; pyfixest's rwolf
draws the wild bootstrap and not the lottery, and is given few draws and scaled up. Peers that are
not installed are left out.
"""

import time
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd

import jobeval as je
from jobeval.effects.redrawn.families import estimate_family
from jobeval.inference.step_down import max_t_quantile, step_down_max_t, step_down_min_p
from jobeval.inference.wild_bootstrap import wild_cluster_test

PERSONS, CLUSTERS, OUTCOMES, COVARIATES = 2_408, 15, 20, 6
DRAWS = 10_000


def draw() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    cluster = rng.integers(0, CLUSTERS, PERSONS)
    columns = {f"x{i}": rng.normal(size=PERSONS) for i in range(COVARIATES)}
    columns |= {
        f"y{i}": rng.normal(size=PERSONS) + 0.2 * rng.normal(size=CLUSTERS)[cluster]
        for i in range(OUTCOMES)
    }
    person_arm = rng.permutation(np.arange(PERSONS) % 2)
    arm = (cluster % 2).astype(float)
    return pd.DataFrame({"arm": arm, "person_arm": person_arm, "cluster": cluster, **columns})


def cpu_seconds(task: Callable[[], Any], rounds: int) -> float:
    seconds: list[float] = []
    for _ in range(rounds + 1):
        start = time.process_time()
        task()
        seconds.append(time.process_time() - start)
    return min(seconds[1:])


def wild_bootstrap(frame: pd.DataFrame) -> None:
    covariates = [f"x{i}" for i in range(COVARIATES)]
    design = np.column_stack([np.ones(PERSONS), frame[["arm", *covariates]]])
    outcomes = frame[[f"y{i}" for i in range(OUTCOMES)]].to_numpy()
    cluster = frame["cluster"].to_numpy()
    found = wild_cluster_test(design, outcomes, cluster, 1, weights="rademacher")
    mine = cpu_seconds(lambda: wild_cluster_test(design, outcomes, cluster, 1), 5)
    line = f"wild bootstrap, {found.draws:,} vectors × {OUTCOMES} outcomes {mine:.4f}"
    if find_spec("wildboottest") and find_spec("pyfixest"):
        import pyfixest

        fit = pyfixest.feols(
            f"y0 ~ arm + {' + '.join(covariates)}", frame, vcov={"CRV1": "cluster"}
        )
        peer = cpu_seconds(lambda: fit.wildboottest(reps=9_999, param="arm", seed=1), 5)
        line += f" | pyfixest, 9,999 × 1 outcome {peer:.4f} ({peer / mine:.1f} times)"
    print(line)


def step_down() -> None:
    rng = np.random.default_rng(2)
    drawn, observed = rng.normal(size=(DRAWS, OUTCOMES)), 2 * rng.normal(size=OUTCOMES)
    seconds = {
        f.__name__: cpu_seconds(lambda f=f: f(observed, drawn), 10)
        for f in (step_down_max_t, step_down_min_p)
    }
    seconds["max_t_quantile"] = cpu_seconds(lambda: max_t_quantile(drawn), 10)
    parts = ", ".join(f"{name} {1000 * value:.1f}" for name, value in seconds.items())
    print(f"step-down from {DRAWS:,} × {OUTCOMES}, ms: {parts}")


def family(frame: pd.DataFrame) -> None:
    """Statistics of 10,000 draws and Romano–Wolf, data frame to table; no strata, ANCOVA."""
    names, covariates = [f"y{i}" for i in range(OUTCOMES)], [f"x{i}" for i in range(COVARIATES)]
    lottery = je.Lottery(arm="person_arm", treatment=1, control=0)
    mine = cpu_seconds(
        lambda: estimate_family(
            frame, names, lottery, covariates=covariates, adjustment="ancova", seed=1
        ),
        1,
    )
    line = f"Romano–Wolf of {OUTCOMES} outcomes, {DRAWS:,} draws, from the frame {mine:.2f}"
    if find_spec("pyfixest"):
        import pyfixest

        right = " + ".join(["person_arm", *covariates])
        fits = [pyfixest.feols(f"{name} ~ {right}", frame, vcov="hetero") for name in names[:2]]
        reps = 50
        peer = cpu_seconds(lambda: pyfixest.rwolf(fits, "person_arm", reps=reps, seed=1), 1)
        peer *= DRAWS / reps * OUTCOMES / len(fits)
        line += (
            f" | pyfixest rwolf, scaled up from {reps} × 2 {peer:,.0f} ({peer / mine:.0f} times)"
        )
    print(line)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    trial = draw()
    wild_bootstrap(trial)
    step_down()
    family(trial)
