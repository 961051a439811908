"""How it goes: retention, waiting, industries, month by month."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from jobeval.disclosure.released import Cell, ReleasedTable
from jobeval.figures.monitoring import plot_counts, plot_monthly_counts, plot_monthly_share
from jobeval.reports.blocks import FigureBlock, Paragraph, TableBlock
from jobeval.reports.story import Blocks
from jobeval.reports.supplier.shares import show_shares
from jobeval.reports.supplier.story import MonitorStory, Row, has_hidden
from jobeval.tables.monitoring import (
    tabulate_jobindsats,
    tabulate_kept,
    tabulate_months,
    tabulate_waiting,
)

KINDS = ("job", "placement")


def kept(story: MonitorStory) -> Blocks:
    """Jobs kept for 13 and 26 weeks, of those that could have been."""
    table = story.table("retention")
    if table is None:
        return []
    return [
        story.heading("monitor.kept"),
        story.paragraph("monitor.kept_text"),
        *_kept_sentences(story),
        *_kept_figure(story),
        TableBlock(table=tabulate_kept(table, story.suppliers, story.words)),
    ]


def waiting(story: MonitorStory) -> Blocks:
    """Days to the first contact, placement and job, against the target."""
    table = story.table("waiting")
    if table is None:
        return []
    return [
        story.heading("monitor.waiting"),
        story.paragraph("monitor.waiting_text"),
        TableBlock(table=tabulate_waiting(table, story.suppliers, story.words)),
    ]


def industries(story: MonitorStory) -> Blocks:
    """Industries of jobs and placements: a figure a supplier."""
    figures = [
        figure for name, label in story.suppliers.items()
        for figure in _industry_figure(name, label, story)
    ]  # fmt: skip
    text = story.paragraph("monitor.industries_text", small=story.least - 1)
    return [story.heading("monitor.industries"), text, *figures] if figures else []


def months(story: MonitorStory) -> Blocks:
    """Intake and job starts by month, and the five columns of Jobindsats."""
    table = story.table("months")
    if table is None:
        return []
    return [
        story.heading("monitor.months"),
        story.paragraph("monitor.months_text"),
        *(_month_figure(table, name, label, story) for name, label in story.suppliers.items()),
        TableBlock(table=tabulate_months(table, story.suppliers, story.words)),
        *_share_figure(table, story),
        story.paragraph("monitor.jobindsats_text"),
        TableBlock(table=tabulate_jobindsats(table, story.suppliers, story.words)),
    ]


def _kept_sentences(story: MonitorStory) -> Iterator[Paragraph]:
    """Plain words on each supplier and length, also where nobody can have come so far."""
    for row in story.rows("retention"):
        supplier = story.suppliers.get(str(row["supplier"]))
        if supplier is None:
            continue
        if row["eligible"] == 0:
            yield story.paragraph(
                "monitor.kept_none", supplier=supplier, weeks=row["weeks"], date=story.date
            )
        elif isinstance(row["kept"], int) and isinstance(row["eligible"], int):
            counts = {name: story.count(row[name]) for name in ("kept", "eligible")}
            yield story.paragraph(
                "monitor.kept_sentence", supplier=supplier, weeks=row["weeks"], **counts
            )


def _kept_figure(story: MonitorStory) -> Iterator[FigureBlock]:
    rows = (
        (
            story.say("monitor.kept_weeks", weeks=row["weeks"]),
            story.suppliers.get(str(row["supplier"]), str(row["supplier"])),
            row,
        )
        for row in story.rows("retention")
        if isinstance(row["kept"], int)
    )
    return show_shares(
        rows, story.say("monitor.kept_figure_x"), story.say("monitor.kept_figure"), story
    )


def _industry_figure(name: str, supplier: str, story: MonitorStory) -> Iterator[FigureBlock]:
    panels: dict[str, dict[str, Cell]] = {}
    for kind in KINDS:
        rows = story.rows("industries", supplier=name, kind=kind)
        if rows:
            panels[story.say(f"monitor.industries_{kind}")] = {
                story.words.industry(str(row["industry"])): row["count"] for row in rows
            }
    if not panels:
        return
    told = [
        story.say("alt.panel", panel=title, arms=", ".join(_counts_told(counts, story)))
        for title, counts in panels.items()
    ]
    yield story.figure(
        plot_counts(panels, story.words),
        story.say("monitor.alt_bars", rows="; ".join(told)),
        story.say("monitor.industries_figure", supplier=supplier),
    )


def _counts_told(counts: Mapping[str, Cell], story: MonitorStory) -> list[str]:
    return [
        story.say("monitor.alt_bar_row", label=label, count=story.count(count))
        for label, count in counts.items()
    ]


def _month_figure(table: ReleasedTable, name: str, label: str, story: MonitorStory) -> FigureBlock:
    rows = story.rows("months", supplier=name)
    labels = {
        "intake": story.say("monitor.months_intake"),
        "job_starts": story.say("monitor.months_jobs"),
    }
    figure = plot_monthly_counts(table, name, labels, story.words)
    told = [_month_alt(row, story) for row in rows]
    alt = story.say("monitor.alt_months", rows="; ".join(told))
    caption = story.say("monitor.months_figure", supplier=label)
    note = story.say("monitor.note_hidden") if has_hidden(rows) else ""
    return story.figure(figure, alt, caption, note)


def _month_alt(row: Row, story: MonitorStory) -> str:
    month = story.words.numbers.month(str(row["month"]))
    counts = {"intake": story.count(row["intake"]), "jobs": story.count(row["job_starts"])}
    return story.say("monitor.alt_month_row", month=month, **counts)


def _share_figure(table: ReleasedTable, story: MonitorStory) -> Iterator[FigureBlock]:
    """The share with ordinary hours by month, where two months or more can be shown."""
    told: list[str] = []
    for name, label in story.suppliers.items():
        known = [row for row in story.rows("months", supplier=name)
                 if isinstance(row["share"], float)]  # fmt: skip
        if len(known) > 1:
            ends = [
                (story.share(row["share"]), story.words.numbers.month(str(row["month"])))
                for row in (known[0], known[-1])
            ]
            told.append(
                story.say("monitor.alt_share_month_row", supplier=label, start=ends[0][0],
                          first=ends[0][1], end=ends[1][0], last=ends[1][1])
            )  # fmt: skip
    if told:
        figure = plot_monthly_share(table, story.suppliers, story.words)
        alt = story.say("monitor.alt_share_months", rows="; ".join(told))
        yield story.figure(figure, alt, story.say("monitor.share_months_figure"))
