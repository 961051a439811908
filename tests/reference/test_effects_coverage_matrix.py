"""Coverage and size of each estimator under each lottery: the table ``coverage.toml``.

Rule: |share − .95| ≤ 4 Monte-Carlo standard errors at 2,000 trials (.0195); for tests, .05.
Exceptions have a range of their own and a reason. The shares in the table, which
``docs/validation.md`` shows, must be those that come out.
"""

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from coverage_cases import CASES, DESIGNS, coverage
from simulated_trials import arrays_as_frames

from jobeval.errors import DesignError

HERE = Path(__file__).parent
TABLE = tomllib.loads((HERE / "coverage.toml").read_text("utf-8"))
ROWS: list[dict[str, Any]] = TABLE["rows"]
CELLS = [(name, design) for name in CASES for design in DESIGNS]


def cells_of(name: str, design: str) -> dict[str, Any]:
    """The cells of one case under one lottery, by part: shares, exceptions or words."""
    return {row.get("part", ""): row[design] for row in ROWS if row["case"] == name}


def params(cells: Iterable[tuple[str, str]]) -> Any:
    named = [pytest.param(*cell, id="-".join(cell)) for cell in cells]
    return pytest.mark.parametrize("name, design", named)


TESTS = {(row["case"], row.get("part", "")) for row in ROWS if row.get("kind") == "test"}
WORDS = {cell: {str(told).split(":")[0] for told in cells_of(*cell).values()} for cell in CELLS}
REFUSED = [cell for cell, words in WORDS.items() if words == {"refused"}]
RUN = [cell for cell, words in WORDS.items() if not words & {"refused", "as complete"}]
ONCE = {name: (name, design) for name, design in RUN if design in ("stratified", "clusters")}


def assert_as_told(found: float, nominal: float, cell: Any, trials: int) -> None:
    """A number follows the rule; an exception lies in its range; both were told right."""
    told = cell["share"] if isinstance(cell, dict) else cell
    assert found == pytest.approx(told, abs=0.0025)
    if isinstance(cell, dict):
        low, high = cell["between"]
        assert low <= found <= high, f"{found:.4f} is not between {low} and {high}"
    else:
        margin = 4 * np.sqrt(0.95 * 0.05 / trials)
        assert abs(found - nominal) <= margin, f"{found:.4f} is not {nominal} ± {margin:.4f}"


@pytest.mark.slow
@params(RUN)
def test_share(name: str, design: str) -> None:
    case = CASES[name]
    with arrays_as_frames():
        found = coverage(case, design, case.trials)
    for part, cell in cells_of(name, design).items():
        test = (name, part) in TESTS
        share, nominal = (1 - found[part], 0.05) if test else (found[part], 0.95)
        assert_as_told(share, nominal, cell, case.trials)


@params(ONCE.values())
def test_frames_and_arrays_give_the_same(name: str, design: str) -> None:
    """What is drawn thousands of times without frames goes through the front door."""
    case, seed = CASES[name], 1
    trial = case.draw(np.random.default_rng(seed), design)
    given = (case.lottery(design), design, seed)
    with arrays_as_frames():
        expected = case.run(trial, *given)
    found = case.run(pd.DataFrame(trial), *given)
    assert found == pytest.approx(expected, nan_ok=True)
    assert set(cells_of(name, design)) <= set(found)


@params(REFUSED)
def test_refused(name: str, design: str) -> None:
    case = CASES[name]
    trial = pd.DataFrame(case.draw(np.random.default_rng(1), design))
    with pytest.raises((DesignError, ValueError)):
        case.run(trial, case.lottery(design), design, 1)


def test_the_table_is_well_formed() -> None:
    assert {row["case"] for row in ROWS} <= set(CASES)
    for row in ROWS:
        for cell in (row[design] for design in DESIGNS):
            told = isinstance(cell, float) or cell == "as complete" or is_told(cell)
            assert told, row["what"]


def is_told(cell: Any) -> bool:
    if isinstance(cell, dict):
        return cell.keys() == {"share", "between", "why"} and len(cell["between"]) == 2
    return cell.startswith("refused: ")


def test_other_tests_exist() -> None:
    for other in TABLE["elsewhere"]:
        name, test = other["tested_in"].split("::")
        assert re.search(rf"def {test}\(", (HERE.parent / name).read_text("utf-8")), test


def test_the_rule_can_fail() -> None:
    with pytest.raises(AssertionError, match="is not"):
        assert_as_told(0.92, 0.95, 0.92, 2_000)
    with pytest.raises(AssertionError, match="is not between"):
        assert_as_told(0.92, 0.95, {"share": 0.92, "between": [0.93, 0.99]}, 2_000)
