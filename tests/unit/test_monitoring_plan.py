"""monitor.toml: every problem at once, each with its place; nothing of a trial is asked for."""

import datetime as dt

import pytest

import jobeval as je

GOOD = """
name = "example"
municipality = "Holbæk"
begins = 2019-04-01
cut_off = 2019-08-15
title = { da = "Titel", en = "Title" }

[[suppliers]]
name = "A"
label = { da = "Leverandør A", en = "Supplier A" }
"""


def read(tmp_path, text):
    (tmp_path / "monitor.toml").write_text(text, encoding="utf-8")
    return je.read_monitor_plan(tmp_path)


def problems(tmp_path, text):
    with pytest.raises(je.PlanError) as caught:
        read(tmp_path, text)
    assert caught.value.what == "monitor.toml"
    return {problem.place: str(problem) for problem in caught.value.problems}


def test_a_small_plan_has_the_usual_bounds(tmp_path):
    plan = read(tmp_path, GOOD)
    assert plan.full_time_hours == 37
    assert plan.small_number == 5
    assert plan.cut_off == dt.date(2019, 8, 15)
    assert plan.contracts == ()


def test_all_problems_come_together(tmp_path):
    text = GOOD.replace('name = "example"', 'name = ""').replace("cut_off", "cutoff")
    text += "small_numbers = 5\n[targets]\njob = -1\n"
    found = problems(tmp_path, text)
    assert set(found) == {"name", "cut_off", "cutoff", "suppliers.A.small_numbers", "targets.job"}
    assert 'did you mean "cut_off"?' in found["cutoff"]


def test_what_does_not_fit_together_is_told_by_place(tmp_path):
    text = (
        GOOD.replace("2019-08-15", "2019-03-15")
        + """
[[suppliers]]
name = "A"
label = { da = "x", en = "x" }

[[claims]]
supplier = "AA"
percent = "40 pct."
of = "any_work"
label = { da = "x", en = "x" }

[[hand_over]]
from_programme = "x"
to_programme = "x"

[files.participants]
path = "p.csv"
[files.jobs]
path = "j.csv"
[files.hours]
path = "h.csv"
"""
    )
    found = problems(tmp_path, text)
    assert set(found) == {"cut_off", "suppliers", "claims.1.supplier", "hand_over.1", "files.hours"}
    assert 'did you mean "A"?' in found["claims.1.supplier"]


def test_a_claim_must_be_a_percentage_of_a_status(tmp_path):
    text = (
        GOOD
        + """
[[claims]]
supplier = "A"
percent = "forty"
of = "any_wrok"
label = { da = "x", en = "x" }
"""
    )
    found = problems(tmp_path, text)
    assert "percentage from 0 to 100" in found["claims.1.percent"]
    assert 'did you mean "any_work"?' in found["claims.1.of"]


def test_a_contract_is_with_a_supplier_of_the_plan(tmp_path):
    text = (
        GOOD
        + """
[[contracts]]
name = "c"
supplier = "B"
start = 2019-04-01
[[contracts.milestones]]
name = "start"
label = { da = "x", en = "x" }
reached_by = "start"
price_dkk = 10.0
"""
    )
    assert set(problems(tmp_path, text)) == {"contracts.c.supplier"}


def test_files_stay_in_the_folder(tmp_path):
    found = problems(tmp_path, GOOD + '[files.participants]\npath = "../p.csv"\n')
    assert "may not leave it" in found["files.participants.path"]


def test_a_cpr_number_is_refused_and_not_quoted(tmp_path):
    [said] = problems(tmp_path, GOOD + "# 251248-9996\n").values()
    assert "CPR" in said
    assert "251248" not in said


def test_broken_toml_names_the_line(tmp_path):
    assert set(problems(tmp_path, GOOD + "x = \n")) == {"line 11"}


def test_the_plan_of_a_trial_is_none_of_a_monitoring(committed_folder):
    with pytest.raises(je.PlanError, match=r"no such monitoring folder or file|monitor.toml"):
        je.read_monitor_plan(committed_folder)
