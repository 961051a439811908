"""The ``jobeval`` command as a user meets it: files, exit codes, and what it says."""

import json
import re
import shutil
import subprocess
import sys

import pytest

CANARY = "Zebrafinke"


def run(*words):
    command = [sys.executable, "-c", "from jobeval.cli import main; main()", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("trial") / "small"
    said = run("simulate", "jobfirst", "--out", out, "--persons", 600, "--sites", 3, "--seed", 4)
    assert said.returncode == 0, said.stderr
    return out


@pytest.fixture
def broken(folder, tmp_path):
    return shutil.copytree(folder, tmp_path / "broken")


def test_help_names_every_command():
    said = run("--help")
    assert said.returncode == 0
    for command in ("simulate", "check", "evaluate", "report"):
        assert command in said.stdout


def test_check_of_a_good_folder(folder):
    said = run("check", folder)
    assert said.returncode == 0
    assert "no errors" in said.stdout


def test_evaluate_writes_json_and_csv(folder, tmp_path):
    said = run("evaluate", folder, "--look", "midterm", "--out", tmp_path / "results.json")
    assert said.returncode == 0, said.stderr
    results = json.loads((tmp_path / "results.json").read_text("utf-8"))
    assert results["look"] == "midterm"
    header = (tmp_path / "results.csv").read_text("utf-8").splitlines()[0]
    assert header.startswith("analysis,endpoint")
    assert said.stdout == ""


def test_released_and_raw_results_differ(folder, tmp_path):
    run("evaluate", folder, "--look", "midterm", "--out", tmp_path / "released.json")
    said = run(
        "evaluate", folder, "--look", "midterm", "--out", tmp_path / "raw.json", "--unreleased"
    )
    assert "not for release" in said.stderr
    assert (tmp_path / "raw.json").read_text("utf-8") != (tmp_path / "released.json").read_text(
        "utf-8"
    )


def test_report_renders_what_is_asked_for(folder, tmp_path):
    said = run(
        "report", folder, "--look", "final", "--language", "da", "--format", "html",
        "--out", tmp_path / "reports",
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    names = sorted(path.name for path in (tmp_path / "reports").iterdir())
    assert [name for name in names if name.endswith((".html", ".pdf"))] == [
        "jobfirst_final_da.html"
    ]


def test_a_missing_folder_is_bad_input(tmp_path):
    said = run("check", tmp_path / "nowhere")
    assert said.returncode == 2
    assert "Traceback" not in said.stderr
    assert "trial.toml" in said.stderr


def test_all_errors_of_a_plan_at_once(broken):
    plan = (broken / "trial.toml").read_text("utf-8")
    plan = plan.replace("horizon_weeks = 104", "horizon_weks = 104")
    plan = plan.replace('endpoint = "ten_hours"', 'endpoint = "ten_hour"')
    (broken / "trial.toml").write_text(plan, "utf-8")
    said = run("check", broken)
    assert said.returncode == 2
    assert 'did you mean "horizon_weeks"?' in said.stderr


def test_bad_data_is_exit_2_and_quotes_nobody(broken):
    persons = (broken / "persons.csv").read_text("utf-8")
    first = persons.splitlines()[1].split(";")[1]
    (broken / "persons.csv").write_text(persons.replace(f";{first};", f";{CANARY};", 1), "utf-8")
    said = run("evaluate", broken, "--look", "final", "--out", broken / "results.json")
    assert said.returncode == 2
    assert "arm" in said.stderr
    assert CANARY not in said.stderr + said.stdout
    assert not (broken / "results.json").exists()


def test_a_wrong_separator_is_explained(broken):
    text = (broken / "persons.csv").read_text("utf-8")
    (broken / "persons.csv").write_text(text.replace(";", ","), "utf-8")
    said = run("check", broken)
    assert said.returncode == 2
    assert "persons" in said.stderr
    assert "separator" in said.stderr


def test_an_unknown_look_is_bad_input(folder, tmp_path):
    said = run("evaluate", folder, "--look", "midway", "--out", tmp_path / "x.json")
    assert said.returncode == 2


def test_an_internal_error_is_exit_5_without_its_message(folder, tmp_path):
    code = (
        "import sys, jobeval.cli as cli, jobeval.registers.trial as t\n"
        f"def fail(folder): raise RuntimeError('{CANARY}')\n"
        "t.read_trial = fail\n"
        f"sys.argv = ['jobeval', 'check', {str(folder)!r}]\n"
        "cli.main()"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert said.returncode == 5
    assert "internal error (RuntimeError)" in said.stderr
    assert not re.search(rf"Error: .*{CANARY}", said.stderr)
