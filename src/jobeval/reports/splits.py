"""Where the effort took place, and where people were afterwards."""

from __future__ import annotations

from collections.abc import Mapping

from jobeval.disclosure.released import Cell, ReleasedTable
from jobeval.figures import plot_industries, plot_status
from jobeval.figures.alt_programme import describe_industries, describe_status
from jobeval.plan.programme import Programme
from jobeval.reports.blocks import Heading, Paragraph
from jobeval.reports.populations import both_groups, own_population
from jobeval.reports.story import Blocks, Story
from jobeval.schemas.industries import SECTIONS

KINDS = ("placement", "job")
OTHER = "other"


def industries(story: Story) -> Blocks:
    """In which industries participants were placed, and got ordinary hours."""
    check = story.check("industries")
    if check is None or not len(check.table):
        return []
    panels = {
        story.say(f"programme.industries_{kind}"): shares
        for kind in KINDS
        if (shares := _shares(check.table, kind))
    }
    names = {name: _name_industry(name, story) for name in order_industries(panels)}
    if not names:
        return []
    return [
        story.heading("programme.industries", 2),
        story.paragraph("programme.industries_text"),
        story.figure(
            plot_industries(panels, names, story.words),
            describe_industries(panels, names, story.words),
            story.say("programme.industries_figure"),
        ),
    ]


def status(story: Story) -> Blocks:
    """The states some weeks after the placement."""
    check = story.check("placement_status")
    if check is None or not len(check.table):
        return []
    labels = dict(reversed(both_groups(check.table, story).items()))
    weeks = (story.results.plan.programme or Programme()).status_weeks
    title, text, figure = (
        story.say(f"programme.{key}", weeks=weeks)
        for key in ("status", "status_text", "status_figure")
    )
    return [
        Heading(text=title, level=2),
        Paragraph(text=text),
        story.figure(
            plot_status(check.table, labels, story.words),
            describe_status(check.table, labels, story.words),
            figure,
        ),
    ]


def order_industries(panels: Mapping[str, Mapping[str, Cell]]) -> list[str]:
    """Industries by size in the first panel that has them; those put together stand last.

    >>> order_industries({"placement": {"other": 0.5, "F": 0.1, "G": 0.4}, "job": {"I": 0.9}})
    ['G', 'F', 'I', 'other']
    """
    order: list[str] = []
    for shares in panels.values():
        by_size = sorted(shares, key=lambda name: (-_size(shares[name]), name))
        order += [name for name in by_size if name not in order]
    return sorted(order, key=lambda name: name == OTHER)


def _size(cell: Cell) -> float:
    return cell if isinstance(cell, float) else 0.0


def _shares(table: ReleasedTable, kind: str) -> dict[str, Cell]:
    return {
        str(row["industry"]): row["share"]
        for row in table.records()
        if (row["kind"], row["population"]) == (kind, own_population(table))
    }


def _name_industry(name: str, story: Story) -> str:
    sections = {s.letter: s.da if story.words.language == "da" else s.en for s in SECTIONS}
    return sections.get(name) or story.words.label("industry", name)
