import numpy as np
import pytest

from jobeval.errors import DataError
from jobeval.inference.covariates import read_covariates
from jobeval.plan.parts import Term

ALL = np.full(4, True)


def objects(*values):
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


COLUMNS = {
    "age": np.array([30, 40, 50, 60]),
    "site": np.array([751.0, 101.0, 101.0, 630.0]),
    "young": np.array([True, True, False, False]),
    "benefit": objects("sickness", "cash", "cash", "education"),
    "gaps": np.array([1.0, np.nan, np.nan, 2.0]),
    "holes": objects("a", None, "b", "a"),
    "endless": np.array([1.0, np.inf, 2.0, 3.0]),
    "constant": np.array([5, 5, 5, 5]),
}


def test_bare_names_are_coded_by_what_they_hold():
    coded = read_covariates(COLUMNS, ["young", "age", "benefit"], ALL)
    assert coded.names == ("young", "age", "benefit[education]", "benefit[sickness]")
    assert coded.values.tolist() == [[1, 30, 0, 1], [1, 40, 0, 0], [0, 50, 0, 0], [0, 60, 1, 0]]


def test_terms_say_how_to_code():
    terms = [Term(column="site", type="category"), Term(column="age", type="number")]
    coded = read_covariates(COLUMNS, terms, ALL)
    assert coded.names == ("site[630]", "site[751]", "age")
    assert coded.values[:, :2].tolist() == [[0, 1], [0, 0], [0, 0], [1, 0]]


def test_only_the_rows_asked_for_count():
    rows = np.array([True, False, False, True])
    coded = read_covariates(COLUMNS, ["gaps", "holes", "age"], rows)
    assert coded.values.tolist() == [[1, 30], [2, 60]]
    assert coded.names == ("gaps", "age")
    assert len(coded.notes) == 1
    assert "'holes'" in coded.notes[0]


def test_constants_are_dropped_with_a_note():
    coded = read_covariates(COLUMNS, ["constant", "age"], ALL)
    assert coded.names == ("age",)
    assert coded.notes == ("covariate 'constant' does not vary and is left out",)


def test_no_covariates():
    coded = read_covariates(COLUMNS, [], ALL)
    assert coded.values.shape == (4, 0)


def test_all_problems_at_once_and_no_values_of_persons():
    text = Term(column="benefit", type="number")
    with pytest.raises(DataError) as caught:
        read_covariates(COLUMNS, ["gaps", "holes", "endless", text, "age", "age"], ALL)
    message = str(caught.value)
    assert [problem.place for problem in caught.value.problems] == [
        f"covariate {name!r}" for name in ("age", "gaps", "holes", "endless", "benefit")
    ]
    assert "missing for 2 persons" in message
    assert "missing for 1 persons" in message
    assert "sickness" not in message


def test_unknown_number_gets_the_mean_and_an_indicator():
    columns = {"weeks": np.array([1.0, np.nan, 3.0])}
    term = Term(column="weeks", unknown="indicator")
    coded = read_covariates(columns, [term], np.full(3, True))
    assert coded.names == ("weeks", "weeks[unknown]")
    assert coded.values.tolist() == [[1.0, 0.0], [2.0, 1.0], [3.0, 0.0]]


def test_unknown_category_is_a_level():
    columns = {"sex": np.array(["f", None, "m"], dtype=object)}
    term = Term(column="sex", type="category", unknown="indicator")
    coded = read_covariates(columns, [term], np.full(3, True))
    assert coded.names == ("sex[m]", "sex[unknown]")
