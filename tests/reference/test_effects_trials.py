"""Published effects of real trials, from files that lie beside the repository."""

import json
import re
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jobeval.effects.ancova import fit_ancova
from jobeval.effects.itt import estimate_itt
from jobeval.effects.least_squares import bell_mccaffrey_df, estimate_vcov
from jobeval.plan.lottery import Lottery

DATA = Path(__file__).parents[2].parent / "shared" / "data"
pytestmark = pytest.mark.skipif(
    not (DATA / "targets.json").exists(), reason="the trials' files are not beside the repository"
)


@pytest.fixture(scope="module")
def targets() -> dict[str, dict[str, Any]]:
    return {item["id"]: item for item in json.loads((DATA / "targets.json").read_text())}


def check(targets: dict[str, dict[str, Any]], name: str, found: float) -> None:
    target = targets[name]
    assert found == pytest.approx(target["value"], abs=target["tolerance"]), name


# --- National JTPA Study ------------------------------------------------------------------

JTPA = Lottery(arm="assignmt", treatment=1, control=0)
COVARIATES = ["prevearn", "hsorged", "black", "hispanic", "married", "wkless13", "age"]


@pytest.fixture(scope="module")
def jtpa() -> pd.DataFrame:
    return pd.read_csv(DATA / "jtpa_earnings.csv")


@pytest.mark.parametrize("who, sex", [("men", 1), ("women", 0)])
def test_jtpa(jtpa: pd.DataFrame, targets: dict[str, dict[str, Any]], who: str, sex: int) -> None:
    frame = jtpa[jtpa["sex"] == sex]
    itt = estimate_itt(frame, "earnings", JTPA, vcov="HC1")
    check(targets, f"jtpa.{who}.itt.est", itt.estimate)
    check(targets, f"jtpa.{who}.itt.se", itt.std_error)
    check(targets, f"jtpa.{who}.itt.n", itt.n_treatment + itt.n_control)
    lin = estimate_itt(frame, "earnings", JTPA, covariates=COVARIATES, adjustment="lin")
    check(targets, f"jtpa.{who}.lin.est", lin.estimate)
    check(targets, f"jtpa.{who}.lin.se", lin.std_error)
    fixed = estimate_itt(
        frame, "earnings", JTPA, covariates=["site"], adjustment="ancova", vcov="HC1"
    )
    check(targets, f"jtpa.{who}.itt_siteFE.est", fixed.estimate)
    check(targets, f"jtpa.{who}.itt_siteFE.se", fixed.std_error)


def test_jtpa_errors_by_site(jtpa: pd.DataFrame, targets: dict[str, dict[str, Any]]) -> None:
    """The sites are strata, not clusters: a check of CR2, not of the trial."""
    earnings, assigned = jtpa["earnings"].to_numpy(), jtpa["assignmt"].to_numpy()
    site = pd.factorize(jtpa["site"])[0]
    fit = fit_ancova(earnings, assigned, np.empty((len(jtpa), 0)))
    check(targets, "jtpa.itt_cluster_site_CR2.est", fit.coef[1])
    check(targets, "jtpa.itt_cluster_site_CR2.se", estimate_vcov(fit, "CR2", site)[1, 1] ** 0.5)
    check(targets, "jtpa.itt_cluster_site_CR1S.se", estimate_vcov(fit, "CR1", site)[1, 1] ** 0.5)
    df = bell_mccaffrey_df(fit, site, np.array([0.0, 1]))
    printed = re.search(r"df=([\d.]+)", targets["jtpa.itt_cluster_site_CR2.se"]["spec"])
    assert printed is not None
    assert df == pytest.approx(float(printed[1]), abs=6e-5)


# --- Pennsylvania reemployment bonus ------------------------------------------------------


@pytest.fixture(scope="module")
def penn() -> pd.DataFrame:
    frame = pd.read_csv(DATA / "penn_bonus.csv")
    return frame.assign(log_weeks=np.log(frame["inuidur1"]))


