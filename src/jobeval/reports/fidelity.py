"""Whether the method was followed: core elements against their targets, and the control group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from jobeval.disclosure.released import Cell, ReleasedCheck, ReleasedTable
from jobeval.figures import plot_adherence, plot_matrix, plot_trend
from jobeval.figures.alt_programme import describe_adherence, describe_matrix, describe_trend
from jobeval.plan.fidelity import FidelityElement
from jobeval.reports.blocks import Heading, Paragraph, TableBlock
from jobeval.reports.populations import (
    CONTROL,
    both_groups,
    own_population,
    rows_of,
    tell_who,
)
from jobeval.reports.story import Blocks, Story
from jobeval.tables import tabulate_adherence, tabulate_registration

Row = Mapping[str, Cell]


def fidelity(story: Story) -> Blocks:
    """Adherence and contamination, job centre by job centre, over time, and what is registered.

    The midterm has a section for each core element.
    """
    check = _known(story, "fidelity")
    if check is None:
        return []
    elements = name_elements(check.table, story)
    sections = _elements(check.table, elements, story) if story.midterm else []
    return [
        story.heading("core.title"),
        story.paragraph("core.text"),
        *tell_who(check.table, story),
        *_adherence(check.table, elements, story),
        *_matrix(check.table, elements, story),
        *sections,
        *_trend(elements, story),
        *_registration(story),
    ]


def name_elements(table: ReleasedTable, story: Story) -> dict[str, str]:
    """Each core element in words, in the order of the plan."""
    found = dict.fromkeys(str(name) for name in table.column("element"))
    labels = {name: story.say_label(e.label) for name, e in _planned(story).items()}
    return {name: labels.get(name) or story.words.label("element", name) for name in found}


def _planned(story: Story) -> dict[str, FidelityElement]:
    plan = story.results.plan.fidelity
    return {element.name: element for element in (plan.elements if plan is not None else ())}


def _known(story: Story, name: str) -> ReleasedCheck | None:
    check = story.check(name)
    return check if check is not None and len(check.table) else None


def _adherence(table: ReleasedTable, elements: Mapping[str, str], story: Story) -> Blocks:
    shown, population = both_groups(table, story), own_population(table)
    own = tabulate_adherence(
        table, elements, story.words, population=population,
        other=story.words.label("population", CONTROL),
    )  # fmt: skip
    return [
        story.heading("core.adherence", 2),
        *_tell_scores(story),
        Paragraph(text=_tell_verdicts(table, story)),
        TableBlock(table=own),
        replace(
            story.figure(
                plot_adherence(table, elements, shown, story.words),
                describe_adherence(table, elements, shown, story.words),
                story.say("core.adherence_figure"),
                story.say("core.adherence_figure_note"),
            ),
            stays=True,
        ),
    ]


def _tell_scores(story: Story) -> Blocks:
    """The mean share of elements that participants got, and the control group."""
    check = _known(story, "fidelity_scores")
    if check is None:
        return []
    found = {str(row["population"]): row for row in check.table.records() if not row["site"]}
    own, other = (found.get(name, {}) for name in (own_population(check.table), CONTROL))
    if not isinstance(score := own.get("score"), float):
        return []
    told = {"score": story.words.numbers.percent(score, 0), "interval": _interval(own, story)}
    if isinstance(control := other.get("score"), float):
        share = story.words.numbers.percent(control, 0)
        return [story.paragraph("core.sentence_both", control=share, **told)]
    return [story.paragraph("core.sentence", **told)]


def _tell_verdicts(table: ReleasedTable, story: Story) -> str:
    verdicts = [r["verdict"] for r in table.records()
                if r["population"] == own_population(table) and not r["site"]]  # fmt: skip
    return story.say(
        "core.counted", n=len(verdicts), above=verdicts.count("above"),
        below=verdicts.count("below"),
    )  # fmt: skip


def _matrix(table: ReleasedTable, elements: Mapping[str, str], story: Story) -> Blocks:
    if not any(row["site"] for row in table.records()):
        return []
    check = _known(story, "fidelity_scores")
    scores, population = check.table if check is not None else None, own_population(table)
    return [
        story.heading("core.matrix", 2),
        story.paragraph("core.matrix_text"),
        story.figure(
            plot_matrix(table, scores, elements, story.words, population=population),
            describe_matrix(table, scores, elements, story.words, population=population),
            story.say("core.matrix_figure"),
            story.say("core.matrix_note"),
        ),
    ]


def _elements(table: ReleasedTable, elements: Mapping[str, str], story: Story) -> Blocks:
    """One section an element: what it is, how many got it, and how the sites spread."""
    planned = _planned(story)
    blocks: Blocks = []
    for name, label in elements.items():
        rows = [row for row in table.records() if row["element"] == name]
        own = [row for row in rows if row["population"] == own_population(table)]
        told = [*_tell_element(own, _control(rows), story), *_tell_spread(own, story)]
        measured = planned[name].measured if name in planned else None
        if measured is not None:
            words = story.say_label(measured).rstrip(".")
            told.insert(0, f"{story.say('core.element_measured', measured=words)}.")
        blocks += [Heading(text=label, level=2), Paragraph(text=" ".join(told))]
    return blocks


def _control(rows: Sequence[Row]) -> Row:
    """The row of the whole control group."""
    return next((r for r in rows if r["population"] == CONTROL and not r["site"]), {})


def _tell_element(rows: Sequence[Row], other: Row, story: Story) -> list[str]:
    own = next((row for row in rows if not row["site"]), {})
    percent = story.words.numbers.percent
    if not isinstance(share := own.get("share"), float):
        return [story.say("core.element_unknown" if share is None else "core.element_hidden")]
    threshold = own["threshold"]
    assert isinstance(threshold, float)
    told = [story.say(
        "core.element", share=percent(share, 0), interval=_interval(own, story),
        threshold=percent(threshold, 0), verdict=story.say(f"core.told_{own['verdict']}"),
    )]  # fmt: skip
    if isinstance(control := other.get("share"), float):
        told.append(story.say("core.element_control", share=percent(control, 0)))
    return told


def _tell_spread(rows: Sequence[Row], story: Story) -> list[str]:
    """From where to where the sites lie that are shown; which one is where is in the figure."""
    sites = [row for row in rows if row["site"]]
    shares = [share for row in sites if isinstance(share := row["share"], float)]
    if len(shares) < 2:
        return []
    below = sum(row["verdict"] == "below" for row in sites)
    numbers = story.words.numbers
    return [story.say(
        "core.element_spread", low=numbers.decimal_number(100 * min(shares), 0),
        high=numbers.percent(max(shares), 0), below=below, n=len(shares),
    )]  # fmt: skip


def _trend(elements: Mapping[str, str], story: Story) -> Blocks:
    check = _known(story, "fidelity_trend")
    if check is None or len(set(check.table.column("cohort"))) < 2:
        return []
    table = check.table
    labels = both_groups(table, story)
    panels = {name: label for name, label in elements.items() if name in table.column("element")}
    return [
        story.heading("core.trend", 2),
        story.paragraph("core.trend_text"),
        story.figure(
            plot_trend(table, panels, labels, story.words),
            describe_trend(table, panels, labels, story.words),
            story.say("core.trend_figure"),
        ),
    ]


def _registration(story: Story) -> Blocks:
    check = _known(story, "registration")
    if check is None:
        return []
    rows, groups = rows_of(check.table, "site", "core.registration", story)
    return [
        story.heading("core.registration", 2),
        story.paragraph("core.registration_text"),
        TableBlock(table=tabulate_registration(check.table, rows, story.words, groups=groups)),
    ]


def _interval(row: Row, story: Story) -> str:
    low, high = row["conf_low"], row["conf_high"]
    assert isinstance(low, float) and isinstance(high, float)
    level, interval = story.words.numbers.percent(0.95, 0), story.words.interval(low, high, 0, 100)
    return story.say("effect.interval", level=level, interval=interval)
