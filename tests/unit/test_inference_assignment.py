"""The lottery of a data frame: codes, subsets, and all that can be wrong with it."""

from typing import Any

import numpy as np
import pytest

from jobeval.errors import DataError
from jobeval.inference.assignment import Assignment, read_assignment
from jobeval.plan.lottery import Lottery


def texts(*values: object) -> np.ndarray[Any, Any]:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


ARM = texts("new", "old", "new", "other", "old", "new", "old", "old", "new")
SITE = texts("B", "B", "A", "A", "A", "B", "B", "A", "A")
OFFICE = texts(1, 2, 3, 9, 4, 5, 2, 4, 3)
P = np.array([0.5, 0.5, 0.25, 0.25, 0.25, 0.5, 0.5, 0.25, 0.25])
COLUMNS = {"arm": ARM, "site": SITE, "office": OFFICE, "p": P}


def lottery(**options: Any) -> Lottery:
    return Lottery(arm="arm", treatment="new", control="old", **options)


def read(columns: dict[str, Any] = COLUMNS, **options: Any) -> Assignment:
    return read_assignment(columns, lottery(**options))


def test_codes_by_hand() -> None:
    found = read(strata="site", clusters="office", probability="p")
    assert found.rows.tolist() == [True, True, True, False, True, True, True, True, True]
    assert found.assigned.tolist() == [1, 0, 1, 0, 1, 0, 0, 1]
    assert found.stratum_labels == ("A", "B")
    assert found.stratum.tolist() == [1, 1, 0, 0, 1, 1, 0, 0]
    assert found.cluster is not None
    assert found.cluster.tolist() == [0, 1, 2, 3, 4, 1, 3, 2]
    assert found.n_clusters == 5
    assert found.probability is not None
    assert found.probability.tolist() == [0.5, 0.5, 0.25, 0.25, 0.5, 0.5, 0.25, 0.25]
    assert found.stratum_sizes().tolist() == [[2, 2], [2, 2]]


def test_without_strata_there_is_one() -> None:
    found = read(probability=0.4)
    assert found.stratum_labels == ("all",)
    assert found.n_clusters is None
    assert found.probability is not None
    assert set(found.probability) == {0.4}


def test_several_strata_columns_are_crossed() -> None:
    sex = texts("f", "f", "m", "m", "m", "f", "f", "m", "m")
    found = read({**COLUMNS, "sex": sex}, strata=["site", "sex"])
    assert found.stratum_labels == ("A × m", "B × f")


def test_numbers_serve_as_arms_and_strata() -> None:
    columns = {"z": np.array([1, 0, 1, 0]), "s": np.array([2.0, 2.0, 10.0, 10.0])}
    found = read_assignment(columns, Lottery(arm="z", treatment=1, control=0, strata="s"))
    assert found.assigned.tolist() == [1, 0, 1, 0]
    assert found.n_strata == 2


def test_the_order_of_rows_does_not_matter() -> None:
    order = np.random.default_rng(1).permutation(9)
    shuffled = read({name: values[order] for name, values in COLUMNS.items()}, strata="site")
    plain = read(strata="site")
    kept = order[ARM[order] != "other"]
    back = {row: i for i, row in enumerate(np.flatnonzero(plain.rows))}
    expected = [int(plain.stratum[back[row]]) for row in kept]
    assert shuffled.stratum.tolist() == expected
    assert shuffled.stratum_sizes().tolist() == plain.stratum_sizes().tolist()


def test_subset_renumbers() -> None:
    whole = read(strata="site", clusters="office", probability="p")
    part = whole.subset(whole.stratum == 1)
    assert part.stratum_labels == ("B",)
    assert part.stratum.tolist() == [0, 0, 0, 0]
    assert part.cluster is not None
    assert part.cluster.tolist() == [0, 1, 2, 1]
    assert part.rows.tolist() == [True, True, False, False, False, True, True, False, False]
    assert whole.rows.sum() == 8  # the whole is as it was


@pytest.mark.parametrize(
    "change, options, message",
    [
        ({"arm": np.where(ARM == "new", None, ARM)}, {}, "missing in 4 rows"),
        ({"arm": np.where(ARM == "new", "New", ARM)}, {}, 'did you mean "New"'),
        ({"arm": np.where(ARM == "old", "new", ARM)}, {}, "nobody is in the control arm"),
        ({"site": np.where(SITE == "B", None, SITE)}, {"strata": "site"}, "missing for 4 persons"),
        ({"site": ARM}, {"strata": "site"}, "2 of 2 strata hold persons of one arm only"),
        (
            {"office": texts(1, 1, 3, 9, 4, 5, 2, 4, 3)},
            {"clusters": "office"},
            "1 clusters lie in more than one of the arms",
        ),
        (
            {"office": texts(1, 2, 3, 9, 2, 5, 2, 4, 3)},
            {"clusters": "office", "strata": "site"},
            "1 clusters lie in more than one of the strata",
        ),
        (
            {"office": texts(1, 2, 1, 9, 4, 1, 2, 4, 1)},
            {"clusters": "office"},
            "the treatment arm has fewer than two clusters",
        ),
        ({"p": np.where(P == 0.5, 1.0, P)}, {"probability": "p"}, "4 values are missing"),
        ({"p": np.where(P == 0.5, np.nan, P)}, {"probability": "p"}, "4 values are missing"),
    ],
)
def test_what_breaks_the_lottery(
    change: dict[str, Any], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        read({**COLUMNS, **change}, **options)


def test_all_problems_come_at_once() -> None:
    columns = {**COLUMNS, "office": texts(1, 1, 3, 9, 4, 5, 2, 4, 3), "p": P * 4}
    with pytest.raises(DataError) as caught:
        read(columns, strata="site", clusters="office", probability="p")
    assert len(caught.value.problems) == 2


def test_no_value_of_a_person_is_quoted() -> None:
    """The canary stands in every column but the arm, whose values the plan names."""
    canary = texts(*["canary"] * 9)
    with pytest.raises(DataError) as caught:
        read({**COLUMNS, "site": ARM, "office": canary}, strata="site", clusters="office")
    assert "canary" not in str(caught.value)
