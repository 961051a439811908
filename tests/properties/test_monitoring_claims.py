"""A published percentage is attainable if, and only if, some count gives it when rounded."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from jobeval.monitoring.percents import hold_against_counts, read_percent, round_percent

DECIMALS = st.integers(0, 3)


def published(units, decimals):
    """The percentage as it would stand in a report, with decimal comma."""
    text = str(units).rjust(decimals + 1, "0")
    whole, rest = (text[:-decimals], text[-decimals:]) if decimals else (text, "")
    return f"{whole},{rest} pct." if decimals else f"{whole} pct."


def rounded(count, of, decimals):
    """The twin: round half up by the decimal module, on an exact product."""
    exact = Decimal(count * 100 * 10**decimals * 10**12 // of) / Decimal(10**12)
    tie = 2 * count * 100 * 10**decimals % of == 0  # then the quotient above is exact to 1/2
    assert not tie or exact * 2 == exact * 2 // 1
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


@given(st.integers(0, 400), st.integers(1, 400), DECIMALS)
def test_rounding_is_half_up(count, of, decimals):
    assume(count <= of)
    assert round_percent(count, of, decimals) == rounded(count, of, decimals)


@given(st.data(), st.integers(1, 300), DECIMALS)
def test_attainable_if_and_only_if_some_count_gives_it(data, of, decimals):
    units = data.draw(st.integers(0, 100 * 10**decimals))
    held = hold_against_counts(read_percent(published(units, decimals)), of)
    some = any(rounded(count, of, decimals) == units for count in range(of + 1))
    assert held.attainable == some


@given(st.integers(0, 500), st.integers(1, 500), DECIMALS)
def test_what_a_count_gives_is_always_attainable(count, of, decimals):
    assume(count <= of)
    text = published(round_percent(count, of, decimals), decimals)
    assert hold_against_counts(read_percent(text), of).attainable


@given(st.integers(0, 100), st.integers(1, 200))
def test_the_nearest_percents_are_those_of_neighbouring_counts(percent, of):
    held = hold_against_counts(read_percent(f"{percent} %"), of)
    shares = [Fraction(100 * count, of) for count in range(of + 1)]
    assert held.nearest_low == float(max(share for share in shares if share <= percent))
    assert held.nearest_high == float(min(share for share in shares if share >= percent))


@pytest.mark.parametrize(
    ("text", "of", "attainable"),
    [
        ("40 pct.", 29, False),  # 37.9 or 41.4
        ("38 pct.", 29, True),
        ("41 %", 29, True),
        ("41,4 pct.", 29, True),
        ("41,5 pct.", 29, False),
        ("18 pct.", 190, True),  # 34 of 190 is 17.9
        ("0 pct.", 7, True),
        ("100 pct.", 7, True),
        ("13 percent", 8, True),  # 1 of 8 is 12.5, half up
        ("12 percent", 8, False),
        ("12.5 %", 8, True),
        ("1 pct.", 200, True),  # 0.5 rounds up
    ],
)
def test_published_percentages_by_hand(text, of, attainable):
    assert hold_against_counts(read_percent(text), of).attainable == attainable


def test_of_nobody_nothing_is_attainable():
    held = hold_against_counts(read_percent("0 pct."), 0)
    assert not held.attainable
    assert held.nearest_low != held.nearest_low


@pytest.mark.parametrize(
    "text", ["", "pct.", "101 pct.", "-4 %", "40", "4 0 %", "100,1 %", "40 %%"]
)
def test_what_is_no_percentage_is_refused(text):
    with pytest.raises(ValueError, match="percentage from 0 to 100"):
        read_percent(text)
