"""The supplier report: what a committee reads, in both languages, and what it never says."""

import datetime as dt
import json
from dataclasses import replace

import pandas as pd
import pytest

from fabricated_monitor import NORTH, SOUTH, fabricate_monitor
from jobeval.disclosure.monitoring import release_monitor
from jobeval.errors import DisclosureError
from jobeval.plan.parts import Label
from jobeval.reports import render_html, render_pdf
from jobeval.reports.blocks import Callout, FigureBlock, KeyNumbers, PageBreak, TableBlock
from jobeval.reports.supplier.builder import (
    RECIPE,
    SupplierReportBuilder,
    build_supplier_report,
)
from jobeval.reports.supplier.files import write_released
from jobeval.text import LANGUAGES

BANNERS = {
    "da": "Monitorering: ingen kontrolgruppe, ikke en effekt",
    "en": "Monitoring: no control group, not an effect",
}
NBSP = "\u00a0"


@pytest.fixture(scope="module")
def released():
    return release_monitor(fabricate_monitor())


@pytest.fixture(scope="module")
def reports(released):
    return {language: build_supplier_report(released, language) for language in LANGUAGES}


def one_supplier(**changes):
    """The made-up monitoring with the first supplier only."""
    result = fabricate_monitor(**changes)
    tables = {
        name: table[table["supplier"] == NORTH] if "supplier" in table else table
        for name, table in result.tables.items()
    }
    plan = result.plan.model_copy(update={"suppliers": result.plan.suppliers[:1]})
    return release_monitor(replace(result, plan=plan, tables=tables))


def said(blocks):
    """All that blocks say, with plain spaces."""
    told = json.dumps([block.to_dict() for block in blocks], ensure_ascii=False)
    return told.replace(NBSP, " ")


def chapter(released, name, language="da"):
    return getattr(SupplierReportBuilder(released, language), name)().blocks


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_banner_stands_on_the_cover_the_key_page_and_under_every_figure(reports, language):
    report = reports[language]
    assert report.cover.banner == BANNERS[language]
    called = [b.title for b in report.blocks if isinstance(b, Callout)]
    assert called.count(BANNERS[language]) == 2
    source = {
        "da": "Ingen kontrolgruppe, ikke en effekt.",
        "en": "No control group, not an effect.",
    }
    for figure in (b for b in report.blocks if isinstance(b, FigureBlock)):
        assert source[language] in figure.note
    assert report.file_stem == f"nordby_supplier_{language}"


def test_the_key_page_of_one_supplier():
    blocks = chapter(one_supplier(), "key_numbers")
    [numbers] = [b for b in blocks if isinstance(b, KeyNumbers)]
    shown = [(n.value, n.unit) for n in numbers.items]
    assert shown == [("190", ""), ("29", ""), ("5", ""), ("22", ""), ("18", "pct."), ("38", "pct.")]
    details = [n.detail.replace(NBSP, " ") for n in numbers.items]
    assert details[0] == "Siden 1. april 2019. 171 er i gang, 19 er stoppet."
    assert details[1] == "15,3 pct. af de startede, 95 pct.-interval 11–21 pct."
    assert details[4] == "34 af 190, 95 pct.-interval 13–24 pct."
    assert details[5] == "11 af 29 har mindst 37 timer om ugen."
    assert "40 pct. af 29 kan ikke lade sig gøre" in said(blocks)
    assert isinstance(blocks[-1], PageBreak)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("da", "40 pct. af 29 kan ikke lade sig gøre (fuldtid blandt dem i job): "
               "11 er 37,9 pct., og 12 er 41,4 pct."),
        ("en", "40% of 29 cannot be (full time of those in work): "
               "11 is 37.9%, and 12 is 41.4%."),
    ],
)  # fmt: skip
def test_a_published_percentage_that_cannot_be(reports, language, sentence):
    assert sentence in said(reports[language].blocks)


def test_a_published_percentage_that_can_be_but_is_not_the_count():
    claims = fabricate_monitor().tables["claims"].copy()
    claims.loc[1, "count"] = 30
    told = said(chapter(release_monitor(fabricate_monitor(claims=claims)), "claims"))
    assert "men antallet er 30, og det er 15,8 pct." in told
    told = said(chapter(release_monitor(fabricate_monitor()), "claims"))
    assert "18 pct. kan passe (i job eller uddannelse): 34 af 190." in told


def test_nobody_can_have_reached_26_weeks(reports):
    told = said(reports["da"].blocks)
    assert "Ingen borger hos Nord kan have nået 26 uger i job den 15. august 2019." in told
    assert "Hos Nord har 9 af 14 beholdt et job i 13 uger." in told
    assert "Hos Syd har" not in told.split("Fastholdelse")[1].split("Tid til første")[0]


def test_kinds_of_work_stand_apart_before_their_sum(released):
    tables = [b.table for b in chapter(released, "work") if isinstance(b, TableBlock)]
    assert len(tables) == 2
    north = {row[0]: row[1] for row in tables[0].rows}
    assert [north[name] for name in (
        "Ordinært job", "Fleksjob", "Betalte timer ved siden af ydelse",
        "Løntilskud (tæller ikke som job)",
    )] == ["17", "5", "7", "6"]  # fmt: skip
    south = {row[0]: row[1] for row in tables[1].rows}
    assert south["Fleksjob"] == "skjult"
    assert [tables[0].rows[i][1] for i in tables[0].strong] == ["29", "34"]


