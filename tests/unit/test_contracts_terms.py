"""What a contract may say, how prices are split, and that every contradiction is told at once."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from jobeval.monitoring.contracts.money import split_oere, to_dkk, to_oere
from jobeval.monitoring.contracts.terms import ContractTerms

LABEL = {"da": "x", "en": "x"}


def terms(milestones: list[dict[str, Any]], **rest: Any) -> ContractTerms:
    told = [{"label": LABEL, "reached_by": "job", **one} for one in milestones]
    given = {"name": "c", "supplier": "s", "start": dt.date(2020, 1, 1), "milestones": told}
    return ContractTerms.model_validate(given | rest)


def problems_of(milestones: list[dict[str, Any]], **rest: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        terms(milestones, **rest)
    return "\n".join(str(error["msg"]) for error in caught.value.errors())


def test_prices_stand_at_the_milestones() -> None:
    assert terms([{"name": "a", "price_dkk": 12500.5}, {"name": "b", "price_dkk": 0}]).prices == (
        1250050,
        0,
    )


def test_a_total_is_split_to_the_oere() -> None:
    shares = [{"name": "a", "share": 0.3333}, {"name": "b", "share": 0.3333}]
    contract = terms([*shares, {"name": "c", "share": 0.3334}], total_price_dkk=100.01)
    assert contract.prices == (3333, 3334, 3334)


@given(st.integers(0, 10**12), st.lists(st.integers(1, 1000), min_size=1, max_size=6))
def test_any_split_adds_up_and_is_within_an_oere(total: int, parts: list[int]) -> None:
    whole = 10 ** len(str(sum(parts)))
    shares = [Decimal(part) / whole for part in parts]
    shares.append(1 - sum(shares))
    split = split_oere(total, [float(share) for share in shares])
    assert sum(split) == total
    assert all(abs(got - total * share) <= 1 for got, share in zip(split, shares, strict=True))


@given(st.integers(-(10**13), 10**13))
def test_an_amount_and_its_oere_are_one(oere: int) -> None:
    assert to_oere(float(to_dkk(oere))) == oere


@pytest.mark.parametrize(
    ("milestones", "rest", "said"),
    [
        ([{"name": "a"}], {}, "every milestone needs price_dkk"),
        ([{"name": "a", "share": 1.0}], {}, "share is one of a total price"),
        (
            [{"name": "a", "price_dkk": 5.0}],
            {"total_price_dkk": 10.0},
            "price_dkk and total_price_dkk exclude each other",
        ),
        (
            [{"name": "a", "share": 0.2}, {"name": "b", "share": 0.7}],
            {"total_price_dkk": 10.0},
            "must add up to exactly 1",
        ),
        ([{"name": "a", "price_dkk": 1.005}], {}, "at most two decimals"),
        (
            [{"name": "a", "price_dkk": 1.0}, {"name": "a", "price_dkk": 1.0}],
            {},
            'the milestone "a" stands twice',
        ),
        (
            [{"name": "a", "price_dkk": 1.0, "weeks": 13}],
            {},
            'weeks belongs to reached_by = "kept"',
        ),
        ([{"name": "a", "price_dkk": 1.0, "reached_by": "kept"}], {}, "needs weeks; add"),
        (
            [{"name": "a", "price_dkk": 1.0, "reached_by": "start", "job_kinds": ["flexjob"]}],
            {},
            "the start of a course knows no job_kinds",
        ),
        (
            [{"name": "a", "price_dkk": 1.0, "reached_by": "start", "claw_back": {"weeks": 4}}],
            {},
            "the start of a course cannot be lost",
        ),
        (
            [
                {
                    "name": "a",
                    "price_dkk": 1.0,
                    "reached_by": "first_paid_hour",
                    "min_hours_per_week": 5.0,
                }
            ],
            {},
            "min_hours_per_week belongs to",
        ),
        (
            [{"name": "a", "price_dkk": 1.0}],
            {"end": dt.date(2020, 1, 1)},
            "end must be after start",
        ),
        ([{"name": "a", "price_dkk": 1.0}], {"reached_before_end": True}, "needs an end"),
        ([{"name": "a", "price_dkk": 1.0}], {"pause": True}, "Extra inputs are not permitted"),
    ],
)
def test_what_contradicts_itself_is_refused(
    milestones: list[dict[str, Any]], rest: dict[str, Any], said: str
) -> None:
    assert said in problems_of(milestones, **rest)


def test_all_contradictions_are_told_at_once() -> None:
    told = problems_of(
        [{"name": "a", "weeks": 13}, {"name": "a", "share": 0.5}], end=dt.date(2019, 1, 1)
    )
    for said in ("stands twice", "end must be after", "every milestone", "share is one", "weeks"):
        assert said in told
