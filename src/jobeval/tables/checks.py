"""Tables of the checks, the flow of persons and the disclosure log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jobeval.disclosure.released import (
    Cell,
    ReleasedTable,
    Suppression,
    require_all_released,
    require_released,
)
from jobeval.tables.cells import count_cell, digits_given, number_cell, share_cell
from jobeval.tables.table import Table, group_rows
from jobeval.text import Words

Labels = Mapping[str, str]
"""Arm → what to call it, control first."""
FOLLOW_UP_EVERY_WEEKS = 13


def tabulate_flow(flow: ReleasedTable, labels: Labels, words: Words) -> Table:
    """Persons of each arm at every step."""
    require_released(flow, ReleasedTable)
    rows = tuple(
        (words.label("step", str(row["step"])), *(count_cell(row[arm], words) for arm in labels))
        for row in flow.records()
    )
    return Table(
        caption=words.say("delivery.flow_table"),
        header=(words.say("delivery.column_step"), *labels.values()),
        rows=rows,
        align="l" + "r" * len(labels),
    )


def tabulate_sites(table: ReleasedTable, labels: Labels, site_label: str, words: Words) -> Table:
    """Persons of each arm in every site."""
    require_released(table, ReleasedTable)
    rows = tuple(
        (str(row["site"]), *(count_cell(row[arm], words) for arm in labels))
        for row in table.records()
    )
    return Table(
        caption=words.say("delivery.sites_table"),
        header=(site_label, *labels.values()),
        rows=rows,
        align="l" + "r" * len(labels),
    )


def tabulate_intensity(table: ReleasedTable, labels: Labels, words: Words) -> Table:
    """The share of each arm with at least one activity of each kind."""
    require_released(table, ReleasedTable)
    shares = {(row["kind"], row["arm"]): row["share"] for row in table.records()}
    kinds = dict.fromkeys(table.column("kind"))
    rows = tuple(
        (
            words.label("kind", str(kind)),
            *(share_cell(shares.get((kind, arm)), words) for arm in labels),
        )
        for kind in kinds
    )
    return Table(
        caption=words.say("delivery.intensity_table"),
        header=(words.say("delivery.column_kind"), *labels.values()),
        rows=rows,
        align="l" + "r" * len(labels),
    )


def tabulate_balance(table: ReleasedTable, labels: Labels, words: Words) -> Table:
    """Means before the lottery and their standardised difference."""
    require_released(table, ReleasedTable)
    control, treatment = labels.values()
    rows = tuple(
        (
            words.covariate(str(row["covariate"])),
            *_mean_cells((row["mean_control"], row["mean_treatment"]), words),
            number_cell(row["standardised_difference"], 2, words),
        )
        for row in table.records()
    )
    return Table(
        caption=words.say("appendix.balance_table"),
        header=(
            words.say("appendix.column_covariate"),
            control,
            treatment,
            words.say("appendix.column_smd"),
        ),
        rows=rows,
        align="lrrr",
        note=words.say("delivery.balance_note"),
    )


def _mean_cells(means: tuple[Cell, Cell], words: Words) -> list[str]:
    digits = digits_given(means, 2)
    return [number_cell(mean, digits, words) for mean in means]


def tabulate_attrition(
    table: ReleasedTable, endpoints: Mapping[str, str], labels: Labels, words: Words
) -> Table:
    """Persons whose outcome is observed, not observed, or who left the population.

    Endpoints with the same numbers stand together under one heading.
    """
    require_released(table, ReleasedTable)
    counted = ("persons", "observed", "not_observed", "out_of_population")
    alike: dict[tuple[tuple[str, ...], ...], list[str]] = {}
    records = list(table.records())
    for endpoint in dict.fromkeys(str(row["endpoint"]) for row in records):
        rows = tuple(
            (labels.get(str(row["arm"]), str(row["arm"])),
             *(count_cell(row.get(name), words) for name in counted))
            for row in records if row["endpoint"] == endpoint
        )  # fmt: skip
        alike.setdefault(rows, []).append(endpoints.get(endpoint, endpoint))
    names = [
        words.say("appendix.all_endpoints") if len(alike) == 1 else words.join(shared)
        for rows, shared in alike.items()
        for _ in rows
    ]
    heads = ("arm", "persons", "observed", "not_observed", "out")
    return Table(
        caption=words.say("appendix.attrition_table"),
        header=tuple(words.say(f"appendix.column_{name}") for name in heads),
        rows=tuple(row for rows in alike for row in rows),
        align="lrrrr",
        groups=group_rows(names),
    )


def tabulate_follow_up(table: ReleasedTable, labels: Labels, words: Words) -> Table:
    """Persons followed, every quarter of a year and in the last week."""
    require_released(table, ReleasedTable)
    records = list(table.records())
    last = len(records) - 1
    rows = tuple(
        (str(row["week"]), *(count_cell(row[arm], words) for arm in labels))
        for i, row in enumerate(records)
        if i % FOLLOW_UP_EVERY_WEEKS == 0 or i == last
    )
    return Table(
        caption=words.say("appendix.follow_up_table"),
        header=(words.say("appendix.column_week"), *labels.values()),
        rows=rows,
        align="l" + "r" * len(labels),
    )


def tabulate_suppressions(
    log: Sequence[Suppression], names: Mapping[str, str], least: int, words: Words
) -> Table:
    """The disclosure log: object, rule, number of cells; no values.

    ``names`` maps endpoints and analyses to what to call them.
    """
    entries = require_all_released(log, Suppression)
    rows = tuple(
        (
            _object(entry.what, names, words),
            words.say(f"rule.{entry.rule}", least=least),
            words.numbers.integer(entry.cells),
        )
        for entry in entries
    )
    return Table(
        caption=words.say("appendix.disclosure_table"),
        header=tuple(words.say(f"appendix.column_{c}") for c in ("object", "rule", "cells")),
        rows=rows,
        align="llr",
    )


def _object(what: str, names: Mapping[str, str], words: Words) -> str:
    """``"curves: any_hours, share"`` in words."""
    kind, _, rest = what.partition(": ")
    parts = [names.get(part) or words.label("object", part) for part in rest.split(", ") if part]
    head = words.label("object", kind)
    return f"{head}: {', '.join(parts)}" if parts else head
