"""What every kind of report tells with: the words of its language."""

from __future__ import annotations

from jobeval.reports.blocks import Heading, Paragraph
from jobeval.text import Words


class Telling:
    """Base of the stories: headings, paragraphs and labels in one language."""

    __slots__ = ()
    words: Words

    def say(self, key: str, **values: object) -> str:
        return self.words.say(key, **values)

    def say_label(self, label: object) -> str:
        """A plan's label in the language of the report."""
        return str(getattr(label, self.words.language))

    def heading(self, key: str, level: int = 1, *, appendix: bool = False) -> Heading:
        return Heading(text=self.say(key), level=level, appendix=appendix)

    def paragraph(self, key: str, **values: object) -> Paragraph:
        return Paragraph(text=self.say(key, **values))
