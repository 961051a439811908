"""Sections on taking part, shares, hours, quantiles, the index and detectable effects."""

import math
from dataclasses import replace

import pytest

from fabricated_evaluation import N_CONTROL, N_TREATMENT, fabricate_evaluation
from jobeval.disclosure.gate import release
from jobeval.disclosure.notes import release_wordings
from jobeval.disclosure.wordings import WORDINGS
from jobeval.errors import DisclosureError
from jobeval.figures import ForestRow, plot_beside, plot_quantiles, plot_thresholds, save_figure
from jobeval.reports import ReportBuilder
from jobeval.reports.blocks import Bullets, Callout, FigureBlock, Heading, Paragraph, TableBlock
from jobeval.results import EffectTable, Estimate, Interval, TakeUp
from jobeval.tables.cells import effect_cells, interval_cell
from jobeval.text import read_words

DA, EN = read_words("da"), read_words("en")
LABELS = {"control": "Ordinær indsats", "jobfirst": "JobFirst"}
TAKE_UP = TakeUp(
    first_stage=0.79, first_stage_std_error=0.012, f_statistic=4440.0,
    share_treatment=0.815, share_control=0.025,
    profile=(("age", 44.75, 44.59), ("sex[kvinde]", 0.54, 0.55)),
)  # fmt: skip
WEAK_NOTES = (
    "weak first stage (F below 10): only the Anderson-Rubin interval can be trusted",
    "the interval is unbounded: the data do not tell that the lottery moved take-up",
)


def effect(
    analysis: str, endpoint: str, unit: str, estimate: float, error: float, **more: object
) -> Estimate:
    control = more.pop("control", 0.11 if unit == "share" else 0.78)
    values: dict[str, object] = {
        "estimand": "itt", "estimator": "blocked difference in means", "df": 2378.0,
        "contrast": "jobfirst - control", "n_treatment": N_TREATMENT, "n_control": N_CONTROL,
        "n_apart_treatment": 160, "n_apart_control": 120,
        "mean_control": control, "mean_treatment": control + estimate,
    }  # fmt: skip
    return Estimate(
        analysis=analysis, endpoint=endpoint, unit=unit, estimate=estimate, std_error=error,
        **(values | more),
    )  # type: ignore[arg-type]  # fmt: skip


def late(low: float = 0.22, high: float = 0.96, **more: object) -> Estimate:
    return effect(
        "mean_hours_late", "mean_hours", "hours_per_week", 0.59, 0.19, estimand="late",
        inference="Anderson-Rubin", given_p_value=0.002, given_interval=Interval(low, high),
        take_up=TAKE_UP, **more,
    )  # fmt: skip


def margins() -> list[Estimate]:
    def part(name: str, estimate: float, error: float, **more: object) -> Estimate:
        unit = more.pop("unit", "hours_per_week")
        return effect(
            "mean_hours_margins", "mean_hours", unit, estimate, error, part=name, **more
        )  # type: ignore[arg-type]  # fmt: skip

    few = {"n_apart_treatment": 2, "n_apart_control": 1}
    note = ("not an effect: those who have hours in one arm are not those who have in the other",)
    return [
        part("mean", 0.47, 0.15),
        part("ratio", math.log(1.6), 0.15, scale="log_ratio", unit="ratio"),
        part("extensive", 0.046, 0.014, unit="share"),
        part("intensive", 0.92, 0.78, control=7.1, notes=note),
        part("intensive lower", -3.2, 0.88, control=7.1),
        part("intensive upper", 3.7, 1.2, control=7.1),
        part("through starting", 0.34, 0.1, control=math.nan),
        part("through hours", -0.12, 0.1, control=math.nan),
        part("hours>0", 0.046, 0.014, unit="share"),
        part("hours>=10", 0.017, 0.008, unit="share", control=0.03),
        part("hours>=37", 0.001, 0.001, unit="share", control=0.001, **few),
        part("winsorised", 0.38, 0.13),
    ]


def quantiles() -> list[Estimate]:
    def at(height: str, control: float, difference: float, p: float, half: float) -> Estimate:
        return effect(
            "mean_hours_quantiles", "mean_hours", "hours_per_week", difference, math.nan,
            part=f"quantile={height}", control=control, inference="Woodruff", given_p_value=p,
            given_interval=Interval(difference - half, difference + half),
        )  # fmt: skip

    return [at("0.75", 0.0, 0.0, math.nan, 0.0), at("0.95", 6.3, 2.5, 0.02, 2.0)]


