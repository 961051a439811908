"""From the columns of a delivery to typed columns: strictly, by the schema, in the engine.

Every raw value either converts, is one of the declared missing texts, or is counted under
the first rule that it breaks. Names of columns are quoted, never run.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import duckdb

from jobeval.errors import did_you_mean
from jobeval.registers.engine import fetch_row, literal, quoted
from jobeval.registers.findings import Findings
from jobeval.schemas.tables import Column, TableSchema

_NUMERIC = re.compile(r"^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|REAL|DECIMAL.*)$")
_ARTEFACT = r"^#|^[0-9]+([.,][0-9]+)?[eE][+-]?[0-9]{1,2}$|^[0-9]{1,2}[-. ][A-Za-zæøå]{3,4}\.?$"
_INFINITE = r"^[+-]?(inf|infinity|[0-9.,]+e\+?[0-9]{3,})$"
Case = tuple[str, str]
"""A condition in SQL, and the rule that is broken where it holds."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the texts of a delivery are written."""

    decimal: str = "."
    date_format: str = "%Y-%m-%d"
    missing: tuple[str, ...] = ("",)
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """A raw column: its quoted name and the type the engine gave it."""

    name: str
    type: str

    @property
    def is_text(self) -> bool:
        return not (self.is_number or self.is_day or self.type == "BOOLEAN")

    @property
    def is_number(self) -> bool:
        return bool(_NUMERIC.match(self.type))

    @property
    def is_float(self) -> bool:
        return self.type.startswith(("FLOAT", "DOUBLE", "REAL", "DECIMAL"))

    @property
    def is_day(self) -> bool:
        return self.type.startswith(("DATE", "TIMESTAMP"))


@dataclass(frozen=True, slots=True)
class Typed:
    """How a raw column becomes a canonical one: its value, and what may be wrong with it."""

    value: str
    cases: tuple[Case, ...] = ()


def read_sources(con: duckdb.DuckDBPyConnection, table: str) -> dict[str, Source]:
    """The columns of a table in the engine."""
    rows = con.execute(f"DESCRIBE {quoted(table)}").fetchall()
    return {name: Source(name, kind) for name, kind, *_ in rows}


def find_sources(
    schema: TableSchema, known: Mapping[str, Source], dialect: Dialect, findings: Findings
) -> dict[str, Source]:
    """Which raw column holds each canonical one: as declared, by its name, by a register's."""
    folded = {name.casefold(): source for name, source in known.items()}
    found: dict[str, Source] = {}
    for column in schema.columns:
        declared = dialect.columns.get(column.name)
        if declared is not None:
            source = known.get(declared)
        else:
            names = (column.name, *column.sources)
            hits = (folded.get(name.casefold()) for name in names)
            source = known.get(column.name) or next((hit for hit in hits if hit), None)
        if source is not None:
            found[column.name] = source
        elif column.required or declared is not None:
            hint = _missing_hint(column, declared, [*known])
            findings.add("columns-missing", schema.name, column.name, hint=hint)
    return found


def _missing_hint(column: Column, declared: str | None, known: list[str]) -> str:
    wanted = declared or column.name
    guess = did_you_mean(wanted, known) if len(known) <= 40 else ""
    hint = guess if guess.startswith("did you mean") else ""
    return f"Deliver it, or name it in columns of [files]{'; ' + hint if hint else '.'}"


def with_missing(source: Source, dialect: Dialect) -> str:
    """The raw value in SQL, NULL where it is one of the declared missing texts."""
    name = quoted(source.name)
    texts = ", ".join(literal(text) for text in dialect.missing)
    if source.is_text:
        name = name if source.type == "VARCHAR" else f"CAST({name} AS VARCHAR)"
        return f"CASE WHEN {name} IN ({texts}) THEN NULL ELSE {name} END" if texts else name
    if source.is_day and texts:
        return f"CASE WHEN CAST({name} AS VARCHAR) IN ({texts}) THEN NULL ELSE {name} END"
    if source.is_float:
        return f"CASE WHEN isnan(CAST({name} AS DOUBLE)) THEN NULL ELSE {name} END"
    return name


def typed_column(column: Column, source: Source, raw: str, dialect: Dialect) -> Typed:
    """How the raw value ``raw`` becomes the canonical column."""
    makers = {
        "id": _typed_id,
        "text": _typed_text,
        "date": _typed_date,
        "month": _typed_month,
        "number": typed_number,
        "integer": typed_number,
        "flag": _typed_flag,
    }
    typed = makers[column.type](source, raw, dialect)
    cases = list(typed.cases)
    if column.type == "integer":
        cases.append((f"{typed.value} <> floor({typed.value})", "number-whole"))
        typed = Typed(f"CAST({typed.value} AS INTEGER)")
    bounds = [(column.low, "<"), (column.high, ">")]
    cases += [(f"{typed.value} {op} {at}", "number-range") for at, op in bounds if at is not None]
    if not column.nullable:
        cases.insert(0, (f"{raw} IS NULL", "value-missing"))
    return Typed(typed.value, tuple(cases))


