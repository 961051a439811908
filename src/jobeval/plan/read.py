"""Read a plan (``trial.toml``, ``monitor.toml``): every error at once, with place and mend."""

import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from jobeval.errors import PlanError, Problem, did_you_mean
from jobeval.plan.model import TrialPlan

MAX_BYTES = 1024 * 1024
P = TypeVar("P", bound=BaseModel)
_CPR = re.compile(r"(?<![\d.])(0[1-9]|[12]\d|3[01])(0[1-9]|1[0-2])\d\d-?\d{4}(?![\d.])")
_TYPES = {
    "string_type": "must be text in quotes",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "date_type": "must be a date without quotes, such as 2017-12-31",
    "tuple_type": "must be a list in [ ]",
    "dict_type": "must be a table of key = value",
    "model_type": "must be a table of key = value",
    "model_attributes_type": "must be a table of key = value",
}
_BOUNDS = {
    "greater_than_equal": ("must be at least {ge}", "Write a number within the bound."),
    "greater_than": ("must be above {gt}", "Write a number within the bound."),
    "less_than_equal": ("must be at most {le}", "Write a number within the bound."),
    "less_than": ("must be below {lt}", "Write a number within the bound."),
    "string_too_short": ("must not be empty", "Write something here."),
    "string_too_long": ("must have at most {max_length} characters", "Shorten it."),
    "too_short": ("has {actual_length} entries and needs at least {min_length}", "Add to it."),
    "too_long": ("takes at most {max_length} entries", "Take some away."),
}


@dataclass(frozen=True, slots=True)
class PlanKind(Generic[P]):
    """A kind of plan: its class, the name of its file, and what its folder is called."""

    model: type[P]
    file: str
    folder: str

    def refuse(self, place: str, rule: str, mend: str) -> PlanError:
        """The error of one problem."""
        return PlanError(self.file, [Problem(place, rule, mend)])


TRIAL = PlanKind(TrialPlan, "trial.toml", "trial")


def read_plan(path: str | Path) -> TrialPlan:
    """Read the plan of a trial.

    Parameters
    ----------
    path
        The trial folder, or its ``trial.toml``: UTF-8, at most 1 MiB.

    Raises
    ------
    PlanError
        With every problem of the file, each with its place (``analyses.primary.family``),
        a plain rule and a mend.

    Examples
    --------
    >>> read_plan("no_such_folder")
    Traceback (most recent call last):
        ...
    jobeval.errors.PlanError: trial.toml: 1 problem
      - no_such_folder: there is no such trial folder or file. Mend: Give the trial folder, or \
the path of its trial.toml.
    """
    return read_kind(path, TRIAL)


def read_kind(path: str | Path, kind: PlanKind[P]) -> P:
    """Read a plan of one kind from its folder or file; ``PlanError`` with every problem."""
    text = _read_text(Path(path), kind)
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"line \d+", str(error))
        rule = f"is not TOML: {error}."
        where = place.group() if place else "the file"
        raise kind.refuse(where, rule, "Mend this line.") from None
    try:
        return kind.model.model_validate(tables)
    except ValidationError as error:
        raise PlanError(kind.file, _problems(error, tables, kind)) from None


def plan_digest(plan: BaseModel) -> str:
    """The sha256 of a plan, in hex; comments and the order of keys do not count."""
    values = plan.model_dump(mode="json")
    text = json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _read_text(path: Path, kind: PlanKind[Any]) -> str:
    file = path / kind.file if path.is_dir() else path
    if not file.is_file():
        name = path.name if not path.is_dir() else f"{path.name}/{kind.file}"
        mend = f"Give the {kind.folder} folder, or the path of its {kind.file}."
        raise kind.refuse(name, f"there is no such {kind.folder} folder or file.", mend)
    with file.open("rb") as stream:
        raw = stream.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        mend = "A plan is text; data go into files."
        raise kind.refuse("the file", "is larger than 1 MiB.", mend)
    try:
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise kind.refuse("the file", "is not UTF-8.", "Save it with the encoding UTF-8.") from None
    if _CPR.search(text):
        rule = "holds what looks like a CPR number."
        raise kind.refuse("the file", rule, "A plan names columns and rules, never persons.")
    return text


def _problems(error: ValidationError, tables: dict[str, Any], kind: PlanKind[Any]) -> list[Problem]:
    """All errors of pydantic as problems, one for each place and rule."""
    found: dict[tuple[str, ...], list[tuple[str, str]]] = {}
    errors = error.errors(include_url=False)
    for one in errors:
        place = _place(one["loc"], tables)
        if one["type"] == "too_short" and _is_above(one["loc"], [e["loc"] for e in errors]):
            continue  # pydantic counts only the entries without errors
        for key, rule, mend in _explain(one, place, tables, kind):
            found.setdefault(key, []).append((rule, mend))
    return [
        Problem(".".join(place) or kind.file, rule, mend)
        for place, said in found.items()
        for rule, mend in _merged(said, deeper=_is_above(place, found))
    ]


def _is_above(place: tuple[Any, ...], found: Iterable[tuple[Any, ...]]) -> bool:
    return any(len(other) > len(place) and other[: len(place)] == place for other in found)


