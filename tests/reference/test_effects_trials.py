"""Published numbers of real trials that functions behind the front door give.

The front door refuses both analyses, and says why.
"""

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from jobeval.effects.itt.itt import estimate_itt
from jobeval.errors import DataError, DesignError
from jobeval.plan.lottery import Lottery
from jobeval.regression.ancova import fit_ancova
from jobeval.regression.least_squares import (
    bell_mccaffrey_df,
    estimate_vcov,
    fit_least_squares,
    independent_columns,
)
from jobeval.regression.lin import lin_design

DATA = Path(__file__).parents[2].parent / "shared" / "data"
pytestmark = pytest.mark.skipif(
    not (DATA / "targets.json").exists(), reason="the trials' files are not beside the repository"
)


def test_jtpa_errors_by_site() -> None:
    """R's clubSandwich. The sites are strata, not clusters: a check of errors, not of the trial."""
    frame = pd.read_csv(DATA / "jtpa_earnings.csv")
    earnings, assigned = frame["earnings"].to_numpy(), frame["assignmt"].to_numpy()
    site = pd.factorize(frame["site"])[0]
    fit = fit_ancova(earnings, assigned, np.empty((len(frame), 0)))
    assert fit.coef[1] == pytest.approx(1159.433325, abs=0.01)
    for kind, error, df in (("CR1", 259.0944856, 9.0614), ("CR2", 258.6391356, 8.1154)):
        assert estimate_vcov(fit, kind, site)[1, 1] ** 0.5 == pytest.approx(error, abs=0.01)
        found = bell_mccaffrey_df(fit, site, np.array([0.0, 1]), kind)
        assert found == pytest.approx(df, abs=6e-5)
    clusters = Lottery(arm="assignmt", treatment=1, control=0, clusters="site")
    with pytest.raises((DataError, DesignError), match="cluster"):
        estimate_itt(frame, "earnings", clusters)


def test_penn_fully_interacted() -> None:
    """What R prints when it drops dependent columns in order; another order, another number.

    The front door refuses, because the effect is not identified.
    """
    frame = pd.read_csv(DATA / "penn_bonus.csv").query("tg in (0, 4)").reset_index(drop=True)
    frame = frame.assign(dep1=frame["dep"] == 1, dep2=frame["dep"] == 2)
    names = ["female", "black", "othrace", "dep1", "dep2", "q2", "q3", "q4", "q5", "q6",
             "agelt35", "agegt54", "durable", "lusd", "husd"]  # fmt: skip
    base = frame[names].astype(float)
    pairs = {f"{a}*{b}": base[a] * base[b] for a, b in combinations(names, 2)}
    wide = pd.concat([base, pd.DataFrame(pairs)], axis=1)
    x, outcome = wide.to_numpy(), np.log(frame["inuidur1"].to_numpy())
    design = lin_design((frame["tg"] == 4).to_numpy().astype(int), x, x.mean(axis=0))
    kept = independent_columns(design)
    assert int(independent_columns(design[:, : 2 + x.shape[1]]).sum()) == 104
    found = fit_least_squares(design[:, kept], outcome).coef[1]
    assert found == pytest.approx(-0.0755, abs=6e-5)
    given = wide.assign(tg=frame["tg"], log_weeks=outcome)
    with pytest.raises(DesignError, match="not identified"):
        estimate_itt(
            given, "log_weeks", Lottery(arm="tg", treatment=4, control=0),
            covariates=list(wide.columns), adjustment="lin",
        )  # fmt: skip
