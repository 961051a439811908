"""The gate of monitoring: exact where it may be, hidden where it must, and no persons."""

import json
from dataclasses import replace

import pandas as pd
import pytest

from fabricated_monitor import NORTH, SOUTH, fabricate_monitor
from jobeval.disclosure.monitoring import MonitorPolicy, ReleasedMonitor, release_monitor
from jobeval.disclosure.released import SUPPRESSED
from jobeval.errors import DisclosureError
from jobeval.monitoring.contracts.terms import ContractTerms

CANARY = "Zebrafinke"


@pytest.fixture(scope="module")
def released():
    return release_monitor(fabricate_monitor())


def rows(released, table, **values):
    return [
        row for row in released.tables[table].records()
        if all(row[key] == value for key, value in values.items())
    ]  # fmt: skip


def cell(released, table, column, **values):
    [row] = rows(released, table, **values)
    return row[column]


def count(released, supplier, status):
    return cell(released, "status", "count", supplier=supplier, status=status)


def frame(released, table):
    return pd.DataFrame(list(released.tables[table].records()))


def changed(table, where, **values):
    """The made-up monitoring with other values in the rows of a table."""
    told = fabricate_monitor().tables[table].copy()
    hit = pd.Series(True, index=told.index)
    for key, value in where.items():
        hit &= told[key] == value
    assert hit.any()
    for column, value in values.items():
        told.loc[hit, column] = value
    return release_monitor(fabricate_monitor(**{table: told}))


def test_the_numbers_of_the_case_come_out_exactly(released):
    found = {
        status: count(released, NORTH, status)
        for status in ("intake", "any_work", "education", "placement", "work_or_education")
    }
    assert found == {
        "intake": 190, "any_work": 29, "education": 5, "placement": 22, "work_or_education": 34,
    }  # fmt: skip
    [share] = rows(released, "status", supplier=NORTH, status="work_or_education")
    assert round(100 * share["share"]) == 18
    assert [round(100 * share[name]) for name in ("conf_low", "conf_high")] == [13, 24]


def test_months_without_jobs_pass():
    months = fabricate_monitor().tables["months"].drop(columns="job_starts")
    shown = release_monitor(fabricate_monitor(months=months)).tables["months"]
    assert "job_starts" not in shown.columns and len(shown) == len(months)


def test_no_small_count_leaves(released):
    for name, table in released.tables.items():
        counted = [c for c in table.columns if c in {"count", "of", "kept", "eligible", "reached",
                   "within_target", "intake", "active", "job_starts", "persons", "with_hours",
                   "due", "invoiced", "clawed_back", "left", "arrived", "waiting", "lost", "both",
                   "n"}]  # fmt: skip
        for row in table.records():
            for column in counted:
                value = row[column]
                assert value is None or value is SUPPRESSED or value == 0 or value >= 5, name


def test_hidden_counts_take_their_shares_along(released):
    for table, counts in {"status": ("count", "of"), "retention": ("kept", "eligible")}.items():
        for row in released.tables[table].records():
            if SUPPRESSED in [row[name] for name in counts]:
                told = [row[name] for name in ("share", "conf_low", "conf_high", "small")]
                assert told == [SUPPRESSED] * 4


def test_a_total_does_not_tell_a_hidden_part(released):
    """South: three ended, two flexjobs, one in education; none follows by subtraction."""
    assert count(released, SOUTH, "intake") == 121
    hidden = [s for s in ("active", "flexjob", "hours_beside_benefit", "work_or_education")
              if count(released, SOUTH, s) is SUPPRESSED]  # fmt: skip
    assert len(hidden) == 4
    august = {"supplier": SOUTH, "month": "2019-08"}
    assert cell(released, "months", "active", **august) is SUPPRESSED


def test_those_left_of_a_denominator_are_protected(released):
    """5 of 7 kept: two lost their job."""
    [row] = rows(released, "retention", supplier=SOUTH, weeks=13)
    assert SUPPRESSED in (row["kept"], row["eligible"])


def test_a_milestone_does_not_tell_what_retention_hides():
    """6 of 10 kept is hidden for the four who did not; the ledger counts the same six."""
    told = changed("retention", {"supplier": NORTH, "weeks": 13}, kept=6, eligible=10)
    [row] = rows(told, "retention", supplier=NORTH, weeks=13)
    ledger = changed("milestones", {"milestone": "kept_13"}, reached=6)
    assert SUPPRESSED in (row["kept"], row["eligible"])
    frames = dict(fabricate_monitor().tables)
    frames["retention"].loc[0, ["kept", "eligible"]] = 6, 10
    frames["milestones"].loc[2, "reached"] = 6
    both = release_monitor(fabricate_monitor(**frames))
    [row] = rows(both, "retention", supplier=NORTH, weeks=13)
    reached = cell(both, "milestones", "reached", milestone="kept_13")
    assert row["eligible"] is SUPPRESSED or {row["kept"], reached} == {SUPPRESSED}
    assert cell(ledger, "milestones", "reached", milestone="kept_13") == 6


def test_amounts_are_hidden_with_their_counts_and_in_whole_kroner(released):
    [kept] = rows(released, "milestones", milestone="kept_13")
    assert (kept["invoiced"], kept["invoiced_dkk"]) == (SUPPRESSED, SUPPRESSED)
    amounts = [row["expected_dkk"] for row in rows(released, "forecast")]
    assert all(isinstance(amount, int) for amount in amounts)


