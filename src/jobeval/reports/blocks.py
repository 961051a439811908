"""What a report is made of: small frozen blocks that know no renderer.

Each shows itself in Jupyter as HTML, and carries a JSON form of its own MIME type from which
the report is built.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal

from jobeval.tables import Table

MIME = "application/vnd.jobeval.block+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Base of all blocks."""

    kind: ClassVar[str] = ""

    def to_dict(self) -> dict[str, Any]:
        """All parts as JSON values."""
        return {"kind": self.kind, **{f.name: _plain(getattr(self, f.name)) for f in fields(self)}}

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        from jobeval.reports.html import show_blocks

        return {
            "text/html": show_blocks([self.to_dict()]),
            MIME: {"chapter": self.kind, "blocks": [self.to_dict()]},
        }


def _plain(value: Any) -> Any:
    if isinstance(value, Block | Table):
        return value.to_dict()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover(Block):
    """The front page, and what the whole report needs to know of itself."""

    kind: ClassVar[str] = "cover"
    title: str
    subtitle: str
    purpose: str
    lines: tuple[str, ...]
    banner: str
    language: str
    look: str
    trial: str
    cut_off: str
    """ISO date."""
    arm: str = ""
    """The treatment arm told of, where the trial has several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading(Block):
    """A heading; level 1 is a chapter."""

    kind: ClassVar[str] = "heading"
    text: str
    level: int = 1
    appendix: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph(Block):
    """A paragraph of plain text."""

    kind: ClassVar[str] = "paragraph"
    text: str
    lead: bool = False
    language: str = ""
    """Only where it differs from the report's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bullets(Block):
    """A list of sentences."""

    kind: ClassVar[str] = "bullets"
    items: tuple[str, ...]
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyNumber(Block):
    """One large number with its unit, what it is, and a detail."""

    kind: ClassVar[str] = "key_number"
    value: str
    unit: str
    label: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyNumbers(Block):
    """A row of key numbers."""

    kind: ClassVar[str] = "key_numbers"
    items: tuple[KeyNumber, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Callout(Block):
    """A box that must not be missed."""

    kind: ClassVar[str] = "callout"
    tone: Literal["note", "good", "warning"]
    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureBlock(Block):
    """A figure with caption above, note below, and the alternative text."""

    kind: ClassVar[str] = "figure"
    svg: str
    alt: str
    caption: str
    note: str = ""
    stays: bool = False
    """In print it stays where it is told; else it may move to the top of a page."""

    def __post_init__(self) -> None:
        if not self.alt.strip():
            raise ValueError(f"figure {self.caption!r} needs an alternative text")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableBlock(Block):
    """A table."""

    kind: ClassVar[str] = "table"
    table: Table


@dataclass(frozen=True, slots=True, kw_only=True)
class PageBreak(Block):
    """A new page in print."""

    kind: ClassVar[str] = "page_break"


@dataclass(frozen=True, slots=True)
class Chapter:
    """The blocks of one step of a report, in order; shows itself in Jupyter."""

    name: str
    blocks: tuple[Block, ...] = ()

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        from jobeval.reports.html import show_blocks

        blocks = [block.to_dict() for block in self.blocks]
        return {"text/html": show_blocks(blocks), MIME: {"chapter": self.name, "blocks": blocks}}

    def __repr__(self) -> str:
        return f"Chapter({self.name}: {len(self.blocks)} blocks)"


def drop_bare_headings(blocks: Sequence[Block]) -> list[Block]:
    """The blocks without headings that have nothing below them.

    >>> drop_bare_headings([Heading(text="a"), Heading(text="b", level=2)])
    []
    """
    kept: list[Block] = []
    for block in reversed(blocks):
        below = kept[0] if kept else None
        if isinstance(block, Heading) and (
            below is None or (isinstance(below, Heading) and below.level <= block.level)
        ):
            continue
        kept.insert(0, block)
    return kept


_KINDS: Mapping[str, type[Block]] = {
    block.kind: block
    for block in (Cover, Heading, Paragraph, Bullets, KeyNumber, KeyNumbers, Callout, FigureBlock,
                  TableBlock, PageBreak)
}  # fmt: skip


def block_from_dict(values: Mapping[str, Any]) -> Block:
    """The inverse of ``Block.to_dict``.

    >>> block_from_dict(Paragraph(text="Hello").to_dict())
    Paragraph(text='Hello', lead=False, language='')
    """
    parts = {name: _read(value) for name, value in values.items() if name != "kind"}
    if values["kind"] == "table":
        parts["table"] = Table.from_dict(values["table"])
    return _KINDS[values["kind"]](**parts)


def _read(value: Any) -> Any:
    if isinstance(value, Mapping) and "kind" in value:
        return block_from_dict(value)
    return tuple(_read(item) for item in value) if isinstance(value, list) else value


def chapter_from_dict(values: Mapping[str, Any]) -> Chapter:
    """A chapter from the JSON form that a notebook cell left."""
    blocks: Sequence[Mapping[str, Any]] = values["blocks"]
    return Chapter(values["chapter"], tuple(block_from_dict(block) for block in blocks))
