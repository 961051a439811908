"""Industries of DB07 (Dansk Branchekode 2007): codes to the 21 sections, with their names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple


class Section(NamedTuple):
    """A section of DB07, which is NACE rev. 2: its divisions (the first two digits), and names."""

    letter: str
    first: int
    last: int
    da: str
    en: str


SECTIONS: tuple[Section, ...] = (
    Section("A", 1, 3, "Landbrug, skovbrug og fiskeri", "Agriculture, forestry and fishing"),
    Section("B", 5, 9, "Råstofindvinding", "Mining and quarrying"),
    Section("C", 10, 33, "Fremstillingsvirksomhed", "Manufacturing"),
    Section("D", 35, 35, "El-, gas- og fjernvarmeforsyning", "Electricity, gas and heating"),
    Section("E", 36, 39, "Vandforsyning, kloak og affald", "Water supply, sewerage and waste"),
    Section("F", 41, 43, "Bygge og anlæg", "Construction"),
    Section("G", 45, 47, "Handel og bilreparation", "Trade and repair of vehicles"),
    Section("H", 49, 53, "Transport og lager", "Transport and storage"),
    Section("I", 55, 56, "Hotel og restauration", "Hotels and restaurants"),
    Section("J", 58, 63, "Information og kommunikation", "Information and communication"),
    Section("K", 64, 66, "Finansiering og forsikring", "Finance and insurance"),
    Section("L", 68, 68, "Fast ejendom", "Real estate"),
    Section("M", 69, 75, "Videnservice", "Professional and technical services"),
    Section("N", 77, 82, "Rengøring og anden operationel service", "Cleaning and other support"),
    Section("O", 84, 84, "Offentlig forvaltning", "Public administration"),
    Section("P", 85, 85, "Undervisning", "Education"),
    Section("Q", 86, 88, "Sundhed og socialvæsen", "Health and social work"),
    Section("R", 90, 93, "Kultur og fritid", "Arts and recreation"),
    Section("S", 94, 96, "Andre serviceydelser", "Other services"),
    Section("T", 97, 98, "Private husholdninger", "Private households"),
    Section("U", 99, 99, "Internationale organisationer", "International organisations"),
)
"""Statistics Denmark, Dansk Branchekode 2007 (v3); some names are shortened."""

_CODE = re.compile(r"(\d{5,6})|(\d\d)\.\d\d\.\d\d")
_SECTION_OF = {
    division: section.letter
    for section in SECTIONS
    for division in range(section.first, section.last + 1)
}


def section_of(code: str) -> str:
    """The section's letter of a DB07 code of six digits; any other text is given back.

    Dots may stand in the code, and a leading zero may be lost. ``999999`` is no industry but
    "not stated", as all that no section holds.

    >>> section_of("561010"), section_of("11100"), section_of("87.30.10"), section_of("Lager")
    ('I', 'A', 'Q', 'Lager')
    """
    found = _CODE.fullmatch(code.strip())
    if found is None:
        return code.strip()
    division = int(found[1].zfill(6)[:2] if found[1] else found[2])
    return _SECTION_OF.get(division, code) if found[0] != "999999" else code


def sections_of(codes: Iterable[str | None]) -> list[str | None]:
    """The section of each code; ``None`` where none is given."""
    known: dict[str | None, str | None] = {None: None}
    return [known.setdefault(code, code and section_of(code)) for code in codes]
