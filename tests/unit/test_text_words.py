"""The catalogues and the number formats."""

import datetime as dt
import re
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobeval.disclosure import checks, curves, estimates, judging, monitor_cells
from jobeval.monitoring.plan import StatusName
from jobeval.plan.parts import STATES
from jobeval.schemas.tables import ACTIVITY_KINDS
from jobeval.text import LANGUAGES, read_words
from jobeval.text.catalogue import placeholders
from jobeval.text.numbers import digits_for

DA, EN = read_words("da"), read_words("en")

RULE = r'"((?:few|weekly|no|family)_[a-z_]+|thinned|complementary)"'


def test_both_languages_have_the_same_keys_and_placeholders():
    assert set(DA.texts) == set(EN.texts)
    for key, text in DA.texts.items():
        assert placeholders(text) == placeholders(EN.texts[key]), key


def test_no_text_is_empty_except_units_without_a_word():
    for words in LANGUAGES:
        empty = [key for key, text in read_words(words).texts.items() if not text]
        assert empty == ["unit.share", "unit.hazard_ratio"]


def test_danish_never_uses_the_percent_sign():
    assert not [key for key, text in DA.texts.items() if "%" in text]


@pytest.mark.parametrize("name", STATES)
def test_every_state_has_a_name(name):
    assert DA.has(f"state.{name}")


@pytest.mark.parametrize("name", ACTIVITY_KINDS)
def test_every_kind_of_activity_has_a_name(name):
    assert DA.has(f"kind.{name}")


@pytest.mark.parametrize("name", get_args(StatusName))
def test_every_status_of_a_supplier_has_a_name(name):
    assert DA.has(f"monitor_status.{name}")


def test_every_rule_of_the_gate_has_a_sentence():
    sources = (checks, curves, estimates, judging, monitor_cells)
    noted = {rule for module in sources for rule in re.findall(RULE, _source(module))}
    assert {"few_persons", "thinned", "no_rule", "complementary"} <= noted
    assert not [rule for rule in noted if not DA.has(f"rule.{rule}")]


def _source(module: object) -> str:
    import inspect

    return inspect.getsource(module)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "digits", "danish", "english"),
    [
        (1234.5, 1, "1.234,5", "1,234.5"),
        (-0.04, 1, "0,0", "0.0"),
        (-1.25, 2, "−1,25", "−1.25"),
        (float("nan"), 1, "–", "–"),
        (1234567, 0, "1.234.567", "1,234,567"),
    ],
)
def test_numbers(value, digits, danish, english):
    assert DA.numbers.decimal_number(value, digits) == danish
    assert EN.numbers.decimal_number(value, digits) == english


def test_percent_and_percentage_points_are_kept_apart():
    assert DA.quantity(0.201, "share", 1) == "20,1\u00a0pct."
    assert DA.difference(0.081, "share", 1) == "8,1\u00a0procentpoint"
    assert EN.quantity(0.201, "share", 1) == "20.1%"
    assert EN.difference(0.081, "share", 1) == "8.1\u00a0percentage points"


def test_intervals_and_p_values():
    assert DA.numbers.interval(1.21, 1.56, 2) == "[1,21;\u00a01,56]"
    assert EN.numbers.interval(1.21, 1.56, 2) == "[1.21,\u00a01.56]"
    assert [DA.numbers.p_value(p) for p in (0.0004, 0.0123, 0.5)] == ["<0,001", "0,012", "0,50"]


def test_dates_and_months():
    assert DA.numbers.date(dt.date(2019, 3, 31)) == "31.\u00a0marts 2019"
    assert EN.numbers.date(dt.date(2019, 3, 31)) == "31\u00a0March 2019"
    assert DA.numbers.month("2016-12") == "december 2016"


@given(st.floats(-1e6, 1e6), st.integers(0, 4))
def test_a_number_can_be_read_back_and_zero_has_no_sign(value, digits):
    text = DA.numbers.decimal_number(value, digits)
    back = float(text.replace(".", "").replace(",", ".").replace("−", "-"))
    assert back == pytest.approx(round(value, digits), abs=1e-9)
    assert back != 0 or "−" not in text


def test_covariates_levels_and_unknown_names_are_readable():
    assert DA.covariate("sex[kvinde]") == "Køn: kvinde"
    assert EN.covariate("weeks_kontanthjaelp_156 (unknown)") == (
        "Weeks on social assistance, last 156 weeks (unknown)"
    )
    assert EN.covariate("shoe_size") == "Shoe size"
    assert DA.subgroup("benefit_type=kontanthjaelp") == "Kontanthjælp"
    assert DA.subgroup("site=Jobcenter B") == "Jobcenter B"


def test_a_sentence_that_ends_with_an_abbreviation_has_one_full_stop():
    assert DA.say("delivery.take_up_text", treatment="82 pct.", control="2 pct.").endswith("2 pct.")


def test_a_p_value_beside_the_limit_shows_its_side():
    assert [EN.numbers.p_value(p) for p in (0.0501, 0.0499, 0.05, 0.051)] == [
        "0.0501", "0.0499", "0.050", "0.051",
    ]  # fmt: skip
    assert DA.numbers.p_equation(0.0001) == "p\u00a0<\u00a00,001"


def test_an_unknown_unit_has_the_decimals_that_its_size_deserves():
    assert digits_for("dollars", 1794.34, 4554.8) == 0
    assert digits_for("score", 0.5, float("nan")) == 2
    words = DA.with_units({"dollars": "dollar"})
    assert words.quantity(4554.8, "dollars", 0) == "4.555\u00a0dollar"
    assert not DA.has("unit.dollars")


def test_levels_of_the_data_have_no_underscores():
    assert DA.level("meget_udsat") == "meget udsat"


def test_industries_are_sections_or_what_the_data_call_them():
    assert [words.industry("F") for words in (DA, EN)] == ["Bygge og anlæg", "Construction"]
    assert [words.industry("Detailhandel") for words in (DA, EN)] == ["Detailhandel", "Retail"]
    assert EN.industry("Fiskeri") == "Fiskeri"
