"""The committed trial: made again byte for byte, and true to the panel and the endpoints."""

import hashlib
import json

import numpy as np
import pytest

from jobeval.endpoints.exits import derive_exits
from jobeval.endpoints.outcomes import derive_outcome
from jobeval.panel.build import build_panel
from jobeval.plan.endpoints import ExitEndpoint
from jobeval.registers.trial import Trial
from jobeval.synthetic.jobfirst import ARMS, simulate_jobfirst
from jobeval.synthetic.potential import STATES, build_world, measure_exit, potential_outcomes
from jobeval.synthetic.write import write_trial


@pytest.fixture(scope="module")
def trial():
    return simulate_jobfirst()


def panel_of(trial, arm, look):
    """What the evaluation's own code sees when everybody had been drawn to ``arm``."""
    registers = trial.registers(arm)
    world = Trial(
        plan=trial.plan,
        persons=trial.persons,
        benefits=registers.benefits,
        hours=registers.hours,
        activities=registers.activities,
    )
    return build_panel(world, look)


def test_the_committed_folder_is_made_again_byte_for_byte(trial, committed_folder, tmp_path):
    made = write_trial(trial, tmp_path)
    names = sorted(path.name for path in committed_folder.iterdir())
    assert names == sorted(path.name for path in made.iterdir())
    for name in names:
        assert (made / name).read_bytes() == (committed_folder / name).read_bytes(), name


def test_the_committed_checksums_hold(committed_folder):
    for line in (committed_folder / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((committed_folder / name).read_bytes()).hexdigest() == digest


def test_the_committed_folder_is_small(committed_folder):
    assert sum(path.stat().st_size for path in committed_folder.iterdir()) < 5_000_000


def test_files_and_frames_give_the_same_trial(trial, committed_trial):
    frames = Trial(
        plan=trial.plan,
        persons=trial.persons,
        benefits=trial.benefits,
        hours=trial.hours,
        activities=trial.activities,
    )
    assert committed_trial.digest == frames.digest


def test_the_indicators_of_the_first_job_centre_are_the_published_ones(committed_folder):
    truth = json.loads((committed_folder / "truth.json").read_text("utf-8"))
    table = truth["indicators"]["Jobcenter Vallensbæk/Ishøj"]
    percents = {name: round(100 * row["count"] / row["of"]) for name, row in table.items()}
    assert percents == {"snusepraktik": 82, "hours_in_course": 27, "hours_after_13_weeks": 40}


@pytest.mark.parametrize("look", ["midterm", "final"])
@pytest.mark.parametrize("arm", ARMS)
def test_panel_and_endpoints_see_the_planted_world(trial, arm, look):
    """Two independent codes, registers to outcome, agree for every person."""
    panel = panel_of(trial, arm, look)
    column = ARMS.index(arm)
    for (name, at), outcomes in potential_outcomes(trial).items():
        if at != look:
            continue
        frame = derive_outcome(panel, trial.plan.endpoints[name], look)
        assert frame["person_id"].tolist() == trial.persons["person_id"].tolist()
        assert (frame["status"] == "observed").all()
        np.testing.assert_allclose(frame["value"], outcomes[column], atol=1e-6, err_msg=name)


@pytest.mark.parametrize("arm", ARMS)
def test_exits_see_the_planted_world(trial, arm):
    panel, world = panel_of(trial, arm, "final"), build_world(trial, arm)
    for name, endpoint in trial.plan.endpoints.items():
        if not isinstance(endpoint, ExitEndpoint):
            continue
        frame = derive_exits(panel, endpoint)
        duration, destination = measure_exit(world, endpoint)
        expected = [None if k == 0 else STATES[k] for k in destination]
        found = [None if d is None or d != d else d for d in frame["destination"]]
        assert frame["person_id"].tolist() == trial.persons["person_id"].tolist()
        assert found == expected, name
        assert frame["duration"].tolist() == duration.tolist(), name