def _typed_id(source: Source, raw: str, dialect: Dialect) -> Typed:
    if source.is_float:
        whole = f"TRY_CAST({raw} AS BIGINT)"
        lossy = f"{raw} <> floor({raw}) OR abs({raw}) > 9007199254740992 OR {whole} IS NULL"
        return Typed(
            f"CAST({whole} AS VARCHAR)", ((f"{raw} IS NOT NULL AND ({lossy})", "id-float"),)
        )
    if not source.is_text:
        return Typed(f"CAST({raw} AS VARCHAR)")
    artefact = (f"regexp_matches({raw}, '^#|^[0-9]+[.,][0-9]+[eE][+]')", "spreadsheet-artefact")
    return Typed(raw, (artefact, (f"{raw} <> trim({raw})", "id-padding")))


def _typed_text(source: Source, raw: str, dialect: Dialect) -> Typed:
    if source.is_float:
        whole = f"TRY_CAST({raw} AS BIGINT)"
        short = f"CAST({whole} AS VARCHAR)"
        return Typed(f"CASE WHEN {raw} = {whole} THEN {short} ELSE CAST({raw} AS VARCHAR) END")
    if not source.is_text:
        return Typed(f"CAST({raw} AS VARCHAR)")
    return Typed(
        f"nfc_normalize(trim({raw}))",
        ((f"starts_with({raw}, '#REF!') OR starts_with({raw}, '#N/A')", "spreadsheet-artefact"),),
    )


def plain_number_sql(raw: str, dialect: Dialect) -> str:
    """Whether texts are numbers, in SQL; a leading zero makes a code of them."""
    mark = dialect.decimal
    return f"{_matches(raw, _plain(mark))} AND NOT {_matches(raw, '^[+-]?0[0-9]')}"


def _plain(mark: str) -> str:
    return rf"^[+-]?([0-9]+([{mark}][0-9]*)?|[{mark}][0-9]+)$"


def typed_number(source: Source, raw: str, dialect: Dialect) -> Typed:
    """A number in SQL, and what is wrong where a text is none."""
    if source.is_number or source.type == "BOOLEAN":
        value = f"CAST({raw} AS DOUBLE)"
        return Typed(value, ((f"isinf({value})", "number-infinite"),))
    if source.is_day:
        return Typed("CAST(NULL AS DOUBLE)", ((f"{raw} IS NOT NULL", "number-format"),))
    mark, other = (",", ".") if dialect.decimal == "," else (".", ",")
    pointed = f"replace({raw}, ',', '.')" if mark == "," else raw
    value = f"TRY_CAST({pointed} AS DOUBLE)"
    thousands = rf"^[+-]?[0-9]{{1,3}}([{other}][0-9]{{3}})+([{mark}][0-9]+)?$"
    cases = (
        (_matches(f"lower({raw})", _INFINITE), "number-infinite"),
        (_matches(raw, _ARTEFACT), "spreadsheet-artefact"),
        (_matches(raw, thousands), "number-thousands"),
        (_matches(raw, rf"^[+-]?[0-9]*[{other}][0-9]+$"), "number-decimal"),
        (f"NOT {_matches(raw, _plain(mark))}", "number-format"),
        (f"isinf({value})", "number-infinite"),
    )
    return Typed(value, cases)


def _typed_flag(source: Source, raw: str, dialect: Dialect) -> Typed:
    if source.type == "BOOLEAN":
        return Typed(raw)
    if source.is_number:
        return Typed(f"{raw} = 1", ((f"{raw} NOT IN (0, 1)", "flag-format"),))
    text = f"lower(CAST({raw} AS VARCHAR))"
    return Typed(
        f"{text} IN ('1', 'true')", ((f"{text} NOT IN ('0', '1', 'true', 'false')", "flag-format"),)
    )


def _typed_date(source: Source, raw: str, dialect: Dialect) -> Typed:
    if source.is_day:
        return _typed_day(source, raw)
    if not source.is_text:
        return Typed("CAST(NULL AS DATE)", ((f"{raw} IS NOT NULL", "date-format"),))
    text = f"regexp_replace({raw}, ' 00:00:00$', '')" if dialect.date_format == "%Y-%m-%d" else raw
    value = f"CAST(try_strptime({text}, {literal(dialect.date_format)}) AS DATE)"
    form = _date_pattern(dialect.date_format)
    cases = (
        (_matches(raw, _ARTEFACT), "spreadsheet-artefact"),
        (_matches(raw, _date_pattern(dialect.date_format, "[0-9]{2}")), "date-two-digit-year"),
        (
            _matches(raw, r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T]([1-9]|0[1-9]|00:0?[0-9:]*[1-9]|.*\+)"),
            "date-time",
        ),
        (f"NOT {_matches(text, form)}", "date-format"),
        (f"{raw} IS NOT NULL AND {value} IS NULL", "date-impossible"),
        *_odd_dates(value),
    )
    return Typed(value, cases)


