"""Figures: released only, the same bytes, nothing hidden in them."""

import dataclasses
import json
import re
import subprocess
import sys
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest

from jobeval.disclosure.gate import release
from jobeval.errors import DisclosureError
from jobeval.figures import (
    plot_balance,
    plot_destinations,
    plot_difference,
    plot_exit_groups,
    plot_exits,
    plot_forest,
    plot_inflow,
    plot_intensity,
    plot_path,
    plot_path_groups,
    plot_states,
    save_figure,
)
from jobeval.figures.forest import ForestRow
from jobeval.figures.svg import shorten_path
from jobeval.results import CurveTable
from jobeval.text import read_words

WORDS = read_words("da")
LABELS = {"control": "Ordinær indsats", "jobfirst": "JobFirst"}


def curves(results, **values):
    return [c for c in results.curves if all(getattr(c, k) == v for k, v in values.items())]


def draw_all(results):
    """Every kind of figure once."""
    path = curves(results, endpoint="any_hours")
    exits = curves(results, measure="cumulative_incidence")
    pairs = [
        [c for c in exits if c.cause == cause] for cause in dict.fromkeys(c.cause for c in exits)
    ]
    arms = {arm: curves(results, measure="state_share", arm=arm) for arm in LABELS}
    rows = [ForestRow(e.subgroup, e) for e in results.effects.where(analysis="any_hours_itt")]
    checks = results.checks
    return {
        "path": plot_path(path[:2], LABELS, WORDS),
        "difference": plot_difference(path[2], WORDS),
        "exits": plot_exits(curves(results, measure="survival"), LABELS, WORDS),
        "destinations": plot_destinations(pairs, LABELS, WORDS),
        "states": plot_states(arms, LABELS, WORDS),
        "forest": plot_forest(rows, rows[0].own, WORDS),
        "balance": plot_balance(checks["balance"].table, WORDS),
        "inflow": plot_inflow(checks["inflow"].table, LABELS, WORDS),
        "intensity": plot_intensity(checks["intensity"].table, LABELS, WORDS),
    }


@pytest.fixture(scope="module")
def drawn(released):
    return {name: save_figure(figure) for name, figure in draw_all(released).items()}


def texts(svg: bytes) -> list[str]:
    root = ElementTree.fromstring(svg)
    return ["".join(e.itertext()).strip() for e in root.iter() if e.tag.endswith("text")]


def test_a_figure_saved_twice_is_the_same(released):
    figures = draw_all(released)
    first = {name: save_figure(figure) for name, figure in figures.items()}
    again = {name: save_figure(figure) for name, figure in figures.items()}
    assert first == again
    assert first == {name: save_figure(figure) for name, figure in draw_all(released).items()}


def test_numbers_at_risk_stand_whole_under_the_exit_curve(released, drawn):
    survival = curves(released, measure="survival")[0]
    shown = texts(drawn["exits"])
    assert WORDS.numbers.integer(survival.risk_counts[0]) in shown
    assert "1.185" in shown


def test_no_date_and_no_program_in_a_figure(drawn):
    for svg in drawn.values():
        assert b"<dc:date" not in svg
        assert b"Matplotlib" not in svg
        assert b"matplotlib.org" not in svg


def test_every_line_has_its_label_and_danish_decimals(drawn):
    assert {"JobFirst", "Ordinær indsats"} <= set(texts(drawn["path"]))
    assert any("," in text for text in texts(drawn["balance"]))


def test_drawing_leaves_the_global_style_alone(released):
    before = dict(mpl.rcParams)
    draw_all(released)
    assert dict(mpl.rcParams) == before


def test_raw_results_are_refused(fabricated):
    raw = [c for c in fabricated.curves if c.endpoint == "any_hours"]
    exits = [c for c in fabricated.curves if c.measure == "survival"]
    effect = fabricated.effects[0]
    for attempt in (
        lambda: plot_path(raw[:2], LABELS, WORDS),
        lambda: plot_difference(raw[2], WORDS),
        lambda: plot_exits(exits, LABELS, WORDS),
        lambda: plot_destinations([exits], LABELS, WORDS),
        lambda: plot_states({"control": raw[:1]}, LABELS, WORDS),
        lambda: plot_forest([ForestRow("all", effect)], None, WORDS),
        lambda: plot_balance(fabricated.checks["balance"].table, WORDS),
        lambda: plot_inflow(fabricated.checks["inflow"].table, LABELS, WORDS),
        lambda: plot_intensity(fabricated.checks["intensity"].table, LABELS, WORDS),
    ):
        with pytest.raises(DisclosureError):
            attempt()