def test_a_sure_payment_of_few_is_hidden():
    """Three times 5,000 kroner next month is three citizens; 30 of them are no small group."""
    month = {"month": "2019-09"}
    few = changed("forecast", month, expected_dkk=15000.0, conf_low=15000.0, conf_high=15000.0)
    assert cell(few, "forecast", "expected_dkk", **month) is SUPPRESSED
    many = changed("forecast", month, expected_dkk=150000.0, conf_low=150000.0, conf_high=150000.0)
    assert cell(many, "forecast", "expected_dkk", **month) == 150000


def test_a_median_needs_enough_on_both_sides():
    where = {"supplier": NORTH, "event": "placement"}
    assert cell(changed("waiting", where, reached=9), "waiting", "median_days", **where) is (
        SUPPRESSED
    )
    assert cell(changed("waiting", where, reached=10), "waiting", "median_days", **where) == 62


def test_suppliers_side_by_side_are_withheld_together(released):
    assert cell(released, "case_mix", "difference", supplier=NORTH) == -0.004
    few = changed("case_mix", {"supplier": SOUTH}, n=60, observed=3 / 60)
    for row in rows(few, "case_mix"):
        assert {row[name] for name in ("observed", "expected", "others", "verdict")} == {SUPPRESSED}


def test_hidden_rows_stand_in_no_order_of_size():
    told = rows(release_monitor(fabricate_monitor()), "industries", supplier=NORTH, kind="job")
    hidden = [row["industry"] for row in told if row["count"] is SUPPRESSED]
    assert len(hidden) > 1
    assert hidden == sorted(hidden)
    assert [row["industry"] for row in told][-len(hidden) :] == hidden


def test_rows_of_persons_never_leave():
    ledger = pd.DataFrame({"person_id": [CANARY], "amount_dkk": [5000.0], "proof": ["12, 14"]})
    status = fabricate_monitor().tables["status"].assign(person_id=CANARY)
    told = release_monitor(fabricate_monitor(ledger=ledger, status=status))
    assert "ledger" not in told.tables
    assert CANARY not in json.dumps(told.to_dict(), ensure_ascii=False)
    assert [(e.what, e.rule) for e in told.log if e.rule == "no_rule"] == [
        ("monitoring: ledger", "no_rule")
    ]


def test_the_log_counts_without_values(released):
    assert {entry.rule for entry in released.log} >= {"few_counted", "complementary"}
    hidden = sum(
        sum(value is SUPPRESSED for name, value in row.items() if name in ("count", "of"))
        for row in released.tables["status"].records()
    )
    assert sum(e.cells for e in released.log if e.what == "monitoring: status") == hidden


def test_json_holds_marks_and_says_what_it_is(released):
    values = released.to_dict()
    assert values["kind"] == "monitoring, no control group, not an effect"
    assert values["profile"] == "monitoring"
    assert "suppressed" in json.dumps(values["tables"]["ended"])
    json.dumps(values, allow_nan=False)


def test_notes_hide_small_numbers_and_keep_dates():
    result = replace(fabricate_monitor(), notes=("jobs: 3 rows of 120 until 2019-08-03.",))
    assert release_monitor(result).notes == ("jobs: fewer than 5 rows of 120 until 2019-08-03.",)


def test_rules_can_only_be_tightened(released):
    with pytest.raises(ValueError, match="only be tightened"):
        MonitorPolicy(min_count=4)
    strict = release_monitor(fabricate_monitor(), MonitorPolicy(min_count=10))
    assert count(strict, NORTH, "education") is SUPPRESSED
    assert released.policy.min_count == 5


def test_the_plan_may_ask_for_more_than_five():
    result = fabricate_monitor()
    plan = result.plan.model_copy(update={"small_number": 20})
    told = release_monitor(replace(result, plan=plan))
    assert told.policy.min_count == 20
    assert count(told, NORTH, "ordinary") is SUPPRESSED


def test_nothing_is_made_outside_the_gate(released):
    with pytest.raises(DisclosureError, match="release_monitor"):
        ReleasedMonitor(
            token=object(), plan=released.plan, as_of=released.as_of, data_digest="",
            policy=released.policy, tables={}, notes=(), log=(),
        )  # fmt: skip


def test_the_raw_result_is_not_changed_and_rows_may_come_in_any_order():
    result = fabricate_monitor()
    before = {name: table.copy() for name, table in result.tables.items()}
    told = release_monitor(result)
    for name, table in result.tables.items():
        pd.testing.assert_frame_equal(table, before[name])
    turned = {
        name: table if name == "claims" else table.iloc[::-1].reset_index(drop=True)
        for name, table in before.items()
    }
    again = release_monitor(fabricate_monitor(**turned))
    for name in ("status", "months", "milestones", "retention"):
        first, second = (set(one.tables[name].rows) for one in (told, again))
        assert first == second, name


def test_a_table_that_was_not_made_is_absent():
    told = release_monitor(fabricate_monitor(milestones=None, forecast=None, retention=None))
    assert not {"milestones", "forecast", "retention"} & set(told.tables)


def test_prices_of_a_contract_may_be_shares_of_a_total():
    result = fabricate_monitor()
    terms = result.plan.contracts[0].model_dump()
    terms["total_price_dkk"] = 40000.0
    shares = (0.2, 0.2, 0.3, 0.3)
    terms["milestones"] = [
        one | {"price_dkk": None, "share": share}
        for one, share in zip(terms["milestones"], shares, strict=True)
    ]
    plan = result.plan.model_copy(update={"contracts": (ContractTerms.model_validate(terms),)})
    assert release_monitor(replace(result, plan=plan)).tables["forecast"]
