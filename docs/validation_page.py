"""Write ``docs/validation.md`` from the registry in ``tests/reference/validation``.

Part of ``make docs``; a test says when the page is not current.
"""

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

REGISTRY = Path(__file__).resolve().parents[1] / "tests" / "reference" / "validation"
ORDER = (
    "worked_examples",
    "national_supported_work",
    "jtpa",
    "pennsylvania",
    "wellness",
    "tarp",
    "survival_examples",
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
`tests/reference/validation_calls.py`. "Behind" names another test in `tests/`, of a function behind
the front door. What is not covered says why.

An estimate is followed by its standard error in parentheses. The tolerance is absolute; "digits"
is half a unit of the last digit shown. Files of data are not part of the project; where they are
not at hand the test of their numbers is skipped, and says so.
"""
KINDS = {
    "covered_by": "through the front door",
    "tested_in": "behind it",
    "not_covered": "not covered",
}


def build_validation_page() -> str:
    """The whole page as Markdown."""
    files = [_read(REGISTRY / f"{name}.toml") for name in ORDER]
    return "\n".join([HEAD, _count(files), *(_section(file) for file in files)])


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
