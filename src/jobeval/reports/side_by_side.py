"""The job centres side by side: each against the others, never ranked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from jobeval.disclosure.released import Cell, ReleasedCheck
from jobeval.figures import plot_funnel
from jobeval.figures.alt_programme import describe_funnel
from jobeval.plan.place_analyses import PlacesAnalysis
from jobeval.reports.blocks import Heading, Paragraph, TableBlock
from jobeval.reports.populations import site_label
from jobeval.reports.programme import name_indicators
from jobeval.reports.story import Blocks, Story
from jobeval.tables import tabulate_places

Row = Mapping[str, Cell]
PLACES, FUNNEL = "places ", "funnel "
VERDICTS = ("above", "below")
MEAN_DIGITS = 1
OUTSIDE_BY_CHANCE = 0.05
"""How many of those compared lie outside an interval of 95 % by chance."""


def side_by_side(story: Story) -> Blocks:
    """Each analysis of places: sentences, funnel and table in alphabetical order."""
    told = [
        block
        for name, check in story.results.checks.items()
        if name.startswith(PLACES) and len(check.table)
        for block in _places(name.removeprefix(PLACES), check, story)
    ]
    return [story.heading("places.title"), story.paragraph("places.text"), *told] if told else []


def _places(analysis: str, check: ReleasedCheck, story: Story) -> Blocks:
    label, share = name_places(analysis, story), check.number("share") == 1
    rows = list(check.table.records())
    sentences = [_tell_place(row, share, story) for row in rows if _apart(row)]
    table = tabulate_places(
        check.table, story.words, caption=story.say("places.table", label=label),
        first_column=site_label(story), share=share,
    )  # fmt: skip
    return [
        Heading(text=label, level=2),
        *(Paragraph(text=text) for text in sentences or [story.say("places.none")]),
        Paragraph(text=" ".join(_tell_chance(rows, check, story))),
        *_funnel(analysis, check, label, story),
        TableBlock(table=table),
    ]


def name_places(analysis: str, story: Story) -> str:
    """What an analysis of places compares: an indicator or an endpoint."""
    asked = next((a for a in story.results.plan.analyses if a.name == analysis), None)
    if isinstance(asked, PlacesAnalysis) and asked.indicator is not None:
        return name_indicators(story, [asked.indicator])[asked.indicator]
    return story.endpoint(getattr(asked, "endpoint", None) or analysis)


def _apart(row: Row) -> bool:
    return row["verdict"] in VERDICTS


def _tell_place(row: Row, share: bool, story: Story) -> str:
    """Where one place lies, with the interval of its difference from the others."""
    words, scale, digits = story.words, *((100.0, 0) if share else (1.0, MEAN_DIGITS))
    own, others, difference, low, high = (
        _number(row[name]) for name in ("observed", "others", "difference", "conf_low", "conf_high")
    )
    unit = "share" if share else ""
    return story.say(
        f"places.{row['verdict']}", site=row["site"], own=words.quantity(own, unit, digits),
        others=words.quantity(others, unit, digits),
        difference=words.difference(abs(difference), unit, digits),
        interval=words.interval(*_outward(low, high, difference), digits, scale),
    )  # fmt: skip


def _outward(low: float, high: float, difference: float) -> tuple[float, float]:
    """The interval of a difference that is told by its size."""
    return (low, high) if difference >= 0 else (-high, -low)


def _tell_chance(rows: Sequence[Row], check: ReleasedCheck, story: Story) -> list[str]:
    """How many would lie apart if all were alike, and how many do."""
    shown = [row for row in rows if isinstance(row["observed"], float)]
    numbers = story.words.numbers
    expected = OUTSIDE_BY_CHANCE * len(shown)
    told = [story.say(
        "places.chance", n=len(shown), found=sum(map(_apart, shown)),
        expected=numbers.decimal_number(expected, 0 if expected >= 1 else 1),
        surely=sum(row["verdict_adjusted"] in VERDICTS for row in rows),
    )]  # fmt: skip
    if math.isfinite(factor := check.number("overdispersion")):
        told.append(story.say("places.spread", factor=numbers.decimal_number(factor, 1)))
    return told


def _funnel(analysis: str, check: ReleasedCheck, label: str, story: Story) -> Blocks:
    limits = story.check(FUNNEL + analysis)
    average = check.number("average")
    if limits is None or not len(limits.table) or not math.isfinite(average):
        return []
    share = check.number("share") == 1
    told = [_tell_place(row, share, story).rstrip(".")
            for row in check.table.records() if _apart(row)]  # fmt: skip
    words, unit = story.words, "share" if share else ""
    return [
        story.figure(
            plot_funnel(check.table, limits.table, average, words, scale=100 if share else 1),
            describe_funnel(check.table, words.quantity(average, unit, 0 if share else MEAN_DIGITS),
                            told, words),
            story.say("places.figure", label=label),
            story.say("places.figure_note"),
        )
    ]  # fmt: skip


def _number(cell: Cell) -> float:
    return float(cell) if isinstance(cell, int | float) else math.nan
