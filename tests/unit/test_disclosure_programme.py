"""What was done passes the gate: whole percent, rounded denominators, nothing to subtract."""

import json
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabricated_evaluation import SITES
from fabricated_programme import check, fabricate_programme, share_row
from jobeval.disclosure.checks import release_check
from jobeval.disclosure.ledger import Ledger
from jobeval.disclosure.percent import judge_shares
from jobeval.disclosure.policy import Policy
from jobeval.disclosure.programme import INDICATORS, merge_small
from jobeval.disclosure.released import SUPPRESSED

SIZES = {"control": 1187, "jobfirst": 1221}


def let_out(found, policy=None):
    ledger = Ledger()
    released = release_check(found, SIZES, policy or Policy(), ledger)
    return list(released.table.records()), released, ledger.entries()


def indicator(level, count, of, population="participants"):
    group = "site" if level else "all"
    return {"indicator": "tried_company", "population": population, "group": group,
            "level": level, **share_row(count, of)}  # fmt: skip


def indicators(*rows):
    return check("indicators", [indicator(*row) for row in rows])


@pytest.mark.parametrize(("count", "of", "percent"), [(63, 77, 82), (21, 77, 27), (31, 77, 40)])
def test_shares_are_whole_percent_of_a_rounded_denominator(count, of, percent):
    [row], released, _ = let_out(indicators(("", count, of)))
    assert row["share"] == percent / 100
    assert row["of"] == 75
    assert "count" not in released.table.columns
    low, high = (float(row[name]) for name in ("conf_low", "conf_high"))
    assert low < row["share"] < high
    assert all(round(100 * x, 9) == round(100 * x) for x in (low, high))


@pytest.mark.parametrize(
    ("count", "of", "shown"),
    [(5, 40, True), (35, 40, True), (4, 40, False), (36, 40, False), (0, 40, False),
     (40, 40, False)],
)  # fmt: skip
def test_few_with_or_without_hide_the_share_and_its_interval(count, of, shown):
    [row], _, log = let_out(indicators(("", count, of)))
    assert row["of"] == 40
    assert all((row[n] is not SUPPRESSED) == shown for n in ("share", "conf_low", "conf_high"))
    assert [entry.rule for entry in log] == ([] if shown else ["few_without"])


def test_a_group_of_few_has_no_denominator_either():
    [row], _, log = let_out(indicators(("", 2, 4)))
    assert row["of"] is SUPPRESSED
    assert row["share"] is SUPPRESSED
    assert [entry.rule for entry in log] == ["few_persons"]


def test_what_could_not_be_estimated_is_missing_and_not_hidden():
    [row], _, log = let_out(indicators(("", 0, 0)))
    assert (row["share"], row["of"]) == (None, 0)
    assert log == ()


def test_a_hidden_job_centre_takes_the_smallest_other_along():
    rows, _, log = let_out(
        indicators(("", 72, 200), ("A", 3, 50), ("B", 20, 40), ("C", 24, 60), ("D", 25, 50))
    )
    hidden = {row["level"] for row in rows if row["share"] is SUPPRESSED}
    assert hidden == {"A", "B"}
    assert {entry.rule for entry in log} == {"few_without", "complementary"}


def test_columns_of_levels_do_not_mix():
    rows = [indicator("A", 3, 50), indicator("B", 20, 40), indicator("", 23, 90)]
    others = [{**row, "indicator": "placement", "count": 20, "of": 50} for row in rows]
    shown, *_ = let_out(check("indicators", rows + others))
    assert all(row["share"] is not SUPPRESSED for row in shown if row["indicator"] == "placement")


def test_those_drawn_are_hidden_where_few_of_them_did_not_start():
    """One more of those drawn, who did not start, tried a company."""
    found = indicators(("A", 40, 80), ("A", 41, 92, "treatment"))
    own, drawn = let_out(found)[0]
    assert own["share"] == 0.5
    assert drawn["share"] is SUPPRESSED


def test_percents_of_many_tell_no_single_persons():
    found = indicators(("", 500, 1057), ("", 502, 1290, "treatment"))
    assert [row["share"] for row in let_out(found)[0]] == [0.47, 0.39]


counts_of_sites = st.lists(
    st.integers(1, 90).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    min_size=1, max_size=8,
)  # fmt: skip


@given(counts_of_sites)
def test_what_is_hidden_together_is_no_small_group(sites):
    """The total less the shown sites leaves five with and five without, or nothing is shown."""
    total = tuple(map(sum, zip(*sites, strict=True)))
    rows = [indicator("", *total), *(indicator(f"s{i}", *pair) for i, pair in enumerate(sites))]
    rules = judge_shares(rows, INDICATORS, Policy())[1:]
    gone = [pair for pair, rule in zip(sites, rules, strict=True) if rule]
    if gone and len(gone) < len(sites):
        assert len(gone) >= 2
        assert sum(count for count, _ in gone) >= 5
        assert sum(of - count for count, of in gone) >= 5
    for (count, of), rule in zip(sites, rules, strict=True):
        assert rule or (count >= 5 and of - count >= 5)


