"""Delivery: flow of persons, inflow, balance, take-up, intensity."""

from __future__ import annotations

from jobeval.figures import plot_balance, plot_inflow, plot_intensity
from jobeval.figures.alt_texts import describe_balance, describe_inflow, describe_intensity
from jobeval.reports.blocks import Paragraph, TableBlock
from jobeval.reports.front import take_up_shares
from jobeval.reports.story import Blocks, Story
from jobeval.tables import tabulate_flow, tabulate_intensity, tabulate_sites


def delivery(story: Story) -> Blocks:
    """What was done, and whether the lottery worked."""
    return [
        story.heading("delivery.title"),
        *_flow(story),
        *_inflow(story),
        *_balance(story),
        *_take_up(story),
        *_intensity(story),
    ]


def _flow(story: Story) -> Blocks:
    if not len(story.results.flow):
        return []
    table = tabulate_flow(story.results.flow, story.labels, story.words)
    return [
        story.heading("delivery.flow", 2),
        story.paragraph("delivery.flow_text" if story.knows_starts else "delivery.flow_text_plain"),
        TableBlock(table=table),
    ]


def _inflow(story: Story) -> Blocks:
    inflow, sites = story.check("inflow"), story.check("sites")
    blocks: Blocks = []
    if inflow is not None and len(inflow.table):
        months = [story.words.numbers.month(str(m)) for m in inflow.table.column("month")]
        blocks += [
            story.heading("delivery.inflow", 2),
            story.paragraph("delivery.inflow_text", first=months[0], last=months[-1]),
            story.figure(
                plot_inflow(inflow.table, story.labels, story.words),
                describe_inflow(inflow.table, story.words),
                story.say("delivery.inflow_figure"),
            ),
        ]
    if sites is not None and len(sites.table) and story.results.plan.sites is not None:
        label = story.say_label(story.results.plan.sites.label)
        table = tabulate_sites(sites.table, story.labels, label, story.words)
        blocks.append(TableBlock(table=table))
    return blocks


def _balance(story: Story) -> Blocks:
    check, allocation = story.check("balance"), story.check("allocation")
    blocks: Blocks = [story.heading("delivery.balance", 2)]
    for name, result in (("balance_text", check), ("allocation", allocation)):
        if result is not None and result.passed is not None:
            p = story.words.numbers.p_equation(result.number("p_value"))
            outcome = "passed" if result.passed else "failed"
            blocks.append(story.paragraph(f"delivery.{name}_{outcome}", p=p))
    if check is not None and check.passed is False and story.is_adjusted:
        blocks.append(story.paragraph("delivery.balance_adjusted"))
    if check is not None and check.passed is None:
        blocks.append(story.paragraph("delivery.balance_text"))
    if check is not None and _has_numbers(check.table.column("standardised_difference")):
        blocks.append(
            story.figure(
                plot_balance(check.table, story.words),
                describe_balance(check.table, story.words),
                story.say("delivery.balance_figure"),
                story.say("delivery.balance_note"),
            )
        )
    return blocks if len(blocks) > 1 else []


def _has_numbers(cells: tuple[object, ...]) -> bool:
    return any(isinstance(cell, float) for cell in cells)


def _take_up(story: Story) -> Blocks:
    treatment, control = take_up_shares(story)
    if treatment is None:
        return []
    numbers = story.words.numbers
    if control is None:
        text = story.say("delivery.take_up_hidden", treatment=numbers.percent(treatment))
    else:
        text = story.say(
            "delivery.take_up_text", treatment=numbers.percent(treatment),
            control=numbers.percent(control),
        )  # fmt: skip
    return [story.heading("delivery.take_up", 2), Paragraph(text=text)]


def _intensity(story: Story) -> Blocks:
    check = story.check("intensity")
    if check is None or not len(check.table):
        return []
    return [
        story.heading("delivery.intensity", 2),
        story.paragraph("delivery.intensity_text"),
        story.figure(
            plot_intensity(check.table, story.labels, story.words),
            describe_intensity(check.table, story.labels, story.words),
            story.say("delivery.intensity_figure"),
        ),
        TableBlock(table=tabulate_intensity(check.table, story.labels, story.words)),
    ]
