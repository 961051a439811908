"""Words and number formats of the reports, in Danish and English."""

from jobeval.text.catalogue import LANGUAGES, Language, Words, read_words
from jobeval.text.numbers import NumberFormat

__all__ = ["LANGUAGES", "Language", "NumberFormat", "Words", "read_words"]
