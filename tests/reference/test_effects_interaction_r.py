"""The joint test of subgroups under clusters, against clubSandwich's HTZ (frozen)."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jobeval.effects.groups.subgroups import estimate_subgroups
from jobeval.plan.lottery import Lottery

HERE = Path(__file__).parent
CLUSTERS = Lottery(arm="treated", treatment=1, control=0, clusters="cluster")


@pytest.fixture(scope="module")
def oracle() -> dict[str, Any]:
    return json.loads((HERE / "effects_oracle_sites.json").read_text())


@pytest.fixture(scope="module")
def trial() -> pd.DataFrame:
    frame = pd.read_csv(HERE / "effects_oracle.csv")
    level = np.searchsorted([36, 48], frame["age"], side="right")
    return frame.assign(level=level, old=(level == 0).astype(int))


@pytest.mark.parametrize(
    "name, column, options",
    [
        ("htz_two", "old", {}),
        ("htz_three", "level", {}),
        ("htz_ancova", "level", {"adjustment": "ancova", "covariates": ["weeks"]}),
    ],
)
def test_interactions_equal_clubsandwich(
    oracle: dict[str, Any], trial: pd.DataFrame, name: str, column: str, options: dict[str, Any]
) -> None:
    found = estimate_subgroups(trial, "hours", CLUSTERS, column, **options).interaction
    expected = oracle[name]
    assert found.statistic == pytest.approx(expected["statistic"], rel=1e-7)
    assert found.df == expected["df"]
    assert found.p_value == pytest.approx(expected["p_value"], rel=1e-7)
    assert f"and {expected['df_denominator']:.4g} degrees of freedom" in found.notes[-1]
