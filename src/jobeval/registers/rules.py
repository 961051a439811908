"""Every rule that a delivery is held against, with its sentence and its mend.

``{count}`` and named details are filled in by the finding; a detail is a name of a column, a
rule of the plan or a DREAM code, never a value of a person.
"""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["E", "W"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: ``E`` refuses the delivery, ``W`` is noted in the report."""

    id: str
    severity: Severity
    sentence: str
    mend: str


def _rule(id: str, sentence: str, mend: str) -> Rule:
    return Rule(id, "E", sentence, mend)


def _note(id: str, sentence: str, mend: str) -> Rule:
    return Rule(id, "W", sentence, mend)


_FILES = (
    _rule(
        "file-missing",
        "the file is not in the folder of the plan.",
        "Put it there, or correct path in [files].",
    ),
    _rule(
        "file-outside",
        "the path leaves the trial folder.",
        "Put the file itself into the trial folder; links out of it are not followed.",
    ),
    _rule(
        "file-empty",
        "holds no rows.",
        "Deliver it again; leave the table out of [files] when there is none.",
    ),
    _rule(
        "file-format",
        "the content is {found}, not {expected}.",
        "Unpack or convert the file, or correct format in [files].",
    ),
    _rule(
        "file-unreadable",
        "cannot be read as {expected}; it is cut short or damaged.",
        "Copy or deliver it again, and compare the checksums.",
    ),
    _rule(
        "table-refused",
        "the engine could not take it in ({kind}).",
        "Compare the columns with the data dictionary.",
    ),
    _rule(
        "file-too-large",
        "declares {count} rows, more than any register of this kind holds.",
        "Deliver the persons of the trial only.",
    ),
    _rule(
        "csv-encoding",
        "is not {encoding}.",
        'Set encoding = "{suggestion}" in [files], or save the file again.',
    ),
    _rule(
        "csv-mojibake",
        "{count} lines hold letters that were decoded wrongly (two odd characters for one).",
        "Export the file again; it was read with one encoding and saved with another.",
    ),
    _rule("csv-nul", "holds NUL bytes.", "Export the file again as plain text."),
    _rule(
        "csv-separator",
        'is one column with the declared separator "{declared}".',
        'Set separator = "{suggestion}" in [files].',
    ),
    _rule(
        "csv-ragged",
        "{count} rows have more or fewer cells than the header.",
        "Look for separators within cells or at the end of lines, and quote or remove them.",
    ),
    _rule(
        "csv-quote",
        "{count} rows hold a quotation mark that is not closed.",
        "Close the mark, or double it within a quoted cell.",
    ),
    _rule(
        "columns-duplicated",
        "{count} column names stand twice: {names}.",
        "Give each column a name of its own.",
    ),
    _rule(
        "columns-unnamed",
        "{count} columns have no name.",
        "Name them, or remove the separator at the end of the header.",
    ),
    _rule("columns-missing", "the column is not there.", "{hint}"),
    _rule(
        "column-reserved",
        "the name is kept for a column that jobeval makes.",
        "Give the column another name.",
    ),
    _rule(
        "cpr-number",
        "{count} values are CPR numbers.",
        "Pseudonymise with a key before the data come here.",
    ),
    _rule(
        "cpr-name",
        "a file or column name holds what looks like a CPR number.",
        "Rename it.",
    ),
    _note(
        "cpr-like",
        "{count} values have the form of CPR numbers.",
        "Make sure that they are pseudonyms.",
    ),
)

_VALUES = (
    _rule(
        "value-missing",
        "{count} values are missing.",
        "Fill them, or remove the rows and say so in the plan.",
    ),
    _rule(
        "number-format",
        "{count} values are no numbers.",
        "Write plain numbers; declare codes for missing values in missing.",
    ),
    _rule(
        "number-thousands",
        "{count} numbers seem to hold a thousands separator.",
        "Export without it, or correct decimal in [files].",
    ),
    _rule(
        "number-decimal",
        "{count} numbers do not use the declared decimal mark.",
        "Correct decimal in [files].",
    ),
    _rule(
        "number-infinite",
        "{count} numbers are infinite or too large.",
        "Correct them, or leave the cells empty.",
    ),
    _rule("number-range", "{count} numbers lie outside {bounds}.", "Correct them."),
    _rule("number-whole", "{count} numbers are not whole.", "Deliver whole numbers."),
    _rule(
        "id-float",
        "{count} ids are decimal numbers, or too long for one.",
        "Deliver ids as text, so that no digit is lost.",
    ),
    _rule(
        "id-padding",
        "{count} ids begin or end with a space.",
        "Remove the spaces in every table alike.",
    ),
    _rule(
        "date-format",
        "{count} values are not dates of the form {expected}.",
        "Use one form throughout and declare it as date_format.",
    ),
    _rule(
        "date-two-digit-year",
        "{count} dates have a year of two digits.",
        "Export years with four digits.",
    ),
    _rule(
        "date-impossible",
        "{count} dates do not exist in the calendar.",
        "Correct them, or correct the order of day and month in date_format.",
    ),
    _rule(
        "date-time",
        "{count} dates carry a time of day or a time zone.",
        "Deliver dates only.",
    ),
    _rule(
        "date-sentinel",
        "{count} dates are 1900-01-01 or 1960-01-01, which stand for a missing date.",
        "Declare them in missing, or leave the cells empty.",
    ),
    _rule(
        "date-far-future",
        "{count} dates lie after 2060.",
        "Where they mean an open end, declare them in missing.",
    ),
    _rule(
        "month-format",
        "{count} values are not months: YYYY-MM or the first day of a month.",
        "Deliver months in one of these forms.",
    ),
    _rule("flag-format", "{count} values are neither 0 nor 1.", "Recode the column to 0 and 1."),
    _rule(
        "spreadsheet-artefact",
        "{count} values were changed by a spreadsheet (3-feb, #REF!, 1E+05).",
        "Export from the register again, without opening the file in a spreadsheet.",
    ),
    _rule(
        "labels-near-duplicate",
        "{count} labels differ from another one only by case, spaces or accents' encoding.",
        "Spell each label in one way.",
    ),
    _rule(
        "rows-duplicated",
        "{count} rows are copies of another row.",
        "Remove them; the file or a part of it was delivered twice.",
    ),
)

_PERSONS = (
    _rule("person-duplicated", "{count} persons stand more than once.", "Keep one row a person."),
    _rule(
        "person-in-both-arms",
        "{count} persons stand in both arms.",
        "Go back to the protocol of the lottery.",
    ),
    _rule("arm-unknown", "{count} rows hold an arm that the plan does not know.", "{hint}"),
    _rule(
        "arm-empty",
        'nobody is in the arm "{arm}".',
        "Correct the arms of the plan, or deliver everybody who was drawn.",
    ),
    _note(
        "allocation",
        "the arms are of sizes that the planned lottery would hardly give (p < 0.001).",
        "Look for persons who were left out after the draw.",
    ),
    _rule(
        "randomised-in-future",
        "{count} persons were drawn after today.",
        "Correct the dates of the lottery.",
    ),
    _note(
        "randomised-after-cut-off",
        "{count} persons were drawn after the last cut-off and take part in no analysis.",
        "Move the cut-off of the last look, if they belong to the trial.",
    ),
    _note(
        "started-before-lottery",
        "{count} persons started the effort before their lottery.",
        "Check the dates; who was in the effort already should not have been drawn.",
    ),
    _rule(
        "born-after-lottery",
        "{count} persons were born after they were drawn.",
        "Correct birth_year or the date of the lottery.",
    ),
    _rule(
        "plan-column-missing",
        "the plan names it as {role}, and persons do not have it.",
        "{hint}",
    ),
)

_REGISTERS = (
    _rule(
        "dream-week-invalid",
        "{count} weekly columns name a week that does not exist: {names}.",
        "Week 53 exists in few years only; correct the names.",
    ),
    _note(
        "dream-week-missing",
        "{count} weeks between the first and the last have no column, "
        "and count as weeks without registration.",
        "Deliver every week.",
    ),
    _rule(
        "dream-code-format",
        "{count} cells hold no DREAM code of three digits.",
        "Declare codes for missing values in missing.",
    ),
    _rule(
        "dream-code-unknown",
        "{count} codes are not on the code list in the weeks where they stand: {codes}.",
        "Compare with the code list in the data dictionary, and have it extended.",
    ),
    _rule(
        "spell-empty",
        "{count} spells end before or on their first day.",
        "The end is the day after the last day: [start, end).",
    ),
    _note(
        "spells-overlap",
        "{count} spells overlap another spell of the person with another code.",
        "The priority of states in the plan decides; check the extract.",
    ),
    _rule(
        "event-after-death",
        "{count} persons have registrations after their death.",
        "Check the person key between the registers.",
    ),
    _rule(
        "event-after-extraction",
        "{count} rows begin after the register was extracted.",
        "Correct extracted_on in [files], or the dates.",
    ),
    _note(
        "register-without-roster",
        "{count} persons are not among those drawn, and were left out.",
        "Nothing to do when the extract holds more than the trial.",
    ),
    _note(
        "roster-without-register",
        "{count} drawn persons have no row.",
        "Nothing to do when the register holds only persons with registrations.",
    ),
    _rule(
        "keys-do-not-match",
        "only {share} % of the persons drawn are found.",
        "Use the same person key in every table.",
    ),
    _rule(
        "keys-padding",
        "{count} more persons would be found without leading zeros, spaces and case.",
        "Write the person key in one way in every table.",
    ),
    _rule(
        "hours-negative",
        "{count} rows hold negative hours.",
        "Set corrections = true in [files.hours] when they correct the same job and month.",
    ),
    _rule(
        "hours-above-month",
        "{count} rows hold more hours than the month has.",
        "Check unit in [files.hours].",
    ),
    _note(
        "hours-above-300", "{count} rows hold more than 300 hours a month.", "Check the extract."
    ),
    _rule(
        "hours-unit",
        "the typical positive value is not one of {unit}.",
        "Check unit in [files.hours].",
    ),
    _note(
        "hours-median",
        "the median of positive hours lies outside 20 to 200 a month.",
        "Check unit in [files.hours].",
    ),
    _note(
        "job-month-twice",
        "{count} rows repeat a person, workplace and month, and were added up.",
        "Nothing to do when a workplace reports several jobs.",
    ),
    _rule(
        "jobs-doubled",
        "{count} rows repeat a person, workplace and month with the same hours: more than one in "
        "five.",
        "The file was delivered twice, or joined badly; deliver each job and month once.",
    ),
    _rule(
        "months-empty",
        "{count} months between the first and the last hold no row of anybody.",
        "Deliver them: a month without rows would be read as a month without hours.",
    ),
    _note(
        "months-all-zero",
        "in the last {count} months nobody has any hours.",
        "The extract was filled up; cut it, or raise follow_up.lag_weeks.hours.",
    ),
    _note(
        "activity-unknown",
        "{count} rows have a kind of activity that jobeval does not know.",
        "Recode the kinds; see the data dictionary.",
    ),
    _rule(
        "activities-all-unknown",
        "no row has a kind of activity that jobeval knows.",
        "Recode the kinds; see the data dictionary.",
    ),
    _rule(
        "acknowledged-unknown",
        '"{name}" is no rule that can be acknowledged.',
        "{hint}",
    ),
    _rule(
        "benefit-group-unknown",
        '"{group}" is no group of the benefit register\'s code list.',
        "{hint}",
    ),
)

_SUPPLIERS = (
    _rule(
        "supplier-unknown",
        "{count} rows of the programme hold a supplier that the plan does not know.",
        "{hint}",
    ),
    _note(
        "supplier-empty",
        'nobody is in a course of the supplier "{supplier}".',
        "Correct the suppliers of the plan, or deliver everybody who is in a course.",
    ),
    _rule(
        "programme-empty",
        "nobody is in the programme that the plan monitors.",
        "{hint}",
    ),
    _rule(
        "course-duplicated",
        "{count} courses stand more than once: same person, supplier, programme and first day.",
        "Keep one row a person and course.",
    ),
    _rule(
        "course-ends-before-start",
        "{count} courses end before their first day.",
        "Correct started_on or ended_on.",
    ),
    _note(
        "course-before-period",
        "{count} courses began before the period of the plan, and were left out.",
        "Nothing to do when the delivery holds earlier courses.",
    ),
    _note(
        "courses-at-once",
        "{count} persons are in courses of two suppliers at once, and count with both; "
        "what they begin counts with the course that began last.",
        "Check the dates of the courses.",
    ),
    _rule(
        "job-kind-unknown", "{count} rows hold a kind of job that jobeval does not know.", "{hint}"
    ),
    _rule(
        "job-hours-above-days",
        "{count} rows hold more hours than their days have.",
        "hours are those of the whole row; hours a week belong into hours_per_week.",
    ),
    _note(
        "job-hours-disagree",
        "{count} rows hold hours in all and hours a week that do not agree; hours a week were "
        "used, but for rows with 0 hours in all, which are no work.",
        "Ask for the paid hours, and leave the other column of these rows empty.",
    ),
    _rule(
        "invoice-amount",
        "{count} invoices are below 0, or have more than two decimals.",
        "Write amounts in DKK; leave credit notes out, for the ledger itself tells what goes back.",
    ),
    _note(
        "hand-over-empty",
        'nobody is in the programme "{programme}" of a hand-over.',
        "{hint}",
    ),
    _note(
        "person-without-course",
        "{count} persons are in no course, and were left out.",
        "Nothing to do when the extract holds more than the participants.",
    ),
    _rule(
        "keys-without-course",
        "none of its persons is in a course.",
        "Use the same person key in every table.",
    ),
)

SUPPLIER_RULES = frozenset(rule.id for rule in _SUPPLIERS)
"""Rules of suppliers' deliveries only, which no trial meets."""

RULES: dict[str, Rule] = {
    rule.id: rule for rule in (*_FILES, *_VALUES, *_PERSONS, *_REGISTERS, *_SUPPLIERS)
}