def _typed_day(source: Source, raw: str) -> Typed:
    value = f"CAST({raw} AS DATE)"
    if source.type == "DATE":
        return Typed(value, _odd_dates(value))
    timed = "true" if "TIME ZONE" in source.type else f"{raw} <> date_trunc('day', {raw})"
    return Typed(value, ((f"{raw} IS NOT NULL AND {timed}", "date-time"), *_odd_dates(value)))


def _odd_dates(value: str) -> tuple[Case, ...]:
    return (
        (f"{value} IN (DATE '1900-01-01', DATE '1960-01-01')", "date-sentinel"),
        (f"{value} >= DATE '2060-01-01'", "date-far-future"),
    )


def _typed_month(source: Source, raw: str, dialect: Dialect) -> Typed:
    day = f"CAST({raw} AS DATE)"
    cases: tuple[Case, ...] = ()
    if source.is_text:
        short = _matches(raw, "^[0-9]{4}-[0-9]{2}$")
        full = _typed_date(source, raw, dialect)
        month = f"try_strptime({raw} || '-01', '%Y-%m-%d')"
        day = f"CASE WHEN {short} THEN CAST({month} AS DATE) ELSE {full.value} END"
        cases = ((f"NOT {short} AND ({full.value}) IS NULL", "month-format"),)
    elif not source.is_day:
        return Typed("CAST(NULL AS INTEGER)", ((f"{raw} IS NOT NULL", "month-format"),))
    value = f"CAST(12 * year({day}) + month({day}) - 1 AS INTEGER)"
    odd = (f"{raw} IS NOT NULL AND (({day}) IS NULL OR day({day}) <> 1)", "month-format")
    return Typed(value, (*cases, odd, *_odd_dates(f"({day})")))


def _matches(value: str, pattern: str) -> str:
    return f"regexp_matches({value}, {literal(pattern)})"


def _date_pattern(form: str, year: str = "[0-9]{4}") -> str:
    """A regular expression of a date format of ``%Y``, ``%m`` and ``%d``."""
    pattern = re.escape(form).replace("%Y", year)
    return "^" + pattern.replace("%m", "[0-9]{1,2}").replace("%d", "[0-9]{1,2}") + "$"


def build_typed(
    con: duckdb.DuckDBPyConnection,
    table: str,
    schema: TableSchema,
    dialect: Dialect,
    findings: Findings,
    extras: Mapping[str, str] | None = None,
) -> bool:
    """Replace the raw table ``raw_<table>`` by ``typed_<table>`` with canonical columns.

    Columns that may be absent and are, become NULL; ``extras`` are further columns by name,
    as SQL. Returns whether the table was built;
    it is not where a required column is missing or a value does not convert.
    """
    sources = find_sources(schema, read_sources(con, f"raw_{table}"), dialect, findings)
    typed = {
        column.name: typed_column(
            column, sources[column.name], with_missing(sources[column.name], dialect), dialect
        )
        for column in schema.columns
        if column.name in sources
    }
    count_cases(con, f"raw_{table}", schema, typed, dialect, findings)
    if findings.refuses(schema.name):
        return False
    values = [
        f"{typed[c.name].value if c.name in typed else _absent(c)} AS {quoted(c.name)}"
        for c in schema.columns
    ]
    values += [f"{value} AS {quoted(name)}" for name, value in (extras or {}).items()]
    con.execute(
        f"CREATE OR REPLACE TABLE {quoted('typed_' + table)} AS "
        f"SELECT {', '.join(values)} FROM {quoted('raw_' + table)}"
    )
    return True


def _absent(column: Column) -> str:
    kinds = {"date": "DATE", "month": "INTEGER", "number": "DOUBLE", "integer": "INTEGER"}
    return (
        f"CAST(NULL AS {kinds.get(column.type, 'BOOLEAN' if column.type == 'flag' else 'VARCHAR')})"
    )


def count_cases(
    con: duckdb.DuckDBPyConnection,
    table: str,
    schema: TableSchema,
    typed: Mapping[str, Typed],
    dialect: Dialect,
    findings: Findings,
) -> None:
    """Count, in one pass, how many values of each column break which rule first."""
    with_cases = {name: one.cases for name, one in typed.items() if one.cases}
    if not with_cases:
        return
    chosen = [
        "histogram(CASE "
        + " ".join(f"WHEN {condition} THEN {literal(rule)}" for condition, rule in cases)
        + " END)"
        for cases in with_cases.values()
    ]
    row = fetch_row(con, f"SELECT {', '.join(chosen)} FROM {quoted(table)}")
    for name, counts in zip(with_cases, row, strict=True):
        column = schema[name]
        bounds = f"{column.low} to {column.high}"
        for rule, count in (counts or {}).items():
            expected = dialect.date_format
            findings.add(rule, schema.name, name, count, bounds=bounds, expected=expected)
