"""Tables of monitoring: what a supplier did, in counts and shares, never an effect."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from jobeval.disclosure.released import Cell, ReleasedTable, Suppressed, require_released
from jobeval.tables.cells import count_cell, number_cell, share_cell
from jobeval.tables.table import Table, group_rows
from jobeval.text import Words

Labels = Mapping[str, str]
"""Supplier or contract → what to call it, in the order of the plan."""
Row = Mapping[str, Cell]
FEW = "*"
"""Marks a number that is too small to say much."""
INTERVAL = ("conf_low", "conf_high")
WORK = (
    "ordinary",
    "flexjob",
    "hours_beside_benefit",
    "any_work",
    "education",
    "work_or_education",
    "full_time",
    "subsidised",
    "placement",
)
"""The rows of the table of work, kinds of work apart before they are summed."""
SUMS = ("any_work", "work_or_education")


def tabulate_intake(table: ReleasedTable, suppliers: Labels, words: Words) -> Table:
    """Started, still in course, ended: a row a supplier."""
    found = {(row["supplier"], row["status"]): row["count"] for row in _records(table)}
    states = ("intake", "active", "ended")
    rows = tuple(
        (label, *(count_cell(found.get((name, state)), words) for state in states))
        for name, label in suppliers.items()
    )
    return _table("intake", ("supplier", *states), rows, words)


def tabulate_reasons(table: ReleasedTable, suppliers: Labels, words: Words) -> Table:
    """Why courses ended."""
    rows = _by_supplier(table, suppliers)
    cells = tuple(
        (words.label("end_reason", str(row["reason"])), count_cell(row["count"], words))
        for row in rows
    )
    return _table("reasons", ("reason", "ended"), cells, words, groups=_groups(rows, suppliers))


def tabulate_work(table: ReleasedTable, supplier: str, label: str, words: Words) -> Table:
    """Kinds of work apart, education and placements of one supplier, with denominators."""
    found = {row["status"]: row for row in _records(table) if row["supplier"] == supplier}
    rows = [found[status] for status in WORK if status in found]
    cells = tuple(
        (
            words.say(f"monitor_status.{row['status']}"),
            count_cell(row["count"], words) + _mark(row),
            count_cell(row["of"], words),
            *_share_cells(row, words),
        )
        for row in rows
    )
    return _table(
        "work", ("status", "count", "of", "share", "interval"), cells, words,
        note=_note(rows, words), supplier=label,
        strong=[i for i, row in enumerate(rows) if row["status"] in SUMS],
    )  # fmt: skip


def tabulate_kept(table: ReleasedTable, suppliers: Labels, words: Words) -> Table:
    """Jobs kept for so many weeks, of those that began long enough ago."""
    rows = _by_supplier(table, suppliers)
    cells = tuple(
        (
            words.say("monitor.kept_weeks", weeks=row["weeks"]),
            count_cell(row["eligible"], words),
            count_cell(row["kept"] if row["eligible"] else None, words) + _mark(row),
            *_share_cells(row, words),
        )
        for row in rows
    )
    return _table(
        "kept", ("weeks", "eligible", "kept", "share", "interval"), cells, words,
        groups=_groups(rows, suppliers), note=_note(rows, words),
    )  # fmt: skip


def tabulate_waiting(table: ReleasedTable, suppliers: Labels, words: Words) -> Table:
    """Days from the start to the first event, against the target."""
    rows = _by_supplier(table, suppliers)
    cells = tuple(
        (
            words.say(f"monitor_event.{row['event']}"),
            count_cell(row["reached"], words),
            count_cell(row["of"], words),
            _median_cell(row, words),
            count_cell(row["target_days"], words),
            count_cell(row["within_target"], words),
            _short_share(row["within_share"], words),
        )
        for row in rows
    )
    columns = ("event", "reached", "of", "median_days", "target_days", "within", "within_share")
    return _table("waiting", columns, cells, words, groups=_groups(rows, suppliers))


def tabulate_months(table: ReleasedTable, suppliers: Labels, words: Words) -> Table:
    """Intake, persons in course and job starts, month by month."""
    counted = ("intake", "active", "job_starts")
    rows = _by_supplier(table, suppliers)
    cells = tuple(
        (_month(row, words), *(count_cell(row[name], words) for name in counted)) for row in rows
    )
    return _table("months", ("month", *counted), cells, words, groups=_groups(rows, suppliers))


def tabulate_jobindsats(table: ReleasedTable, suppliers: Labels, words: Words) -> Table:
    """The five columns of Jobindsats: persons, with hours, share, and two means."""
    rows = _by_supplier(table, suppliers)
    cells = tuple(
        (
            _month(row, words),
            count_cell(row["persons"], words),
            count_cell(row["with_hours"], words),
            share_cell(row["share"], words),
            number_cell(row["mean_hours_with_hours"], 1, words),
            number_cell(row["mean_hours"], 1, words),
        )
        for row in rows
    )
    columns = ("month", "persons", "with_hours", "share", "mean_hours_with_hours", "mean_hours")
    return _table("jobindsats", columns, cells, words, groups=_groups(rows, suppliers))


def tabulate_case_mix(table: ReleasedTable, suppliers: Labels, words: Words) -> Table:
    """Each supplier's share beside what its citizens would lead one to expect; in plan order."""
    rows = _by_supplier(table, suppliers)
    cells = tuple(
        (
            suppliers[str(row["supplier"])],
            count_cell(row["n"], words),
            *(share_cell(row[name], words) for name in ("observed", "expected")),
            _points(row["difference"], words),
            _points_interval(row, words),
        )
        for row in rows
    )
    columns = ("supplier", "count", "observed", "expected", "difference", "interval")
    return _table("case_mix", columns, cells, words)