def shares() -> list[Estimate]:
    mh = "strata differ in allocation and are weighted by Mantel and Haenszel: not the average"
    return [
        effect("any_hours_ratio", "any_hours", "ratio", math.log(1.42), 0.1, scale="log_ratio",
               estimator="Mantel-Haenszel", notes=(mh,)),
        effect("any_hours_newcombe", "any_hours", "share", 0.046, 0.014,
               estimator="stratified Newcombe"),
    ]  # fmt: skip


def index(estimate: float = 0.13) -> Estimate:
    return effect("work_index", "work_index", "control_sd", estimate, 0.04, control=0.0)


def tell(*effects: Estimate, language: str = "da") -> ReportBuilder:
    """A report of the made-up evaluation and these effects."""
    made_up = fabricate_evaluation()
    every = EffectTable((*made_up.effects, *effects))
    return ReportBuilder(release(replace(made_up, effects=every)), language)  # type: ignore[arg-type]


def texts(blocks) -> str:
    return " ".join(b.text for b in blocks if isinstance(b, Paragraph | Callout | Heading))


def only(blocks, kind):
    return [block for block in blocks if isinstance(block, kind)]


def row(table, label):
    return next(cells for cells in table.rows if cells[0] == label)


def test_sections_that_the_results_lack_are_empty():
    report = tell()
    for name in ("taking_part", "shares", "hours", "quantiles", "indices"):
        assert getattr(report, name)().blocks == (), name


def test_the_effect_on_takers_stands_beside_that_on_everyone():
    blocks = tell(late()).taking_part().blocks
    said = texts(blocks)
    assert "Blandt dem, der kom i gang, fordi de blev trukket, var »Ordinære timer pr. uge«" in said
    assert "1,37 med indsatsen mod 0,78 uden, altså 0,59" in said
    beside, shares, profile = (block.table for block in only(blocks, TableBlock))
    assert [cells[0] for cells in beside.rows] == ["Alle udtrukne", "Deltog, fordi de blev trukket"]
    assert "Anderson og Rubin" in beside.note
    told = [cells[1].replace("\u00a0", " ") for cells in shares.rows[:3]]
    assert told == ["79,0 pct.", "2,5 pct.", "18,5 pct."]
    assert row(profile, "Køn: kvinde")[1:] == ("54\u00a0pct.", "55\u00a0pct.")
    assert not only(blocks, Callout)
    assert len(only(blocks, FigureBlock)) == 1


def test_a_weak_lottery_is_told_plainly_and_an_end_without_limit_in_words():
    unsure = replace(late(0.22, math.inf), given_p_value=0.2, notes=WEAK_NOTES)
    blocks = tell(unsure).taking_part().blocks
    [warning] = only(blocks, Callout)
    assert warning.tone == "warning"
    assert "F under 10" in warning.text and "kan ikke fastslås" in warning.text
    assert "konfidensinterval mindst 0,22" in texts(blocks)
    assert "mindst 0,22" in only(blocks, FigureBlock)[0].alt
    beside = only(blocks, TableBlock)[0].table
    assert beside.rows[1][4] == "mindst 0,22"


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [(-math.inf, 0.5, "at most 0.50"), (-math.inf, math.inf, "without limits"),
     (math.nan, 1.0, "–"), (0.1, 0.5, "[0.10,\u00a00.50]")],
)  # fmt: skip
def test_intervals_without_ends(low, high, told):
    assert EN.interval(low, high, 2) == told


def test_hidden_take_up_hides_the_three_shares():
    few = replace(TAKE_UP, share_control=2 / N_CONTROL)
    blocks = tell(replace(late(), take_up=few)).taking_part().blocks
    shares = only(blocks, TableBlock)[1].table
    assert {cells[1] for cells in shares.rows[:3]} == {"skjult"}


def test_ratios_are_told_in_percent_after_the_differences():
    blocks = tell(*shares()).shares().blocks
    assert "»Ordinære timer (andel)« var 42 pct. højere" in texts(blocks).replace("\u00a0", " ")
    table = only(blocks, TableBlock)[0].table
    assert table.rows[-1][0] == "Relativ forskel (Mantel–Haenszel)"
    assert table.rows[-1][1:4] == ("", "", "+42\u00a0pct.")
    assert "ikke gennemsnittet over alle udtrukne" in table.note


