"""The data dictionary, written from the declarations that check a delivery."""

from collections.abc import Iterable

from jobeval.registers.rules import RULES
from jobeval.schemas.calendar import monday_of
from jobeval.schemas.dream import ALWAYS, DreamCodes, read_dream_codes
from jobeval.schemas.tables import ACTIVITY_KINDS, TABLES, Column, TableSchema

_HEAD = """# Data dictionary

Generated from `schemas/` and `registers/rules.py` by `jobeval.registers.dictionary`; do not edit.

What a delivery looks like, what is checked at the door, and what the codes mean. Spells are
half-open: `end` is the day after the last day, and an empty `end` is open. A benefit or an
activity on one day of a week holds for that week; a week belongs to the month of its Thursday.
"""


def describe_tables() -> str:
    """The data dictionary as Markdown: tables, DREAM codes and the rules of a delivery.

    >>> describe_tables().splitlines()[0]
    '# Data dictionary'
    """
    parts = [_HEAD, *(_describe_table(table) for table in TABLES), _describe_codes()]
    return "\n".join([*parts, _describe_rules()])


def _describe_table(table: TableSchema) -> str:
    rows = [
        (
            f"`{column.name}`",
            column.type,
            column.en,
            column.da,
            _presence(column),
            _bounds(column),
            ", ".join(f"`{name}`" for name in column.sources),
        )
        for column in table.columns
    ]
    head = ("column", "type", "English", "Dansk", "must be there", "unit, bounds", "also called")
    key = f"Key: {', '.join(f'`{name}`' for name in table.key)}. " if table.key else ""
    kinds = f"Kinds: {', '.join(ACTIVITY_KINDS)}. " if table.name == "activities" else ""
    more = "Further columns are kept." if table.open else "Further columns are ignored."
    text = f"## {table.name}\n\n{table.en} / {table.da}. {key}{kinds}{more}\n"
    return f"{text}\n{_markdown(head, rows)}"


def _presence(column: Column) -> str:
    if not column.required:
        return "no"
    return "yes, cells may be empty" if column.nullable else "yes"


def _bounds(column: Column) -> str:
    bounds = f"{column.low:g} to {column.high:g}" if column.low is not None else ""
    return ", ".join(part for part in (column.unit, bounds) if part)


def _describe_codes() -> str:
    rows = [
        (_range(row), _validity(row), f"`{row.group}`", row.en, row.da, "yes" if row.digits else "")
        for row in read_dream_codes()
    ]
    head = ("codes", "valid", "group", "English", "Dansk", "last digit counts")
    text = (
        "## DREAM codes\n\nWhere the last digit counts: 0 passive, 1 and 3 guidance, "
        "4 education, 5 and 6 wage subsidy, 7 and 8 company placement, 9 community work.\n"
    )
    return f"{text}\n{_markdown(head, rows)}"


def _range(row: DreamCodes) -> str:
    return str(row.first) if row.first == row.last else f"{row.first}–{row.last}"


def _validity(row: DreamCodes) -> str:
    if (row.start_week, row.end_week) == ALWAYS:
        return ""
    return f"weeks from {monday_of(row.start_week)} until {monday_of(row.end_week)}"


def _describe_rules() -> str:
    severities = {"E": "refused", "W": "noted"}
    rows = [
        (f"`{rule.id}`", severities[rule.severity], rule.sentence, rule.mend)
        for rule in RULES.values()
    ]
    text = (
        "## Rules of a delivery\n\nAll findings come together. What is noted can be acknowledged "
        'in the plan, with a reason: `[acknowledged]`, `rule = "reason"`.\n'
    )
    return f"{text}\n{_markdown(('rule', 'a delivery is', 'sentence', 'mend'), rows)}"


def _markdown(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = tuple(head)
    lines = [head, ("---",) * len(head), *rows]
    escaped = (" | ".join(cell.replace("|", "\\|") for cell in line) for line in lines)
    return "\n".join(f"| {line} |" for line in escaped) + "\n"
