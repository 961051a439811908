"""The whole final evaluation, files to results, against an analyst's script of the usual tools.

The script does a part of the same work with pandas (melt, merge, groupby), statsmodels (OLS,
HC2) and lifelines (Kaplan–Meier, Aalen–Johansen, stratified Cox), on the same files: the
primary endpoints with their adjusted effects, weekly differences, and exits. Ratios in CPU
and wall seconds of one run; linear algebra on one thread.

    python benchmarks/evaluation.py
"""

import os
import time
import warnings
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd

FOLDER = Path(__file__).parents[1] / "data" / "synthetic" / "jobfirst"
WEEKS = 104
OUT_OF_POPULATION = 997  # DREAM: not resident, state pension, dead


def jobeval_way() -> float:
    """The primary effect by jobeval; everything else of the plan is computed beside it."""
    import jobeval as je

    evaluation = je.evaluate(je.read_trial(FOLDER), look="final")
    return evaluation.effects.one(analysis="mean_hours_itt", subgroup="").estimate


def usual_way() -> float:
    """The primary effect by a script of pandas, statsmodels and lifelines."""
    persons, panel = read_panel()
    weekly = panel.pivot(index="person_id", columns="week", values="hours")
    frame = persons.join(weekly.mean(axis=1).rename("mean"), on="person_id")
    frame["any"] = (weekly.max(axis=1) > 0).to_numpy(dtype=float)
    effects = [fit_lin(frame, name) for name in ("any", "mean")]
    for week in range(WEEKS):
        fit_lin(frame.assign(hours=weekly[week].to_numpy()), "hours")
    fit_exits(frame, panel)
    return effects[1]


def read_panel() -> tuple[pd.DataFrame, pd.DataFrame]:
    dialect = {"sep": ";", "decimal": ","}
    persons = pd.read_csv(FOLDER / "persons.csv", **dialect).sort_values("person_id")
    drawn = pd.to_datetime(persons["randomised_on"], format="%d-%m-%Y")
    persons["origin_week"] = drawn - pd.to_timedelta(drawn.dt.weekday, unit="D")
    dream = pd.read_csv(FOLDER / "dream.csv", **dialect, low_memory=False)
    codes = dream.filter(regex="^y_|lobenr").melt("lobenr", var_name="column", value_name="code")
    mondays = {c: pd.to_datetime(f"20{c[2:]}1", format="%G%V%u") for c in codes["column"].unique()}
    codes["monday"] = codes["column"].map(mondays)
    panel = codes.merge(
        persons[["person_id", "origin_week"]], left_on="lobenr", right_on="person_id"
    )
    panel["week"] = (panel["monday"] - panel["origin_week"]).dt.days // 7
    panel = panel[panel["week"].between(0, WEEKS - 1)].copy()
    panel["month"] = (panel["monday"] + pd.Timedelta(days=3)).dt.strftime("%Y-%m")
    hours = pd.read_csv(FOLDER / "hours.csv", **dialect)
    hours = hours[hours["STOETTE_BESK_KODE"] == 0].rename(columns={"AJO_JOB_MAANED": "month"})
    monthly = hours.groupby(["lobenr", "month"])["AJO_LOENTIMER"].sum() * 12 / 52
    panel = panel.merge(monthly.rename("hours").reset_index(), on=["lobenr", "month"], how="left")
    panel["hours"] = panel["hours"].fillna(0).where(~(panel["code"] >= OUT_OF_POPULATION), 0)
    panel["employed"] = panel["code"].isna() & (panel["hours"] > 0)
    return persons.reset_index(drop=True), panel


def fit_lin(frame: pd.DataFrame, outcome: str) -> float:
    import statsmodels.api as sm

    treated = (frame["arm"] == "jobfirst").to_numpy(dtype=float)
    strata = pd.get_dummies(frame["site"] + frame["benefit_type"], drop_first=True, dtype=float)
    centred = strata.to_numpy() - strata.to_numpy().mean(axis=0)
    design = np.column_stack([np.ones(len(frame)), treated, centred, treated[:, None] * centred])
    return float(sm.OLS(frame[outcome].to_numpy(), design).fit(cov_type="HC2").params[1])


def fit_exits(frame: pd.DataFrame, panel: pd.DataFrame) -> None:
    from lifelines import AalenJohansenFitter, CoxPHFitter, KaplanMeierFitter

    panel = panel.sort_values(["person_id", "week"], ignore_index=True)
    runs = panel.groupby("person_id")["employed"].rolling(4).sum().to_numpy()
    first = panel[runs == 4].groupby("person_id")["week"].min() - 2
    duration = frame["person_id"].map(first)
    exits = pd.DataFrame(
        {
            "treated": (frame["arm"] == "jobfirst").astype(int),
            "stratum": frame["site"] + frame["benefit_type"],
            "duration": duration.fillna(WEEKS - 3),
            "observed": duration.notna().astype(int),
        }
    )
    for _, arm in exits.groupby("treated"):
        KaplanMeierFitter().fit(arm["duration"], arm["observed"])
        AalenJohansenFitter(seed=1).fit(arm["duration"], arm["observed"], event_of_interest=1)
    CoxPHFitter(strata=["stratum"]).fit(exits, "duration", "observed")


def measure(way: Callable[[], float]) -> tuple[float, float, float]:
    """Wall seconds, CPU seconds and the estimate of one way."""
    wall, cpu = time.perf_counter(), time.process_time()
    estimate = way()
    return time.perf_counter() - wall, time.process_time() - cpu, estimate


def main() -> None:
    warnings.simplefilter("ignore")
    for _ in range(2):  # the second round is warm: imports are measured on neither side
        usual, ours = measure(usual_way), measure(jobeval_way)
    agree = abs(usual[2] - ours[2]) < 1e-6
    print(f"Whole final evaluation of the committed trial (same primary effect: {agree})")
    print(f"  jobeval, the whole plan:     {ours[0]:6.2f} s wall {ours[1]:6.2f} s CPU")
    print(f"  usual script, a part of it:  {usual[0]:6.2f} s wall {usual[1]:6.2f} s CPU")
    print(f"  usual / jobeval:             {usual[0] / ours[0]:6.2f}   {usual[1] / ours[1]:12.2f}")


if __name__ == "__main__":
    main()
