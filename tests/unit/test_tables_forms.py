"""Tables: formatted text, escaped in each of its forms."""

from html.parser import HTMLParser

import pytest

from jobeval.errors import DisclosureError
from jobeval.tables import (
    Table,
    tabulate_attrition,
    tabulate_effects,
    tabulate_flow,
    tabulate_sites,
    tabulate_suppressions,
)
from jobeval.text import read_words

DA, EN = read_words("da"), read_words("en")
LABELS = {"control": "Ordinær indsats", "jobfirst": "JobFirst"}


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def hostile() -> Table:
    return Table(
        caption="<b>caption</b>",
        header=("<i>", "n"),
        rows=(("<script>alert(1)</script>", '"]; #read("/etc/passwd")'), ("=1+1", "−3")),
        align="lr",
    )


def test_html_has_a_caption_a_scope_on_every_header_and_no_markup_of_users():
    tags = Tags(hostile().to_html())
    names = [name for name, _ in tags.found]
    assert names.count("caption") == 1
    assert {attrs.get("scope") for name, attrs in tags.found if name == "th"} == {"col", "row"}
    assert not {"script", "b", "i"} & set(names)


def test_a_cell_of_csv_is_never_a_formula():
    lines = hostile().to_csv().splitlines()
    assert lines[2].startswith("'=1+1")
    assert "−3" in lines[2]


def test_typst_keeps_every_text_in_quotes():
    assert '[#"\\"]; #read(\\"/etc/passwd\\")"]' in hostile().to_typst()


def test_rows_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="different lengths"):
        Table(caption="c", header=("a", "b"), rows=(("x",),), align="lr")


def test_a_table_survives_its_json_form():
    assert Table.from_dict(hostile().to_dict()) == hostile()


def test_an_effect_in_danish_and_english(released):
    effect = released.effects.estimates[1]
    row = tabulate_effects([("x", effect)], DA, caption="c").rows[0]
    assert row == ("x", "20,4\u00a0pct.", "12,3\u00a0pct.", "+8,1", "[4,1;\u00a012,1]", "<0,001")
    row = tabulate_effects([("x", effect)], EN, caption="c").rows[0]
    assert row == ("x", "20.4%", "12.3%", "+8.1", "[4.1,\u00a012.1]", "<0.001")


def test_a_hidden_effect_shows_no_number_and_is_explained(released):
    effect = next(e for e in released.effects if e.suppressed)
    table = tabulate_effects([("x", effect)], DA, caption="c")
    assert table.rows[0] == ("x", "", "", "skjult", "", "")
    assert "skjult" in table.note


def test_flow_and_sites_name_the_arms_and_hide(released):
    assert tabulate_flow(released.flow, LABELS, DA).header[1:] == tuple(LABELS.values())
    sites = tabulate_sites(released.checks["sites"].table, LABELS, "Jobcenter", DA)
    assert sites.rows[1] == ("Jobcenter C", "skjult", "250")


def test_the_log_has_a_sentence_for_every_entry(released):
    table = tabulate_suppressions(released.log, {}, 5, EN)
    assert len(table.rows) == len(released.log)
    assert not any("{" in cell for row in table.rows for cell in row)


def test_raw_tables_are_refused(fabricated):
    with pytest.raises(DisclosureError):
        tabulate_flow(fabricated.flow, LABELS, DA)
    with pytest.raises(DisclosureError):
        tabulate_effects([("x", fabricated.effects[0])], DA, caption="c")


def grouped() -> Table:
    return Table(
        caption="c", header=("Group", "n"), rows=(("a", "1"), ("b", "2"), ("a", "3")),
        align="lr", groups=((0, "Hours"), (2, "Weeks & days")),
    )  # fmt: skip


def test_rows_stand_under_the_heading_of_their_group_in_every_form():
    tags = Tags(grouped().to_html())
    heads = [attrs for name, attrs in tags.found if attrs.get("scope") == "rowgroup"]
    assert [head["colspan"] for head in heads] == ["2", "2"]
    assert [name for name, _ in tags.found].count("tbody") == 2
    assert "Weeks &amp; days" in grouped().to_html()
    assert grouped().to_csv().splitlines()[1:] == ["Hours: a,1", "Hours: b,2", "Weeks & days: a,3"]
    assert grouped().to_typst().index("Weeks") > grouped().to_typst().index('"b"')
    assert Table.from_dict(grouped().to_dict()) == grouped()


def test_endpoints_with_the_same_attrition_share_a_heading(released):
    names = {"any_hours": "Timer", "mean_hours": "Timer pr. uge"}
    table = tabulate_attrition(released.checks["attrition"].table, names, LABELS, DA)
    assert table.groups == ((0, "Alle mål"),)
    assert len(table.rows) == 2


def test_a_standard_error_stands_beside_its_difference(released):
    effect = released.effects.estimates[0]
    table = tabulate_effects([("x", effect)], DA, caption="c", errors=True)
    assert table.rows[0][table.header.index("Std.fejl")] == "1,40"
