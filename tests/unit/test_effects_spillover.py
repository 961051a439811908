"""Direct effects, spillovers and totals: by hand, their identities, and what is refused."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from jobeval.effects.itt.itt import estimate_itt
from jobeval.effects.spillover.spillover import estimate_spillover
from jobeval.errors import DataError
from jobeval.plan.lottery import Lottery
from jobeval.results import EffectTable

LOTTERY = Lottery(arm="arm", treatment="t", control="c")
GROUPS = {"group": "area", "saturation": "offered"}


def small() -> pd.DataFrame:
    """Two treated areas of 4 and 2, two pure-control ones of 2."""
    return pd.DataFrame(
        {
            "area": list("aaaabbccdd"),
            "offered": [0.25] * 4 + [0.5] * 2 + [0.0] * 4,
            "arm": list("tccctccccc"),
            "hours": [20.0, 1, 2, 3, 8, 6, 4, 6, 10, 4],
        }
    )


def two_step(seed: int = 1, effects: tuple[float, float] = (4.0, -1.0)) -> pd.DataFrame:
    """Forty areas of 10 to 30 in two regions, at 0, .25 and .5; direct effect and spillover."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(10, 31, 40) // 4 * 4
    offered = np.concatenate([rng.permuted(np.repeat([0, 0.25, 0.5], [8, 6, 6])) for _ in "ab"])
    area = np.repeat(np.arange(40), sizes)
    arm = np.concatenate(
        [
            rng.permuted(np.arange(n) < round(n * s))
            for n, s in zip(sizes, offered, strict=True)
        ]
    )  # fmt: skip
    shared = rng.normal(0, 2, 40)
    hours = shared[area] + rng.normal(20, 5, len(area)) + 3.0 * (area >= 20)
    hours += effects[0] * arm + effects[1] * (offered[area] > 0)
    return pd.DataFrame(
        {
            "area": area, "offered": offered[area], "region": np.where(area < 20, "e", "w"),
            "arm": np.where(arm, "t", "c"), "hours": hours,
        }
    )  # fmt: skip


def parts(table: EffectTable) -> dict[str, float]:
    return {effect.part: effect.estimate for effect in table}


def test_by_hand() -> None:
    """Areas count by their persons: treated (4·20 + 2·8)/6, untreated (4·2 + 2·6)/6, pure 6."""
    table = estimate_spillover(small(), "hours", LOTTERY, **GROUPS)
    found = parts(table)
    treated, untreated, pure = 16.0, 20 / 6, 6.0
    assert found["direct"] == pytest.approx(treated - untreated)
    assert found["spillover"] == pytest.approx(untreated - pure)
    assert found["treated vs pure control"] == pytest.approx(treated - pure)
    assert found["total"] == pytest.approx(40 / 6 - pure)  # (20 + 1 + 2 + 3 + 8 + 6) / 6
    one = table.one(part="spillover")
    assert (one.n_treatment, one.n_control, one.n_clusters) == (4, 4, 4)
    assert one.mean_treatment == pytest.approx(untreated)
    assert one.mean_control == pytest.approx(pure)
    assert one.contrast == "c in treated groups - c in pure-control groups"
    at = table.one(part="direct at 0.25")  # one area alone has no error
    assert np.isnan(at.estimate)
    assert "fewer than two groups" in at.notes[-1]


def test_spillover_and_total_are_the_cluster_lottery() -> None:
    """With equal areas the total is the ITT of a lottery of areas, CR2 and its df included."""
    frame = two_step()
    frame["treated_area"] = np.where(frame["offered"] > 0, "yes", "no")
    areas = Lottery(arm="treated_area", treatment="yes", control="no", clusters="area")
    other = estimate_itt(frame, "hours", areas)
    total = estimate_spillover(frame, "hours", LOTTERY, **GROUPS).one(part="total")
    assert total.estimate == pytest.approx(other.estimate, rel=1e-10)
    assert total.std_error == pytest.approx(other.std_error, rel=1e-10)
    assert total.df == pytest.approx(other.df, rel=1e-8)
    stratified = Lottery(
        arm="treated_area", treatment="yes", control="no", clusters="area", strata="region"
    )
    other = estimate_itt(frame, "hours", stratified, adjustment="ancova")
    regions = Lottery(arm="arm", treatment="t", control="c", strata="region", clusters="area")
    total = estimate_spillover(frame, "hours", regions, **GROUPS).one(part="total")
    assert total.estimate == pytest.approx(estimate_itt(frame, "hours", stratified).estimate)
    assert total.std_error == pytest.approx(other.std_error, rel=0.05)


def test_the_parts_are_tied() -> None:
    """At one saturation: total = s · treated vs pure control + (1 − s) · spillover."""
    frame = two_step()
    found = parts(estimate_spillover(frame, "hours", LOTTERY, **GROUPS))
    for share, label in ((0.25, "0.25"), (0.5, "0.5")):
        mixed = share * found[f"treated vs pure control at {label}"]
        mixed += (1 - share) * found[f"spillover at {label}"]
        assert found[f"total at {label}"] == pytest.approx(mixed, rel=1e-9)
        difference = found[f"treated vs pure control at {label}"] - found[f"spillover at {label}"]
        assert found[f"direct at {label}"] == pytest.approx(difference, rel=1e-9)


