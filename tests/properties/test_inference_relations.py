"""Relations that every test by the lottery keeps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobeval.inference.assignment import Assignment
from jobeval.inference.redrawn import Redrawn
from jobeval.inference.statistics import redraw_statistics

FEW = settings(max_examples=15, deadline=None)


@FEW
@given(st.integers(0, 2**32 - 1), st.sampled_from(["none", "ancova", "lin"]))
def test_columns_do_not_depend_on_each_other(seed: int, form: str) -> None:
    """Many outcomes at once are each as if alone, and draws are a prefix of more draws."""
    rng = np.random.default_rng(seed)
    stratum, z = np.repeat([0, 1], 20), np.tile([0, 1], 20)
    lottery = Assignment(np.ones(40, bool), z, stratum, ("a", "b"))
    outcomes, covariates = rng.normal(size=(40, 3)), rng.normal(size=(40, 1))

    def run(y: np.ndarray, draws: int) -> Redrawn:
        return redraw_statistics(
            y, lottery, covariates=covariates, form=form, draws=draws, seed=1, workers=1
        )

    together, alone = run(outcomes, 100), run(outcomes[:, 1:2], 64)
    assert together.drawn[:64, 1:2] == pytest.approx(alone.drawn, rel=1e-9)
    assert together.p_values().min() >= 1 / 101
