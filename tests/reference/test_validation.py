"""Every number in ``validation/`` comes out of the function that it names."""

import json
import re
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from validation_calls import CALLS
from validation_reading import DATA

import jobeval as je

HERE = Path(__file__).parent
FILES = {
    path.stem: tomllib.loads(path.read_text("utf-8"), parse_float=Decimal)
    for path in sorted((HERE / "validation").glob("*.toml"))
}
TARGETS = [(file, target) for file in FILES.values() for target in file["targets"]]
HOW = ("covered_by", "tested_in", "not_covered")


def full_id(target: dict[str, Any], part: str) -> str:
    return target["id"] if part == "value" else f"{target['id']}.{part}"


def tolerance(target: dict[str, Any], value: Decimal | int) -> float:
    """As stated; or half a unit of the last digit, and a little for the rounding of that half."""
    if "tolerance" in target:
        return float(target["tolerance"])
    digits = -value.as_tuple().exponent if isinstance(value, Decimal) else None
    return 0 if digits is None else 0.505 * 10.0**-digits


def covered() -> list[Any]:
    found = []
    for file, target in TARGETS:
        if "covered_by" in target:
            missing = [name for name in file["files"] if not (DATA / name).exists()]
            skip = pytest.mark.skipif(bool(missing), reason=f"not at hand: {', '.join(missing)}")
            name = "-".join([target["id"], *target["numbers"]])
            found.append(pytest.param(target, id=name, marks=skip))
    return found


@pytest.mark.parametrize("target", covered())
def test_number_is_reproduced(target: dict[str, Any]) -> None:
    call = CALLS[target["id"]]
    assert call.function is getattr(je, target["covered_by"])
    found = call.run()
    for part, value in target["numbers"].items():
        allowed = tolerance(target, value)
        assert found[part] == pytest.approx(float(value), rel=0, abs=allowed), part


def test_ids_are_unique() -> None:
    ids = [full_id(target, part) for _, target in TARGETS for part in target["numbers"]]
    assert len(ids) == len(set(ids))


def test_every_call_has_a_number() -> None:
    assert set(CALLS) == {target["id"] for _, target in TARGETS if "covered_by" in target}


@pytest.mark.parametrize("file", FILES.values(), ids=FILES)
def test_registry_says_how_and_from_where(file: dict[str, Any]) -> None:
    assert {target["source"] for target in file["targets"]} == set(file["sources"])
    for target in file["targets"]:
        assert sum(key in target for key in HOW) == 1, target["id"]


def test_other_tests_exist() -> None:
    for _, target in TARGETS:
        if "tested_in" in target:
            name, test = target["tested_in"].split("::")
            assert re.search(rf"def {test}\(", (HERE.parent / name).read_text("utf-8")), target[
                "id"
            ]


@pytest.mark.skipif(
    not (DATA / "targets.json").exists(), reason="the trials' files are not beside the repository"
)
def test_registry_holds_every_published_number() -> None:
    listed = {
        full_id(target, part): (float(value), float(target["tolerance"]))
        for _, target in TARGETS
        for part, value in target["numbers"].items()
        if "tolerance" in target
    }
    for item in json.loads((DATA / "targets.json").read_text("utf-8")):
        assert listed[item["id"]] == (item["value"], item["tolerance"]), item["id"]
