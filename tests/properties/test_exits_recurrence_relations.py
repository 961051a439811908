"""Events that recur: a twin that goes through persons one by one, and relations that must hold."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import jobeval as je
from jobeval import Lottery
from jobeval.exits.destinations.aalen_johansen import aalen_johansen
from jobeval.exits.jobs.event_rows import EventRows
from jobeval.exits.jobs.mean_cumulative import mean_cumulative

SITES = Lottery(arm="arm", treatment="new", control="old", strata="site")
SWAPPED = Lottery(arm="arm", treatment="old", control="new", strata="site")
PLAIN = Lottery(arm="arm", treatment="new", control="old")
ROWS = {"entry": "start", "person": "id"}
quick = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def trials(draw, persons=(8, 40), longest=10, censored=True, gaps=True):
    """Rows of persons in two sites and arms: some enter late, some pause, some die."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows = []
    for one in range(draw(st.integers(*persons))):
        end = int(rng.integers(1, longest + 1)) if censored else longest
        stops = np.flatnonzero(rng.random(end) < 0.3) + 1
        stops = np.unique(np.append(stops, end)).tolist()
        start = int(rng.integers(0, stops[0])) if gaps else 0
        dies = bool(rng.random() < 0.3)
        for stop in stops:
            event = stop < end or bool(rng.random() < 0.5)
            rows.append((one, start, stop, event, dies and stop == end))
            start = stop
            if gaps and stop < end - 1 and rng.random() < 0.2:
                start = stop + 1 if stop + 1 not in stops else stop
    frame = pd.DataFrame(rows, columns=["id", "start", "stop", "event", "dead"])
    return frame.assign(
        arm=np.where(frame["id"] % 4 < 2, "new", "old"),
        site=np.where(frame["id"] % 2, "north", "south"),
    )


def mean_events(rows, weights, week, terminal=True) -> float:
    """Mean number of events by a week, with a weight for each person, row by row."""
    stay, mean = 1.0, 0.0
    for t in range(1, week + 1):
        at_risk = sum(weights[r.id] for r in rows.itertuples() if r.start < t <= r.stop)
        here = [r for r in rows.itertuples() if r.stop == t]
        if not at_risk:
            if stay > 1e-12:
                return np.nan
            continue
        mean += stay * sum(weights[r.id] for r in here if r.event) / at_risk
        if terminal:
            stay *= 1 - sum(weights[r.id] for r in here if r.dead) / at_risk
    return mean


@settings(quick, max_examples=8)
@given(trials(persons=(8, 20)), st.booleans(), st.integers(1, 10))
def test_mean_and_error_agree_with_a_twin(frame, terminal, week):
    """The error is the square root of the summed squared derivatives by persons' weights."""
    assume(week <= frame["stop"].max())
    option = {"terminal": "dead"} if terminal else {}
    curves = je.mean_cumulative_events(frame, "stop", "event", SITES, **ROWS, **option)
    persons = frame.drop_duplicates("id")
    for arm in ("new", "old"):
        mean = variance = 0.0
        for site, share in persons["site"].value_counts(normalize=True).items():
            rows = frame[(frame["arm"] == arm) & (frame["site"] == site)]
            ids, step = rows["id"].unique(), 1e-5
            ones = dict.fromkeys(ids, 1.0)
            mean += share * mean_events(rows, ones, week, terminal)
            for one in ids:
                up, down = (
                    mean_events(rows, ones | {one: 1 + sign * step}, week, terminal)
                    for sign in (1, -1)
                )
                variance += (share * (up - down) / (2 * step)) ** 2
        np.testing.assert_allclose(curves[arm].at(week), mean, atol=1e-12)
        np.testing.assert_allclose(curves[arm].std_error[week], np.sqrt(variance), atol=1e-7)


