"""Several benefits in a week: the one whose state ranks first, against a loop over weeks."""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from jobeval.panel.covered import mark_first

WEEKS = 6
RANKS = {"flexjob": 1, "sickness": 2, "assistance": 3, "integration": 3}
spells = st.tuples(
    st.sampled_from("ab"), st.sampled_from(sorted(RANKS)), st.integers(-3, 5), st.integers(1, 6)
)


@given(st.lists(spells, max_size=8))
def test_each_week_has_the_first_of_its_benefits(drawn):
    rows = [(p, name, RANKS[name], max(start, 0), start + n) for p, name, start, n in drawn]
    frame = pd.DataFrame(rows, columns=["person_id", "group", "rank", "start", "stop"])
    found = mark_first(frame[frame["stop"] > 0], ["a", "b"], WEEKS)
    for i, person in enumerate("ab"):
        for week in range(WEEKS):
            on = [(rank, name) for p, name, rank, start, stop in rows
                  if p == person and start <= week < stop]  # fmt: skip
            marked = [name for name, weeks in found.items() if weeks[i, week]]
            assert marked == [name for _, name in sorted(on)[:1]]


def test_nobody_has_a_benefit():
    nothing = pd.DataFrame({"person_id": [], "group": [], "rank": [], "start": [], "stop": []})
    assert mark_first(nothing, ["a"], 2) == {}
