"""Milestones, what they cost, what is to come, and who goes on to the next programme."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from jobeval.figures.monitoring import plot_forecast, plot_milestones
from jobeval.reports.blocks import FigureBlock, TableBlock
from jobeval.reports.story import Blocks
from jobeval.reports.supplier.story import MonitorStory, is_known
from jobeval.tables.monitoring import tabulate_hand_over, tabulate_milestones


def contracts(story: MonitorStory) -> Blocks:
    """Milestones in counts and kroner, and the forecast of what is to be paid."""
    table = story.table("milestones")
    if table is None:
        return []
    names = name_contracts(story)
    milestones = tabulate_milestones(table, names, name_milestones(story), story.words)
    forecasts = [
        figure for name, label in names.items() for figure in _forecast(name, label, story)
    ]
    none = story.paragraph("monitor.forecast_none")
    more: Blocks = [
        story.heading("monitor.forecast", 2),
        story.paragraph("monitor.forecast_text"),
        *(forecasts or [none]),
    ]
    return [
        story.heading("monitor.contracts"),
        story.paragraph("monitor.contracts_text"),
        *(figure for name, label in names.items() for figure in _milestones(name, label, story)),
        TableBlock(table=milestones),
        *(more if story.table("forecast") else []),
    ]


def hand_over(story: MonitorStory) -> Blocks:
    """Citizens between one programme and the next."""
    table = story.table("hand_over")
    if table is None:
        return []
    return [
        story.heading("monitor.hand_over"),
        story.paragraph("monitor.hand_over_text"),
        TableBlock(table=tabulate_hand_over(table, story.words)),
    ]


def name_contracts(story: MonitorStory) -> Mapping[str, str]:
    """Contract → its label, or that of its supplier."""
    return {
        terms.name: story.say_label(terms.label)
        if terms.label
        else story.suppliers.get(terms.supplier, terms.name)
        for terms in story.results.plan.contracts
    }


def name_milestones(story: MonitorStory) -> Mapping[tuple[str, str], str]:
    """Contract and milestone → the milestone's label."""
    return {
        (terms.name, one.name): story.say_label(one.label)
        for terms in story.results.plan.contracts
        for one in terms.milestones
    }


def _milestones(contract: str, label: str, story: MonitorStory) -> Iterator[FigureBlock]:
    """Reached and invoiced by milestone."""
    names = name_milestones(story)
    rows = [
        (names[contract, str(row["milestone"])], row["reached"], row["invoiced"])
        for row in story.rows("milestones", contract=contract)
    ]
    if not any(is_known(cell) for _, *cells in rows for cell in cells):
        return
    bars = (story.say("monitor.milestones_reached"), story.say("monitor.milestones_invoiced"))
    figure = plot_milestones(rows, bars, story.words)
    told = [
        story.say("monitor.alt_milestone_row", label=name, reached=story.count(reached),
                  invoiced=story.count(invoiced))
        for name, reached, invoiced in rows
    ]  # fmt: skip
    alt = story.say("monitor.alt_milestones", rows="; ".join(told))
    yield story.figure(figure, alt, story.say("monitor.milestones_figure", contract=label))


def _forecast(contract: str, label: str, story: MonitorStory) -> Iterator[FigureBlock]:
    rows = [
        row for row in story.rows("forecast", contract=contract) if is_known(row["expected_dkk"])
    ]
    if len(rows) < 2:
        return
    numbers = story.words.numbers
    figure = plot_forecast(rows, story.say("monitor.forecast_y"), story.words)
    ends = {
        name: (numbers.month(str(row["month"])), story.count(row["expected_dkk"]))
        for name, row in (("first", rows[0]), ("last", rows[-1]))
    }
    alt = story.say(
        "monitor.alt_forecast", first=ends["first"][0], start=ends["first"][1],
        last=ends["last"][0], end=ends["last"][1],
    )  # fmt: skip
    yield story.figure(figure, alt, story.say("monitor.forecast_figure", contract=label))