def _merged(said: list[tuple[str, str]], *, deeper: bool) -> list[tuple[str, str]]:
    """Of the branches of a union, those that came furthest; equal texts once."""
    types = set(_TYPES.values())
    wrong_type = [rule for rule, _ in said if rule in types]
    others = list(dict.fromkeys(one for one in said if one[0] not in types))
    if others or deeper or not wrong_type:
        return others
    rules = [rule.removeprefix("must be ") for rule in dict.fromkeys(wrong_type)]
    return [("must be " + ", or ".join(rules) + ".", "Write the value in that form.")]


def _place(loc: Sequence[str | int], tables: Any) -> tuple[str, ...]:
    """The dotted place: names for list items, nothing of pydantic's union branches."""
    place: list[str] = []
    here: Any = tables
    for step in loc:
        known, inner = _step_into(here, step)
        if known:
            name = inner.get("name") if isinstance(step, int) and isinstance(inner, dict) else None
            numbered = str(step + 1) if isinstance(step, int) else step
            place.append(name if isinstance(name, str) and name else numbered)
            here = inner
    return tuple(place)


def _step_into(here: Any, step: str | int) -> tuple[bool, Any]:
    """Whether ``step`` leads on from ``here``, and where to; pydantic's own steps do not."""
    if isinstance(here, dict) and isinstance(step, str) and step in here:
        return True, here[step]
    if isinstance(here, list) and isinstance(step, int) and step < len(here):
        return True, here[step]
    return False, None


def _explain(
    error: Any, place: tuple[str, ...], tables: dict[str, Any], plan: PlanKind[Any]
) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Place, rule and mend of one error of pydantic."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        known = _known_keys(error["loc"][:-1], tables, plan)
        yield place, "is an unknown key.", did_you_mean(place[-1], known)
    elif kind == "missing":
        key = error["loc"][-1]
        if isinstance(key, int):
            yield place, f"has no entry {key + 1}.", "Add to it."
        else:
            yield (*place, key), "is missing.", f"Add {key} = … to this table."
    elif kind in {"union_tag_invalid", "union_tag_not_found", "literal_error"}:
        yield _explain_choice(kind, context, place, error["input"])
    elif kind == "string_pattern_mismatch":
        rule = "must be lower-case letters a–z, digits and _, and start with a letter."
        yield place, rule, "Give it such a name; labels may hold any text."
    elif kind == "value_error":
        yield from _explain_validator(str(context["error"]), place)
    elif kind in _TYPES:
        yield place, _TYPES[kind], ""
    elif kind in _BOUNDS:
        rule, mend = _BOUNDS[kind]
        yield place, rule.format(**context) + ".", mend.format(**context)
    else:
        yield place, f"{error['msg']}.", f"See the reference of {plan.file}."


def _explain_choice(
    kind: str, context: dict[str, Any], place: tuple[str, ...], given: Any
) -> tuple[tuple[str, ...], str, str]:
    if kind == "literal_error":
        known = re.findall(r"'([^']*)'", context["expected"])
        word = given if isinstance(given, str) else ""
        return place, "is not one of the values allowed here.", did_you_mean(word, known)
    key = context["discriminator"].strip("'")
    if kind == "union_tag_not_found":
        return (*place, key), "is missing.", f"Add {key} = … to this table."
    known = re.findall(r"'([^']*)'", context["expected_tags"])
    hint = did_you_mean(str(context["tag"]), known)
    return (*place, key), "is not one of the values allowed here.", hint


def _explain_validator(
    message: str, place: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Split a validator's message; the plan's own one names a place on every line."""
    for line in message.split("\n"):
        own, separator, text = line.partition(": ")
        where = tuple(own.split(".")) if separator and not place else place
        rule, _, mend = (text if separator and not place else line).partition("; ")
        yield where, rule.rstrip(".") + ".", mend or "Change the plan so that the rule holds."


def _known_keys(loc: Sequence[str | int], tables: Any, kind: PlanKind[Any]) -> list[str]:
    """The keys that a table of the plan may have, by the schema of the plan."""
    schema = kind.model.model_json_schema()
    definitions, here, node = schema["$defs"], tables, schema
    for step in loc:
        known, inner = _step_into(here, step)
        if known:
            node, here = _resolved(_child(node, step), inner, definitions), inner
    return sorted(node.get("properties", {}))


def _child(node: dict[str, Any], step: str | int) -> dict[str, Any]:
    if isinstance(step, int):
        return node.get("items", {})
    named = node.get("properties", {}).get(step)
    if named is not None:
        return named
    patterned = next(iter(node.get("patternProperties", {}).values()), None)
    return patterned or node.get("additionalProperties") or {}


def _resolved(node: Any, data: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """Follow references, optional tables and unions told apart by one key."""
    if not isinstance(node, dict):
        return {}
    if "$ref" in node:
        return _resolved(definitions[node["$ref"].rsplit("/", 1)[-1]], data, definitions)
    if "discriminator" in node and isinstance(data, dict):
        choice = node["discriminator"]
        target = choice["mapping"].get(data.get(choice["propertyName"]))
        return _resolved({"$ref": target}, data, definitions) if target else {}
    branches = node.get("anyOf", [])
    table = next((branch for branch in branches if "$ref" in branch), None)
    return _resolved(table, data, definitions) if table else node
