"""The committed monitoring of Holbæk says what was published of it."""

import datetime as dt
import hashlib
import json
import math

import numpy as np
import pandas as pd
import pytest

import jobeval as je
from jobeval.monitoring.plan import MonitorPlan
from jobeval.synthetic.holbaek import simulate_holbaek
from jobeval.synthetic.holbaek_write import write_monitoring


@pytest.fixture(scope="module")
def folder(committed_folder):
    return committed_folder.parent / "holbaek"


@pytest.fixture(scope="module")
def told(folder):
    return je.read_monitor(folder)


@pytest.fixture(scope="module")
def plan(folder):
    """Without contracts, whose forecast has tests of its own."""
    return je.read_monitor_plan(folder).model_copy(update={"contracts": ()})


@pytest.fixture(scope="module")
def raw(folder):
    """The files as a stranger would read them, without jobeval."""
    read = {"sep": ";", "decimal": ",", "encoding": "utf-8"}
    frames = {name: pd.read_csv(folder / f"{name}.csv", **read) for name in ("forloeb", "job")}
    for frame in frames.values():
        for name in ("startdato", "slutdato", "første_dag", "dagen_efter", "registreret"):
            if name in frame:
                frame[name] = pd.to_datetime(frame[name], format="%d-%m-%Y")
    return frames


def numbers(told, supplier, table="status", key="status"):
    frame = told.tables[table]
    return frame[frame["supplier"] == supplier].set_index(key)


