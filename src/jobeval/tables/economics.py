"""Tables of money: items by who gains and pays, scenarios, MVPF, break-even, prices."""

from __future__ import annotations

import math
from collections.abc import Mapping

from jobeval.disclosure.released import Cell, ReleasedTable, require_released
from jobeval.plan.cost_benefit import CostBenefitPlan, Price
from jobeval.tables.table import Table, group_rows
from jobeval.text import Words

SIDES = ("citizen", "state", "municipality", "public", "society")
NET = "net"
PER = {
    "participant": "economics.per_participant_price",
    "week": "economics.per_week",
    "month": "economics.per_month",
    "hour": "economics.per_hour",
}
RATIO_DIGITS, HOURS_DIGITS = 2, 2


def tabulate_amounts(table: ReleasedTable, items: Mapping[str, str], words: Words) -> Table:
    """What each item gives and takes, by side; for the public with its interval.

    ``items`` maps names to labels, in the order wanted.
    """
    require_released(table, ReleasedTable)
    cells = {(r["item"], r["perspective"]): r for r in table.records()}
    shown = [name for name in items if (name, "public") in cells]
    rows = tuple(
        (
            items[name],
            *(_amount(cells[name, side]["estimate"], words) for side in SIDES[:4]),
            _interval(cells[name, "public"], words),
            _amount(cells[name, "society"]["estimate"], words),
        )
        for name in shown
    )
    sides = [words.label("side", side) for side in SIDES]
    return Table(
        caption=words.say("economics.table_items"),
        header=(words.say("economics.column_item"), *sides[:4],
                words.say("economics.column_public_interval"), sides[4]),
        rows=rows,
        align="lrrrrrr",
        note=words.say("economics.note_items"),
        strong=tuple(i for i, name in enumerate(shown) if name == NET),
    )  # fmt: skip


def tabulate_scenarios(table: ReleasedTable, years: int, words: Words) -> Table:
    """Net present value after so many years, by what follows the data and by side."""
    require_released(table, ReleasedTable)
    records = list(table.records())
    per_participant = any(row["per_participant"] is not None for row in records)
    more = (words.say("economics.column_per_participant"),) if per_participant else ()
    rows = tuple(
        (
            words.label("side", str(row["perspective"])),
            _amount(row["estimate"], words),
            _interval(row, words),
            *((_amount(row["per_participant"], words),) if per_participant else ()),
        )
        for row in records
    )
    return Table(
        caption=words.say("economics.table_scenarios", years=years),
        header=(
            words.say("economics.column_side"),
            words.say("economics.column_npv"),
            words.say("economics.column_interval"),
            *more,
        ),
        rows=rows,
        align="lrr" + "r" * per_participant,
        groups=group_rows([words.scenario(str(row["scenario"])) for row in records]),
    )


def tabulate_mvpf(table: ReleasedTable, draws: int, words: Words) -> Table:
    """Willingness to pay, net cost, their ratio and its interval from so many draws."""
    require_released(table, ReleasedTable)
    names = ("scenario", "worth", "net_cost", "mvpf", "interval")
    rows = tuple(
        (
            words.scenario(str(row["scenario"])),
            _amount(row["willingness_to_pay"], words),
            _amount(row["net_cost"], words),
            ratio_text(row["mvpf"], words),
            words.interval(_number(row["conf_low"]), _number(row["conf_high"]), RATIO_DIGITS),
        )
        for row in table.records()
    )
    return Table(
        caption=words.say("economics.table_mvpf"),
        header=tuple(words.say(f"economics.column_{name}") for name in names),
        rows=rows,
        align="lrrrr",
        note=words.say("economics.note_mvpf", draws=words.numbers.integer(draws)),
    )


def ratio_text(cell: Cell, words: Words) -> str:
    """An MVPF; one that is infinite or not defined is told in words."""
    value = _number(cell)
    if math.isinf(value):
        return words.say("economics.infinite")
    if math.isnan(value):
        return words.say("economics.undefined")
    return words.numbers.decimal_number(value, RATIO_DIGITS)


