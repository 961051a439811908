"""Shares with their intervals as a figure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from jobeval.figures.monitoring import ShareRow, plot_intervals
from jobeval.reports.blocks import FigureBlock
from jobeval.reports.supplier.story import MonitorStory, Row
from jobeval.tables.monitoring import percent_interval


def show_shares(
    rows: Iterable[tuple[str, str, Row | None]], axis: str, caption: str, story: MonitorStory
) -> Iterator[FigureBlock]:
    """A point and an interval for each (what, supplier, row) that has a share to show."""
    several = len(story.suppliers) > 1
    shown: list[ShareRow] = []
    texts: list[str] = []
    for what, supplier, row in rows:
        if row is None or not isinstance(row["share"], float):
            continue
        label = f"{what}, {supplier}" if several else what
        low, high = float(str(row["conf_low"])), float(str(row["conf_high"]))
        shown.append(ShareRow(label, row["share"], low, high))
        texts.append(
            story.say("monitor.alt_share_row", label=label, share=story.share(row["share"]),
                      interval=percent_interval(row, story.words))
        )  # fmt: skip
    if shown:
        figure = plot_intervals(shown, axis, story.words, zero=False)
        yield story.figure(figure, story.say("monitor.alt_shares", rows="; ".join(texts)), caption)
