"""Variants, joint tests and the course over time, told from made-up released results."""

import dataclasses

import numpy as np
import pytest

from jobeval.disclosure.gate import release
from jobeval.reports import FigureBlock, Heading, Paragraph, TableBlock, build_report
from jobeval.reports.weekly import last_week
from jobeval.results import CurveTable, EffectTable, HypothesisTest

VARIANTS = ("raw", "adjusted", "lottery", "winsorised", "reported", "second_year",
            "without_benefit", "per_protocol")  # fmt: skip


@pytest.fixture(scope="module")
def varied(fabricated):
    """The made-up evaluation with its sensitivity analysis; one variant rests on few persons."""
    main = fabricated.effects.one(analysis="mean_hours_itt", subgroup="")
    rows = [
        dataclasses.replace(
            main, analysis="mean_hours_sensitivity", part=name, estimate=0.4 + i / 50,
            n_apart_treatment=3 if name == "winsorised" else 160,
        )
        for i, name in enumerate(VARIANTS)
    ]  # fmt: skip
    return dataclasses.replace(fabricated, effects=EffectTable((*fabricated.effects, *rows)))


def chapter(evaluation, name, language="en"):
    report = build_report(release(evaluation), language)
    return next(c.blocks for c in report.chapters if c.name == name)


def words(blocks):
    texts = (block.text for block in blocks if isinstance(block, Paragraph))
    return " ".join(texts).replace("\u00a0", " ")


def tables(blocks):
    return [block.table for block in blocks if isinstance(block, TableBlock)]


def test_what_the_lottery_does_not_protect_stands_apart(varied):
    blocks = chapter(varied, "sensitivity")
    table = tables(blocks)[0]
    assert table.groups == ((0, "As the lottery drew"), (9, "Not protected by the lottery"))
    assert table.rows[-1][0].startswith("Only those who did as drawn")
    [figure] = [block for block in blocks if isinstance(block, FigureBlock)]
    assert "Not protected by the lottery" in figure.svg
    assert "Not protected by the lottery" in figure.alt
    assert "is not protected by the lottery" in words(blocks)


def test_a_hidden_variant_is_told_and_not_drawn(varied):
    blocks = chapter(varied, "sensitivity")
    hidden = next(row for row in tables(blocks)[0].rows if row[0].startswith("Largest"))
    assert hidden[1] == "hidden"
    [figure] = [block for block in blocks if isinstance(block, FigureBlock)]
    assert "Largest hours" not in figure.svg
    assert "in the 8 estimates that the lottery protects" in words(blocks)


def test_no_estimate_of_an_endpoint_is_told_twice(varied):
    first, second = tables(chapter(varied, "sensitivity"))
    assert [text for _, text in second.groups] == ["Any ordinary hours (share)"]
    assert len({row[0] for row in first.rows}) == len(first.rows) == 10


def test_without_declared_variants_the_other_estimators_remain(fabricated):
    kept = tuple(a for a in fabricated.plan.analyses if a.estimator != "sensitivity")
    plain = dataclasses.replace(
        fabricated, plan=fabricated.plan.model_copy(update={"analyses": kept})
    )
    [table] = tables(chapter(plain, "sensitivity"))
    assert len(table.groups) == 2


def interaction(p, **more):
    return HypothesisTest(name="interaction with benefit_type", endpoint="any_hours", statistic=7.0,
                          df=1, p_value=p, analysis="any_hours_itt", subgroup="benefit_type",
                          **more)  # fmt: skip


@pytest.mark.parametrize(("p", "said"), [(0.004, "the effect differs between the groups"),
                                         (0.4, "differ no more than chance may give")])  # fmt: skip
def test_the_joint_test_stands_below_the_forest(fabricated, p, said):
    tested = dataclasses.replace(fabricated, tests=(*fabricated.tests, interaction(p)))
    assert said in words(chapter(tested, "subgroups"))
    appendix = tables(chapter(tested, "appendices", "da"))
    named = next(t for t in appendix if t.caption == "Test")
    assert any(row[1] == "Samme effekt i alle grupper: Ydelse" for row in named.rows)


def test_no_joint_test_no_sentence(fabricated):
    assert "joint test:" not in words(chapter(fabricated, "subgroups"))


def fading(statistic, p):
    return HypothesisTest(name="fading", endpoint="mean_hours", statistic=statistic, df=99,
                          p_value=p, analysis="mean_hours_path", n_apart_treatment=90,
                          n_apart_control=90)  # fmt: skip


@pytest.mark.parametrize(
    ("statistic", "p", "said"),
    [(-3, 0.003, "The difference has faded"), (3, 0.003, "The difference has grown"),
     (-1, 0.3, "has not faded with statistical certainty")],
)  # fmt: skip
def test_fading_is_told_by_its_sign_and_certainty(fabricated, statistic, p, said):
    tested = dataclasses.replace(fabricated, tests=(*fabricated.tests, fading(statistic, p)))
    assert said in words(chapter(tested, "effects"))


def test_a_negative_difference_fades_upwards(fabricated):
    turned = [
        dataclasses.replace(c, values=-c.values, conf_low=-c.conf_high, conf_high=-c.conf_low)
        if " - " in c.arm else c for c in fabricated.curves
    ]  # fmt: skip
    tested = dataclasses.replace(
        fabricated, curves=CurveTable(tuple(turned)), tests=(*fabricated.tests, fading(3, 0.003))
    )
    assert "The difference has faded" in words(chapter(tested, "effects"))


def test_the_band_and_the_sum_are_drawn_and_told(fabricated):
    gap = next(c for c in fabricated.curves if c.arm == "jobfirst - control"
               and c.endpoint == "mean_hours")  # fmt: skip
    total = np.cumsum(gap.values)
    summed = dataclasses.replace(
        gap, measure="accumulated", unit="hours", values=total, conf_low=total - 5,
        conf_high=total + 5, band_low=total - 9, band_high=total + 9,
    )  # fmt: skip
    blocks = chapter(
        dataclasses.replace(fabricated, curves=CurveTable((*fabricated.curves, summed))), "effects"
    )
    drawn = next(b for b in blocks if isinstance(b, FigureBlock) and "in all" in b.caption)
    assert "The whole course" in drawn.svg
    assert "Hours in all since the lottery" in drawn.svg
    assert "Added up from the lottery to week 103, the difference is" in words(blocks)


def test_a_month_is_over_when_its_last_week_is():
    assert [last_week(week, "month") for week in (0, 5, 9, 13)] == [4, 8, 12, 17]


def test_families_name_their_method_and_their_tests(fabricated):
    blocks = chapter(fabricated, "effects", "da")
    [table] = tables(blocks)
    assert "Holm, 2 test af primære mål" in table.note
    assert not any(isinstance(b, Heading) and not b.text for b in blocks)
