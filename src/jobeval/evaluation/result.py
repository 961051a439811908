"""What one look at a trial says."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from jobeval.plan.model import TrialPlan
from jobeval.plan.parts import LookName
from jobeval.results import CheckResult, CurveTable, EffectTable, Flow, HypothesisTest, html_table


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evaluation:
    """All results of one look: raw numbers, not yet released.

    Nothing here may be shown outside the building; ``jobeval.release`` is the way out.
    """

    plan: TrialPlan
    look: LookName
    cut_off: dt.date
    data_digest: str
    """sha256 of the delivery, in hex."""
    effects: EffectTable
    curves: CurveTable
    tests: tuple[HypothesisTest, ...]
    checks: Mapping[str, CheckResult]
    flow: Flow
    notes: tuple[str, ...] = ()
    """Data notes: warnings of the delivery, in English."""
    other_arms: tuple[str, ...] = ()
    """The trial's treatment arms that ``plan`` does not compare; families count their tests."""

    def to_dict(self) -> dict[str, Any]:
        """All results as JSON values."""
        return {
            "plan": self.plan.model_dump(mode="json"),
            "look": self.look,
            "cut_off": self.cut_off.isoformat(),
            "data_digest": self.data_digest,
            **self.effects.to_dict(),
            **self.curves.to_dict(),
            "tests": [test.to_dict() for test in self.tests],
            "checks": {name: check.to_dict() for name, check in self.checks.items()},
            "flow": self.flow.to_dict(),
            "notes": list(self.notes),
            "other_arms": list(self.other_arms),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Evaluation:
        """The inverse of ``to_dict``."""
        return cls(
            plan=TrialPlan.model_validate_json(json.dumps(values["plan"])),
            look=values["look"],
            cut_off=dt.date.fromisoformat(values["cut_off"]),
            data_digest=values["data_digest"],
            effects=EffectTable.from_dict(values),
            curves=CurveTable.from_dict(values),
            tests=tuple(HypothesisTest.from_dict(item) for item in values["tests"]),
            checks={k: CheckResult.from_dict(v) for k, v in values["checks"].items()},
            flow=Flow.from_dict(values["flow"]),
            notes=tuple(values["notes"]),
            other_arms=tuple(values.get("other_arms", ())),
        )

    def __repr__(self) -> str:
        return (
            f"Evaluation({self.plan.name}, {self.look} at {self.cut_off}: "
            f"{len(self.effects)} effects, {len(self.curves)} curves, {len(self.checks)} checks)"
        )

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self))}</p>" + html_table(
            self.effects.to_frame()[list(EffectTable.SHOWN)]
        )
