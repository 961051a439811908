"""Reports: recipes, HTML, PDF, files."""

import dataclasses
import io
import json
import os
import re
import subprocess
import sys
import tomllib
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from fabricated_evaluation import PLAN, fabricate_evaluation
from jobeval.disclosure.gate import release
from jobeval.errors import DisclosureError
from jobeval.plan.model import TrialPlan
from jobeval.reports import (
    Chapter,
    FigureBlock,
    Heading,
    KeyNumbers,
    Paragraph,
    ReportBuilder,
    build_report,
    render_html,
    render_pdf,
    write_report,
)
from jobeval.reports.blocks import MIME, Callout, block_from_dict, chapter_from_dict
from jobeval.reports.pdf import let_float
from jobeval.reports.report import Report
from jobeval.reports.values import compare_values, report_values
from jobeval.reports.writing import MANIFEST, write_files
from jobeval.results import CurveTable, EffectTable

VOID = {"meta", "br", "hr", "img", "link", "input"}


class Page(HTMLParser):
    """Tags in order, and whether each that was opened was closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open, tag
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


@pytest.fixture(scope="module")
def reports(released, released_midterm):
    looks = {"final": released, "midterm": released_midterm}
    return {(k, lang): build_report(r, lang) for k, r in looks.items() for lang in ("da", "en")}


@pytest.fixture(scope="module")
def pages(reports):
    return {key: render_html(report).decode("utf-8") for key, report in reports.items()}


@pytest.fixture(scope="module")
def pdfs(reports):
    return {key: render_pdf(report) for key, report in reports.items()}


def texts_of(report):
    return [b.text for b in report.blocks if isinstance(b, Paragraph | Callout)]


def headings(report, level=1):
    return [b.text for b in report.blocks if isinstance(b, Heading) and b.level == level]


def test_chapters_come_in_report_order(reports):
    assert headings(reports["final", "en"])[:13] == [
        "Headline results", "Summary", "The trial", "Method", "Delivery",
        "The effort in practice", "Did the job centres follow the method?",
        "The job centres side by side", "Effects", "Exits and events", "Cost and benefit",
        "Caveats", "Balance before the lottery",
    ]  # fmt: skip
    assert headings(reports["final", "da"])[0] == "Hovedresultater"


def test_the_headline_has_four_numbers_three_sentences_and_a_status(reports):
    for report in reports.values():
        chapter = next(c for c in report.chapters if c.name == "headline")
        numbers = next(b for b in chapter.blocks if isinstance(b, KeyNumbers))
        bullets = next(b for b in chapter.blocks if b.kind == "bullets")
        assert len(numbers.items) == 4
        assert len(bullets.items) == 3
        assert any(isinstance(b, Callout) for b in chapter.blocks)


def test_the_main_sentence_is_computed_from_the_released_effect(reports):
    expected = (
        "I de første 104 uger havde 15,5\u00a0pct. af indsatsgruppen ordinære løntimer mod "
        "11,0\u00a0pct. af kontrolgruppen, altså 4,5\u00a0procentpoint mere "
        "(95\u00a0pct. konfidensinterval [1,7;\u00a07,3])."
    )
    assert expected in texts_of(reports["final", "da"])


def test_a_difference_whose_interval_covers_zero_is_called_uncertain(reports):
    told = " ".join(
        item for b in reports["final", "en"].blocks if b.kind == "bullets" for item in b.items
    )
    assert "The difference of 0.7\u00a0weeks is not statistically certain" in told


def test_only_the_midterm_is_preliminary(pages, pdfs):
    assert "Foreløbige resultater" in pages["midterm", "da"]
    assert "Foreløbige resultater" not in pages["final", "da"]
    assert "Preliminary results" in pages["midterm", "en"]


def test_the_midterm_has_no_job_centres_and_no_sensitivity(reports):
    assert "Effects in the job centres" in headings(reports["final", "en"], 2)
    assert not {"Effects in the job centres", "Sensitivity"} & set(
        headings(reports["midterm", "en"], 2)
    )


def test_a_plan_without_exits_gives_no_exits_chapter(fabricated):
    source = tomllib.loads(PLAN.read_text(encoding="utf-8"))
    kept = {"blocked", "lin", "ancova", "path"}
    source["analyses"] = [a for a in source["analyses"] if a["estimator"] in kept]
    plan = TrialPlan.model_validate(source)
    curves = CurveTable(tuple(c for c in fabricated.curves if c.measure in {"share", "mean"}))
    effects = EffectTable(tuple(e for e in fabricated.effects if e.scale == "difference"))
    bare = dataclasses.replace(
        fabricated, plan=plan, curves=curves, effects=effects, tests=(), checks={}, notes=()
    )
    report = build_report(release(bare), "en")
    assert "Exits and events" not in headings(report)
    assert "Effects" in headings(report)
    assert render_pdf(report)


def test_failed_checks_stand_on_page_one(fabricated):
    failed = dataclasses.replace(fabricated.checks["allocation"], passed=False)
    checks = {**fabricated.checks, "allocation": failed}
    report = build_report(release(dataclasses.replace(fabricated, checks=checks)), "en")
    chapter = next(c for c in report.chapters if c.name == "headline")
    warnings = [b for b in chapter.blocks if isinstance(b, Callout) and b.tone == "warning"]
    assert any("allocation" in b.text for b in warnings)


def test_a_raw_evaluation_is_refused(fabricated):
    with pytest.raises(DisclosureError):
        build_report(fabricated, "da")


def test_html_stands_alone_and_is_accessible(pages):
    for (_, language), text in pages.items():
        page = Page(text)
        assert not page.open
        names = [name for name, _ in page.tags]
        assert page.tags[0] == ("html", {"lang": language})
        assert not {"script", "link", "iframe", "img", "object"} & set(names)
        assert names.count("h1") == 1
        policies = [a["content"] for n, a in page.tags if n == "meta" and "http-equiv" in a]
        assert len(policies) == 1
        assert policies[0].startswith("default-src 'none';")
        assert "script-src" not in policies[0]
        svgs = [attrs for name, attrs in page.tags if name == "svg"]
        assert svgs
        assert all(attrs.get("role") == "img" and attrs["aria-label"] for attrs in svgs)
        assert {a.get("scope") for n, a in page.tags if n == "th"} == {"col", "row", "rowgroup"}
        assert len(re.findall("<table", text)) == len(re.findall("<caption", text))
        outside = [u for u in re.findall(r'https?://[^"<\s]+', text) if "www.w3.org" not in u]
        assert not outside


def test_ids_of_a_page_are_its_own_and_every_reference_meets_one(pages):
    for text in pages.values():
        ids = re.findall(r'\bid="([^"]*)"', text)
        assert len(ids) == len(set(ids))
        refs = re.findall(r'href="#([^"]+)"', text) + re.findall(r"url\(#([^)]+)\)", text)
        assert refs
        assert set(refs) <= set(ids)


def test_headings_never_skip_a_level(pages):
    for text in pages.values():
        levels = [int(n[1]) for n, _ in Page(text).tags if re.fullmatch(r"h[1-6]", n)]
        assert all(after <= before + 1 for before, after in pairwise(levels))


def test_html_stays_small(pages):
    assert all(len(text.encode()) < 450_000 for text in pages.values())


def test_figures_and_tables_are_numbered_in_order(reports):
    blocks = reports["final", "da"].numbered()
    figures = [b["label"] for b in blocks if b["kind"] == "figure"]
    assert figures == [f"Figur {i + 1}." for i in range(len(figures))]
    assert [b["label"] for b in blocks if b.get("appendix")][:2] == ["Bilag A.", "Bilag B."]


def test_texts_of_users_are_escaped(fabricated):
    source = tomllib.loads(PLAN.read_text(encoding="utf-8"))
    source["title"]["da"] = '<script>alert("x")</script> & #read("x")'
    source["arms"][1]["label"]["da"] = "<img src=x>"
    plan = TrialPlan.model_validate(source)
    report = build_report(release(dataclasses.replace(fabricated, plan=plan)), "da")
    page = Page(render_html(report).decode())
    assert not {"script", "img"} & {name for name, _ in page.tags}
    assert 'alert("x")' in " ".join(page.texts)
    assert render_pdf(report)


def test_no_hidden_original_in_any_format():
    """Reports of trials that differ in a hidden count only are the same, byte for byte."""

    def render(count: int) -> tuple[bytes, bytes]:
        evaluation = fabricate_evaluation("final")
        sites = evaluation.checks["sites"]
        table = sites.table.copy()
        table.loc[1, "control"] = count
        checks = {**evaluation.checks, "sites": dataclasses.replace(sites, table=table)}
        report = build_report(release(dataclasses.replace(evaluation, checks=checks)), "da")
        return render_html(report), render_pdf(report)

    assert render(1) == render(4)


def test_pdf_is_tagged_titled_and_in_its_language(pdfs):
    import pypdf

    for (look, language), data in pdfs.items():
        reader = pypdf.PdfReader(io.BytesIO(data))
        root = reader.trailer["/Root"]
        assert root["/MarkInfo"]["/Marked"] is True or str(root["/MarkInfo"]["/Marked"]) == "True"
        assert str(root["/Lang"]) == language
        assert reader.metadata is not None
        assert "JobFirst" in str(reader.metadata.title)
        assert str(reader.metadata["/CreationDate"]).startswith(
            {"final": "D:20190331", "midterm": "D:20171231"}[look]
        )
        xmp = data.decode("latin-1")
        assert "pdfuaid:part" in xmp
        assert "pdfaid:part" in xmp


def test_pdf_tells_the_same_numbers(reports, pdfs):
    import pypdf

    text = "".join(
        page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdfs["final", "en"])).pages
    )
    assert "+4.5" in text
    assert "hidden" in text


def test_a_figure_without_alternative_text_is_refused():
    with pytest.raises(ValueError, match="alternative text"):
        FigureBlock(svg="<svg/>", alt=" ", caption="c")


def test_a_second_run_gives_the_same_bytes(released, pages, pdfs):
    report = build_report(released, "da")
    assert render_html(report).decode() == pages["final", "da"]
    assert render_pdf(report) == pdfs["final", "da"]


def test_a_fresh_process_gives_the_same_bytes(pages, pdfs, tmp_path):
    code = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1])\n"
        "from fabricated_evaluation import fabricate_evaluation\n"
        "from jobeval.disclosure.gate import release\n"
        "from jobeval.reports import build_report, render_html, render_pdf\n"
        "report = build_report(release(fabricate_evaluation('midterm')), 'en')\n"
        "Path('r.html').write_bytes(render_html(report))\n"
        "Path('r.pdf').write_bytes(render_pdf(report))\n"
    )
    env = {**os.environ, "PYTHONHASHSEED": "11", "TZ": "America/Lima", "LC_ALL": "C.UTF-8"}
    tests = str(Path(__file__).parents[1])
    subprocess.run([sys.executable, "-c", code, tests], check=True, cwd=tmp_path, env=env)
    assert (tmp_path / "r.html").read_text(encoding="utf-8") == pages["midterm", "en"]
    assert (tmp_path / "r.pdf").read_bytes() == pdfs["midterm", "en"]


def test_never_the_date_of_the_run(pages, pdfs):
    import datetime as dt

    year = str(dt.date.today().year)
    assert not re.search(rf">[^<]*\b{year}\b", pages["final", "en"])
    assert f"D:{year}".encode() not in pdfs["final", "en"]


def test_blocks_and_chapters_survive_their_json_form(reports):
    for report in reports.values():
        for chapter in report.chapters:
            bundle = json.loads(json.dumps(chapter._repr_mimebundle_()[MIME]))
            assert chapter_from_dict(bundle) == chapter
            for block in chapter.blocks:
                assert block_from_dict(json.loads(json.dumps(block.to_dict()))) == block


def test_every_chapter_shows_itself_in_jupyter(reports):
    for chapter in reports["final", "da"].chapters:
        assert "jobeval" in chapter._repr_mimebundle_()["text/html"]


def test_chapters_called_one_by_one_are_the_recipe(released, reports):
    builder = ReportBuilder(released, "da")
    names = [chapter.name for chapter in reports["final", "da"].chapters]
    for name in names:
        assert isinstance(getattr(builder, name)(), Chapter)
    builder.effects()  # shown again: replaced, not doubled
    assert render_html(builder.report) == render_html(reports["final", "da"])


def test_own_words_become_a_section(released):
    builder = ReportBuilder(released, "en")
    builder.cover()
    builder.text("Progression", "We expect <more> contact.")
    assert "We expect &lt;more&gt; contact." in render_html(builder.report).decode()


def test_a_report_needs_a_cover():
    with pytest.raises(ValueError, match="cover"):
        render_html(Report((Chapter("x", (Paragraph(text="y"),)),)))


def test_files_are_written_whole_with_a_manifest(reports, tmp_path):
    import hashlib

    written = write_report(reports["final", "da"], tmp_path, ("html",))
    write_report(reports["midterm", "da"], tmp_path, ("html",))
    assert [path.name for path in written] == ["jobfirst_final_da.html"]
    manifest = json.loads((tmp_path / MANIFEST).read_text())
    assert list(manifest["files"]) == ["jobfirst_final_da.html", "jobfirst_midterm_da.html"]
    digest = hashlib.sha256(written[0].read_bytes()).hexdigest()
    assert manifest["files"][written[0].name] == digest
    assert {"matplotlib", "typst"} <= set(manifest["versions"])
    assert not list(tmp_path.glob(".*"))


def test_a_killed_write_leaves_the_earlier_file_whole(tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    write_files({path: b"old"})

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", killed)
    with pytest.raises(KeyboardInterrupt):
        write_files({path: b"new"})
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_values_are_the_same_in_both_languages_and_show_a_drift(released, fabricated):
    values = json.loads(json.dumps(report_values(released), allow_nan=False))
    assert compare_values(values, values) == []
    first, *rest = fabricated.effects
    moved = EffectTable((dataclasses.replace(first, estimate=first.estimate + 0.01), *rest))
    changed = report_values(release(dataclasses.replace(fabricated, effects=moved)))
    places = compare_values(values, json.loads(json.dumps(changed)))
    assert any(place.startswith("effects[0].estimate: 0.045 → 0.055") for place in places)
    with pytest.raises(DisclosureError):
        report_values(fabricated)


def test_large_figures_may_move_but_not_beyond_their_chapter():
    def figure(height: int) -> dict[str, object]:
        return {"kind": "figure", "svg": f'<svg viewBox="0 0 450 {height}"/>', "stays": False}

    text, chapter = {"kind": "paragraph"}, {"kind": "heading", "level": 1}
    told = let_float([figure(300), text, figure(100), *[text] * 9, figure(300), chapter])
    assert [block["floats"] for block in told if "floats" in block] == [True, False, False]


def test_the_midterm_shows_paths_of_the_common_weeks_only(reports):
    since_the_start = {"programme", "fidelity"}  # not since the lottery
    chapters = [c for c in reports["midterm", "en"].chapters if c.name not in since_the_start]
    alts = [b.alt for c in chapters for b in c.blocks if isinstance(b, FigureBlock)]
    paths = [alt for alt in alts if alt.startswith(("Line chart", "Area chart"))]
    assert paths
    assert all("week 0–38" in alt or "in week 38" in alt for alt in paths)


def test_the_midterm_says_how_long_everyone_is_followed(reports):
    assert any("39 weeks for which all" in text for text in texts_of(reports["midterm", "en"]))
