"""What the results contracts come to: milestones, what falls due, invoices that do not fit."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import pandas as pd

from jobeval.monitoring.checking import select_programme
from jobeval.monitoring.contracts.forecast import forecast_liabilities
from jobeval.monitoring.contracts.invoices import find_invoice_problems
from jobeval.monitoring.contracts.ledger import build_ledger, summarise_ledger
from jobeval.monitoring.plan import MonitorPlan
from jobeval.monitoring.reading import SupplierDelivery
from jobeval.registers.findings import Finding


class ContractTables(NamedTuple):
    """Tables by name, and what is to be said of contracts and invoices."""

    tables: dict[str, pd.DataFrame]
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()


def tabulate_contracts(
    plan: MonitorPlan, delivery: SupplierDelivery, as_of: dt.date
) -> ContractTables:
    """The ledger as sums of each milestone (``milestones``), and the ``forecast`` by month."""
    if not plan.contracts:
        return ContractTables({})
    if delivery.jobs is None:
        return ContractTables({}, notes=("contracts: need jobs, which were not delivered.",))
    participants = select_programme(plan, delivery.participants)
    terms, benefits, invoices = plan.contracts, delivery.benefits, delivery.invoices
    ledger = build_ledger(
        delivery.jobs, participants, terms, invoices=invoices, benefits=benefits, as_of=as_of
    )
    forecast = forecast_liabilities(
        delivery.jobs, participants, terms, benefits=benefits, as_of=as_of
    )
    findings: tuple[Finding, ...] = ()
    if invoices is not None:
        findings = find_invoice_problems(ledger, invoices, terms, as_of=as_of)
    reasons = forecast.loc[forecast["reason"] != "", ["contract", "reason"]].drop_duplicates()
    notes = [f"forecast of {contract}: {why}." for contract, why in reasons.to_numpy().tolist()]
    tables = {
        "milestones": summarise_ledger(ledger, terms, as_of=as_of),
        "forecast": forecast.drop(columns="reason"),
    }
    kept = tuple(one for one in findings if one.rule not in plan.acknowledged)
    return ContractTables(tables, kept, tuple(notes))
