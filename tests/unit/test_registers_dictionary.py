"""The data dictionary in ``docs`` is the one that the declarations give."""

from pathlib import Path

from jobeval.registers.dictionary import describe_tables

WRITTEN = Path(__file__).parents[2] / "docs" / "data-dictionary.md"


def test_the_data_dictionary_is_current() -> None:
    """Write it again with ``docs/data-dictionary.md`` ← ``describe_tables()``."""
    assert WRITTEN.read_text(encoding="utf-8") == describe_tables()


def test_it_names_codes_columns_and_rules() -> None:
    text = describe_tables()
    for word in ("730–731", "`foertidspension`", "`AJO_LOENTIMER`", "`hours-negative`"):
        assert word in text
