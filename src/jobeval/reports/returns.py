"""What comes back of the money: when, how much for each krone, and what it would take."""

from __future__ import annotations

import math
from collections.abc import Mapping

from jobeval.disclosure.released import Cell, ReleasedTable
from jobeval.figures import plot_break_even, plot_scenarios, plot_value_path
from jobeval.figures.alt_economics import (
    describe_break_even,
    describe_scenarios,
    describe_value_path,
)
from jobeval.plan.cost_benefit import CostBenefitPlan
from jobeval.reports.blocks import Bullets, TableBlock
from jobeval.reports.story import Blocks, Story
from jobeval.tables import tabulate_break_even, tabulate_mvpf, tabulate_scenarios
from jobeval.tables.economics import ratio_text

Row = Mapping[str, Cell]
DECIDING = ("public", "society")
SIDES = ("citizen", "state", "municipality", "public", "society")


def tell_time(plan: CostBenefitPlan, story: Story) -> Blocks:
    """The path, the month of pay-back, and the value at the horizon."""
    path, scenarios = (find_table(f"cost_benefit_{name}", story) for name in ("path", "scenarios"))
    pay_back = find_table("cost_benefit_pay_back", story)
    if path is None or scenarios is None or pay_back is None:
        return []
    longest = _longest(plan)
    months = {str(r["perspective"]): number(r["month"]) for r in pay_back.records()
              if r["scenario"] == longest}  # fmt: skip
    told = [
        _tell_pay_back(row, plan.horizon_years, story) for row in pay_back.records()
        if row["perspective"] in DECIDING and row["scenario"] in _told(plan)
    ]  # fmt: skip
    years, words = plan.horizon_years, story.words
    return [
        story.heading("economics.over_time", 2),
        story.paragraph("economics.over_time_text", years=years, count=len(plan.fade_out),
                        months=plan.level_months),
        Bullets(items=tuple(told)),
        story.figure(
            plot_value_path(path, DECIDING, months, words),
            describe_value_path(path, DECIDING, months, words),
            story.say("economics.figure_path"), story.say("economics.path_note"),
        ),
        story.figure(
            plot_scenarios(scenarios, SIDES, words),
            describe_scenarios(scenarios, SIDES, words),
            story.say("economics.figure_scenarios", years=years),
            story.say("economics.scenarios_note"),
        ),
        TableBlock(table=tabulate_scenarios(scenarios, years, words)),
    ]  # fmt: skip


def _longest(plan: CostBenefitPlan) -> str:
    """The scenario in which the effect is longest with us."""
    return "lasts" if "lasts" in plan.fade_out else plan.fade_out[-1]


def _told(plan: CostBenefitPlan) -> set[str]:
    """The scenarios that sentences tell of: the main one and the longest."""
    return {plan.fade_out[0], _longest(plan)}


def _tell_pay_back(row: Row, years: int, story: Story) -> str:
    month = number(row["month"])
    low, high = number(row["conf_low"]), number(row["conf_high"])
    named = {
        "side": story.words.label("side", str(row["perspective"])),
        "scenario": story.say(f"scenario.{row['scenario']}"),
    }
    if not math.isfinite(month):
        return story.say("economics.pay_back_never", years=years, **named)
    if month == 1 == high:
        return story.say("economics.pay_back_at_once", **named)
    key = "between" if math.isfinite(high) else "from"
    high_month = int(high) if math.isfinite(high) else 0
    interval = story.say(
        f"economics.pay_back_{key}", low=int(low), high=high_month, years=years
    )  # fmt: skip
    told = "pay_back_from_the_start" if month == 1 else "pay_back"
    return story.say(f"economics.{told}", month=int(month), interval=interval, **named)


def tell_mvpf(story: Story) -> Blocks:
    """What the citizen gains for each krone of net cost."""
    table = find_table("mvpf", story)
    if table is None:
        return []
    draws = story.results.plan.resampling.draws
    return [
        story.heading("economics.mvpf_title", 2),
        story.paragraph("economics.mvpf_text"),
        Bullets(items=tuple(_tell_one_mvpf(row, story) for row in table.records())),
        TableBlock(table=tabulate_mvpf(table, draws, story.words)),
    ]


def _tell_one_mvpf(row: Row, story: Story) -> str:
    value = number(row["mvpf"])
    how = "_undefined" if math.isnan(value) else "_infinite" if math.isinf(value) else ""
    low, high = number(row["conf_low"]), number(row["conf_high"])
    return story.say(
        f"economics.tell_mvpf{how}", scenario=story.say(f"scenario.{row['scenario']}"),
        worth=tell_kroner(number(row["willingness_to_pay"]), story),
        cost=tell_kroner(number(row["net_cost"]), story),
        mvpf=ratio_text(row["mvpf"], story.words),
        interval=story.words.interval(low, high, 2),
    )  # fmt: skip


def tell_break_even(plan: CostBenefitPlan, story: Story) -> Blocks:
    """The hours and the cost at which the account is in balance."""
    table = find_table("cost_benefit_break_even", story)
    if table is None:
        return []
    interval = (find_value("hours_low", story), find_value("hours_high", story))
    hours = [row for row in table.records() if row["quantity"] == "hours"]
    told = tuple(_tell_needed(row, story) for row in hours if row["scenario"] in _told(plan))
    figure: Blocks = []
    if hours:
        figure = [
            story.figure(
                plot_break_even(table, DECIDING, interval, story.words),
                describe_break_even(table, DECIDING, story.words),
                story.say("economics.figure_break_even"),
                story.say("economics.break_even_note"),
            )
        ]
    return [
        story.heading("economics.break_even", 2),
        story.paragraph("economics.break_even_text"),
        *([Bullets(items=told)] if told else []),
        *figure,
        TableBlock(table=tabulate_break_even(table, story.words)),
    ]


def _tell_needed(row: Row, story: Story) -> str:
    side = story.words.label("side", str(row["perspective"]))
    needed, found = (
        story.words.quantity(number(row[name]), "hours", 2) for name in ("estimate", "level")
    )
    scenario = story.say(f"scenario.{row['scenario']}")
    return story.say(
        "economics.tell_break_even", scenario=scenario, side=side[0].lower() + side[1:],
        needed=needed, found=found,
    )  # fmt: skip


def find_table(name: str, story: Story) -> ReleasedTable | None:
    """The released table of a check; ``None`` where it has no rows."""
    check = story.check(name)
    return check.table if check is not None and len(check.table) else None


def find_value(name: str, story: Story) -> float:
    """One of the numbers beside the items."""
    check = story.check("cost_benefit")
    return math.nan if check is None else check.number(name)


def tell_kroner(amount: float, story: Story) -> str:
    """An amount with its currency."""
    return story.words.quantity(amount, "dkk", 0)


def number(cell: Cell) -> float:
    """A released number; ``nan`` for anything else."""
    return float(cell) if isinstance(cell, int | float) else math.nan