def test_behind_the_mean_says_what_is_no_effect():
    blocks = tell(*margins()).hours().blocks
    said = texts(blocks).replace("\u00a0", " ")
    assert "60 pct. flere timer end kontrolgruppen" in said
    assert (
        "kommer 0,34 af, at flere har timer, og −0,12 af, at de, der har timer, har færre" in said
    )
    table = only(blocks, TableBlock)[0].table
    plain = row(table, "Gennemsnit (ikke en effekt)")
    assert plain[5] == "" and row(table, "Effekt, nedre grænse")[5] == ""
    assert "Ikke en effekt" in table.note
    assert row(table, "Mindst 37 timer pr. uge")[3] == "skjult"
    assert [cells[0] for cells in table.rows].count("Har timer") == 1
    [figure] = only(blocks, FigureBlock)
    assert "37" not in figure.alt and "Mindst 10 timer" in figure.alt


def test_equal_quantiles_are_not_told_as_an_effect_of_zero():
    blocks = tell(*quantiles()).quantiles().blocks
    assert "Ved 75\u00a0pct. er fraktilen 0 i begge grupper" in texts(blocks)
    table = only(blocks, TableBlock)[0].table
    assert table.rows[0] == ("75\u00a0pct.-fraktil", "0,0", "0,0", "ens", "", "")
    assert table.rows[1][3:5] == ("+2,5", "[0,5;\u00a04,5]")
    assert "begge 0" in only(blocks, FigureBlock)[0].svg


@pytest.mark.parametrize(
    ("estimate", "told"), [(0.13, "over kontrolgruppen"), (-0.13, "under"), (0.01, "ikke statis")]
)
def test_the_index_in_words(estimate, told):
    blocks = tell(index(estimate)).indices().blocks
    said = texts(blocks)
    assert told in said and "standardafvigelse" in said
    assert "»Uger i ordinært job uden ydelse«" in said


def test_uncertain_effects_are_told_with_what_they_rule_out():
    """The made-up effect on disability pension is .71 ± 1.96 · .41."""
    blocks = tell().detectable().blocks
    [bullets] = only(blocks, Bullets)
    [said] = [item.replace("\u00a0", " ") for item in bullets.items]
    assert "under −0,1 uger og over 1,5 uger er udelukket" in said
    assert "sand effekt på 1,1 uger" in said  # 2.8 · .41
    table = only(blocks, TableBlock)[0].table
    assert row(table, "Uger på førtidspension")[4] == "under −0,1 og over 1,5"
    assert not any("Mindst 10" in cells[0] for cells in table.rows)  # exploratory
    assert any("hazard ratio" in cells[0] for cells in table.rows)


def test_everything_in_english():
    report = tell(late(), *shares(), *margins(), *quantiles(), index(), language="en")
    for name in ("taking_part", "shares", "hours", "quantiles", "indices", "detectable"):
        for block in getattr(report, name)().blocks:
            assert "»" not in str(block.to_dict()), name


def test_figures_take_released_effects_only():
    raw = late()
    with pytest.raises(DisclosureError):
        plot_beside({"a": [ForestRow("b", raw)]}, DA)  # type: ignore[arg-type]
    with pytest.raises(DisclosureError):
        plot_thresholds([("a", raw)], LABELS, DA)  # type: ignore[list-item]
    with pytest.raises(DisclosureError):
        plot_quantiles([("a", raw)], DA)  # type: ignore[list-item]


def test_an_interval_without_end_is_drawn_with_an_arrow():
    [open_end] = tell(late(0.22, math.inf)).results.effects.where(analysis="mean_hours_late")
    [closed] = tell(late()).results.effects.where(analysis="mean_hours_late")
    drawn = [
        save_figure(plot_beside({"a": [ForestRow("b", told, strong=True)]}, DA))
        for told in (open_end, closed, open_end)
    ]
    assert drawn[0] == drawn[2] != drawn[1]


def test_hazard_ratios_stay_ratios_in_cells():
    [ratio] = tell().results.effects.where(analysis="exit_to_employment_cox")
    assert effect_cells(ratio, EN)[2] == "1.36"
    assert interval_cell(ratio, EN) == "[1.10,\u00a01.69]"


def test_what_a_reader_is_told_is_what_the_gate_lets_through():
    for group in ("note", "caution"):
        keys = [key.partition(".")[2] for key in DA.texts if key.startswith(f"{group}.")]
        assert keys
        assert set(keys) <= set(WORDINGS.values())


def test_weights_of_mantel_and_haenszel_are_not_taken_for_those_of_everyone():
    told = release_wordings(["strata differ in allocation and are weighted by Mantel and Haenszel"])
    assert told == ("strata are weighted by Mantel and Haenszel, not by everyone drawn",)
