"""The effort over time: waiting, hours from the first paid one, interviews and gaps."""

from __future__ import annotations

from jobeval.figures import plot_ramp
from jobeval.figures.alt_programme import describe_ramp
from jobeval.reports.blocks import TableBlock
from jobeval.reports.populations import (
    both_groups,
    name_populations,
    own_population,
    rows_of,
    site_label,
)
from jobeval.reports.story import Blocks, Story
from jobeval.tables import tabulate_effort, tabulate_waiting, tabulate_waiting_by_site


def waiting(story: Story) -> Blocks:
    """Days until each event, for everyone and by site."""
    check = story.check("waiting")
    if check is None or not len(check.table):
        return []
    table, words = check.table, story.words
    names = {str(n): words.label("indicator", str(n)) for n in table.column("indicator")}
    populations = name_populations(table, story)
    by_site: Blocks = []
    if "site" in table.column("group"):
        own = tabulate_waiting_by_site(
            table, names, words, population=own_population(table), first_column=site_label(story)
        )
        by_site = [TableBlock(table=own)]
    return [
        story.heading("programme.waiting", 2),
        story.paragraph("programme.waiting_text"),
        TableBlock(table=tabulate_waiting(table, names, populations, words)),
        *by_site,
    ]


def ramp(story: Story) -> Blocks:
    """How the hours develop for those who got any."""
    check = story.check("hours_ramp")
    if check is None or not len(check.table):
        return []
    labels = both_groups(check.table, story)
    return [
        story.heading("programme.ramp", 2),
        story.paragraph("programme.ramp_text"),
        story.figure(
            plot_ramp(check.table, labels, story.words),
            describe_ramp(check.table, labels, story.words),
            story.say("programme.ramp_figure"),
        ),
    ]


def effort(story: Story) -> Blocks:
    """Interviews, and the time in which nothing happened."""
    tables = [check.table if (check := story.check(name)) and len(check.table) else None
              for name in ("gaps", "contacts")]  # fmt: skip
    known = [table for table in tables if table is not None]
    if not known:
        return []
    rows, groups = rows_of(known[0], "level", "programme.effort", story)
    return [
        story.heading("programme.effort", 2),
        story.paragraph("programme.effort_text"),
        TableBlock(table=tabulate_effort(tables[0], tables[1], rows, story.words, groups=groups)),
    ]
