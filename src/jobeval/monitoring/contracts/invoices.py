"""Invoices held against the milestones that they are for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from jobeval.errors import Problem
from jobeval.monitoring.contracts.frames import FrameReader, day_number, day_numbers, raise_problems
from jobeval.monitoring.contracts.money import is_whole_oere, to_oere
from jobeval.monitoring.contracts.terms import ContractTerms
from jobeval.registers.findings import Finding
from jobeval.registers.rules import Rule

KEY = ["contract", "person_id", "milestone"]
INVOICE_RULES = {
    rule.id: rule
    for rule in (
        Rule(
            "invoice-unknown",
            "W",
            "invoices for a contract or a milestone that no contract has: {count}.",
            "Correct the names, or add the contract to monitor.toml.",
        ),
        Rule(
            "invoice-not-reached",
            "W",
            "{place}, invoices without a milestone reached by the rows of jobs: {count}.",
            "Ask the supplier for the proof, or for a credit note.",
        ),
        Rule(
            "invoice-twice",
            "W",
            "{place}, invoices for a milestone that was invoiced before: {count}.",
            "Ask the supplier for a credit note.",
        ),
        Rule(
            "invoice-too-early",
            "W",
            "{place}, invoices dated before the milestone was reached: {count}.",
            "Compare the dates with the supplier's proof.",
        ),
        Rule(
            "invoice-too-high",
            "W",
            "{place}, invoices above what the contract pays: {count}.",
            "Ask the supplier for a credit note.",
        ),
    )
}


def read_invoices(invoices: pd.DataFrame | None, problems: list[Problem]) -> pd.DataFrame:
    """Invoices with amounts in whole øre, in the order of their dates.

    Columns person_id, contract, milestone, invoiced_on, amount_dkk.
    """
    names = ["person_id", "contract", "milestone", "invoiced_on", "amount_dkk"]
    reader = FrameReader("invoices", pd.DataFrame(columns=names), problems)
    if invoices is not None:
        reader = FrameReader("invoices", invoices, problems)
    if not reader.require(names):
        return pd.DataFrame(columns=[*KEY, "on", "oere"])
    given = reader.numbers("amount_dkk")
    exact = np.array([is_whole_oere(value) for value in given], dtype=bool)
    mend = "Write amounts in DKK with two decimals."
    reader.refuse("amount_dkk", ~exact, "no amount in whole øre", mend)
    read = pd.DataFrame({name: reader.texts(name) for name in KEY}, dtype=object)
    read["on"] = reader.days("invoiced_on")
    amounts = zip(given, exact, strict=True)
    read["oere"] = np.array([to_oere(dkk) if ok else 0 for dkk, ok in amounts], dtype=np.int64)
    return read.sort_values(["on", *KEY, "oere"], kind="stable", ignore_index=True)


def match_invoices(ledger: pd.DataFrame, invoices: pd.DataFrame, as_of: int) -> pd.DataFrame:
    """The invoices known on a day, each with the row of the ledger that it pays for.

    The first invoice for a citizen's milestone is for the first time that it was reached, the
    second for the second, and so on; ``row`` is missing where there is none left.
    """
    seen = invoices[invoices["on"] <= as_of].reset_index(drop=True)
    rows = ledger[[*KEY, "reached_on"]].reset_index(names="row").sort_values("reached_on")
    rows["time"] = rows.groupby(KEY).cumcount()
    seen = seen.assign(time=seen.groupby(KEY).cumcount())
    return seen.merge(rows, how="left", on=[*KEY, "time"], validate="one_to_one")


def find_invoice_problems(
    ledger: pd.DataFrame,
    invoices: pd.DataFrame,
    terms: ContractTerms | Sequence[ContractTerms],
    *,
    as_of: dt.date,
) -> tuple[Finding, ...]:
    """Invoices that the ledger does not bear out, all of them, without a person's value.

    Parameters
    ----------
    ledger
        A frame of ``build_ledger``, of the same contracts and the same day.
    invoices
        person_id, contract, milestone, invoiced_on, amount_dkk; no credit notes, for the ledger
        tells itself what goes back.
    terms
        The contracts.
    as_of
        The last day that is seen; later invoices are not looked at.

    Returns
    -------
    tuple of Finding
        One for each rule, contract and milestone: names that no contract has, a milestone that
        was not reached, one that was invoiced before, an invoice dated before the day, and
        amounts above what the contract pays.

    Raises
    ------
    DataError
        For invoices that cannot be read, with every problem.
    """
    problems: list[Problem] = []
    read = read_invoices(invoices, problems)
    raise_problems("the invoices", problems)
    matched = match_invoices(ledger, read, day_number(as_of))
    contracts = [terms] if isinstance(terms, ContractTerms) else list(terms)
    return tuple(_findings(_judge(matched, ledger, contracts)))


def _judge(
    matched: pd.DataFrame, ledger: pd.DataFrame, terms: Sequence[ContractTerms]
) -> pd.DataFrame:
    """A row for each rule that an invoice does not keep."""
    known = {(one.name, milestone.name) for one in terms for milestone in one.milestones}
    named = [pair in known for pair in zip(matched["contract"], matched["milestone"], strict=True)]
    paid = ledger["amount_dkk"].map(to_oere).reindex(matched["row"]).to_numpy(float, na_value=0.0)
    no_row = matched["row"].isna().to_numpy()
    earlier = (matched["time"] > 0).to_numpy()
    reached = day_numbers(matched["reached_on"])
    wrong = {
        "invoice-unknown": ~np.array(named, dtype=bool),
        "invoice-not-reached": np.array(named, dtype=bool) & no_row & ~earlier,
        "invoice-twice": np.array(named, dtype=bool) & no_row & earlier,
        "invoice-too-early": ~no_row & (matched["on"].to_numpy() < reached),
        "invoice-too-high": ~no_row & (matched["oere"].to_numpy() > paid),
    }
    parts = [
        matched.assign(rule=rule)
        .loc[rows, [*KEY, "rule"]]
        .assign(**({"contract": "", "milestone": ""} if rule == "invoice-unknown" else {}))
        for rule, rows in wrong.items()
    ]
    return pd.concat(parts, ignore_index=True)


def _findings(wrong: pd.DataFrame) -> Iterator[Finding]:
    """One for each rule, contract and milestone."""
    groups = wrong.groupby(["rule", "contract", "milestone"], sort=False)
    for (rule, contract, milestone), rows in groups:
        said, count = INVOICE_RULES[str(rule)], len(rows)
        sentence = said.sentence.format(count=count, place=f"{contract}, {milestone}")
        column = "amount_dkk" if rule == "invoice-too-high" else "milestone"
        yield Finding(said.id, said.severity, "invoices", column, count, sentence, said.mend)
