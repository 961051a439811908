"""The chapters on what was done: key figures, fidelity, job centres side by side."""

import re
from dataclasses import replace
from itertools import product

import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from fabricated_evaluation import SITES, fabricate_evaluation
from fabricated_programme import INDICATORS, fabricate_programme
from jobeval.disclosure.gate import release
from jobeval.errors import DisclosureError
from jobeval.figures import (
    plot_adherence,
    plot_funnel,
    plot_indicators,
    plot_matrix,
    plot_ramp,
    plot_status,
    plot_trend,
    save_figure,
)
from jobeval.figures.fidelity import SHADES
from jobeval.figures.style import INK
from jobeval.reports import ReportBuilder
from jobeval.reports.blocks import (
    Bullets,
    FigureBlock,
    Heading,
    KeyNumbers,
    Paragraph,
    TableBlock,
)
from jobeval.tables import tabulate_indicators, tabulate_places
from jobeval.text import read_words

CHAPTERS = ("programme", "fidelity", "side_by_side")
VALLENSBAEK = "Jobcenter Vallensbæk/Ishøj"
SITES = (VALLENSBAEK, *(site for site in SITES if site != VALLENSBAEK))
"""The first has the planted indicators."""
WORDS = read_words("en")


def evaluation(look="final", **checks):
    made = fabricate_evaluation(look)
    elements = [element.name for element in made.plan.fidelity.elements]
    return replace(made, checks={**made.checks, **fabricate_programme(SITES, elements), **checks})


