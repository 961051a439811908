"""The report's fonts: where they are, and a small subset to embed in HTML."""

from __future__ import annotations

import base64
import io
from functools import cache
from pathlib import Path

FAMILY = "Source Sans Pro"
WEIGHTS = {400: "SourceSansPro-Regular.ttf", 700: "SourceSansPro-Bold.ttf"}
ALWAYS = "".join(chr(code) for code in range(0x20, 0x7F))


def font_folder() -> Path:
    """The folder of the font wheel."""
    import font_source_sans_pro

    return Path(font_source_sans_pro.font_directory)


@cache
def subset_font(weight: int, characters: str) -> str:
    """One weight with ASCII and the given characters, as base64 of a WOFF file."""
    from fontTools import subset
    from fontTools.ttLib import TTFont

    options = subset.Options()
    options.layout_features = ["kern", "tnum"]
    options.name_IDs = [1, 2]
    options.notdef_outline = True
    options.hinting = False
    font = TTFont(font_folder() / WEIGHTS[weight], recalcTimestamp=False)
    maker = subset.Subsetter(options)
    maker.populate(text=ALWAYS + characters)
    maker.subset(font)
    font.flavor = "woff"
    out = io.BytesIO()
    font.save(out)
    return base64.b64encode(out.getvalue()).decode("ascii")
