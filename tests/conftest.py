"""Fixtures that several folders of tests use."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


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
