"""The tables of a delivery, each declared once.

One declaration validates a delivery, generates the data dictionary and shapes the
synthetic data. ``sources`` are the names under which registers deliver a column.
"""

from dataclasses import dataclass
from typing import Literal

ColumnType = Literal["id", "text", "date", "month", "number", "integer", "flag"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: canonical name, type, and what a reader needs to know of it.

    ``"id"`` is always text. ``"month"`` is the first day of a month or ``YYYY-MM``.
    ``"flag"`` is 0 or 1. A column that is not ``required`` may be absent, one that is
    ``nullable`` may hold missing values.
    """

    name: str
    type: ColumnType
    da: str
    en: str
    required: bool = True
    nullable: bool = False
    unit: str = ""
    low: float | None = None
    high: float | None = None
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TableSchema:
    """One table: its columns, the key that is unique, and whether more columns may follow."""

    name: str
    da: str
    en: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    open: bool = False
    """Further columns are kept (baseline covariates of persons), else they are ignored."""

    def __getitem__(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.required)


PERSON = Column(
    "person_id",
    "id",
    "Pseudonym for personen",
    "Pseudonym of the person",
    sources=("PNR", "lobenr"),
)

PERSONS = TableSchema(
    "persons",
    "Alle, der indgik i lodtrækningen",
    "Everyone who was drawn",
    (
        PERSON,
        Column("arm", "text", "Arm efter lodtrækningen", "Arm of the lottery"),
        Column(
            "randomised_on",
            "date",
            "Dato for lodtrækningen (kræves, når registre leveres)",
            "Date of the lottery (required when registers are delivered)",
            required=False,
        ),
        Column("site", "text", "Jobcenter", "Job centre", required=False),
        Column(
            "benefit_type",
            "text",
            "Ydelse ved lodtrækningen",
            "Benefit at the lottery",
            required=False,
        ),
        Column(
            "eligible",
            "flag",
            "Opfylder målgruppens krav",
            "Meets the target group's criteria",
            required=False,
        ),
        Column(
            "started_on",
            "date",
            "Indsatsens startdato",
            "Start of the effort",
            required=False,
            nullable=True,
        ),
        Column(
            "birth_year",
            "integer",
            "Fødselsår",
            "Year of birth",
            required=False,
            low=1900,
            high=2020,
        ),
        Column("sex", "text", "Køn", "Sex", required=False),
        Column("origin", "text", "Oprindelse", "Origin", required=False),
        Column(
            "probability",
            "number",
            "Sandsynlighed for indsatsen",
            "Probability of treatment",
            required=False,
            low=0,
            high=1,
        ),
    ),
    key=("person_id",),
    open=True,
)

BENEFITS = TableSchema(
    "benefits",
    "Offentlige ydelser som forløb",
    "Public benefits as spells",
    (
        PERSON,
        Column("start", "date", "Første dag", "First day"),
        Column("end", "date", "Dagen efter den sidste", "Day after the last", nullable=True),
        Column("code", "integer", "DREAM-kode", "DREAM code", low=100, high=999),
    ),
)

BENEFITS_WIDE = TableSchema(
    "benefits (DREAM)",
    "DREAM: én kolonne pr. uge (y_ÅÅUU), branche pr. måned (branche_ÅÅÅÅ_MM)",
    "DREAM: a column a week (y_YYWW), industry by month (branche_YYYY_MM)",
    (PERSON,),
    key=("person_id",),
    open=True,
)

HOURS = TableSchema(
    "hours",
    "Lønmodtagertimer: job × måned (BFL)",
    "Paid hours: job × month (BFL)",
    (
        PERSON,
        Column(
            "employer_id",
            "id",
            "Arbejdssted",
            "Workplace",
            required=False,
            sources=("ARB_STED_ID", "SENR"),
        ),
        Column("month", "month", "Måned", "Month", sources=("AJO_JOB_MAANED",)),
        Column(
            "hours",
            "number",
            "Betalte timer",
            "Paid hours",
            unit="hours a month",
            sources=("AJO_LOENTIMER",),
        ),
        Column(
            "supported",
            "flag",
            "Støttet job (løntilskud, fleksjob)",
            "Supported job (wage subsidy, flexjob)",
            sources=("STOETTE_BESK_KODE",),
        ),
        Column(
            "imputed",
            "flag",
            "Imputerede timer",
            "Imputed hours",
            required=False,
            sources=("AJO_LOENTIME_KODE",),
        ),
        Column(
            "industry",
            "text",
            "Branche",
            "Industry",
            required=False,
            nullable=True,
            sources=("ARB_HOVED_BRA_DB07",),
        ),
        Column(
            "earnings_dkk",
            "number",
            "Løn",
            "Earnings",
            required=False,
            nullable=True,
            unit="DKK a month",
            sources=("AJO_BREDT_LOENBELOEB", "AJO_SMALT_LOENBELOEB"),
        ),
    ),
)

ACTIVITY_KINDS: tuple[str, ...] = (
    "snusepraktik",
    "virksomhedspraktik",
    "loentilskud",
    "mentor",
    "contact",
    "education",
)

ACTIVITIES = TableSchema(
    "activities",
    "Jobcentrets aktiviteter som forløb",
    "Activities of the job centre, as spells",
    (
        PERSON,
        Column("kind", "text", "Art", "Kind"),
        Column("start", "date", "Første dag", "First day"),
        Column("end", "date", "Dagen efter den sidste", "Day after the last", nullable=True),
        Column("company_id", "id", "Virksomhed", "Company", required=False, nullable=True),
        Column("industry", "text", "Branche", "Industry", required=False, nullable=True),
        Column("provider", "text", "Leverandør", "Provider", required=False, nullable=True),
        Column(
            "planned_hours",
            "number",
            "Planlagte timer",
            "Planned hours",
            required=False,
            nullable=True,
            unit="hours a week",
            low=0,
            high=168,
        ),
        Column(
            "actual_hours",
            "number",
            "Faktiske timer",
            "Actual hours",
            required=False,
            nullable=True,
            unit="hours a week",
            low=0,
            high=168,
        ),
    ),
)

PARTICIPANTS = TableSchema(
    "participants",
    "Borgere i forløb hos leverandører: én række pr. borger og forløb (monitorering)",
    "Citizens in courses of suppliers: one row a citizen and course (monitoring)",
    (
        PERSON,
        Column("supplier", "text", "Leverandør", "Supplier"),
        Column("programme", "text", "Indsats", "Programme", required=False),
        Column("started_on", "date", "Forløbets første dag", "First day of the course"),
        Column(
            "ended_on",
            "date",
            "Dagen, hvor forløbet sluttede",
            "Day on which the course ended",
            required=False,
            nullable=True,
        ),
        Column(
            "end_reason",
            "text",
            "Hvorfor forløbet sluttede",
            "Why the course ended",
            required=False,
            nullable=True,
        ),
        Column(
            "birth_year",
            "integer",
            "Fødselsår",
            "Year of birth",
            required=False,
            nullable=True,
            low=1900,
            high=2030,
        ),
        Column("sex", "text", "Køn", "Sex", required=False, nullable=True),
        Column(
            "benefit_type",
            "text",
            "Ydelse ved forløbets start",
            "Benefit at the start of the course",
            required=False,
            nullable=True,
        ),
    ),
    open=True,
)

JOB_KINDS: tuple[str, ...] = ("ordinary", "flexjob", "subsidised", "education")

JOBS = TableSchema(
    "jobs",
    "Job som forløb (monitorering)",
    "Jobs as spells (monitoring)",
    (
        PERSON,
        Column("employer_id", "id", "Arbejdssted", "Workplace", required=False, nullable=True),
        Column(
            "kind",
            "text",
            "Art: ordinary (ordinært), flexjob, subsidised (løntilskud) eller education",
            "Kind: ordinary, flexjob, subsidised or education",
        ),
        Column("start", "date", "Første dag", "First day"),
        Column("end", "date", "Dagen efter den sidste", "Day after the last", nullable=True),
        Column(
            "hours",
            "number",
            "Betalte timer i alt i rækken",
            "Paid hours in all in the row",
            required=False,
            nullable=True,
            unit="hours",
            low=0,
            high=20_000,
        ),
        Column(
            "hours_per_week",
            "number",
            "Timer om ugen",
            "Hours a week",
            required=False,
            nullable=True,
            unit="hours a week",
            low=0,
            high=168,
        ),
        Column("industry", "text", "Branche", "Industry", required=False, nullable=True),
        Column(
            "registered_on",
            "date",
            "Dagen, hvor rækken blev kendt",
            "Day on which the row was known",
            required=False,
            nullable=True,
        ),
    ),
)

INVOICES = TableSchema(
    "invoices",
    "Fakturerede milepæle (resultatkontrakter)",
    "Milestones that were invoiced (results contracts)",
    (
        PERSON,
        Column("contract", "text", "Kontrakt", "Contract"),
        Column("milestone", "text", "Milepæl", "Milestone"),
        Column("invoiced_on", "date", "Fakturadato", "Date of the invoice"),
        Column("amount_dkk", "number", "Beløb", "Amount", unit="DKK"),
    ),
)

TABLES: tuple[TableSchema, ...] = (
    PERSONS,
    BENEFITS,
    BENEFITS_WIDE,
    HOURS,
    ACTIVITIES,
    PARTICIPANTS,
    JOBS,
    INVOICES,
)