def test_the_five_columns_of_jobindsats(released):
    [*_, table] = [b.table for b in chapter(released, "months") if isinstance(b, TableBlock)]
    assert table.header[1:] == (
        "Personer", "Med timer", "Andel", "Timer pr. person med timer", "Timer pr. person",
    )  # fmt: skip
    july = table.rows[3]
    assert [cell.replace(NBSP, " ") for cell in july] == [
        "juli 2019", "165", "21", "12,7 pct.", "41,5", "5,3",
    ]  # fmt: skip


def test_suppliers_stand_in_the_order_of_the_plan_and_are_not_ranked(released):
    blocks = chapter(released, "suppliers")
    [table] = [b.table for b in blocks if isinstance(b, TableBlock)]
    assert [row[0] for row in table.rows] == ["Nord", "Syd"]  # Syd has the higher share
    assert "ikke rangordnet" in said(blocks)
    assert SOUTH not in said(blocks)


def test_one_supplier_is_not_compared():
    assert chapter(one_supplier(), "suppliers") == ()


def test_milestones_in_counts_and_kroner(released):
    [table] = [b.table for b in chapter(released, "contracts") if isinstance(b, TableBlock)]
    assert table.rows[1] == ("Første betalte time", "29", "6", "23", "0", "30.000", "115.000", "0")
    assert table.rows[2] == ("13 uger i job", "9", "skjult", "skjult", "0", "skjult", "skjult", "0")


def test_a_chapter_without_data_is_left_out():
    told = release_monitor(
        fabricate_monitor(milestones=None, forecast=None, hand_over=None, retention=None,
                          case_mix=None, industries=None, months=None, waiting=None, claims=None)
    )  # fmt: skip
    report = build_supplier_report(told, "da")
    filled = [c.name for c in report.chapters if c.blocks]
    assert filled == ["cover", "key_numbers", "intake", "work", "method", "appendices"]
    assert render_html(report)


def test_a_forecast_that_cannot_be_made_says_so():
    forecast = fabricate_monitor().tables["forecast"].copy()
    forecast[["expected_dkk", "conf_low", "conf_high"]] = float("nan")
    told = said(chapter(release_monitor(fabricate_monitor(forecast=forecast)), "contracts"))
    assert "for få er begyndt i job" in told


def test_both_languages_have_the_same_blocks(reports):
    kinds = [[type(block) for block in reports[language].blocks] for language in LANGUAGES]
    assert kinds[0] == kinds[1]


def test_no_word_of_effects_of_treatment_or_control_groups_beyond_the_banner(reports):
    told = said(reports["en"].blocks).lower()
    for word in ("treatment group", "p-value", "significan", "impact", "itt"):
        assert word not in told


def test_the_same_bytes_every_time(released):
    first, second = (build_supplier_report(released, "da") for _ in range(2))
    assert render_html(first) == render_html(second)
    assert render_pdf(first) == render_pdf(second)


def test_names_are_text_not_markup():
    result = fabricate_monitor()
    label = Label(da="<script>alert(1)</script> #panic()", en="x")
    supplier = result.plan.suppliers[0].model_copy(update={"label": label})
    plan = result.plan.model_copy(update={"suppliers": (supplier, *result.plan.suppliers[1:])})
    report = build_supplier_report(release_monitor(replace(result, plan=plan)), "da")
    page = render_html(report).decode()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert render_pdf(report).startswith(b"%PDF")


def test_what_has_not_passed_the_gate_is_refused():
    with pytest.raises(DisclosureError, match="release_monitor"):
        build_supplier_report(fabricate_monitor(), "da")
    with pytest.raises(ValueError, match="language"):
        SupplierReportBuilder(release_monitor(fabricate_monitor()), "sv")


def test_builder_has_the_chapters_of_the_recipe(released):
    builder = SupplierReportBuilder(released, "en")
    for section in RECIPE:
        getattr(builder, section.__name__)()
    assert [c.name for c in builder.report.chapters] == [s.__name__ for s in RECIPE]
    assert builder.save(None) == ()
    assert repr(builder) == "SupplierReportBuilder(nordby, en)"


def test_an_earlier_day_is_told(released):
    earlier = release_monitor(replace(fabricate_monitor(), as_of=dt.date(2019, 6, 30)))
    assert "30. juni 2019" in said(build_supplier_report(earlier, "da").blocks)


def test_csv_and_json_hold_released_cells_only(released, tmp_path):
    written = write_released(released, tmp_path)
    names = {path.name for path in written}
    assert {"nordby_supplier.json", "nordby_supplier_status.csv"} <= names
    status = pd.read_csv(tmp_path / "nordby_supplier_status.csv")
    south = status[(status["supplier"] == SOUTH) & (status["status"] == "flexjob")]
    assert south["count"].tolist() == ["suppressed"]
    north = status[(status["supplier"] == NORTH) & (status["status"] == "any_work")]
    assert north[["count", "of"]].to_numpy().tolist() == [["29", 190]]
    assert (tmp_path / "manifest.json").exists()


def test_a_name_is_no_formula_in_a_csv(tmp_path):
    ended = fabricate_monitor().tables["ended"].copy()
    ended.loc[0, "reason"] = "=HYPERLINK(1)"
    write_released(release_monitor(fabricate_monitor(ended=ended)), tmp_path)
    assert ",'=HYPERLINK(1)," in (tmp_path / "nordby_supplier_ended.csv").read_text("utf-8")