@quick
@given(trials(censored=False, gaps=False))
def test_without_censoring_the_mean_is_counted(frame):
    curve = je.mean_cumulative_events(frame, "stop", "event", PLAIN, **ROWS)["new"]
    mine = frame[frame["arm"] == "new"]
    for week in (3, 10):
        counts = mine["event"].where(mine["stop"] <= week, other=False).groupby(mine["id"]).sum()
        np.testing.assert_allclose(curve.at(week), counts.mean())
        # the robust variance without censoring is that of a mean (divisor n)
        np.testing.assert_allclose(
            curve.std_error[week], counts.std(ddof=0) / np.sqrt(len(counts)), atol=1e-12
        )


@quick
@given(trials())
def test_events_that_end_everything_are_exits(frame):
    """Ghosh and Lin's mean of an event that is terminal is Aalen and Johansen's incidence."""
    rows = EventRows(
        frame["stop"].to_numpy(), frame["start"].to_numpy(), frame["event"].to_numpy(int),
        frame["dead"].to_numpy(int), frame["id"].to_numpy(), int(frame["stop"].max()) + 1,
    )  # fmt: skip
    at_risk, events, terminal = rows.total
    deaths = np.stack([np.minimum(events, terminal), terminal - np.minimum(events, terminal)], -1)
    mean = mean_cumulative(at_risk, deaths[:, 0], terminal)
    incidence = aalen_johansen(at_risk, deaths).values[:, 0]
    known = ~np.isnan(mean) & ~np.isnan(incidence)
    np.testing.assert_allclose(mean[known], incidence[known], atol=1e-12)


@quick
@given(trials(), st.integers(0, 1000))
def test_order_and_names_of_rows_do_not_matter(frame, seed):
    moved = frame.sample(frac=1, random_state=seed).assign(id=lambda f: "p" + f["id"].astype(str))
    for arm in ("new", "old"):
        one, other = (
            je.mean_cumulative_events(f, "stop", "event", SITES, **ROWS)[arm]
            for f in (frame, moved)
        )
        np.testing.assert_allclose(other.values, one.values, atol=1e-12)
        np.testing.assert_allclose(other.std_error, one.std_error, atol=1e-12)
        assert other.at_risk.tolist() == one.at_risk.tolist()


@quick
@given(trials())
def test_a_row_split_in_two_tells_the_same(frame):
    long = frame["stop"] - frame["start"] > 1
    assume(long.any() and frame["event"].any())
    first = frame[long].assign(stop=frame["start"] + 1, event=False, dead=False)
    second = frame[long].assign(start=frame["start"] + 1)
    split = pd.concat([frame[~long], first, second])
    one, other = (je.estimate_recurrence(f, "stop", "event", SITES, **ROWS) for f in (frame, split))
    np.testing.assert_allclose(other.estimate, one.estimate, atol=1e-7)
    np.testing.assert_allclose(other.std_error, one.std_error, rtol=1e-5, atol=1e-8)
    for arm in ("new", "old"):
        curves = [
            je.mean_cumulative_events(f, "stop", "event", SITES, **ROWS, terminal="dead")[arm]
            for f in (frame, split)
        ]
        np.testing.assert_allclose(curves[1].values, curves[0].values, atol=1e-12)
        np.testing.assert_allclose(curves[1].std_error, curves[0].std_error, atol=1e-12)


@quick
@given(trials())
def test_swapping_arms_turns_the_sign(frame):
    for method in ("lwyy", "andersen-gill"):
        one, other = (
            je.estimate_recurrence(frame, "stop", "event", lot, **ROWS, method=method)
            for lot in (SITES, SWAPPED)
        )
        np.testing.assert_allclose(other.estimate, -one.estimate, atol=1e-7)
        np.testing.assert_allclose(other.std_error, one.std_error, rtol=1e-5)


@quick
@given(trials(gaps=False))
def test_first_events_alone_are_a_hazard_ratio(frame):
    first = frame.drop_duplicates("id")
    assume(first["event"].any())
    rate = je.estimate_recurrence(first, "stop", "event", SITES, **ROWS, method="andersen-gill")
    hazard = je.estimate_hazard_ratio(first, "stop", "event", SITES)
    np.testing.assert_allclose(rate.estimate, hazard.estimate, atol=1e-8)
    assert rate.std_error == pytest.approx(hazard.std_error, rel=1e-6, nan_ok=True)
