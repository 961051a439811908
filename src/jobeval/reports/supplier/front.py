"""Cover and key numbers."""

from __future__ import annotations

from collections.abc import Iterator

from jobeval.reports.blocks import Callout, Cover, Heading, KeyNumber, KeyNumbers, PageBreak
from jobeval.reports.story import Blocks
from jobeval.reports.supplier.published import claim_sentences
from jobeval.reports.supplier.story import MonitorStory, Row

MOST_SUPPLIERS = 2
"""Suppliers whose key numbers have room on one page."""


def cover(story: MonitorStory) -> Blocks:
    """The front page. A report begins with it."""
    import jobeval

    plan = story.results.plan
    return [
        Cover(
            title=story.say_label(plan.title),
            subtitle=story.say("monitor.kind"),
            purpose=story.say("monitor.purpose"),
            lines=(
                story.say("monitor.municipality", name=plan.municipality),
                story.say("monitor.period", begins=story.begins),
                story.say("cover.data_until", date=story.date),
                story.say("cover.by", version=jobeval.__version__),
            ),
            banner=story.say("monitor.banner"),
            language=story.words.language,
            look="supplier",
            trial=plan.name,
            cut_off=story.results.as_of.isoformat(),
        )
    ]


def key_numbers(story: MonitorStory) -> Blocks:
    """One page that can be discussed: who started, who works, and what this is not."""
    shown = list(story.suppliers.items())[:MOST_SUPPLIERS]
    return [
        story.heading("monitor.key_title"),
        what_it_is(story),
        *(block for name, label in shown for block in _of_supplier(name, label, story)),
        *_wrong_claims(story),
        PageBreak(),
    ]


def what_it_is(story: MonitorStory) -> Callout:
    """The box that no reader must miss."""
    title, text = story.say("monitor.banner"), story.say("monitor.banner_text")
    return Callout(tone="warning", title=title, text=text)


def _of_supplier(name: str, label: str, story: MonitorStory) -> Blocks:
    heading = [Heading(text=label, level=2)] if len(story.suppliers) > 1 else []
    return [*heading, KeyNumbers(items=tuple(_numbers(name, story)))]


def _numbers(supplier: str, story: MonitorStory) -> Iterator[KeyNumber]:
    """Started, in work, in education, in placement, the share of both, and of full time."""
    if row := story.status(supplier, "intake"):
        yield _count(row, "intake", _since(supplier, story), story)
    for status, key in (("any_work", "work"), ("education", "education")):
        if row := story.status(supplier, status):
            share, interval = story.share(row["share"]), story.interval(row)
            detail = story.say("monitor.key_of_started", share=share, interval=interval)
            yield _count(row, key, detail, story)
    if row := story.status(supplier, "placement"):
        yield _count(row, "placement", story.say("monitor.key_placement_detail"), story)
    if row := story.status(supplier, "work_or_education"):
        yield _share(row, "share", story, interval=story.interval(row))
    if row := story.status(supplier, "full_time"):
        yield _share(row, "full_time", story, hours=story.hours(story.results.plan.full_time_hours))


def _since(supplier: str, story: MonitorStory) -> str:
    """Since when, and how many are still in course, where that may be told."""
    active, ended = (story.status(supplier, status) for status in ("active", "ended"))
    counts = [row["count"] for row in (active, ended) if row and isinstance(row["count"], int)]
    if len(counts) < 2:
        return story.say("monitor.key_since", begins=story.begins)
    texts = dict(zip(("active", "ended"), map(story.count, counts), strict=True))
    return story.say("monitor.key_intake_detail", begins=story.begins, **texts)


def _count(row: Row, key: str, detail: str, story: MonitorStory) -> KeyNumber:
    known = isinstance(row["count"], int)
    return KeyNumber(
        value=story.count(row["count"]),
        unit="",
        label=story.say(f"monitor.key_{key}"),
        detail=detail if known else story.say("monitor.key_hidden"),
    )


def _share(row: Row, key: str, story: MonitorStory, **values: object) -> KeyNumber:
    numbers, share = story.words.numbers, row["share"]
    label = story.say(f"monitor.key_{key}")
    if not isinstance(share, float):
        detail = story.say("monitor.key_hidden")
        return KeyNumber(value=story.count(row["count"]), unit="", label=label, detail=detail)
    counts = {name: story.count(row[name]) for name in ("count", "of")}
    return KeyNumber(
        value=numbers.decimal_number(100 * share, 0),
        unit=numbers.percent_sign.strip(),
        label=label,
        detail=story.say(f"monitor.key_{key}_detail", **counts, **values),
    )


def _wrong_claims(story: MonitorStory) -> Blocks:
    """Published percentages that cannot be."""
    wrong = [text for text, row in claim_sentences(story) if row["attainable"] == 0]
    if not wrong or len(story.suppliers) > 1:  # else there is no room for it on the page
        return []
    title = story.say("monitor.claims_short")
    return [Callout(tone="note", title=title, text=" ".join(wrong))]
