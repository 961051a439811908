"""A small table of formatted text that knows how to be HTML, Typst and CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of formatted text. The first column heads its row.

    Parameters
    ----------
    align
        One letter a column: ``"l"`` or ``"r"``.
    strong
        Positions of rows to be set in bold.

    Examples
    --------
    >>> table = Table(caption="Sizes", header=("Arm", "Persons"), rows=(("a & b", "1,200"),),
    ...     align="lr")
    >>> print(table.to_csv(), end="")
    Arm,Persons
    a & b,"1,200"
    """

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    align: str
    note: str = ""
    strong: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        widths = {len(self.header), len(self.align), *(len(row) for row in self.rows)}
        if len(widths) != 1:
            raise ValueError(f"table {self.caption!r} has rows of different lengths")

    def to_html(self, label: str = "") -> str:
        """An accessible table: caption, and ``scope`` on every header."""
        head = "".join(
            f'<th scope="col" class="{side}">{escape(name)}</th>'
            for name, side in zip(self.header, self.align, strict=True)
        )
        body = "".join(self._html_row(i, row) for i, row in enumerate(self.rows))
        number = f'<span class="number">{escape(label)}</span> ' if label else ""
        return (
            f"<table><caption>{number}{escape(self.caption)}</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        )

    def _html_row(self, position: int, row: tuple[str, ...]) -> str:
        first = f'<th scope="row" class="{self.align[0]}">{escape(row[0])}</th>'
        rest = "".join(
            f'<td class="{side}">{escape(cell)}</td>'
            for cell, side in zip(row[1:], self.align[1:], strict=True)
        )
        mark = ' class="strong"' if position in self.strong else ""
        return f"<tr{mark}>{first}{rest}</tr>"

    def to_typst(self) -> str:
        """A Typst ``table``; every text is a quoted string, so nothing in it is markup."""
        sides = ", ".join("left" if side == "l" else "right" for side in self.align)
        head = ", ".join(f"[#{_quoted(name)}]" for name in self.header)
        body = "".join(f"  {', '.join(f'[#{_quoted(c)}]' for c in row)},\n" for row in self.rows)
        shape = f"columns: {len(self.header)}, align: ({sides},)"
        return f"#table({shape},\n  table.header({head}),\n{body})"

    def to_csv(self) -> str:
        """Comma-separated; a text that a spreadsheet would take for a formula is quoted off."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.header)
        writer.writerows([_no_formula(cell) for cell in row] for row in self.rows)
        return out.getvalue()

    def to_dict(self) -> dict[str, Any]:
        """All parts as JSON values."""
        return {
            "caption": self.caption,
            "header": list(self.header),
            "rows": [list(row) for row in self.rows],
            "align": self.align,
            "note": self.note,
            "strong": list(self.strong),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Table:
        """The inverse of ``to_dict``."""
        return cls(
            caption=values["caption"],
            header=tuple(values["header"]),
            rows=tuple(tuple(row) for row in values["rows"]),
            align=values["align"],
            note=values["note"],
            strong=tuple(values["strong"]),
        )

    def _repr_html_(self) -> str:
        return self.to_html()


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _no_formula(cell: str) -> str:
    number = cell[1:].replace(".", "").replace(",", "").isdigit()
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) and not number else cell
