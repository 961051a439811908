"""What the invented suppliers of Holbæk invoiced: what they had reached, and one mistake."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jobeval.synthetic.holbaek_citizens import CUT_OFF, WORK
from jobeval.synthetic.holbaek_lives import Life, Row

KEPT_DAYS = 91


def build_invoices(lives: Sequence[Life]) -> list[Row]:
    """Invoices by 13 August, five days after each milestone, in the order of their days.

    Supplier A also invoices 13 weeks of a job that was lost after 40 days.
    """
    rows = [row for life in lives for row in _milestones(life)]
    told = [row for row in rows if int(str(row["invoiced_on"])) <= CUT_OFF - 2]
    return sorted(told, key=lambda row: (row["invoiced_on"], row["person_id"], row["milestone"]))


def _milestones(life: Life) -> Iterator[Row]:
    one = life.citizen
    if one.supplier == "A":
        yield _invoice(life, "contract_a", "start", one.start, 8000)
    if one.fate not in WORK:
        return
    first = life.work_start
    hours = life.jobs[0]["hours_per_week"]
    if one.supplier == "B" and one.fate != "flexjob":
        yield _invoice(life, "contract_b", "first_paid_hour", first, 6000)
        if hours is not None and float(str(hours)) >= 20:
            yield _invoice(life, "contract_b", "job_20", first, 9000)
    kept, by_mistake = _is_kept(life), one.supplier == "A" and life.jobs[0]["end"] == first + 40
    if kept or by_mistake:
        contract, price = ("contract_a", 16000) if one.supplier == "A" else ("contract_b", 12000)
        if one.supplier == "A" or one.fate != "flexjob":
            yield _invoice(life, contract, "kept_13", first + KEPT_DAYS - 1, price)


def _is_kept(life: Life) -> bool:
    """Whether the job went on, or was followed by another within a week."""
    ends = [job["end"] for job in life.jobs]
    if len(ends) == 2:
        return int(str(life.jobs[1]["start"])) - int(str(ends[0])) <= 7
    return ends == [None]


def _invoice(life: Life, contract: str, milestone: str, reached: int, amount: int) -> Row:
    return {
        "person_id": life.citizen.person_id, "contract": contract, "milestone": milestone,
        "invoiced_on": reached + 5, "amount_dkk": float(amount),
    }  # fmt: skip
