"""A report: its chapters in order, and the numbers of headings, figures and tables."""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from jobeval.reports.blocks import Block, Chapter, Cover
from jobeval.text import Language, Words, read_words

LETTERS = {"æ": "ae", "ø": "oe", "å": "aa", "ß": "ss", "ł": "l"}


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """All chapters of one report; the first block is the cover."""

    chapters: tuple[Chapter, ...]

    @property
    def blocks(self) -> tuple[Block, ...]:
        """All blocks in order."""
        return tuple(block for chapter in self.chapters for block in chapter.blocks)

    @property
    def cover(self) -> Cover:
        """The front page."""
        covers = [block for block in self.blocks if isinstance(block, Cover)]
        if len(covers) != 1:
            raise ValueError(f"a report needs one cover, not {len(covers)}: begin with cover()")
        return covers[0]

    @property
    def words(self) -> Words:
        """The catalogue of the report's language."""
        return read_words(cast(Language, self.cover.language))

    @property
    def file_stem(self) -> str:
        """Name of the report's files, such as ``"jobfirst_final_da"``.

        Where the trial has several treatment arms, theirs stands in it: ``"x_final_mentor_da"``.
        """
        cover = self.cover
        arm = [slug(cover.arm)] if cover.arm else []
        return "_".join([slug(cover.trial), cover.look, *arm, cover.language])

    def numbered(self) -> list[dict[str, Any]]:
        """All blocks but the cover as JSON values, with ``label`` and ``anchor`` filled in."""
        blocks = (block.to_dict() for block in self.blocks if not isinstance(block, Cover))
        return number_blocks(blocks, self.words)

    def __repr__(self) -> str:
        return f"Report({self.file_stem}: {len(self.chapters)} chapters)"


def slug(name: str) -> str:
    """A name as part of a file's name: a–z, digits and hyphens.

    >>> slug("National Supported Work"), slug("Forsøg på Ærø")
    ('national-supported-work', 'forsoeg-paa-aeroe')
    """
    spelt = name.lower()
    for letter, letters in LETTERS.items():
        spelt = spelt.replace(letter, letters)
    plain = unicodedata.normalize("NFKD", spelt).encode("ascii", "ignore").decode()
    return re.sub("[^a-z0-9]+", "-", plain).strip("-") or "trial"


def number_blocks(blocks: Iterable[Mapping[str, Any]], words: Words) -> list[dict[str, Any]]:
    """Give figures and tables their running numbers, chapters theirs, appendices letters."""
    counts = {"figure": 0, "table": 0, "chapter": 0, "appendix": 0, "section": 0}
    return [{**block, **_label(block, counts, words)} for block in blocks]


def _label(block: Mapping[str, Any], counts: dict[str, int], words: Words) -> dict[str, str]:
    kind = str(block["kind"])
    if kind in {"figure", "table"}:
        counts[kind] += 1
        number = counts[kind]
        return {"label": f"{words.say(f'cover.{kind}')} {number}.", "anchor": f"{kind}-{number}"}
    if kind != "heading":
        return {}
    if block["level"] > 1:
        counts["section"] += 1
        return {"label": "", "anchor": f"section-{counts['section']}"}
    if block["appendix"]:
        counts["appendix"] += 1
        letter = string.ascii_uppercase[counts["appendix"] - 1]
        label = f"{words.say('cover.appendix')} {letter}."
        return {"label": label, "anchor": f"appendix-{letter.lower()}"}
    counts["chapter"] += 1
    return {"label": str(counts["chapter"]), "anchor": f"chapter-{counts['chapter']}"}
