"""The trial as a look sees it: one row a person, and outcomes when they are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from jobeval.endpoints.exits import derive_exits
from jobeval.endpoints.outcomes import derive_outcome
from jobeval.inference.assignment import Assignment, read_assignment
from jobeval.panel.baseline import derive_baseline
from jobeval.panel.build import Panel, build_panel
from jobeval.plan.model import ExitEndpoint, LookName, TrialPlan, WindowEndpoint
from jobeval.registers.frames import read_columns
from jobeval.registers.trial import Trial


@dataclass(frozen=True, slots=True)
class TrialAtLook:
    """Everything that an analysis may see, in the canonical order of the persons' ids.

    ``persons`` has one row a person of the two arms: the persons table, the weeks followed
    and the baseline covariates. ``outcomes`` remembers what has been derived.
    """

    trial: Trial
    look: LookName
    panel: Panel
    persons: pd.DataFrame
    assignment: Assignment
    outcomes: dict[str, pd.DataFrame]

    @property
    def plan(self) -> TrialPlan:
        return self.trial.plan

    @property
    def arms(self) -> tuple[str, str]:
        """Names of (control, treatment)."""
        return (self.plan.control.name, self.plan.treatment.name)

    def outcome(self, name: str) -> pd.DataFrame:
        """``person_id, value, status`` of a window endpoint, in the order of ``persons``."""
        if name not in self.outcomes:
            endpoint = self.plan.endpoints[name]
            assert isinstance(endpoint, WindowEndpoint)
            derived = derive_outcome(self.panel, endpoint, self.look).set_index("person_id")
            self.outcomes[name] = derived.reindex(self.persons["person_id"]).reset_index()
        return self.outcomes[name]

    def exits(self, name: str) -> pd.DataFrame:
        """The persons who are followed at all, with ``duration`` and ``destination``."""
        endpoint = self.plan.endpoints[name]
        assert isinstance(endpoint, ExitEndpoint)
        derived = derive_exits(self.panel, endpoint)
        return self.persons.merge(derived, on="person_id", how="inner", validate="one_to_one")


def read_look(trial: Trial, look: LookName) -> TrialAtLook:
    """Build the panel of a look and collect its persons with their baseline."""
    panel = build_panel(trial, look)
    persons = _collect(panel.persons)
    baseline = _collect(derive_baseline(trial))
    new = ["person_id", *(name for name in baseline.columns if name not in persons.columns)]
    persons = persons.merge(baseline[new], on="person_id", how="left", validate="one_to_one")
    persons = persons.sort_values("person_id", ignore_index=True)
    lottery = trial.plan.lottery_columns
    assignment = read_assignment(read_columns(persons, lottery.columns), lottery)
    return TrialAtLook(trial, look, panel, persons, assignment, {})


def _collect(frame: Any) -> pd.DataFrame:
    return frame.collect("pandas").to_native()
