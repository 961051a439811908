"""Person × week in blocks: the same sums as the counts of the engine."""

import numpy as np
import pandas as pd
import pytest

from jobeval.effects.weekly.path_counts import PathCounts, estimate_path_from_counts
from jobeval.effects.weekly.paths import estimate_path_from_blocks
from jobeval.endpoints.blocks import collect_weekly, collect_weekly_state
from jobeval.endpoints.counts import count_states
from jobeval.panel.build import build_panel
from jobeval.panel.engine import collect_frame
from jobeval.plan.endpoints import WindowEndpoint
from jobeval.plan.lottery import Lottery


@pytest.fixture(scope="module")
def panel(committed_trial):
    return build_panel(committed_trial, "midterm")


@pytest.fixture(scope="module")
def hours(committed_trial) -> WindowEndpoint:
    return next(
        endpoint
        for endpoint in committed_trial.plan.endpoints.values()
        if isinstance(endpoint, WindowEndpoint) and endpoint.kind == "mean_hours"
    )


def test_states_are_those_of_the_counts(panel) -> None:
    counts = count_states(panel)
    state = str(counts["state"].mode()[0])
    values = np.vstack(list(collect_weekly_state(panel, state)))
    found = counts[counts["state"] == state].groupby("week")["n"].sum()
    assert np.nansum(values, axis=0)[found.index].tolist() == found.tolist()
    assert np.nanmax(values) == 1


def test_some_persons_in_blocks_of_any_size(panel, hours) -> None:
    whole = collect_weekly(panel, hours)
    ids = whole.person_ids[5:600:3]
    some = collect_weekly(panel, hours, ids.tolist(), rows=64)
    all_rows = np.vstack(list(whole))
    assert np.array_equal(np.vstack(list(some)), all_rows[5:600:3], equal_nan=True)
    assert len(list(whole)) == 1 and next(iter(whole)) is next(iter(whole))
    with pytest.raises(ValueError, match="ascend"):
        collect_weekly(panel, hours, ids[::-1].tolist())


def test_paths_from_blocks_are_those_from_counts(panel, committed_trial) -> None:
    plan = committed_trial.plan
    frame = collect_frame(panel.persons, "person_id")
    frame = frame[frame["arm"].isin([plan.control.name, plan.treatment.name])]
    strata = plan.lottery.strata
    lottery = Lottery(
        arm="arm", treatment=plan.treatment.name, control=plan.control.name, strata=strata
    )
    blocks = collect_weekly_state(panel, "employment", frame["person_id"].tolist(), rows=500)
    columns = {name: frame[name].to_numpy(object) for name in ("arm", *strata)}
    found = estimate_path_from_blocks(blocks, columns, lottery, blocks.weeks)
    counts = _counts(np.vstack(list(blocks)), frame, lottery)
    expected = estimate_path_from_counts(counts, endpoint="outcome")
    names = ["week", "value", "std_error", "conf_low", "conf_high", "at_risk", "events"]
    pd.testing.assert_frame_equal(
        found.to_frame()[names], expected.to_frame()[names], rtol=1e-6, atol=1e-7
    )


def _counts(values: np.ndarray, frame: pd.DataFrame, lottery: Lottery) -> PathCounts:
    strata = frame.groupby(list(lottery.strata)).ngroup().to_numpy()
    treated = (frame["arm"] == lottery.treatment).to_numpy()
    cells = [
        [values[(strata == stratum) & (treated == arm)] for arm in (False, True)]
        for stratum in range(strata.max() + 1)
    ]
    n = np.array([[(~np.isnan(cell)).sum(axis=0) for cell in both] for both in cells])
    total = np.array([[np.nansum(cell, axis=0) for cell in both] for both in cells])
    return PathCounts(np.arange(values.shape[1]), n, total, total)
