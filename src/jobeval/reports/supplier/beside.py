"""Suppliers side by side, with what their citizens would lead one to expect; never ranked."""

from __future__ import annotations

from collections.abc import Iterator

from jobeval.figures.monitoring import ShareRow, plot_intervals
from jobeval.reports.blocks import Bullets, FigureBlock, TableBlock
from jobeval.reports.sentences import lower_first
from jobeval.reports.story import Blocks
from jobeval.reports.supplier.story import MonitorStory
from jobeval.tables.monitoring import percent_interval, tabulate_case_mix

VERDICTS = ("above", "below", "uncertain")


def suppliers(story: MonitorStory) -> Blocks:
    """Each supplier beside the others, where there are several."""
    table = story.table("case_mix")
    if table is None or len(story.suppliers) < 2:
        return []
    covariates = [lower_first(story.words.covariate(t.column)) for t in story.results.plan.case_mix]
    text = (
        story.paragraph("monitor.beside_text", case_mix=story.words.join(covariates))
        if covariates
        else story.paragraph("monitor.beside_text_plain")
    )
    verdicts = tuple(_verdicts(story))
    return [
        story.heading("monitor.beside"),
        text,
        *([Bullets(items=verdicts)] if verdicts else []),
        TableBlock(table=tabulate_case_mix(table, story.suppliers, story.words)),
        *_figure(story),
    ]


def _verdicts(story: MonitorStory) -> Iterator[str]:
    for row in story.rows("case_mix"):
        if row["verdict"] in VERDICTS:
            supplier = story.suppliers[str(row["supplier"])]
            yield story.say(f"monitor.beside_sentence_{row['verdict']}", supplier=supplier)


def _figure(story: MonitorStory) -> Iterator[FigureBlock]:
    known = [
        (story.suppliers[str(row["supplier"])], row)
        for row in story.rows("case_mix")
        if isinstance(row["difference"], float)
    ]
    if not known:
        return
    rows = [
        ShareRow(label, *(float(str(row[n])) for n in ("difference", "conf_low", "conf_high")))
        for label, row in known
    ]
    told = [
        story.say(
            "monitor.alt_share_row", label=label, interval=percent_interval(row, story.words),
            share=story.words.numbers.signed(100 * float(str(row["difference"])), 1),
        )
        for label, row in known
    ]  # fmt: skip
    figure = plot_intervals(rows, story.say("monitor.beside_x"), story.words, zero=True)
    alt = story.say("monitor.alt_beside", rows="; ".join(told))
    yield story.figure(figure, alt, story.say("monitor.beside_figure"))
