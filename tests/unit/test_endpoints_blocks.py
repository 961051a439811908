"""Person × week in blocks: the same sums as the counts of the engine."""

import numpy as np
import pandas as pd
import pytest

from jobeval.effects.weekly.path_counts import PathCounts, estimate_path_from_counts
from jobeval.effects.weekly.paths import estimate_path_from_blocks
from jobeval.endpoints.blocks import collect_weekly, collect_weekly_state
from jobeval.endpoints.counts import count_path, count_states
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


def test_sums_are_those_of_the_counts(panel, hours) -> None:
    blocks = collect_weekly(panel, hours, rows=700)
    values = np.vstack(list(blocks))
    assert len(blocks) > 1 and len(values) == len(blocks.person_ids)
    counts = count_path(panel, hours).groupby("week")[["n", "total", "total_sq", "positive"]].sum()
    assert counts.index.tolist() == blocks.weeks.tolist()
    assert (~np.isnan(values)).sum(axis=0).tolist() == counts["n"].tolist()
    assert np.nansum(values, axis=0) == pytest.approx(counts["total"], abs=2e-6)
    assert np.nansum(values**2, axis=0) == pytest.approx(counts["total_sq"], abs=2e-6)
    assert (values > 0).sum(axis=0).tolist() == counts["positive"].tolist()


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


def test_paths_from_blocks_are_those_from_counts(panel, hours, committed_trial) -> None:
    plan = committed_trial.plan
    frame = collect_frame(panel.persons, "person_id")
    frame = frame[frame["arm"].isin([plan.control.name, plan.treatment.name])]
    strata = plan.lottery.strata
    lottery = Lottery(
        arm="arm", treatment=plan.treatment.name, control=plan.control.name, strata=strata
    )
    blocks = collect_weekly(panel, hours, frame["person_id"].tolist(), rows=500)
    columns = {name: frame[name].to_numpy(object) for name in ("arm", *strata)}
    found = estimate_path_from_blocks(blocks, columns, lottery, blocks.weeks)
    expected = estimate_path_from_counts(_arrays(panel, hours, lottery), endpoint="outcome")
    names = ["week", "value", "std_error", "conf_low", "conf_high", "at_risk", "events"]
    pd.testing.assert_frame_equal(
        found.to_frame()[names], expected.to_frame()[names], rtol=1e-6, atol=1e-7
    )


def _arrays(panel, hours: WindowEndpoint, lottery: Lottery) -> PathCounts:
    counts = count_path(panel, hours, lottery.strata)
    counts = counts[counts["arm"].isin([lottery.control, lottery.treatment])]
    keys = list(lottery.strata)
    stratum = counts.groupby(keys, sort=True).ngroup().to_numpy() if keys else 0
    arm = (counts["arm"] == lottery.treatment).to_numpy(int)
    shape = (int(np.max(stratum)) + 1, 2, int(counts["week"].max()) + 1)
    arrays = {}
    for name in ("n", "total", "total_sq", "positive"):
        arrays[name] = np.zeros(shape)
        arrays[name][stratum, arm, counts["week"]] = counts[name]
    return PathCounts(np.arange(shape[2]), **arrays)
