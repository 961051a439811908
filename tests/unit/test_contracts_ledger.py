"""The ledger over several citizens: caps, sums, invoices that do not fit, and broken input."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from jobeval.errors import DataError
from jobeval.monitoring.contracts.invoices import find_invoice_problems
from jobeval.monitoring.contracts.ledger import LEDGER_COLUMNS, build_ledger, summarise_ledger
from jobeval.monitoring.contracts.terms import ContractTerms

LABEL = {"da": "x", "en": "x"}
AS_OF = dt.date(2020, 12, 31)
DEFAULT = [
    {"name": "base", "reached_by": "start", "price_dkk": 1000.1},
    {"name": "job", "reached_by": "job", "price_dkk": 2000.0, "claw_back": {"weeks": 4}},
]


def terms(milestones: list[dict[str, Any]] | None = None, **rest: Any) -> ContractTerms:
    told = [{"label": LABEL, **one} for one in milestones or DEFAULT]
    given = {"name": "c", "supplier": "s", "start": dt.date(2020, 1, 1), "milestones": told}
    return ContractTerms.model_validate(given | rest)


def courses(*persons: str, started_on: str = "2020-01-06") -> pd.DataFrame:
    return pd.DataFrame({"person_id": persons, "supplier": "s", "started_on": started_on})


def jobs(*rows: tuple[str, str, str | None]) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=["person_id", "start", "end"])
    return frame.assign(kind="ordinary", employer_id="E", hours_per_week=20.0)


def invoices(*rows: tuple[str, str, str, float]) -> pd.DataFrame:
    columns = ["person_id", "milestone", "invoiced_on", "amount_dkk"]
    return pd.DataFrame(list(rows), columns=columns).assign(contract="c")


def test_an_empty_ledger_has_all_columns() -> None:
    ledger = build_ledger(jobs(), courses(), terms(), as_of=AS_OF)
    assert list(ledger.columns) == list(LEDGER_COLUMNS)
    assert ledger.empty
    summary = summarise_ledger(ledger, terms(), as_of=AS_OF)
    assert summary["reached"].tolist() == [0, 0]
    assert summary["due_dkk"].tolist() == [0.0, 0.0]


def test_only_the_first_jobs_are_paid_up_to_the_most() -> None:
    """Two jobs are paid: those of b and c, who were the first; a cap goes by when it was known."""
    milestones = [{"name": "job", "reached_by": "job", "price_dkk": 2000.0, "max_paid": 2}]
    rows = jobs(("a", "2020-05-01", None), ("b", "2020-02-01", None), ("c", "2020-03-01", None))
    ledger = build_ledger(rows, courses("a", "b", "c"), terms(milestones), as_of=AS_OF)
    assert ledger["limited_by"].tolist() == ["max_paid", "", ""]
    assert ledger["amount_dkk"].tolist() == [Decimal(0), Decimal(2000), Decimal(2000)]


def test_a_job_known_late_does_not_take_what_others_were_paid() -> None:
    """b's job is older than a's, but was registered after it; a keeps what is paid."""
    rows = jobs(("a", "2020-05-01", None), ("b", "2020-02-01", None))
    rows["registered_on"] = ["2020-05-02", "2020-06-01"]
    contract = terms(
        [{"name": "job", "reached_by": "job", "price_dkk": 2000.0}],
        caps={"per_contract_dkk": 3000.0},
    )
    ledger = build_ledger(rows, courses("a", "b"), contract, as_of=AS_OF)
    assert ledger["amount_dkk"].tolist() == [Decimal(2000), Decimal(1000)]
    assert ledger["limited_by"].tolist() == ["", "per_contract"]


def test_sums_of_a_ledger() -> None:
    """Three bases of 1,000.10; two jobs, of which one went back; one base invoiced."""
    rows = jobs(("a", "2020-02-03", "2020-02-10"), ("b", "2020-12-20", None))
    billed = invoices(("a", "base", "2020-02-01", 1000.1))
    contract = terms(due_days=14)
    ledger = build_ledger(rows, courses("a", "b", "c"), contract, invoices=billed, as_of=AS_OF)
    summary = summarise_ledger(ledger, contract, as_of=AS_OF).set_index("milestone")
    base, job = summary.loc["base"], summary.loc["job"]
    counts = ["reached", "due", "invoiced", "clawed_back"]
    assert base[counts].tolist() == [3, 3, 1, 0]
    assert base[["due_dkk", "invoiced_dkk", "clawed_back_dkk"]].tolist() == [3000.3, 1000.1, 0.0]
    assert job[counts].tolist() == [2, 1, 0, 1]
    assert job[["due_dkk", "invoiced_dkk", "clawed_back_dkk"]].tolist() == [2000.0, 0.0, 2000.0]


def test_a_thousand_odd_amounts_add_up_without_drift() -> None:
    contract = terms([{"name": "base", "reached_by": "start", "price_dkk": 0.1}])
    persons = [f"p{number}" for number in range(1000)]
    ledger = build_ledger(jobs(), courses(*persons), contract, as_of=AS_OF)
    assert summarise_ledger(ledger, contract, as_of=AS_OF)["due_dkk"].tolist() == [100.0]
    assert sum(ledger["amount_dkk"]) == Decimal("100.00")


def test_several_contracts_see_their_own_suppliers_only() -> None:
    people = pd.DataFrame(
        {
            "person_id": ["a", "a"],
            "supplier": ["s", "t"],
            "started_on": ["2020-01-06", "2020-02-03"],
        }
    )
    other = terms(name="d", supplier="t")
    ledger = build_ledger(jobs(), people, [terms(), other], as_of=AS_OF)
    told = list(zip(ledger["contract"], ledger["supplier"], ledger["milestone"], strict=True))
    assert told == [("c", "s", "base"), ("d", "t", "base")]
    assert ledger["reached_on"].dt.month.tolist() == [1, 2]


def test_invoices_that_do_not_fit_are_all_told() -> None:
    rows = jobs(("a", "2020-02-03", None))
    billed = pd.concat(
        [
            invoices(
                ("a", "base", "2020-02-01", 1000.1),
                ("a", "base", "2020-03-01", 1000.1),
                ("b", "job", "2020-03-01", 2000.0),
                ("c", "job", "2020-03-01", 2000.0),
                ("a", "job", "2020-02-02", 2000.5),
                ("a", "kept", "2020-03-01", 77.0),
                ("c", "base", "2021-01-01", 9.0),
            ),
            invoices(("a", "base", "2020-03-01", 5.0)).assign(contract="other"),
        ]
    )
    ledger = build_ledger(rows, courses("a", "b", "c"), terms(), invoices=billed, as_of=AS_OF)
    found = find_invoice_problems(ledger, billed, terms(), as_of=AS_OF)
    said = {finding.rule: (finding.count, finding.sentence) for finding in found}
    assert said == {
        "invoice-unknown": (
            2,
            "invoices for a contract or a milestone that no contract has: 2.",
        ),
        "invoice-not-reached": (
            2,
            "c, job, invoices without a milestone reached by the rows of jobs: 2.",
        ),
        "invoice-twice": (
            1,
            "c, base, invoices for a milestone that was invoiced before: 1.",
        ),
        "invoice-too-early": (
            1,
            "c, job, invoices dated before the milestone was reached: 1.",
        ),
        "invoice-too-high": (
            1,
            "c, job, invoices above what the contract pays: 1.",
        ),
    }
    assert all(finding.severity == "W" for finding in found)
    invoiced = ledger.set_index(["person_id", "milestone"])["invoiced_dkk"]
    assert invoiced["a", "base"] == Decimal("1000.10")
    assert invoiced["a", "job"] == Decimal("2000.50")


def test_invoices_that_fit_give_no_finding() -> None:
    billed = invoices(("a", "base", "2020-02-01", 1000.1))
    ledger = build_ledger(jobs(), courses("a"), terms(), invoices=billed, as_of=AS_OF)
    assert find_invoice_problems(ledger, billed, terms(), as_of=AS_OF) == ()
    assert find_invoice_problems(ledger, billed.iloc[:0], terms(), as_of=AS_OF) == ()


def test_nothing_payable_is_too_much_for_any_invoice() -> None:
    """A milestone reached too late is reached, but an invoice for it is above what is paid."""
    milestones = [{"name": "job", "reached_by": "job", "price_dkk": 2000.0, "within_weeks": 1}]
    billed = invoices(("a", "job", "2020-03-01", 2000.0))
    rows = jobs(("a", "2020-02-03", None))
    ledger = build_ledger(rows, courses("a"), terms(milestones), invoices=billed, as_of=AS_OF)
    [found] = find_invoice_problems(ledger, billed, terms(milestones), as_of=AS_OF)
    assert found.rule == "invoice-too-high"


def test_all_problems_of_a_delivery_are_told_without_a_value() -> None:
    broken = jobs(("canary-1", "2020-02-03", "2020-02-03"), ("canary-2", "no date", None))
    broken["kind"] = ["ordinary", "ordinery"]
    broken["hours_per_week"] = [-1.0, 20.0]
    people = pd.concat([courses("a"), courses("a"), courses("b", started_on="")])
    billed = invoices(("a", "base", "2020-02-01", 1.005)).drop(columns="contract")
    with pytest.raises(DataError) as caught:
        build_ledger(broken, people, terms(), invoices=billed, as_of=AS_OF)
    told = str(caught.value)
    for place in (
        "jobs.end",
        "jobs.start",
        "jobs.kind",
        "jobs.hours_per_week",
        "participants.started_on",
        "invoices.contract",
    ):
        assert place in told
    assert 'did you mean "ordinary"?' in told
    assert "canary" not in told


def test_months_and_spells_say_what_is_missing() -> None:
    with pytest.raises(DataError, match=r"jobs.supported: the column is missing"):
        build_ledger(
            pd.DataFrame({"person_id": ["a"], "month": ["2020-01"], "hours": [1.0]}),
            courses("a"),
            terms(),
            as_of=AS_OF,
        )


def test_an_employer_must_be_known_where_each_is_looked_at_alone() -> None:
    rows = jobs(("a", "2020-02-03", None)).assign(employer_id=None)
    with pytest.raises(DataError, match=r"jobs.employer_id: 1 row is empty"):
        build_ledger(rows, courses("a"), terms(employer_change=False), as_of=AS_OF)


def test_hours_of_a_row_are_spread_over_its_days() -> None:
    """80 hours in 28 days are 20 a week; 79.9 are 19.98."""
    rows = jobs(("a", "2020-02-03", "2020-03-02"), ("b", "2020-02-03", "2020-03-02"))
    rows = rows.drop(columns="hours_per_week").assign(hours=[80.0, 79.9])
    contract = terms(min_hours_per_week=20.0)
    ledger = build_ledger(rows, courses("a", "b"), contract, as_of=AS_OF)
    assert ledger.loc[ledger["milestone"] == "job", "person_id"].tolist() == ["a"]


def test_inputs_are_left_as_they_were() -> None:
    rows, people = jobs(("b", "2020-02-03", None), ("a", "2020-02-03", None)), courses("b", "a")
    before = rows.copy(), people.copy()
    build_ledger(rows, people, terms(), as_of=AS_OF)
    pd.testing.assert_frame_equal(rows, before[0])
    pd.testing.assert_frame_equal(people, before[1])
