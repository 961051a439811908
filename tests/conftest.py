"""Fixtures that several folders of tests use."""

from pathlib import Path

import pytest
from hypothesis import settings

from fabricated_evaluation import fabricate_evaluation

ROOT = Path(__file__).parents[1]

# The same examples on every run; `pytest --hypothesis-profile=default` looks for new ones.
settings.register_profile("same", derandomize=True, deadline=None)
settings.load_profile("same")


@pytest.fixture(scope="session")
def committed_folder():
    """The folder of the committed synthetic trial."""
    return ROOT / "data" / "synthetic" / "jobfirst"


@pytest.fixture(scope="session")
def committed_trial(committed_folder):
    import jobeval as je

    return je.read_trial(committed_folder)


@pytest.fixture(scope="session")
def final_evaluation(committed_trial):
    import jobeval as je

    return je.evaluate(committed_trial, look="final")


@pytest.fixture(scope="session")
def midterm_evaluation(committed_trial):
    import jobeval as je

    return je.evaluate(committed_trial, look="midterm")


@pytest.fixture(scope="session")
def fabricated():
    """A made-up final evaluation, not released."""
    return fabricate_evaluation("final")


@pytest.fixture(scope="session")
def released(fabricated):
    """The made-up final evaluation after the gate."""
    from jobeval.disclosure.gate import release

    return release(fabricated)


@pytest.fixture(scope="session")
def released_midterm():
    """The made-up midterm evaluation after the gate."""
    from jobeval.disclosure.gate import release

    return release(fabricate_evaluation("midterm"))


@pytest.fixture(scope="session")
def small_evaluation():
    """The evaluation of a trial of 400 persons, with many small groups."""
    import jobeval as je

    drawn = je.simulate_jobfirst(n_persons=400, n_sites=3, seed=14)
    return je.evaluate(
        je.Trial(
            plan=drawn.plan, persons=drawn.persons, benefits=drawn.benefits, hours=drawn.hours,
            activities=drawn.activities,
        ),
        look="final",
    )  # fmt: skip