def tabulate_milestones(
    table: ReleasedTable,
    contracts: Labels,
    milestones: Mapping[tuple[str, str], str],
    words: Words,
) -> Table:
    """Milestones in counts and kroner.

    ``contracts`` and ``milestones`` say what to call them; the latter by contract and name.
    """
    require_released(table, ReleasedTable)
    rows = list(table.records())
    counted = ("reached", "due", "invoiced", "clawed_back")
    paid = ("due_dkk", "invoiced_dkk", "clawed_back_dkk")
    cells = tuple(
        (
            milestones[str(row["contract"]), str(row["milestone"])],
            *(count_cell(row[name], words) for name in (*counted, *paid)),
        )
        for row in rows
    )
    groups = group_rows([contracts[str(row["contract"])] for row in rows])
    return _table(
        "milestones",
        ("milestone", *counted, *paid),
        cells,
        words,
        groups=groups if len(groups) > 1 else (),
    )


def tabulate_hand_over(table: ReleasedTable, words: Words) -> Table:
    """Those who left one programme: arrived in the next, waiting, lost from sight."""
    counted = ("left", "arrived", "waiting", "lost", "both")
    rows = tuple(
        (
            words.say("monitor.from_to", origin=row["from"], target=row["to"]),
            *(count_cell(row[name], words) for name in counted),
            number_cell(row["gap_median_weeks"], 1, words),
        )
        for row in _records(table)
    )
    return _table("hand_over", ("programmes", *counted, "gap_weeks"), rows, words)


def tabulate_claims(table: ReleasedTable, claims: Sequence[tuple[str, str]], words: Words) -> Table:
    """Published percentages held against their counts.

    ``claims`` say what each row is about, and the percentage as the language writes it.
    """
    rows = tuple(
        (
            label,
            published,
            words.say("monitor.count_of", count=count_cell(row["count"], words),
                      of=count_cell(row["of"], words)),
            words.say("monitor.claim_can" if row["attainable"] else "monitor.claim_cannot"),
            _nearest(row, words),
        )
        for (label, published), row in zip(claims, _records(table), strict=True)
    )  # fmt: skip
    columns = ("claim", "published", "counted", "attainable", "nearest")
    return _table("claims", columns, rows, words, align="lrrll")


