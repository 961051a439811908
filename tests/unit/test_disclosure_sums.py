"""Counts that would follow from sums: by hand, and against every solution of small tables."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from jobeval.disclosure.sums import Sum, hide_small

LEAST = 5


def keys(*names):
    return [(name,) for name in names]


def hide(counts, *sums, **options):
    told = {(name,): count for name, count in counts.items()}
    named = [Sum((total,), tuple(keys(*parts))) for total, parts in sums]
    return {name for (name,) in hide_small(told, named, LEAST, **options)}


def test_a_small_part_takes_the_smallest_other_with_it():
    assert hide({"all": 30, "a": 3, "b": 9, "c": 18}, ("all", "abc")) == {"a", "b"}


def test_two_small_parts_that_add_up_to_few_take_a_third():
    assert hide({"all": 30, "a": 1, "b": 2, "c": 27}, ("all", "abc")) == {"a", "b", "c"}
    assert hide({"all": 30, "a": 2, "b": 3, "c": 25}, ("all", "abc")) == {"a", "b"}


def test_a_zero_may_be_seen_and_hides_nothing():
    assert hide({"all": 9, "a": 0, "b": 9}, ("all", "ab")) == set()
    assert hide({"all": 14, "a": 4, "b": 0, "c": 10}, ("all", "abc")) == {"a", "c"}


def test_without_a_total_only_the_small_one_is_hidden():
    assert hide({"a": 3, "b": 9}) == {"a"}


def test_a_sum_that_does_not_hold_is_left_aside():
    assert hide({"all": 31, "a": 3, "b": 9}, ("all", "ab")) == {"a"}


def test_a_cell_told_by_two_sums_together_is_found():
    """all = a + b and all = c + d tell b from c and d when all is hidden."""
    counts = {"all": 20, "a": 17, "b": 3, "c": 12, "d": 8}
    hidden = hide(counts, ("all", "ab"), ("all", "cd"), last={("a",)})
    assert "b" in hidden
    assert hidden & {"c", "d"} or "a" in hidden


def test_the_same_count_elsewhere_is_hidden_too():
    """ended is told by intake and active, and active stands in the last month too."""
    counts = {"intake": 121, "active": 118, "ended": 3, "august": 118}
    hidden = hide(counts, ("intake", ("active", "ended")), ("active", ("august",)))
    assert hidden == {"ended", "active", "august"} or hidden == {"ended", "intake"}


def test_a_small_rest_hides_the_count_or_its_denominator():
    counts = {"kept": 6, "eligible": 10, "rest": 4}
    hidden = hide(counts, ("eligible", ("kept", "rest")), unpublished={("rest",)})
    assert len(hidden) == 1
    assert hidden < {"kept", "eligible"}


def test_headlines_go_last():
    counts = {"both": 20, "work": 19, "education": 1}
    hidden = hide(counts, ("both", ("work", "education")), last={("work",)})
    assert hidden == {"education", "both"}


@settings(max_examples=60)
@given(st.lists(st.integers(0, 9), min_size=6, max_size=6))
def test_no_small_cell_of_a_two_way_table_has_one_solution(values):
    """Of all tables that agree with what is published, each small cell takes several values."""
    inner = [(r, c) for r in "ab" for c in "012"]
    parts = {("row", r): [k for k in inner if k[0] == r] for r in "ab"}
    parts |= {("column", c): [k for k in inner if k[1] == c] for c in "012"}
    parts["all",] = inner
    true = dict(zip(inner, values, strict=True))
    counts = true | {total: sum(true[k] for k in of) for total, of in parts.items()}
    lines = [Sum(total, tuple(of)) for total, of in parts.items() if total != ("all",)]
    lines += [Sum(("all",), tuple(k for k in parts if k[0] == kind)) for kind in ("row", "column")]
    hidden = hide_small(counts, lines, LEAST)
    known = [k for k in counts if k not in hidden]
    matrix = np.array([[k in parts.get(one, [one]) for k in inner] for one in known], dtype=float)
    for key in (k for k, n in counts.items() if 0 < n < LEAST):
        assert key in hidden
        aim = np.array([k in parts.get(key, [key]) for k in inner], dtype=float)
        lowest, highest = (
            linprog(sign * aim, A_eq=matrix, b_eq=[counts[k] for k in known]) for sign in (1, -1)
        )
        assert highest.status == 3 or -highest.fun - lowest.fun > 0.5
