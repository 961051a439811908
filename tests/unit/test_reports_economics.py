"""The chapter on money: in both languages, with its figures, and nothing where it is not asked."""

from dataclasses import replace

import pytest

from fabricated_evaluation import fabricate_evaluation
from fabricated_money import fabricate_money
from jobeval.disclosure.gate import release
from jobeval.reports.builder import ReportBuilder
from jobeval.results import CheckResult


def tell(evaluation, language="en"):
    return ReportBuilder(release(evaluation), language).economics()


def text_of(chapter):
    parts = []
    for block in chapter.blocks:
        parts += [getattr(block, "text", ""), *getattr(block, "items", ())]
    return "\n".join(str(part) for part in parts).replace("\u00a0", " ")


@pytest.mark.parametrize("language", ["da", "en"])
def test_whole_chapter(fabricated, language):
    chapter = tell(fabricated, language)
    kinds = [block.kind for block in chapter.blocks]
    assert kinds.count("figure") == 4
    assert kinds.count("table") == 5
    assert all(block.alt.endswith(".") for block in chapter.blocks if block.kind == "figure")
    assert ".." not in text_of(chapter)


def test_sentences_follow_the_numbers(fabricated):
    told = text_of(tell(fabricated))
    assert "9 of the 11 prices and rates have no published source" in told
    assert "The citizen: a net gain of 3,000 DKK per person" in told
    assert "The public: a net loss of 20,000 DKK per person" in told
    assert "The public, if the effect lasts: the money is not back within 5 years." in told
    assert (
        "Society, if the effect lasts: the money is back in month 36 (95% interval month 30 to 44)"
        in told
    )
    assert "an MVPF of 0.15 (95% interval [0.03, 0.29])" in told
    assert "If the effect fades, the effort pays for itself" in told
    assert "interval at least 1.10" in told
    assert "If the effect lasts, the effort costs the public nothing in the end" in told
    assert "must be 1.90 hours a week for society to break even; 0.54 hours was found" in told


def test_the_waterfall_tells_every_item_of_the_public(fabricated):
    figure = next(block for block in tell(fabricated).blocks if block.kind == "figure")
    for item in ("The JobFirst effort −25,000", "Disability pension −3,100", "Taxes +3,100"):
        assert item in figure.alt
    assert "Ordinary earnings" not in figure.alt  # the public has no part in it


def test_hidden_items_leave_the_net(fabricated):
    [items, *_] = fabricate_money()
    table = items.table.assign(n_apart=3.0)
    evaluation = replace(
        fabricated, checks={**fabricated.checks, "cost_benefit": replace(items, table=table)}
    )
    chapter = tell(evaluation)
    assert "hidden because one of them rests on too few persons" in text_of(chapter)
    assert [block.kind for block in chapter.blocks].count("figure") == 3


def test_what_cannot_be_estimated_is_said(fabricated):
    empty = CheckResult(name="cost_benefit", passed=None, sentence="not estimable: small cells")
    checks = {name: c for name, c in fabricated.checks.items()
              if not name.startswith("cost_benefit_") and name != "mvpf"}  # fmt: skip
    chapter = tell(replace(fabricated, checks={**checks, "cost_benefit": empty}))
    assert "account cannot be made" in text_of(chapter)
    assert len(chapter.blocks) == 2


def test_midterm_is_short_and_says_that_it_is_early():
    midterm = fabricate_evaluation("midterm")
    assert tell(midterm).blocks == ()  # the plan does not ask for it then
    asked = replace(midterm, checks={**midterm.checks, **{c.name: c for c in fabricate_money()}})
    chapter = tell(asked)
    assert "The account is preliminary" in text_of(chapter)
    assert [block.kind for block in chapter.blocks].count("table") == 2


def test_options_are_told_where_they_are_used(fabricated):
    money = fabricated.plan.cost_benefit.model_copy(
        update={"displacement": 0.2, "tax_distortion": 0.1, "net_tax_factor": 1.28}
    )
    plan = fabricated.plan.model_copy(update={"cost_benefit": money})
    told = text_of(tell(replace(fabricated, plan=plan)))
    assert "20% of the work gained would have been done by others" in told
    assert "cost society 10% more" in told
    assert "by the factor 1.28" in told
