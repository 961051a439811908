"""Method, caveats and appendices."""

from __future__ import annotations

import jobeval
from jobeval.reports.blocks import Bullets, PageBreak, TableBlock
from jobeval.reports.story import Blocks
from jobeval.reports.supplier.front import what_it_is
from jobeval.reports.supplier.story import MonitorStory
from jobeval.tables import Table, tabulate_suppressions

TITLES = {
    "status": "work", "ended": "intake", "retention": "kept", "case_mix": "beside",
    "milestones": "contracts",
}  # fmt: skip
"""Tables whose chapter has another name."""


def method(story: MonitorStory) -> Blocks:
    """How the numbers were made, and what they do not say."""
    plan = story.results.plan
    items = [
        story.say("monitor.method_shares"),
        story.say("monitor.method_full_time", hours=story.hours(plan.full_time_hours)),
        story.say("monitor.method_kept", gap=plan.retention.gap_days),
        story.say("monitor.method_waiting"),
        story.say("monitor.method_registered"),
        story.say("monitor.method_few", least=story.least),
    ]
    return [story.heading("monitor.method"), what_it_is(story), Bullets(items=tuple(items))]


def appendices(story: MonitorStory) -> Blocks:
    """Notes on the data, disclosure log, reproducibility."""
    return [PageBreak(), *_notes(story), *_disclosure(story), *_reproducibility(story)]


def _notes(story: MonitorStory) -> Blocks:
    if not story.results.notes:
        return []
    language = "" if story.words.language == "en" else "en"
    return [
        story.heading("monitor.notes", appendix=True),
        story.paragraph("monitor.notes_text"),
        Bullets(items=story.results.notes, language=language),
    ]


def _disclosure(story: MonitorStory) -> Blocks:
    policy = story.results.policy
    text = story.paragraph(
        "monitor.disclosure_text", profile=policy.profile, small=policy.min_count - 1
    )
    heading = story.heading("appendix.disclosure", appendix=True)
    if not story.results.log:
        return [heading, text, story.paragraph("appendix.disclosure_none")]
    names = {name: story.say(f"monitor.{TITLES.get(name, name)}") for name in story.results.tables}
    table = tabulate_suppressions(story.results.log, names, policy.min_count, story.words)
    return [heading, text, TableBlock(table=table)]


def _reproducibility(story: MonitorStory) -> Blocks:
    rows = (
        (story.say("monitor.item_plan"), story.results.plan.name),
        (story.say("monitor.as_of"), story.date),
        (story.say("appendix.version"), jobeval.__version__),
        (story.say("appendix.digest"), story.results.data_digest),
    )
    table = Table(
        caption=story.say("appendix.reproducibility_table"),
        header=(story.say("appendix.column_item"), story.say("appendix.column_value")),
        rows=rows,
        align="ll",
    )
    return [
        story.heading("appendix.reproducibility", appendix=True),
        story.paragraph("monitor.reproducibility_text"),
        TableBlock(table=table),
    ]
