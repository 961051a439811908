"""What was planted in the synthetic trial is told by the report, with its denominators."""

import json

import pytest

from jobeval.disclosure.gate import release
from jobeval.disclosure.rules import round_count
from jobeval.reports import ReportBuilder
from jobeval.reports.blocks import Paragraph, TableBlock

PLANTED = "Jobcenter Vallensbæk/Ishøj"
NAMES = {
    "snusepraktik": "tried_company",
    "hours_in_course": "hours_in_course",
    "hours_after_13_weeks": "hours_after_placement",
}


@pytest.fixture(scope="module")
def released(final_evaluation):
    return release(final_evaluation)


@pytest.fixture(autouse=True, scope="module")
def undrawn():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("jobeval.reports.story.save_figure", lambda _: b"<svg/>")
        yield


def test_the_gate_gives_the_planted_shares_in_whole_percent(released, committed_folder):
    truth = json.loads((committed_folder / "truth.json").read_text(encoding="utf-8"))
    rows = {
        row["indicator"]: row
        for row in released.checks["indicators"].table.records()
        if (row["population"], row["level"]) == ("participants", PLANTED)
    }
    for name, planted in truth["indicators"][PLANTED].items():
        row = rows[NAMES[name]]
        assert row["share"] == round(planted["count"] / planted["of"], 2)
        assert row["of"] == round_count(planted["of"], 5)


@pytest.mark.parametrize(
    ("language", "percents", "above"),
    [("da", ("82\u00a0pct.", "27\u00a0pct.", "40\u00a0pct."), "ligger over gennemsnittet"),
     ("en", ("82%", "27%", "40%"), "lies above the average")],
)  # fmt: skip
def test_the_report_tells_them_and_that_two_lie_above_the_others(
    released, language, percents, above
):
    builder = ReportBuilder(released, language)
    rows = [
        row for block in builder.programme().blocks if isinstance(block, TableBlock)
        for row in block.table.rows if row[0] == PLANTED
    ]  # fmt: skip
    assert any(set(percents) <= set(row) for row in rows)
    told = [b.text for b in builder.side_by_side().blocks if isinstance(b, Paragraph)]
    for percent in percents[1:]:
        assert any(text.startswith(f"{PLANTED} {above}") and percent in text for text in told)


def test_fidelity_is_told_of_participants_and_of_the_control_group(released):
    told = ReportBuilder(released, "en").fidelity().blocks
    text = " ".join(b.text for b in told if isinstance(b, Paragraph))
    assert "participants got" in text
    assert "in the control group it was" in text
