"""Results contracts as event tables: the ledger of each was worked by hand."""

from pathlib import Path
from typing import Any

import pytest
from contract_tables import FOLDER, days, read_cases, run_case, texts

CASES = [(path, case) for path in sorted(FOLDER.glob("*.toml")) for case in read_cases(path)]
DATES = {"reached": "reached_on", "due": "due_on", "clawed_back_on": "clawed_back_on"}
TEXTS = ("amount_dkk", "clawed_back_dkk", "invoiced_dkk", "state", "limited_by", "proof")


def test_names_tell_cases_apart() -> None:
    names = [(path, case["name"]) for path, case in CASES]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("path", "case"), CASES, ids=[f"{path.stem}: {case['name']}" for path, case in CASES]
)
def test_case(path: Path, case: dict[str, Any]) -> None:
    ledger = run_case(case)
    for key, column in DATES.items():
        if key in case:
            assert days(ledger, column) == case[key], case["why"]
    for column in TEXTS:
        if column in case:
            assert texts(ledger, column) == case[column], case["why"]
    if "started_on" in case and isinstance(case["started_on"], list):
        assert ledger["started_on"].dt.strftime("%Y-%m-%d").tolist() == case["started_on"]
    if "rows" in case:
        dated = zip(ledger["milestone"], ledger["reached_on"], strict=True)
        assert [f"{name} {day:%Y-%m-%d}" for name, day in dated] == case["rows"], case["why"]
