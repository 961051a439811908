"""The front door: quick to open, every name there, the same names for readers and for types."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import jobeval

HOMES = jobeval._HOMES


@pytest.mark.parametrize("name", sorted(HOMES))
def test_every_public_name_is_there_and_documented(name):
    assert getattr(jobeval, name).__doc__


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute"):
        _ = jobeval.estimate_everything


def test_names_for_type_checkers_are_the_same():
    tree = ast.parse(Path(jobeval.__file__).read_text("utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    typed = {
        alias.asname: node.module.removeprefix("jobeval.")
        for node in block.body
        for alias in node.names
    }
    assert typed == HOMES


def test_import_brings_no_heavy_library():
    code = (
        "import sys, jobeval, jobeval.cli; "
        "heavy = {'numpy', 'pandas', 'matplotlib', 'statsmodels', 'duckdb', 'lifelines', 'typst'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