def test_a_stricter_policy_hides_more():
    [row], *_ = let_out(indicators(("", 8, 40)), Policy(min_count=10))
    assert row["share"] is SUPPRESSED


def waiting(of, reached, median=16.0):
    row = {"indicator": "days_to_placement", "population": "participants", "group": "all",
           "level": "", "of": of, "reached": reached, "median_days": median, "conf_low": 9.0,
           "conf_high": math.nan}  # fmt: skip
    return check("waiting", [row])


def test_medians_are_whole_weeks_and_need_persons_on_both_sides():
    [row], *_ = let_out(waiting(62, 40))
    assert (row["median_days"], row["conf_low"], row["conf_high"]) == (14, 7, None)
    assert (row["of"], row["share"]) == (60, 0.65)
    for few in (waiting(9, 6), waiting(62, 4)):
        [row], _, log = let_out(few)
        assert row["median_days"] is SUPPRESSED
        assert "few_beyond_quantile" in {entry.rule for entry in log}


def test_a_median_not_reached_stays_missing():
    [row], *_ = let_out(waiting(62, 20, math.nan))
    assert row["median_days"] is None


def test_the_hours_end_where_few_are_followed_and_tell_no_small_losses():
    persons = [60, 58, 50, 12, 9, 30]
    rows = [{"population": "participants", "week": week, "persons": n, "mean_hours": 7.777,
             "conf_low": 5.0, "conf_high": 9.0} for week, n in enumerate(persons)]  # fmt: skip
    shown, *_ = let_out(check("hours_ramp", rows))
    assert [row["persons"] for row in shown] == [60, 60, 50, 10]
    assert [row["mean_hours"] for row in shown] == [7.8, 7.8, 7.8, 8.0]


@given(st.dictionaries(st.sampled_from("abcdefg"), st.integers(0, 30), min_size=1))
def test_small_categories_are_put_together(counts):
    merged = merge_small(counts, "other", 5)
    assert sum(merged.values()) == sum(counts.values())
    gone = {name for name, n in counts.items() if n > 0} - set(merged)
    assert len(gone) != 1 or len(merged) == 1
    assert all(n >= 5 for n in merged.values()) or set(merged) == {"other"}
    assert all(merged[name] == counts[name] for name in merged if name != "other")


def test_industries_of_few_leave_no_trace():
    found = fabricate_programme(SITES)["industries"]
    rows, released, log = let_out(found)
    names = {row["industry"] for row in rows}
    assert "other" in names
    assert not names & {"cars", "green"}
    assert "green" not in json.dumps(released.to_dict())
    assert {entry.rule for entry in log} == {"merged"}


def test_states_of_few_are_put_together_and_the_bar_still_adds_up():
    rows, *_ = let_out(fabricate_programme(SITES)["placement_status"])
    own = {r["status"]: r["share"] for r in rows if r["population"] == "participants"}
    assert "disability_pension" not in own
    assert math.isclose(sum(own.values()), 1, abs_tol=0.03)


def test_a_verdict_goes_with_its_share():
    rows, *_ = let_out(fabricate_programme(SITES)["fidelity"])
    hidden = [row for row in rows if row["share"] is SUPPRESSED]
    assert hidden
    assert all(row["verdict"] is SUPPRESSED for row in hidden)
    assert all(isinstance(row["threshold"], float) for row in rows)


def test_naming_companies_tells_of_records_not_of_persons():
    row = {"population": "participants", "site": "", "persons": 100, "with_any": 100, "share": 1.0,
           "conf_low": 0.96, "conf_high": 1.0, "spells": 300, "with_company": 300,
           "share_company": 1.0}  # fmt: skip
    [shown], *_ = let_out(check("registration", [row]))
    assert (shown["share"], shown["share_company"]) == (SUPPRESSED, 1.0)
    [shown], *_ = let_out(check("registration", [{**row, "spells": 6}]))
    assert shown["share_company"] is SUPPRESSED


