"""Published percentages held against their counts."""

from __future__ import annotations

import math
from collections.abc import Iterator

from jobeval.disclosure.released import Cell
from jobeval.monitoring.percents import read_percent
from jobeval.monitoring.plan import Claim
from jobeval.reports.blocks import Bullets, TableBlock
from jobeval.reports.story import Blocks
from jobeval.reports.supplier.story import MonitorStory, Row, is_known
from jobeval.tables.monitoring import tabulate_claims


def claims(story: MonitorStory) -> Blocks:
    """Which of the published percentages can come from their counts."""
    table = story.table("claims")
    if table is None:
        return []
    named = [(story.say_label(c.label), _published(c, story)) for c in story.results.plan.claims]
    return [
        story.heading("monitor.claims"),
        story.paragraph("monitor.claims_text"),
        Bullets(items=tuple(text for text, _ in claim_sentences(story))),
        TableBlock(table=tabulate_claims(table, named, story.words)),
    ]


def claim_sentences(story: MonitorStory) -> Iterator[tuple[str, Row]]:
    """A sentence and the row of each claim whose counts may be shown."""
    for claim, row in zip(story.results.plan.claims, story.rows("claims"), strict=False):
        if is_known(row["of"]) and is_known(row["attainable"]):
            yield _sentence(claim, row, story), row


def _published(claim: Claim, story: MonitorStory) -> str:
    """The percentage as the language writes it, with the decimals that it had."""
    told = read_percent(claim.percent)
    return story.share(told.units / told.per_whole, told.decimals)


def _sentence(claim: Claim, row: Row, story: MonitorStory) -> str:
    label, published = story.say_label(claim.label), _published(claim, story)
    facts = {"label": label, "published": published, "of": story.count(row["of"])}
    if not row["attainable"]:
        return story.say("monitor.claim_cannot_sentence", **facts, **_nearest(row, story))
    if not is_known(row["count"]):
        return story.say("monitor.claim_open_sentence", **facts)
    key = "claim_can_sentence" if _is_given(row) else "claim_other_sentence"
    share = story.share(_number(row["count"]) / _number(row["of"]))
    return story.say(f"monitor.{key}", count=story.count(row["count"]), share=share, **facts)


def _nearest(row: Row, story: MonitorStory) -> dict[str, str]:
    """The two counts about the published percentage, and the percentages that they give."""
    told: dict[str, str] = {}
    for end in ("low", "high"):
        percent = _number(row[f"nearest_{end}"])
        told[end] = story.share(percent / 100)
        told[f"{end}_count"] = story.count(round(percent * _number(row["of"]) / 100))
    return told


def _is_given(row: Row) -> bool:
    """Whether the count is one of the two about the published percentage."""
    given = 100 * _number(row["count"]) / _number(row["of"])
    ends = (_number(row["nearest_low"]), _number(row["nearest_high"]))
    return min(abs(given - end) for end in ends) < 100 / (2 * _number(row["of"]))


def _number(cell: Cell) -> float:
    return float(cell) if isinstance(cell, int | float) else math.nan
