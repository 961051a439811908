"""Every rule of a delivery: one fault each, planted in a small delivery that is sound."""

import datetime as dt
import gzip
import traceback
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from jobeval.errors import DataError
from jobeval.plan.read import read_plan
from jobeval.registers.intake import Intake
from jobeval.registers.rules import RULES, SUPPLIER_RULES
from jobeval.registers.trial import Trial, read_trial
from jobeval.schemas.calendar import monday_of

CANARY = "kz9q"
N = 24
Fault = Callable[[Path], None]

PLAN = """
name = "small"
title = { da = "Lille", en = "Small" }
arms = [
  { name = "control", role = "control", label = { da = "Kontrol", en = "Control" } },
  { name = "offer", role = "treatment", label = { da = "Tilbud", en = "Offer" } },
]
lottery = { strata = ["site"], probability = 0.5 }
follow_up = { horizon_weeks = 52 }
[looks.final]
cut_off = 2017-12-31
[endpoints.work]
kind = "any_hours"
label = { da = "Timer", en = "Hours" }
window_weeks = [0, 26]
[[analyses]]
name = "itt"
endpoint = "work"
estimator = "blocked"
looks = ["final"]
[files.persons]
path = "persons.csv"
separator = ";"
decimal = ","
[files.benefits]
path = "dream.csv"
separator = ";"
[files.hours]
path = "hours.csv"
separator = ";"
decimal = ","
[files.activities]
path = "activities.csv"
separator = ";"
decimal = ","
date_format = "%d-%m-%Y"
missing = ["", "31-12-9999"]
"""


def person(i: int) -> str:
    return f"0{CANARY}{i:02d}"


def sound_delivery(folder: Path) -> None:
    """24 persons at two sites, a year of DREAM, a few jobs and activities."""
    (folder / "trial.toml").write_text(PLAN, encoding="utf-8")
    rows = [
        f"{person(i)};{('control', 'offer')[i % 2]};2016-03-0{1 + i % 7};"
        f"Ærø {CANARY}{i % 4 // 2};19{60 + i};{i / 2}".replace(".", ",")
        for i in range(N)
    ]
    write(folder, "persons.csv", "person_id;arm;randomised_on;site;birth_year;score", *rows)
    weeks = [f"y_16{week:02d}" for week in range(1, 53)]
    codes = ";".join(["730"] * 40 + [""] * 12)
    rows = [f"{person(i)};{codes};{CANARY if i % 2 else ''}" for i in range(N)]
    write(folder, "dream.csv", f"lobenr;{';'.join(weeks)};branche_2016_11", *rows)
    rows = [f"{person(i)};w{i};2016-1{i % 2};{20 + i},37;0" for i in range(N)]
    write(folder, "hours.csv", "person_id;employer_id;month;hours;supported", *rows)
    rows = [
        f"{person(i)};mentor;0{1 + i % 9}-04-2016;{10 + i}-05-2016;{CANARY}" for i in range(N - 4)
    ]
    write(folder, "activities.csv", "person_id;kind;start;end;provider", *rows)


def write(folder: Path, name: str, *lines: str) -> None:
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def edit(name: str, old: str, new: str, times: int = 1) -> Fault:
    def fault(folder: Path) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {name}"
        (folder / name).write_text(text.replace(old, new, times), encoding="utf-8")

    return fault


def declare(name: str, line: str) -> Fault:
    """Declare one thing more of a file in the plan."""
    return edit("trial.toml", f'path = "{name}"', f'path = "{name}"\n{line}')


def replace_bytes(name: str, change: Callable[[bytes], bytes]) -> Fault:
    def fault(folder: Path) -> None:
        (folder / name).write_bytes(change((folder / name).read_bytes()))

    return fault


def append(name: str, *lines: str) -> Fault:
    def fault(folder: Path) -> None:
        with (folder / name).open("a", encoding="utf-8") as stream:
            stream.writelines(line + "\n" for line in lines)

    return fault


def both(*faults: Fault) -> Fault:
    def fault(folder: Path) -> None:
        for one in faults:
            one(folder)

    return fault


