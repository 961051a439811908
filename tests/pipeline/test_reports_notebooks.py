"""The notebooks: clean in git, and the same report as the recipe."""

import json
from pathlib import Path

import pytest

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
LOOKS = ("midterm", "final")


def read(look: str) -> dict:
    return json.loads((NOTEBOOKS / f"{look}_report.ipynb").read_text(encoding="utf-8"))


@pytest.mark.parametrize("look", LOOKS)
def test_no_outputs_in_git_and_stable_ids(look):
    cells = read(look)["cells"]
    ids = [cell["id"] for cell in cells]
    assert ids == [f"{look}-{i:02d}" for i in range(len(cells))]
    for cell in cells:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None


@pytest.mark.parametrize("look", LOOKS)
def test_one_cell_of_parameters_and_one_call_a_cell(look):
    cells = [cell for cell in read(look)["cells"] if cell["cell_type"] == "code"]
    tagged = [cell for cell in cells if "parameters" in cell["metadata"].get("tags", [])]
    assert len(tagged) == 1
    for cell in cells[2:]:
        assert len(cell["source"]) == 1


@pytest.mark.parametrize("look", LOOKS)
def test_the_notebook_tells_the_chapters_of_the_recipe(look):
    from jobeval.reports.builder import RECIPES

    source = ["".join(cell["source"]) for cell in read(look)["cells"]]
    called = [line.removeprefix("report.").removesuffix("()") for line in source
              if line.startswith("report.") and line.endswith("()")]  # fmt: skip
    assert called == [section.__name__ for section in RECIPES[look]]


@pytest.fixture(scope="module")
def small_trial(tmp_path_factory):
    from jobeval.synthetic.jobfirst import simulate_jobfirst
    from jobeval.synthetic.write import write_trial

    folder = tmp_path_factory.mktemp("trial")
    write_trial(simulate_jobfirst(n_persons=400, n_sites=2, seed=1), folder)
    return folder


def test_notebook_and_recipe_give_the_same_bytes(small_trial):
    from jobeval.reports import open_report, render_html, render_pdf
    from jobeval.reports.builder import build_report
    from jobeval.reports.notebook import run_notebook

    parameters = {"TRIAL": str(small_trial), "LANGUAGE": "en", "ARM": None, "OUT": None}
    from_notebook = run_notebook(NOTEBOOKS / "midterm_report.ipynb", parameters)
    results = open_report(small_trial, look="midterm", language="en").results
    from_recipe = build_report(results, "en")
    assert render_html(from_notebook) == render_html(from_recipe)
    assert render_pdf(from_notebook) == render_pdf(from_recipe)


def test_a_cell_that_speaks_on_stderr_or_fails_is_refused(tmp_path):
    import nbformat
    from nbformat.v4 import new_code_cell, new_notebook

    from jobeval.reports.notebook import NotebookError, run_notebook

    def notebook(source: str) -> Path:
        cells = [new_code_cell("X = 1", metadata={"tags": ["parameters"]}), new_code_cell(source)]
        path = tmp_path / "n.ipynb"
        nbformat.write(new_notebook(cells=cells), str(path))
        return path

    with pytest.raises(NotebookError, match="stderr"):
        run_notebook(notebook("import sys; print('warning', file=sys.stderr)"), {})
    with pytest.raises(NotebookError, match="ZeroDivisionError"):
        run_notebook(notebook("1 / 0"), {})
