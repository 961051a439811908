"""Who started and ended, and what has become of them."""

from __future__ import annotations

from collections.abc import Iterator

from jobeval.reports.blocks import Callout, FigureBlock, Paragraph, TableBlock
from jobeval.reports.story import Blocks
from jobeval.reports.supplier.shares import show_shares
from jobeval.reports.supplier.story import MonitorStory
from jobeval.tables.monitoring import (
    tabulate_intake,
    tabulate_reasons,
    tabulate_work,
)

IN_FIGURE = ("any_work", "education", "work_or_education", "placement", "subsidised")


def intake(story: MonitorStory) -> Blocks:
    """Started, still in course, ended with reasons."""
    status, ended = story.table("status"), story.table("ended")
    if status is None:
        return []
    blocks: Blocks = [story.heading("monitor.intake")]
    blocks += [_intake_sentence(name, label, story) for name, label in story.suppliers.items()]
    if len(story.suppliers) > 1:
        blocks.append(TableBlock(table=tabulate_intake(status, story.suppliers, story.words)))
    if ended is not None:
        table = tabulate_reasons(ended, story.suppliers, story.words)
        blocks += [story.paragraph("monitor.reasons_text"), TableBlock(table=table)]
    return blocks


def work(story: MonitorStory) -> Blocks:
    """Kinds of work apart, full time, education and placements."""
    status = story.table("status")
    if status is None:
        return []
    blocks: Blocks = [story.heading("monitor.work"), story.paragraph("monitor.work_text")]
    for name, label in story.suppliers.items():
        blocks += [Paragraph(text=text) for text in _work_sentences(name, label, story)]
        blocks.append(TableBlock(table=tabulate_work(status, name, label, story.words)))
    return [
        *blocks,
        *_share_figure(story),
        Callout(
            tone="note",
            title=story.say("monitor.work_reading"),
            text=story.say("monitor.work_reading_text"),
        ),
    ]


def _intake_sentence(name: str, label: str, story: MonitorStory) -> Paragraph:
    rows = {s: story.status(name, s) for s in ("intake", "active", "ended")}
    counts = {s: story.count(row["count"]) if row else story.hidden for s, row in rows.items()}
    known = all(row and isinstance(row["count"], int) for row in rows.values())
    return story.paragraph(
        "monitor.intake_text" if known else "monitor.intake_text_hidden",
        supplier=label, begins=story.begins, date=story.date, **counts,
    )  # fmt: skip


def _work_sentences(name: str, label: str, story: MonitorStory) -> Iterator[str]:
    """How many work, and how many of them full time; nothing where that is hidden."""
    row, full = story.status(name, "any_work"), story.status(name, "full_time")
    if row is None or not isinstance(row["share"], float):
        return
    told = story.say(
        "monitor.work_sentence", supplier=label, count=story.count(row["count"]),
        of=story.count(row["of"]), share=story.share(row["share"]), interval=story.interval(row),
    )  # fmt: skip
    if full is not None and isinstance(full["count"], int):
        hours = story.hours(story.results.plan.full_time_hours)
        count = story.count(full["count"])
        told += " " + story.say("monitor.full_time_sentence", count=count, hours=hours)
    yield told


def _share_figure(story: MonitorStory) -> Iterator[FigureBlock]:
    """The shares of those started with their intervals, where there are any to show."""
    rows = (
        (story.say(f"monitor_status.{status}"), supplier, story.status(name, status))
        for status in IN_FIGURE
        for name, supplier in story.suppliers.items()
    )
    return show_shares(
        rows, story.say("monitor.share_figure_x"), story.say("monitor.share_figure"), story
    )
