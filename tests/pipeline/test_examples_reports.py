"""The reports of the two real trials: published numbers stand in them, and nothing else does."""

import runpy
from pathlib import Path

import pytest

from jobeval.reports import Heading, Paragraph, TableBlock, open_report, render_pdf
from jobeval.reports.builder import build_report

EXAMPLES = Path(__file__).parents[2] / "examples"


def tell(name, folder, language):
    runpy.run_path(str(EXAMPLES / name / "prepare.py"))["main"](folder)
    return build_report(open_report(folder, "final", language).results, language)


@pytest.fixture(scope="module")
def nsw(tmp_path_factory):
    return tell("nsw", tmp_path_factory.mktemp("nsw"), "da")


@pytest.fixture(scope="module")
def tarp(tmp_path_factory):
    return tell("tarp", tmp_path_factory.mktemp("tarp"), "en")


def sentences(report):
    return [block.text for block in report.blocks if isinstance(block, Paragraph)]


def rows(report):
    return [row for block in report.blocks if isinstance(block, TableBlock)
            for row in block.table.rows]  # fmt: skip


def headings(report):
    return [block.text for block in report.blocks if isinstance(block, Heading)]


def test_the_published_difference_with_its_error_stands_in_the_report(nsw):
    # Dehejia & Wahba (1999): 1,794 (671).
    found = next(row for row in rows(nsw) if row[0] == "Forskel i gennemsnit")
    assert found[3:5] == ("+1.794", "671")
    told = (
        "»Løn i 1978« var i gennemsnit 6.349\u00a0dollar i indsatsgruppen mod 4.555\u00a0dollar i "
        "kontrolgruppen, altså 1.794\u00a0dollar mere (95\u00a0pct. konfidensinterval "
        "[474;\u00a03.115])."
    )
    assert told in sentences(nsw)


def test_the_published_hazard_ratio_and_log_rank_stand_in_the_report(tarp):
    # Allison (1984): hazard ratio 0.68 [0.47, 1.00]; log-rank 3.84.
    table = {row[0]: row[1:] for row in rows(tarp)}
    assert table["Arrest, adjusted for baseline"] == ("0.68", "[0.47,\u00a01.00]", "0.047")
    assert table["Arrest"][1:3] == ("3.84", "1")
    told = [text for text in sentences(tarp) if text.startswith("Log-rank test:")]
    assert any("(3.84; p\u00a0=\u00a00.0501)" in text for text in told)


def test_a_ratio_whose_interval_holds_one_is_not_called_certain(tarp):
    raw = next(text for text in sentences(tarp) if text.startswith("Arrest: the rate"))
    assert "not statistically certain" in raw
    adjusted = next(t for t in sentences(tarp) if t.startswith("Arrest, adjusted for baseline"))
    assert "32% lower in the treatment group" in adjusted


def test_what_a_trial_does_not_have_is_not_told(nsw, tarp):
    assert not {"Effects", "The primary endpoints"} & set(headings(tarp))
    for report in (nsw, tarp):
        notes = [b.note for b in report.blocks if b.kind == "figure"]
        told = " ".join([*sentences(report), *notes])
        for word in ("register ", "never started", "aldrig startede", "delivered registers",
                     "0 uger"):  # fmt: skip
            assert word not in told


def test_file_names_have_no_spaces(nsw):
    assert nsw.file_stem == "national-supported-work_final_da"
    assert render_pdf(nsw)