def _table(
    name: str, columns: Sequence[str], rows: tuple[tuple[str, ...], ...], words: Words,
    *, align: str = "", note: str = "", groups: Sequence[tuple[int, str]] = (),
    strong: Sequence[int] = (), supplier: str = "",
) -> Table:  # fmt: skip
    """A table whose caption and headers stand in the catalogue."""
    return Table(
        caption=words.say(f"monitor.table_{name}", supplier=supplier),
        header=tuple(words.say(f"monitor.column_{column}") for column in columns),
        rows=rows,
        align=align or "l" + "r" * (len(columns) - 1),
        note=note or (words.say(key) if words.has(key := f"monitor.note_{name}") else ""),
        strong=tuple(strong),
        groups=tuple(groups),
    )


def _records(table: ReleasedTable) -> Iterable[dict[str, Cell]]:
    return require_released(table, ReleasedTable).records()


def _by_supplier(table: ReleasedTable, suppliers: Labels) -> list[dict[str, Cell]]:
    """The rows of these suppliers, one supplier after the other."""
    rows = list(_records(table))
    return [row for name in suppliers for row in rows if row["supplier"] == name]


def _groups(rows: Sequence[Row], suppliers: Labels) -> tuple[tuple[int, str], ...]:
    """The suppliers as headings within the table, where there are several."""
    names = [suppliers[str(row["supplier"])] for row in rows]
    return group_rows(names) if len(suppliers) > 1 else ()


def _month(row: Row, words: Words) -> str:
    return words.numbers.month(str(row["month"]))


def _share_cells(row: Row, words: Words) -> tuple[str, str]:
    return share_cell(row["share"], words), percent_interval(row, words)


def percent_interval(row: Row, words: Words, digits: int = 1) -> str:
    """The interval of a share in percent; nothing where it is hidden."""
    low, high = (row[name] for name in INTERVAL)
    if isinstance(low, float) and isinstance(high, float):
        return words.interval(low, high, digits, 100.0)
    return ""


def _short_share(cell: Cell, words: Words) -> str:
    return words.numbers.percent(cell, 0) if isinstance(cell, float) else share_cell(cell, words)


def _median_cell(row: Row, words: Words) -> str:
    low, high = (row[name] for name in INTERVAL)
    median = count_cell(row["median_days"], words)
    if isinstance(low, float) and isinstance(high, float):
        return f"{median} {words.interval(low, high, 0)}"
    return median


def _points(cell: Cell, words: Words) -> str:
    if isinstance(cell, float) and math.isfinite(cell):
        return words.numbers.signed(100 * cell, 1)
    return share_cell(cell, words)


def _points_interval(row: Row, words: Words) -> str:
    return percent_interval(row, words)


def _nearest(row: Row, words: Words) -> str:
    ends = [row["nearest_low"], row["nearest_high"]]
    shown: list[str] = [
        words.numbers.percent(end / 100, 1) if isinstance(end, float) else share_cell(end, words)
        for end in ends
    ]
    return shown[0] if shown[0] == shown[1] else words.join(shown)


def _mark(row: Row) -> str:
    """The mark of a small number; nobody of nobody is none."""
    of = row.get("of", row.get("eligible"))
    return FEW if row["small"] == 1 and of else ""


def _note(rows: Sequence[Row], words: Words) -> str:
    """What marks mean, where there are some."""
    few = [words.say("monitor.note_few")] if any(_mark(row) for row in rows) else []
    hidden = any(isinstance(cell, Suppressed) for row in rows for cell in row.values())
    told = [words.say("monitor.note_hidden")] if hidden else []
    return " ".join([words.say("monitor.note_interval"), *few, *told])
