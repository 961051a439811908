"""Write ``docs/endpoints.md`` from the event tables in ``tests/spec``.

Part of ``make docs``; a test says when the page is not current.
"""

import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SPEC = ROOT / "tests" / "spec"
ORDER = (
    "any_hours",
    "mean_hours",
    "any_hours_without_benefit",
    "mean_hours_without_benefit",
    "weeks_in_state",
    "longest_spell",
    "first_exit",
    "retention",
    "recurrent_spells",
)

HEAD = """# Endpoints

This page is made from the event tables in `tests/spec/`, which run through the real code in
every test run. Do not edit it: edit the tables and run `make docs`.

Week 0 is the ISO week of randomisation, and windows are half-open: `[4, 8)` are the weeks 4, 5,
6 and 7. A week belongs to the month of its Thursday. Spells are half-open too: the second date is
the day after the last. One day sets its week.

Three things are never mixed up. **Not observed**: a register that was delivered does not reach to
the end of the window, for its cut-off, its lag or its coverage. **Zero**: observed, and nothing
there. **Out of the population**: dead, on state pension, or not resident; the plan's `on_leaving`
says whether such weeks count as zero or the person is left out.

A week of a register is seen when its Sunday is not after the cut-off less the register's lag, a
month of hours when its last day is not. Persons drawn after the cut-off do not exist for a look.

In the tables below every register covers 2013 to 2019 and the cut-off is 30 June 2019 with no lag,
unless the case says otherwise. Numbers before a date are DREAM codes.
"""


def build_page() -> str:
    """The whole page as Markdown."""
    parts = [HEAD]
    for kind in ORDER:
        content = tomllib.loads((SPEC / f"{kind}.toml").read_text(encoding="utf-8"))
        parts.append(_section(kind, content))
    return "\n".join(parts)


def _section(kind: str, content: dict[str, Any]) -> str:
    defaults = content["defaults"]
    rows = [_row(case, defaults) for case in content["case"]]
    head = (
        f'## {content["title"]}\n\n`kind = "{kind}"` · {content["text"].strip()}\n\n'
        f"Unless said otherwise: {_settings(defaults, full=True)}."
    )
    table = "| case | registers and plan | result | why |\n| --- | --- | --- | --- |\n"
    return f"{head}\n\n{table}" + "\n".join(rows) + "\n"


def _row(case: dict[str, Any], defaults: dict[str, Any]) -> str:
    what = "; ".join(filter(None, [_registers({**defaults, **case}), _settings(case)]))
    cells = (case["name"], what or "no registrations", _result(case), case["why"])
    return "| " + " | ".join(cells) + " |"


def _settings(case: dict[str, Any], *, full: bool = False) -> str:
    """What differs from the defaults; or the defaults themselves."""
    parts: list[str] = []
    if "randomised_on" in case:
        parts.append(f"randomised {case['randomised_on']}")
    if "cut_off" in case:
        parts.append(f"cut-off {case['cut_off']}")
    parts += [f"lag of {k} {v} weeks" for k, v in case.get("lag_weeks", {}).items()]
    if "hours_until" in case:
        parts.append(f"hours delivered until {case['hours_until']}")
    if "deliver" in case:
        parts.append("delivered: " + ", ".join(case["deliver"]))
    if "priority_first" in case:
        parts.append("priority begins with " + ", ".join(case["priority_first"]))
    endpoint = case.get("endpoint", {})
    parts += [_setting(k, v) for k, v in endpoint.items() if k != "kind"]
    if full and "hours" in case:
        parts.append(_registers({"hours": case["hours"]}))
    return "; ".join(parts)


def _setting(name: str, value: Any) -> str:
    if name == "window_weeks":
        return f"window [{value[0]}, {value[1]})"
    shown = ", ".join(value) if isinstance(value, list) else value
    return f"{name} = {shown}"


def _registers(case: dict[str, Any]) -> str:
    parts = [f"{code} from {start} to {end}" for start, end, code in case.get("benefits", [])]
    parts += [
        f"{hours:g} h in {month}" + "".join(f" ({flag})" for flag in flags)
        for month, hours, *flags in case.get("hours", [])
    ]
    parts += [f"{kind} from {start} to {end}" for kind, start, end in case.get("activities", [])]
    parts += [f"industry in {month}" for month in case.get("industries", [])]
    return "; ".join(parts)


def _result(case: dict[str, Any]) -> str:
    if case.get("absent"):
        return "left out"
    if "status" in case:
        return case["status"].replace("_", " ")
    if "starts" in case:
        starts = ", ".join(str(week) for week in case["starts"])
        return f"starts after weeks {starts}" if starts else "no start"
    if "followed" in case:
        return _kept(case)
    if "duration" in case:
        return f"{case['duration']} weeks, {case.get('destination', 'censored')}"
    return f"**{case['value']:g}**"


def _kept(case: dict[str, Any]) -> str:
    if "started" not in case:
        return f"no start in {case['followed']} weeks"
    end = f"lost to {case['lost_to']}" if "lost_to" in case else "not lost"
    return f"started in week {case['started']}, kept {case['kept']} weeks, {end}"