@pytest.mark.parametrize("arm", range(1, 7))
def test_penn_weeks(penn: pd.DataFrame, targets: dict[str, dict[str, Any]], arm: int) -> None:
    lottery = Lottery(arm="tg", treatment=arm, control=0)
    effect = estimate_itt(penn, "inuidur1", lottery, vcov="HC1")
    check(targets, f"penn.weeks_tg{arm}.est", effect.estimate)
    check(targets, f"penn.weeks_tg{arm}.se", effect.std_error)


@pytest.fixture(scope="module")
def penn_four(penn: pd.DataFrame) -> pd.DataFrame:
    """Arm 4 against control, with all two-way products of the covariates."""
    frame = penn[penn["tg"].isin([0, 4])].reset_index(drop=True)
    frame = frame.assign(dep1=frame["dep"] == 1, dep2=frame["dep"] == 2)
    names = ["female", "black", "othrace", "dep1", "dep2", "q2", "q3", "q4", "q5", "q6",
             "agelt35", "agegt54", "durable", "lusd", "husd"]  # fmt: skip
    products = {
        f"{a}*{b}": frame[a].astype(float) * frame[b].astype(float)
        for a, b in combinations(names, 2)
    }
    return pd.concat([frame[["tg", "log_weeks", *names]], pd.DataFrame(products)], axis=1)


def test_penn_log_weeks(penn_four: pd.DataFrame, targets: dict[str, dict[str, Any]]) -> None:
    lottery = Lottery(arm="tg", treatment=4, control=0)
    plain = estimate_itt(penn_four, "log_weeks", lottery, vcov="HC1")
    check(targets, "penn.cl.est", plain.estimate)
    check(targets, "penn.cl.se", plain.std_error)
    check(targets, "penn.cl.n", plain.n_treatment + plain.n_control)


def test_penn_rank_deficient_covariates(
    penn_four: pd.DataFrame, targets: dict[str, dict[str, Any]]
) -> None:
    """The rank counts, not the number of columns, and dropped columns are named."""
    lottery = Lottery(arm="tg", treatment=4, control=0)
    covariates = list(penn_four.columns[2:])
    effect = estimate_itt(
        penn_four, "log_weeks", lottery, covariates=covariates, adjustment="ancova", vcov="HC1"
    )
    check(targets, "penn.cra.est", effect.estimate)
    check(targets, "penn.cra.se", effect.std_error)
    assert effect.n_treatment + effect.n_control - effect.df == 104
    assert len(effect.notes) >= 119 - 102 - 1


# --- Illinois Workplace Wellness ----------------------------------------------------------

WELLNESS = Lottery(arm="treat", treatment=1, control=0)


def test_wellness(targets: dict[str, dict[str, Any]]) -> None:
    """All effects of tables 3 and A.4d whose outcome is in the public files."""
    frames = [pd.read_csv(path) for path in sorted(DATA.glob("wellness_*.csv"))]
    tried = 0
    for name in targets:
        table = re.fullmatch(r"wellness\.(?:t3|a4d)\.(.*)\.est", name)
        frame = next((f for f in frames if table and table[1] in f.columns), None)
        if table is None or frame is None:
            continue
        tried += 1
        weight = re.search(r"weights=(\w+)", targets[name]["spec"])
        estimate, error = (
            _weighted(frame, table[1], weight[1]) if weight else _plain(frame, table[1])
        )
        check(targets, name, estimate)
        check(targets, name.replace(".est", ".se"), error)
    assert tried == 24


def _plain(frame: pd.DataFrame, outcome: str) -> tuple[float, float]:
    effect = estimate_itt(frame, outcome, WELLNESS, vcov="HC1")
    return effect.estimate, effect.std_error


def _weighted(frame: pd.DataFrame, outcome: str, weight: str) -> tuple[float, float]:
    kept = frame[frame[outcome].notna() & (frame[weight] > 0)]
    fit = fit_ancova(
        kept[outcome].to_numpy(),
        kept["treat"].to_numpy(),
        np.empty((len(kept), 0)),
        kept[weight].to_numpy(),
    )
    return fit.coef[1], estimate_vcov(fit, "HC1")[1, 1] ** 0.5
