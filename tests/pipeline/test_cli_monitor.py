"""``jobeval monitor`` on the committed monitoring: files, exit codes, and no citizen in any."""

import csv
import io
import json
import re
import shutil
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import pytest

from jobeval.cli import main

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "data" / "synthetic" / "holbaek"
NOTEBOOK = ROOT / "notebooks" / "supplier_report.ipynb"
BANNER = "Monitorering: ingen kontrolgruppe, ikke en effekt"


class Said(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


def run(*words):
    """The command in this process, which has its imports done."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    called = mock.patch.object(sys, "argv", ["jobeval", *map(str, words)])
    with called, redirect_stdout(out), redirect_stderr(err):
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
    return Said(code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("out")
    said = run("monitor", FOLDER, "--out", folder, "--language", "da")
    assert said.returncode == 0, said.stderr
    assert said.stdout == ""
    return folder


@pytest.fixture(scope="module")
def tables(out):
    return json.loads((out / "holbaek_supplier.json").read_text("utf-8"))["tables"]


def row(table, **values):
    place = {name: i for i, name in enumerate(table["columns"])}
    [found] = [r for r in table["rows"] if all(r[place[k]] == v for k, v in values.items())]
    return dict(zip(table["columns"], found, strict=True))


def test_the_files_are_there(out):
    names = {path.name for path in out.iterdir()}
    assert {"holbaek_supplier_da.html", "holbaek_supplier_da.pdf", "manifest.json"} <= names
    assert {"holbaek_supplier.json", "holbaek_supplier_status.csv"} <= names
    assert set(json.loads((out / "manifest.json").read_text())["files"]) == names - {
        "manifest.json"
    }
    assert BANNER in (out / "holbaek_supplier_da.html").read_text("utf-8")


def test_the_facts_of_the_case_come_out_exactly(tables):
    status = tables["status"]
    counts = {
        name: row(status, supplier="A", status=name)["count"]
        for name in ("intake", "any_work", "education", "placement", "work_or_education")
    }
    assert counts == {
        "intake": 190, "any_work": 29, "education": 5, "placement": 22, "work_or_education": 34,
    }  # fmt: skip
    share = row(status, supplier="A", status="work_or_education")
    told = [round(100 * share[name]) for name in ("share", "conf_low", "conf_high")]
    assert told == [18, 13, 24]
    claim = row(tables["claims"], published="40 pct.")
    assert (claim["attainable"], claim["of"]) == (0, 29)


def test_no_citizen_is_in_any_file(out):
    with (FOLDER / "forloeb.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines, delimiter=";"))
    [key] = [name for name in rows[0] if name.lower() in {"person_id", "borger", "pnr", "id"}]
    persons = {line[key] for line in rows}
    assert len(persons) > 300
    for path in out.iterdir():
        if path.suffix in {".csv", ".json", ".html"}:
            words = set(re.findall(r"[\w-]+", path.read_text("utf-8")))
            assert not words & persons, path.name


def test_no_small_count_is_in_a_csv(out):
    counted = {"count", "of", "kept", "eligible", "reached", "within_target", "intake", "active",
               "job_starts", "persons", "with_hours", "due", "invoiced", "clawed_back", "left",
               "arrived", "waiting", "lost", "both", "n"}  # fmt: skip
    for path in out.glob("*.csv"):
        with path.open(encoding="utf-8") as lines:
            for line in csv.DictReader(lines):
                for name in counted & set(line):
                    assert line[name] not in {"1", "2", "3", "4"}, (path.name, line)


def test_an_earlier_day_can_be_made_again(tmp_path):
    said = run(
        "monitor", FOLDER, "--out", tmp_path, "--as-of", "2019-06-30", "--language", "en",
        "--format", "html",
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    assert json.loads((tmp_path / "holbaek_supplier.json").read_text())["as_of"] == "2019-06-30"
    assert "30\u00a0June 2019" in (tmp_path / "holbaek_supplier_en.html").read_text("utf-8")
    assert not list(tmp_path.glob("*.pdf"))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--as-of", "2018-01-01"), "must lie from 2019-04-01 to 2019-08-15"),
        (("--as-of", "yesterday"), "yesterday"),
        (("--language", "sv"), "sv"),
    ],
)
def test_a_wrong_option_is_bad_input(tmp_path, words, says):
    said = run("monitor", FOLDER, "--out", tmp_path, *words)
    assert said.returncode == 2
    assert says in said.stderr
    assert not list(tmp_path.iterdir())


def test_a_missing_folder_is_bad_input(tmp_path):
    said = run("monitor", tmp_path / "nowhere", "--out", tmp_path)
    assert said.returncode == 2
    assert "monitor.toml" in said.stderr
    assert "Traceback" not in said.stderr


def test_a_broken_delivery_is_bad_input_and_quotes_nobody(tmp_path):
    broken = shutil.copytree(FOLDER, tmp_path / "broken")
    lines = (broken / "forloeb.csv").read_text("utf-8").splitlines()
    first = lines[1].split(";")[0]
    lines[1] = lines[1].replace("2019", "Zebrafinke", 1)
    (broken / "forloeb.csv").write_text("\n".join(lines) + "\n", "utf-8")
    said = run("monitor", broken, "--out", tmp_path / "out")
    assert said.returncode == 2, said.stderr
    assert "Zebrafinke" not in said.stderr
    assert first not in said.stderr
    assert not (tmp_path / "out").exists()


def test_the_notebook_gives_the_bytes_of_the_recipe_and_a_second_run_the_same(out, tmp_path):
    said = run(
        "monitor", FOLDER, "--out", tmp_path, "--notebooks", NOTEBOOK.parent, "--language", "da"
    )
    assert said.returncode == 0, said.stderr
    for path in out.iterdir():
        assert path.read_bytes() == (tmp_path / path.name).read_bytes(), path.name


def test_the_notebook_is_clean_and_tells_the_recipe():
    from jobeval.reports.supplier.builder import RECIPE

    cells = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    assert [cell["id"] for cell in cells] == [f"supplier-{i:02d}" for i in range(len(cells))]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    assert [c for c in code if "parameters" in c["metadata"].get("tags", [])] == [code[0]]
    assert all(len(cell["source"]) == 1 for cell in code[2:])
    called = [line for cell in code[2:] for line in cell["source"] if line.endswith("()")]
    assert called == [f"report.{section.__name__}()" for section in RECIPE]
