"""An SVG made short: what no renderer needs is taken out, what is shown stays."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

SVG = "http://www.w3.org/2000/svg"
HREF = "{http://www.w3.org/1999/xlink}href"
SPACE = "{http://www.w3.org/XML/1998/namespace}space"
POINT = re.compile(r"([ML])\s*(-?[\d.]+)\s+(-?[\d.]+)\s*|z\s*")
NUMBER = re.compile(r"-?\d+\.\d+")
NO_TURN = re.compile(r"rotate\(-?0(?:\.0*)?[ )][^)]*\)?")
FONT_FAMILY = re.compile(r"font(?:-family)?: ?(?P<size>[\d.]+px )?(?P<family>'[^;]*)")
TRANSPARENT = "fill: none"


def shorten_svg(svg: str, family: str) -> str:
    """The same drawing in fewer bytes: one decimal, relative paths, no idle groups or ids.

    ``family`` is the font of every text; it is named once, at the root.
    """
    root = ElementTree.fromstring(svg)
    root.tag = "svg"
    root.set("xmlns", SVG)
    root.set("style", f"font-family: {family}")
    _drop_children(root, {"metadata"})
    used = set(_references(root))
    for element in root.iter():
        element.tag = element.tag.removeprefix(f"{{{SVG}}}")
        _shorten_attributes(element, used)
    _flatten(root)
    return ElementTree.tostring(root, encoding="unicode")


def shorten_path(path: str) -> str:
    """A path of straight lines in relative steps of one decimal; any other keeps its commands.

    >>> shorten_path("M 10.04 5 L 20 5 L 20 7.5 z")
    'M10 5h10v2.5z'
    """
    if POINT.sub("", path).strip():
        return re.sub(r"\s*([A-Za-z])\s*", r"\1", NUMBER.sub(_one_decimal, path)).strip()
    parts: list[str] = []
    here = (0, 0)
    for match in POINT.finditer(path):
        command, x, y = match.groups()
        if command is None:
            parts.append("z")
            continue
        there = (round(10 * float(x)), round(10 * float(y)))
        step = (there[0] - here[0], there[1] - here[1])
        parts.append(f"M{_pair(there)}" if command == "M" else _line(step))
        here = there
    return "".join(parts)


def _line(step: tuple[int, int]) -> str:
    across, down = step
    if not down:
        return f"h{_tenths(across)}" if across else ""
    return f"l{_pair(step)}" if across else f"v{_tenths(down)}"


def _pair(point: tuple[int, int]) -> str:
    x, y = (_tenths(value) for value in point)
    return f"{x}{y}" if y.startswith("-") else f"{x} {y}"


def _tenths(value: int) -> str:
    """``-15`` as ``-1.5``, without needless zeros."""
    sign, (whole, rest) = "-" if value < 0 else "", divmod(abs(value), 10)
    return f"{sign}{whole or ('' if rest else 0)}{f'.{rest}' if rest else ''}"


def _one_decimal(match: re.Match[str]) -> str:
    return _tenths(round(10 * float(match[0])))


def _references(root: Element) -> Iterator[str]:
    for element in root.iter():
        for name, value in element.attrib.items():
            if name == HREF:
                yield value.removeprefix("#")
            yield from re.findall(r"url\(#([^)]+)\)", value)


def _shorten_attributes(element: Element, used: set[str]) -> None:
    attributes = dict(element.attrib)
    element.attrib.clear()
    for name, value in attributes.items():
        if name == "id" and value not in used:
            continue
        if name == "transform" and NO_TURN.fullmatch(value):
            continue
        element.set("href" if name == HREF else name, _shorten_value(element.tag, name, value))
    if not element.get("style", "-"):
        del element.attrib["style"]


def _shorten_value(tag: str, name: str, value: str) -> str:
    if name == "d":
        return shorten_path(value)
    if name == "style" and tag != "svg":
        value = FONT_FAMILY.sub(_font_size, value)
        kept = [p for p in re.split(r";\s*", value) if p and p != "stroke-linecap: round"]
        return ";".join(part.replace(": ", ":") for part in kept)
    return value if name in {"id", "xmlns"} else NUMBER.sub(_one_decimal, value)


def _font_size(match: re.Match[str]) -> str:
    return f"font-size: {match['size'].strip()}" if match["size"] else ""


def _drop_children(parent: Element, names: set[str]) -> None:
    for child in list(parent):
        if child.tag.removeprefix(f"{{{SVG}}}") in names:
            parent.remove(child)


def _flatten(parent: Element) -> None:
    """Take out what draws nothing, and groups that say nothing of their content."""
    children: list[Element] = []
    for child in list(parent):
        _flatten(child)
        child.tail = None
        if child.tag != "text" and child.text and not child.text.strip():
            child.text = None
        idle = child.tag in {"g", "defs", "style"} and not len(child)
        bare = child.tag == "g" and not child.attrib
        if child.tag == "path" and child.get("style") == "fill:none":
            continue
        children += [] if idle else (list(child) if bare else [child])
    parent[:] = children
    if parent.tag != "text" and not (parent.text or "").strip():
        parent.text = None
