"""One thing in the place of a list of them, and a table in the place of one of its curves."""

import pandas as pd
import pytest

import jobeval as je

LOTTERY = je.Lottery(arm="arm", treatment="t", control="c")
EXITS = pd.DataFrame(
    {"arm": list("tttccc"), "week": [1, 1, 6, 6, 8, 9], "left": [1, 0, 1, 1, 0, 1]}
)
JOBS = pd.DataFrame(
    {"arm": list("ttcc"), "week": [2, 1, 0, None], "kept": [3, 1, 2, None],
     "lost": [0, 1, 1, None], "weeks": [5, 5, 5, 5]}
)  # fmt: skip
SPELLS = pd.DataFrame(
    {"id": [1, 1, 2], "arm": list("ttc"), "from": [0, 1, 0], "to": [1, 5, 4],
     "state": ["benefit", "work", "benefit"]}
)  # fmt: skip


def test_a_number_is_no_list_of_periods():
    with pytest.raises(ValueError, match=r"a list such as \[0, 13, 26\], not 13"):
        je.estimate_piecewise_hazard_ratios(EXITS, "week", "left", LOTTERY, periods=13)  # pyright: ignore[reportArgumentType]


def test_one_week_is_no_period():
    with pytest.raises(ValueError, match="two or more whole weeks"):
        je.estimate_piecewise_hazard_ratios(EXITS, "week", "left", LOTTERY, periods=[13])


def test_a_number_is_no_list_of_weeks_kept():
    with pytest.raises(ValueError, match=r"a list such as \[13, 26\], not 13"):
        je.estimate_retention(
            JOBS, "kept", "lost", LOTTERY, started="week", followed="weeks",
            weeks=13,  # pyright: ignore[reportArgumentType]
        )  # fmt: skip


def test_a_text_is_no_list_of_states():
    with pytest.raises(ValueError, match=r"absorbing must be a list of states, as \['work'\]"):
        je.estimate_occupancy(SPELLS, "id", "from", "to", "state", LOTTERY, absorbing="work")


def test_a_table_is_no_curve():
    curves = je.survival_curve(EXITS, "week", "left", LOTTERY)
    with pytest.raises(ValueError, match="survival curve of one arm"):
        je.survival_quantile(curves)  # pyright: ignore[reportArgumentType]
