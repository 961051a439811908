"""Endpoint definitions as event tables: what a person's registers are worth."""

from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from event_tables import FOLDER, read_cases, run_cases

FILES = sorted(FOLDER.glob("*.toml"))
CASES = [(path, case["name"]) for path in FILES for case in read_cases(path)]


@cache
def results_of(path: Path) -> dict[str, dict[str, Any]]:
    return run_cases(read_cases(path))


@pytest.mark.parametrize(("path", "name"), CASES, ids=[f"{p.stem}: {n}" for p, n in CASES])
def test_case(path: Path, name: str) -> None:
    case = next(case for case in read_cases(path) if case["name"] == name)
    result = results_of(path)[name]
    if case.get("absent"):
        assert not any(result.values())
    elif "starts" in case:
        events = [
            stop for stop, event in zip(result["stop"], result["event"], strict=True) if event
        ]
        assert events == case["starts"]
        assert result["start"] == [0, *result["stop"][:-1]]
        assert result["stop"][-1] == case["followed"]
    else:
        check_one({name: value for name, (value,) in result.items()}, case)


def check_one(result: dict[str, Any], case: dict[str, Any]) -> None:
    """A result of one row."""
    if "duration" in case:
        assert result == {
            "duration": case["duration"],
            "destination": case.get("destination"),
        }
    elif "followed" in case:
        started, kept = case.get("started"), case.get("kept")
        assert result["followed"] == case["followed"]
        assert pd.isna(result["started"]) if started is None else result["started"] == started
        assert pd.isna(result["duration"]) if kept is None else result["duration"] == kept
        assert (result["lost"], result["lost_to"]) == ("lost_to" in case, case.get("lost_to"))
    elif "status" in case:
        assert result["status"] == case["status"]
        assert pd.isna(result["value"])
    else:
        assert result["status"] == "observed"
        assert result["value"] == pytest.approx(case["value"], abs=1e-9)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_case_says_what_and_why(path: Path) -> None:
    cases = read_cases(path)
    names = [case["name"] for case in cases]
    assert len(set(names)) == len(names)
    for case in cases:
        assert case["why"].endswith(".")
        assert len({"value", "status", "duration", "followed", "absent"} & set(case)) == 1