def as_parquet(query: str, cut: bool = False) -> Fault:
    """Hours as Parquet, from a query on the CSV ``h``."""

    def fault(folder: Path) -> None:
        path = folder / "hours.parquet"
        con = duckdb.connect()
        con.execute(
            f"CREATE VIEW h AS FROM read_csv('{folder / 'hours.csv'}', delim=';', "
            "decimal_separator=',', header=true, types={'month': 'VARCHAR'})"
        )
        con.execute(f"COPY ({query}) TO '{path}'")
        if cut:
            path.write_bytes(path.read_bytes()[:-40])
        new = 'path = "hours.parquet"\nformat = "parquet"'
        edit("trial.toml", 'path = "hours.csv"', new)(folder)

    return fault


def spells(*rows: str, extracted: str = "") -> Fault:
    """Benefits as spells instead of wide DREAM."""

    def fault(folder: Path) -> None:
        base = [f"{person(i)};2016-01-04;2016-12-01;730" for i in range(N)]
        write(folder, "spells.csv", "person_id;start;end;code", *base, *rows)
        new = 'path = "spells.csv"\nlayout = "spells"' + extracted
        edit("trial.toml", 'path = "dream.csv"', new)(folder)

    return fault


def many_hours(value: str) -> Fault:
    rows = [f"{person(i)};v{j};2016-0{j};{value};0" for i in range(N) for j in range(5, 10)]
    return append("hours.csv", *rows)


def doubled_hours(folder: Path) -> None:
    """Five months of jobs, twice, with another industry each time."""
    rows = [
        f"{person(i)};v{j};2016-0{j};40;0;{industry}"
        for industry in (CANARY, "other")
        for i in range(N)
        for j in range(5, 10)
    ]
    write(folder, "hours.csv", "person_id;employer_id;month;hours;supported;industry", *rows)


def hole_in_hours(folder: Path) -> None:
    """A full March and a full August, and nobody in between."""
    months = ("03", "08")
    rows = [f"{person(i)};v;2016-{m};40;0" for i in range(N) for m in months]
    write(folder, "hours.csv", "person_id;employer_id;month;hours;supported", *rows)


def early_starter(folder: Path) -> None:
    """The dates of persons twice: as the start of the effort too, for one a day too early."""
    lines = (folder / "persons.csv").read_text(encoding="utf-8").splitlines()
    started = ["started_on", "2016-01-01", *[""] * (len(lines) - 2)]
    rows = [f"{line};{start}" for line, start in zip(lines, started, strict=True)]
    write(folder, "persons.csv", *rows)


def acknowledge(rule: str) -> Fault:
    return edit("trial.toml", "[looks.final]", f'[acknowledged]\n{rule} = "ok"\n[looks.final]')


def encode_twice(raw: bytes) -> bytes:
    return raw.decode("cp1252", "ignore").encode()


def link_out(folder: Path) -> None:
    outside = folder.parent / f"outside_{folder.name}.csv"
    outside.write_bytes((folder / "hours.csv").read_bytes())
    (folder / "hours.csv").unlink()
    (folder / "hours.csv").symlink_to(outside)


