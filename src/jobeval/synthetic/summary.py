"""The planted truth as plain values, for ``truth.json``."""

from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobeval.plan.endpoints import ExitEndpoint
from jobeval.schemas.tables import ACTIVITY_KINDS
from jobeval.synthetic.jobfirst import ARMS, SyntheticTrial
from jobeval.synthetic.people import name_site
from jobeval.synthetic.potential import (
    STATES,
    World,
    build_world,
    measure_endpoint,
    measure_exit,
    window_endpoints,
)

COURSE_WEEKS, PLACEMENT_WEEKS = 39, 13
_GROUPS = ("benefit_type", "disadvantage", "site")
_ABOUT = {
    "endpoints": "mean outcome of the persons of this trial if all had been drawn to the control "
    "arm or all to the treatment arm; effect = treatment - control is what an intention-to-treat "
    "analysis estimates",
    "effects_on_those_moved": "effect divided by the rise in the share that gets the effort",
    "exits": "share with that first destination, confirmed within the horizon",
    "indicators": "participants were drawn and started; hours_in_course: any ordinary hours in "
    f"the first {COURSE_WEEKS} weeks from the start; hours_after_{PLACEMENT_WEEKS}_weeks: any "
    f"ordinary hours later than {PLACEMENT_WEEKS} weeks after the start, of those still in the "
    "population by then; all within the horizon",
}


def summarise_truth(trial: SyntheticTrial) -> dict[str, Any]:
    """What was planted and what it comes to for the persons of this trial.

    Returns
    -------
    dict
        JSON values: ``parameters``; ``endpoints`` by look and group; ``take_up``;
        ``effects_on_those_moved``; ``exits``; ``indicators`` as counts.
    """
    worlds = tuple(build_world(trial, arm) for arm in ARMS)
    endpoints = _endpoints(trial, worlds)
    fates = trial.lives.fates
    take_up = [float(np.mean(started)) for started in (fates.starts_if_not, fates.starts_if_drawn)]
    moved = take_up[1] - take_up[0]
    return {
        "seed": trial.seed,
        "lottery_seed": trial.lottery_seed,
        "n_persons": len(trial.persons),
        "about": _ABOUT,
        "parameters": asdict(trial.truth),
        "take_up": {arm: round(share, 8) for arm, share in zip(ARMS, take_up, strict=True)},
        "endpoints": endpoints,
        "effects_on_those_moved": {
            name: {look: _round(values["all"]["effect"] / moved) for look, values in looks.items()}
            for name, looks in endpoints.items()
        },
        "exits": _exits(trial, worlds),
        "indicators": _indicators(trial),
    }


def _round(value: float) -> float:
    return round(float(value), 8)


def _endpoints(trial: SyntheticTrial, worlds: tuple[World, ...]) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for name, look, endpoint in window_endpoints(trial.plan):
        control, treated = (measure_endpoint(world, endpoint, look) for world in worlds)
        everyone = {"all": np.ones(len(control), dtype=bool)}
        table.setdefault(name, {})[look] = {
            group: _contrast(control[rows], treated[rows])
            for group, rows in (everyone | _groups(trial)).items()
        }
    return table


def _groups(trial: SyntheticTrial) -> dict[str, NDArray[np.bool_]]:
    return {
        f"{column}={value}": np.asarray(trial.persons[column] == value, dtype=bool)
        for column in _GROUPS
        for value in sorted(set(trial.persons[column]))
    }


def _contrast(control: NDArray[np.float64], treated: NDArray[np.float64]) -> dict[str, Any]:
    before, after = float(control.mean()), float(treated.mean())
    return {
        "n": len(control),
        "control": _round(before),
        "treatment": _round(after),
        "effect": _round((treated - control).mean()),
        "ratio": _round(after / before) if before > 0 else None,
    }


def _exits(trial: SyntheticTrial, worlds: tuple[World, ...]) -> dict[str, Any]:
    groups = {"all": np.ones(len(trial.assigned), dtype=bool)} | _groups(trial)
    table: dict[str, Any] = {}
    for name, endpoint in trial.plan.endpoints.items():
        if not isinstance(endpoint, ExitEndpoint):
            continue
        for arm, world in zip(ARMS, worlds, strict=True):
            destination = measure_exit(world, endpoint)[1]
            table.setdefault(name, {})[arm] = {
                group: {
                    state: _round((destination[rows] == STATES.index(state)).mean())
                    for state in endpoint.destinations
                }
                for group, rows in groups.items()
                if not group.startswith("site=")
            }
    return table


def _indicators(trial: SyntheticTrial) -> dict[str, Any]:
    first = trial.lives.people.site == 0
    return {
        name_site(0): count_indicators(trial, first),
        "elsewhere": count_indicators(trial, ~first),
    }


def count_indicators(trial: SyntheticTrial, rows: NDArray[np.bool_]) -> dict[str, Any]:
    """Programme indicators among participants of the drawn arm, as counts."""
    fates = trial.lives.fates
    people = np.flatnonzero(rows & (trial.assigned == 1) & fates.starts_if_drawn)
    efforts = trial.lives.efforts.lived(fates.received(trial.assigned))
    tried = efforts.person[efforts.facts["kind"] == ACTIVITY_KINDS.index("snusepraktik")]
    world = build_world(trial, ARMS[1])
    hours, state = world.hours[people] > 0, world.state[people]
    since = (
        np.arange(hours.shape[1])
        - (fates.started_week - trial.lives.people.randomised_week)[people, None]
    )
    placed = (since == PLACEMENT_WEEKS) & (state != STATES.index("out_of_population"))
    past = placed.any(axis=1)
    in_course = (hours & (since >= 0) & (since < COURSE_WEEKS)).any(axis=1)
    later = (hours & (since >= PLACEMENT_WEEKS)).any(axis=1)
    return {
        "snusepraktik": _share(np.isin(people, tried)),
        "hours_in_course": _share(in_course),
        f"hours_after_{PLACEMENT_WEEKS}_weeks": _share(later[past]),
    }


def _share(values: NDArray[np.bool_]) -> dict[str, Any]:
    return {"count": int(values.sum()), "of": len(values), "share": _round(values.mean())}
