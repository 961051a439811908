"""Write ``docs/validation.md`` from ``tests/reference/validation`` and ``coverage.toml`` there.

Part of ``make docs``; a test says when the page is not current.
"""

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

REGISTRY = Path(__file__).resolve().parents[1] / "tests" / "reference" / "validation"
COVERAGE = REGISTRY.parent / "coverage.toml"
DESIGNS = {
    "complete": "complete",
    "stratified": "stratified, unequal",
    "clusters": "few clusters",
    "zeros": "40 % zeros",
}
ORDER = (
    "worked_examples",
    "national_supported_work",
    "jtpa",
    "pennsylvania",
    "wellness",
    "tarp",
    "survival_examples",
    "survival_data",
    "recid",
    "mgus2",
    "colon",
    "regressions",
    "nist",
    "group_sequential",
)

HEAD = """# Validation: numbers of others that come out here

This page is made from `tests/reference/validation/`, which `tests/reference/test_validation.py`
runs. Do not edit it: edit the registry and run `make docs`.

Each row holds a published number, or one that other software gives, with its source. A function is
one of the front door: the test calls it on the data and compares, as written in
`tests/reference/validation_calls.py` and `validation_exit_calls.py`. "Behind" names another test in
`tests/`, of a function behind the front door. What is not covered says why.

An estimate is followed by its standard error in parentheses. The tolerance is absolute; "digits"
is half a unit of the last digit shown. Files of data are not part of the project; where they are
not at hand the test of their numbers is skipped, and says so.
"""
COVERAGE_HEAD = """## Coverage and size

How often 95 % intervals hold the truth, and how often tests at 5 % reject what is true, in
trials drawn again and again from populations whose effects are known. A share without a number in
brackets lies within 4 Monte-Carlo errors of .95 (.05 for tests): .0195 at 2,000 trials. A number
in brackets is an exception, with its reason below; it too is tested, as one.
`tests/reference/test_effects_coverage_matrix.py` (slow) draws the trials and compares them with
this table; `tests/reference/simulated_trials.py` says how they are drawn: 120 persons in one
lottery; 136 in three strata with shares of a quarter, a half and two thirds; ten offices of 8 to
12 persons; one lottery over hours of which 40 % are zero. Where a row names hours with zeros, they
are so under every lottery.
"""
KINDS = {
    "covered_by": "through the front door",
    "tested_in": "behind it",
    "not_covered": "not covered",
}


def build_validation_page() -> str:
    """The whole page as Markdown."""
    files = [_read(REGISTRY / f"{name}.toml") for name in ORDER]
    sections = (_section(file) for file in files)
    return "\n".join([HEAD, _count(files), *sections, _coverage()])


def _read(path: Path) -> dict[str, Any]:
    """Numbers keep the digits that were printed."""
    return tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)


def _count(files: list[dict[str, Any]]) -> str:
    counts = dict.fromkeys(KINDS, 0)
    for file in files:
        for target in file["targets"]:
            counts[_kind(target)] += len(target["numbers"])
    shown = ", ".join(f"{counts[kind]} {name}" for kind, name in KINDS.items())
    return f"Of {sum(counts.values())} numbers: {shown}.\n"


def _kind(target: dict[str, Any]) -> str:
    return next(kind for kind in KINDS if kind in target)


def _section(file: dict[str, Any]) -> str:
    sources = {name: place for place, name in enumerate(file["sources"], start=1)}
    listed = "\n".join(f"{sources[name]}. {text}" for name, text in file["sources"].items())
    head = "| id | what | number | tolerance | by | source |\n| --- | --- | --- | --- | --- | --- |"
    rows = "\n".join(_row(target, sources) for target in file["targets"])
    needs = ", ".join(f"`{name}`" for name in file["files"])
    needs = f"Needs {needs}.\n\n" if needs else ""
    return f"## {file['title']}\n\n{needs}{head}\n{rows}\n\nSources:\n\n{listed}\n"


def _row(target: dict[str, Any], sources: dict[str, int]) -> str:
    cells = (
        f"`{target['id']}`",
        target["what"],
        _numbers(target["numbers"]),
        _tolerance(target),
        _by(target),
        str(sources[target["source"]]),
    )
    return "| " + " | ".join(cells) + " |"


def _numbers(numbers: dict[str, Decimal | int]) -> str:
    parts = {name: _plain(value) for name, value in numbers.items()}
    if {"est", "se"} <= set(parts):
        parts["est"] += f" ({parts.pop('se')})"
    alone = ("est", "value")
    return ", ".join(v if k in alone else f"{k} {v}" for k, v in parts.items())


def _tolerance(target: dict[str, Any]) -> str:
    if "covered_by" not in target:
        return ""
    if "tolerance" not in target:
        return "digits"
    return _plain(target["tolerance"]) if target["tolerance"] else "exact"


def _plain(value: Decimal | int) -> str:
    return f"{Decimal(value):f}".replace("-", "−").replace("Infinity", "infinite")


def _by(target: dict[str, Any]) -> str:
    kind = _kind(target)
    return {
        "covered_by": f"`{target[kind]}`",
        "tested_in": f"behind: `{target[kind]}`",
        "not_covered": f"not covered: {target[kind]}",
    }[kind]


def _coverage() -> str:
    """The section on simulated trials."""
    table = tomllib.loads(COVERAGE.read_text(encoding="utf-8"))
    reasons: list[str] = []
    rows = "\n".join(_coverage_row(row, reasons) for row in table["rows"])
    head = f"| estimator | {' | '.join(DESIGNS.values())} |\n|{' --- |' * (1 + len(DESIGNS))}"
    listed = "\n".join(f"{place}. {why}" for place, why in enumerate(reasons, start=1))
    other = "\n".join(_elsewhere(row) for row in table["elsewhere"])
    other = f"| what | result | by |\n| --- | --- | --- |\n{other}"
    listed = f"Exceptions:\n\n{listed}\n\nOther designs, in other tests:\n\n{other}"
    return f"{COVERAGE_HEAD}\n{head}\n{rows}\n\n{listed}\n"


def _coverage_row(row: dict[str, Any], reasons: list[str]) -> str:
    kind = " (test)" if row.get("kind") == "test" else ""
    cells = [_cell(row[design], reasons) for design in DESIGNS]
    return f"| {row['what']}{kind} | {' | '.join(cells)} |"


def _cell(cell: Any, reasons: list[str]) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, float):
        return _share(cell)
    if cell["why"] not in reasons:
        reasons.append(cell["why"])
    return f"{_share(cell['share'])} ({reasons.index(cell['why']) + 1})"


def _share(value: float) -> str:
    return f"{value:.3f}".removeprefix("0")


def _elsewhere(row: dict[str, Any]) -> str:
    return f"| {row['what']} | {row['result']} | `{row['tested_in']}` |"