@pytest.fixture(autouse=True, scope="module")
def undrawn():
    """Figures are made and not saved, which takes longest; one test saves them all."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("jobeval.reports.story.save_figure", lambda _: b"<svg/>")
        yield


@pytest.fixture(scope="module")
def released_looks():
    return {look: release(evaluation(look)) for look in ("midterm", "final")}


@pytest.fixture(scope="module")
def chapters(released_looks):
    found = {}
    for (look, released), language in product(released_looks.items(), ("da", "en")):
        builder = ReportBuilder(released, language)
        for name in CHAPTERS:
            found[look, language, name] = getattr(builder, name)().blocks
    return found


def texts(blocks):
    return " ".join(b.text for b in blocks if isinstance(b, Paragraph))


def headings(blocks):
    return [b.text for b in blocks if isinstance(b, Heading)]


def tables(blocks):
    return {b.table.caption: b.table for b in blocks if isinstance(b, TableBlock)}


def figures(blocks):
    return [b for b in blocks if isinstance(b, FigureBlock)]


def test_the_planted_indicators_are_told_of_their_job_centre(chapters):
    table = tables(chapters["final", "da", "programme"])["Nøgletal for deltagere efter jobcenter"]
    row = dict(zip(table.header, next(r for r in table.rows if r[0] == VALLENSBAEK), strict=True))
    assert row["Personer"] == "75"
    assert row["Snusepraktik"] == "82\u00a0pct."
    assert row["Timer i forløbet"] == "27\u00a0pct."
    assert row["Timer efter uge\u00a013"] == "40\u00a0pct."
    assert table.rows[0][0] == "Alle"
    assert table.strong == (0,)


def test_job_centres_stand_in_the_order_of_the_table_and_not_by_size(chapters):
    table = tables(chapters["final", "en", "programme"])[
        "Key figures of participants by job centre"
    ]
    assert [row[0] for row in table.rows[1:]] == list(SITES)


def test_key_numbers_tell_denominator_interval_and_range(chapters):
    [numbers] = [b for b in chapters["final", "en", "programme"] if isinstance(b, KeyNumbers)]
    first = numbers.items[0]
    assert (first.value, first.label) == ("64", "tried a company")
    assert re.fullmatch(
        r"of \d+ participants · 95% interval \[\d+,\xa0\d+\] · the job centres: \d+ to 82%",
        first.detail,
    )


def test_every_indicator_says_how_it_is_counted(chapters):
    [bullets] = [b for b in chapters["final", "en", "programme"] if isinstance(b, Bullets)]
    assert len(bullets.items) == len(INDICATORS)
    assert any("of those who are still followed in that week" in item for item in bullets.items)


def test_a_share_of_fewer_says_of_how_many():
    found = evaluation()
    check = found.checks["indicators"]
    table = check.table.copy()
    rows = (table["indicator"] == "hours_after_placement") & (table["level"] == SITES[1])
    table.loc[rows, "of"] -= 10
    fewer = replace(check, table=table)
    released = release(replace(found, checks={**found.checks, "indicators": fewer}))
    blocks = ReportBuilder(released, "en").programme().blocks
    told = tables(blocks)["Key figures of participants by job centre"]
    assert re.fullmatch(r"\d+% of \d+", next(r for r in told.rows if r[0] == SITES[1])[-1])
    assert told.note.startswith("“Of” in a cell")


def test_hidden_cells_are_marked_and_explained(chapters):
    for (_, language, _), blocks in chapters.items():
        words = read_words(language)
        for table in tables(blocks).values():
            hidden = any(words.say("table.hidden") in row for row in table.rows)
            assert hidden == (words.say("programme.note_hidden") in table.note), table.caption


def test_only_the_midterm_has_a_section_for_each_element(chapters, released_looks):
    elements = {e.label.da for e in released_looks["final"].plan.fidelity.elements}
    assert elements <= set(headings(chapters["midterm", "da", "fidelity"]))
    assert not elements & set(headings(chapters["final", "da", "fidelity"]))


def test_an_element_is_told_against_its_target(chapters):
    told = texts(chapters["midterm", "en", "fidelity"])
    assert "88% of the participants got the element" in told
    assert (
        "The target is 60%; fidelity is certainly above it. In the control group it was 11%" in told
    )
    assert "Measured by: At least two interviews" in told


def test_adherence_stands_beside_contamination(chapters):
    blocks = chapters["final", "en", "fidelity"]
    assert "participants got 61% of the elements" in texts(blocks)
    assert "in the control group it was 12%" in texts(blocks)
    table = tables(blocks)["Core elements: participants against the target, and the control group"]
    assert table.header[-1] == "Control group"
    assert {row[-2] for row in table.rows} == {"above", "below", "uncertain"}


def test_above_the_others_is_a_sentence_with_an_interval(chapters):
    told = texts(chapters["final", "da", "side_by_side"])
    assert (
        f"{VALLENSBAEK} ligger over gennemsnittet af de øvrige projektkommuner: 27\u00a0pct. mod "
    ) in told
    assert re.search(r"forskel efter justering \d+\xa0procentpoint; 95 pct.-interval \[\d+;", told)
    assert "ved et tilfælde" in told


def test_below_the_others_is_told_by_size_and_turned_interval():
    found = evaluation()
    check = found.checks["places hours_in_course_places"]
    rows = check.table.copy()
    place = rows.index[0]
    rows.loc[place, ["difference", "conf_low", "conf_high"]] = [-0.14, -0.21, -0.07]
    rows.loc[place, "verdict"] = "below"
    turned = replace(check, table=rows)
    released = release(replace(found, checks={**found.checks, turned.name: turned}))
    told = texts(ReportBuilder(released, "en").side_by_side().blocks)
    assert "lies below the average" in told
    assert (
        "difference after adjustment 14\u00a0percentage points; 95% interval [7,\u00a021]" in told
    )


def test_nobody_apart_is_said_plainly():
    found = evaluation()
    check = found.checks["places hours_in_course_places"]
    alike = replace(
        check, table=check.table.assign(verdict="uncertain", verdict_adjusted="uncertain")
    )
    released = release(replace(found, checks={**found.checks, alike.name: alike}))
    blocks = ReportBuilder(released, "en").side_by_side().blocks
    assert "No job centre that is shown differs" in texts(blocks)
    assert "None is certainly different" in figures(blocks)[0].alt


def test_chapters_vanish_with_their_checks():
    bare = replace(evaluation(), checks={})
    builder = ReportBuilder(release(bare), "en")
    assert all(getattr(builder, name)().blocks == () for name in CHAPTERS)


def test_each_table_may_be_missing_alone():
    found = fabricate_programme(SITES)
    made = evaluation("midterm")
    for name in found:
        kind = name.partition(" ")[0]
        chapter = "side_by_side" if kind in {"places", "funnel"} else (
            "fidelity" if kind.startswith(("fidelity", "registration")) else "programme"
        )  # fmt: skip
        fewer = {k: v for k, v in found.items() if k != name}
        blocks = getattr(
            ReportBuilder(release(replace(made, checks=fewer)), "da"), chapter
        )().blocks
        assert bool(blocks) == (kind not in {"fidelity", "places"}), name


def test_without_known_starts_those_drawn_are_told_of():
    found = evaluation("midterm")
    checks = {
        name: replace(c, table=c.table[c.table["population"] != "participants"])
        if "population" in c.table else c
        for name, c in found.checks.items()
    }  # fmt: skip
    fidelity = checks["fidelity"]
    own = fidelity.table.assign(population="treatment", share=0.5, count=100, of=200)
    both = pd.concat([fidelity.table, own], ignore_index=True)
    checks["fidelity"] = replace(fidelity, table=both)
    builder = ReportBuilder(release(replace(found, checks=checks)), "en")
    told = builder.programme().blocks
    assert "“Participants” are here all who were drawn" in texts(told)
    assert "Key figures of participants by job centre" in tables(told)
    assert "50% of the participants got the element" in texts(builder.fidelity().blocks)


def test_every_figure_has_an_alternative_text_with_its_numbers(chapters):
    for (_, language, name), blocks in chapters.items():
        for figure in figures(blocks):
            assert re.search(r"\d", figure.alt), figure.caption
            assert "nan" not in figure.alt
            assert "{" not in figure.alt
            assert (language == "da") == ("pct." in figure.alt or "timer" in figure.alt), name


def test_what_is_hidden_is_not_drawn(chapters):
    """A hidden cell of the matrix is a dash; its share stands nowhere in the drawing."""
    few = evaluation().checks["fidelity"]
    rows = few.table.copy()
    own = (rows["site"] == SITES[1]) & (rows["population"] == "participants")
    rows.loc[own, ["count", "share"]] = [3, 0.777]
    released = release(evaluation(fidelity=replace(few, table=rows)))
    elements = {name: name for name in dict.fromkeys(rows["element"])}
    table = released.checks["fidelity"].table
    drawn = save_figure(
        plot_matrix(table, None, elements, WORDS, population="participants")
    ).decode()
    assert "–" in drawn
    assert ">78<" not in drawn


def test_cells_of_the_matrix_can_be_read_in_grey():
    def luminance(colour):
        parts = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4
                 for c in to_rgb(colour)]  # fmt: skip
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    greys = [luminance(SHADES(i / 20)[:3]) for i in range(21)]
    assert greys == sorted(greys, reverse=True)
    assert min((grey + 0.05) / (luminance(INK) + 0.05) for grey in greys) >= 4.5


def test_all_figures_are_saved_the_same_each_time(released_looks, monkeypatch):
    monkeypatch.setattr("jobeval.reports.story.save_figure", save_figure)
    builder = ReportBuilder(released_looks["final"], "da")
    first, second = (
        [figure.svg for name in CHAPTERS for figure in figures(getattr(builder, name)().blocks)]
        for _ in range(2)
    )
    assert len(first) == 9
    assert first == second
    assert all("NaN" not in svg for svg in first)


def test_figures_and_tables_take_released_tables_only():
    raw = evaluation().checks
    frame = raw["indicators"].table
    with pytest.raises(DisclosureError):
        plot_indicators(frame, {}, WORDS, population="participants")
    with pytest.raises(DisclosureError):
        plot_ramp(frame, {}, WORDS)
    with pytest.raises(DisclosureError):
        plot_status(frame, {}, WORDS)
    with pytest.raises(DisclosureError):
        plot_trend(frame, {}, {}, WORDS)
    with pytest.raises(DisclosureError):
        plot_adherence(frame, {}, {}, WORDS)
    with pytest.raises(DisclosureError):
        plot_funnel(frame, frame, 0.1, WORDS, scale=100)
    with pytest.raises(DisclosureError):
        tabulate_indicators(frame, {}, {}, WORDS)
    with pytest.raises(DisclosureError):
        tabulate_places(frame, WORDS, caption="", first_column="", share=True)


def test_periods_in_words():
    danish = read_words("da")
    assert [WORDS.period(p) for p in ("2016-Q2", "2016-H1")] == ["Q2 2016", "H1 2016"]
    assert [danish.period(p) for p in ("2016-Q2", "2016-03")] == ["2. kvt. 2016", "marts 2016"]


def test_a_mean_of_places_is_told_in_its_own_unit():
    found = evaluation()
    check = found.checks["places hours_in_course_places"]
    values = {**check.values, "share": 0.0}
    rows = check.table.assign(
        observed=check.table["observed"] * 10, others=1.2, n_apart=20,
        difference=[1.5, *[0.1] * (len(check.table) - 1)], conf_low=0.3, conf_high=2.7,
    )  # fmt: skip
    mean = replace(check, values=values, table=rows)
    released = release(replace(found, checks={**found.checks, mean.name: mean}))
    told = texts(ReportBuilder(released, "en").side_by_side().blocks)
    assert "2.7 against 1.2 (difference after adjustment 1.5;" in told
    assert "95% interval [0.3,\u00a02.7])" in told