def valid_cpr(i: int) -> str:
    """An invented number with a valid date and modulus 11."""
    weights = (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
    for serial in range(1000 + 10 * i, 9999):
        number = f"{1 + i:02d}0190{serial}"
        if sum(w * int(d) for w, d in zip(weights, number, strict=True)) % 11 == 0:
            return number
    raise AssertionError


def with_cpr(dash: str, valid: bool) -> Fault:
    def fault(folder: Path) -> None:
        for name in ("persons.csv", "dream.csv", "hours.csv", "activities.csv"):
            text = (folder / name).read_text(encoding="utf-8")
            for i in range(N):
                number = valid_cpr(i) if valid else f"{1 + i:02d}0190{7000 + i}"
                text = text.replace(person(i), number[:6] + dash + number[6:])
            (folder / name).write_text(text, encoding="utf-8")

    return fault


TODAY = dt.datetime.now(tz=dt.UTC).date()
HOURS_CSV = 'hours.csv"\nseparator = "'
HOUR = f"{person(0)};w0;2016-10;20,37;0"
PRICES = """
[cost_benefit]
price_year = 2018
window_weeks = { final = 26 }
[[cost_benefit.prices]]
name = "pension"
label = { da = "Pension", en = "Pension" }
kind = "benefit"
amount_dkk = 100.0
per = "week"
groups = ["foertidspention"]
year = 2018
source = "illustrative assumption"
"""
CASES: list[tuple[str, Fault]] = [
    ("file-missing", edit("trial.toml", "hours.csv", "hour.csv")),
    ("file-outside", link_out),
    ("file-empty", replace_bytes("hours.csv", lambda _: b"")),
    ("file-empty", replace_bytes("hours.csv", lambda raw: raw.split(b"\n")[0] + b"\n")),
    ("file-format", replace_bytes("hours.csv", gzip.compress)),
    ("file-format", declare("hours.csv", 'format = "parquet"')),
    ("file-unreadable", as_parquet("FROM h", cut=True)),
    ("file-unreadable", declare("hours.csv", 'format = "stata"')),
    ("file-too-large", as_parquet("SELECT * EXCLUDE hours, 1.0 AS hours FROM h")),
    ("csv-encoding", replace_bytes("persons.csv", lambda raw: raw.decode().encode("cp1252"))),
    ("csv-encoding", declare("persons.csv", 'encoding = "latin-1"')),
    ("csv-mojibake", replace_bytes("persons.csv", encode_twice)),
    ("csv-nul", edit("hours.csv", HOUR, HOUR.replace("w0", "w\0"))),
    ("csv-separator", edit("trial.toml", f'{HOURS_CSV};"', f'{HOURS_CSV}|"')),
    ("csv-ragged", edit("hours.csv", HOUR, HOUR + ";" + CANARY)),
    ("csv-ragged", edit("hours.csv", HOUR, person(0))),
    ("csv-quote", append("hours.csv", f'"{person(1)};w1;2016-10;3;0')),
    ("columns-duplicated", edit("hours.csv", "employer_id;month", "month;month")),
    ("columns-unnamed", edit("hours.csv", "employer_id;month", ";month")),
    ("columns-missing", edit("hours.csv", "month", "manth")),
    ("column-reserved", edit("persons.csv", "score", "started_week")),
    ("cpr-number", with_cpr("-", valid=True)),
    ("cpr-number", with_cpr("", valid=True)),
    ("cpr-like", with_cpr("-", valid=False)),
    ("cpr-name", edit("persons.csv", "score", "score_0101901234")),
    ("table-refused", lambda folder: None),
    ("value-missing", edit("hours.csv", "20,37", "")),
    ("number-format", edit("hours.csv", "20,37", CANARY)),
    ("number-thousands", edit("hours.csv", "20,37", "1.020,37")),
    ("number-decimal", edit("hours.csv", "20,37", "20.37")),
    ("number-infinite", edit("hours.csv", "20,37", "1e400")),
    ("number-infinite", edit("hours.csv", "20,37", "inf")),
    ("number-infinite", as_parquet("SELECT * REPLACE (CAST('inf' AS DOUBLE) AS hours) FROM h")),
    ("number-range", edit("persons.csv", "1960", "1060")),
    ("number-whole", edit("persons.csv", "1960", "1960,5")),
    ("id-float", as_parquet("SELECT * REPLACE (9007199254740994.0 AS employer_id) FROM h")),
    ("id-padding", edit("hours.csv", "w0;", "w0 ;")),
    ("date-format", edit("activities.csv", "01-04-2016", "2016-04-01")),
    ("date-two-digit-year", edit("activities.csv", "01-04-2016", "01-04-16")),
    ("date-impossible", edit("activities.csv", "01-04-2016", "31-04-2016")),
    ("date-impossible", edit("persons.csv", "2016-03-01", "2015-02-29")),
    ("date-time", edit("persons.csv", "2016-03-01", "2016-03-01 12:30:00")),
    ("date-time", edit("persons.csv", "2016-03-01", "2016-03-01T00:00:00+01:00")),
    ("date-sentinel", edit("persons.csv", "2016-03-01", "1960-01-01")),
    ("date-far-future", edit("activities.csv", "10-05-2016", "31-12-2067")),
    ("month-format", edit("hours.csv", "2016-10;20", "2016-13;20")),
    ("month-format", edit("hours.csv", "2016-10;20", "2016-10-02;20")),
    ("flag-format", edit("hours.csv", "20,37;0", "20,37;2")),
    ("spreadsheet-artefact", edit("hours.csv", "20,37", "3-feb")),
    ("spreadsheet-artefact", edit("hours.csv", "20,37", "1E+05")),
    ("spreadsheet-artefact", edit("persons.csv", f"Ærø {CANARY}0", "#REF!")),
    ("labels-near-duplicate", edit("persons.csv", f"Ærø {CANARY}0", f"ærø  {CANARY}0")),
    ("rows-duplicated", append("hours.csv", HOUR)),
    ("person-duplicated", append("persons.csv", f"{person(0)};control;2016-03-01;S;1960;9")),
    ("person-duplicated", append("dream.csv", f"{person(0)}{';890' * 52};")),
    ("person-in-both-arms", append("persons.csv", f"{person(0)};offer;2016-03-01;S;1960;9")),
    ("arm-unknown", edit("persons.csv", ";offer;", f";ofer{CANARY};")),
    ("arm-empty", edit("persons.csv", ";offer;", ";control;", N)),
    ("allocation", edit("trial.toml", "probability = 0.5", "probability = 0.95")),
    ("randomised-in-future", edit("persons.csv", "2016-03-01", str(TODAY + dt.timedelta(days=3)))),
    ("randomised-after-cut-off", edit("persons.csv", "2016-03-01", "2018-01-01")),
    ("born-after-lottery", edit("persons.csv", "1960", "2018")),
    ("plan-column-missing", edit("trial.toml", '["site"]', '["sites"]')),
    ("dream-week-invalid", edit("dream.csv", "y_1652", "y_1653")),
    ("dream-week-missing", edit("dream.csv", "y_1652", "y_1701")),
    ("dream-code-format", edit("dream.csv", ";730;", f";{CANARY};")),
    ("dream-code-format", edit("dream.csv", ";730;", ";0;")),
    ("dream-code-unknown", edit("dream.csv", ";730;", ";555;")),
    ("spell-empty", edit("activities.csv", "10-05-2016", "01-04-2016")),
    ("spells-overlap", spells(f"{person(0)};2016-05-02;2016-06-01;890")),
    ("event-after-death", edit("dream.csv", ";730;730", ";999;730")),
    ("event-after-extraction", spells(extracted="\nextracted_on = 2016-01-01")),
    ("register-without-roster", append("hours.csv", f"x{CANARY};w0;2016-10;20,37;0")),
    ("roster-without-register", append("persons.csv", f"x{CANARY};offer;2016-03-01;S;1960;9")),
    ("keys-do-not-match", edit("dream.csv", f"0{CANARY}", "1", N)),
    ("keys-padding", edit("hours.csv", f"0{CANARY}", CANARY, N)),
    ("hours-negative", edit("hours.csv", "20,37", "-20,37")),
    ("hours-above-month", edit("hours.csv", "20,37", "745")),
    ("hours-above-300", edit("hours.csv", "20,37", "301")),
    ("hours-unit", many_hours("0,2")),
    ("hours-median", many_hours("5,5")),
    ("job-month-twice", append("hours.csv", HOUR.replace("20,37", "7"))),
    ("jobs-doubled", doubled_hours),
    ("months-empty", hole_in_hours),
    ("started-before-lottery", early_starter),
    ("months-all-zero", append("hours.csv", HOUR.replace("2016-10;20,37", "2016-12;0"))),
    ("activity-unknown", edit("activities.csv", "mentor", CANARY)),
    ("activities-all-unknown", edit("activities.csv", "mentor", "Mentor", times=-1)),
    ("acknowledged-unknown", acknowledge("hours-mdian")),
    ("benefit-group-unknown", append("trial.toml", PRICES)),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    sound_delivery(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def _limits(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Faults that no file of this size shows by itself."""
    rule = request.node.callspec.params.get("rule") if hasattr(request.node, "callspec") else None
    if rule == "file-too-large":
        monkeypatch.setattr("jobeval.registers.files.MAX_ROWS", 10)
    if rule == "table-refused":

        def refuse(*_: object) -> None:
            raise duckdb.ConversionException(f"could not convert {CANARY}")

        monkeypatch.setattr(Intake, "_take_hours", refuse)


def test_a_sound_delivery_has_only_notes(folder: Path) -> None:
    trial = read_trial(folder)
    assert [finding.rule for finding in trial.findings] == ["roster-without-register"]
    assert trial.count("persons") == N
    assert trial.count("benefits") == N
    assert trial.count("industries") == N // 2
    assert trial.count("hours") == N
    assert trial.count("activities") == N - 4


@pytest.mark.parametrize(("rule", "fault"), CASES, ids=[rule for rule, _ in CASES])
def test_each_rule_speaks_and_quotes_no_value(folder: Path, rule: str, fault: Fault) -> None:
    fault(folder)
    if RULES[rule].severity == "W":
        trial = read_trial(folder)
        assert rule in [finding.rule for finding in trial.findings]
        said = repr(trial) + trial._repr_html_() + "".join(map(str, trial.findings))
    else:
        with pytest.raises(DataError) as caught:
            read_trial(folder)
        assert f"[{rule}]" in str(caught.value)
        assert all(problem.mend for problem in caught.value.problems)
        said = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    told = said.replace(str(folder), "")
    assert CANARY not in told
    assert ",37" not in told
    assert valid_cpr(0)[6:] not in told


def test_every_rule_has_a_case() -> None:
    assert {rule for rule, _ in CASES} == set(RULES) - SUPPLIER_RULES


def test_all_findings_come_together(folder: Path) -> None:
    both(
        edit("persons.csv", "1960", "1960,5"),
        edit("hours.csv", "20,37", "-20,37"),
        edit("dream.csv", "y_1652", "y_1653"),
        edit("activities.csv", "01-04-2016", "31-04-2016"),
    )(folder)
    with pytest.raises(DataError) as caught:
        read_trial(folder)
    places = [problem.place for problem in caught.value.problems]
    assert places == ["persons.birth_year", "benefits", "hours.hours", "activities.start"]


def test_counts_are_those_of_the_values(folder: Path) -> None:
    edit("hours.csv", ",37;", ",37x;", 5)(folder)
    with pytest.raises(DataError, match=r"hours\.hours: 5 values are no numbers"):
        read_trial(folder)


def test_a_priced_group_that_is_not_on_the_code_list(folder: Path) -> None:
    append("trial.toml", PRICES)(folder)
    with pytest.raises(DataError, match=r"prices\.pension\.groups.*\n?.*\"foertidspension\""):
        read_trial(folder)


def test_an_acknowledged_warning_is_silent(folder: Path) -> None:
    acknowledge("roster-without-register")(folder)
    assert read_trial(folder).findings == ()


def test_a_byte_order_mark_and_crlf_change_nothing(folder: Path) -> None:
    before = read_trial(folder).digest
    for name in ("persons.csv", "dream.csv", "hours.csv", "activities.csv"):
        crlf = replace_bytes(name, lambda raw: b"\xef\xbb\xbf" + raw.replace(b"\n", b"\r\n"))
        crlf(folder)
    assert read_trial(folder).digest == before


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_separators_at_the_end_of_lines_shift_nothing(folder: Path, encoding: str) -> None:
    before = read_trial(folder).digest
    declare("persons.csv", f'encoding = "{encoding}"')(folder)
    header, *rows = (folder / "persons.csv").read_text(encoding="utf-8").splitlines()
    text = "\n".join([header, *(row + ";" for row in rows)]) + "\n"
    (folder / "persons.csv").write_text(text, encoding=encoding)
    assert read_trial(folder).digest == before


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
def test_declared_encodings_are_read(folder: Path, encoding: str) -> None:
    before = read_trial(folder).digest
    replace_bytes("persons.csv", lambda raw: raw.decode().encode(encoding))(folder)
    declare("persons.csv", f'encoding = "{encoding}"')(folder)
    assert read_trial(folder).digest == before


def test_a_declared_missing_date_is_an_open_end(folder: Path) -> None:
    edit("activities.csv", "10-05-2016", "31-12-9999")(folder)
    trial = read_trial(folder)
    assert trial.activities is not None
    ends = trial.activities.collect("pandas").to_native()["end_week"]
    assert trial.coverage.activities is not None
    assert ends.max() == trial.coverage.activities[1]


def test_missing_words_are_missing_only_when_declared(folder: Path) -> None:
    edit("persons.csv", f"Ærø {CANARY}0", "NA", N)(folder)
    sites = read_trial(folder).persons.collect("pandas").to_native()["site"]
    assert (sites == "NA").sum() == N // 2


def test_coverage_is_what_was_delivered(folder: Path) -> None:
    coverage = read_trial(folder).coverage
    assert coverage.benefits is not None
    assert monday_of(coverage.benefits[0]) == dt.date(2016, 1, 4)
    assert monday_of(coverage.benefits[1]) == dt.date(2017, 1, 2)
    assert coverage.hours == (12 * 2016 + 9, 12 * 2016 + 11)


def test_tables_and_a_connection_exclude_each_other(folder: Path) -> None:
    with pytest.raises(ValueError, match="not both"):
        Trial(plan=read_plan(folder), persons=object(), connection=duckdb.connect())