def tabulate_break_even(table: ReleasedTable, words: Words) -> Table:
    """What was found and what would be needed, by scenario and side."""
    require_released(table, ReleasedTable)
    records = sorted(table.records(), key=lambda row: row["quantity"] != "hours")
    rows = tuple(
        (
            _name_row(row, words),
            *(words.numbers.decimal_number(_number(row[name]), _digits(row))
              for name in ("level", "estimate")),
            words.interval(_number(row["conf_low"]), _number(row["conf_high"]), _digits(row)),
        )
        for row in records
    )  # fmt: skip
    names = ("scenario", "found", "needed", "interval")
    return Table(
        caption=words.say("economics.table_break_even"),
        header=tuple(words.say(f"economics.column_{name}") for name in names),
        rows=rows,
        align="lrrr",
        groups=group_rows(
            [words.say(f"economics.break_even_{row['quantity']}") for row in records]
        ),
        note=words.say("economics.note_break_even"),
    )


def _name_row(row: Mapping[str, Cell], words: Words) -> str:
    side = words.label("side", str(row["perspective"]))
    return f"{words.scenario(str(row['scenario']))}: {side[:1].lower()}{side[1:]}"


def _digits(row: Mapping[str, Cell]) -> int:
    return HOURS_DIGITS if row["quantity"] == "hours" else 0


def tabulate_prices(plan: CostBenefitPlan, words: Words) -> Table:
    """Every price and rate of the plan, with year and source; long sources stand below."""
    priced = [(*_price_cells(price, words), price.source) for price in plan.prices]
    rows = [*priced, *_rate_cells(plan, words)]
    told = list(dict.fromkeys(source for *_, source in rows if not is_assumed(source)))
    numbers = {
        source: words.say("economics.reference", number=i) for i, source in enumerate(told, 1)
    }
    names = ("item", "price", "year", "state_share", "source")
    return Table(
        caption=words.say("economics.table_prices"),
        header=tuple(words.say(f"economics.column_{name}") for name in names),
        rows=tuple(
            (*cells, numbers.get(source, words.say("economics.assumption")))
            for *cells, source in rows
        ),
        align="lrrrl",
        note=". ".join(f"{number} {source}" for source, number in numbers.items()),
    )


def _price_cells(price: Price, words: Words) -> tuple[str, str, str, str]:
    digits = 0 if float(price.amount_dkk).is_integer() else 2
    amount = words.quantity(price.amount_dkk, "dkk", digits)
    if price.state_share == "ladder":
        share = words.say("economics.by_ladder")
    else:
        share = words.numbers.percent(price.state_share, 0)
    return (
        str(getattr(price.label, words.language)),
        f"{amount} {words.say(PER[price.per])}",
        str(price.year),
        "" if price.kind == "earnings" else share,
    )


def _rate_cells(plan: CostBenefitPlan, words: Words) -> list[tuple[str, ...]]:
    """Taxes, the ladder and the discount rate, each with its source."""
    rows: list[tuple[str, ...]] = []
    percent = words.numbers.percent
    if plan.tax is not None:
        share, source = percent(plan.tax.state_share, 0), plan.tax.source
        rates = {"earnings": plan.tax.earnings_rate, "benefits": plan.tax.benefit_rate}
        for name, rate in rates.items():
            rows.append((words.say(f"economics.tax_{name}"), percent(rate, 0), "", share, source))
    if plan.reimbursement is not None:
        shares = [*(step.share for step in plan.reimbursement.steps), plan.reimbursement.after]
        ladder = "/".join(words.numbers.decimal_number(100 * share, 0) for share in shares)
        text, cell = words.say("economics.ladder"), f"{ladder}{words.numbers.percent_sign}"
        rows.append((text, "", "", cell, plan.reimbursement.source))
    rate = percent(plan.discount_rate)
    return [*rows, (words.say("economics.discount"), rate, "", "", plan.discount_source)]


def is_assumed(source: str) -> bool:
    """Whether a plan says that an amount is its own assumption."""
    return source == "illustrative assumption"


def _amount(cell: Cell, words: Words) -> str:
    return words.numbers.decimal_number(_number(cell), 0)


def _interval(row: Mapping[str, Cell], words: Words) -> str:
    low, high = _number(row["conf_low"]), _number(row["conf_high"])
    return "" if low == high else words.interval(low, high, 0)


def _number(cell: Cell) -> float:
    return float(cell) if isinstance(cell, int | float) else math.nan
