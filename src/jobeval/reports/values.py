"""The numbers that a report prints, without a language: committed, and compared for drift."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from jobeval.disclosure.released import ReleasedCurve, ReleasedEvaluation, plain, require_released

EVERY_WEEKS = 13
"""Weeks between the values of a curve that are kept."""


def report_values(results: ReleasedEvaluation) -> dict[str, Any]:
    """All released numbers of one look; of the curves those at every quarter and the last.

    Neither the version of jobeval nor the digest of the data is among them.
    """
    require_released(results, ReleasedEvaluation)
    values = results.to_dict()
    del values["data_digest"]
    values["curves"] = [_sampled(curve) for curve in results.curves]
    return values


def write_values(results: ReleasedEvaluation) -> bytes:
    """``report_values`` as JSON, one number a line, sorted by name."""
    text = json.dumps(report_values(results), ensure_ascii=False, indent=1, sort_keys=True)
    return f"{text}\n".encode()


def compare_values(committed: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """The places in which two sets of values differ; empty when nothing has drifted.

    >>> compare_values({"flow": [1, 2]}, {"flow": [1, 3]})
    ['flow[1]: 2 → 3']
    """
    return list(_differences("", committed, found))


def _sampled(curve: ReleasedCurve) -> dict[str, Any]:
    names = ("endpoint", "measure", "arm", "cause", "subgroup")
    last = len(curve.times) - 1
    kept = [i for i, week in enumerate(curve.times) if week % EVERY_WEEKS == 0 or i == last]
    points = [
        [curve.times[i], *(plain(v[i]) for v in (curve.values, curve.conf_low, curve.conf_high))]
        for i in kept
    ]
    at_risk = [list(pair) for pair in zip(curve.risk_times, curve.risk_counts, strict=True)]
    return {**{n: getattr(curve, n) for n in names}, "points": points, "at_risk": at_risk}


def _differences(place: str, old: Any, new: Any) -> Iterator[str]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            where = f"{place}.{key}" if place else str(key)
            yield from _differences(where, old.get(key, "absent"), new.get(key, "absent"))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for i, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from _differences(f"{place}[{i}]", before, after)
    elif old != new:
        yield f"{place}: {old!r} → {new!r}"
