"""Persons without a date of the lottery: enough for delivered outcomes, not for registers."""

import pandas as pd
import pytest

import jobeval as je

DRAWN = je.simulate_jobfirst(n_persons=400, n_sites=2, seed=1)
UNDATED = DRAWN.persons.drop(columns="randomised_on")


def test_undated_persons_alone_are_a_trial():
    trial = je.Trial(plan=DRAWN.plan, persons=UNDATED)
    assert trial.count("persons") == 400


@pytest.mark.parametrize("register", ["benefits", "hours", "activities"])
def test_registers_need_the_date(register):
    with pytest.raises(je.DataError, match=r"persons\.randomised_on"):
        je.Trial(plan=DRAWN.plan, persons=UNDATED, **{register: getattr(DRAWN, register)})


def test_a_missing_date_is_an_error_of_its_own():
    persons = DRAWN.persons.copy()
    persons.loc[0, "randomised_on"] = pd.NaT
    with pytest.raises(je.DataError, match=r"persons\.randomised_on"):
        je.Trial(plan=DRAWN.plan, persons=persons)
