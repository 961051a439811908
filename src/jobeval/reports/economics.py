"""Cost and benefit: who gains and who pays, for how long, and what it would take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from jobeval.disclosure.released import Cell, ReleasedTable
from jobeval.figures import plot_waterfall
from jobeval.figures.alt_economics import describe_waterfall
from jobeval.plan.cost_benefit import CostBenefitPlan
from jobeval.reports.blocks import Bullets, Callout, Paragraph, TableBlock
from jobeval.reports.returns import (
    DECIDING,
    find_table,
    find_value,
    number,
    tell_break_even,
    tell_kroner,
    tell_mvpf,
    tell_time,
)
from jobeval.reports.story import Blocks, Story
from jobeval.tables import tabulate_amounts, tabulate_prices
from jobeval.tables.economics import NET, is_assumed

Row = Mapping[str, Cell]
TOLD = ("citizen", "public", "society")


def economics(story: Story) -> Blocks:
    """The account in kroner; a short preliminary one at the midterm."""
    plan, check = story.results.plan.cost_benefit, story.check("cost_benefit")
    if plan is None or check is None:
        return []
    items = find_table("cost_benefit", story)
    if items is None:
        return [story.heading("economics.title"), story.paragraph("economics.not_estimable")]
    blocks: Blocks = [
        story.heading("economics.title"),
        _introduce(plan, story),
        *_warn(plan, story),
        *_tell_items(plan, items, story),
    ]
    if story.midterm:
        return [*blocks, TableBlock(table=tabulate_prices(plan, story.words))]
    return [
        *blocks,
        *tell_time(plan, story),
        *tell_mvpf(story),
        *tell_break_even(plan, story),
        TableBlock(table=tabulate_prices(plan, story.words)),
    ]


def _introduce(plan: CostBenefitPlan, story: Story) -> Paragraph:
    control, treatment = story.labels.values()
    return story.paragraph(
        "economics.text", treatment=treatment, control=control,
        weeks=int(find_value("weeks", story)), year=plan.price_year,
        rate=story.words.numbers.percent(plan.discount_rate),
    )  # fmt: skip


def _warn(plan: CostBenefitPlan, story: Story) -> Blocks:
    """What rests on assumptions alone, and at the midterm that it is early."""
    sources = [price.source for price in plan.prices] + [plan.discount_source]
    sources += [part.source for part in (plan.tax, plan.reimbursement) if part is not None]
    assumed = sum(is_assumed(source) for source in sources)
    blocks: Blocks = []
    if assumed:
        blocks.append(
            Callout(
                tone="warning", title=story.say("economics.assumed_title"),
                text=story.say("economics.assumed", count=assumed, all=len(sources)),
            )
        )  # fmt: skip
    weeks = int(find_value("weeks", story))
    if find_value("observed", story) < 1:
        blocks.append(story.paragraph("economics.partly_observed", weeks=weeks))
    if story.midterm:
        blocks.append(story.paragraph("economics.preliminary", weeks=weeks))
    return blocks


def _tell_items(plan: CostBenefitPlan, items: ReleasedTable, story: Story) -> Blocks:
    """The net of three sides, the table, and how the public's items add up."""
    nets = {str(r["perspective"]): r for r in items.records() if r["item"] == NET}
    labels = _label_items(plan, story)
    public = [
        (labels[str(r["item"])], number(r["estimate"])) for r in items.records()
        if r["perspective"] == "public" and r["item"] != NET and r["estimate"]
    ]  # fmt: skip
    blocks: Blocks = [
        Bullets(items=tuple(_tell_net(nets[side], story) for side in TOLD)),
        story.paragraph("economics.intervals"),
        Paragraph(text=" ".join(_assume(plan, story))),
        *_per_participant(nets, story),
    ]
    if not any(item != NET for item in items.column("item")):
        blocks.append(story.paragraph("economics.few"))
    blocks.append(TableBlock(table=tabulate_amounts(items, labels, story.words)))
    if public:
        net = (story.words.label("side", "public"), number(nets["public"]["estimate"]))
        blocks.append(
            story.figure(
                plot_waterfall(public, net, story.words),
                describe_waterfall(public, net, story.words),
                story.say("economics.figure_waterfall"),
                story.say("economics.waterfall_note"),
            )
        )
    return blocks


def _label_items(plan: CostBenefitPlan, story: Story) -> dict[str, str]:
    own = {price.name: story.say_label(price.label) for price in plan.prices}
    return own | {name: story.say(f"economics.{name}") for name in ("tax", "tax_distortion", NET)}


def _tell_net(row: Row, story: Story) -> str:
    low, high = number(row["conf_low"]), number(row["conf_high"])
    how = "gain" if low > 0 else "loss" if high < 0 else "uncertain"
    amount = number(row["estimate"])
    return story.say(
        f"economics.net_{how}", side=story.words.label("side", str(row["perspective"])),
        amount=tell_kroner(amount if how == "uncertain" else abs(amount), story),
        interval=_interval(low, high, story),
    )  # fmt: skip


def _interval(low: float, high: float, story: Story) -> str:
    level = story.words.numbers.percent(0.95, 0)
    return story.say(
        "effect.interval", level=level, interval=story.words.interval(low, high, 0)
    )  # fmt: skip


def _assume(plan: CostBenefitPlan, story: Story) -> Iterator[str]:
    """What the account takes for granted, in sentences."""
    numbers = story.words.numbers
    yield story.say("economics.transfers")
    if plan.displacement:
        yield story.say("economics.displacement", share=numbers.percent(plan.displacement, 0))
    else:
        yield story.say("economics.no_displacement")
    if plan.tax_distortion:
        yield story.say("economics.distortion", share=numbers.percent(plan.tax_distortion, 0))
    if plan.net_tax_factor > 1:
        factor = numbers.decimal_number(plan.net_tax_factor, 2)
        yield story.say("economics.market_prices", factor=factor)


def _per_participant(nets: Mapping[str, Row], story: Story) -> Blocks:
    if nets["public"]["per_participant"] is None:
        return []
    told = {side: tell_kroner(number(nets[side]["per_participant"]), story) for side in DECIDING}
    take_up = story.words.numbers.percent(find_value("take_up", story), 0)
    return [story.paragraph("economics.per_participant", take_up=take_up, **told)]
