"""What the figures of the programme, of fidelity and of job centres show, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from jobeval.disclosure.released import Cell, ReleasedTable
from jobeval.text import Words

Names = Mapping[str, str]
Row = Mapping[str, Cell]


def describe_indicators(
    table: ReleasedTable, names: Names, words: Words, *, population: str
) -> str:
    """The share of everyone and of each site, panel by panel."""
    panels: list[str] = []
    for name, label in names.items():
        rows = [
            r for r in table.records() if (r["indicator"], r["population"]) == (name, population)
        ]
        everyone = next((r["share"] for r in rows if r["group"] == "all"), None)
        sites = (
            f"{r['level']} {_percent(r['share'], words)}" for r in rows if r["group"] == "site"
        )
        told = words.say(
            "alt.indicators_panel", label=label, all=_percent(everyone, words),
            rows=", ".join(sites),
        )  # fmt: skip
        panels.append(told)
    return words.say("alt.indicators", panels=". ".join(panels))


def describe_ramp(table: ReleasedTable, labels: Names, words: Words) -> str:
    """The mean hours in the first and the last week shown."""
    told: list[str] = []
    for name, label in labels.items():
        rows = [r for r in table.records() if r["population"] == name]
        if rows:
            told.append(words.say(
                "alt.ramp_arm", arm=label, first=rows[0]["week"], last=rows[-1]["week"],
                start=_hours(rows[0], words), end=_hours(rows[-1], words),
            ))  # fmt: skip
    return words.say("alt.ramp", arms="; ".join(told))


def _hours(row: Row, words: Words) -> str:
    mean = row["mean_hours"]
    known = isinstance(mean, float)
    return words.numbers.decimal_number(mean, 1) if known else words.say("alt.hidden")


def describe_industries(
    panels: Mapping[str, Mapping[str, Cell]], names: Names, words: Words
) -> str:
    """The share of each industry that is shown, panel by panel."""
    told = [
        _panel(title, (f"{names[n]} {_percent(shares[n], words)}" for n in names if n in shares),
               words)
        for title, shares in panels.items()
    ]  # fmt: skip
    return words.say("alt.industries", panels="; ".join(told))


def describe_status(table: ReleasedTable, labels: Names, words: Words) -> str:
    """The share in each state that is shown, population by population."""
    told = [
        _panel(label, (f"{words.state(str(r['status']))} {_percent(r['share'], words)}"
                       for r in table.records() if r["population"] == name), words)
        for name, label in labels.items()
    ]  # fmt: skip
    return words.say("alt.status", panels="; ".join(told))


def describe_adherence(table: ReleasedTable, elements: Names, labels: Names, words: Words) -> str:
    """The shares of each element and its threshold."""
    found = {(str(r["population"]), str(r["element"])): r for r in table.records() if not r["site"]}
    rows = [
        words.say(
            "alt.adherence_row", element=label,
            shares=", ".join(f"{name} {_percent(found.get((p, element), {}).get('share'), words)}"
                             for p, name in labels.items()),
            threshold=_percent(found.get((list(labels)[-1], element), {}).get("threshold"), words),
        )
        for element, label in elements.items()
    ]  # fmt: skip
    return words.say("alt.adherence", rows="; ".join(rows))


def describe_matrix(
    table: ReleasedTable, scores: ReleasedTable | None, elements: Names, words: Words,
    *, population: str,
) -> str:  # fmt: skip
    """The score of each site, and the elements in which it is certainly below the threshold."""
    below: dict[str, list[str]] = {}
    for row in table.records():
        if row["population"] == population and row["site"]:
            missed = below.setdefault(str(row["site"]), [])
            missed += [elements[str(row["element"])]] if row["verdict"] == "below" else []
    totals = {
        str(r["site"]): r["score"]
        for r in (scores.records() if scores is not None else ())
        if r["population"] == population
    }
    rows = [_tell_site(site, totals.get(site), missed, words) for site, missed in below.items()]
    return words.say("alt.matrix", rows="; ".join(rows))


def _tell_site(site: str, score: Cell, missed: list[str], words: Words) -> str:
    key = "alt.matrix_row_below" if missed else "alt.matrix_row"
    return words.say(key, site=site, score=_percent(score, words), elements=words.join(missed))


def describe_trend(table: ReleasedTable, elements: Names, labels: Names, words: Words) -> str:
    """The first and the last share of each element."""
    panels = [
        _panel(label, (told for p, arm in labels.items()
                       if (told := _tell_ends(table, element, p, arm, words))), words)
        for element, label in elements.items()
    ]  # fmt: skip
    return words.say("alt.trend", panels="; ".join(panels))


def _tell_ends(table: ReleasedTable, element: str, population: str, arm: str, words: Words) -> str:
    known = sorted(
        (str(r["cohort"]), share)
        for r in table.records()
        if (r["element"], r["population"]) == (element, population)
        and isinstance(share := r["share"], float)
    )
    if not known:
        return ""
    (first, start), (last, end) = known[0], known[-1]
    return words.say(
        "alt.trend_arm", arm=arm, first=words.period(first), last=words.period(last),
        start=_percent(start, words), end=_percent(end, words),
    )  # fmt: skip


def describe_funnel(places: ReleasedTable, average: str, rows: Sequence[str], words: Words) -> str:
    """How many places there are, and which differ; ``rows`` tell of these."""
    named = (
        words.say("alt.funnel_named", rows="; ".join(rows))
        if rows
        else words.say("alt.funnel_none")
    )
    return words.say("alt.funnel", n=len(places), average=average, named=named)


def _panel(title: str, told: Iterable[str], words: Words) -> str:
    return words.say("alt.panel", panel=title, arms=", ".join(told))


def _percent(cell: Cell, words: Words) -> str:
    known = isinstance(cell, float)
    return words.numbers.percent(cell, 0) if known else words.say("alt.hidden")