def test_the_committed_bytes_are_those_of_the_generator(folder, tmp_path):
    write_monitoring(simulate_holbaek(), tmp_path)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert made == {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_checksums_hold(folder):
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    assert len(lines) == len(list(folder.iterdir())) - 1
    for line in lines:
        digest, name = line.split("  ")
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


def test_another_folder_is_left_alone(tmp_path):
    (tmp_path / "monitor.toml").write_text("name = 'mine'")
    with pytest.raises(FileExistsError, match="not synthetic"):
        write_monitoring(simulate_holbaek(), tmp_path)


def test_the_published_facts_of_supplier_a(told):
    assert told.as_of == dt.date(2019, 8, 15)
    count = numbers(told, "A")["count"]
    assert count["intake"] == 190
    assert count["any_work"] == 29
    assert count["education"] == 5
    assert count["placement"] == 22
    assert count["work_or_education"] == 34
    assert count["ordinary"] + count["flexjob"] + count["hours_beside_benefit"] == 29


def test_the_shares_of_supplier_a_with_wilson_intervals(told):
    """34 of 190 are 17.9 % (13.1 to 24.0); 29 are 15.3 %; 5 are 2.6 %."""
    status = numbers(told, "A")
    row = status.loc["work_or_education"]
    assert (row["of"], round(100 * row["share"], 1)) == (190, 17.9)
    assert (round(100 * row["conf_low"], 1), round(100 * row["conf_high"], 1)) == (13.1, 24.0)
    assert round(100 * status.loc["any_work", "share"], 1) == 15.3
    assert round(100 * status.loc["education", "share"], 1) == 2.6


def test_every_planted_count_comes_out(told, folder):
    facts = json.loads((folder / "facts.json").read_text())
    for supplier, planted in facts.items():
        count = numbers(told, supplier)["count"]
        assert {name: int(count[name]) for name in planted} == planted


def test_forty_percent_of_29_cannot_be_and_18_of_190_can(told):
    claims = told.tables["claims"].set_index("published")
    full_time = claims.loc["40 pct."]
    assert (full_time["count"], full_time["of"], bool(full_time["attainable"])) == (12, 29, False)
    assert (round(full_time["nearest_low"], 1), round(full_time["nearest_high"], 1)) == (37.9, 41.4)
    reported = claims.loc["18 pct."]
    assert (reported["count"], reported["of"], bool(reported["attainable"])) == (34, 190, True)


def test_after_four_and_a_half_months_nobody_can_have_kept_a_job_for_26_weeks(told):
    retention = numbers(told, "A", "retention", "weeks")
    assert retention.loc[26, "eligible"] == 0
    assert math.isnan(retention.loc[26, "share"])
    assert bool(retention.loc[26, "small"])
    assert 0 < retention.loc[13, "kept"] < retention.loc[13, "eligible"] < 29


def test_the_industries_that_were_named(told):
    industries = numbers(told, "A", "industries", "kind").loc["job", "industry"]
    assert set(industries) == {
        "Byggeri og nedrivning", "Lager og logistik", "Detailhandel", "Facility service",
        "Hotel og restauration", "Kontor og administration", "Auto", "Grønne områder",
    }  # fmt: skip


def test_the_one_citizen_of_whom_was_told(raw):
    """2 paid hours in the first week, 65 in the first month, then 6 months' wage subsidy."""
    job = raw["job"]
    [person] = job.loc[job["timer_i_alt"] == 2, "borger"]
    rows = job[job["borger"] == person].sort_values("første_dag")
    first = rows["første_dag"].iloc[0]
    assert rows["dagen_efter"].iloc[0] - first == pd.Timedelta(days=7)
    month = rows[rows["dagen_efter"] <= first + pd.Timedelta(days=31)]
    assert month["timer_i_alt"].sum() == 65
    subsidy = rows.iloc[-1]
    assert (subsidy["art"], subsidy["timer_om_ugen"]) == ("subsidised", 37)
    assert subsidy["første_dag"] == month["dagen_efter"].max()
    length = subsidy["dagen_efter"] - subsidy["første_dag"]
    assert pd.Timedelta(days=181) <= length <= pd.Timedelta(days=184)


def test_what_was_registered_after_the_cut_off_is_not_seen(raw, told):
    late = raw["job"][raw["job"]["registreret"] > "2019-08-15"]
    begun = late["første_dag"] <= "2019-08-15"
    assert begun.sum() > 0
    courses = raw["forloeb"]
    assert (courses["startdato"] > "2019-08-15").sum() > 0
    starts = numbers(told, "A", "months", "month")["job_starts"].sum()
    assert starts <= 31  # 29 citizens, two of whom changed their employer


@pytest.mark.parametrize("day", [dt.date(2019, 5, 31), dt.date(2019, 7, 3)])
def test_a_past_day_needs_no_later_rows(plan, day):
    """Cutting away all that began or was registered later changes no table."""
    made = simulate_holbaek()
    at = pd.Timestamp(day)
    jobs, courses, activities = made.jobs, made.participants, made.activities
    cut = {
        "participants": courses[courses["started_on"] <= at],
        "jobs": jobs[(jobs["start"] <= at) & (jobs["registered_on"] <= at)],
        "activities": activities[activities["start"] <= at],
        "benefits": made.benefits[made.benefits["start"] <= at],
        "invoices": made.invoices[made.invoices["invoiced_on"] <= at],
    }
    late = cut["participants"]["ended_on"] > at
    cut["participants"] = cut["participants"].assign(
        ended_on=cut["participants"]["ended_on"].mask(late),
        end_reason=cut["participants"]["end_reason"].mask(late),
    )
    whole = {name: getattr(made, name) for name in cut}
    now = je.monitor(plan, **whole, as_of=day).tables
    then = je.monitor(plan, **cut, as_of=day).tables
    assert now.keys() == then.keys()
    for name in now:
        pd.testing.assert_frame_equal(now[name], then[name], obj=name)


def test_the_order_of_rows_does_not_matter(plan, told):
    made = simulate_holbaek()
    rng = np.random.default_rng(3)
    names = ("participants", "jobs", "activities", "benefits", "invoices")
    mixed = {
        name: (frame := getattr(made, name)).iloc[rng.permutation(len(frame))] for name in names
    }
    again = je.monitor(plan, **mixed)
    assert again.digest == told.digest  # frames or files, in any order
    for name, table in again.tables.items():
        pd.testing.assert_frame_equal(table, told.tables[name], obj=name)


def test_the_result_survives_json(told):
    text = json.dumps(told.to_dict(), allow_nan=False)
    again = je.MonitorResult.from_dict(json.loads(text))
    assert again.to_dict() == told.to_dict()
    assert isinstance(again.plan, MonitorPlan)
    assert "not an effect" in repr(again)
    assert "<table" in again._repr_html_()
    for name, table in told.tables.items():
        pd.testing.assert_frame_equal(table, again.tables[name], check_dtype=False, obj=name)


def test_months_as_a_naive_count_over_days_has_them(raw, told):
    """Every citizen, every day, one by one: persons, touched by hours, and mean hours."""
    courses = raw["forloeb"]
    courses = courses[courses["indsats"] == "Leverandørforløb 2019"]
    jobs = raw["job"]
    jobs = jobs[(jobs["art"] == "ordinary") & (jobs["registreret"] <= "2019-08-15")]
    last = pd.Timestamp("2019-08-15")
    for supplier in ("A", "B"):
        months = numbers(told, supplier, "months", "month")
        for month, row in months.iterrows():
            days = pd.date_range(f"{month}-01", periods=31)
            days = days[(days.strftime("%Y-%m") == month) & (days <= last)]
            hours = {}
            for course in courses[courses["leverandør"] == supplier].itertuples():
                in_course = (days >= course.startdato) & ~(days >= course.slutdato)
                if in_course.any():
                    hours[course.borger] = naive_hours(jobs[jobs["borger"] == course.borger], days)
            touched = [h for h in hours.values() if h > 0]
            assert (row["persons"], row["with_hours"]) == (len(hours), len(touched))
            assert row["mean_hours"] == pytest.approx(sum(touched) / len(hours))


def naive_hours(jobs, days):
    total = 0.0
    for job in jobs.itertuples():
        for day in days:
            if job.første_dag <= day and not day >= job.dagen_efter:
                length = (job.dagen_efter - job.første_dag).days
                daily = job.timer_om_ugen / 7
                total += job.timer_i_alt / length if math.isnan(daily) else daily
    return total


def test_suppliers_are_not_ranked_raw(told):
    """B has more in work, and citizens nearer to work: adjusted, nothing tells them apart."""
    case_mix = told.tables["case_mix"].set_index("supplier")
    assert case_mix.loc["B", "observed"] > case_mix.loc["A", "observed"]
    assert case_mix.loc["B", "expected"] > case_mix.loc["A", "expected"]
    assert set(case_mix["verdict"]) == {"uncertain"}


def test_the_invoice_for_a_lost_job_is_found(told):
    [finding] = [one for one in told.findings if one.table == "invoices"]
    assert finding.rule == "invoice-not-reached"
    assert "kept_13" in finding.sentence


def test_retention_and_the_ledger_agree_where_their_rules_do(told):
    """Both allow gaps of 14 days, and count ordinary jobs and flexjobs: 13 weeks kept."""
    milestones = told.tables["milestones"].set_index(["supplier", "milestone"])
    kept = numbers(told, "A", "retention", "weeks").loc[13, "kept"]
    assert milestones.loc[("A", "kept_13"), "reached"] == kept
    assert milestones.loc[("A", "start"), "reached"] == 190
    assert milestones.loc[("A", "kept_26"), "reached"] == 0


def test_twelve_of_the_earlier_effort_go_on_and_nobody_is_lost_from_the_count(told):
    [step] = told.tables["hand_over"].to_dict("records")
    assert (step["from"], step["to"]) == ("Indsats 2018", "Leverandørforløb 2019")
    counts = {name: step[name] for name in ("left", "arrived", "waiting", "lost", "both")}
    assert counts == {"left": 37, "arrived": 12, "waiting": 20, "lost": 5, "both": 1}


def test_the_command_writes_the_folder(tmp_path, folder):
    from typer.testing import CliRunner

    from jobeval.cli import app

    result = CliRunner().invoke(app, ["simulate", "holbaek", "--out", str(tmp_path / "h")])
    assert result.exit_code == 0, result.output
    sums = (tmp_path / "h" / "SHA256SUMS").read_bytes()
    assert sums == (folder / "SHA256SUMS").read_bytes()