def test_the_paths_of_a_figure_hold_no_hidden_week(fabricated):
    """Week 7 with 1 or with 4 persons draws the same picture."""

    def with_count(count):
        changed = tuple(
            dataclasses.replace(c, values=np.where(c.times == 7, count / c.at_risk, c.values))
            if c.endpoint == "any_hours" and c.arm == "control" else c
            for c in fabricated.curves
        )  # fmt: skip
        result = release(dataclasses.replace(fabricated, curves=CurveTable(changed)))
        return save_figure(plot_path(curves(result, endpoint="any_hours")[:2], LABELS, WORDS))

    assert with_count(1) == with_count(4)


def test_labels_of_users_are_text_and_never_markup(released):
    labels = {"control": "<script>$x$</script>", "jobfirst": "a & b"}
    path = curves(released, endpoint="any_hours")
    svg = save_figure(plot_path(path[:2], labels, WORDS))
    assert b"<script" not in svg
    assert "<script>$x$</script>" in texts(svg)


def test_a_fresh_process_draws_the_same_bytes(drawn, tmp_path):
    """Also with another hash seed and another working folder."""
    code = (
        "import sys, hashlib, json; sys.path[:0] = sys.argv[1:]\n"
        "from test_figures_svg import draw_all\n"
        "from fabricated_evaluation import fabricate_evaluation\n"
        "from jobeval.disclosure.gate import release\n"
        "from jobeval.figures import save_figure\n"
        "found = draw_all(release(fabricate_evaluation('final')))\n"
        "digest = lambda figure: hashlib.sha256(save_figure(figure)).hexdigest()\n"
        "print(json.dumps({name: digest(figure) for name, figure in found.items()}))"
    )
    import hashlib
    import os
    from pathlib import Path

    here = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, "-c", code, str(here), str(here.parent)],
        capture_output=True, text=True, check=True, cwd=tmp_path,
        env={**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    expected = {name: hashlib.sha256(svg).hexdigest() for name, svg in drawn.items()}
    assert json.loads(done.stdout) == expected


def test_coordinates_have_one_decimal(drawn):
    for svg in drawn.values():
        assert not re.search(rb'\bd="[^"]*\d\.\d\d', svg)


@pytest.mark.parametrize(
    "path", ["M 10 5 L 20.04 5.06 L 20 -7.5 L 0.3 -7.5 z", "M 0 0 L 1 1 M 5 5 L 4.9 5"]
)
def test_a_shortened_path_passes_the_same_points(path):
    def points(text):
        found, x, y = [], 0.0, 0.0
        for command, numbers in re.findall(r"([MLlhvz])([^MLlhvz]*)", text):
            values = [float(n) for n in re.findall(r"-?(?:\d+\.?\d*|\.\d+)", numbers)]
            if command in "ML":
                x, y = values
            elif command == "l":
                x, y = x + values[0], y + values[1]
            elif command == "h":
                x += values[0]
            elif command == "v":
                y += values[0]
            found += [(round(x, 1) + 0.0, round(y, 1) + 0.0)] if command != "z" else ["z"]
        return found

    assert points(shorten_path(path)) == points(path)
    assert len(shorten_path(path)) < len(path)


def test_a_panel_for_every_group_and_nothing_raw(released, fabricated):
    path = curves(released, endpoint="any_hours")[:2]
    exits = curves(released, measure="survival")
    for plot, pair in ((plot_path_groups, path), (plot_exit_groups, exits)):
        shown = texts(save_figure(plot({"Gruppe A": pair, "Gruppe B": pair}, LABELS, WORDS)))
        assert {"Gruppe A", "Gruppe B", *LABELS.values()} <= set(shown)
    raw = [c for c in fabricated.curves if c.endpoint == "any_hours"][:2]
    with pytest.raises(DisclosureError):
        plot_path_groups({"A": raw}, LABELS, WORDS)


def test_a_path_can_end_earlier(released):
    curve = curves(released, endpoint="any_hours")[0]
    short = curve.until(38)
    assert short.times == curve.times[:39]
    assert short.values == curve.values[:39]