def test_recovers_known_effects() -> None:
    """Without noise between and within areas: direct 4, spillover −1, treated 3."""
    frame = two_step()
    beside = frame["offered"] > 0
    frame["hours"] = 20 + 4.0 * (frame["arm"] == "t") - 1.0 * beside + 1e-3 * (frame["area"] % 2)
    found = parts(estimate_spillover(frame, "hours", LOTTERY, **GROUPS))
    assert found["direct"] == pytest.approx(4, abs=1e-2)
    assert found["spillover"] == pytest.approx(-1, abs=1e-2)
    assert found["treated vs pure control"] == pytest.approx(3, abs=1e-2)
    assert found["total at 0.5"] == pytest.approx(1, abs=1e-2)


def test_swapped_signs_order_and_names() -> None:
    frame = two_step()
    one = estimate_spillover(frame, "hours", LOTTERY, **GROUPS)
    mirrored = estimate_spillover(frame.assign(hours=-frame["hours"]), "hours", LOTTERY, **GROUPS)
    renamed = frame.sample(frac=1, random_state=3).assign(
        area=lambda f: "Æ" + f["area"].astype(str)
    )
    other = estimate_spillover(renamed, "hours", LOTTERY, **GROUPS)
    for a, b, c in zip(one, mirrored, other, strict=True):
        assert b.estimate == pytest.approx(-a.estimate, rel=1e-9)
        assert b.p_value == pytest.approx(a.p_value, rel=1e-7)
        assert c.estimate == pytest.approx(a.estimate, rel=1e-9)
        assert c.std_error == pytest.approx(a.std_error, rel=1e-8)


def test_groups_at_saturation_one_have_no_untreated() -> None:
    frame = small().assign(offered=[0.25] * 4 + [1.0] * 2 + [0.0] * 4, arm=list("tcccttcccc"))
    table = estimate_spillover(frame, "hours", LOTTERY, **GROUPS)
    assert np.isnan(table.one(part="direct at 1").estimate)
    assert np.isfinite(table.one(part="total").std_error)
    assert np.isnan(table.one(part="spillover").estimate)  # one area alone


def test_missing_outcomes_are_told_by_side() -> None:
    frame = two_step()
    frame.loc[frame.index[frame["arm"] == "t"][:2], "hours"] = np.nan
    note = estimate_spillover(frame, "hours", LOTTERY, **GROUPS)[0].notes[0]
    assert note.startswith("outcome missing and left out: 2 of ")
    lost = small().assign(hours=[np.nan, *small()["hours"][1:]])
    direct = estimate_spillover(lost, "hours", LOTTERY, **GROUPS).one(part="direct")
    assert np.isnan(direct.estimate)


def test_a_share_far_from_the_saturation_is_noted() -> None:
    frame = two_step()
    told = frame.assign(offered=frame["offered"].replace({0.25: 0.9}))
    notes = estimate_spillover(told, "hours", LOTTERY, **GROUPS)[0].notes
    assert any("far from the saturation" in note for note in notes)
    assert estimate_spillover(frame, "hours", LOTTERY, **GROUPS)[0].notes == ()


def test_a_constant_outcome_has_no_error() -> None:
    table = estimate_spillover(two_step().assign(hours=3.0), "hours", LOTTERY, **GROUPS)
    assert all(np.isnan(effect.std_error) for effect in table)
    assert all("not estimable" in effect.notes[-1] for effect in table)


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"offered": [0.25, 0.3] + [0.25] * 2 + [0.5] * 2 + [0.0] * 4}, "differs within 1 of 4"),
        ({"arm": list("tccctcctcc")}, "1 pure-control groups hold treated"),
        ({"offered": [1.0] * 4 + [0.5] * 2 + [0.0] * 4}, "saturation 1 hold untreated"),
        ({"arm": list("cccctccccc")}, "one arm only"),
        ({"offered": [25.0] * 4 + [50.0] * 2 + [0.0] * 4}, "not between 0 and 1"),
        ({"offered": ["low"] * 10}, "not a column of numbers"),
        ({"area": list("aaaabbcccc")}, "fewer than two pure-control groups"),
        ({"area": [None, *"aaabbccdd"]}, "missing for 1 persons"),
        ({"arm": [None, *"ccctccccc"]}, "missing in 1 rows"),
        ({"arm": list("xccccccccc")}, "nobody is in the treatment arm"),
    ],
)
def test_what_a_two_step_lottery_cannot_be(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=words):
        estimate_spillover(small().assign(**changes), "hours", LOTTERY, **GROUPS)


def test_strata_are_of_groups() -> None:
    lottery = Lottery(arm="arm", treatment="t", control="c", strata="region")
    split = small().assign(region=["e", "w"] * 5)
    with pytest.raises(DataError, match="more than one stratum for 4 of 4"):
        estimate_spillover(split, "hours", lottery, **GROUPS)
    apart = small().assign(region=np.where(small()["offered"] > 0, "e", "w"))
    table = estimate_spillover(apart, "hours", lottery, **GROUPS)
    assert "2 strata hold groups of one side only" in table.one(part="total").notes[-1]


def test_contradicting_lotteries_are_refused() -> None:
    for column, words in (
        ({"clusters": "office"}, "clusters"),
        ({"probability": 0.5}, "probability"),
    ):
        lottery = Lottery(arm="arm", treatment="t", control="c", **column)
        with pytest.raises(ValueError, match=words):
            estimate_spillover(small(), "hours", lottery, **GROUPS)
    with pytest.raises(ValueError, match="conf_level"):
        estimate_spillover(small(), "hours", LOTTERY, **GROUPS, conf_level=95)
