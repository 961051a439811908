import numpy as np
import pandas as pd
import polars as pl
import pytest

from jobeval import Lottery
from jobeval.errors import DataError, DesignError
from jobeval.exits.curves.survival import survival_curve, survival_curve_from_grid
from jobeval.exits.grid.counting import count_exits
from jobeval.exits.grid.grid import build_grid

PLAIN = Lottery(arm="arm", treatment="new", control="old")
SITES = Lottery(arm="arm", treatment="new", control="old", strata="site")


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "arm": ["new", "new", "new", "new", "old", "old", "old", "old"],
            "site": ["n", "s", "n", "s", "n", "s", "n", "s"],
            "young": [True, True, False, False] * 2,
            "week": [1, 3, 3, 2, 0, 2, 2, 3],
            "entry": [0, 2, 0, 1, 0, 0, 1, 0],
            "left": [1, 0, 1, 1, 0, 1, 0, 1],
            "to": ["job", None, "pension", "job", None, "job", None, "pension"],
        }
    )


class TestCountExits:
    def test_by_arm_stratum_and_week(self, frame):
        grid = count_exits(frame, "week", "left", SITES)
        assert (grid.arms, grid.strata, grid.causes) == (("old", "new"), ("n", "s"), ("",))
        assert grid.leavers[1].tolist() == [[0, 1, 0, 1], [0, 0, 1, 0]]
        assert grid.censored[0].tolist() == [[1, 0, 1, 0], [0, 0, 0, 0]]
        assert grid.at_risk[1].tolist() == [[2, 2, 1, 1], [2, 2, 2, 1]]
        assert repr(grid) == "ExitGrid(2 arms × 2 strata × 4 weeks, 8 persons, 5 exits)"

    def test_competing_exits(self, frame):
        grid = count_exits(frame, "week", "to", PLAIN, competing=True)
        assert grid.causes == ("job", "pension")
        assert grid.events[1, 0].tolist() == [[0, 0], [1, 0], [1, 0], [0, 1]]

    def test_late_entry(self, frame):
        late = frame[frame["week"] > 0]
        grid = count_exits(late, "week", "left", PLAIN, entry="entry")
        assert grid.at_risk[1, 0].tolist() == [0, 2, 2, 2]

    def test_cells_split_strata(self, frame):
        frame = pd.concat([frame, frame.assign(young=~frame["young"])])
        grid = count_exits(frame, "week", "left", SITES, cells=["young"])
        assert grid.strata == ("n × False", "n × True", "s × False", "s × True")
        curves = survival_curve_from_grid(grid, endpoint="week")
        split = Lottery(arm="arm", treatment="new", control="old", strata=("site", "young"))
        expected = survival_curve(frame, "week", "left", split)
        pd.testing.assert_frame_equal(curves.to_frame(), expected.to_frame())

    def test_cells_of_one_arm_are_refused(self, frame):
        with pytest.raises(DataError, match="one arm only"):
            count_exits(frame.assign(person=range(8)), "week", "left", PLAIN, cells=["person"])

    def test_a_table_of_counts_from_an_engine(self, frame):
        table = pl.DataFrame(frame.drop(columns="to")).group_by(
            ["arm", "site", "week", "left"]
        ).len("n").lazy()  # fmt: skip
        grid = count_exits(table, "week", "left", SITES, count="n")
        expected = count_exits(frame, "week", "left", SITES)
        pd.testing.assert_frame_equal(grid.to_frame(), expected.to_frame())

    @pytest.mark.parametrize(
        ("bad", "rule"),
        [
            ([1.5] + [1] * 7, "1 values are missing, negative or not whole"),
            ([-1, np.nan, np.inf] + [1] * 5, "3 values"),
            (["one"] * 8, "does not hold numbers"),
        ],
    )
    def test_bad_counts_are_refused(self, frame, bad, rule):
        with pytest.raises(DataError, match=rule):
            count_exits(frame.assign(n=bad), "week", "left", PLAIN, count="n")

    def test_odds_that_vary_within_strata_are_refused(self, frame):
        lottery = Lottery(arm="arm", treatment="new", control="old", probability="chance")
        with pytest.raises(DesignError, match="strata"):
            count_exits(frame.assign(chance=[0.3, 0.5] * 4), "week", "left", lottery)


class TestExitGrid:
    def test_as_a_frame(self, frame):
        table = count_exits(frame, "week", "to", SITES, competing=True).to_frame()
        assert table.columns.tolist() == [
            "arm", "stratum", "week", "cause", "at_risk", "events", "censored", "entries",
        ]  # fmt: skip
        assert len(table) == 2 * 2 * 4 * 2
        row = table.query("arm == 'new' and stratum == 's' and week == 2 and cause == 'job'")
        assert row[["at_risk", "events", "censored"]].to_numpy().tolist() == [[2, 1, 0]]

    def test_in_a_notebook(self, frame):
        assert "<table" in count_exits(frame, "week", "left", SITES)._repr_html_()

    def test_narrow_integers(self):
        """Codes of few bits give the same table, and what is negative in them is seen."""
        rng = np.random.default_rng(2)
        codes = [rng.integers(0, size, 500) for size in (100, 2, 2, 3)]
        labels = {"arms": ("a", "b"), "strata": ("x", "y", "z"), "causes": ("job",)}
        wide = build_grid(*codes, **labels)
        narrow = build_grid(*(code.astype(np.int8) for code in codes), **labels)
        pd.testing.assert_frame_equal(wide.to_frame(), narrow.to_frame())
        codes[0] = np.where(np.arange(500) == 7, -1, codes[0]).astype(np.int8)
        with pytest.raises(ValueError, match="weeks"):
            build_grid(*codes, **labels)

    def test_strata_without_persons_fall_away(self):
        one = np.array([0, 1, 0, 1])
        grid = build_grid(
            np.array([1, 2, 3, 2]), np.array([1, 1, 0, 0]), one, one * 0 + 1,
            arms=("old", "new"), strata=("empty", "full"), causes=("job",),
        )  # fmt: skip
        curves = survival_curve_from_grid(grid, endpoint="week")
        assert curves["old"].values.tolist() == [1, 0.5, 0.5, 0.5]
        assert not any("standardised" in note for note in curves["old"].notes)

    def test_a_stratum_without_an_arm_has_no_standardised_curve(self):
        grid = build_grid(
            np.array([1, 2, 3]), np.array([1, 1, 0]), np.array([0, 1, 0]), np.array([0, 0, 1]),
            arms=("old", "new"), strata=("both", "one"), causes=("job",),
        )  # fmt: skip
        curve = survival_curve_from_grid(grid, endpoint="week")["new"]
        assert np.isnan(curve.values).all()
        assert any("unknown from week 0 on" in note for note in curve.notes)