def test_gaps_and_contacts_of_few_are_hidden():
    gap = {"population": "participants", "group": "all", "level": "", "persons": 40,
           "share_of_time": 0.25, "conf_low": 0.2, "conf_high": 0.31, "gaps": 55,
           "mean_weeks": 6.66}  # fmt: skip
    [row], *_ = let_out(check("gaps", [gap]))
    assert (row["share_of_time"], row["mean_weeks"]) == (0.25, 6.7)
    [row], *_ = let_out(check("gaps", [{**gap, "gaps": 3}]))
    assert (row["share_of_time"], row["mean_weeks"]) == (0.25, SUPPRESSED)
    contact = {"population": "control", "group": "all", "level": "", "persons": 60, "contacts": 300,
               "per_13_weeks": 1.666, "conf_low": 1.5, "conf_high": 1.8}  # fmt: skip
    [row], *_ = let_out(check("contacts", [contact]))
    assert row["per_13_weeks"] == 1.7
    [row], *_ = let_out(check("contacts", [{**contact, "contacts": 4}]))
    assert row["per_13_weeks"] is SUPPRESSED


def places(*rows, share=1.0, **more):
    table = [
        {"site": site, "n": n, "observed": observed, "expected": 0.2, "others": 0.2,
         "difference": observed - 0.2, "conf_low": -0.1, "conf_high": 0.1, "shrunken": 0.01,
         "shrunken_low": -0.05, "shrunken_high": 0.06, "verdict": "uncertain",
         "verdict_adjusted": "uncertain", **more}
        for site, n, observed in rows
    ]  # fmt: skip
    values = {"average": 0.20412, "overdispersion": 1.2345, "tau": 0.01, "n_sites": len(rows)}
    return check("places hours", table, share=share, **values)


def test_a_hidden_place_takes_two_others_along():
    found = places(("A", 40, 0.05), ("B", 60, 0.2), ("C", 50, 0.2), ("D", 90, 0.2), ("E", 80, 0.2))
    rows, released, _ = let_out(found)
    hidden = [row["site"] for row in rows if row["observed"] is SUPPRESSED]
    assert hidden == ["A", "B", "C"]
    assert all(row["difference"] is SUPPRESSED for row in rows if row["site"] in hidden)
    assert released.values == {"share": 1.0, "n_sites": 5}  # two places tell of the average


def test_values_of_all_places_stand_where_enough_places_are_shown():
    rows = [(name, 60, 0.25) for name in "ABCD"]
    shown, released, _ = let_out(places(*rows))
    assert all(row["observed"] == 0.25 for row in shown)
    assert released.values["average"] == 0.204


@pytest.mark.parametrize(("apart", "shown"), [(5, True), (4, False), (math.nan, False)])
def test_means_of_places_rest_on_enough_persons_apart(apart, shown):
    rows = [(name, 60, 3.456) for name in "ABCD"]
    told, *_ = let_out(places(*rows, share=0.0, n_apart=apart))
    assert all((row["observed"] is not SUPPRESSED) == shown for row in told)
    assert not shown or told[0]["observed"] == 3.5


def test_means_of_unknown_composition_are_hidden():
    told, *_ = let_out(places(*[(name, 60, 3.4) for name in "ABCD"], share=0.0))
    assert all(row["observed"] is SUPPRESSED for row in told)


def test_limits_of_the_funnel_pass():
    found = fabricate_programme(SITES)["funnel hours_in_course_places"]
    rows, released, log = let_out(found)
    assert len(rows) == len(found.table)
    assert released.values == {"average": 0.12}
    assert log == ()


def test_no_count_and_no_exact_number_leaves():
    for found in fabricate_programme(SITES).values():
        rows, released, _ = let_out(found)
        assert not {"count", "reached", "with_any", "spells", "contacts", "gaps"} & set(
            released.table.columns
        )
        for row in rows:
            if "persons" in row and isinstance(row["persons"], int):
                assert row["persons"] % 5 == 0
            if "of" in row and isinstance(row["of"], int):
                assert row["of"] % 5 == 0


def test_the_order_of_rows_does_not_matter():
    found = fabricate_programme(SITES)["indicators"]
    order = np.random.default_rng(3).permutation(len(found.table))
    mixed = replace(found, table=pd.DataFrame(found.table.iloc[order]))
    key = lambda row: tuple(str(row[name]) for name in INDICATORS.keys)  # noqa: E731
    assert sorted(let_out(found)[0], key=key) == sorted(let_out(mixed)[0], key=key)


@pytest.mark.parametrize(("drawn", "hidden"), [(83, True), (92, False), (80, False)])
def test_means_of_those_drawn_tell_nothing_of_few_who_did_not_start(drawn, hidden):
    gap = {"group": "site", "level": "A", "share_of_time": 0.5, "conf_low": 0.4, "conf_high": 0.6,
           "gaps": 90, "mean_weeks": 6.0}  # fmt: skip
    rows = [{"population": "participants", "persons": 80, **gap},
            {"population": "treatment", "persons": drawn, **gap}]  # fmt: skip
    own, others = let_out(check("gaps", rows))[0]
    assert own["share_of_time"] == 0.5
    assert (others["share_of_time"] is SUPPRESSED) == hidden
