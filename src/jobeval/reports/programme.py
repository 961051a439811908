"""The effort in practice: key figures of what was done, by population, site and cohort."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from jobeval.disclosure.released import Cell, ReleasedTable
from jobeval.figures import plot_indicators
from jobeval.figures.alt_programme import describe_indicators
from jobeval.plan.programme import Programme
from jobeval.reports.blocks import Block, Bullets, KeyNumber, KeyNumbers, TableBlock
from jobeval.reports.populations import (
    name_populations,
    own_population,
    site_label,
    tell_who,
)
from jobeval.reports.programme_weeks import effort, ramp, waiting
from jobeval.reports.sentences import lower_first
from jobeval.reports.splits import industries, status
from jobeval.reports.story import Blocks, Story
from jobeval.tables import tabulate_indicators, tabulate_levels

Row = Mapping[str, Cell]
HEADLINES = ("tried_company", "placement", "hours_in_course", "hours_after_placement")
PANELS = (
    ("tried_company", "hours_in_course", "hours_after_placement"),
    ("placement", "adjusted", "long_gap"),
)
"""Indicators that share a figure."""
COLUMNS = ("tried_company", "placement", "adjusted", "hours_in_course", "hours_after_placement")
"""Indicators by site and cohort; the others concern fewer."""


def programme(story: Story) -> Blocks:
    """What was done: indicators, waiting, hours, gaps, industries, status."""
    told = [
        *_indicators(story),
        *waiting(story),
        *ramp(story),
        *effort(story),
        *industries(story),
        *status(story),
    ]
    if not told:
        return []
    return [story.heading("programme.title"), story.paragraph("programme.text"), *told]


def name_indicators(story: Story, names: Iterable[str]) -> dict[str, str]:
    """Each indicator in words, with the weeks of the plan."""
    return {name: _say_indicator(name, "", story) for name in names}


def name_columns(story: Story, names: Iterable[str]) -> dict[str, str]:
    """The same, short enough to head a column."""
    return {
        name: _say_indicator(name, "_short", story) or label
        for name, label in name_indicators(story, names).items()
    }


def _say_indicator(name: str, ending: str, story: Story) -> str:
    key = f"indicator.{name}{ending}"
    if not story.words.has(key):
        return story.words.label("indicator", name) if not ending else ""
    plan = story.results.plan.programme or Programme()
    return story.say(key, **plan.model_dump())


def _indicators(story: Story) -> Blocks:
    check = story.check("indicators")
    if check is None or not len(check.table):
        return []
    table = check.table
    found = list(dict.fromkeys(str(name) for name in table.column("indicator")))
    populations = name_populations(table, story)
    means = tuple(filter(None, (_say_indicator(name, "_means", story) for name in found)))
    names = name_indicators(story, found)
    return [
        *tell_who(table, story),
        *_key_numbers(table, story),
        story.heading("programme.means", 2),
        Bullets(items=means),
        story.heading("programme.indicators", 2),
        TableBlock(table=tabulate_indicators(table, names, populations, story.words)),
        *_by_site(table, story),
        *_by_cohort(table, story),
    ]


def _key_numbers(table: ReleasedTable, story: Story) -> Blocks:
    """The headline indicators of all participants, with the range over the sites shown."""
    rows = [row for row in table.records() if row["population"] == own_population(table)]
    items: list[KeyNumber] = []
    for name in HEADLINES:
        own = [row for row in rows if row["indicator"] == name]
        everyone = next((row for row in own if row["group"] == "all"), None)
        if everyone is not None and isinstance(everyone["share"], float):
            levels = [row["share"] for row in own if row["group"] == "site"]
            sites = [share for share in levels if isinstance(share, float)]
            items.append(_key_number(name, everyone, sites, story))
    return [KeyNumbers(items=tuple(items))] if items else []


def _key_number(name: str, row: Row, sites: list[float], story: Story) -> KeyNumber:
    words, (share, low, high) = story.words, (row[c] for c in ("share", "conf_low", "conf_high"))
    assert isinstance(share, float) and isinstance(low, float) and isinstance(high, float)
    of = row["of"]
    detail = story.say(
        "programme.number_detail", of=words.numbers.integer(of) if isinstance(of, int) else "",
        interval=words.interval(low, high, 0, 100),
    )  # fmt: skip
    if sites:
        ends = (
            words.numbers.decimal_number(100 * min(sites), 0),
            words.numbers.percent(max(sites), 0),
        )
        detail += f" · {story.say('programme.number_range', low=ends[0], high=ends[1])}"
    return KeyNumber(
        value=words.numbers.decimal_number(100 * share, 0), unit=words.numbers.percent_sign.strip(),
        label=lower_first(_say_indicator(name, "", story)), detail=detail,
    )  # fmt: skip


def _by_site(table: ReleasedTable, story: Story) -> Blocks:
    """A table and two figures; sites in the order in which they come, never ranked."""
    if "site" not in table.column("group"):
        return []
    known = table.column("indicator")
    figures = [
        _bars(table, name_indicators(story, shown), story)
        for panel in PANELS
        if (shown := [name for name in panel if name in known])
    ]
    names = name_columns(story, [name for name in COLUMNS if name in known])
    label = site_label(story)
    caption = story.say("programme.sites_table", site=lower_first(label))
    own = tabulate_levels(
        table, names, "site", story.words, population=own_population(table), caption=caption,
        first_column=label,
    )  # fmt: skip
    heading = story.heading("programme.sites", 2)
    return [heading, story.paragraph("programme.sites_text"), TableBlock(table=own), *figures]


def _bars(table: ReleasedTable, names: Mapping[str, str], story: Story) -> Block:
    return story.figure(
        plot_indicators(table, names, story.words, population=own_population(table)),
        describe_indicators(table, names, story.words, population=own_population(table)),
        story.say("programme.sites_figure"),
        story.say("programme.sites_figure_note"),
    )


def _by_cohort(table: ReleasedTable, story: Story) -> Blocks:
    cohorts = {str(r["level"]) for r in table.records() if r["group"] == "cohort"}
    if not cohorts:
        return []
    known = table.column("indicator")
    names = name_columns(story, [name for name in COLUMNS if name in known])
    own = tabulate_levels(
        table, names, "cohort", story.words, population=own_population(table),
        caption=story.say("programme.cohorts_table"),
        first_column=story.say("programme.column_cohort"),
        label={name: story.words.period(name) for name in cohorts},
    )  # fmt: skip
    return [
        story.heading("programme.cohorts", 2),
        story.paragraph("programme.cohorts_text"),
        TableBlock(table=own),
    ]
